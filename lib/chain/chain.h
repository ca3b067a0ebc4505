/*
 * chain - a source and stages, run over one input in one process.
 */
#ifndef SHARD_CHAIN_H
#define SHARD_CHAIN_H

#include "chain/filter.h"
#include "chain/source.h"

struct link {
	const struct filter *filter;
	void *opt;
};

struct chain {
	struct source_opt source;
	struct link *link;
	size_t nlink;
	bool emit, expect; /* end markers on standard output and input */
};

/* Appends a filter; opt (heap) becomes the chain's.  -1 behind a sink. */
int chain_add(struct chain *c, const struct filter *f, void *opt);
/*
 * Runs over the paths as one stream.  A chain whose last link is no sink
 * writes its rows to standard output.
 */
MUST_CHECK int chain_run(struct chain *c, char *const *paths, size_t npaths,
    struct session *s, struct err *e);
/* Does a row stream that it writes end with an end marker?  A terminal gets
 * none. */
bool chain_emits(const struct chain *c);
void chain_fini(struct chain *c);

#endif
