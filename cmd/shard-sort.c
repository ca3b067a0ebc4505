/* shard-sort - sort rows by columns, in bounded memory. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_sort, argc, argv);
}
