/*
 * codec - compression formats: their names, the bytes their files begin with,
 * and a streaming decoder and encoder of each.
 *
 * A decoder reports the end of the data only where the data says so: a file
 * that stops early, has a wrong checksum or has other bytes after the last
 * member is an error.  Several members (frames) in one file are one stream.
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

/* The raw file that a decoder reads (in.h), a block at a time. */
struct raw;

/* A decoder.  Its state st comes from open and is freed by free. */
struct decoder {
	void *(*open)(struct err *e); /* returns NULL on error */
	/* Decodes up to cap bytes to out and returns their number: 0 at the
	 * proven end of the data, -1 on error. */
	ssize_t (*read)(
	    void *st, struct raw *r, char *out, size_t cap, struct err *e);
	void (*free)(void *st);
};

/* A function that takes encoded bytes; returns 0 or -1. */
typedef int codec_sink(void *arg, const void *p, size_t n, struct err *e);

/* An encoder.  Its state st comes from open and is freed by free. */
struct encoder {
	void *(*open)(int level, struct err *e); /* returns NULL on error */
	/* Encodes n bytes and hands what is ready to the sink; last ends the
	 * stream.  Returns 0 or -1.  The encoded bytes depend on where the
	 * input is cut into calls, so a caller cuts it at fixed places. */
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

/* Returns the description of a codec. */
const struct codec_info *codec_info(enum codec c);
/* Returns the codec of an option's word ("gz", "gzip", "zst", ...), or -1. */
int codec_named(struct bytes name);
/* Sets *codec to the codec of --compress.  Returns -1 with ERR_USAGE when there
 * is no such codec or it cannot be written. */
MUST_CHECK int codec_option(const char *word, int *codec, struct err *e);
/* Returns -1 with ERR_USAGE when the codec has no such --level. */
MUST_CHECK int codec_level(enum codec c, uint64_t level, struct err *e);
/* Returns the codec of a file by its first bytes: at least 10 of them, or all
 * if the file is shorter. */
enum codec codec_of_magic(struct bytes head);

#endif
