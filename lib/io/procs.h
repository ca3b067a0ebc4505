/*
 * helpers - processes that do a part of the work of this one, and tell it
 * through a pipe what came out.
 *
 * Each has a copy of the memory as it was at its start.  What it tells is
 * records: two numbers, and bytes that they say the length of.
 */
#ifndef SHARD_HELPERS_H
#define SHARD_HELPERS_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

struct helper {
	pid_t pid;
	int fd; /* to read from */
};

/* A record; n is HELPER_FAILED, and the message has so many bytes. */
struct told {
	uint64_t n, bytes;
};
#define HELPER_FAILED UINT64_MAX

/* What one does: parts first, first + step ... of the work.  Its result is the
 * exit status: 0 when all was told. */
typedef int helper_fn(void *arg, int fd, uint64_t first, uint64_t step);

/* Starts n of them, for parts 1 to n of steps of n + 1: what is left for this
 * process is 0, n + 1 ...  helper has room for n; *started, for helpers_end(),
 * counts them also when one could not be started. */
MUST_CHECK int helpers_start(struct helper *helper, size_t n, size_t *started,
    helper_fn *work, void *arg, struct err *e);
/* In a helper: a record, and p[0..n) and q[0..m) behind it.  -1: nobody hears
 * it. */
int helper_tell(
    int fd, struct told told, const void *p, size_t n, const void *q, size_t m);
/* The exit status of one that failed. */
int helper_failed(int fd, const struct err *e);

/* What a helper says next; -1 with its message when it failed. */
MUST_CHECK int
helper_hear(const struct helper *h, struct told *told, struct err *e);
/* The bytes behind it. */
MUST_CHECK int
helper_read(const struct helper *h, void *p, size_t n, struct err *e);

/* Waits for them; with rc < 0 they are ended, not being needed any more.
 * Returns rc, or -1 when one of them ended badly. */
int helpers_end(struct helper *helper, size_t n, int rc, struct err *e);

#endif
