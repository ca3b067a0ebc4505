/*
 * combine - partials put together into one, for merges in steps.
 */
#ifndef SHARD_COMBINE_H
#define SHARD_COMBINE_H

#include "base/err.h"

/* Writes the partial at path: the merged facts of n partials, and all their
 * runs.  Merging it is merging them. */
MUST_CHECK int
partials_combine(const char *path, char *const *parts, size_t n, struct err *e);

#endif
