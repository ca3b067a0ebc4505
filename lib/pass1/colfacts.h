/*
 * colfacts - the facts of one column: how many of its cells are missing and of
 * which kind the others are, where each kind was first seen, range and sums.
 *
 * The facts of a column over some rows are those of its parts, merged in any
 * order: merging is associative and commutative.
 */
#ifndef SHARD_COLFACTS_H
#define SHARD_COLFACTS_H

#include "base/base.h"
#include "base/exact.h"
#include "base/instant.h"
#include "rows/cell.h"

/* A row of a shard: the evidence for something. */
struct place {
	uint64_t shard, row; /* row from 1; 0: nowhere */
};

/* True if the row of a comes before that of b; nowhere is behind all. */
bool place_earlier(struct place a, struct place b);

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

/* Adds one cell to a column's facts; value are its bytes. */
void colfacts_add(struct colfacts *c, const struct cell *cell,
    struct bytes value, struct place at);
/*
 * Adds the cells of the rows row[0..n), in their order, as long as they are
 * empty, or texts or numbers of common forms and kinds that the column has
 * already, and returns how many that were.  It is for rules without a list of
 * tokens, where an empty cell in quotes is missing too.
 */
struct block_column;
uint32_t colfacts_add_common(struct colfacts *c, const struct block_column *col,
    const uint32_t *row, uint32_t n);
/* Adds the cells of b to a, which have the same name; b stays as it is. */
void colfacts_merge(struct colfacts *a, const struct colfacts *b);
/* Returns where the token is counted, 0 when it is new; valid until the next
 * call. */
uint64_t *moments_token(struct moments *m, struct bytes token);
/* m may be NULL. */
void moments_free(struct moments *m);

/* Returns the type over all shards, by name: int, float, bool, time, text; and
 * in *why the first place that made it so. */
const char *colfacts_type(const struct colfacts *c, struct place *why);
/* Returns the narrowest storage that holds all values of a column of that type:
 * int8 ... int64, float32, float64, bool, timestamp, text. */
const char *colfacts_storage(const struct colfacts *c, const char *type);
/* Returns its least or greatest value as text, "-" where there is none; caller
 * frees. */
char *colfacts_range(const struct colfacts *c, const char *type, bool max);
/* True if the column has only missing cells and tokens. */
bool colfacts_no_value(const struct colfacts *c);
/* True if NA tokens are missing in this column, as in those of numbers, bools
 * and times and those without a value. */
bool colfacts_tokens_missing(const struct colfacts *c);
/* Returns a whole number (two's complement), or a double (infinite ones as inf,
 * -inf, and nan), as text; caller frees. */
char *whole_text(uint128 v);
char *number_text(double d);

#endif
