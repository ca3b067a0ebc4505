/*
 * groups - groups.tsv: rows and bytes of every group, exactly, after the
 * merge, in the order of their keys.
 *
 * Partials hold runs of (key, rows, bytes) in hash order.  A range of hashes
 * at a time is added up (ranges.h); what that gives is sorted by key in bounded
 * memory (sort/extsort.h).
 */
#ifndef SHARD_GROUPS_H
#define SHARD_GROUPS_H

#include "io/out.h"
#include "pass1/facts.h"
#include "pass1/partial.h"

/*
 * Writes what the partials say to path; f is their merged facts, in which it
 * counts the groups.  memory, in bytes, is for the tables and their sorting;
 * beyond it a disk takes 18 bytes per group, and its key; of whole
 * numbers up to 6 bytes more.  *digest is that of the file.
 */
MUST_CHECK int groups_write(const char *path, struct facts *f,
    const struct na_rule *na, const struct partial *part, size_t npart,
    uint64_t memory, uint64_t *digest, struct err *e);
/*
 * Writes what every shard has of which group, from partials that were not
 * merged: a TSV table with the header `shard path group rows bytes`, in the
 * order of the shards' numbers, and of the keys within each as groups.tsv has
 * them.  Every path is a partial of one shard with groups; they are opened one
 * at a time, all of them before the first line is written.  memory, in bytes,
 * is for the groups of one shard, beyond it they spill; besides, 16 bytes per
 * partial are held.
 */
MUST_CHECK int groups_list(struct out *out, char *const *path, size_t n,
    uint64_t memory, struct err *e);

#endif
