/*
 * parse - strict readers of numbers for options, artifacts and cells.  They
 * know no locale, and refuse blanks, trailing bytes and overflow.
 */
#ifndef SHARD_PARSE_H
#define SHARD_PARSE_H

#include "base/base.h"
#include "base/err.h"

/* Reads one or more decimal digits; false above UINT64_MAX. */
bool parse_u64(struct bytes s, uint64_t *v);
/* Reads decimal digits, which a minus may precede; false beyond 64 bits. */
bool parse_i64(struct bytes s, int64_t *v);
/* Reads a finite decimal number, in the grammar of class_number(). */
bool parse_double(struct bytes s, double *v);
/* Reads a number of bytes, which may end with K, M, G or T (powers of 1024). */
bool parse_size(struct bytes s, uint64_t *v);
/* Reads exactly 16 lower-case hex digits. */
bool parse_hex64(struct bytes s, uint64_t *v);

/*
 * The class of a cell's bytes, before any rule about missing values:
 *   int    -?(0|[1-9]digits)
 *   float  [+-]?(digits[.digits*]|.digits)([eE][+-]?digits)? or inf
 * A number with a leading zero or a plus sign is CLASS_ODD: it is a number by
 * this grammar, but a column that holds one is text.
 */
enum cell_class { CLASS_INT, CLASS_FLOAT, CLASS_ODD, CLASS_INF, CLASS_TEXT };
/* Returns the class of s. */
enum cell_class class_number(struct bytes s);
/* Compares two texts of CLASS_INT, of any length, as integers; 0 and -0, which
 * are equal, by their bytes.  Returns a number below, equal to or above 0, and
 * 0 for equal bytes only. */
int int_cmp(struct bytes a, struct bytes b);
/* Returns true for every class but CLASS_TEXT. */
static inline bool
class_is_number(enum cell_class c)
{
	return c != CLASS_TEXT;
}

/* The value of a number's text. */
struct number {
	double d;   /* the nearest double */
	int64_t i;  /* the integer, where whole is true */
	bool whole; /* the text is CLASS_INT and fits 64 bits */
};

/*
 * Returns what class_number() returns, and sets *n to the value for CLASS_INT,
 * CLASS_FLOAT and CLASS_ODD.  For inf, and for a number beyond the doubles, it
 * returns CLASS_INF with d infinite.
 */
enum cell_class number_scan(struct bytes s, struct number *n);
/*
 * Does the same, only faster, for the usual numbers: at most 18 characters,
 * which are digits and perhaps a sign and a point, and whose digits make a
 * whole number up to 2^53.  Returns false for all other bytes, be they a number
 * or not.
 */
bool number_plain(struct bytes s, struct number *n, enum cell_class *class);

/*
 * Writes the integer that s, which must be a number, is equal to, in canonical
 * spelling: "1" for "1.0", "100" for "1e2", "0" for "-0".  Returns the length,
 * or 0 when the number is not whole or has more than 40 digits.
 */
size_t canonical_int(struct bytes s, char out[48]);

#endif
