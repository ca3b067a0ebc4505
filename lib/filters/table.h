/*
 * table - all filters by name, for shard-run.  A program of one filter names
 * the filter and is not linked with the libraries of the others.
 */
#ifndef SHARD_FILTERS_TABLE_H
#define SHARD_FILTERS_TABLE_H

#include "chain/filter.h"

/* The filter with that name, or NULL. */
const struct filter *filter_named(const char *name);

#endif
