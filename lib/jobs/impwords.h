/*
 * impwords - what the job impute decided, and the words that its recipe is
 * told.
 */
#ifndef SHARD_IMPWORDS_H
#define SHARD_IMPWORDS_H

#include "fill/fit.h"
#include "jobs/job.h"

/* A split that has shards: n of those of the job, from the first on. */
struct impute_split {
	const char *name;
	char *dir;
	size_t first, n;
	uint64_t bytes;
};

/* What was decided, beside the options; j->st. */
struct impute {
	struct source_opt source;
	struct fit_opt how; /* borrows from the options and from nocase */
	char **nocase;      /* NAME=STRATEGY of the environment */
	size_t nnocase;
	bool training;
	enum look_types types;
	char *input;   /* the directory of the splits */
	char *archive; /* that it was unpacked from, or NULL */
	struct impute_split split[3];
	size_t nsplit;
	char *run;    /* OUT/_run */
	char *fit;    /* OUT/_run/fit: parts, full and ctx are there */
	char *counts; /* OUT/_run/counts: a directory per split is there */
	char *header; /* OUT/_run/header.csv, where impute_has_header() */
	int lock;     /* of the artifacts, or -1 */
	bool typed;   /* saved artifacts: they know the types of the columns, */
	bool reported; /* and can be reported on; both set by impute_vars() */
};

/* True if the names of the columns are written to a file of their own: those
 * of JSON are of all shards, and to open a Parquet file for them takes 4 ms,
 * twice for each shard. */
bool impute_has_header(const struct job *j);
/* The path of the first shard. */
const char *impute_first(const struct job *j);
/* The directory of the report, or NULL where the artifacts have no statistics
 * to report on; behind impute_vars(). */
char *impute_report_dir(const struct job *j);
/* Appends the variables of pipelines/impute. */
MUST_CHECK int impute_vars(struct job *j, struct buf *vars, struct err *e);

#endif
