/*
 * sort - radix sorts of the fixed-size keys that runs are made of.
 */
#ifndef SHARD_SORT_H
#define SHARD_SORT_H

#include "base.h"

/* Sorts v[0..n) ascending; tmp has room for as many. */
void sort_u64(uint64_t *v, uint64_t *tmp, size_t n);

#endif
