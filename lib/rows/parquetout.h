/*
 * parquetout - CSV text on its way to a file becomes Parquet: a filter of out.
 *
 * The text goes to a file without a name; when it is whole, DuckDB (duck.h)
 * asks for its rows, a chunk at a time, and writes Parquet to another one,
 * which is what the out gets.  Row groups are of 122,880 rows, pages compressed
 * with zstd.
 *
 * A field that does not fit its column's type is an error with its place: no
 * value is changed, but a number with a fraction becomes the nearest DOUBLE.
 */
#ifndef SHARD_PARQUETOUT_H
#define SHARD_PARQUETOUT_H

#include "io/out.h"

struct parquetout_opt {
	char sep;             /* of the CSV text */
	const char *name;     /* of the file, for messages; copied */
	const char *temp_dir; /* copied */
	/* The column's type (coltype.h), or NULL when nobody knows it. */
	const char *(*type)(void *arg, struct bytes column);
	void *arg;
};

/* From now on what is written to o is CSV text, a header line first. */
void parquetout_begin(struct out *o, const struct parquetout_opt *opt);

#endif
