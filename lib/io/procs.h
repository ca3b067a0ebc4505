/*
 * procs - helpers: child processes that do parts of the work of this process
 * and send it their results through pipes.
 *
 *	rc = helpers_start(helper, n, &started, work, arg, &e);
 *	do parts 0, n + 1, 2 (n + 1) ...
 *	for (i = 0; rc == 0 && i < n; i++)	here with one message each
 *		if ((rc = helper_hear(&helper[i], &told, &e)) == 0)
 *			rc = helper_read(&helper[i], p, told.bytes, &e);
 *	rc = helpers_end(helper, started, rc, &e);
 *
 * A helper has a copy of the memory as it was at its start.  It sends messages
 * of two numbers and some bytes.
 */
#ifndef SHARD_PROCS_H
#define SHARD_PROCS_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

struct helper {
	pid_t pid;
	int fd; /* to read from */
};

/* The head of a message: a number for the work to use, and how many bytes
 * follow. If n is HELPER_FAILED, the bytes are the text of an error. */
struct told {
	uint64_t n, bytes;
};
#define HELPER_FAILED UINT64_MAX

/* The work of a helper: does parts first, first + step, first + 2 step ... and
 * sends the results to fd.  Returns the exit status, 0 when all was sent. */
typedef int helper_fn(void *arg, int fd, uint64_t first, uint64_t step);

/* Starts n helpers; helper must have room for n.  They get the parts from 1 to
 * n and steps of n + 1, so parts 0, n + 1 ... are left to this process. Returns
 * -1 when one could not be started; *started is then the number of those before
 * it, which helpers_end() needs. */
MUST_CHECK int helpers_start(struct helper *helper, size_t n, size_t *started,
    helper_fn *work, void *arg, struct err *e);
/* Called in a helper: sends a message with the bytes p[0..n) and q[0..m).
 * Returns -1 when nobody reads it. */
int helper_tell(
    int fd, struct told told, const void *p, size_t n, const void *q, size_t m);
/* Called in a helper that failed: sends the error, and returns the exit status.
 */
int helper_failed(int fd, const struct err *e);

/* Reads the head of a helper's next message.  Returns -1 when the helper
 * failed, with its error in e. */
MUST_CHECK int
helper_hear(const struct helper *h, struct told *told, struct err *e);
/* Reads n bytes of the message. */
MUST_CHECK int
helper_read(const struct helper *h, void *p, size_t n, struct err *e);

/* Waits for n helpers; if rc < 0 it ends them first, since they are no longer
 * needed.  Returns rc, or -1 when a helper ended badly. */
int helpers_end(struct helper *helper, size_t n, int rc, struct err *e);

#endif
