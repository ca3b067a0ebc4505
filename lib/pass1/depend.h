/*
 * depend - writes as text what an output depends on in a context.  If these
 * texts are the same, the same rows and the same options give the same bytes.
 *
 * An output depends only on the facts that its filters use: a new shard that
 * moves no cutoff does not change what a split depends on.  The path of the
 * context and the times of its files do not matter.
 */
#ifndef SHARD_DEPEND_H
#define SHARD_DEPEND_H

#include "base/buf.h"
#include "pass1/context.h"

/* Appends the names, and the types as a format with types has them. */
void depend_types(const struct context *c, struct buf *b);
/* Appends the time column and the cutoffs. */
void depend_cutoffs(const struct context *c, struct buf *b);
/* Appends the strata and their cuts. */
void depend_strata(const struct context *c, struct buf *b);
/* Appends the labels in the order of their codes; nothing if there are none. */
void depend_labels(const struct context *c, struct buf *b);
/* Appends what the first occurrences of keys depend on: all inputs, and how
 * they were read. */
void depend_first(const struct context *c, struct buf *b);
/* Appends whether NA tokens are missing in that column. */
void depend_missing(const struct context *c, const char *column, struct buf *b);

#endif
