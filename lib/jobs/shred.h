/*
 * shred - what the job of that name decided, for the files that share it.
 *
 * The recipe runs once, or by day once for the days (where the times of rows
 * say them), once for a copy of the input that is cut by day, once for each
 * day, and once for what joins them: these are its phases.
 */
#ifndef SHARD_SHRED_H
#define SHARD_SHRED_H

#include "base/instant.h"
#include "jobs/job.h"

enum shred_phase {
	SHRED_DAYS,    /* which shard has rows of which days */
	SHRED_COPY,    /* the copy of the input, cut by day */
	SHRED_BATCHES, /* all batches, of the whole input or of one day */
	SHRED_JOIN,    /* the days in one output */
	SHRED_DONE
};

struct shred_table {
	char *name, *dir;
	char *order, *column; /* COL:TYPE, and COL */
	/* The shards at work, all of them or those of a day. */
	struct look look;
	struct shards all;   /* by day, where times tell it: of the input */
	struct shards found; /* by day: the shards of each day */
	char *first;         /* whose header all shards have */
	char *select;        /* the columns that stay, or NULL: all */
	enum format format;  /* of the batches */
	enum codec codec;
	bool types;  /* pass 1 finds the types of the columns */
	bool absent; /* no shard on the day: an empty one is made */
	bool copy;   /* the copy that is cut by day is to be made */
};

struct shred {
	enum shred_phase phase;
	struct shred_table *table;
	size_t n;
	char *out, *run, *ctx;  /* of what is at work: OUT or OUT/DAY */
	char name[DAY_LEN + 1]; /* of the day, or "" */
	bool fresh;             /* nothing is in `out` yet */
	bool routed, gathered;  /* all of it, before the recipe runs */
	/* by day */
	bool daily, timed; /* the days are those of the order column */
	bool copied;       /* from the copy */
	uint32_t *day;     /* of this run, in order */
	bool *used;        /* which of them had been done when `copied` began */
	size_t nday, at, done_before;
	struct buf whole; /* what the output depends on */
	struct buf text;  /* what the day does */
	/* for the summary */
	uint64_t bytes, shards, batches;
};

#endif
