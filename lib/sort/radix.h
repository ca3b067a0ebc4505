/*
 * sort - radix sorts of the fixed-size keys that runs are made of, and where
 * in a sorted run something begins.
 */
#ifndef SHARD_SORT_H
#define SHARD_SORT_H

#include "base/base.h"
#include "base/err.h"

/* Sorts v[0..n) ascending; tmp has room for as many. */
void sort_u64(uint64_t *v, uint64_t *tmp, size_t n);

/*
 * Moves *at, up to n, to the first place that is not in front: in_front()
 * says so, 1 or 0, or -1 with an error, and all that are come first.  What is
 * near is looked at first, by steps that double, so that a run that is mapped
 * is not touched all over (J. Bentley and A. Yao, "An almost optimal algorithm
 * for unbounded searching", 1976).
 */
MUST_CHECK int search_near(uint64_t *at, uint64_t n,
    int (*in_front)(void *arg, uint64_t i, struct err *e), void *arg,
    struct err *e);

#endif
