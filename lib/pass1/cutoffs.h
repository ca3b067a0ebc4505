/*
 * cutoffs - where the splits are cut: what split.tsv and strata.tsv say, as
 * shard-split(1) describes it.
 */
#ifndef SHARD_CUTOFFS_H
#define SHARD_CUTOFFS_H

#include "pass1/merge.h"
#include "pass1/partset.h"

/* Appends split.tsv: the times given in o, or those that the ratios lead to.
 * Fails where no row would be in train; warns of other empty splits. */
MUST_CHECK int cutoffs_by_time(const struct partset *s,
    const struct merge_opt *o, struct buf *to, struct err *e);
/* Appends strata.tsv.  Each stratum is cut by itself: its rows in the order of
 * their hashes, the first round(n * train_ratio) to train, and so on. */
void cutoffs_by_stratum(
    const struct partset *s, const struct merge_opt *o, struct buf *to);

#endif
