/*
 * look - what a job sees before it reads rows: the shards of its inputs, their
 * formats and bytes, and the names of their columns.
 */
#ifndef SHARD_LOOK_H
#define SHARD_LOOK_H

#include "chain/source.h"
#include "shards/find.h"

struct look {
	struct shards shards; /* of each call in the order of their numbers */
	uint64_t bytes;       /* of all files */
	bool csv, json, parquet; /* some shard is CSV or TSV, JSON, Parquet */
	/* The columns of the first shard; or, where JSON is among them, those
	 * of all shards in the order in which they first appear. */
	struct schema names;
};

#define LOOK_ZERO ((struct look){.shards = SHARDS_ZERO, .names = SCHEMA_ZERO})

/* What an output needs to know of the types of its columns. */
enum look_types {
	TYPES_NONE,
	TYPES_DECLARED, /* those that the shards declare */
	TYPES_SCHEMA,   /* those that the values of all shards have */
};

/* Finds the shards of n directories, and puts them behind those that were found
 * before, whose numbers do not matter.  warn is called for files that are left
 * out although they look like shards. */
MUST_CHECK int look_shards(struct look *l, char *const *dir, size_t n,
    void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2), struct err *e);
/* Adds the bytes and the format of a shard to those of the others. */
void look_count(struct look *l, const struct shard *s);
/* Reads the names of the columns as o says, with so many processes at most: of
 * JSON all rows are read, as any row may have another column. */
MUST_CHECK int look_names(struct look *l, const struct source_opt *o,
    uint64_t workers, struct err *e);
/* The names of the columns of all shards, in the order in which they first
 * appear, into names, which must be empty. */
MUST_CHECK int look_all_names(const struct look *l, const struct source_opt *o,
    uint64_t workers, struct schema *names, struct err *e);
/* True if the column is there. */
bool look_has(const struct look *l, const char *name);
/* The names as a CSV line, appended to b. */
void look_header(const struct schema *names, struct buf *b);
/* The names with ", " between, for messages, appended to b. */
void look_list(const struct schema *names, struct buf *b);
/* What an output of this format (NULL: that of the input) needs to know.  CSV
 * does not say which columns are texts, as JSON has to, and Parquet has one
 * type for all shards. */
enum look_types look_types(const struct look *l, const char *format);
/* True if so many bytes are too much to be kept in memory, of the machine or
 * its container, beside what is made of them. */
bool look_is_large(uint64_t bytes);
/* The processes that fit the cores which affinity and the container allow. */
uint64_t look_cores(void);
void look_fini(struct look *l);

#endif
