/*
 * combine - puts several partials into one, for merges in steps.
 */
#ifndef SHARD_COMBINE_H
#define SHARD_COMBINE_H

#include "base/err.h"

/* Writes to path a partial with the merged facts of n partials and with all
 * their runs.  Its merge gives what the merge of these n gives. */
MUST_CHECK int
partials_combine(const char *path, char *const *parts, size_t n, struct err *e);

#endif
