/*
 * splitday - sets the column _split to the calendar day of each row's time
 * (shard-split --by day).
 */
#ifndef SHARD_SPLITDAY_H
#define SHARD_SPLITDAY_H

#include "base/instant.h"
#include "chain/stage.h"

struct daysplit_opt {
	const char *time; /* the column */
	enum epoch epoch; /* of integers; EPOCH_NONE refuses them */
	bool drop_missing;
	bool only; /* drop the rows of all days but only_day */
	bool take; /* the same, without counting them and without a column */
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

/* Finds the column of times; the cells of _split go to the slot. */
MUST_CHECK int daysplit_init(struct daysplit *d, const struct daysplit_opt *o,
    struct schema *s, int slot, struct pass *pass, struct err *e);
/* Sets _split in the rows of a block, or drops them. */
MUST_CHECK int
daysplit_process(struct daysplit *d, struct block *b, struct err *e);
/* Frees what d owns. */
void daysplit_fini(struct daysplit *d);

#endif
