/*
 * values - what pass 1 keeps of the values themselves, where sums are not
 * enough: medians, quantiles and modes, and how many distinct ones there are.
 *
 * The numbers of a column become sorted runs of 64-bit keys (number_key());
 * texts of all columns share one table of counts, which becomes runs in hash
 * order.  Both go to the partial whenever they reach their share of the memory,
 * so the answer is exact and the memory bounded.
 */
#ifndef SHARD_VALUES_H
#define SHARD_VALUES_H

#include "base/number.h"
#include "pass1/facts.h"
#include "pass1/partial.h"

#define VALUES_MEMORY_MIN ((uint64_t)1 << 20)
#define VALUES_MEMORY_DEFAULT ((uint64_t)1 << 30)

/* True if the file, which shard-fit --need wrote, is empty: no values are
 * lacking. */
bool values_none(const char *path);
/* The hash of a value of a column in the runs of counts; never 0. */
uint64_t value_hash(struct bytes value, uint64_t column_digest);

struct values;

/*
 * Collects for the columns of f those kinds that wanted[i] names (enum
 * values_kind, both for a column whose type is not known yet).  memory: of
 * buffers and tables, in bytes; what is collected goes to w, which stays the
 * caller's, as f does.
 */
struct values *values_new(const struct facts *f, const unsigned *wanted,
    uint64_t memory, struct partial_writer *w);
/* A value (not an empty cell, nor a token) of column i; its bytes must last
 * until values_settle(). */
MUST_CHECK int values_add(struct values *v, size_t i, const struct cell *cell,
    struct bytes value, struct err *e);
/* The same of a text, in a column of which only texts were asked for. */
MUST_CHECK int
values_add_text(struct values *v, size_t i, struct bytes value, struct err *e);
/* The token of a column that may turn out to be text: counted as a value. */
MUST_CHECK int
values_add_token(struct values *v, size_t i, struct bytes value, struct err *e);
/* What was added is kept by its own copy now. */
MUST_CHECK int values_settle(struct values *v, struct err *e);
/* Writes what is left; then kinds[i] is what column i was collected as. */
MUST_CHECK int values_finish(struct values *v, unsigned *kinds, struct err *e);
void values_free(struct values *v);

#endif
