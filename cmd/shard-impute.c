/* shard-impute - fill missing cells with the values that pass 1 found. */
#include "common.h"

int
main(int argc, char *argv[])
{
	return filter_main(&filter_impute, argc, argv);
}
