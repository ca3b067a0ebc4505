/*
 * committer - puts the outputs of several shards in their places together.
 *
 * The disk is waited for once for all of them in place of several times for
 * each: small shards wait for nothing else.  The order is that of a single
 * shard: files on the disk, and the record under a temp name; old records put
 * aside; files renamed; what only old records name removed; directories on the
 * disk; records last.  Whatever ends the program before leaves shards that are
 * to be done.  What the files among them are that were renamed, or that an old
 * record named, is known from the temp names of both records (record_mend());
 * a signal that ends the program waits until all is in place.
 *
 *	k = committer_new();
 *	committer_add(k, "OUT", &record, files, nfile, &e);  shard by shard
 *	committer_flush(k, &e);                              what is left
 *	committer_free(k);                                   drops the rest
 */
#ifndef SHARD_COMMITTER_H
#define SHARD_COMMITTER_H

#include "io/commit.h"
#include "shards/record.h"

/* A file that is written, but not synced or renamed. */
struct committer_file {
	struct commit *c;
	int fd; /* -1: it is on the disk */
};

struct committer;

struct committer *committer_new(void);
/* A shard of the output directory out.  Takes over all of rec (which is empty
 * then) and the n files, whatever comes back.  Flushes when there is much. */
MUST_CHECK int
committer_add(struct committer *k, const char *out, struct record *rec,
    const struct committer_file *file, size_t n, struct err *e);
MUST_CHECK int committer_flush(struct committer *k, struct err *e);
void committer_free(struct committer *k);

#endif
