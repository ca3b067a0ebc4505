/*
 * radix - sorts 64-bit keys, and searches sorted runs.
 */
#ifndef SHARD_RADIX_H
#define SHARD_RADIX_H

#include "base/base.h"
#include "base/err.h"

/* Sorts v[0..n) ascending; tmp must have room for n numbers. */
void sort_u64(uint64_t *v, uint64_t *tmp, size_t n);

/*
 * Moves *at forward, to at most n, to the first place that is not in front.
 * in_front() returns 1 for a place in front, 0 for another, -1 on error; all
 * places in front come first.  The search goes on from *at in steps that
 * double, so that it touches few pages of a mapped run (J. Bentley and A. Yao,
 * "An almost optimal algorithm for unbounded searching", 1976).  Returns 0 or
 * -1.
 */
MUST_CHECK int search_near(uint64_t *at, uint64_t n,
    int (*in_front)(void *arg, uint64_t i, struct err *e), void *arg,
    struct err *e);

#endif
