/*
 * shredone - one day of a shredding job: its place, its shards, and what its
 * output depends on.
 */
#ifndef SHARD_SHREDONE_H
#define SHARD_SHREDONE_H

#include "jobs/shred.h"

/* Appends what days of one output must have in common. */
MUST_CHECK int shred_common(struct job *j, struct buf *b, struct err *e);
/* Appends the identities of shards; those that were unpacked are the same when
 * their archives are. */
MUST_CHECK int shred_put_inputs(
    struct job *j, const struct shards *s, struct buf *b, struct err *e);
/* Makes the day, "YYYY-MM-DD", or for "" the whole output what is at work. */
void shred_set_place(struct job *j, const char *day);
void shred_set_day(struct job *j, uint32_t day);
/* Gives a table the shards that it has on the day. */
MUST_CHECK int shred_give_day(
    struct job *j, struct shred_table *t, uint32_t day, struct err *e);
/* Appends what the output of the day at work depends on. */
MUST_CHECK int shred_day_text(struct job *j, struct buf *b, struct err *e);
/* True if all files of the manifest in out are there, with their sizes. */
bool shred_files_are_there(const char *out);
/* True if the day at work was done, depended on this text, and has its files.
 */
bool shred_day_is_done(struct job *j, const struct buf *text);

#endif
