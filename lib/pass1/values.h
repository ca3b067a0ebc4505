/*
 * values - collects the values themselves in pass 1, for what sums do not give:
 * medians, quantiles, modes and the number of distinct values.
 *
 * The numbers of a column become sorted runs of 64-bit keys (number_key()). The
 * texts of all columns share one table of counts, which becomes runs in hash
 * order.  Both go to the partial whenever they fill their share of the memory,
 * so the results are exact and the memory is bounded.
 */
#ifndef SHARD_VALUES_H
#define SHARD_VALUES_H

#include "base/number.h"
#include "pass1/facts.h"
#include "pass1/partial.h"

#define VALUES_MEMORY_MIN ((uint64_t)1 << 20)
#define VALUES_MEMORY_DEFAULT ((uint64_t)1 << 30)

/* Returns true if the file, which shard-fit --need wrote, is empty: no values
 * are lacking. */
bool values_none(const char *path);
/* Returns the hash of a value of a column in the runs of counts; it is never 0.
 */
uint64_t value_hash(struct bytes value, uint64_t column_digest);

struct values;

/*
 * Returns a collector of the values of the columns of f, as what wanted[i] says
 * (enum values_kind, both for a column whose type is not known yet).  Its
 * buffers and tables take memory bytes.  It writes to w; w and f stay the
 * caller's and must outlive it. The caller frees it with values_free().
 */
struct values *values_new(const struct facts *f, const unsigned *wanted,
    uint64_t memory, struct partial_writer *w);
/* Adds a value of column i, which is neither an empty cell nor a token.  Its
 * bytes must be valid until values_settle(). */
MUST_CHECK int values_add(struct values *v, size_t i, const struct cell *cell,
    struct bytes value, struct err *e);
/* Adds a text of column i, of which only texts are wanted. */
MUST_CHECK int
values_add_text(struct values *v, size_t i, struct bytes value, struct err *e);
/* Adds a token of column i, which may turn out to be a column of text, as a
 * value. */
MUST_CHECK int
values_add_token(struct values *v, size_t i, struct bytes value, struct err *e);
/* Copies what was added, so that the caller's bytes may go. */
MUST_CHECK int values_settle(struct values *v, struct err *e);
/* Writes what is left, and sets kinds[i] to what column i was collected as. */
MUST_CHECK int values_finish(struct values *v, unsigned *kinds, struct err *e);
/* Frees v, which may be NULL. */
void values_free(struct values *v);

#endif
