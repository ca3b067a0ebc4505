/*
 * output - all that the records of an output directory say, in memory.
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
 * Takes faults that do not end the work: each is one of maybe many.  say,
 * unless it is NULL, gets the text of each as it is found; text is valid during
 * the call only.
 */
struct complaints {
	void (*say)(void *arg, const char *text);
	void *arg;
	size_t n; /* so far */
};

/* Counts a fault and hands it to c->say. */
void
complaints_add(struct complaints *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct output {
	char *out;          /* the directory */
	struct record *rec; /* ordered by number, then scope */
	size_t nrec;
	bool shredded;
	char **table; /* of a shredded output: ntable names and their units */
	struct units *units;
	size_t ntable;
	struct tsv days; /* of one by days: a row, of one cell, per day */
};

/*
 * Loads the output in the directory out.  A record that cannot be read is a
 * complaint, and left out.  Returns -1 where there are no records at all, or
 * where the directories, the units or the list of days cannot be read.  The
 * caller ends with output_fini() in each case.
 */
MUST_CHECK int output_load(
    struct output *o, const char *out, struct complaints *c, struct err *e);
/* Frees what o owns; o may be all zero. */
void output_fini(struct output *o);
/* The record of that name ("train/00042"), or NULL; o owns it. */
const struct record *output_find(const struct output *o, const char *shard);
/* True if the input shard of that name has a record; in a shredded output, in a
 * table, which is the one called scope unless scope is NULL.  The record of a
 * stream without shards stands for all of them. */
bool output_has(const struct output *o, const char *scope, const char *shard);

#endif
