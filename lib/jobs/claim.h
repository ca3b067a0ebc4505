/*
 * claim - an output directory belongs to one job, and to one run at a time.
 *
 * OUT/_job.tsv says which job's it is.  OUT/_lock is locked by flock(2) as long
 * as any process lives that has the descriptor of the run that took it, so that
 * a run whose leader was killed still counts while its workers write.
 */
#ifndef SHARD_CLAIM_H
#define SHARD_CLAIM_H

#include "base/base.h"
#include "base/err.h"

struct claim {
	int fd;     /* of OUT/_lock; processes that are begun inherit it */
	bool fresh; /* no run was here before */
};

#define CLAIM_ZERO ((struct claim){-1, false})

/*
 * Makes the directory out where it is missing, waits up to five seconds for its
 * lock, and makes it the job's.  An output of another job, files in a directory
 * that is no output, and a lock that another run holds (the message names it)
 * are errors.
 */
MUST_CHECK int claim_output(struct claim *c, const char *out, const char *job,
    const char *type, struct err *e);
void claim_release(struct claim *c);

/* Locks the file at path, shared or exclusively, within five seconds; returns
 * the descriptor, or -1.  what names the thing that is locked in the message.
 */
MUST_CHECK int
claim_lock(const char *path, bool shared, const char *what, struct err *e);

#endif
