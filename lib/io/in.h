/*
 * in - reads a file or standard input, compressed or not, as plain bytes, which
 * a caller first looks at (peek) and then takes (consume).
 *
 *	struct in *in = in_open("part-00042.csv.gz", 0, &e);
 *	while (in_peek(in, want, &v, &e) == 0 && v.n > 0) {
 *		k = use(v.p, v.n);
 *		in_consume(in, k);
 *	}
 *	in_close(in);
 *
 * The buffer:
 *
 *	buf          pos                 end            cap
 *	|  consumed  |  peeked, unread   |   free       | IN_SLACK |
 *
 * The unread bytes move to the front only in in_peek(), when the free room is
 * too small; so what in_peek() has shown is valid until the next in_peek().
 */
#ifndef SHARD_IN_H
#define SHARD_IN_H

#include "base/base.h"
#include "base/err.h"
#include "io/codec.h"

/* So many bytes after those that in_peek() shows may be read; their values mean
 * nothing. */
#define IN_SLACK 64
/* Bytes read at a time. */
#define IN_BLOCK ((size_t)256 << 10)

/* Flags of in_open(): IN_DIGEST computes the digest of the raw bytes, IN_RAW
 * does not decompress, IN_DROP drops from the page cache what was read of a
 * file, since nobody will read it again. */
enum { IN_DIGEST = 1, IN_RAW = 2, IN_DROP = 4 };

/* What shows without reading a file that it has not changed. */
struct identity {
	uint64_t size, inode;
	int64_t mtime_ns;
};

/* For decoders: shows the unread bytes of the raw file's current block, after
 * reading the next block if there are none; no bytes at the end of the file.
 * Returns 0 or -1. */
MUST_CHECK int raw_peek(struct raw *r, struct bytes *avail, struct err *e);
/* Takes n of the bytes that raw_peek() has shown. */
void raw_consume(struct raw *r, size_t n);

struct in;

/* Opens the file at path; "-" is standard input.  NULL on error.  The caller
 * frees it with in_close(). */
struct in *in_open(const char *path, int flags, struct err *e);
/*
 * Shows the unread bytes: at least min of them, or all that are left, perhaps
 * none, when the input ends before.  Reads blocks of IN_BLOCK, and at most one
 * block more than min needs.  Returns 0 or -1.
 */
MUST_CHECK int
in_peek(struct in *in, size_t min, struct bytes *v, struct err *e);
/* Takes n of the bytes that in_peek() has shown. */
void in_consume(struct in *in, size_t n);
/* For the end of the input: if its last line has no newline, adds one, shows
 * the unread bytes again and returns true. */
bool in_end_line(struct in *in, struct bytes *v);
/* Returns true if no byte follows those that in_peek() has shown. */
bool in_at_eof(const struct in *in);
/* Writes all that is left to a file without a name in a directory, and returns
 * its descriptor, which is the caller's; or -1. */
MUST_CHECK int in_spool(struct in *in, const char *dir, struct err *e);
/* Sets the name that messages use from now on. */
void in_rename(struct in *in, const char *name);
/* Returns the name for messages: the path as given, "standard input" for "-".
 */
const char *in_name(const struct in *in);
/* Returns the codec that the file was found to have. */
enum codec in_codec(const struct in *in);
/* Returns the descriptor of the open file, which stays the in's, for a caller
 * that reads the file by other means; -1 when it is compressed or no file that
 * can be read twice (in_is_file()). */
int in_fd(const struct in *in);
/* Returns true if the input is a regular file: a pipe, even one with a name,
 * can be read only once. */
bool in_is_file(const struct in *in);
/* These return the digest, the length in bytes and the identity of the raw
 * file; the first two are complete once in_peek() has come to the end. */
uint64_t in_digest(const struct in *in);
uint64_t in_raw_bytes(const struct in *in);
struct identity in_identity(const struct in *in);
/* Closes the file and frees in, which may be NULL. */
void in_close(struct in *in);

/* Sets *id to the identity of the file at path, which need not be open. Returns
 * -1 when the file cannot be examined. */
MUST_CHECK int
identity_of(const char *path, struct identity *id, struct err *e);
/* Returns true if a and b are of the same, unchanged file. */
bool identity_eq(struct identity a, struct identity b);
/* Reads a whole file and sets *digest to the digest of its raw bytes. */
MUST_CHECK int
in_digest_file(const char *path, uint64_t *digest, struct err *e);

#endif
