/*
 * units - what routing has committed: OUT/_runs/TABLE/NNNNN.tsv, one for some
 * shards that were routed together, whose rows are in the runs NNNNN.0.run,
 * NNNNN.1.run ... beside it (runfile.h).  NNNNN is the first shard's number.
 *
 *	kind    name  rows  ...     as in a record, for each shard
 *	drop    unplanned 3
 *	...
 *	record  00042
 *	...
 *	unit    00042  2            so many runs; with a digest of the lines
 *				    before, seeded with that number
 *
 * A shard is routed only if it is in such a file, and a run counts only if its
 * unit's file is there.  Once all batches are done the runs go, and one unit,
 * "all", may have all shards.
 *
 * Runs live for minutes, so they are not synced to the disk: beside them the
 * file "boot" says in which start of the machine they were written, and in
 * another one they are routed again.
 */
#ifndef SHARD_UNITS_H
#define SHARD_UNITS_H

#include "shards/record.h"

struct unit {
	char *name;
	struct record *rec;
	size_t nrec;
	uint64_t nrun;
};

struct units {
	char *dir; /* OUT/_runs/TABLE */
	struct unit *v;
	size_t n;
};

/* "OUT/_runs/TABLE" with more behind it; caller frees. */
char *units_path(const char *out, const char *table, const char *more);
/* Returns "OUT/_runs/TABLE/freed", a file that is there once the first batch
 * has been given back: from then on the runs alone are not enough to make all
 * batches.  The caller frees the path. */
char *units_freed(const char *out, const char *table);
/* "NNNNN.K.run" in dir; caller frees. */
char *unit_run_path(const char *dir, const char *unit, uint64_t k);
/* Before runs are written to dir: must they be synced, as this start of the
 * machine is not that of "boot", or is not known? */
MUST_CHECK int units_begin(const char *dir, bool *sync, struct err *e);
/* Commits a unit of these records, as record_put() wrote them. */
MUST_CHECK int unit_save(const char *dir, const char *unit,
    struct bytes records, uint64_t nrun, struct err *e);
/* All units of a table, ordered by name; none where there is no directory. */
MUST_CHECK int
units_load(struct units *u, const char *out, const char *table, struct err *e);
/* Returns how many runs of the units are there, and in *gone how many are not.
 * Runs are removed once every batch is done, so that a run that is gone tells
 * that this was so. */
uint64_t units_runs(const struct units *u, uint64_t *gone);
/* All their records, n, in the order of the shards' numbers; caller frees the
 * list. */
const struct record **units_records(const struct units *u, size_t *n);
/* Removes files that are damaged, or all when the machine was started anew
 * since: what they speak of is to be routed again. */
MUST_CHECK int units_mend(const char *out, const char *table, struct err *e);
/* Takes the unit off the disk; its file first. */
MUST_CHECK int
unit_remove(const struct units *u, const struct unit *v, struct err *e);
/* When the runs are gone: puts all records into one unit, "all", with one run,
 * so that what is left does not depend on which shards were routed together.
 * Killed on the way, it leaves records twice; an error if two of a shard
 * differ. */
MUST_CHECK int units_join(const struct units *u, struct err *e);
/* Says that there are no runs that a start of the machine could tear. */
MUST_CHECK int units_settled(const struct units *u, struct err *e);
/* Removes runs of no unit, and temp files. */
MUST_CHECK int units_sweep(const struct units *u, struct err *e);
void units_fini(struct units *u);

#endif
