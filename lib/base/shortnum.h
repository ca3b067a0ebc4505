/*
 * shortnum - reads numbers of at most eight characters, which most cells are,
 * without a branch per character.  The processor predicts what the numbers of a
 * column have in common, but not their lengths.
 */
#ifndef SHARD_SHORTNUM_H
#define SHARD_SHORTNUM_H

#include <string.h>

#include "base/parse.h"

/* 10^0 to 10^22, all of which doubles hold exactly. */
extern const double number_power[23];

/* Returns p[0..n), with n from 1 to 8, as a little-endian number. */
static inline uint64_t
short_load(const char *p, size_t n)
{
	uint64_t x;
	uint32_t a, b;

	if (n == 8) {
		memcpy(&x, p, 8);
		return x;
	}
	if (n >= 4) { /* two halves that overlap */
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		return a | (uint64_t)b << 8 * (n - 4);
	}
	return (uint64_t)(unsigned char)p[0] |
	    (uint64_t)(unsigned char)p[n / 2] << n / 2 * 8 |
	    (uint64_t)(unsigned char)p[n - 1] << (n - 1) * 8;
}

/* The same, where p[0..8) may be read. */
static inline uint64_t
short_load_wide(const char *p, size_t n)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x & ~UINT64_C(0) >> 8 * (8 - n);
}

/* The digits of a short number: one per byte, the last one in the top byte. */
struct short_digits {
	uint64_t digits;
	size_t n, nfrac;
	bool neg;
};

/* Splits n characters, from 1 to 8, as short_load() returns them; the first
 * must not be a plus sign.  Returns false when they are not a number. */
static inline bool
short_split(
    uint64_t x, size_t n, struct short_digits *s, enum cell_class *class)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t point;
	size_t nint;

	s->neg = (x & 255) == '-';
	x >>= 8 * s->neg;
	n -= s->neg;
	nint = n;
	/* the lowest byte that is a point has its top bit set */
	point = x ^ ones * '.';
	point = (point - ones) & ~point & ones * 0x80;
	if (point) {
		uint64_t before = (point & -point) >> 7;

		nint = (size_t)__builtin_ctzll(before) / 8;
		before--;
		x = (x & before) | (x >> 8 & ~before);
		n--;
	}
	if (n == 0)
		return false;
	x <<= 8 * (8 - n);
	x ^= ones * '0' << 8 * (8 - n);
	if (((x + ones * 0x76) | x) & ones * 0x80) /* not all up to 9 */
		return false;
	*class = nint > 1 && (x >> 8 * (8 - n) & 255) == 0 ? CLASS_ODD
	    : point                                        ? CLASS_FLOAT
							   : CLASS_INT;
	s->digits = x;
	s->n = n;
	s->nfrac = n - nint;
	return true;
}

/* Returns the number of eight digits, the last one in the top byte, in three
 * steps: of pairs, fours and eights (J. Lee; see D. Lemire, "Quickly parsing
 * eight digits", 2018). */
static inline uint64_t
short_value(uint64_t digits)
{
	const uint64_t mask = UINT64_C(0x000000ff000000ff);
	uint64_t x = digits * 10 + (digits >> 8);

	return ((x & mask) * UINT64_C(0x000f424000000064) +
		   (x >> 16 & mask) * UINT64_C(0x0000271000000001)) >>
	    32;
}

/* Sets *v to the number in the n digits that end at e, with n from 1 to 8; the
 * eight bytes that end there must be readable.  Returns false when not all n
 * are digits. */
static inline bool
short_digits8(const char *e, size_t n, uint64_t *v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x;

	memcpy(&x, e - 8, 8);
	x = (x ^ ones * '0') >> 8 * (8 - n) << 8 * (8 - n);
	if (((x + ones * 0x76) | x) & ones * 0x80)
		return false;
	*v = short_value(x);
	return true;
}

/* Does what number_plain() does, for the characters that short_split() takes.
 */
static inline bool
short_number(uint64_t x, size_t n, struct number *num, enum cell_class *class)
{
	struct short_digits s;

	if (!short_split(x, n, &s, class))
		return false;
	x = short_value(s.digits);
	num->whole = *class == CLASS_INT;
	num->d = (double)x / number_power[s.nfrac];
	num->i = ((int64_t)x ^ -(int64_t)s.neg) + s.neg;
	memcpy(&x, &num->d, sizeof(x));
	x |= (uint64_t)s.neg << 63;
	memcpy(&num->d, &x, sizeof(x));
	return true;
}

/* Does what number_plain() does for a text that is not empty.  Eight bytes must
 * be readable at every place up to wide_until. */
static inline bool
number_plain_at(struct bytes s, const char *wide_until, struct number *n,
    enum cell_class *class)
{
	if (s.n <= 8 && LIKELY(s.p <= wide_until) && *s.p != '+')
		return short_number(short_load_wide(s.p, s.n), s.n, n, class);
	return number_plain(s, n, class);
}

/* The same, for the class alone. */
static inline bool
class_plain_at(struct bytes s, const char *wide_until, enum cell_class *class)
{
	struct short_digits digits;
	struct number n;

	if (s.n <= 8 && LIKELY(s.p <= wide_until) && *s.p != '+')
		return short_split(
		    short_load_wide(s.p, s.n), s.n, &digits, class);
	return number_plain(s, &n, class);
}

#endif
