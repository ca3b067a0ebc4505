/*
 * exact - count, sum, mean, variance and skewness of doubles without rounding
 * on the way: x, x^2 and x^3 are summed as whole numbers.
 *
 *	struct exact a = EXACT_ZERO;
 *	exact_add(&a, 0.1);
 *	exact_add_n(&a, -2.5, 1000);
 *	exact_merge(&a, &another);
 *	printf("%.17g\n", exact_mean(&a));
 *	exact_fini(&a);
 *
 * The results depend on the values alone: the same values in any order, in any
 * parts that are merged, give the same doubles and the same text.
 *
 * Only exact_save() and exact_load() allocate.  To add a value that shares sign
 * and exponent with a recent one takes a few ns, another one some tens of ns; a
 * result takes microseconds.  Several threads may take results of one struct at
 * once; a thread that adds to it must be alone.
 *
 * All values must be finite; -0 counts as 0, and no function returns -0.  The
 * caller must not add more than 2^64 - 1 values.
 */
#ifndef SHARD_EXACT_H
#define SHARD_EXACT_H

#include "base/base.h"
#include "base/buf.h"

#define EXACT_LIMBS (34 + 67 + 100)
#define EXACT_BINS 64

/*
 *	n     the number of values
 *	sum   three numbers in two's complement, lowest limb first: the sums of
 *	      x in units of 2^-1074 (34 limbs), x^2 in 2^-2148 (67) and x^3 in
 *	      2^-3222 (100), without what is still in the bins
 *	bin   the values of one sign and exponent (the tag, which is 0 in an
 *	      empty bin): the sums of their mantissas (2 limbs), of the squares
 *	      of these (3) and of the cubes (4)
 */
struct exact {
	uint64_t n;
	uint64_t sum[EXACT_LIMBS];
	struct exact_bin {
		uint64_t tag;
		uint64_t v[2 + 3 + 4];
	} bin[EXACT_BINS];
};

#define EXACT_ZERO ((struct exact){.n = 0})

/* Makes a the statistics of no value. */
static inline void
exact_init(struct exact *a)
{
	*a = EXACT_ZERO;
}

/* Empties a, which owns no memory. */
static inline void
exact_fini(struct exact *a)
{
	exact_init(a);
}

/* Adds a value. */
void exact_add(struct exact *a, double x);
/* Adds n values. */
void exact_add_all(struct exact *a, const double *x, size_t n);
/* Adds a value n times. */
void exact_add_n(struct exact *a, double x, uint64_t n);
/* Adds the values of b to a; a may be b.  Returns false and leaves a as it was
 * when these would be more than 2^64 - 1, which only loaded texts can bring
 * about. */
bool exact_merge(struct exact *a, const struct exact *b);

/* Returns the number of values. */
static inline uint64_t
exact_count(const struct exact *a)
{
	return a->n;
}

/* Returns the double nearest to the sum; of two equally near ones the even one,
 * as all functions here do.  A sum beyond the doubles gives an infinity. */
double exact_sum(const struct exact *a);
/* Returns the double nearest to sum / n, which is always finite; n must not be
 * 0.
 */
double exact_mean(const struct exact *a);
/* Returns the double nearest to the sample variance (with divisor n - 1): 0
 * when n < 2, an infinity when the variance is beyond the doubles. */
double exact_variance(const struct exact *a);
/*
 * Returns the skewness g1 = m3 / m2^1.5, where m2 and m3 are the central
 * moments of the population; 0 when all values are equal.  Both moments are
 * exact, their quotient is not: the result is the nearest double or, where two
 * are equally near within 0.01 ulp, perhaps the other one of them.
 */
double exact_skewness(const struct exact *a);

/* Returns the double nearest to (a + b) / 2; a and b must be finite. */
double exact_mid(double a, double b);

/*
 * Statistics are stored as the text `N S1 S2 S3`: the count in decimal and
 * three sums.  A sum is 0, or an odd whole number in lower-case hex, which may
 * be negative, the letter p, and in decimal the exponent of the power of two
 * that the number is multiplied by.  The text of -1.5 and 4 is
 *
 *	2 5p-1 49p-2 1e5p-3
 *
 * It has at most EXACT_TEXT_MAX bytes and no newline.  Equal values give equal
 * texts.
 */
#define EXACT_TEXT_MAX 3300
/* Appends the text of a. */
void exact_save(const struct exact *a, struct buf *to);
/*
 * Replaces a by the statistics in such a text.  Returns false, with a empty,
 * when exact_save() would not spell the text so, or when no N doubles can have
 * its sums: a sum is too large for N, the variance is negative or is 0 while
 * the sums are not N times the powers of one double, or |g1| is above its
 * maximum, (N - 2) / sqrt(N - 1).  Sums within these bounds are accepted even
 * if no doubles have them; all functions can work with such sums.
 */
MUST_CHECK bool exact_load(struct exact *a, struct bytes text);

#endif
