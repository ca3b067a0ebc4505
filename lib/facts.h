/*
 * facts - the part of pass 1 that is small: options, inputs, header, column
 * types, how times and keys look.  One per partial; merging is associative
 * and commutative.
 */
#ifndef SHARD_FACTS_H
#define SHARD_FACTS_H

#include "buf.h"
#include "err.h"
#include "in.h"
#include "instant.h"
#include "parse.h"
#include "shards.h"

/* A row of a shard: the evidence for something. */
struct place {
	uint64_t shard, row; /* row from 1; 0: nowhere */
};

enum kind { /* what a cell is, missing ones apart */
	KIND_INT,
	KIND_FLOAT,
	KIND_ODD, /* number with leading zero or plus sign */
	KIND_INF,
	KIND_BOOL, /* true, false */
	KIND_LOCAL,
	KIND_ZONED,
	KIND_TEXT,
	KIND_COUNT
};

struct colfacts {
	char *name;
	/* where it was first seen: lowest shard, and its place in its header;
	 * the order of the columns */
	uint64_t shard;
	uint32_t pos;
	/* the rest only when --schema asked for it */
	uint64_t missing, tokens; /* empty cells; NA tokens */
	uint64_t n[KIND_COUNT];
	struct place first[KIND_COUNT];
	bool have_num, have_time;
	double min, max; /* of numbers */
	struct instant tmin, tmax;
	bool big; /* an int beyond int64 */
	int64_t imin, imax;
};

struct input {
	char *path;
	uint64_t number, rows, digest;
	struct identity id;
};

enum header_policy { HEADER_STRICT, HEADER_REORDER, HEADER_UNION };

struct facts {
	/* options; NULL: not asked for */
	char *time, *key, *label, *missing_time, *strata;
	char *na;      /* NULL: auto */
	uint64_t seed; /* of the row hashes, with strata */
	bool schema;
	bool format; /* a known format version was read */
	enum header_policy header;
	uint64_t fingerprint; /* of the reader's options */
	struct input *in;     /* by number */
	size_t nin;
	char sep[FORMAT_UNKNOWN]; /* by format; 0: none seen */
	struct colfacts *col;     /* as the lowest-numbered shard has them */
	size_t ncol;
	/* time column */
	enum time_kind time_kind;
	struct place time_place; /* of the first time */
	uint64_t time_rows, time_missing;
	/* key column */
	uint64_t key_missing, key_tokens;
	bool key_text; /* a key that is neither number nor token */
};

void facts_fini(struct facts *f);
/* Takes b into a; b is left empty. */
MUST_CHECK int facts_merge(struct facts *a, struct facts *b, struct err *e);
void facts_save(const struct facts *f, struct buf *to);
MUST_CHECK int
facts_load(struct facts *f, const char *name, struct bytes text, struct err *e);
uint64_t facts_rows(const struct facts *f);
const struct input *facts_input(const struct facts *f, uint64_t number);

/* Adds one cell's value to a column's facts. */
void colfacts_add(struct colfacts *c, const struct na_rule *na,
    struct bytes value, struct place at);
enum kind kind_of(struct bytes value, struct instant *t);

/* The type over all shards, by name: int, float, bool, time, text; and the
 * first place that made it so. */
const char *colfacts_type(const struct colfacts *c, struct place *why);
/* Are NA tokens missing in this column (numbers, bools and times)? */
bool colfacts_tokens_missing(const struct colfacts *c);

#endif
