/*
 * tsv - the small artifacts: tab-separated text with a header line, values
 * escaped (\\ \t \n \r), every line ended by LF.
 */
#ifndef SHARD_TSV_H
#define SHARD_TSV_H

#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends one value, escaped. */
void tsv_put(struct buf *b, struct bytes value);

/* Splits a line, its newline left off, into cells, which are unescaped in
 * place; the first ncell go to cell.  How many there are, or -1 where there is
 * no such escape. */
ssize_t tsv_cells(char *line, size_t n, struct bytes *cell, size_t ncell);

/* Tables that are read line by line, from `in`, which is at the start of line
 * lineno; a longer line than this is an error `FILE:LINE: what`. */
#define TSV_MAX_LINE ((size_t)20 << 20)
struct in;
/* Shows the line: n bytes of v, without the newline, where there is one; v is
 * empty at the end. */
MUST_CHECK int tsv_peek_line(
    struct in *in, uint64_t lineno, struct bytes *v, size_t *n, struct err *e);
/* Puts the line, without its newline, in `to`, as a string: 1, 0 at the end,
 * -1 also where it does not end. */
MUST_CHECK int
tsv_next_line(struct in *in, uint64_t lineno, struct buf *to, struct err *e);

/* A whole file in memory: cells point into text, unescaped in place. */
struct tsv {
	char *text;
	struct bytes *cell; /* row-major, nrow * ncol */
	size_t nrow, ncol;  /* without the header line */
};

#define TSV_ZERO ((struct tsv){NULL, NULL, 0, 0})

static inline struct bytes
tsv_cell(const struct tsv *t, size_t row, size_t col)
{
	return t->cell[row * t->ncol + col];
}

/* The number of the line that holds row, for messages. */
static inline unsigned long long
tsv_lineno(size_t row)
{
	return row + 2;
}

/*
 * Parses n bytes (copied) whose header line must be `header` (names joined by
 * tabs; NULL takes any).  A missing final newline, a line with another number
 * of cells, or a bad escape is an error `name:LINE: what`.
 */
MUST_CHECK int tsv_parse(struct tsv *t, const char *name, struct bytes text,
    const char *header, struct err *e);
MUST_CHECK int
tsv_load(struct tsv *t, const char *path, const char *header, struct err *e);
void tsv_fini(struct tsv *t);

/* Reads a whole small file. */
MUST_CHECK int file_load(const char *path, struct buf *b, struct err *e);

#endif
