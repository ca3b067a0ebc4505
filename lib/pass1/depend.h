/*
 * depend - what an output depends on in a context, as text: two outputs for
 * which it is the same, made of the same rows by the same options, have the
 * same bytes.
 *
 * An output depends on the facts that its filters use, and not on the whole
 * context: a new shard that moves no cutoff leaves those of a split as they
 * were.  Where a context lies, and the times of its files, do not count.
 */
#ifndef SHARD_DEPEND_H
#define SHARD_DEPEND_H

#include "base/buf.h"
#include "pass1/context.h"

/* Appends the names of the columns, in their order. */
void depend_names(const struct context *c, struct buf *b);
/* Appends the names, and the types as a format with types has them. */
void depend_types(const struct context *c, struct buf *b);
/* Appends the time column and the cutoffs. */
void depend_cutoffs(const struct context *c, struct buf *b);
/* Appends the strata and their cuts. */
void depend_strata(const struct context *c, struct buf *b);
/* Appends the labels, whose codes are their places; nothing where there are
 * none. */
void depend_labels(const struct context *c, struct buf *b);
/* Appends what the first occurrences of keys come from: all that was read, and
 * how. */
void depend_first(const struct context *c, struct buf *b);
/* Appends whether NA tokens are missing in that column. */
void depend_missing(const struct context *c, const char *column, struct buf *b);

#endif
