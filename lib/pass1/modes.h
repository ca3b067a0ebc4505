/*
 * modes - how many distinct texts the columns hold, and which is the most
 * frequent: a range of hashes at a time, whose entries of all runs fit a table;
 * several processes have their ranges.
 */
#ifndef SHARD_MODES_H
#define SHARD_MODES_H

#include "pass1/colstats.h"

/* What is asked of a column. */
struct mode_wanted {
	bool texts;     /* its texts count */
	bool no_tokens; /* but tokens do not */
};

/*
 * Fills distinct, mode and mode_rows of those columns of s whose texts are
 * wanted, from the runs of counts in the partials; want is by the number of the
 * column in f, their merged facts.  workers: how many processes there may be,
 * at least 1.
 */
MUST_CHECK int modes_of_texts(struct colstats *s, const struct facts *f,
    const struct mode_wanted *want, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t workers, struct err *e);

#endif
