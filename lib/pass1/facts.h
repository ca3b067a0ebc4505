/*
 * facts - the small part of what pass 1 finds: options, inputs, header, facts
 * of columns, forms of times and keys.  Each partial has facts, which are
 * merged in any order and any grouping.
 */
#ifndef SHARD_FACTS_H
#define SHARD_FACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "io/in.h"
#include "pass1/colfacts.h"
#include "shards/find.h"

struct input {
	char *path;
	uint64_t number, rows, digest;
	struct identity id;
};

enum header_policy { HEADER_STRICT, HEADER_REORDER, HEADER_UNION };

struct facts {
	/* options; NULL if not given */
	char *time, *key, *label, *missing_time, *strata, *groups;
	char *table;   /* the table that the rows are of, with groups */
	char *na;      /* NULL for auto */
	uint64_t seed; /* of the row hashes, with strata */
	bool schema, moments;
	bool narrow;       /* the context's types are the narrowest */
	bool quoted_value; /* "" is a value, not a missing cell */
	uint64_t values;   /* digest of the values asked for; 0 if none */
	bool format;       /* a known format version was read */
	enum header_policy header;
	uint64_t fingerprint; /* of the reader's options */
	struct {
		char *name;
		uint64_t digest;
	} file[4]; /* files of a context that must be as the merge left them */
	size_t nfile;
	struct input *in; /* by number */
	size_t nin;
	char sep[FORMAT_UNKNOWN]; /* by format; 0 if not met */
	struct colfacts *col; /* in the order of the lowest-numbered shard */
	size_t ncol;
	/* time column */
	enum time_kind time_kind;
	struct place time_place; /* of the first time */
	uint64_t time_rows, time_missing;
	/* key column */
	uint64_t key_missing, key_tokens;
	bool key_text; /* a key that is neither number nor token */
	/* group column */
	uint64_t group_missing, group_tokens;
	unsigned group_kinds; /* of keys that are no tokens: 1 << enum kind */
	uint64_t ngroup;      /* after the merge */
};

/* Frees what f owns. */
void facts_fini(struct facts *f);
/* Merges b into a and leaves b empty. */
MUST_CHECK int facts_merge(struct facts *a, struct facts *b, struct err *e);
/* Returns -1, with a message about b, unless both have the same columns in the
 * same order. */
MUST_CHECK int
facts_same_header(const struct facts *a, const struct facts *b, struct err *e);
/* Returns the number of rows of all inputs. */
uint64_t facts_rows(const struct facts *f);
/* Returns the input with that number, or NULL. */
const struct input *facts_input(const struct facts *f, uint64_t number);
/* Returns for each column of part its index in whole, UINT32_MAX if it has
 * none; the caller frees the array. */
uint32_t *facts_columns(const struct facts *part, const struct facts *whole);

/* Returns true if NA tokens in the group column are missing keys, not groups.
 */
bool facts_group_tokens_missing(const struct facts *f, const struct na_rule *r);
/* Returns how many rows have no group. */
uint64_t facts_ungrouped(const struct facts *f, const struct na_rule *r);
/* Returns true if every key of the group column is a whole number. */
static inline bool
facts_group_ints(const struct facts *f)
{
	return f->group_kinds == 1u << KIND_INT;
}

/* Returns the type of a column for formats with types (coltype.h): the one that
 * its inputs declare, else that of its values if the facts have them (schema);
 * NULL if it is not known. */
const char *facts_coltype(const struct facts *f, const struct colfacts *c);

#endif
