/*
 * out - a checked, buffered writer over a file descriptor, with an optional
 * codec and a digest of what the file gets.
 *
 * Every write and the close are checked; a failure is ERR_OUTPUT.  Bytes go
 * down in blocks of OUT_BLOCK cut at fixed places, so that compressed output
 * depends on the content alone.
 */
#ifndef SHARD_OUT_H
#define SHARD_OUT_H

#include "base/base.h"
#include "base/err.h"
#include "io/codec.h"

#define OUT_BLOCK ((size_t)256 << 10)

struct out;

/* fd becomes the out's own; name (copied) is for messages.  level 0 means the
 * codec's default.  NULL on error; the fd is closed then too. */
struct out *out_new(int fd, const char *name, enum codec codec, int level,
    bool digest, struct err *e);
/*
 * Something between what is written and what the file gets: it takes the bytes,
 * however they are cut, and hands others to the sink; last comes once, with
 * none.
 */
struct out_filter {
	int (*write)(void *st, const void *p, size_t n, bool last,
	    codec_sink *sink, void *arg, struct err *e);
	void (*free)(void *st);
};
/* Before the first write; st becomes the out's. */
void out_filter(struct out *o, const struct out_filter *f, void *st);
MUST_CHECK int out_write(struct out *o, const void *p, size_t n, struct err *e);
/* Writes what is buffered; not for compressed output, whose bytes depend on
 * where the blocks are cut. */
MUST_CHECK int out_flush(struct out *o, struct err *e);
/* What is written need not reach the disk soon, or ever. */
void out_lazy(struct out *o);
/* Flushes, ends the codec's stream and begins to send all to the disk; *fd is
 * the caller's then, who syncs and closes it. */
MUST_CHECK int out_release(struct out *o, int *fd, struct err *e);
/* Flushes and ends the codec's stream; with sync, fsync too.  The out can
 * still be asked for out_bytes() and out_digest(). */
MUST_CHECK int out_finish(struct out *o, bool sync, struct err *e);
/* Bytes that went to the file; their XXH3-64. */
uint64_t out_bytes(const struct out *o);
uint64_t out_digest(const struct out *o);
/* Closes without a word; what was not finished is lost. */
void out_free(struct out *o);

/* Opens a file in dir that never had a name, or has lost it before any signal
 * ends us, to write and to read; -1 and errno. */
int out_nameless(const char *dir);
/* Writes all of p to fd. */
MUST_CHECK int
write_all(int fd, const char *name, const void *p, size_t n, struct err *e);

#endif
