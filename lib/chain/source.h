/*
 * source - the beginning of a chain: reads files of any format and codec, or
 * standard input, as one row stream (shard-cat).
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
	/* The columns that are used, so that others may be left out; NULL if
	 * all may be used. */
	const struct schema *needed;
	/* The columns that the filters use before source_rest() is called; NULL
	 * if it is not called and all columns come at once. */
	const struct schema *early;
	bool row_column; /* append _row */
	bool keep_names; /* leave __DOT__ in the names */
	bool names;      /* shard-cat: print the column names only */
	bool drop_cache; /* nobody will read the files again */
	uint64_t head;   /* shard-cat: stop after so many rows, without reading
	                    on */
};

extern const struct opt_spec source_specs[];
/* Sets the options to their defaults.  max_record is 0 if the setting for it is
 * no size (base/setting.h); source_open() refuses that. */
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
/* Fills b with a block, with nslot empty slots, and returns 1; returns 0 at the
 * end, -1 on error. */
MUST_CHECK int
source_next(struct source *s, struct block *b, int nslot, struct err *e);
/* With early: completes the columns of the block's selected rows.  Fields of
 * other rows are then missing; slots stay as they are. */
MUST_CHECK int source_rest(struct source *s, struct block *b, struct err *e);
/* Frees s, which may be NULL. */
void source_close(struct source *s);

/* Returns a digest of the options that change what is read, with the names in
 * the signature in place of its path; 0 if the signature cannot be read. */
uint64_t source_fingerprint(const struct source_opt *o);

#endif
