/*
 * source - where a chain begins: files of any format and codec, or standard
 * input, as one row stream (shard-cat).
 */
#ifndef SHARD_SOURCE_H
#define SHARD_SOURCE_H

#include "base/opt.h"
#include "chain/stage.h"
#include "pass1/context.h"
#include "rows/csv.h"

struct source_opt {
	const char *columns;   /* "a,b,c": only these, in this order */
	const char *signature; /* file (or directory of one) with the names */
	const char *context;
	const char *header_of; /* file whose header all must have */
	const char *rejects;
	int header, dialect, ragged, nested;
	uint64_t max_record;
	bool rejects_begun; /* by an earlier input: go on in the file */
	/* Columns that anyone looks at; NULL: perhaps all.  Others need not be
	 * there. */
	const struct schema *needed;
	/* Columns that the filters look at before source_rest() is called;
	 * NULL: it is not, and all columns come at once. */
	const struct schema *early;
	bool row_column; /* append _row */
	bool keep_names; /* leave __DOT__ in the names */
	bool names;      /* shard-cat: print the column names only */
	bool drop_cache; /* nobody will read the files again */
	uint64_t head;   /* shard-cat: so many rows, and what is behind them
	                    is not looked for */
};

extern const struct opt_spec source_specs[];
void source_defaults(struct source_opt *o);

struct source;

/*
 * Opens the first of the paths ("-": standard input) and fills the schema.
 * want_sep: the separator to keep when the first input has it (0: none),
 * else the stream is comma-separated.  expect: standard input must end with
 * its end marker.  ctx may be NULL; borrowed.  Everything read is put to the
 * account of the pass at the end.
 */
struct source *source_open(struct source_opt *o, char *const *paths,
    size_t npaths, char want_sep, bool expect, struct context *ctx,
    struct schema *s, struct pass *pass, struct err *e);
/* 1 and a block, 0 at the end, -1. */
MUST_CHECK int
source_next(struct source *s, struct block *b, int nslot, struct err *e);
/* With early: all columns of the block's selected rows.  Those of the others
 * are as if missing; what is in slots stays. */
MUST_CHECK int source_rest(struct source *s, struct block *b, struct err *e);
void source_close(struct source *s);

/* A digest of the options that change what is read; the signature's names
 * count, not its path.  0 when the signature cannot be read. */
uint64_t source_fingerprint(const struct source_opt *o);

#endif
