/*
 * parse - strict readers of numbers: for options, for artifacts, for cells.
 * No locale, no blanks, no trailing bytes, no overflow that goes unseen.
 */
#ifndef SHARD_PARSE_H
#define SHARD_PARSE_H

#include "base/base.h"
#include "base/err.h"

/* Decimal digits only; false when empty, other bytes, or above UINT64_MAX. */
bool parse_u64(struct bytes s, uint64_t *v);
/* Optional minus, then digits; false on overflow. */
bool parse_i64(struct bytes s, int64_t *v);
/* A finite decimal number as class_number() accepts it. */
bool parse_double(struct bytes s, double *v);
/* Bytes with an optional suffix K, M, G or T (powers of 1024). */
bool parse_size(struct bytes s, uint64_t *v);
/* 16 lower-case hex digits. */
bool parse_hex64(struct bytes s, uint64_t *v);

/*
 * What a cell's bytes are, before any rule about missing values:
 *   int    -?(0|[1-9]digits)
 *   float  [+-]?(digits[.digits*]|.digits)([eE][+-]?digits)? or inf
 * A number with a leading zero or a plus sign is CLASS_ODD: a number by the
 * grammar, but a column that holds one is text.
 */
enum cell_class { CLASS_INT, CLASS_FLOAT, CLASS_ODD, CLASS_INF, CLASS_TEXT };
enum cell_class class_number(struct bytes s);
/* Two texts of CLASS_INT, of any length, as integers; equal ones, 0 and -0,
 * by their bytes.  Never 0 for different bytes. */
int int_cmp(struct bytes a, struct bytes b);
static inline bool
class_is_number(enum cell_class c)
{
	return c != CLASS_TEXT;
}

/* What a number's text stands for. */
struct number {
	double d;   /* the nearest double */
	int64_t i;  /* of an int that fits (whole) */
	bool whole; /* CLASS_INT and within 64 bits */
};

/*
 * class_number() and the value in one go: CLASS_INT, CLASS_FLOAT and
 * CLASS_ODD fill *n.  A text beyond the range of doubles is CLASS_INF, with
 * d infinite like that of inf itself.
 */
enum cell_class number_scan(struct bytes s, struct number *n);
/*
 * The same of what most numbers are: at most 18 characters of digits with
 * perhaps a sign and a point, whose digits make a whole number up to 2^53.
 * False for all others, numbers or not.
 */
bool number_plain(struct bytes s, struct number *n, enum cell_class *class);

/*
 * The integer that a number stands for, in canonical spelling ("1.0" -> "1",
 * "1e2" -> "100", "-0" -> "0"), at most 40 digits.  Returns its length, or 0
 * when the number is not whole or too long.  s must be a number.
 */
size_t canonical_int(struct bytes s, char out[48]);

#endif
