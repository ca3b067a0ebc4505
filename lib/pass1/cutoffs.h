/*
 * cutoffs - finds where one split ends and the next begins, for split.tsv and
 * strata.tsv; shard-split(1) describes the rules.
 */
#ifndef SHARD_CUTOFFS_H
#define SHARD_CUTOFFS_H

#include "pass1/merge.h"
#include "pass1/partset.h"

/* Appends split.tsv, with the times given in o, or those that follow from its
 * ratios. An empty train split is an error, another empty split gives a
 * warning. */
MUST_CHECK int cutoffs_by_time(const struct partset *s,
    const struct merge_opt *o, struct buf *to, struct err *e);
/* Appends strata.tsv.  Each stratum is cut by itself: of its n rows in the
 * order of their hashes, the first round(n * train_ratio) are train, and so on.
 */
void cutoffs_by_stratum(
    const struct partset *s, const struct merge_opt *o, struct buf *to);

#endif
