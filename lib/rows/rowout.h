/*
 * rowout - gathers the rows of a block into bytes: whole records in one copy
 * where nobody changed them, field by field where somebody did.
 */
#ifndef SHARD_ROWOUT_H
#define SHARD_ROWOUT_H

#include "io/out.h"
#include "rows/block.h"
#include "rows/schema.h"

struct rowout;

/*
 * For the columns of s (those with skip[i] left out; skip may be NULL) of
 * blocks whose records have nfield fields separated by in_sep; rows are
 * written with out_sep.  The schema must outlive it.
 */
struct rowout *
rowout_new(const struct schema *s, const bool *skip, char in_sep, char out_sep);
/* The header line; valid until the next call. */
struct bytes rowout_names(struct rowout *r);
MUST_CHECK int rowout_header(struct rowout *r, struct out *o, struct err *e);
/* The rows sel[0..n), ascending. */
MUST_CHECK int rowout_rows(struct rowout *r, const struct block *b,
    const uint32_t *sel, uint32_t n, struct out *o, struct err *e);
/* One row's bytes as they would be written. */
void rowout_row(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *to);
/* The same without a copy where nobody changed the row; else in scratch. */
struct bytes rowout_bytes(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *scratch);
void rowout_free(struct rowout *r);

#endif
