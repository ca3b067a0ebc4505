/*
 * name - what the name of a file says: the number, format and codec of a
 * shard; and what may be the name of a split.
 */
#ifndef SHARD_NAME_H
#define SHARD_NAME_H

#include "base/base.h"
#include "base/buf.h"
#include "io/codec.h"

enum format {
	FORMAT_CSV,
	FORMAT_TSV,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_PARQUET,
	FORMAT_UNKNOWN
};

/* The name of a format, which is its extension too: "csv"; "unknown" for
 * FORMAT_UNKNOWN. */
const char *format_name(enum format f);
/* The format of that name, or FORMAT_UNKNOWN. */
enum format format_named(struct bytes name);
/* True for the formats that the writers know: all but FORMAT_JSON. */
bool format_writable(enum format f);
/* True for an array of objects (json) and for an object per line (jsonl). */
static inline bool
shard_is_json(enum format f)
{
	return f == FORMAT_JSON || f == FORMAT_JSONL;
}

/* What a path says of its shard. */
struct shard_name {
	bool is_part;   /* part-N... */
	bool too_large; /* N is beyond 64 bits */
	uint64_t number;
	enum format format;
	enum codec codec;
};

/* Reads the last component of a path.  A name that is no shard's has is_part
 * false, but a format and a codec. */
struct shard_name shard_name_parse(const char *path);
/* Appends the name of a shard: "part-00042.csv.gz". */
void
shard_name_format(struct buf *b, uint64_t number, enum format f, enum codec c);

/* The last component of a path.  It points into path. */
const char *name_last(const char *path);

/* True if s can be the name of a split or of a table: of a directory under OUT,
 * and of nothing else. */
bool split_name_ok(struct bytes s);

#endif
