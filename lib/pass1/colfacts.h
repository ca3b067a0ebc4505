/*
 * colfacts - the facts of one column: how many cells are missing, how many are
 * of each kind, where each kind was first seen, the range and the sums.
 *
 * Facts of parts of the rows are merged to facts of all rows, in any order and
 * any grouping.
 */
#ifndef SHARD_COLFACTS_H
#define SHARD_COLFACTS_H

#include "base/base.h"
#include "base/exact.h"
#include "base/instant.h"
#include "rows/cell.h"

/* A row of a shard, as evidence for a fact. */
struct place {
	uint64_t shard, row; /* row from 1; 0: nowhere */
};

/* Returns true if the row of a comes before that of b; nowhere comes last. */
bool place_earlier(struct place a, struct place b);

#define NOWHERE UINT64_MAX
struct colfacts {
	char *name;
	/* The lowest shard that has the column, and its place in the header
	 * there: columns are in this order.  NOWHERE if an option names the
	 * column and no shard has it. */
	uint64_t shard;
	uint32_t pos;
	const char *type; /* that all inputs with the column declare, or NULL */
	/* the rest is known with --schema only */
	uint64_t missing, tokens; /* empty cells; NA tokens */
	uint64_t n[KIND_COUNT];
	struct place first[KIND_COUNT];
	bool have_num, have_time, have_int;
	double min, max; /* of numbers */
	bool f64;        /* a number is no float32 */
	struct instant tmin, tmax;
	bool big; /* an int beyond int64 */
	int64_t imin, imax;
	struct moments *moments; /* with --moments only */
	unsigned values;         /* enum values_kind: the values that were all
	                            collected */
};

/* What values of a column are collected as. */
enum values_kind { VALUES_NUMBERS = 1, VALUES_TEXTS = 2 };

/* The sums of a column, and how often it has which tokens. */
struct moments {
	struct exact sums; /* of the numbers as doubles */
	uint128 isum;      /* sum of the ints that fit 64 bits, in two's
	                      complement */
	struct token_count {
		char *token;
		uint64_t n;
	} * token; /* in byte order */
	size_t ntoken;
};

/* Adds a cell of the column, whose bytes are value, in the row at. */
void colfacts_add(struct colfacts *c, const struct cell *cell,
    struct bytes value, struct place at);
/*
 * Adds the cells of the n rows in row, up to the first one that is not empty
 * and not a text or number of a common form and of a kind that the column has
 * already. Returns how many it has added.  The rule of missing values must have
 * no list of tokens, and an empty cell in quotes must count as missing.
 */
struct block_column;
uint32_t colfacts_add_common(struct colfacts *c, const struct block_column *col,
    const uint32_t *row, uint32_t n);
/* Adds the facts of b to those of a, a column of the same name; b stays as it
 * is. */
void colfacts_merge(struct colfacts *a, const struct colfacts *b);
/* Returns the count of a token, which is 0 if it is new, as a pointer that is
 * valid until the next call. */
uint64_t *moments_token(struct moments *m, struct bytes token);
/* Frees m, which may be NULL. */
void moments_free(struct moments *m);

/* Returns the name of the column's type: int, float, bool, time or text; sets
 * *why to the first place that requires it. */
const char *colfacts_type(const struct colfacts *c, struct place *why);
/* Returns the narrowest storage for the values of a column of that type: int8
 * ... int64, float32, float64, bool, timestamp or text. */
const char *colfacts_storage(const struct colfacts *c, const char *type);
/* Returns the least or the greatest value as text, or "-" if there is none; the
 * caller frees it. */
char *colfacts_range(const struct colfacts *c, const char *type, bool max);
/* Returns true if the column has only missing cells and tokens. */
bool colfacts_no_value(const struct colfacts *c);
/* Returns true if NA tokens are missing in this column: if it is of numbers,
 * bools or times, or has no value. */
bool colfacts_tokens_missing(const struct colfacts *c);
/* These return a whole number in two's complement, and a double, which may be
 * inf, -inf or nan, as text; the caller frees it. */
char *whole_text(uint128 v);
char *number_text(double d);

#endif
