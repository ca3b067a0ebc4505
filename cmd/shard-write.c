/* shard-write - route rows to shard files, atomically. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_write, argc, argv);
}
