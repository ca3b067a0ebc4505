/*
 * ranges - merges many sorted runs of keys, one range of hashes at a time.
 *
 * The entries of a range, from all runs, fit a table that stays in the
 * processor's cache: hashes are uniform, so equal ranges have about equally
 * many entries.  Several processes may take the ranges of one merge, in any
 * order.
 *
 *	ranges_init(&x, run, nrun, ranges_number(total));
 *	ranges_start(&x, help, arg, &workers, &helpers, &nhelp, &e);
 *	for each range r of this process
 *		ranges_take(&x, r, take, arg, &e);	now x.t is the range
 *	ranges_end(&x, helpers, nhelp, rc, &e);
 */
#ifndef SHARD_RANGES_H
#define SHARD_RANGES_H

#include "io/procs.h"
#include "keys/keytable.h"
#include "pass1/partial.h"

#define RANGE_ENTRIES ((uint64_t)64 << 10)

/* The entries of a section of a partial, in the order of their hashes, and the
 * place up to which they were read. */
struct key_run {
	const struct keyent *ent;
	uint64_t at, n;
	struct bytes heap;
	/* The index in the merge of each shard of the partial or, if the merge
	 * has seeds, of each column; NULL if entries have neither. */
	const uint32_t *number;
	size_t nnumber;
	const struct partial *p;
};

/* Consecutive entries of a run, with their keys and hashes. */
#define AHEAD 32 /* entries whose slots are fetched at a time */
struct key_batch {
	const struct key_run *run;
	const struct keyent *ent;
	size_t n;
	struct bytes key[AHEAD];
	uint64_t hash[AHEAD];
};

/* A function that puts the entries it wants into the table. */
typedef void take_fn(void *arg, struct keytable *t, const struct key_batch *b);

/*
 * Hands to take the next entries with a hash up to last, or all that are left
 * if all is true.  The hash is value_hash() with seed[column] where seed is not
 * NULL, with the index of the column in the merge (values.h); else it is
 * key_hash().
 */
MUST_CHECK int
key_run_take(struct key_run *c, const uint64_t *seed, uint64_t last, bool all,
    struct keytable *t, take_fn *take, void *arg, struct err *e);

struct ranges {
	struct key_run *run; /* the caller's */
	size_t nrun;
	const uint64_t *seed; /* of key_run_take(); NULL after ranges_init() */
	uint64_t nrange, nmade;
	struct keytable t; /* of the range taken last */
	uint64_t *from;    /* where this range begins in each run */
};

/* Returns the number of ranges for total entries. */
static inline uint64_t
ranges_number(uint64_t total)
{
	return total / RANGE_ENTRIES + 1;
}
/* Begins a merge of nrun runs, which stay the caller's, in nrange ranges. */
void ranges_init(
    struct ranges *x, struct key_run *run, size_t nrun, uint64_t nrange);
/* Frees what x owns. */
void ranges_fini(struct ranges *x);
/* Clears the table and hands to take the entries of range r, one run after the
 * other.
 */
MUST_CHECK int ranges_take(
    struct ranges *x, uint64_t r, take_fn *take, void *arg, struct err *e);
/* Starts the helpers of a merge by *workers processes, which is made at most
 * the number of ranges and at least 1.  The caller calls ranges_end(), also
 * after an error. */
MUST_CHECK int ranges_start(struct ranges *x, helper_fn *help, void *arg,
    uint64_t *workers, struct helper **helpers, size_t *nhelp, struct err *e);
/* Ends the helpers, frees them and what x owns, and returns what helpers_end()
 * returns. */
int ranges_end(struct ranges *x, struct helper *helpers, size_t nhelp, int rc,
    struct err *e);

#endif
