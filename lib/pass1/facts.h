/*
 * facts - the part of pass 1 that is small: options, inputs, header, column
 * types, how times and keys look.  One per partial; merging is associative
 * and commutative.
 */
#ifndef SHARD_FACTS_H
#define SHARD_FACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/exact.h"
#include "base/instant.h"
#include "base/parse.h"
#include "io/in.h"
#include "shards/find.h"

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

#define NOWHERE UINT64_MAX
struct colfacts {
	char *name;
	/* where it was first seen: lowest shard, and its place in its header;
	 * the order of the columns.  NOWHERE: it was asked for, and no row
	 * has it */
	uint64_t shard;
	uint32_t pos;
	const char *type; /* as all inputs that have it declare it, or NULL */
	/* the rest only when --schema asked for it */
	uint64_t missing, tokens; /* empty cells; NA tokens */
	uint64_t n[KIND_COUNT];
	struct place first[KIND_COUNT];
	bool have_num, have_time, have_int;
	double min, max; /* of numbers */
	bool f64;        /* one of them is no float32 */
	struct instant tmin, tmax;
	bool big; /* an int beyond int64 */
	int64_t imin, imax;
	struct moments *moments; /* only when --moments asked for them */
	unsigned values;         /* enum values_kind: what was collected of all
	                            its values */
};

/* What the values of a column were collected as. */
enum values_kind { VALUES_NUMBERS = 1, VALUES_TEXTS = 2 };

/* A column's sums, and which tokens it holds how often. */
struct moments {
	struct exact sums; /* of the numbers' doubles */
	uint128 isum;      /* of the ints that fit 64 bits, two's complement */
	struct token_count {
		char *token;
		uint64_t n;
	} * token; /* in byte order */
	size_t ntoken;
};

struct input {
	char *path;
	uint64_t number, rows, digest;
	struct identity id;
};

enum header_policy { HEADER_STRICT, HEADER_REORDER, HEADER_UNION };

struct facts {
	/* options; NULL: not asked for */
	char *time, *key, *label, *missing_time, *strata, *groups;
	char *table;   /* whose rows these are, with groups */
	char *na;      /* NULL: auto */
	uint64_t seed; /* of the row hashes, with strata */
	bool schema, moments;
	bool narrow;       /* the context's types are the narrowest */
	bool quoted_value; /* "" is a value, not a missing cell */
	char *only;        /* rows of this split alone; NULL: all */
	uint64_t values;   /* digest of which values were asked for; 0: none */
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
	/* group column */
	uint64_t group_missing, group_tokens;
	unsigned group_kinds; /* of the keys but tokens: 1 << enum kind */
	uint64_t ngroup;      /* after the merge */
};

/* The narrowest storage that holds all values of a column of that type:
 * int8 ... int64, float32, float64, bool, timestamp, text. */
const char *colfacts_storage(const struct colfacts *c, const char *type);
void facts_fini(struct facts *f);
/* Takes b into a; b is left empty. */
MUST_CHECK int facts_merge(struct facts *a, struct facts *b, struct err *e);
/* Do two shards have the same columns in the same order?  b is blamed. */
MUST_CHECK int
facts_same_header(const struct facts *a, const struct facts *b, struct err *e);
void facts_save(const struct facts *f, struct buf *to);
/*
 * For meta.tsv: a line with the digest of a file of the context, which
 * facts_load() puts in file[]; and the last line, with the digest of all
 * before, that facts_sealed() checks and cuts off.
 */
void facts_seal_file(struct buf *text, const char *name, uint64_t digest);
void facts_seal(struct buf *text);
bool facts_sealed(struct bytes *text);
MUST_CHECK int
facts_load(struct facts *f, const char *name, struct bytes text, struct err *e);
uint64_t facts_rows(const struct facts *f);
const struct input *facts_input(const struct facts *f, uint64_t number);

/* The number that each column of part has in whole, UINT32_MAX for none;
 * caller frees. */
uint32_t *facts_columns(const struct facts *part, const struct facts *whole);

/* What a cell holds. */
struct cell {
	enum cell_state { CELL_EMPTY, CELL_TOKEN, CELL_VALUE } state;
	/* of a value */
	enum kind kind;
	struct number num;   /* of numbers; d infinite: KIND_INF */
	struct instant time; /* of times */
};
/* Is what begins so, and has n bytes, no number, time, bool or token of pandas?
 * All begin with a digit, one of + - . # <, or the first letter of infinity,
 * nan, null, true and false, small or capital, and no word has over 8. */
static inline bool
begins_text(char c, size_t n)
{
	unsigned char u = (unsigned char)c;

	if (u < 64)
		return !(UINT64_C(0x13ff680800000000) >> u & 1);
	/* F I N T, f i n t */
	return u >= 128 || n > 8 ||
	    !(UINT64_C(0x0010424000104240) >> (u - 64) & 1);
}

/* Does a field's first byte tell so of what it holds?  It is not empty. */
static inline bool
raw_is_text(struct bytes raw)
{
	bool quoted = raw.p[0] == '"';

	return (!quoted || raw.n > 2) &&
	    begins_text(raw.p[quoted], raw.n - 2 * quoted);
}

void cell_scan(struct cell *c, const struct na_rule *na, struct bytes value);
static inline bool
cell_is_number(const struct cell *c)
{
	return c->kind == KIND_INT || c->kind == KIND_FLOAT ||
	    c->kind == KIND_INF;
}
/* The kind of a value alone. */
enum kind kind_of(struct bytes value);

/* Adds one cell to a column's facts. */
void colfacts_add(struct colfacts *c, const struct cell *cell,
    struct bytes value, struct place at);
/*
 * Adds the cells of the rows row[0..n), in their order, as long as they are
 * empty, or texts or numbers of common forms and kinds that the column has
 * already, and returns how many that were.  For rules without a list of
 * tokens, where an empty cell in quotes is missing too.
 */
struct batch_column;
uint32_t colfacts_add_common(struct colfacts *c, const struct batch_column *col,
    const uint32_t *row, uint32_t n);

/* The type over all shards, by name: int, float, bool, time, text; and the
 * first place that made it so. */
const char *colfacts_type(const struct colfacts *c, struct place *why);
/* Its least or greatest value as text, "-" where there is none; caller frees.
 */
char *colfacts_range(const struct colfacts *c, const char *type, bool max);
/* A whole number (two's complement), a double (infinite ones as inf, -inf, and
 * nan); caller frees. */
char *whole_text(uint128 v);
char *number_text(double d);
/* Are NA tokens in the group column missing keys, and no groups? */
bool facts_group_tokens_missing(const struct facts *f, const struct na_rule *r);
/* Rows without a group. */
uint64_t facts_ungrouped(const struct facts *f, const struct na_rule *r);
/* Is every key of the group column a whole number? */
static inline bool
facts_group_ints(const struct facts *f)
{
	return f->group_kinds == 1u << KIND_INT;
}
/* Has the column no value at all, only missing cells and tokens? */
bool colfacts_no_value(const struct colfacts *c);
/* What a format with types declares the column as (coltype.h): as its inputs
 * do, else by its values if pass 1 looked at them (schema); NULL: nobody knows.
 */
const char *facts_coltype(const struct facts *f, const struct colfacts *c);
/* Are NA tokens missing in this column (numbers, bools and times)? */
bool colfacts_tokens_missing(const struct colfacts *c);

#endif
