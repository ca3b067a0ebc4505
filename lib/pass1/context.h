/*
 * context - the directory CTX: the facts of all shards, which pass 1 writes and
 * pass 2 reads.
 *
 *	meta.tsv schema.tsv stats.tsv split.tsv labels.tsv groups.tsv first.idx
 *	first.rows
 *
 * context_open() reads the small files; first.idx and first.rows are mapped
 * when they are first needed.  Files that no option of pass 1 asked for do not
 * exist.
 */
#ifndef SHARD_CONTEXT_H
#define SHARD_CONTEXT_H

#include "io/tsv.h"
#include "keys/firstrows.h"
#include "keys/keyindex.h"
#include "pass1/colstats.h"
#include "pass1/facts.h"

struct label_map {
	struct bytes *label; /* in byte order; the code is the index */
	size_t n;
	struct buf text;
};

struct context {
	char *dir;
	struct facts facts; /* options, inputs, columns, separators */
	uint64_t options;   /* digest of pass 1's options */
	struct na_rule na;
	bool *tokens_missing; /* one per column of facts */
	/* split.tsv */
	bool have_split;
	char *time_column;
	enum time_kind time_kind;
	struct instant train_cutoff, test_cutoff;
	uint64_t split_rows;
	/* labels.tsv */
	bool have_labels;
	struct label_map labels;
	/* strata.tsv, in byte order of the value */
	struct stratum {
		struct bytes value;
		/* train if the hash is below cut[0], val if below cut[1] */
		uint64_t cut[2];
		bool inf[2];
	} * stratum;
	size_t nstratum;
	struct tsv strata_text;
	/* first.idx and first.rows, once they are needed */
	struct keyindex *index;
	struct firstrows *rows;
	bool key_tokens_missing;
};

/* If the file at path lies in a context whose meta.tsv has a digest of it,
 * returns 0 if digest is the same and -1 if it is not.  Returns 0 without such
 * a context. */
MUST_CHECK int
context_check_file(const char *path, uint64_t digest, struct err *e);
/* Opens the context at dir; NULL on error.  The caller frees it with
 * context_close().
 */
struct context *context_open(const char *dir, struct err *e);
/* Frees c, which may be NULL. */
void context_close(struct context *c);
/* Loads stats.tsv, which must be as the merge has written it.  The caller frees
 * s with colstats_fini(). */
MUST_CHECK int
context_colstats(const struct context *c, struct colstats *s, struct err *e);
/* Returns the key index, which c owns, or NULL; if pass 1 has made none, the
 * message says which option makes it. */
struct keyindex *context_index(struct context *c, struct err *e);
/* Opens first.rows as c->rows, which stays NULL if pass 1 has not made it. */
MUST_CHECK int context_rows(struct context *c, struct err *e);
/* Returns true if NA tokens are missing in the column of that name, and false
 * if there is no such column. */
bool context_tokens_missing(const struct context *c, struct bytes column);
/* Returns the stratum of that value, or NULL. */
const struct stratum *
context_stratum(const struct context *c, struct bytes value);
/* Returns the code of a label, or -1. */
int64_t context_label(const struct context *c, struct bytes label);

/* Returns true if the types of the columns are known. */
bool context_has_types(const struct context *c);
/* Returns the type of a column in outputs (coltype.h), where labels that are
 * texts are codes; NULL if it is not known. */
const char *context_coltype(const struct context *c, struct bytes column);

/* Reads a time as split.tsv spells it. */
MUST_CHECK int
cutoff_parse(struct bytes s, enum time_kind *k, struct instant *t);

#endif
