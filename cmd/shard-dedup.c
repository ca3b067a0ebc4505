/* shard-dedup - keep each key's first occurrence over all shards. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_dedup, argc, argv);
}
