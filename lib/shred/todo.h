/*
 * todo - what there is to do in an output of shredding, by what is there.
 */
#ifndef SHARD_TODO_H
#define SHARD_TODO_H

#include "shred/batchfile.h"

/* How a table is looked at. */
struct todo_how {
	uint32_t nbatch; /* of the batch map */
	bool verify;     /* digest every input */
	bool force;      /* all are to be routed */
	bool whole; /* if any is to be routed, all are: the input is sorted */
};

/*
 * Says which of the n shards of a table (paths, each with another number) must
 * be routed: todo[i] becomes true for these.  Units of routed shards that no
 * longer hold are removed, and the batches made from them, and so are the
 * leftovers of killed runs: runs of no unit, batch files without a record.
 * Where rows were lost, or all shards are to be routed at any rate, the table
 * is forgotten.  Nobody else may be at work on the table.
 */
MUST_CHECK int
todo_table(const struct batchfile_opt *o, const char *table, char *const *path,
    size_t n, const struct todo_how *how, bool *todo, struct err *e);

/*
 * Says in *lost whether rows of a routed table are neither in runs nor in
 * batches: a run is gone, or the table is a whole that has no planned row in
 * its runs, and a batch of the nbatch has no record.  Then the table is to be
 * forgotten, and routed again.
 */
MUST_CHECK int todo_lost(const char *out, const char *table, uint32_t nbatch,
    bool whole, bool *lost, struct err *e);
/* Removes all that an output has of a table: units, runs, batches and their
 * records.  The table's directories stay.  Nobody else may be at work there. */
MUST_CHECK int todo_forget(const char *out, const char *table, struct err *e);
/* Does the same for all tables of the output but the n that are to be kept, and
 * removes the directories of these tables too. */
MUST_CHECK int todo_forget_others(
    const char *out, const char *const *keep, size_t n, struct err *e);

#endif
