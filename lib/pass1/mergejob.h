/*
 * mergejob - the options of the merge of pass 1, and the merge of partials, or
 * of directories of them, by these options.
 */
#ifndef SHARD_MERGEJOB_H
#define SHARD_MERGEJOB_H

#include "base/opt.h"

struct mergejob {
	bool merge; /* the option is given */
	bool no_cutoffs, optimize_types;
	const char *cutoffs;
	const char *needed; /* nothing is merged where it is empty; or NULL */
	int first_rows;     /* enum first_rows */
	double train_ratio, test_val_ratio;
	uint64_t workers; /* processes for the keys; 0: the cores, up to 8 */
	/* options of shard-stats that the merge has too */
	const char *out; /* the context, or one partial *.st */
	uint64_t memory;
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

#define MERGEJOB_DEFAULT(say)                                                  \
	{                                                                      \
		.train_ratio = 0.7, .test_val_ratio = 0.5, .warn = (say)       \
	}

extern const struct opt_spec mergejob_specs[];

/* Merges the partials in the list *v of *n names, in which it replaces
 * directories as parts_expand() does, unless no values are needed. */
MUST_CHECK int
mergejob_run(const struct mergejob *j, char ***v, size_t *n, struct err *e);

#endif
