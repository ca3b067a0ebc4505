/*
 * stats - pass 1 over one shard: the options of the stage that collects a
 * partial.  statsrows.h has the tables of single columns, collect.h the loop
 * over shards.
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
	bool schema, moments, verify;
	const char *values; /* a file or "all" */
	const char *update; /* where the partials without values are */
	uint64_t memory;
	int quoted_empty; /* 1: a value */
	/* --values, read: which columns as what; all: every one as both; none:
	 * --update has nothing to do */
	struct values_wish {
		struct tsv file;
		bool all, none;
		uint64_t digest; /* 0: none */
	} wish;
};

extern const struct opt_spec stats_specs[];

#endif
