/*
 * todo - what there is to do in an output of shredding, by what is there.
 */
#ifndef SHARD_TODO_H
#define SHARD_TODO_H

#include "shred/batchfile.h"

/*
 * Says which of the n shards (paths, in the order of their numbers) of a table
 * must be routed: todo[i] becomes true for these.  Units of routed shards that
 * no longer hold are removed, and the batches made from them.  With verify
 * every input is digested.
 */
MUST_CHECK int todo_shards(const struct batchfile_opt *o, const char *table,
    char *const *path, size_t n, bool verify, bool *todo, struct err *e);

#endif
