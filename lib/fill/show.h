/*
 * show - a context as text for a person, and the groups of each shard.
 */
#ifndef SHARD_SHOW_H
#define SHARD_SHOW_H

#include "base/buf.h"
#include "base/err.h"
#include "io/out.h"

/*
 * Appends the context at dir as text: its shards, rows and cutoffs, then the
 * columns, with their statistics where it has them.  Bars are drawn with block
 * characters if utf8 is true.  After an error, what was appended before stays.
 */
MUST_CHECK int show_context(const char *dir, double unique_ratio, bool utf8,
    struct buf *to, struct err *e);
/* Writes the groups of each shard (pass1/groups.h) from the n partials, or
 * directories of them; the list is expanded as parts_expand() does it. */
MUST_CHECK int show_groups(
    struct out *out, char ***path, size_t *n, uint64_t memory, struct err *e);

#endif
