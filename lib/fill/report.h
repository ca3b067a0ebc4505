/*
 * report - reports what imputation has done, for people and for programs: for
 * each column and split how many cells were missing before and after, and what
 * filled them.
 */
#ifndef SHARD_REPORT_H
#define SHARD_REPORT_H

#include "fill/fit.h"
#include "pass1/context.h"

/* The sums of the files of shard-impute --counts over the shards of one split.
 */
struct split_counts {
	char *name;
	uint64_t files, rows, complete, most;
	struct column_counts {
		char *name;
		uint64_t missing, filled, unfit;
	} * col;
	size_t ncol;
};

/* Adds the counts in the file at path, which must have the columns of the files
 * before.
 */
MUST_CHECK int
counts_add(struct split_counts *s, const char *path, struct err *e);
/* Frees what s owns. */
void counts_fini(struct split_counts *s);

struct report {
	const struct colstats *stats; /* of the train rows */
	const struct tsv *impute;     /* impute.tsv: what was fitted */
	const struct split_counts *split;
	size_t nsplit;
	double unique_ratio;
};

/* Appends the report as JSON. */
void report_json(const struct report *r, struct buf *to);
/* Appends the report as aligned text with bars, which are drawn with block
 * characters if utf8 is true. */
void report_text(const struct report *r, bool utf8, struct buf *to);

/*
 * Writes imputation_report.json and imputation_summary.txt of the context at
 * ctx to the directory out, or to ctx if out is NULL.  Each of counts is
 * "SPLIT=DIR": the files of shard-impute --counts in DIR are added up and
 * reported as SPLIT.
 */
MUST_CHECK int report_run(const char *ctx, const char *out, double unique_ratio,
    const struct opt_list *counts, struct err *e);

#endif
