/*
 * grouplist - the groups of every shard, from partials that were not merged:
 * what a shard has of which group.
 */
#ifndef SHARD_GROUPLIST_H
#define SHARD_GROUPLIST_H

#include "io/out.h"

/*
 * Writes a TSV table with the header `shard path group rows bytes`, in the
 * order of the shards' numbers, and of the keys within each as groups.tsv has
 * them.  Every path is a partial of one shard with groups; they are opened one
 * at a time, all of them before the first line is written.  memory, in bytes,
 * is for the groups of one shard, beyond it they spill; besides, 16 bytes per
 * partial are held.
 */
MUST_CHECK int grouplist_write(struct out *out, char *const *path, size_t n,
    uint64_t memory, struct err *e);

#endif
