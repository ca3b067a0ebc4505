/*
 * shreddays - which days a shredding job has.
 */
#ifndef SHARD_SHREDDAYS_H
#define SHARD_SHREDDAYS_H

#include "jobs/shred.h"

/* Finds the days, as far as names tell. */
MUST_CHECK int shred_find_days(struct job *j, struct err *e);
/* True if the names of the table's shards have days. */
bool shred_is_dated(struct job *j, struct shred_table *t);
/* Writes the lists of all shards, before the recipe looks for their days. */
MUST_CHECK int shred_begin_lists(struct job *j, struct err *e);
/* Takes the days that the recipe found, and chooses from them. */
MUST_CHECK int shred_take_days(struct job *j, struct err *e);
/* Chooses the days of this run among those that were found; -1 where days of
 * former runs do not go with them. */
MUST_CHECK int shred_choose_days(struct job *j, struct err *e);
/* True if some shard is of that day, and if the day is of this run. */
bool shred_has_day(const struct shred *s, uint32_t day);
bool shred_is_of_run(const struct shred *s, uint32_t day);
/* The days that an output has, in order; the caller frees them. */
MUST_CHECK int
shred_old_days(const char *out, uint32_t **days, size_t *n, struct err *e);

#endif
