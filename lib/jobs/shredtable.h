/*
 * shredtable - the tables of a shredding job, and what their first shards say.
 */
#ifndef SHARD_SHREDTABLE_H
#define SHARD_SHREDTABLE_H

#include "jobs/shred.h"

/* Takes the tables from --table, or --input and --order; wrong
 * words are ERR_USAGE. */
MUST_CHECK int shred_tables(struct job *j, struct err *e);
void shred_table_fini(struct shred_table *t);
/* Looks at the first of the table's shards: what its batches are, and that it
 * has the columns which options name. */
MUST_CHECK int shred_look(struct job *j, struct shred_table *t, struct err *e);
/* Gives the table these shards to work on, n of them. */
void shred_give(struct shred_table *t, const struct shard *v, size_t n);

/* Appends the name of the shard that a table without one on a day has. */
void shred_empty_name(const struct shred_table *t, struct buf *b);

#endif
