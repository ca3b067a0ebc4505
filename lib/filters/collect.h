/*
 * collect - runs pass 1 over a list of shards: it makes a partial of each shard
 * that has none of the same file and the same options.
 */
#ifndef SHARD_COLLECT_H
#define SHARD_COLLECT_H

#include "chain/chain.h"
#include "filters/stats.h"

struct collect {
	struct chain *chain; /* of the stage stats alone */
	struct stats_opt *opt;
	/* The program's: called for a file that has its partial now, or that is
	 * bad (e). */
	void (*ended)(void *arg, const char *path, const struct err *e);
	void *arg;
	bool force; /* read shards again whose partial is fresh */
	bool one;   /* the output is one partial; set by collect_setup() */
};

extern const struct opt_spec collect_specs[]; /* of struct collect */

/* Checks the options for n files and opens what they name. */
MUST_CHECK int
collect_setup(struct collect *c, size_t n, struct session *s, struct err *e);
/*
 * Reads the n files, or standard input where n is 0.  A bad file does not keep
 * the others from their partials, and where --update has no values to add there
 * is nothing to do.  Returns 0; 1 when files were bad; or -1 at
 * an error that ends the run.
 */
MUST_CHECK int collect_run(const struct collect *c, char *const *file, size_t n,
    struct session *s, struct err *e);

#endif
