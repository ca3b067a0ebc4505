/*
 * mergejob - the merge of pass 1 as a command line asks for it: its options,
 * and the run over partials or directories of them.
 */
#ifndef SHARD_MERGEJOB_H
#define SHARD_MERGEJOB_H

#include "base/opt.h"

struct mergejob {
	bool merge; /* it is asked for */
	bool no_cutoffs, optimize_types;
	const char *cutoffs;
	const char *needed; /* nothing is merged where it is empty; or NULL */
	int first_rows;     /* enum first_rows */
	double train_ratio, test_val_ratio;
	uint64_t workers; /* processes for the keys; 0: the cores, up to 8 */
	/* not options of the merge alone */
	const char *out; /* the context, or one partial *.st */
	uint64_t memory;
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

#define MERGEJOB_DEFAULT(say)                                                  \
	{                                                                      \
		.train_ratio = 0.7, .test_val_ratio = 0.5, .warn = (say)       \
	}

extern const struct opt_spec mergejob_specs[];

/* Merges the partials, unless none are needed; the list is expanded as
 * parts_expand() does it. */
MUST_CHECK int
mergejob_run(const struct mergejob *j, char ***v, size_t *n, struct err *e);

#endif
