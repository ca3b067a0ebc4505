/* shard-split - say which split each row belongs to. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_split, argc, argv);
}
