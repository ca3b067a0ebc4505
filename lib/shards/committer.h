/*
 * committer - commits the outputs of several shards together.
 *
 * The program waits for the disk once for all of them, instead of several times
 * for each, which takes most of the time of small shards.  The steps are those
 * of a single shard:
 *
 *	1. sync the files, and the new record under a temp name
 *	2. rename the old record to a temp name
 *	3. rename the files
 *	4. remove the files that only the old record names
 *	5. sync the directories
 *	6. rename the new record
 *
 * If the program ends before the last step, the shard has no record and is done
 * again; the records under temp names tell which files it may have left
 * (record_mend()).  A signal that ends the program waits until all steps are
 * done.
 *
 *	k = committer_new();
 *	committer_add(k, "OUT", &record, files, nfile, &e);  shard by shard
 *	committer_flush(k, &e);                              the rest
 *	committer_free(k);                                   drops others
 */
#ifndef SHARD_COMMITTER_H
#define SHARD_COMMITTER_H

#include "io/commit.h"
#include "shards/record.h"

/* A file that is written, but not synced or renamed. */
struct committer_file {
	struct commit *c;
	int fd; /* -1 if it is synced already */
};

struct committer;

/* Returns an empty committer, which the caller frees with committer_free(). */
struct committer *committer_new(void);
/* Adds a shard of the output directory out.  The committer owns the n files and
 * the content of rec, which is empty then, also after an error.  Flushes when
 * many files wait. */
MUST_CHECK int
committer_add(struct committer *k, const char *out, struct record *rec,
    const struct committer_file *file, size_t n, struct err *e);
/* Commits all shards that were added. */
MUST_CHECK int committer_flush(struct committer *k, struct err *e);
/* Frees k, and removes the files of shards that were not committed. */
void committer_free(struct committer *k);

#endif
