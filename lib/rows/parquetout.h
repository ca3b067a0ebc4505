/*
 * parquetout - turns CSV text on its way to a file into Parquet; it is a filter
 * of out.
 *
 * The text goes to a file without a name.  When it is complete, DuckDB (duck.h)
 * asks for its rows, a chunk at a time, and writes Parquet to another such
 * file, which the out then gets.  Row groups have 122,880 rows, pages are
 * compressed with zstd.
 *
 * A field that does not fit the type of its column is an error with its place.
 * No value is changed, except that a number with a fraction becomes the nearest
 * DOUBLE.
 */
#ifndef SHARD_PARQUETOUT_H
#define SHARD_PARQUETOUT_H

#include "io/out.h"

struct parquetout_opt {
	char sep;             /* of the CSV text */
	const char *name;     /* of the file, for messages; copied */
	const char *temp_dir; /* copied */
	/* Returns the type of a column (coltype.h), or NULL if it is not known.
	 */
	const char *(*type)(void *arg, struct bytes column);
	void *arg;
};

/* Sets the filter of o, to which CSV text is then written, a header line first.
 */
void parquetout_begin(struct out *o, const struct parquetout_opt *opt);

#endif
