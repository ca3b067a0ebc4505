/*
 * gather - one sorted file per batch out of the runs: the second half of
 * shredding (route.c is the first).
 *
 *	struct gather g;
 *	gather_open(&g, &opt, map, "data", &e);
 *	gather_batch(&g, 0, &e);
 *	gather_close(&g);
 *
 * A batch that is done has a record OUT/_batches/TABLE/NNNNN.tsv, and is left
 * alone; what it took in the runs is given back once the record is there.
 */
#ifndef SHARD_GATHER_H
#define SHARD_GATHER_H

#include "base/pages.h"
#include "shards/units.h"
#include "shred/batchfile.h"

#define GATHER_MEMORY_MIN ((uint64_t)1 << 20)

struct gather {
	struct batchfile_opt o; /* with what the runs and their records say */
	struct context *types;  /* OUT/_context/TABLE, where that is needed */
	const char *table;
	uint64_t map;    /* digest of the batch map */
	uint32_t nbatch; /* as the runs say; 0 where there are none any more */
	struct units units;
	bool begun;        /* something was given back */
	struct pages room; /* of the readers; one batch is like the other */
};

/* map is the digest of the batch map that the runs must have been routed by.
 * The facts of the batches are those that the records of the shards have, and
 * format, codec and level, where o does not say, those that the runs have.  A
 * shard in two units is an error, and so are two shards of different facts. */
MUST_CHECK int gather_open(struct gather *g, const struct batchfile_opt *o,
    uint64_t map, const char *table, struct err *e);
/* For BATCH_UNPLANNED there is a file only if there are such rows. */
MUST_CHECK int gather_batch(struct gather *g, uint32_t batch, struct err *e);
/* The batch's file has been worked on: removes it, and says so in its record.
 */
MUST_CHECK int gather_used(struct gather *g, uint32_t batch, struct err *e);
void gather_close(struct gather *g);

/* Removes the runs of a table of which every batch is done. */
MUST_CHECK int gather_finish(struct gather *g, struct err *e);

#endif
