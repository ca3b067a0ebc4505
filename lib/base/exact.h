/*
 * exact - count, sum, mean, variance and skewness of doubles without rounding
 * on the way: x, x*x and x*x*x are summed as whole numbers.
 *
 *	struct exact a = EXACT_ZERO;
 *	exact_add(&a, 0.1);
 *	exact_add_n(&a, -2.5, 1000);
 *	exact_merge(&a, &another);
 *	printf("%.17g\n", exact_mean(&a));
 *	exact_fini(&a);
 *
 * What is read out depends on the values alone: any order, any grouping into
 * parts that are merged gives the same doubles and the same text.
 *
 * Nothing allocates but exact_save() and exact_load().  Values that share sign
 * and exponent with recent ones cost a few ns, others some tens of ns; what
 * reads out costs microseconds.  The readers change nothing, so several
 * threads may read one struct; a writer needs it for itself.
 *
 * All values are finite, -0 counts as 0, and no function returns -0.  There
 * are at most 2^64 - 1 values; to add more is an error of the caller.
 */
#ifndef SHARD_EXACT_H
#define SHARD_EXACT_H

#include "base/base.h"
#include "base/buf.h"

#define EXACT_LIMBS (34 + 67 + 100)
#define EXACT_BINS 64

/*
 *	n     how many values
 *	sum   three numbers in two's complement, lowest limb first: the sums of
 *	      x in units of 2^-1074 (34 limbs), x^2 in 2^-2148 (67) and x^3 in
 *	      2^-3222 (100), but for what is still in the bins
 *	bin   of values that have sign and exponent in common (the tag; 0 in an
 *	      empty bin), the sums of their mantissas (2 limbs), of the squares
 *	      (3) and of the cubes (4)
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

static inline void
exact_init(struct exact *a)
{
	*a = EXACT_ZERO;
}

/* There is nothing to free. */
static inline void
exact_fini(struct exact *a)
{
	exact_init(a);
}

void exact_add(struct exact *a, double x);
void exact_add_all(struct exact *a, const double *x, size_t n);
/* The same as n times exact_add(). */
void exact_add_n(struct exact *a, double x, uint64_t n);
/* Adds b's values to a's; a may be b.  False, and a as it was, when they are
 * more than 2^64 - 1: which only texts that were loaded can bring about. */
bool exact_merge(struct exact *a, const struct exact *b);

static inline uint64_t
exact_count(const struct exact *a)
{
	return a->n;
}

/* The double nearest to the sum, ties to even as everywhere here; an infinity
 * when the sum is beyond the doubles. */
double exact_sum(const struct exact *a);
/* The double nearest to sum / n, finite always; n must not be 0. */
double exact_mean(const struct exact *a);
/* The double nearest to the sample variance (by n - 1); 0 when n < 2, infinite
 * when it is beyond the doubles. */
double exact_variance(const struct exact *a);
/*
 * g1 = m3 / m2^1.5 by the central moments of the population; 0 when all values
 * are equal.  Both moments are exact, only their quotient is not: the result
 * is the nearest double or, within 0.01 ulp of a tie, the second nearest.
 */
double exact_skewness(const struct exact *a);

/* The double nearest to (a + b) / 2; both finite. */
double exact_mid(double a, double b);

/*
 * The text is `N S1 S2 S3`: the count in decimal and three sums, each 0 or an
 * odd whole number in lower-case hex, perhaps with a minus, then p and the
 * power of two that it is to be multiplied with, in decimal.  -1.5 and 4:
 *
 *	2 5p-1 49p-2 1e5p-3
 *
 * At most EXACT_TEXT_MAX bytes, no newline; equal values, equal bytes.
 */
#define EXACT_TEXT_MAX 3300
void exact_save(const struct exact *a, struct buf *to);
/*
 * Reads such a text into a, whatever a held; false, and a is empty, when it is
 * spelt otherwise than exact_save() does, or when its sums are not those of N
 * doubles: a sum too large for N, a negative variance, values all equal whose
 * sums are not N times a double's powers, a |g1| above the largest there is,
 * (N - 2) / sqrt(N - 1).  Not found out is whether sums within these bounds are
 * those of any doubles; all functions can work with them.
 */
MUST_CHECK bool exact_load(struct exact *a, struct bytes text);

#endif
