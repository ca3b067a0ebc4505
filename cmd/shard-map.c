/* shard-map - per-row column work: rename, select, drop, label, concatenate. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_map, argc, argv);
}
