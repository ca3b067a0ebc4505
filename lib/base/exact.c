/*
 * After R. M. Neal, "Fast exact summation using small and large
 * superaccumulators", 2015: mantissas of equal exponent are summed as whole
 * numbers first (his large superaccumulator; here a few bins used as a cache)
 * and moved to one long fixed point number when the bin is wanted for another
 * exponent.
 *
 * A finite x other than 0 is (+-) m 2^(e - 1074) with 0 < m < 2^53 and
 * 0 <= e <= 2045; so x^k is (+-) m^k 2^(ke) in units of 2^(-1074k).
 *
 * Bins: of less than 2^64 values, the sum of m^k is below 2^(64 + 53k): 117,
 * 170 and 223 bits, in limbs of 64 bits 2, 3 and 4.  So no bin overflows,
 * however long it is not emptied.
 *
 * Sums: |x| < 2^1024, and the sum of |x|^k of less than 2^64 values is below
 * 2^(64 + 1024k) or 2^(64 + 2098k) units: 2162, 4260 and 6358 bits and a sign,
 * in 34, 67 and 100 limbs.  A part of the values keeps to that too.
 */
#include "base/exact.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/parse.h"

__extension__ typedef unsigned __int128 u128;

#define N1 34
#define N2 67
#define N3 100
#define NSQ (2 * N1)     /* S1^2, n S2 */
#define NCUBE (N1 + NSQ) /* S1^3, n S1 S2, n^2 S3 */
#define UNIT (-1074)

_Static_assert(N1 + N2 + N3 == EXACT_LIMBS, "limbs of the sums");

/* Where the sum of x^k is in sum[], and that of m^k in a bin's v[]. */
static const struct power {
	size_t at, n, bin_at, bin_n;
	int unit;
} powers[3] = {
    {0, N1, 0, 2, UNIT},
    {N1, N2, 2, 3, 2 * UNIT},
    {N1 + N2, N3, 5, 4, 3 * UNIT},
};

/* Whole numbers of n limbs -------------------------------------------------*/

/* s += or -= v 2^(64 at), modulo 2^(64 n). */
static void
accumulate(uint64_t *s, size_t n, const uint64_t *v, size_t nv, size_t at,
    bool subtract)
{
	uint64_t carry = 0;
	size_t i;

	for (i = at; i < n && (i < at + nv || carry); i++) {
		uint64_t x = i < at + nv ? v[i - at] : 0;
		u128 t =
		    subtract ? (u128)s[i] - x - carry : (u128)s[i] + x + carry;

		s[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64) & 1;
	}
}

static void
negate(uint64_t *v, size_t n)
{
	bool carry = true;
	size_t i;

	for (i = 0; i < n; i++) {
		v[i] = ~v[i] + carry;
		carry = carry && v[i] == 0;
	}
}

/* Leaves the magnitude; true when v was negative. */
static bool
magnitude(uint64_t *v, size_t n)
{
	bool neg = v[n - 1] >> 63;

	if (neg)
		negate(v, n);
	return neg;
}

/* out[0..na+nb) = a b; t cannot overflow: (2^64-1)^2 + 2 (2^64-1) < 2^128 */
static void
multiply(
    uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb)
{
	size_t i, j;

	memset(out, 0, (na + nb) * sizeof(*out));
	for (i = 0; i < na; i++) {
		uint64_t carry = 0;

		for (j = 0; a[i] && j < nb; j++) {
			u128 t = (u128)a[i] * b[j] + out[i + j] + carry;

			out[i + j] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
		out[i + nb] = carry;
	}
}

static void
scale(uint64_t *v, size_t n, uint64_t by)
{
	u128 t = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		t += (u128)v[i] * by;
		v[i] = (uint64_t)t;
		t >>= 64;
	}
	assert(t == 0);
}

/* v /= by, rounded down. */
static void
divide(uint64_t *v, size_t n, uint64_t by)
{
	uint64_t rest = 0;

	while (n--) {
		u128 t = (u128)rest << 64 | v[n];

		v[n] = (uint64_t)(t / by);
		rest = (uint64_t)(t % by);
	}
}

static size_t
bit_length(const uint64_t *v, size_t n)
{
	while (n && v[n - 1] == 0)
		n--;
	return n ? n * 64 - (size_t)__builtin_clzll(v[n - 1]) : 0;
}

/* How many zero bits are below the lowest one bit; v is not 0. */
static size_t
trailing_zeros(const uint64_t *v)
{
	size_t i = 0;

	while (v[i] == 0)
		i++;
	return i * 64 + (size_t)__builtin_ctzll(v[i]);
}

/* The 64 bits of v that begin at bit `at`; those beyond its end are 0. */
static uint64_t
window(const uint64_t *v, size_t n, size_t at)
{
	size_t i = at / 64, shift = at % 64;
	uint64_t lo = i < n ? v[i] >> shift : 0;

	return shift && i + 1 < n ? lo | v[i + 1] << (64 - shift) : lo;
}

/* The double nearest to v 2^exp, ties to even. */
static double
nearest(const uint64_t *v, size_t n, long exp, bool neg)
{
	size_t len = bit_length(v, n), cut;
	long drop = (long)len - DBL_MANT_DIG;
	uint64_t m, biased, bits;
	double x;

	if (drop < UNIT - exp)
		drop = UNIT - exp; /* no bits below those of a subnormal */
	if (len == 0 || drop > (long)len)
		return 0; /* less than half of the smallest */
	if (drop <= 0) {
		m = v[0] << -drop; /* 53 bits at most, by drop's definition */
	} else {
		cut = (size_t)drop;
		m = window(v, n, cut);
		if (window(v, n, cut - 1) & 1)
			m += (m & 1) || trailing_zeros(v) < cut - 1;
	}
	/*
	 * m 2^(exp + drop) has its leading bit at 2^52, or the lowest exponent
	 * there is.  That bit, added to the field of the exponent, makes it
	 * the exponent's; so does a carry from rounding.
	 */
	biased = (uint64_t)(exp + drop - UNIT);
	if (biased > 2045)
		biased = 2046, m = UINT64_C(1) << 52; /* infinity */
	bits = (biased << 52) + m;
	memcpy(&x, &bits, sizeof(x));
	return neg && m ? -x : x;
}

/* The values --------------------------------------------------------------*/

/* Adds what is in the bin to the sums. */
static void
spill(uint64_t sum[EXACT_LIMBS], const struct exact_bin *b)
{
	uint64_t key = b->tag - 1, e = key & 2047;
	size_t k, i;

	e -= e != 0; /* the subnormals' exponent is that of their neighbours */
	for (k = 0; k < 3; k++) {
		const struct power *p = &powers[k];
		size_t at = (k + 1) * e, shift = at % 64;
		uint64_t v[5], carry = 0;

		for (i = 0; i < p->bin_n; i++) {
			u128 t = (u128)b->v[p->bin_at + i] << shift;

			v[i] = (uint64_t)t | carry;
			carry = (uint64_t)(t >> 64);
		}
		v[i++] = carry;
		accumulate(sum + p->at, p->n, v, i, at / 64,
		    key >> 11 && k != 1); /* squares of negatives are not */
	}
}

/* Empties the bin for values with this tag. */
static __attribute__((noinline)) void
claim(struct exact *a, struct exact_bin *b, uint64_t tag)
{
	assert(((tag - 1) & 2047) != 2047); /* infinite or not a number */
	if (b->tag)
		spill(a->sum, b);
	memset(b, 0, sizeof(*b));
	b->tag = tag;
}

/* out[0..n + 1) = v[0..n) by, added to sum[0..n + 1) as well */
static ALWAYS_INLINE void
times(uint64_t *sum, uint64_t *out, const uint64_t *v, size_t n, uint64_t by)
{
	uint64_t high = 0, carry = 0;
	size_t i;
	u128 t;

#pragma GCC unroll 4
	for (i = 0; i < n; i++) {
		t = (u128)v[i] * by + high;
		out[i] = (uint64_t)t;
		high = (uint64_t)(t >> 64);
	}
	out[n] = high;
#pragma GCC unroll 4
	for (i = 0; i <= n; i++) {
		uint64_t r = sum[i] + out[i], c = r < out[i];

		sum[i] = r + carry;
		carry = c + (sum[i] < carry);
	}
}

static ALWAYS_INLINE void
add(struct exact *a, double x, uint64_t n)
{
	uint64_t bits, key, m, p1[2], p2[3], p3[4];
	struct exact_bin *b;

	memcpy(&bits, &x, sizeof(bits));
	assert(a->n + n >= n);
	a->n += n;
	if (bits << 1 == 0)
		return; /* zeros, of which there may be many, need no bin */
	/* 64 exponents side by side have 64 bins; of both signs, 32 have. */
	key = bits >> 52;
	b = &a->bin[(key ^ (key >> 6 & 32)) % EXACT_BINS];
	if (UNLIKELY(b->tag != key + 1))
		claim(a, b, key + 1);
	m = (bits & ((UINT64_C(1) << 52) - 1)) |
	    (uint64_t)((key & 2047) != 0) << 52;
	times(b->v, p1, &m, 1, n);
	times(b->v + 2, p2, p1, 2, m);
	times(b->v + 5, p3, p2, 3, m);
}

void
exact_add(struct exact *a, double x)
{
	add(a, x, 1);
}

void
exact_add_all(struct exact *a, const double *x, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		add(a, x[i], 1);
}

void
exact_add_n(struct exact *a, double x, uint64_t n)
{
	if (n)
		add(a, x, n);
}

bool
exact_merge(struct exact *a, const struct exact *b)
{
	size_t k;

	if (a->n + b->n < b->n)
		return false;
	a->n += b->n;
	for (k = 0; k < 3; k++)
		accumulate(a->sum + powers[k].at, powers[k].n,
		    b->sum + powers[k].at, powers[k].n, 0, false);
	for (k = 0; k < EXACT_BINS; k++)
		if (b->bin[k].tag)
			spill(a->sum, &b->bin[k]);
	return true;
}

/* What is read out --------------------------------------------------------*/

/* The sums with what is in the bins, as magnitudes. */
struct total {
	uint64_t s[EXACT_LIMBS];
	bool neg[3];
};

static struct total
total_of(const struct exact *a)
{
	struct total t;
	size_t k;

	memcpy(t.s, a->sum, sizeof(t.s));
	for (k = 0; k < EXACT_BINS; k++)
		if (a->bin[k].tag)
			spill(t.s, &a->bin[k]);
	for (k = 0; k < 3; k++)
		t.neg[k] = magnitude(t.s + powers[k].at, powers[k].n);
	return t;
}

/*
 * A2 = n S2 - S1^2, and S1^2: both terms are below 2^(2 * 2162) and NSQ limbs
 * have 4352 bits.  False when A2 is negative, which that of values is not.
 */
static bool
second_moment(
    const struct total *t, uint64_t n, uint64_t a2[NSQ], uint64_t sq[NSQ])
{
	multiply(sq, t->s, N1, t->s, N1);
	memcpy(a2, t->s + N1, N2 * sizeof(*a2));
	a2[N2] = 0;
	scale(a2, NSQ, n);
	accumulate(a2, NSQ, sq, NSQ, 0, true);
	return a2[NSQ - 1] >> 63 == 0;
}

/*
 * |A3| of A3 = n^2 S3 - 3 n S1 S2 + 2 S1^3 = n^2 S3 - S1 (3 A2 + S1^2); true
 * when negative.  The three terms are below 2^6486, 3 2^6486 and 2 2^6486, and
 * NCUBE limbs have 6528 bits.  The factor of S1 is 3 n S2 - 2 S1^2, at least 0
 * as A2 is, and below 2^4326.
 */
static bool
third_moment(const struct total *t, uint64_t n, const uint64_t a2[NSQ],
    const uint64_t sq[NSQ], uint64_t a3[NCUBE])
{
	uint64_t factor[NSQ], product[NCUBE];

	memcpy(factor, a2, sizeof(factor));
	scale(factor, NSQ, 3);
	accumulate(factor, NSQ, sq, NSQ, 0, false);
	multiply(product, t->s, N1, factor, NSQ);
	memset(a3, 0, NCUBE * sizeof(*a3));
	memcpy(a3, t->s + N1 + N2, N3 * sizeof(*a3));
	scale(a3, NCUBE, n);
	scale(a3, NCUBE, n);
	if (t->neg[2])
		negate(a3, NCUBE);
	accumulate(a3, NCUBE, product, NCUBE, 0, !t->neg[0]);
	return magnitude(a3, NCUBE);
}

double
exact_sum(const struct exact *a)
{
	struct total t = total_of(a);

	return nearest(t.s, N1, UNIT, t.neg[0]);
}

/*
 * Two limbs more make the unit 2^-1202.  What divide() cuts off does not change
 * the nearest double: of the quotient v, nearest() drops 128 bits or more.  Are
 * they not a one and zeros, they decide.  If they are, v is a multiple of
 * 2^127, and so is what the division leaves, S1 2^128 - v n; but that is less
 * than n < 2^64, so it is 0, and v exact.
 */
double
exact_mean(const struct exact *a)
{
	uint64_t v[2 + N1] = {0};
	struct total t = total_of(a);

	assert(a->n > 0);
	memcpy(v + 2, t.s, N1 * sizeof(*v));
	divide(v, LEN(v), a->n);
	return nearest(v, LEN(v), UNIT - 128, t.neg[0]);
}

/*
 * Rounding down twice is rounding down once.  It does no harm for the reason
 * above: of a quotient in units of 2^-2148, 1074 bits or more are dropped, and
 * less than n (n - 1) < 2^128 is left.
 */
double
exact_variance(const struct exact *a)
{
	uint64_t a2[NSQ], sq[NSQ];
	struct total t = total_of(a);

	if (a->n < 2)
		return 0;
	second_moment(&t, a->n, a2, sq);
	divide(a2, NSQ, a->n);
	divide(a2, NSQ, a->n - 1);
	return nearest(a2, NSQ, 2 * UNIT, false);
}

/* The upper 64 bits of v, which is not 0, the highest of them set; v is at
 * least that times 2^exp, and greater by less than 1 in 2^63. */
static uint64_t
leading(const uint64_t *v, size_t n, long *exp)
{
	size_t len = bit_length(v, n);

	*exp = (long)len - 64;
	return len < 64 ? v[0] << (64 - len) : window(v, n, len - 64);
}

static uint64_t
square_root(u128 v)
{
	uint64_t root = 0, bit;

	for (bit = UINT64_C(1) << 63; bit; bit >>= 1)
		if ((u128)(root | bit) * (root | bit) <= v)
			root |= bit;
	return root;
}

/*
 * A3 / (A2 sqrt(A2)), where the units cancel: 2^-3222 each.  Every factor is
 * cut to 64 bits, so less than 2^-63 of it is lost: of A2 2.5 times that in
 * all (in the root, half of its own and one of the root's), of the divisor's
 * product one, of A3 one, of the quotient, which may have 63 bits, two; all
 * together less than 2^-60, or 2^-7 ulp.
 */
double
exact_skewness(const struct exact *a)
{
	uint64_t a2[NSQ], sq[NSQ], a3[NCUBE], num, m, quotient;
	long num_exp, m_exp, exp;
	struct total t = total_of(a);
	unsigned odd;
	u128 den;
	bool neg;

	second_moment(&t, a->n, a2, sq);
	neg = third_moment(&t, a->n, a2, sq, a3);
	if (bit_length(a2, NSQ) == 0 || bit_length(a3, NCUBE) == 0)
		return 0;
	num = leading(a3, NCUBE, &num_exp);
	m = leading(a2, NSQ, &m_exp);
	/* m 2^m_exp = m 2^(64-odd) 2^(m_exp-64+odd), the last a square's power;
	 * the root of the first has its highest bit at 2^63 as m has. */
	odd = (unsigned)(m_exp & 1);
	den = (u128)m * square_root((u128)m << (64 - odd));
	exp = num_exp - m_exp - (m_exp - 64 + (long)odd) / 2;
	if (den >> 127 == 0)
		den <<= 1, exp++;
	/* den is now its upper 64 bits times 2^64 */
	quotient = (uint64_t)(((u128)num << 63) / (uint64_t)(den >> 64));
	return nearest(&quotient, 1, exp - 63 - 64, neg);
}

/*
 * Halving is exact but for what becomes subnormal.  So a + b rounds once: if
 * |a + b| < 2^-1021, when its half may be inexact, a + b is below 2^53 units
 * and itself exact.  If a + b overflows, neither half of a nor of b is small.
 */
double
exact_mid(double a, double b)
{
	double sum = a + b;

	assert(isfinite(a) && isfinite(b));
	return (isfinite(sum) ? sum / 2 : a / 2 + b / 2) + 0.0; /* not -0 */
}

/* The text ----------------------------------------------------------------*/

static const char hex[] = "0123456789abcdef";

static void
save_one(const uint64_t *v, size_t n, int unit, bool neg, struct buf *to)
{
	size_t len = bit_length(v, n), low, i;

	if (len == 0) {
		buf_puts(to, " 0");
		return;
	}
	low = trailing_zeros(v);
	buf_puts(to, neg ? " -" : " ");
	for (i = (len - low + 3) / 4; i--;)
		buf_putc(to, hex[window(v, n, low + 4 * i) & 15]);
	buf_printf(to, "p%d", unit + (int)low);
}

void
exact_save(const struct exact *a, struct buf *to)
{
	struct total t = total_of(a);
	size_t k;

	buf_printf(to, "%llu", (unsigned long long)a->n);
	for (k = 0; k < 3; k++)
		save_one(t.s + powers[k].at, powers[k].n, powers[k].unit,
		    t.neg[k], to);
}

/* Takes what stands before the next blank, and the blank. */
static struct bytes
next_field(struct bytes *s)
{
	const char *blank = s->n ? memchr(s->p, ' ', s->n) : NULL;
	struct bytes f = bytes_of(s->p, blank ? (size_t)(blank - s->p) : s->n);

	*s = blank ? bytes_of(blank + 1, s->n - f.n - 1) : bytes_of(NULL, 0);
	return f;
}

/* Any sign, hex digits, p and exponent that fit v, canonical or not. */
static bool
load_one(struct bytes s, uint64_t *v, size_t n, int unit)
{
	bool neg = s.n && *s.p == '-';
	const char *p = s.n ? memchr(s.p, 'p', s.n) : NULL;
	size_t i = p ? (size_t)(p - s.p) : 0, at;
	int64_t exp;

	if (bytes_eq(s, bytes_str("0")))
		return true;
	if (!p || !parse_i64(bytes_of(p + 1, s.n - i - 1), &exp) ||
	    exp < unit || exp >= unit + (int64_t)n * 64)
		return false;
	for (at = (size_t)(exp - unit); i-- > neg; at += 4) {
		const char *digit = memchr(hex, s.p[i], 16);

		/* the limb above a digit's is in v, and the sign bit free */
		if (!digit || at >= n * 64 - 4)
			return false;
		v[at / 64] |= (uint64_t)(digit - hex) << at % 64;
		if (at % 64 > 60)
			v[at / 64 + 1] |=
			    (uint64_t)(digit - hex) >> (64 - at % 64);
	}
	if (neg)
		negate(v, n);
	return true;
}

/* May these be the sums of a->n doubles?  See the header. */
static bool
is_possible(const struct exact *a)
{
	struct exact other = EXACT_ZERO;
	uint64_t a2[NSQ], sq[NSQ];
	struct total t = total_of(a), most;
	size_t k;
	double g, n;

	exact_add_n(&other, DBL_MAX, a->n);
	for (most = total_of(&other), k = 0; k < 3; k++) {
		uint64_t *m = most.s + powers[k].at;

		accumulate(
		    m, powers[k].n, t.s + powers[k].at, powers[k].n, 0, true);
		if (m[powers[k].n - 1] >> 63)
			return false;
	}
	if (a->n == 0)
		return true;
	if (t.neg[1] || !second_moment(&t, a->n, a2, sq))
		return false;
	if (bit_length(a2, NSQ) == 0) {
		other = EXACT_ZERO;
		exact_add_n(&other, exact_mean(a), a->n);
		most = total_of(&other);
		return memcmp(t.s, most.s, sizeof(t.s)) == 0 &&
		    memcmp(t.neg, most.neg, sizeof(t.neg)) == 0;
	}
	/* g1^2 <= (n - 2)^2 / (n - 1), and rounding gets some room */
	g = exact_skewness(a);
	n = (double)a->n;
	return n >= 2 && g * g <= (n - 3 + 1 / (n - 1)) * (1 + 1e-9);
}

bool
exact_load(struct exact *a, struct bytes text)
{
	struct bytes rest = text;
	struct buf again = BUF_ZERO;
	size_t k;
	bool ok;

	exact_init(a);
	ok = text.n <= EXACT_TEXT_MAX && parse_u64(next_field(&rest), &a->n);
	for (k = 0; k < 3 && ok; k++)
		ok = load_one(next_field(&rest), a->sum + powers[k].at,
		    powers[k].n, powers[k].unit);
	ok = ok && is_possible(a);
	if (ok) /* and spelt as we would write it */
		exact_save(a, &again);
	ok = ok && bytes_eq(buf_bytes(&again), text);
	if (!ok)
		exact_init(a);
	buf_fini(&again);
	return ok;
}
