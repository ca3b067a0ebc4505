/*
 * summary - what a job says when it is done: rows by split and by reason,
 * labels and their codes, speed.
 */
#ifndef SHARD_SUMMARY_H
#define SHARD_SUMMARY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Appends, to the line that text ends with, the share of the rows that were
 * dropped, and a line for the rows of the input, of each split and of each
 * reason, from OUT/_account.tsv and OUT/_manifest.tsv.
 */
MUST_CHECK int
summary_rows(const char *out, size_t nshards, struct buf *text, struct err *e);
/* The rows of the input, from OUT/_account.tsv. */
MUST_CHECK int summary_in(const char *out, int64_t *rows, struct err *e);
/* Appends a line for each table that OUT/_account.tsv names, and for each
 * reason for which rows were dropped. */
MUST_CHECK int summary_tables(const char *out, struct buf *text, struct err *e);
/* Appends the first ten labels and their codes, if the context has any. */
MUST_CHECK int
summary_labels(const char *context, struct buf *text, struct err *e);
/* Appends "40 shards in 1.25 s, 800 MB/s". */
void
summary_speed(size_t nshards, uint64_t bytes, double seconds, struct buf *text);

#endif
