/*
 * units - what routing has committed.  A unit is some shards that were routed
 * together: their records are in the file OUT/_runs/TABLE/NNNNN.tsv, their rows
 * in the runs NNNNN.0.run, NNNNN.1.run ... beside it (shred/runfile.h).  NNNNN
 * is the number of the first shard.
 *
 *	kind    name  rows  ...     as in a record, for each shard
 *	drop    unplanned 3
 *	...
 *	record  00042
 *	...
 *	unit    00042  2            the number of runs, and a digest of the
 *				    lines before, with this number as seed
 *
 * A shard is routed only if such a file has its record, and a run counts only
 * if the file of its unit exists.  When all batches are done the runs are
 * removed, and one unit, "all", may have all shards.
 *
 * Runs live for minutes, so they are not synced.  The file "boot" beside them
 * names the start of the machine during which they were written (io/machine.h);
 * after another start the shards are routed again.
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

/* Returns "OUT/_runs/TABLE" followed by more; the caller frees it. */
char *units_path(const char *out, const char *table, const char *more);
/* Returns "OUT/_runs/TABLE/freed", a file that is there once the first batch
 * has been given back: from then on the runs alone are not enough to make all
 * batches.  The caller frees the path. */
char *units_freed(const char *out, const char *table);
/* Returns the path of NNNNN.K.run in dir; the caller frees it. */
char *unit_run_path(const char *dir, const char *unit, uint64_t k);
/* To be called before runs are written to dir.  Sets *sync to true if they must
 * be synced, since the start of the machine is not known or not that of "boot".
 */
MUST_CHECK int units_begin(const char *dir, bool *sync, struct err *e);
/* Commits a unit of these records, as record_put() wrote them. */
MUST_CHECK int unit_save(const char *dir, const char *unit,
    struct bytes records, uint64_t nrun, struct err *e);
/* Loads all units of a table, in the order of their names; without a directory
 * there are none.  The caller frees u with units_fini(). */
MUST_CHECK int
units_load(struct units *u, const char *out, const char *table, struct err *e);
/* Returns how many runs of the units exist, and sets *gone to the number of
 * those that do not.  Runs are removed only when all batches are done, so a
 * missing run shows that they were. */
uint64_t units_runs(const struct units *u, uint64_t *gone);
/* Returns all *n records of the units, in the order of the shards' numbers; the
 * caller frees the list. */
const struct record **units_records(const struct units *u, size_t *n);
/* Removes damaged files, or all files if the machine was started again since;
 * the shards in them are to be routed again. */
MUST_CHECK int units_mend(const char *out, const char *table, struct err *e);
/* Removes the files of a unit: its records first, then its runs. */
MUST_CHECK int
unit_remove(const struct units *u, const struct unit *v, struct err *e);
/* When the runs are gone: puts all records into one unit, "all", with one run,
 * so that the files do not depend on which shards were routed together.  When
 * killed meanwhile it leaves records twice.  Two different records of one shard
 * are an error. */
MUST_CHECK int units_join(const struct units *u, struct err *e);
/* Notes that there are no runs left that a crash of the machine could damage.
 */
MUST_CHECK int units_settled(const struct units *u, struct err *e);
/* Removes runs of no unit, and temp files. */
MUST_CHECK int units_sweep(const struct units *u, struct err *e);
/* Frees what u owns. */
void units_fini(struct units *u);

#endif
