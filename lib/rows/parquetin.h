/*
 * parquetin - reads a Parquet file as blocks of clean records, through DuckDB
 * (duck.h), a chunk of rows at a time.
 *
 *	BIGINT, DOUBLE, DECIMAL ...     12, 3.0, 1.50      bare
 *	BOOLEAN                         true               bare
 *	DATE, TIMESTAMP ...             2024-01-31 08:00:00[.5][+00:00]
 *	VARCHAR, ENUM, UUID, TIME ...   "ann"              always in quotes
 *	NULL                            an empty field
 *	STRUCT, LIST, MAP ...           refused, or their JSON text in quotes
 *	BLOB, BIT                       refused
 *
 * The line of a record is its row, from 1.
 */
#ifndef SHARD_PARQUETIN_H
#define SHARD_PARQUETIN_H

#include "io/in.h"
#include "rows/block.h"

struct parquetin_opt {
	bool nested_json;
	uint64_t max_record;
	char out_sep;
};

struct parquetin;

/* path is what DuckDB opens, and may be a descriptor's (/dev/fd/N); messages
 * say name. */
struct parquetin *parquetin_open(const char *path, const char *name,
    const struct parquetin_opt *opt, struct err *e);
const struct bytes *parquetin_names(const struct parquetin *p, size_t *n);
/* The column's declared type (coltype.h). */
const char *parquetin_type(const struct parquetin *p, size_t i);
/* The columns with skip[i] come as if they were missing, and those with late[i]
 * too, until parquetin_rest(). */
void parquetin_choose(struct parquetin *p, const bool *skip, const bool *late);
/* 1 and a block with at least one row; 0 at the end; -1. */
MUST_CHECK int
parquetin_next(struct parquetin *p, struct block *b, int nslot, struct err *e);
/* The block again, with the late columns of the rows that are selected; the
 * others have no column then.  What pointed into its fields stays good until
 * the next block. */
MUST_CHECK int
parquetin_rest(struct parquetin *p, struct block *b, struct err *e);
uint64_t parquetin_rows(const struct parquetin *p);
void parquetin_close(struct parquetin *p);

#endif
