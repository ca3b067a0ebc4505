/*
 * stats - pass 1 over one shard: the stage that collects a partial, and what
 * shard-stats needs besides.
 */
#ifndef SHARD_STATS_H
#define SHARD_STATS_H

#include "chain/filter.h"
#include "io/tsv.h"

struct stats_opt {
	const char *out; /* directory of partials, or a file *.st */
	const char *time, *key, *label, *missing_time, *like, *strata, *na;
	const char *groups, *table;
	uint64_t seed;
	bool schema, moments, tee, verify;
	const char *values, *only; /* a file or "all"; a split */
	const char *update;        /* where the partials without values are */
	uint64_t memory;
	int quoted_empty; /* 1: a value */
	/* --values, read: which columns as what; all: every one as both */
	struct values_wish {
		struct tsv file;
		bool all;
		uint64_t digest; /* 0: none */
	} wish;
};

extern const struct opt_spec stats_specs[];

/* Is --memory enough? */
MUST_CHECK int stats_check_memory(const struct stats_opt *o, struct err *e);
/* The partial of this shard under o->out; caller frees. */
char *stats_path(const struct stats_opt *o, uint64_t number);
/*
 * Is there a whole partial for this very file and these options (the reader's
 * by their source_fingerprint)?  1 or 0; a
 * changed file with equal bytes counts as the same (it is digested).
 */
int
stats_fresh(const struct stats_opt *o, uint64_t fingerprint, const char *path);

#endif
