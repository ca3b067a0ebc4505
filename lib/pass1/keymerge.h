/*
 * keymerge - many sorted runs of keys into one key index, by several processes.
 *
 * A range of hashes at a time: its entries, of all runs, fit a table that stays
 * in the cache.  Hashes are uniform, so equal ranges hold about equally many.
 * The processes take the ranges in turn; the first one, which writes, gets what
 * the others made through a pipe each, in the order of the ranges.  So the file
 * is the same for any number of them, and none is ahead by more than a pipe
 * holds.
 *
 * Or into the rows that are first occurrences: each process sets the bits of
 * its ranges.
 */
#ifndef SHARD_KEYMERGE_H
#define SHARD_KEYMERGE_H

#include "keys/firstrows.h"
#include "keys/keyindex.h"
#include "keys/keytable.h"
#include "pass1/partial.h"
#include "rows/na.h"

/* Entries of a partial in (hash, key) order, and where they are read. */
struct key_run {
	const struct keyent *ent;
	uint64_t at, n;
	struct bytes heap;
	const uint32_t *ordinal; /* of the partial's shards in the merge */
	size_t nordinal;
	const struct partial *p;
};

/* Moves the entries with hash <= last, or all that are left, into t; tokens of
 * skip (NULL: none) are no keys.  slots (NULL: nobody asks) gets of each, as
 * u32, the number of its key's entry in t, or KEY_SKIPPED. */
#define KEY_SKIPPED UINT32_MAX
MUST_CHECK int key_run_take(struct key_run *c, uint64_t last, bool all,
    const struct na_rule *skip, struct keytable *t, struct buf *slots,
    struct err *e);
/* All entries of n runs, total of them, into w. */
MUST_CHECK int keymerge(struct keyindex_writer *w, struct key_run *run,
    size_t n, uint64_t total, const struct na_rule *skip, uint64_t workers,
    struct err *e);
/* The rows that they are of, into w: those at the keys' first times, or the
 * very first alone (one).  keys: how many there are. */
MUST_CHECK int keymerge_rows(struct firstrows_writer *w, bool one,
    struct key_run *run, size_t n, uint64_t total, const struct na_rule *skip,
    uint64_t workers, uint64_t *keys, struct err *e);

#endif
