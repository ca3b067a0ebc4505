/*
 * gather - one sorted file per batch out of the runs: the second half of
 * shredding (route.c is the first).
 *
 *	struct gather g;
 *	gather_open(&g, &opt, "data", &e);
 *	gather_batch(&g, 0, &e);
 *	gather_close(&g);
 *
 * A batch that is done has a record OUT/_batches/TABLE/NNNNN.tsv, and is left
 * alone; what it took in the runs is given back once the record is there.
 */
#ifndef SHARD_GATHER_H
#define SHARD_GATHER_H

#include "base/pages.h"
#include "io/commit.h"
#include "io/out.h"
#include "pass1/context.h"
#include "shards/units.h"

struct gather_opt {
	const char *out;
	uint64_t facts; /* digest of what the batches depend on */
	/* CSV or TSV as the rows are, JSON Lines, or Parquet with the types of
	 * this context */
	enum format format;
	struct context *types;
	enum codec codec;
	int level;
	uint64_t memory;
	const char *temp_dir;
	bool join_units; /* when all is done (units_join()) */
};

#define GATHER_MEMORY_MIN ((uint64_t)1 << 20)

struct gather {
	const struct gather_opt *o;
	const char *table;
	uint64_t map;    /* digest of the batch map */
	uint32_t nbatch; /* as the runs say; 0 where there are none any more */
	struct units units;
	bool begun;        /* something was given back */
	struct pages room; /* of the readers; one batch is like the other */
};

/* The rows of no batch, in place of a batch. */
#define UNPLANNED UINT32_MAX

/* map is the digest of the batch map that the runs must have been routed by.
 * A shard in two units is an error. */
MUST_CHECK int gather_open(struct gather *g, const struct gather_opt *o,
    uint64_t map, const char *table, struct err *e);
/* For UNPLANNED there is a file only if there are such rows. */
MUST_CHECK int gather_batch(struct gather *g, uint32_t batch, struct err *e);
/* The batch's file has been worked on: removes it, and says so in its record.
 */
MUST_CHECK int gather_used(struct gather *g, uint32_t batch, struct err *e);
void gather_close(struct gather *g);

/* A batch's file being written. */
struct batch_file {
	struct out *out;
	uint64_t rows; /* written; the caller counts */
	const struct gather_opt *o;
	struct commit *c;
	char *shard, *name, *split; /* for the record */
};

/* Opens the file under a temp name, and writes the header line.  The caller
 * frees in any case. */
MUST_CHECK int batch_file_open(struct batch_file *f, const struct gather_opt *o,
    const char *table, uint32_t batch, char sep, struct bytes header,
    struct err *e);
/* Gives it its name, and the record. */
MUST_CHECK int batch_file_commit(struct batch_file *f, struct err *e);
/* Removes what was not committed. */
void batch_file_free(struct batch_file *f);

/* "data/00012", or "data/unplanned"; caller frees. */
char *batch_shard(const char *table, uint32_t batch);
/* "OUT/_batches/data/00012.tsv"; caller frees. */
char *batch_record_path(const char *out, const char *shard);

/*
 * What there is to do in a table for these shards (paths, in order): units
 * that no longer hold are removed, and batches made from them; todo gets the
 * paths that must be routed.  verify: digest every input.
 */
MUST_CHECK int gather_todo(const struct gather_opt *o, const char *table,
    char *const *path, size_t n, bool verify, bool *todo, struct err *e);
/*
 * Joins files, results of batches in their order, in OUT/result.csv, with a
 * record.  The first line of a later one is left out where it is the first
 * line of the first that has any; a newline that a last line lacks is added.
 */
MUST_CHECK int gather_join(
    const struct gather_opt *o, char *const *path, size_t n, struct err *e);
/* Removes the runs of a table of which every batch is done. */
MUST_CHECK int gather_finish(struct gather *g, struct err *e);

#endif
