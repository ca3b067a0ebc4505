/*
 * out - a checked, buffered writer to a file descriptor, with an optional codec
 * and a digest of the bytes that the file gets.
 *
 *	o = out_new(fd, "part-0.csv.gz", CODEC_GZIP, 0, true, &e);
 *	out_write(o, p, n, &e) ...;
 *	out_finish(o, true, &e);
 *	use(out_digest(o));
 *	out_free(o);
 *
 * Every write and the close are checked; a failure is ERR_OUTPUT.  The codec
 * gets blocks of OUT_BLOCK bytes, however the caller cuts its writes, so
 * compressed bytes depend on the content alone.
 */
#ifndef SHARD_OUT_H
#define SHARD_OUT_H

#include "base/base.h"
#include "base/err.h"
#include "io/codec.h"

#define OUT_BLOCK ((size_t)256 << 10)

struct out;

/* Returns a writer that owns fd, or NULL on error, with fd closed.  name is for
 * messages and is copied; level 0 is the codec's default. */
struct out *out_new(int fd, const char *name, enum codec codec, int level,
    bool digest, struct err *e);
/*
 * What turns the bytes that are written into others before the codec gets them.
 * write takes n bytes, cut at any places, and hands others to the sink; at the
 * end it is called once with last and no bytes.
 */
struct out_filter {
	int (*write)(void *st, const void *p, size_t n, bool last,
	    codec_sink *sink, void *arg, struct err *e);
	void (*free)(void *st);
};
/* Sets the filter, before the first write.  The out owns st and frees it. */
void out_filter(struct out *o, const struct out_filter *f, void *st);
/* Appends n bytes. */
MUST_CHECK int out_write(struct out *o, const void *p, size_t n, struct err *e);
/* Writes the buffered bytes.  It is not for compressed output, as it would cut
 * a block. */
MUST_CHECK int out_flush(struct out *o, struct err *e);
/* Says that the bytes need not reach the disk soon, or ever. */
void out_lazy(struct out *o);
/* Flushes, ends the codec's stream and starts to send all to the disk.  The
 * caller owns *fd then, and syncs and closes it. */
MUST_CHECK int out_release(struct out *o, int *fd, struct err *e);
/* Flushes, ends the codec's stream, syncs the file if sync is true, and closes
 * it.  out_bytes() and out_digest() may still be called. */
MUST_CHECK int out_finish(struct out *o, bool sync, struct err *e);
/* Returns how many bytes the file got. */
uint64_t out_bytes(const struct out *o);
/* Returns the digest of these bytes. */
uint64_t out_digest(const struct out *o);
/* Frees o, which may be NULL, and closes the file.  Bytes not yet flushed are
 * lost. */
void out_free(struct out *o);

/* Opens a file in dir that has no name, to write and to read, and returns its
 * descriptor; -1 with errno on error.  Where the file system needs a name
 * first, no signal can end the program before the name is gone. */
int out_nameless(const char *dir);
/* Writes n bytes to fd; name is for messages. */
MUST_CHECK int
write_all(int fd, const char *name, const void *p, size_t n, struct err *e);

#endif
