/*
 * csv - reads a CSV or TSV input as blocks of clean records.
 *
 * Whatever the dialect of the input, the records of a block end with LF, their
 * fields are separated by out_sep and quoted as RFC 4180 says.  Input that is
 * so already is handed on without a copy; other input is mended, or refused
 * with FILE:LINE.
 *
 *	csv = csv_open(in, &opt, &e);        reads the header
 *	use csv_names(csv)
 *	while ((rc = csv_next(csv, &block, &e)) > 0)
 *		...                          block valid until the next call
 *	csv_close(csv);                      the in stays the caller's
 */
#ifndef SHARD_CSV_H
#define SHARD_CSV_H

#include "io/in.h"
#include "rows/account.h"
#include "rows/block.h"

enum ragged { RAGGED_ERROR, RAGGED_PAD, RAGGED_REJECT };
enum dialect {
	DIALECT_AUTO,
	DIALECT_CSV,
	DIALECT_TSV,
	DIALECT_TSV_PLAIN,
	DIALECT_JSON /* not CSV; for jsonin.h */
};

#define CSV_MAX_RECORD ((uint64_t)20 << 20) /* bytes, by default */

struct csv_opt {
	char sep;       /* 0: found from the file's name and header */
	char out_sep;   /* 0: keep the input's separator */
	bool no_quotes; /* TSV without quoting */
	enum ragged ragged;
	uint64_t max_record;
	bool want_trailer; /* the stream must end with its end marker */
	/* Is told of each record that RAGGED_REJECT leaves out; returns 0, or
	 * -1 to stop.  May be NULL. */
	int (*reject)(void *arg, const char *name, uint64_t line,
	    const char *reason, struct bytes record, struct err *e);
	void *reject_arg;
};

struct csv;

/* Opens the input and reads its header; NULL on error.  The caller frees it
 * with csv_close(); in must outlive it. */
struct csv *csv_open(struct in *in, const struct csv_opt *opt, struct err *e);
/* Returns the *n names of the header, without quotes, valid as long as c. */
const struct bytes *csv_names(const struct csv *c, size_t *n);
/* Returns the separator of the input. */
char csv_sep(const struct csv *c);
/* Says that from the next block on only the fields i with used[i] are needed;
 * the ends of others may be missing then (block.h). */
void csv_use(struct csv *c, const bool *used);
/* Fills b with a block of at least one row, with nslot empty slots, and returns
 * 1; returns 0 at the end, -1 on error. */
MUST_CHECK int
csv_next(struct csv *c, struct block *b, int nslot, struct err *e);
/* For after the end: these return the number of rows handed out, the number of
 * rows rejected, and the account of the end marker, or NULL if there was none.
 */
uint64_t csv_rows(const struct csv *c);
uint64_t csv_rejected(const struct csv *c);
const struct account *csv_trailer(const struct csv *c);
/* Frees c, which may be NULL; the in stays the caller's. */
void csv_close(struct csv *c);

/* Returns the separator that the name of a file and the first line of its text
 * suggest; a newline in quotes does not end the line. */
char csv_guess_sep(const char *name, struct bytes text);

#endif
