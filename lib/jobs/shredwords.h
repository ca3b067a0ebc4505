/*
 * shredwords - the words of the recipe of shred.
 */
#ifndef SHARD_SHREDWORDS_H
#define SHARD_SHREDWORDS_H

#include "jobs/shred.h"

/* Appends the variables of pipelines/shred. */
MUST_CHECK int shred_vars(struct job *j, struct buf *vars, struct err *e);
/* Appends the words of shard-plan, without files and -o. */
void shred_plan_words(struct job *j, struct buf *b);
/* Appends the line that lists the table's shards which are to be routed. */
void shred_todo_words(struct job *j, struct shred_table *t, struct buf *b);
/* Returns "RUN/what-TABLE", the path of a list; the caller frees it. */
char *shred_list_path(
    const struct shred *s, const char *what, const struct shred_table *t);
/* Appends what reads the table's rows: the words of cat without a file, and
 * the filters behind it, each with its ":" in front. */
void shred_cat_words(struct job *j, struct shred_table *t, struct buf *b);
void shred_chain_words(struct job *j, struct shred_table *t, struct buf *b);

#endif
