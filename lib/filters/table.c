#include "filters/table.h"

const struct filter *const filter_table[] = {&filter_map, &filter_dedup,
    &filter_split, &filter_impute, &filter_sort, &filter_route, &filter_write,
    &filter_stats, NULL};
