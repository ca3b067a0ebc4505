/*
 * clean - removes from an output directory what does not belong there.  Nobody
 * else may be at work in it.
 */
#ifndef SHARD_CLEAN_H
#define SHARD_CLEAN_H

#include "shards/list.h"
#include "shards/output.h"

/* Removes the seal, the temp files of killed programs, and the files of shards
 * that these had begun to replace (record_mend()).  No shard that is done is
 * touched. */
MUST_CHECK int clean_output(const char *out, struct err *e);
/*
 * Removes the shards, record and files, that inputs do not name: of the scope
 * (record_shard()), or of all scopes if it is NULL.  The names of inputs have
 * numbers (list_numbered()).  Removes the seal before the first shard.  A
 * record that cannot be read is a complaint, and stays with its files.  An
 * output without records is left alone.
 */
MUST_CHECK int clean_prune(const char *out, const char *scope,
    const struct file_list *inputs, struct complaints *c, struct err *e);

#endif
