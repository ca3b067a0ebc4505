/*
 * output - loads all records of an output directory.
 *
 *	struct output o;
 *	if (output_load(&o, "OUT", &complaints, &e) == 0)
 *		use(o.rec, o.nrec);
 *	output_fini(&o);
 *
 * An output has one of three forms:
 *   - a record per input shard, in OUT/_shards;
 *   - shredded: a record per batch, in OUT/_batches/TABLE, while those of the
 *     input shards are in the units of each table, OUT/_runs/TABLE (units.h);
 *   - by days: OUT/_days.tsv names the days, each an output of its own in
 *     OUT/DAY, which is not loaded here.
 */
#ifndef SHARD_OUTPUT_H
#define SHARD_OUTPUT_H

#include "io/tsv.h"
#include "shards/record.h"
#include "shards/units.h"

/*
 * Takes the faults that do not end the work, as there may be more.  say, unless
 * it is NULL, gets the text of each fault when it is found; the text is valid
 * during the call only.
 */
struct complaints {
	void (*say)(void *arg, const char *text);
	void *arg;
	size_t n; /* faults so far */
};

/* Counts a fault and hands it to c->say. */
void
complaints_add(struct complaints *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct output {
	char *out;          /* the directory */
	struct record *rec; /* ordered by number, then scope */
	size_t nrec;
	bool shredded;
	char **table;        /* if shredded: the names of the ntable tables */
	struct units *units; /* if shredded: those of each table */
	size_t ntable;
	struct tsv days; /* if by days: a row of one cell per day */
};

/*
 * Loads the output in the directory out.  A record that cannot be read is a
 * complaint and is left out.  Returns -1 where there are no records at all, or
 * where the directories, the units or the list of days cannot be read.  The
 * caller ends with output_fini() in each case.
 */
MUST_CHECK int output_load(
    struct output *o, const char *out, struct complaints *c, struct err *e);
/* Frees what o owns; o may be all zero. */
void output_fini(struct output *o);
/* Returns the record of that name ("train/00042"), which o owns, or NULL. */
const struct record *output_find(const struct output *o, const char *shard);
/* Returns true if the input shard of that name has a record: in a shredded
 * output, in the table called scope, or in any table if scope is NULL.  The
 * record of a stream without shards counts as the record of any shard. */
bool output_has(const struct output *o, const char *scope, const char *shard);

#endif
