/*
 * statsrows - collects times, keys, labels, strata and groups of rows for the
 * stage stats, from the columns that the options name.  Each collector has a
 * table of bounded size in struct stats; a full table becomes a sorted run in
 * the partial.
 *
 *	statsrows_find(t, schema, &e);
 *	statsrows_init(t, schema);
 *	for (...)
 *		statsrows_add(t, block, row, n, &e);	at most STATSROWS_MAX
 *	statsrows_check(t, &e);
 *	statsrows_finish(t, &e);
 *	statsrows_fini(t);
 *
 * This is an inner part of stats.c, which owns struct stats.
 */
#ifndef SHARD_STATSROWS_H
#define SHARD_STATSROWS_H

#include "filters/stats.h"
#include "keys/keyfront.h"
#include "pass1/partial.h"
#include "pass1/values.h"
#include "rows/rowout.h"

#define STATSROWS_MAX 32 /* rows whose keys are looked up together */

/* A row's stratum and hash. */
struct strat {
	uint32_t stratum;
	uint64_t hash;
};

struct stats {
	const struct stats_opt *o;
	struct pass *pass;
	struct partial_writer *w;
	struct facts f;
	struct na_rule na;
	struct column time, key, label, strata, group;
	struct keytable stratum; /* value -> its number, as the row */
	struct strat *strat;     /* of the rows not yet in a section */
	size_t nstrat;
	struct schema source;
	struct rowout *row, *sized; /* all columns; those of the table */
	struct buf row_bytes;
	struct keytable groups;
	struct keyfront *front; /* of their entries, as number + 1 */
	struct keytable_limit groups_limit;
	struct column *col; /* of each of the facts' */
	struct values *values;
	unsigned *kinds;
	struct partial old; /* for --update */
	uint64_t rows;
	uint64_t *hi, *tmp;
	uint8_t *lo;
	size_t ntime;
	bool any_lo;
	struct keytable keys, labels;
	struct buf ties;         /* u64 each, of the keys */
	struct bytes last_label; /* in label_buf: most rows repeat it */
	struct buf label_buf, scratch;
	uint64_t bad_times;   /* not parsable */
	struct err first_bad; /* where the first row without a time is */
};

/* Returns half of --memory if --values and --groups share it, else all of it.
 */
static inline uint64_t
statsrows_memory(const struct stats_opt *o)
{
	return o->values && o->groups ? o->memory / 2 : o->memory;
}

/* Returns true unless the column is _split and the groups are its values: then
 * an earlier stage of the chain has made it, and it is no column of the table.
 */
bool statsrows_is_of_table(const struct stats_opt *o, const char *name);
/* Finds the columns that the options name; a missing one is an error. */
MUST_CHECK int statsrows_find(struct stats *t, struct schema *s, struct err *e);
/* Makes the tables, and the facts that say what is collected in them. */
void statsrows_init(struct stats *t, const struct schema *s);
/* Takes the rows numbered row[0..n) of the block, at most STATSROWS_MAX. */
MUST_CHECK int statsrows_add(struct stats *t, struct block *b,
    const uint32_t *row, uint32_t n, struct err *e);
/* Returns -1, with a message about the first row without a usable time, if
 * there is one and no option allows it. */
MUST_CHECK int statsrows_check(const struct stats *t, struct err *e);
/* Writes what is left in the tables to the partial. */
MUST_CHECK int statsrows_finish(struct stats *t, struct err *e);
/* Frees the tables; stats.c frees the rest. */
void statsrows_fini(struct stats *t);

#endif
