/*
 * clean - removes from an output directory what does not belong there.  Nobody
 * else may be at work in it.
 */
#ifndef SHARD_CLEAN_H
#define SHARD_CLEAN_H

#include "shards/list.h"
#include "shards/output.h"

/* Removes the seal, the temp files of killed programs, and the files of shards
 * that these programs had begun to replace (record_mend()).  Shards that are
 * done stay as they are. */
MUST_CHECK int clean_output(const char *out, struct err *e);
/*
 * Removes the records and files of shards that inputs does not name, in the
 * scope (record_shard()), or in all scopes if it is NULL.  The names in inputs
 * must have numbers (list_numbered()).  The seal is removed before the first
 * shard.  A record that cannot be read is a complaint and stays, with its
 * files.  An output without records is left as it is.
 */
MUST_CHECK int clean_prune(const char *out, const char *scope,
    const struct file_list *inputs, struct complaints *c, struct err *e);

#endif
