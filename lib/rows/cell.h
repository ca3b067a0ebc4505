/*
 * cell - finds out what a cell holds: a number, a time, a bool, a text, or
 * nothing.
 */
#ifndef SHARD_CELL_H
#define SHARD_CELL_H

#include "base/instant.h"
#include "base/parse.h"
#include "rows/na.h"

/* The kinds of cells that are not missing. */
enum kind {
	KIND_INT,
	KIND_FLOAT,
	KIND_ODD, /* a number with a leading zero or a plus sign */
	KIND_INF,
	KIND_BOOL,  /* true, false; True, False; TRUE, FALSE */
	KIND_LOCAL, /* times, as instant.h has them */
	KIND_ZONED,
	KIND_TEXT,
	KIND_COUNT
};

/* What a cell holds. */
struct cell {
	enum cell_state { CELL_EMPTY, CELL_TOKEN, CELL_VALUE } state;
	/* the rest is set for values only */
	enum kind kind;
	struct number num;   /* of numbers; d is infinite for KIND_INF */
	struct instant time; /* of times */
};

/*
 * Returns true if n bytes that begin with c are no number, time, bool or token
 * of pandas.  All of these begin with a digit, one of + - . # <, or the first
 * letter of infinity, nan, null, true and false, small or capital, and none
 * that begins with a letter is longer than 8 bytes.
 */
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

/* Returns true if begins_text() shows that a field of CSV, quoted or not, is a
 * text.  The field must not be empty. */
static inline bool
raw_is_text(struct bytes raw)
{
	bool quoted = raw.p[0] == '"';

	return (!quoted || raw.n > 2) &&
	    begins_text(raw.p[quoted], raw.n - 2 * quoted);
}

/* Fills c with what the bytes of a value are under the rule na. */
void cell_scan(struct cell *c, const struct na_rule *na, struct bytes value);
/* Returns true if the cell, which must be a value, is a number that a column of
 * numbers may hold. */
static inline bool
cell_is_number(const struct cell *c)
{
	return c->kind == KIND_INT || c->kind == KIND_FLOAT ||
	    c->kind == KIND_INF;
}
/* Returns the kind of a value alone; empty values and tokens of pandas are
 * texts. */
enum kind kind_of(struct bytes value);

#endif
