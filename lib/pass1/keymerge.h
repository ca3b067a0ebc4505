/*
 * keymerge - many sorted runs of keys into one key index, by several processes.
 *
 * The runs are merged a range of hashes at a time (ranges.h).  The processes
 * take the ranges in turn; the first one, which writes, gets what the others
 * made through a pipe each, in the order of the ranges.  So the file is the
 * same for any number of them, and none is ahead by more than a pipe holds.
 *
 * Or into the rows that are first occurrences: each process sets the bits of
 * its ranges.
 */
#ifndef SHARD_KEYMERGE_H
#define SHARD_KEYMERGE_H

#include "keys/firstrows.h"
#include "keys/keyindex.h"
#include "pass1/ranges.h"
#include "rows/na.h"

/* Moves all entries of n runs into t; tokens of skip (NULL: none) are no keys.
 */
MUST_CHECK int keymerge_all(struct key_run *run, size_t n,
    const struct na_rule *skip, struct keytable *t, struct err *e);
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
