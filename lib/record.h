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
 *	record -                                      1
 */
#ifndef SHARD_RECORD_H
#define SHARD_RECORD_H

#include "account.h"
#include "err.h"
#include "in.h"

struct record_file {
	char *name;  /* relative to OUT */
	char *split; /* "" when it lies in OUT itself */
	uint64_t rows, bytes, digest;
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
};

struct record_file *record_add_file(struct record *r);
void record_fini(struct record *r);
void record_save(const struct record *r, struct buf *to);
MUST_CHECK int record_load(struct record *r, const char *path, struct err *e);
/* Rows of all files. */
uint64_t record_rows(const struct record *r);
/* "OUT/_shards/NAME.tsv" */
char *record_path(const char *out, const char *shard);
/* A record's name: [SCOPE/]NNNNN; scope may be NULL. */
char *record_shard(const char *scope, uint64_t number);

#endif
