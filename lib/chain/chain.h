/*
 * chain - runs a source and filters over one input in one process.
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

/* Appends a filter; the chain owns opt and frees it.  Returns -1, with nothing
 * changed, if the chain ends with a sink. */
int chain_add(struct chain *c, const struct filter *f, void *opt);
/*
 * Runs the chain over the paths as one stream.  If its last link is no sink,
 * the rows go to standard output.
 */
MUST_CHECK int chain_run(struct chain *c, char *const *paths, size_t npaths,
    struct session *s, struct err *e);
/* Returns true if the stream on standard output gets an end marker; a terminal
 * gets none. */
bool chain_emits(const struct chain *c);
/* Frees the links and their options. */
void chain_fini(struct chain *c);

#endif
