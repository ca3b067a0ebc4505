/*
 * record - OUT/_shards/NNNNN.tsv: what became of one input shard.  A shard is
 * done only if its record exists; it is the last thing that is committed.
 *
 *	kind   name                rows  bytes  xxh3  value
 *	file   train/part-00042.csv  95  30211  9f..  -
 *	drop   duplicate              5
 *	facts  -                                 77..
 *	in     -                    100
 *	input  part-00042.csv       100  31200  e1..  MTIME_NS INODE
 *	out    train                 95
 *	record 00042                                  1
 *
 * In shredding (units.h) `routed` says how many rows went on to the batches of
 * a table; there a batch has a record too, and `used` in place of `file` when
 * its file was worked on and removed.
 */
#ifndef SHARD_RECORD_H
#define SHARD_RECORD_H

#include "base/err.h"
#include "io/in.h"
#include "rows/account.h"

struct record_file {
	char *name;  /* relative to OUT */
	char *split; /* "" when it lies in OUT itself */
	uint64_t rows, bytes, digest;
	bool used; /* gone, as it should be */
};

struct record {
	/* "00042" or "batch"; with "train/" in front where the inputs are the
	 * shards of several splits, numbered alike (its scope) */
	char *shard;
	struct account account;
	struct record_file *file;
	size_t nfile;
	char *input; /* NULL: a stream without a name */
	struct identity id;
	uint64_t input_digest;
	uint64_t facts; /* digest of the options and facts used; 0 none */
	bool is_routed;
	uint64_t routed; /* rows */
};

struct record_file *record_add_file(struct record *r);
void record_fini(struct record *r);
void record_save(const struct record *r, struct buf *to);
MUST_CHECK int record_load(struct record *r, const char *path, struct err *e);
/* For files of several: the first line, the other lines of one. */
extern const char record_header[];
void record_put(const struct record *r, struct buf *to);
/* Takes a line behind the first into r: 1 when it ended the record (then r has
 * the name that record_put() gave it), 0, -1 when it is none of a record's. */
MUST_CHECK int record_take(struct record *r, const struct bytes cell[6]);
/* Rows of all files, and those routed. */
uint64_t record_rows(const struct record *r);
/* "OUT/NAME": the path of a file that a record names, or of another name below
 * an output; caller frees. */
char *record_file_path(const char *out, const char *name);
/* The name of a record without its scope; it points into shard. */
const char *record_number(const char *shard);
/* "OUT/_shards/NAME.tsv"; caller frees. */
char *record_path(const char *out, const char *shard);
/*
 * What a killed program had begun to do to shards of an output: the names of
 * the files that a record under a temp name speaks of (one that was to get its
 * name last, or that was put aside first) and that no record names, in byte
 * order; they need not be there.
 */
struct record_left {
	char **v;
	size_t n;
};
MUST_CHECK int
record_left(struct record_left *x, const char *out, struct err *e);
void record_left_fini(struct record_left *x);
/* Removes these files.  Nobody else may be at work there. */
MUST_CHECK int record_mend(const char *out, struct err *e);
/* A record's name: [SCOPE/]NNNNN; scope may be NULL. */
char *record_shard(const char *scope, uint64_t number);

#endif
