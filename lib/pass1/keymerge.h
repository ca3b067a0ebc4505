/*
 * keymerge - merges many sorted runs of keys into a key index, or into the rows
 * that are first occurrences, by several processes.
 *
 * The runs are merged one range of hashes at a time (ranges.h), and the
 * processes take the ranges in turn.  For a key index the first process writes
 * the file, and gets the results of each other one through a pipe, in the order
 * of the ranges.  So the file is the same for any number of processes, and a
 * process is ahead by no more than its pipe holds.  For first occurrences each
 * process sets the bits of its ranges.
 */
#ifndef SHARD_KEYMERGE_H
#define SHARD_KEYMERGE_H

#include "keys/firstrows.h"
#include "keys/keyindex.h"
#include "pass1/ranges.h"
#include "rows/na.h"

/* Puts all entries of n runs into t, without keys that are tokens of skip,
 * which may be NULL. */
MUST_CHECK int keymerge_all(struct key_run *run, size_t n,
    const struct na_rule *skip, struct keytable *t, struct err *e);
/* Writes all entries of n runs, total of them, to w. */
MUST_CHECK int keymerge(struct keyindex_writer *w, struct key_run *run,
    size_t n, uint64_t total, const struct na_rule *skip, uint64_t workers,
    struct err *e);
/* Marks in w the rows that are first occurrences: all rows at a key's first
 * time, or only the first of these if one is true.  Sets *keys to the number of
 * keys. */
MUST_CHECK int keymerge_rows(struct firstrows_writer *w, bool one,
    struct key_run *run, size_t n, uint64_t total, const struct na_rule *skip,
    uint64_t workers, uint64_t *keys, struct err *e);

#endif
