/*
 * name - reads the number, format and codec of a shard from the name of its
 * file, and checks names of splits.
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

/* Returns the name of a format, which is also its extension: "csv"; "unknown"
 * for FORMAT_UNKNOWN. */
const char *format_name(enum format f);
/* Returns the format of that name, or FORMAT_UNKNOWN. */
enum format format_named(struct bytes name);
/* Returns true for the formats that can be written: all known ones but
 * FORMAT_JSON. */
bool format_writable(enum format f);
/* Returns true for an array of objects (json) and for one object per line
 * (jsonl). */
static inline bool
shard_is_json(enum format f)
{
	return f == FORMAT_JSON || f == FORMAT_JSONL;
}

/* What the name of a file says. */
struct shard_name {
	bool is_part;   /* the name begins with part-N */
	bool too_large; /* N does not fit 64 bits */
	uint64_t number;
	enum format format;
	enum codec codec;
};

/* Reads the last component of a path.  Where it is not the name of a shard,
 * is_part is false, and format and codec are set all the same. */
struct shard_name shard_name_parse(const char *path);
/* Appends the name of a shard: "part-00042.csv.gz". */
void
shard_name_format(struct buf *b, uint64_t number, enum format f, enum codec c);

/* Returns the last component of a path, as a pointer into path. */
const char *name_last(const char *path);

/* Returns true if s may be the name of a split or a table, so that its
 * directory lies in OUT and is not one of OUT's own. */
bool split_name_ok(struct bytes s);

#endif
