/*
 * shredwork - what the shredding of one output begins with: its old batches,
 * its lists.
 */
#ifndef SHARD_SHREDWORK_H
#define SHARD_SHREDWORK_H

#include "jobs/shred.h"

/* Appends the options, but those named in except (with blanks
 * around each), and what is in the files that they name. */
MUST_CHECK int
shred_text(struct job *j, const char *except, struct buf *b, struct err *e);

/* Makes `out` ready for its batches: removes what does not hold any more,
 * writes the lists, and finds what is done. */
MUST_CHECK int shred_begin_batches(struct job *j, struct err *e);
/* True if the file at path has this text. */
bool shred_file_is(const char *path, const struct buf *text);
/* True if the results of all batches, or days, are joined. */
bool shred_has_results(struct job *j);
/* Removes the results of batches, and what they were joined in. */
MUST_CHECK int shred_forget_results(const struct shred *s, struct err *e);

#endif
