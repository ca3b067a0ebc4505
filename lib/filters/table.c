/*
 * All filters by name.  A file of its own: only shard-run needs them all, and
 * the libraries that they need.
 */
#include <string.h>

#include "chain/filter.h"

const struct filter *
filter_named(const char *name)
{
	static const struct filter *const all[] = {&filter_map, &filter_dedup,
	    &filter_split, &filter_impute, &filter_sort, &filter_route,
	    &filter_write, &filter_stats};
	size_t i;

	for (i = 0; i < LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
