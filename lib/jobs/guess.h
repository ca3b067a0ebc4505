/*
 * guess - which values a fit will need, as far as the first rows of a shard
 * tell: so that one scan of all shards does, as a rule.
 */
#ifndef SHARD_GUESS_H
#define SHARD_GUESS_H

#include "chain/source.h"
#include "fill/fit.h"

struct guess {
	const struct source_opt *source; /* how the shard is read */
	const char *na;                  /* the rules of what is missing */
	bool quoted_value;
	const struct fit_opt *how;
	const char *dir; /* is made, for what is found out, and removed */
};

/*
 * Writes to the file `to` what shard-fit --need would say of the first rows of
 * the shard at path.  Where they tell nothing, or cannot be read, the file
 * names no column: whoever reads all rows will say what is wrong.
 */
MUST_CHECK int guess_values(
    const struct guess *g, const char *path, const char *to, struct err *e);

#endif
