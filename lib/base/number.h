/*
 * number - a double as text, as Python spells it: of the decimals that read
 * back as the same bits the shortest, and of these the closest to the double.
 */
#ifndef SHARD_NUMBER_H
#define SHARD_NUMBER_H

#include <string.h>

#include "base/base.h"

/* "-", the 309 digits of DBL_MAX, NUL */
#define NUMBER_MAX 311

/*
 * Writes d, which must be finite, and a NUL; returns the length without it.
 * With point the text is Python's repr(d): 0.1, 3.0, 1e-05, 1e+16, -0.0.
 * Without point a whole number is written as all digits of int(d): 3, 0 for
 * -0.0, 10000000000000000 for 1e16; other numbers are written as with point.
 */
size_t number_format(double d, bool point, char out[NUMBER_MAX]);

/*
 * Sets *d to the double that equals the whole number s, which must be CLASS_INT
 * (parse.h).  Returns false when no double equals it, as for 9007199254740993.
 */
bool number_exact(struct bytes s, double *d);

/*
 * Returns the key of a double.  Keys order as doubles do, and -0 has the key of
 * 0.  From the bits of the double the key is
 *	bits ^ 1<<63 if it is not negative, ~bits if it is
 */
static inline uint64_t
number_key(double d)
{
	uint64_t u;

	d += 0.0;
	memcpy(&u, &d, 8);
	return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

/* Returns the double of a key. */
static inline double
key_number(uint64_t u)
{
	double d;

	u = u >> 63 ? u & ~(UINT64_C(1) << 63) : ~u;
	memcpy(&d, &u, 8);
	return d;
}

#endif
