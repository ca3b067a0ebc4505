/*
 * parquetin - reads a Parquet file as blocks of clean records, through DuckDB
 * (duck.h), a chunk of rows at a time.
 *
 *	BIGINT, DOUBLE, DECIMAL ...     12, 3.0, 1.50      not quoted
 *	BOOLEAN                         true               not quoted
 *	DATE, TIMESTAMP ...             2024-01-31 08:00:00[.5][+00:00]
 *	VARCHAR, ENUM, UUID, TIME ...   "ann"              always in quotes
 *	NULL                            an empty field
 *	STRUCT, LIST, MAP ...           refused, or their JSON text in quotes
 *	BLOB, BIT                       refused
 *
 * The line of a record is the number of its row, from 1.
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

/* Opens the file; NULL on error.  The caller frees it with parquetin_close().
 * DuckDB opens path, which may be that of a descriptor (/dev/fd/N); messages
 * have name. */
struct parquetin *parquetin_open(const char *path, const char *name,
    const struct parquetin_opt *opt, struct err *e);
/* Returns the *n names of the columns, valid as long as p. */
const struct bytes *parquetin_names(const struct parquetin *p, size_t *n);
/* Returns the declared type of column i (coltype.h). */
const char *parquetin_type(const struct parquetin *p, size_t i);
/* Says which columns are not read: those with skip[i] at all, those with
 * late[i] until parquetin_rest().  Their fields are empty. */
void parquetin_choose(struct parquetin *p, const bool *skip, const bool *late);
/* Fills b with a block of at least one row, with nslot empty slots, and returns
 * 1; returns 0 at the end, -1 on error. */
MUST_CHECK int
parquetin_next(struct parquetin *p, struct block *b, int nslot, struct err *e);
/* Replaces the records of the block by records with the late columns too.  Only
 * the selected rows have values then.  Pointers into the earlier records stay
 * valid until the next block. */
MUST_CHECK int
parquetin_rest(struct parquetin *p, struct block *b, struct err *e);
/* Returns the number of rows handed out. */
uint64_t parquetin_rows(const struct parquetin *p);
/* Frees p, which may be NULL. */
void parquetin_close(struct parquetin *p);

#endif
