/*
 * rowout - writes rows of a block as CSV: whole records in one copy where no
 * stage has changed them, field by field where one has.
 */
#ifndef SHARD_ROWOUT_H
#define SHARD_ROWOUT_H

#include "io/out.h"
#include "rows/block.h"
#include "rows/schema.h"

struct rowout;

/*
 * Returns a writer of the columns of s, without those with skip[i]; skip may be
 * NULL.  The records of blocks have fields separated by in_sep, the rows
 * written have out_sep.  The schema must outlive the writer, which the caller
 * frees with rowout_free().
 */
struct rowout *
rowout_new(const struct schema *s, const bool *skip, char in_sep, char out_sep);
/* Returns the header line, valid until the next call. */
struct bytes rowout_names(struct rowout *r);
/* Writes the header line to o. */
MUST_CHECK int rowout_header(struct rowout *r, struct out *o, struct err *e);
/* Writes the n rows in sel, which are ascending, to o. */
MUST_CHECK int rowout_rows(struct rowout *r, const struct block *b,
    const uint32_t *sel, uint32_t n, struct out *o, struct err *e);
/* Appends to `to` the bytes that would be written for a row. */
void rowout_row(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *to);
/* Returns these bytes: in the block where the row is unchanged, else in
 * scratch. */
struct bytes rowout_bytes(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *scratch);
/* Frees r, which may be NULL. */
void rowout_free(struct rowout *r);

#endif
