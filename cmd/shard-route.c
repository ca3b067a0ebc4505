/* shard-route - sort rows by batch, into runs. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_route, argc, argv);
}
