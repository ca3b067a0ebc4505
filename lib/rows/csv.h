/*
 * csv - reads a CSV or TSV input as blocks of clean records.
 *
 * Whatever the input's dialect, the records of a block are LF-terminated,
 * separated by out_sep and quoted as RFC 4180 says.  Input that is so already
 * is handed on as it stands, without a copy; the rest is mended on the way,
 * or refused with FILE:LINE.
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
	DIALECT_JSON /* no CSV at all: jsonin.h */
};

#define CSV_MAX_RECORD ((uint64_t)20 << 20)

struct csv_opt {
	char sep;       /* 0: from the name's extension and the header line */
	char out_sep;   /* 0: keep the input's separator */
	bool no_quotes; /* TSV without quoting */
	enum ragged ragged;
	uint64_t max_record;
	bool want_trailer; /* the stream must end with its end marker */
	/* Called for each record that RAGGED_REJECT leaves out; 0 or -1. */
	int (*reject)(void *arg, const char *name, uint64_t line,
	    const char *reason, struct bytes record, struct err *e);
	void *reject_arg;
};

struct csv;

struct csv *csv_open(struct in *in, const struct csv_opt *opt, struct err *e);
/* The header's names, dequoted. */
const struct bytes *csv_names(const struct csv *c, size_t *n);
/* The separator the input has. */
char csv_sep(const struct csv *c);
/* From the next block on only fields i with used[i] are looked at: the others
 * need not be there. */
void csv_use(struct csv *c, const bool *used);
/* 1 and a block with at least one row; 0 at the end; -1. */
MUST_CHECK int
csv_next(struct csv *c, struct block *b, int nslot, struct err *e);
/* After the end: rows handed out; rejected ones; the end marker's account,
 * or NULL when the stream had none. */
uint64_t csv_rows(const struct csv *c);
uint64_t csv_rejected(const struct csv *c);
const struct account *csv_trailer(const struct csv *c);
void csv_close(struct csv *c);

/* Returns the separator that this file name and the first line of the text
 * suggest; newlines in quotes do not end the line. */
char csv_guess_sep(const char *name, struct bytes text);

#endif
