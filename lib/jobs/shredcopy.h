/*
 * shredcopy - the copy of the input that --presplit cuts by day.
 */
#ifndef SHARD_SHREDCOPY_H
#define SHARD_SHREDCOPY_H

#include "jobs/shred.h"

/* Prepares the copy of the tables of which it does not hold all that is still
 * needed; returns 1 where there is one to be made, 0, or -1. */
MUST_CHECK int shred_begin_copy(struct job *j, struct err *e);
/* Notes of which inputs the copies are. */
MUST_CHECK int shred_end_copy(struct job *j, struct err *e);
/* Removes the copy of the day at work, which is done. */
MUST_CHECK int shred_use_copy(struct job *j, struct err *e);

#endif
