/*
 * splitopt - the options of shard-split, and the settings that follow from them
 * and from the context that they name.
 */
#ifndef SHARD_SPLITOPT_H
#define SHARD_SPLITOPT_H

#include "base/opt.h"
#include "chain/filter.h"
#include "filters/splitday.h"

/* The values of --by. */
enum by {
	BY_TEMPORAL,
	BY_HASH,
	BY_GROUP,
	BY_STRATIFIED,
	BY_GROUP_TIME,
	BY_DAY,
	BY_MAP
};

/* The names of splits by a map: the first is followed by the number of a batch,
 * the second is for rows that have no batch. */
#define SPLIT_BATCH "batch-"
#define SPLIT_UNPLANNED "unplanned"

/* The codes of the other splits.  NSPLIT drops a row as filtered, DROPPED as
 * one without a time. */
enum { TRAIN, VAL, TEST, OOT, NSPLIT, DROPPED };

struct split_opt {
	const char *context, *cutoffs, *time, *key, *only, *missing_time;
	const char *take, *explain, *map_path;
	int by;        /* enum by; -1 if not given, until splitopt_setup() */
	int unplanned; /* 1: rows without a batch are kept */
	int epoch;     /* enum epoch */
	uint64_t seed;
	double train_ratio, test_val_ratio;
	/* What splitopt_setup() fills. */
	struct context *ctx; /* of the session, or NULL */
	struct instant cut[2];
	enum time_kind kind;
	int only_code, missing_code; /* -1: none */
	struct daysplit_opt day;
	const struct batchmap *map;
	int64_t only_batch; /* -1: none */
};

extern const struct opt_spec splitopt_specs[];

/* The names of the splits TRAIN to OOT, and of the values of --by. */
extern const char *const splitopt_names[], *const splitopt_by_names[];

/* Sets all options of a struct split_opt to their defaults. */
void splitopt_defaults(void *opt);

/* Checks the options and fills the rest of the struct split_opt.  The session
 * owns the context and the map that are opened. */
MUST_CHECK int splitopt_setup(void *opt, struct session *s, struct err *e);

#endif
