/*
 * todo - what there is to do in an output of shredding, by what is there.
 */
#ifndef SHARD_TODO_H
#define SHARD_TODO_H

#include "shred/batchfile.h"

/*
 * Says which of the n shards (paths, in the order of their numbers) of a table
 * must be routed: todo[i] becomes true for these.  Units of routed shards that
 * no longer hold are removed, and the batches made from them, and so are the
 * leftovers of killed runs: runs of no unit, batch files without a record. With
 * verify every input is digested.  Nobody else may be at work on the table.
 */
MUST_CHECK int todo_shards(const struct batchfile_opt *o, const char *table,
    char *const *path, size_t n, bool verify, bool *todo, struct err *e);

/*
 * Says in *lost whether rows of a routed table are neither in runs nor in
 * batches: a run is gone, and a batch of the map in the file has no record.
 * Then the table is to be forgotten, and routed again.  A map that is not there
 * is no error, and nothing is known to be lost.
 */
MUST_CHECK int todo_lost(const char *out, const char *table, const char *map,
    bool *lost, struct err *e);
/* Removes all that an output has of a table: units, runs, batches and their
 * records.  The table's directories stay.  Nobody else may be at work there. */
MUST_CHECK int todo_forget(const char *out, const char *table, struct err *e);
/* Does the same for all tables of the output but the n that are to be kept, and
 * removes the directories of these tables too. */
MUST_CHECK int todo_forget_others(
    const char *out, const char *const *keep, size_t n, struct err *e);

#endif
