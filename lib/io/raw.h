/*
 * raw - the bytes of a file as they are, before any codec: read a block at a
 * time, counted and, if asked for, digested and given back to the page cache.
 *
 * The decoders (codec.h) take their bytes from here, and in.c does.
 */
#ifndef SHARD_RAW_H
#define SHARD_RAW_H

#include <sys/types.h>

#include "base/base.h"
#include "base/digest.h"
#include "base/err.h"

#define RAW_BLOCK ((size_t)256 << 10)

/* What makes a file the same file as before, short of reading it. */
struct identity {
	uint64_t size, inode;
	int64_t mtime_ns;
};

/* Sets *id to the identity of the file at path, which need not be open; -1, and
 * errno's text in e, when it has none. */
MUST_CHECK int
identity_of(const char *path, struct identity *id, struct err *e);
bool identity_eq(struct identity a, struct identity b);

/* The caller fills name, and before the first read buf, of RAW_BLOCK bytes from
 * malloc(), and digest and drop if it wants them. */
struct raw {
	int fd;
	const char *name; /* for messages; borrowed */
	char *buf;
	size_t pos, end; /* of the unread bytes in buf */
	uint64_t total;  /* bytes read of the file */
	bool eof;        /* a read came to the end of the file */
	bool drop;       /* what was read goes from the page cache */
	uint64_t dropped;
	struct digest *digest; /* of all bytes read; NULL: none */
};

/* Opens the file at path ("-" is standard input) and sets *id.  raw_close()
 * frees what r has, after an error too. */
MUST_CHECK int
raw_open(struct raw *r, const char *path, struct identity *id, struct err *e);
/* Reads once, up to n bytes, into p: their number, 0 at the end, -1 on error.
 */
MUST_CHECK ssize_t raw_read(struct raw *r, char *p, size_t n, struct err *e);
/* Shows the unread bytes of the current block; reads the next block when there
 * are none.  0 bytes at the end of the file, -1 on error. */
MUST_CHECK int raw_peek(struct raw *r, struct bytes *avail, struct err *e);
/* Takes the first n unread bytes as read. */
void raw_consume(struct raw *r, size_t n);
/* Closes the file and frees buf and digest. */
void raw_close(struct raw *r);

#endif
