/*
 * shredday - the phases of a shredding job by day: one day after the other, and
 * what joins them.
 */
#ifndef SHARD_SHREDDAY_H
#define SHARD_SHREDDAY_H

#include "jobs/shred.h"

/* Begins the work by day: removes what an output of the whole has
 * left, and chooses the first phase. */
MUST_CHECK int shred_begin_days(struct job *j, struct err *e);
/* Goes to the next phase; 1, or 0 behind the last one, or -1. */
MUST_CHECK int shred_next(struct job *j, struct err *e);
/* Removes what runs by day have left in an output of the whole. */
MUST_CHECK int shred_forget_days(struct job *j, struct err *e);

#endif
