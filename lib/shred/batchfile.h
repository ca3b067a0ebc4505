/*
 * batchfile - the file of one batch of a table, and its record.
 *
 *	struct batchfile f;
 *	if (batchfile_open(&f, &opt, "data", 12, ',', header, &e) == 0) {
 *		out_write(f.out, ...);
 *		f.rows++;
 *		batchfile_commit(&f, &e);
 *	}
 *	batchfile_free(&f);
 *
 * A batch is done when the record OUT/_batches/TABLE/NNNNN.tsv is there and
 * holds; the record is the last thing that is committed.
 */
#ifndef SHARD_BATCHFILE_H
#define SHARD_BATCHFILE_H

#include "io/commit.h"
#include "io/out.h"
#include "pass1/context.h"
#include "shards/record.h"

/* The number of the batch that has the rows of no batch. */
#define BATCH_UNPLANNED UINT32_MAX

/* What all batches of an output have in common. */
struct batchfile_opt {
	const char *out;
	uint64_t facts; /* digest of what the batches depend on */
	/* CSV or TSV as the rows are, JSON Lines, or Parquet with the types of
	 * this context.  FORMAT_UNKNOWN, and a codec of -1: nobody knows yet,
	 * and any will do. */
	enum format format;
	struct context *types;
	int codec;
	int level;
	uint64_t memory;
	const char *temp_dir;
	bool join_units; /* when all is done (units_join()) */
};

/* A batch's file that is being written. */
struct batchfile {
	struct out *out;
	uint64_t rows; /* written; the caller counts */
	const struct batchfile_opt *o;
	struct commit *c;
	char *shard, *name, *split; /* for the record */
};

/* Opens the batch's file under a temp name, and writes the header line.  The
 * caller frees f in any case. */
MUST_CHECK int batchfile_open(struct batchfile *f,
    const struct batchfile_opt *o, const char *table, uint32_t batch, char sep,
    struct bytes header, struct err *e);
/* Opens the file `name` of the output in the same way, without a header line;
 * the caller has set f->o, f->shard and f->split. */
MUST_CHECK int batchfile_create(
    struct batchfile *f, const char *name, enum codec codec, struct err *e);
/* Gives the file its name, and commits the record.  A file of another name that
 * the batch had is removed. */
MUST_CHECK int batchfile_commit(struct batchfile *f, struct err *e);
/* Removes what was not committed. */
void batchfile_free(struct batchfile *f);

/* The format of batches whose rows have that separator: CSV and TSV are what
 * the rows are, whatever was asked. */
enum format batchfile_format(enum format asked, char sep);
/* Returns "data/00012", or "data/unplanned"; the caller frees it. */
char *batchfile_shard(const char *table, uint32_t batch);
/* Returns "OUT/_batches/data/00012.tsv"; the caller frees it. */
char *batchfile_record(const char *out, const char *shard);
/* Returns "DIR/NAME"; the caller frees it. */
char *batchfile_path(const char *dir, const char *name);
/* Returns true if each file of the record is there with the size that the
 * record says, or is rightly gone as it was used. */
bool batchfile_hold(const struct record *r, const char *out);
/* Loads the record of a batch (batchfile_shard()) into r, and returns true if
 * the batch is done: made with the same facts, in this format and codec, its
 * files as they were.  Where it returns false there is nothing in r to free. */
bool batchfile_done(
    const struct batchfile_opt *o, const char *shard, struct record *r);

/* Gets the path of a record, and the record, or NULL where the record is
 * damaged. */
typedef int batchfile_fn(
    void *arg, const char *path, const struct record *r, struct err *e);
/* Calls fn for each record of a table's batches, until one call returns -1;
 * returns that, or 0.  A table without a record is no error. */
MUST_CHECK int batchfile_each(const char *out, const char *table,
    batchfile_fn *fn, void *arg, struct err *e);
/* Says which of a table's batches 0 to n - 1 have a record: there[i] becomes
 * true for these (there may be NULL).  Returns how many have one. */
uint32_t
batchfile_have(const char *out, const char *table, uint32_t n, bool *there);
/* Returns true if a file of this name can be a batch of the table, in any
 * format and codec: "batch-TABLE-7.csv.gz", "batch-TABLE-unplanned.parquet". */
bool batchfile_is_name(const char *name, const char *table);
/* Removes the files of OUT that are named as batches of the table and that no
 * record of the table names: a killed run gave them their names before they
 * had a record, and a run with other options would not name them again.  Nobody
 * else may be at work there. */
MUST_CHECK int
batchfile_sweep(const char *out, const char *table, struct err *e);

#endif
