/*
 * ranges - many sorted runs of keys, merged a range of hashes at a time.
 *
 * The entries of a range, of all runs, fit a table that stays in the cache.
 * Hashes are uniform, so equal ranges hold about equally many.  Several
 * processes may have the ranges of one merge, in any order.
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

/* Entries of a partial in the order of their hashes, and where they are read.
 */
struct key_run {
	const struct keyent *ent;
	uint64_t at, n;
	struct bytes heap;
	/* which number the partial's shards have in the merge, or, where the
	 * merge has seeds, its columns; NULL where entries have neither */
	const uint32_t *number;
	size_t nnumber;
	const struct partial *p;
};

/* Entries next to each other, their keys and hashes. */
#define AHEAD 32 /* entries whose slots are fetched at a time */
struct key_batch {
	const struct key_run *run;
	const struct keyent *ent;
	size_t n;
	struct bytes key[AHEAD];
	uint64_t hash[AHEAD];
};

/* Puts what it wants of a block into the table. */
typedef void take_fn(void *arg, struct keytable *t, const struct key_batch *b);

/*
 * Hands the entries with hash <= last, or all that are left, to take.  seed:
 * of the hash of a value (values.h), by the merged number of its column; NULL
 * where keys have key_hash().
 */
MUST_CHECK int
key_run_take(struct key_run *c, const uint64_t *seed, uint64_t last, bool all,
    struct keytable *t, take_fn *take, void *arg, struct err *e);

struct ranges {
	struct key_run *run; /* the caller's */
	size_t nrun;
	const uint64_t *seed; /* as above; NULL after ranges_init() */
	uint64_t nrange, nmade;
	struct keytable t; /* of the range taken last */
	uint64_t *from;    /* where each run's part of it begins */
};

/* Returns into how many ranges so many entries go. */
static inline uint64_t
ranges_number(uint64_t total)
{
	return total / RANGE_ENTRIES + 1;
}
void ranges_init(
    struct ranges *x, struct key_run *run, size_t nrun, uint64_t nrange);
void ranges_fini(struct ranges *x);
/* Clears the table and hands the entries of range r, of one run after another,
 * to take. */
MUST_CHECK int ranges_take(
    struct ranges *x, uint64_t r, take_fn *take, void *arg, struct err *e);
/* Starts the helpers of a merge by *workers processes, which becomes at most
 * the number of ranges and at least 1.  Whether it fails or not, ranges_end()
 * is due. */
MUST_CHECK int ranges_start(struct ranges *x, helper_fn *help, void *arg,
    uint64_t *workers, struct helper **helpers, size_t *nhelp, struct err *e);
/* Ends the helpers, frees what they and x held; returns as helpers_end(). */
int ranges_end(struct ranges *x, struct helper *helpers, size_t nhelp, int rc,
    struct err *e);

#endif
