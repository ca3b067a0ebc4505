/*
 * number - a double as text: the shortest decimal that reads back as the same
 * bits and, among the shortest, the closest; spelled as Python spells it.
 */
#ifndef SHARD_NUMBER_H
#define SHARD_NUMBER_H

#include <string.h>

#include "base/base.h"

/* "-", the 309 digits of DBL_MAX, NUL */
#define NUMBER_MAX 311

/*
 * Writes d, which must be finite, and a NUL; returns the length.  With point
 * as repr(d): 0.1, 3.0, 1e-05, 1e+16, -0.0.  Without point a whole number is
 * written as the digits of int(d), all of them and no others: 3, 0 for -0.0,
 * 10000000000000000 for 1e16; what is not whole is written as with point.
 */
size_t number_format(double d, bool point, char out[NUMBER_MAX]);

/*
 * The double that is exactly the whole number s, -?(0|[1-9][0-9]*), as
 * class_number() has it for CLASS_INT; false when there is none, such as for
 * 9007199254740993.
 */
bool number_exact(struct bytes s, double *d);

/*
 * The key of a double, which orders as the double does; -0 has that of 0:
 *	bits ^ 1<<63 where it is not negative, ~bits where it is
 */
static inline uint64_t
number_key(double d)
{
	uint64_t u;

	d += 0.0;
	memcpy(&u, &d, 8);
	return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

/* The double that has that key. */
static inline double
key_number(uint64_t u)
{
	double d;

	u = u >> 63 ? u & ~(UINT64_C(1) << 63) : ~u;
	memcpy(&d, &u, 8);
	return d;
}

#endif
