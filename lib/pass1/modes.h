/*
 * modes - finds for columns of texts how many distinct ones there are and which
 * one is the most frequent, one range of hashes at a time (ranges.h), by
 * several processes.
 */
#ifndef SHARD_MODES_H
#define SHARD_MODES_H

#include "pass1/colstats.h"

/* What is wanted of a column. */
struct mode_wanted {
	bool texts;     /* the mode of its texts */
	bool no_tokens; /* NA tokens are not among them */
};

/*
 * Fills distinct, mode and mode_rows of those columns of s whose texts are
 * wanted, from the runs of counts in the partials.  f has the merged facts of
 * the partials, and want has one element per column of f.  There may be workers
 * processes, at least 1.
 */
MUST_CHECK int modes_of_texts(struct colstats *s, const struct facts *f,
    const struct mode_wanted *want, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t workers, struct err *e);

#endif
