/*
 * table - all filters, for shard-run.  A program of one filter names the filter
 * and is not linked with the libraries of the others.
 */
#ifndef SHARD_FILTERS_TABLE_H
#define SHARD_FILTERS_TABLE_H

#include "chain/filter.h"

/* The filters that a chain may have; NULL ends the array. */
extern const struct filter *const filter_table[];

#endif
