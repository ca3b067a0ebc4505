#include "filters/table.h"

#include <string.h>

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
