/*
 * groups - the file groups.tsv, which the merge makes: the rows and bytes of
 * every group, in the order of their keys.
 *
 * Partials have runs of (key, rows, bytes) in hash order.  They are added up
 * one range of hashes at a time (ranges.h), and the sums are sorted by key in
 * bounded memory (sort/extsort.h).
 */
#ifndef SHARD_GROUPS_H
#define SHARD_GROUPS_H

#include "io/out.h"
#include "pass1/facts.h"
#include "pass1/partial.h"

/*
 * Writes the groups of the partials to path and sets *digest to the digest of
 * this file.  f has the merged facts of the partials, and gets the number of
 * groups. memory, in bytes, is for tables and sorting; when it is full, each
 * group takes 18 bytes and its key on disk, and up to 6 bytes more if keys are
 * whole numbers.
 */
MUST_CHECK int groups_write(const char *path, struct facts *f,
    const struct na_rule *na, const struct partial *part, size_t npart,
    uint64_t memory, uint64_t *digest, struct err *e);
/*
 * Writes which groups each shard has: a TSV table with the header `shard path
 * group rows bytes`, in the order of the shards' numbers and, within a shard,
 * in the order of groups.tsv.  Each of the n paths is the partial of one shard,
 * with groups.  All of them are opened, one at a time, before the first line is
 * written.  memory, in bytes, is for the groups of one shard; more of them go
 * to a temporary file.  Besides it takes 16 bytes per partial.
 */
MUST_CHECK int groups_list(struct out *out, char *const *path, size_t n,
    uint64_t memory, struct err *e);

#endif
