/*
 * daysplit - shard-split --by day: the column _split as the calendar day of
 * each row's time.
 */
#ifndef SHARD_DAYSPLIT_H
#define SHARD_DAYSPLIT_H

#include "base/instant.h"
#include "chain/stage.h"

struct daysplit_opt {
	const char *time; /* the column */
	enum epoch epoch; /* of integers; EPOCH_NONE refuses them */
	bool drop_missing;
	bool only; /* the rows of this one day */
	bool take; /* as if there were no others, and no column */
	uint32_t only_day;
};

struct daysplit {
	struct daysplit_opt o;
	struct column time;
	struct pass *pass;
	int slot; /* of the column _split */
	enum time_kind kind;
	struct buf scratch;
};

#define DAYSPLIT_ZERO ((struct daysplit){.pass = NULL})

/* Finds the column of times; _split goes to this slot, as cells. */
MUST_CHECK int daysplit_init(struct daysplit *d, const struct daysplit_opt *o,
    struct schema *s, int slot, struct pass *pass, struct err *e);
MUST_CHECK int
daysplit_process(struct daysplit *d, struct block *b, struct err *e);
void daysplit_fini(struct daysplit *d);

#endif
