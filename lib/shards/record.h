/*
 * record - the file OUT/_shards/NNNNN.tsv, which says what became of one input
 * shard.  It is committed last, so a shard is done only if its record exists.
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
 * In shredding (units.h) `routed` is the number of rows that went to the
 * batches of a table.  A batch has a record too, with `used` in place of `file`
 * when a command has used the file and it was removed.
 */
#ifndef SHARD_RECORD_H
#define SHARD_RECORD_H

#include "base/err.h"
#include "io/in.h"
#include "rows/account.h"

struct record_file {
	char *name;  /* relative to OUT */
	char *split; /* "" if it lies in OUT itself */
	uint64_t rows, bytes, digest;
	bool used; /* it was removed on purpose */
};

struct record {
	/* The name: "00042" or "batch".  Where the inputs are the shards of
	 * several splits, which have the same numbers, the split is in front of
	 * it, "train/00042", and is called the scope. */
	char *shard;
	struct account account;
	struct record_file *file;
	size_t nfile;
	char *input; /* NULL for a stream without a name */
	struct identity id;
	uint64_t input_digest;
	uint64_t facts; /* digest of the options and facts used, or 0 */
	bool is_routed;
	uint64_t routed; /* rows */
};

/* Appends a file, all zero, and returns it; valid until the next call. */
struct record_file *record_add_file(struct record *r);
/* Frees what r owns and leaves it all zero. */
void record_fini(struct record *r);
/* Appends the text of the record's file. */
void record_save(const struct record *r, struct buf *to);
/* Loads the record in the file at path.  The caller frees it with
 * record_fini(), also after an error. */
MUST_CHECK int record_load(struct record *r, const char *path, struct err *e);
/* For files of several records: their first line, and the other lines of one.
 */
extern const char record_header[];
void record_put(const struct record *r, struct buf *to);
/* Adds a line after the first to r.  Returns 1 when it ends the record, and r
 * has the name that record_put() gave it; 0 when more lines follow; -1 when a
 * record has no such line. */
MUST_CHECK int record_take(struct record *r, const struct bytes cell[6]);
/* Returns the number of rows in all files and of those routed. */
uint64_t record_rows(const struct record *r);
/* Returns "OUT/NAME", the path of a file that a record names, or of another
 * file below an output; the caller frees it. */
char *record_file_path(const char *out, const char *name);
/* Returns the name of a record without its scope, as a pointer into shard. */
const char *record_number(const char *shard);
/* Returns "OUT/_shards/NAME.tsv"; the caller frees it. */
char *record_path(const char *out, const char *shard);
/*
 * The files that killed programs may have left in an output, in byte order:
 * those that a record under a temp name names and no other record does.  Such a
 * record is a new one that was not yet renamed, or an old one that was put
 * aside.  The files need not exist.
 */
struct record_left {
	char **v;
	size_t n;
};
/* Finds these files.  The caller frees x with record_left_fini(). */
MUST_CHECK int
record_left(struct record_left *x, const char *out, struct err *e);
void record_left_fini(struct record_left *x);
/* Removes these files.  No other program may be at work in the output. */
MUST_CHECK int record_mend(const char *out, struct err *e);
/* Returns the name of a record, [SCOPE/]NNNNN, which the caller frees; scope
 * may be NULL. */
char *record_shard(const char *scope, uint64_t number);

#endif
