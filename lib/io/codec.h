/*
 * codec - compression formats: what they are called, how their files begin,
 * and one streaming decoder and encoder each.
 *
 * A decoder ends well only where the compressed data says so: a file that
 * stops early, has a wrong checksum or carries foreign bytes behind the last
 * member is an error.  Several members (frames) behind each other are one
 * stream.
 */
#ifndef SHARD_CODEC_H
#define SHARD_CODEC_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

enum codec {
	CODEC_NONE,
	CODEC_GZIP,
	CODEC_ZSTD,
	CODEC_LZ4,
	CODEC_BZIP2,
	CODEC_XZ,
	CODEC_COUNT
};

/* Where a decoder gets its bytes: the raw file, a block at a time. */
struct raw;

struct decoder {
	void *(*open)(struct err *e); /* NULL: e says why */
	/* Up to cap bytes; 0 at the proven end of the data, -1 on error. */
	ssize_t (*read)(
	    void *st, struct raw *r, char *out, size_t cap, struct err *e);
	void (*free)(void *st);
};

/* Takes the encoded bytes; 0 or -1. */
typedef int codec_sink(void *arg, const void *p, size_t n, struct err *e);

struct encoder {
	void *(*open)(int level, struct err *e);
	/* The encoded bytes depend on where the input is cut into calls: cut it
	 * the same way every time.  last ends the stream. */
	int (*write)(void *st, const void *p, size_t n, bool last,
	    codec_sink *sink, void *arg, struct err *e);
	void (*free)(void *st);
};

struct codec_info {
	const char *name; /* as in options: "gz" */
	const char *ext;  /* as in file names: ".gz" */
	int default_level, max_level;
	const struct decoder *dec;
	const struct encoder *enc; /* NULL: read only */
};

const struct codec_info *codec_info(enum codec c);
/* By option name ("gz", "gzip", "zst", ...); -1 when unknown. */
int codec_named(struct bytes name);
/* The same of what --compress says: ERR_USAGE unless it can be written. */
MUST_CHECK int codec_option(const char *word, int *codec, struct err *e);
/* Refuses a --level that the codec does not have. */
MUST_CHECK int codec_level(enum codec c, uint64_t level, struct err *e);
/* By a file's first bytes; at least 10 where the file has them. */
enum codec codec_of_magic(struct bytes head);

#endif
