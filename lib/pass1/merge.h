/*
 * merge - makes a context from partials.
 *
 * All that can be an error is checked before an old context in the directory is
 * changed.  Then meta.tsv, without which a directory is no context, is removed
 * first and written last.
 */
#ifndef SHARD_MERGE_H
#define SHARD_MERGE_H

#include "base/base.h"
#include "base/err.h"

struct merge_opt {
	double train_ratio, test_val_ratio;
	const char *cutoffs; /* "A,B" instead of ratios; NULL */
	bool no_cutoffs;     /* there is no split by time */
	/* FIRST_ALL and FIRST_ONE make first.rows, with all rows at a key's
	 * first time or only the first of these; first.idx is made then only if
	 * there are few keys. */
	enum first_rows { FIRST_INDEX, FIRST_ALL, FIRST_ONE } first_rows;
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	bool optimize_types; /* facts.narrow */
	uint64_t memory;     /* bytes for the groups; 0 for the default */
	uint64_t workers;    /* processes for the keys; 0 is one */
};

/* Merges n partials into the context in dir, which must exist. */
MUST_CHECK int context_merge(const char *dir, char *const *parts, size_t n,
    const struct merge_opt *opt, struct err *e);

#endif
