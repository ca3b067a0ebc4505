/*
 * tsv - reads and writes small artifacts: tab-separated text with a header
 * line, in which \\ \t \n \r stand for these bytes, and each line ends with LF.
 */
#ifndef SHARD_TSV_H
#define SHARD_TSV_H

#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends one value, escaped. */
void tsv_put(struct buf *b, struct bytes value);

/* Splits a line of n bytes, without its newline, into cells, which it unescapes
 * in place, and stores the first ncell in cell.  Returns how many cells the
 * line has, or -1 when it has an escape that does not exist. */
ssize_t tsv_cells(char *line, size_t n, struct bytes *cell, size_t ncell);

/* The functions that read line by line take an in at the start of line lineno.
 * A line of more bytes than this is an error. */
#define TSV_MAX_LINE ((size_t)20 << 20)
struct in;
/* Shows the next line in v: its first *n bytes, without the newline.  v is
 * empty at the end, and v->n is *n where the last line has no newline. */
MUST_CHECK int tsv_peek_line(
    struct in *in, uint64_t lineno, struct bytes *v, size_t *n, struct err *e);
/* Replaces `to` by the next line, as a string without the newline, and returns
 * 1; returns 0 at the end, and -1 on error or when the line has no newline. */
MUST_CHECK int
tsv_next_line(struct in *in, uint64_t lineno, struct buf *to, struct err *e);

/* A whole file in memory.  The cells point into text and are unescaped. */
struct tsv {
	char *text;
	struct bytes *cell; /* row-major, nrow * ncol */
	size_t nrow, ncol;  /* without the header line */
};

#define TSV_ZERO ((struct tsv){NULL, NULL, 0, 0})

/* Returns a cell, valid as long as t. */
static inline struct bytes
tsv_cell(const struct tsv *t, size_t row, size_t col)
{
	return t->cell[row * t->ncol + col];
}

/* Returns the number of the line that row is on, from 1, for messages. */
static inline unsigned long long
tsv_lineno(size_t row)
{
	return row + 2;
}

/*
 * Parses text, of which it keeps a copy.  The header line must be `header`,
 * names joined by tabs; NULL accepts any.  A missing final newline, a line with
 * another number of cells and a bad escape are errors `name:LINE: what`.
 */
MUST_CHECK int tsv_parse(struct tsv *t, const char *name, struct bytes text,
    const char *header, struct err *e);
/* Loads and parses the file at path. */
MUST_CHECK int
tsv_load(struct tsv *t, const char *path, const char *header, struct err *e);
/* Frees the table. */
void tsv_fini(struct tsv *t);

/* Appends the content of a small file to b. */
MUST_CHECK int file_load(const char *path, struct buf *b, struct err *e);

#endif
