/*
 * in - one reader for everything: a file or standard input, compressed or
 * not, seen as plain bytes through peek and consume.
 *
 *	struct in *in = in_open("part-00042.csv.gz", 0, &e);
 *	while (in_peek(in, want, &v, &e) == 0 && v.n > 0) {
 *		k = use(v.p, v.n);
 *		in_consume(in, k);
 *	}
 *	in_close(in);
 *
 * The buffer, with what lies where:
 *
 *	buf          pos                 end            cap
 *	|  consumed  |  peeked, unread   |   free       | IN_SLACK |
 *
 * Bytes are moved to the front only when the free room is too small, so the
 * pointers handed out by in_peek() hold until the next in_peek().
 */
#ifndef SHARD_IN_H
#define SHARD_IN_H

#include "base/base.h"
#include "base/err.h"
#include "io/codec.h"

/* Readable bytes behind what in_peek() hands out, of no stated value. */
#define IN_SLACK 64
#define IN_BLOCK ((size_t)256 << 10)

/* Digest the raw bytes on the way; take a compressed file as it is; give what
 * was read of a file back to the page cache, as nobody will read it again. */
enum { IN_DIGEST = 1, IN_RAW = 2, IN_DROP = 4 };

/* What makes a file the same file as before, short of reading it. */
struct identity {
	uint64_t size, inode;
	int64_t mtime_ns;
};

/* For decoders, whose input is a raw file. */
/* The unread bytes of the current block; reads the next block when there are
 * none.  0 bytes at the end of the file, -1 on error. */
MUST_CHECK int raw_peek(struct raw *r, struct bytes *avail, struct err *e);
void raw_consume(struct raw *r, size_t n);

struct in;

/* Opens the file at path; "-" is standard input.  NULL on error.  The caller
 * frees it with in_close(). */
struct in *in_open(const char *path, int flags, struct err *e);
/*
 * Shows the unread bytes: at least min of them unless the input ends before
 * (then whatever is left, perhaps none).  Reads in blocks of IN_BLOCK and
 * never more than one block beyond min.
 */
MUST_CHECK int
in_peek(struct in *in, size_t min, struct bytes *v, struct err *e);
void in_consume(struct in *in, size_t n);
/* At the end of the input: adds the newline that its last line lacks (true
 * then), and shows the unread bytes again. */
bool in_end_line(struct in *in, struct bytes *v);
/* True when no byte will come behind those already peeked. */
bool in_at_eof(const struct in *in);
/* What messages call it from now on. */
void in_rename(struct in *in, const char *name);
/* For messages: the path as given, "standard input" for "-". */
const char *in_name(const struct in *in);
enum codec in_codec(const struct in *in);
/* The descriptor of the open file, for a caller that reads it by other means;
 * -1 when the file is compressed. */
int in_fd(const struct in *in);
/* Of the raw file; all bytes have been read when in_peek() came to the end. */
uint64_t in_digest(const struct in *in);
uint64_t in_raw_bytes(const struct in *in);
struct identity in_identity(const struct in *in);
void in_close(struct in *in);

/* Sets *id to the identity of the file at path, which need not be open; -1, and
 * errno's text in e, when it has none. */
MUST_CHECK int
identity_of(const char *path, struct identity *id, struct err *e);
bool identity_eq(struct identity a, struct identity b);
/* Digest of a whole file's raw bytes. */
MUST_CHECK int
in_digest_file(const char *path, uint64_t *digest, struct err *e);

#endif
