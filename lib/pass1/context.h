/*
 * context - CTX: the global facts that pass 1 left as files, read by pass 2.
 *
 *	meta.tsv schema.tsv stats.tsv split.tsv labels.tsv groups.tsv first.idx
 *	first.rows
 *
 * Loading reads the small files at once; first.idx or first.rows is mapped when
 * first asked for.  A file that an option of pass 1 did not ask for is absent.
 */
#ifndef SHARD_CONTEXT_H
#define SHARD_CONTEXT_H

#include "io/tsv.h"
#include "keys/firstrows.h"
#include "keys/keyindex.h"
#include "pass1/colstats.h"
#include "pass1/facts.h"

struct label_map {
	struct bytes *label; /* in byte order; the index is the code */
	size_t n;
	struct buf text;
};

struct context {
	char *dir;
	struct facts facts; /* options, inputs, columns, separators */
	uint64_t options;   /* digest of what pass 1 was asked */
	struct na_rule na;
	bool *tokens_missing; /* per column of facts */
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
		/* train: hash below the first; val: below the second */
		uint64_t cut[2];
		bool inf[2];
	} * stratum;
	size_t nstratum;
	struct tsv strata_text;
	/* first.idx and first.rows, once asked for */
	struct keyindex *index;
	struct firstrows *rows;
	bool key_tokens_missing;
};

/* The file at path, if it lies in a context that was made with it: is its
 * digest what meta.tsv says?  0 where there is no such context. */
MUST_CHECK int
context_check_file(const char *path, uint64_t digest, struct err *e);
struct context *context_open(const char *dir, struct err *e);
void context_close(struct context *c);
/* stats.tsv, which must be as the merge left it; caller frees. */
MUST_CHECK int
context_colstats(const struct context *c, struct colstats *s, struct err *e);
/* The key index; NULL with a remedy when pass 1 made none. */
struct keyindex *context_index(struct context *c, struct err *e);
/* The rows that are first, as c->rows, which stays NULL where pass 1 did not
 * ask for them. */
MUST_CHECK int context_rows(struct context *c, struct err *e);
/* Are NA tokens missing in this column?  False for unknown columns. */
bool context_tokens_missing(const struct context *c, struct bytes column);
/* The stratum of that value, or NULL. */
const struct stratum *
context_stratum(const struct context *c, struct bytes value);
/* The label's code, or -1. */
int64_t context_label(const struct context *c, struct bytes label);

/* Does pass 1 know what type the columns have?  And which one that column has
 * (coltype.h), labels that were texts being codes; NULL: none. */
bool context_has_types(const struct context *c);
const char *context_coltype(const struct context *c, struct bytes column);

/* Reads a cutoff or any other time as split.tsv spells it. */
MUST_CHECK int
cutoff_parse(struct bytes s, enum time_kind *k, struct instant *t);

#endif
