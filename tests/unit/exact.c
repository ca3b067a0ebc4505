/*
 * exact - known sums; every order and grouping gives the same bytes; and
 * results against whole numbers of another make: 32 bit words, sign and
 * magnitude, no division.  That r is nearest to N / D is seen from N being
 * between D times the midpoints beside r.
 */
#include "base/exact.h"

#include <float.h>
#include <math.h>

#include "test.h"

#define TINY 0x1p-1074
#define WORDS 600
#define ROOM 300

/* The other whole numbers -------------------------------------------------*/

struct big {
	bool neg;
	size_t n;
	uint32_t w[WORDS];
};

static void
big_trim(struct big *a)
{
	while (a->n && a->w[a->n - 1] == 0)
		a->n--;
	if (a->n == 0)
		a->neg = false;
}

static struct big
big_shl(struct big a, size_t by)
{
	struct big r = {.neg = a.neg, .n = a.n + by / 32 + 1};
	size_t i;

	if (r.n > WORDS)
		abort();
	for (i = 0; i < a.n; i++) {
		uint64_t v = (uint64_t)a.w[i] << by % 32;

		r.w[i + by / 32] |= (uint32_t)v;
		r.w[i + by / 32 + 1] = (uint32_t)(v >> 32);
	}
	big_trim(&r);
	return r;
}

static struct big
big_of(uint64_t v)
{
	struct big r = {.n = 2, .w = {(uint32_t)v, (uint32_t)(v >> 32)}};

	big_trim(&r);
	return r;
}

static int
big_cmp_magnitude(const struct big *a, const struct big *b)
{
	size_t i;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (i = a->n; i--;)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i] ? -1 : 1;
	return 0;
}

static struct big
big_add(struct big a, struct big b)
{
	struct big r = {.neg = a.neg};
	int64_t t = 0;
	size_t i;

	if (big_cmp_magnitude(&a, &b) < 0)
		return big_add(b, a);
	for (i = 0; i < a.n || t; i++) {
		if (i == WORDS)
			abort();
		t += i < a.n ? a.w[i] : 0;
		if (i < b.n)
			t +=
			    a.neg == b.neg ? (int64_t)b.w[i] : -(int64_t)b.w[i];
		r.w[i] = (uint32_t)((uint64_t)t & UINT32_MAX);
		t = t < 0 ? -1 : t >> 32;
	}
	r.n = i;
	big_trim(&r);
	return r;
}

static struct big
big_mul(struct big a, struct big b)
{
	struct big r = {.neg = a.neg != b.neg, .n = a.n + b.n};
	size_t i, j;

	if (r.n > WORDS)
		abort();
	for (i = 0; i < a.n; i++) {
		uint64_t t = 0;

		for (j = 0; j < b.n; j++) {
			t += (uint64_t)a.w[i] * b.w[j] + r.w[i + j];
			r.w[i + j] = (uint32_t)t;
			t >>= 32;
		}
		r.w[i + b.n] = (uint32_t)t;
	}
	big_trim(&r);
	return r;
}

static struct big
big_neg(struct big a)
{
	a.neg = a.n && !a.neg;
	return a;
}

/* x in units of 2^-1074; an infinity is 2^1024. */
static struct big
big_of_double(double x)
{
	struct big r;
	uint64_t m;
	int e;

	if (isinf(x))
		r = big_shl(big_of(1), 1024 + 1074);
	else {
		m = (uint64_t)ldexp(fabs(frexp(x, &e)), 53);
		e += 1074 - 53;
		r = e < 0 ? big_of(m >> -e) : big_shl(big_of(m), (size_t)e);
	}
	r.neg = x < 0;
	return r;
}

static double
next_up(double x, int by)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	bits += (uint64_t)by;
	memcpy(&x, &bits, sizeof(bits));
	return x;
}

static bool
is_even(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits % 2 == 0;
}

static bool
is_negative_zero(double x)
{
	return x == 0 && signbit(x);
}

/* Is r the double nearest to num / den 2^(-1074 - scale)? */
static bool
is_nearest(double r, struct big num, struct big den, size_t scale)
{
	double x = fabs(r);
	bool even = is_even(x);
	struct big here = big_of_double(x), mid;
	int c;

	if (is_negative_zero(r) || (r != 0 && (r < 0) != num.neg))
		return false;
	num = big_shl(num, 1);
	if (x > 0) {
		mid = big_add(big_of_double(next_up(x, -1)), here);
		mid = big_shl(big_mul(mid, den), scale);
		c = big_cmp_magnitude(&num, &mid);
		if (c < 0 || (c == 0 && !even))
			return false;
	}
	if (isinf(x))
		return true;
	mid = big_add(big_of_double(next_up(x, 1)), here);
	mid = big_shl(big_mul(mid, den), scale);
	c = big_cmp_magnitude(&num, &mid);
	return c < 0 || (c == 0 && even);
}

/*
 * Is g within 9/16 ulp of a3 / a2^1.5?  The upper bound of that on |g| is
 * u / 16 units of 2^-1074, and then a3^2 < (u / 16)^2 2^-2148 a2^3.
 */
static bool
is_skewness(double g, struct big a2, struct big a3)
{
	double x = fabs(g);
	struct big here, step, u, cube, square;

	if (a2.n == 0)
		return g == 0 && !signbit(g);
	if (is_negative_zero(g) || (g != 0 && (g < 0) != a3.neg))
		return false;
	square = big_shl(big_mul(a3, a3), 2 * 1074 + 8);
	cube = big_mul(big_mul(a2, a2), a2);
	here = big_of_double(x);
	step = big_add(big_of_double(next_up(x, 1)), big_neg(here));
	u = big_add(big_shl(here, 4), big_mul(step, big_of(9)));
	u = big_mul(big_mul(u, u), cube);
	if (big_cmp_magnitude(&square, &u) >= 0)
		return false;
	if (x == 0)
		return true;
	step = big_add(here, big_neg(big_of_double(next_up(x, -1))));
	u = big_add(big_shl(here, 4), big_neg(big_mul(step, big_of(9))));
	u = big_mul(big_mul(u, u), cube);
	return big_cmp_magnitude(&square, &u) > 0;
}

/* Values ------------------------------------------------------------------*/

/* A random finite double; 0 to 7 says of what sort. */
#define SORTS 8
static double
some(unsigned sort)
{
	double f = (double)(rnd() >> 11) * 0x1p-53, x;
	uint64_t bits;

	switch (sort) {
	case 0: /* every exponent alike */
		do {
			bits = rnd();
			memcpy(&x, &bits, sizeof(x));
		} while (!isfinite(x));
		return x;
	case 1: x = (1 + f) * ldexp(1, (int)below(120) - 60); break;
	case 2: x = (double)below(5); break;
	case 3: return (double)(1 + below(100000)) / 100;
	case 4: x = (double)(1 + below(9)) * TINY; break;
	case 5: x = DBL_MAX * (1 - f / 8); break;
	case 6: x = ldexp(1, (int)below(2098) - 1074); break;
	default: x = ldexp(1 + f, one_in(2) ? 1000 : -1000); break;
	}
	return one_in(2) ? x : -x;
}

/* At most n values, of one sort or of all, some of them there twice. */
static size_t
some_values(double *v, size_t n)
{
	unsigned sort = (unsigned)below(SORTS + 2);
	size_t i;

	n = 1 + below(n);
	for (i = 0; i < n; i++) {
		if (i && one_in(4))
			v[i] = one_in(2) ? v[below(i)] : -v[below(i)];
		else
			v[i] =
			    some(sort < SORTS ? sort : (unsigned)below(SORTS));
	}
	return n;
}

static struct exact
sum_of(const double *v, size_t n)
{
	struct exact a = EXACT_ZERO;
	size_t i;

	for (i = 0; i < n; i++)
		exact_add(&a, v[i]);
	return a;
}

/* In one of two static buffers. */
static const char *
text_of(const struct exact *a)
{
	static struct buf ring[2];
	static unsigned turn;
	struct buf *b = &ring[turn++ % LEN(ring)];

	if (!a) { /* to free them */
		buf_fini(&ring[0]);
		buf_fini(&ring[1]);
		return NULL;
	}
	buf_clear(b);
	exact_save(a, b);
	return buf_cstr(b);
}

static bool
loads(const char *s)
{
	struct exact a;

	exact_init(&a);
	exact_add(&a, 3); /* it shall not matter what was there */
	if (exact_load(&a, bytes_str(s)))
		return strcmp(text_of(&a), s) == 0;
	if (strcmp(text_of(&a), "0 0 0 0") != 0)
		test_fail(__FILE__, __LINE__, "refused, but not emptied");
	return false;
}

#define IS(x, want)                                                            \
	(is_same(x, want)                                                      \
		? true                                                         \
		: test_fail(__FILE__, __LINE__, "%s: is %a, expected %a", #x,  \
		      (double)(x), (double)(want)))
static bool
is_same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Tests -------------------------------------------------------------------*/

static void
known_sums(void)
{
	static const struct {
		double v[6];
		size_t n;
		double sum, mean, variance;
	} t[] = {
	    {{1e16, 1, -1e16, 1}, 4, 2, 0.5, 2e32 / 3}, {{7}, 1, 7, 7, 0},
	    {{0}, 1, 0, 0, 0}, {{-0.0}, 1, 0, 0, 0},
	    {{-0.0, -0.0, 0}, 3, 0, 0, 0}, {{1, 2, 3, 4}, 4, 10, 2.5, 5.0 / 3},
	    {{-1, 1}, 2, 0, 0, 2},
	    {{0.1, 0.2, 0.3}, 3, 0.6, 0.2, 0x1.47ae147ae147ap-7},
	    {{1e308, 1e308, -1e308, -1e308}, 4, 0, 0, INFINITY},
	    {{DBL_MAX, DBL_MAX}, 2, INFINITY, DBL_MAX, 0},
	    {{-DBL_MAX, -DBL_MAX, -DBL_MAX}, 3, -INFINITY, -DBL_MAX, 0},
	    {{DBL_MAX, 0x1p970}, 2, INFINITY, 0x1p1023, INFINITY},
	    {{DBL_MAX, 0x1p969}, 2, DBL_MAX, DBL_MAX / 2, INFINITY},
	    {{DBL_MAX, 0x1p970, -TINY}, 3, DBL_MAX, DBL_MAX / 3, INFINITY},
	    {{TINY}, 1, TINY, TINY, 0},
	    {{TINY, TINY, TINY}, 3, 3 * TINY, TINY, 0},
	    {{TINY, 0}, 2, TINY, 0, 0},                /* tie: to even 0 */
	    {{-TINY, 0}, 2, -TINY, 0, 0},              /* and no -0 */
	    {{3 * TINY, 0}, 2, 3 * TINY, 2 * TINY, 0}, /* tie: to even 2 */
	    {{TINY, 0, 0}, 3, TINY, 0, 0},
	    {{TINY, TINY, 0}, 3, 2 * TINY, TINY, 0},
	    {{1, TINY, -1}, 3, TINY, 0, 1},
	    {{DBL_MAX, TINY, -DBL_MAX}, 3, TINY, 0, INFINITY},
	    {{1, 0x1p-53}, 2, 1, 0.5, 0.5 - 0x1p-53},
	    {{1, 0x1p-53, TINY}, 3, 1 + 0x1p-52, 0x1.5555555555556p-2, 1.0 / 3},
	    {{1, 0x1p-53, -TINY}, 3, 1, 0x1.5555555555556p-2, 1.0 / 3},
	    {{1 + 0x1p-52, 0x1p-53}, 2, 1 + 0x1p-51, 0.5 + 0x1p-52,
		0.5 + 0x1p-53},
	    {{1, 1 + 0x1p-52}, 2, 2, 1, 0x1p-105},
	    {{1 + 0x1p-52, 1 + 0x1p-51}, 2, 2 + 0x1p-50, 1 + 0x1p-51, 0x1p-105},
	    {{0x1p-537, -0x1p-537}, 2, 0, 0, 2 * TINY},
	    {{0x1p-538, -0x1p-538}, 2, 0, 0, 0},        /* TINY / 2 */
	    {{0x1.8p-538, -0x1.8p-538}, 2, 0, 0, TINY}, /* 9/8 TINY */
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		struct exact a = sum_of(t[k].v, t[k].n);

		test_about("row %zu", k);
		EQ_U(exact_count(&a), t[k].n);
		IS(exact_sum(&a), t[k].sum);
		IS(exact_mean(&a), t[k].mean);
		IS(exact_variance(&a), t[k].variance);
		exact_fini(&a);
		EQ_U(exact_count(&a), 0);
	}
}

static void
known_skewness(void)
{
	static const double a[] = {0, 0, 1}, b[] = {1, 2, 3}, c[] = {5, 5, 5},
			    d[] = {0, 0, 0, 0, 1}, e[] = {DBL_MAX, 0, 0, 0, 0},
			    f[] = {0, -TINY, 0, 0, 0},
			    g[] = {DBL_MAX, -DBL_MAX, 1},
			    h[] = {1e308, 1e308, 1e-308}, i[] = {1, 2},
			    j[] = {DBL_MAX, -DBL_MAX, TINY};
	static const struct {
		const double *v;
		size_t n;
		double want;
	} t[] = {
	    {NULL, 0, 0}, {a, 1, 0},
	    {a, 3, 0x1.6a09e667f3bcdp-1}, /* sqrt(1/2) */
	    {b, 3, 0}, {c, 3, 0}, {d, 5, 1.5}, {e, 5, 1.5}, {f, 5, -1.5},
	    {g, 3, -0x0.4e6238502484cp-1022}, {h, 3, -0x1.6a09e667f3bcdp-1},
	    {i, 2, 0}, {j, 3, 0}, /* below half of the smallest */
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		struct exact x = sum_of(t[k].v, t[k].n);

		test_about("row %zu", k);
		IS(exact_skewness(&x), t[k].want);
		if (t[k].n < 2)
			IS(exact_variance(&x), 0);
	}
}

/*
 * Random values, some of them many times over, in a and, as the reference has
 * them, n, S1, S2 and S3.
 */
static void
some_weighted(struct exact *a, struct big sum[4])
{
	double v[12];
	size_t n = some_values(v, LEN(v)), i, k;
	bool weighted = one_in(3);

	*a = EXACT_ZERO;
	for (k = 0; k < 4; k++)
		sum[k] = big_of(0);
	for (i = 0; i < n; i++) {
		uint64_t w = weighted ? rnd() >> (4 + below(60)) : 1;
		struct big x = big_of(w);

		if (w == 1)
			exact_add(a, v[i]);
		else
			exact_add_n(a, v[i], w);
		for (k = 0; k < 4; k++) {
			sum[k] = big_add(sum[k], x);
			x = big_mul(x, big_of_double(v[i]));
		}
	}
}

static void
sums_means_and_variances_are_the_nearest_doubles(void)
{
	struct big s[4], a2, less_one;
	struct exact a;
	int round;

	for (round = 0; round < 6000; round++) {
		some_weighted(&a, s);
		test_about("round %d: %s", round, text_of(&a));
		CHECK(is_nearest(exact_sum(&a), s[1], big_of(1), 0));
		if (a.n)
			CHECK(is_nearest(exact_mean(&a), s[1], s[0], 0));
		if (a.n < 2) {
			IS(exact_variance(&a), 0);
			continue;
		}
		a2 = big_mul(s[2], s[0]);
		a2 = big_add(a2, big_neg(big_mul(s[1], s[1])));
		less_one = big_add(s[0], big_neg(big_of(1)));
		CHECK(is_nearest(
		    exact_variance(&a), a2, big_mul(s[0], less_one), 1074));
	}
}

static void
skewness_is_within_nine_sixteenths_of_an_ulp(void)
{
	struct big s[4], x, a2, a3;
	struct exact a;
	int round;

	for (round = 0; round < 2000; round++) {
		some_weighted(&a, s);
		a2 = big_mul(s[2], s[0]);
		a2 = big_add(a2, big_neg(big_mul(s[1], s[1])));
		/* n^2 S3 - 3 n S1 S2 + 2 S1^3, in the order of the text book */
		a3 = big_mul(big_mul(s[0], s[0]), s[3]);
		x = big_mul(big_mul(s[0], s[1]), s[2]);
		a3 = big_add(a3, big_neg(big_mul(big_of(3), x)));
		x = big_mul(big_mul(s[1], s[1]), s[1]);
		a3 = big_add(a3, big_shl(x, 1));
		test_about("round %d: %s", round, text_of(&a));
		CHECK(is_skewness(exact_skewness(&a), a2, a3));
		CHECK(loads(text_of(&a)));
	}
}

/* What the reference has in common with the module is the formula; here the
 * moments are taken about the mean, of values that are kind to that. */
static void
skewness_is_that_of_the_central_moments(void)
{
	int round;

	for (round = 0; round < 2000; round++) {
		double v[200];
		size_t n = 3 + below(LEN(v) - 3), i;
		struct exact a = EXACT_ZERO;
		long double mean = 0, m2 = 0, m3 = 0, d, g;

		for (i = 0; i < n; i++) {
			v[i] = (double)(rnd() >> 11) * 0x1p-53;
			v[i] *= v[i] * v[i] * 100;
			exact_add(&a, v[i]);
			mean += v[i];
		}
		mean /= n;
		for (i = 0; i < n; i++) {
			d = v[i] - mean;
			m2 += d * d;
			m3 += d * d * d;
		}
		m2 /= n;
		m3 /= n;
		d = exact_variance(&a);
		CHECK(fabsl(d - m2 * n / (n - 1)) <= 1e-12L * d);
		g = exact_skewness(&a);
		CHECK(fabsl(g * g * m2 * m2 * m2 - m3 * m3) <=
		    1e-12L * (m3 * m3 + m2 * m2 * m2));
		CHECK((g < 0) == (m3 < 0));
	}
}

static void
every_order_and_grouping_gives_the_same_bytes(void)
{
	int round;

	for (round = 0; round < 1500; round++) {
		double v[ROOM], x;
		size_t n = some_values(v, LEN(v)), i, j, parts;
		struct exact whole = sum_of(v, n), part[10], again;

		parts = 1 + below(LEN(part));
		for (i = 0; i < parts; i++)
			exact_init(&part[i]);
		for (i = 0; i < n; i++) { /* another order */
			j = i + below(n - i);
			x = v[j];
			v[j] = v[i];
			v[i] = x;
			exact_add(&part[below(parts)], x);
		}
		while (parts > 1) {
			i = below(parts);
			j = below(parts - 1);
			j += j >= i;
			if (one_in(3)) { /* by way of its text */
				const char *s = text_of(&part[j]);

				CHECK(exact_load(&again, bytes_str(s)));
				part[j] = again;
			}
			CHECK(exact_merge(&part[i], &part[j]));
			part[j] = part[--parts];
		}
		test_about("round %d", round);
		if (!EQ_S(text_of(&part[0]), text_of(&whole)))
			return;
		IS(exact_sum(&part[0]), exact_sum(&whole));
		IS(exact_mean(&part[0]), exact_mean(&whole));
		IS(exact_variance(&part[0]), exact_variance(&whole));
		IS(exact_skewness(&part[0]), exact_skewness(&whole));
		CHECK(loads(text_of(&whole)));
	}
}

static void
adding_n_times_is_adding_n_times(void)
{
	int round;

	for (round = 0; round < 3000; round++) {
		struct exact a = EXACT_ZERO, b = EXACT_ZERO, c = EXACT_ZERO;
		double x = some((unsigned)below(SORTS));
		uint64_t n = below(20), many = rnd(), i;

		for (i = 0; i < n; i++)
			exact_add(&a, x);
		exact_add_n(&b, x, n);
		EQ_S(text_of(&b), text_of(&a));
		/* large numbers, in two steps or by doubling */
		i = many ? rnd() % many : 0;
		exact_init(&a);
		exact_add_n(&a, x, i);
		exact_add_n(&a, x, many - i);
		exact_init(&b);
		exact_add_n(&b, x, many);
		EQ_S(text_of(&a), text_of(&b));
		for (i = UINT64_C(1) << 63; i; i >>= 1) {
			if (c.n)
				CHECK(exact_merge(&c, &c));
			if (many & i)
				exact_add(&c, x);
		}
		EQ_S(text_of(&c), text_of(&b));
		IS(exact_mean(&c), x == 0 ? 0 : x);
		IS(exact_variance(&c), 0);
		IS(exact_skewness(&c), 0);
		CHECK(loads(text_of(&c)));
	}
}

static void
the_largest_sums_fit(void)
{
	struct exact a = EXACT_ZERO, b = EXACT_ZERO;
	struct big n = big_of(UINT64_MAX), m = big_of_double(DBL_MAX), s1, s2;
	struct big sum;
	uint64_t half = UINT64_MAX / 2;

	exact_add_n(&a, DBL_MAX, UINT64_MAX);
	IS(exact_sum(&a), INFINITY);
	IS(exact_mean(&a), DBL_MAX);
	IS(exact_variance(&a), 0);
	IS(exact_skewness(&a), 0);
	CHECK(strlen(text_of(&a)) <= EXACT_TEXT_MAX);
	CHECK(loads(text_of(&a)));

	exact_add_n(&b, -DBL_MAX, half);
	exact_add_n(&b, DBL_MAX, half);
	IS(exact_mean(&b), 0);
	IS(exact_variance(&b), INFINITY);
	IS(exact_skewness(&b), 0);
	CHECK(loads(text_of(&b)));
	exact_add(&b, TINY);
	EQ_U(exact_count(&b), UINT64_MAX);
	IS(exact_sum(&b), TINY);
	IS(exact_mean(&b), 0);
	CHECK(strlen(text_of(&b)) <= EXACT_TEXT_MAX);
	CHECK(loads(text_of(&b)));

	/* one unlike the others: g1 is as large as it can be */
	exact_init(&b);
	exact_add_n(&b, -DBL_MAX, UINT64_MAX - 1);
	exact_add(&b, DBL_MAX);
	IS(exact_sum(&b), -INFINITY);
	IS(exact_mean(&b), -DBL_MAX);
	IS(exact_skewness(&b), 0x1p32);
	CHECK(loads(text_of(&b)));
	exact_init(&b);
	exact_add_n(&b, 1, UINT64_MAX - 1);
	exact_add(&b, 0);
	sum = big_of(UINT64_MAX - 1);
	s1 = big_shl(sum, 1074);
	s2 = big_shl(sum, 2148);
	CHECK(is_nearest(exact_mean(&b), s1, n, 0));
	s2 = big_add(big_mul(s2, n), big_neg(big_mul(s1, s1)));
	CHECK(is_nearest(exact_variance(&b), s2, big_mul(n, sum), 1074));
	CHECK(loads(text_of(&b)));

	/* mantissas of all ones, in one bin */
	exact_init(&b);
	exact_add_n(&b, DBL_MAX, half);
	exact_add_n(&b, DBL_MAX, UINT64_MAX - half);
	EQ_S(text_of(&b), text_of(&a));
	CHECK(is_nearest(exact_sum(&b), big_mul(m, n), big_of(1), 0));
}

/*
 * Squares of the mantissas p = 2^52 and q = 2^52 + 1: k q^2 with k = 2^51 - 1
 * is k 2^104 + 2^104 - r, r = 2^53 - 2^51 + 1.  So with 2^24 - 2 squares in
 * all, modulo 2^24, their sum ends in a limb of 2^64 - 1 - 2^40 and one of
 * 2^64 - r.  One q^2 more carries out of the lower limb, makes the upper one
 * 2^64 - 1, and the carry has to go on.
 */
static void
a_carry_runs_through_a_limb_of_ones(void)
{
	double p = 1, q = 1 + 0x1p-52;
	uint64_t k = (UINT64_C(1) << 51) - 1;
	uint64_t others = (UINT64_C(1) << 52) - 2 - k;
	struct exact a = EXACT_ZERO, b = EXACT_ZERO, c = EXACT_ZERO;

	exact_add_n(&a, q, k);
	exact_add_n(&a, p, others);
	exact_add(&a, q);
	exact_add_n(&b, p, others);
	exact_add_n(&c, q, k + 1);
	CHECK(exact_merge(&b, &c));
	EQ_S(text_of(&a), text_of(&b));
}

static void
no_more_values_than_can_be_counted(void)
{
	struct exact a = EXACT_ZERO, b = EXACT_ZERO;
	struct buf before = BUF_ZERO;

	exact_add_n(&a, 2, UINT64_MAX - 1);
	exact_add(&b, 3);
	exact_add(&b, 4);
	exact_save(&a, &before);
	CHECK(!exact_merge(&a, &b));
	CHECK(!exact_merge(&a, &a));
	EQ_S(text_of(&a), buf_cstr(&before));
	exact_add_n(&a, 2, 0);
	exact_add(&a, 2);
	EQ_U(exact_count(&a), UINT64_MAX);
	b = EXACT_ZERO;
	CHECK(exact_merge(&a, &b));
	CHECK(exact_merge(&b, &a));
	EQ_S(text_of(&a), text_of(&b));
	buf_fini(&before);
}

static void
reading_changes_nothing(void)
{
	double v[ROOM];
	size_t n = some_values(v, LEN(v)), i;
	struct exact a = EXACT_ZERO, b = EXACT_ZERO, copy;

	for (i = 0; i < n; i++) {
		exact_add(&a, v[i]);
		exact_add(&b, v[i]);
		copy = a;
		exact_mean(&a);
		exact_skewness(&a);
		text_of(&a);
		CHECK(memcmp(&a, &copy, sizeof(a)) == 0);
	}
	EQ_S(text_of(&a), text_of(&b));
}

static void
the_middle_of_two(void)
{
	int round;

	IS(exact_mid(1, 2), 1.5);
	IS(exact_mid(0.0, -0.0), 0);
	IS(exact_mid(-0.0, -0.0), 0);
	IS(exact_mid(1, -1), 0);
	IS(exact_mid(TINY, 0), 0);
	IS(exact_mid(-TINY, 0), 0);
	IS(exact_mid(TINY, 2 * TINY), 2 * TINY);
	IS(exact_mid(DBL_MAX, DBL_MAX), DBL_MAX);
	IS(exact_mid(-DBL_MAX, -DBL_MAX), -DBL_MAX);
	IS(exact_mid(DBL_MAX, -DBL_MAX), 0);
	IS(exact_mid(DBL_MAX, 0x1p970), 0x1p1023);
	IS(exact_mid(DBL_MAX, TINY), DBL_MAX / 2);
	IS(exact_mid(0x1p-1022, 0x1p-1022 - TINY), 0x1p-1022);
	for (round = 0; round < 20000; round++) {
		unsigned sort = (unsigned)below(SORTS);
		double a = some(sort), b, r;
		struct exact both = EXACT_ZERO;

		b = one_in(3) ? next_up(a, 1 + (int)below(3)) : some(sort);
		if (!isfinite(b))
			continue;
		r = exact_mid(a, b);
		test_about("%a and %a", a, b);
		CHECK(is_nearest(r, big_add(big_of_double(a), big_of_double(b)),
		    big_of(2), 0));
		exact_add(&both, a);
		exact_add(&both, b);
		IS(r, exact_mean(&both));
	}
}

static void
texts(void)
{
	static const struct {
		double v[3];
		size_t n;
		const char *text;
	} t[] = {
	    {{0}, 0, "0 0 0 0"},
	    {{0}, 1, "1 0 0 0"},
	    {{0, -0.0, 0}, 3, "3 0 0 0"},
	    {{-1.5, 4}, 2, "2 5p-1 49p-2 1e5p-3"},
	    {{1}, 1, "1 1p0 1p0 1p0"},
	    {{-16}, 1, "1 -1p4 1p8 -1p12"},
	    {{1, -1}, 2, "2 0 1p1 0"},
	    {{TINY}, 1, "1 1p-1074 1p-2148 1p-3222"},
	    {{DBL_MAX}, 1,
		"1 1fffffffffffffp971 3ffffffffffffc0000000000001p1942 "
		"7ffffffffffff40000000000005fffffffffffffp2913"},
	    {{10, 10, 10}, 3, "3 fp1 4bp2 177p3"},
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		struct exact a = sum_of(t[k].v, t[k].n);

		EQ_S(text_of(&a), t[k].text);
		CHECK(loads(t[k].text));
	}
}

static void
texts_that_are_refused(void)
{
	static const char *const t[] = {"", " ", "0", "0 0 0", "0 0 0 0 ",
	    " 0 0 0 0", "0  0 0 0", "0 0 0 0 0", "0 0 0 0\n", "0\t0 0 0",
	    "00 0 0 0", "+0 0 0 0", "-0 0 0 0", "-1 0 0 0", "0x1 0 0 0",
	    "1e0 0 0 0", "18446744073709551616 0 0 0", "1 -0 0 0", "1 00 0 0",
	    "1 0p0 0 0", "1 p0 0 0", "1 -p0 0 0", "1 - 0 0", "1 p 0 0",
	    "1 1 1 1",
	    /* not as we spell one */
	    "1 1p 1p0 1p0", "1 01p0 1p0 1p0", "1 1p00 1p0 1p0",
	    "1 1p+0 1p0 1p0", "1 1p-0 1p0 1p0", "1 +1p0 1p0 1p0",
	    "1 1P0 1p0 1p0", "1 2p-1 1p0 1p0", "1 1p0 1p0 1p0 ",
	    "1 1p0 1p0 --1p0", "1 1pp0 1p0 1p0", "1 1p0p0 1p0 1p0",
	    "3 Fp1 4bp2 177p3", "3 fp1 4Bp2 177p3", "1 gp0 1p0 1p0",
	    "1 1p0  1p0", "1 1p0.0 1p0 1p0", "1 0x1p0 1p0 1p0",
	    /* not within the numbers */
	    "1 1p-1075 1p0 1p0", "1 1p1024 1p2048 1p3072", "1 1p2175 1p0 1p0",
	    "1 1p2176 1p0 1p0", "1 1p-99999999999999999999 1p0 1p0",
	    "1 1p9223372036854775807 1p0 1p0",
	    "1 1p-9223372036854775808 1p0 1p0",
	    "1 fffffffffffffffffffp2171 1p0 1p0", "1 1p0 1p-2149 1p0",
	    "1 1p0 1p0 1p-3223", "2 1p1025 1p2049 1p3073",
	    "18446744073709551615 1p1088 1p2112 1p3136", "2 0 1p2049 0",
	    "2 0 1p1 1p3073", "2 0 0 1p3177",
	    /* not of values */
	    "0 1p0 1p0 1p0", "0 0 1p0 0", "1 0 1p0 0", "1 1p0 0 0",
	    "1 1p0 -1p0 1p0", "2 0 -1p1 0", "2 0 0 1p0", "2 3p0 1p0 1p0",
	    "1 1p0 1p0 -1p0", "1 -1p0 1p0 1p0", "1 1p0 1p1 1p0",
	    "1 1p0 1p0 1p1", "2 0 1p1 1p0", "2 0 1p1 -1p-9",
	    ("1 20000000000001p0 400000000000040000000000001p0 "
	     "8000000000000c00000000000060000000000001p0"), /* 2^53 + 1 */
	    "4 0 1p2 1p30"};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		test_about("%s", err_quote(bytes_str(t[k])));
		CHECK(!loads(t[k]));
	}
	test.context[0] = '\0';
	CHECK(!exact_load(&(struct exact){.n = 1}, bytes_of(NULL, 0)));
	CHECK(!exact_load(&(struct exact){.n = 1}, bytes_of("0 0 0 0\0", 8)));
	CHECK(!exact_load(&(struct exact){.n = 1}, bytes_of("0 0\0 0", 6)));
}

/* What is read from a text can be worked with and is written as it was. */
static bool
is_itself(struct bytes s, bool *taken)
{
	struct exact a;

	*taken = exact_load(&a, s);
	if (!*taken)
		return strcmp(text_of(&a), "0 0 0 0") == 0;
	return bytes_eq(bytes_str(text_of(&a)), s) && !isnan(exact_sum(&a)) &&
	    (a.n == 0 || isfinite(exact_mean(&a))) && exact_variance(&a) >= 0 &&
	    isfinite(exact_skewness(&a));
}

/* A change makes other sums or is refused. */
static void
a_changed_byte_is_seen(void)
{
	struct guarded g = guarded_new(EXACT_TEXT_MAX);
	int round, ntaken = 0, nrefused = 0;

	for (round = 0; round < 40; round++) {
		double v[20];
		size_t n = some_values(v, LEN(v)), i, tries;
		struct exact a = sum_of(v, n);
		struct buf whole = BUF_ZERO;
		bool is_short, taken;
		char *s;

		exact_save(&a, &whole);
		s = guarded_back(&g, whole.n);
		memcpy(s, whole.p, whole.n);
		for (i = 0; i < whole.n; i += 1 + whole.n / 100)
			CHECK(is_itself(bytes_of(s, i), &taken)); /* cut off */
		is_short = whole.n < 60;
		tries = is_short ? whole.n * 256 : 1000;
		while (tries--) {
			i = is_short ? tries / 256 : below(whole.n);
			s[i] = (char)(is_short || one_in(4)
				? tries
				: (uint64_t) "0123456789abcdefp- "[below(19)]);
			CHECK(is_itself(bytes_of(s, whole.n), &taken));
			CHECK(taken || s[i] != whole.p[i]);
			ntaken += taken && s[i] != whole.p[i];
			nrefused += !taken;
			s[i] = whole.p[i];
		}
		buf_fini(&whole);
	}
	guarded_free(&g);
	CHECK(ntaken > 0 && nrefused > ntaken);
}

int
main(void)
{
	RUN(known_sums);
	RUN(known_skewness);
	RUN(sums_means_and_variances_are_the_nearest_doubles);
	RUN(skewness_is_within_nine_sixteenths_of_an_ulp);
	RUN(skewness_is_that_of_the_central_moments);
	RUN(every_order_and_grouping_gives_the_same_bytes);
	RUN(adding_n_times_is_adding_n_times);
	RUN(the_largest_sums_fit);
	RUN(a_carry_runs_through_a_limb_of_ones);
	RUN(no_more_values_than_can_be_counted);
	RUN(reading_changes_nothing);
	RUN(the_middle_of_two);
	RUN(texts);
	RUN(texts_that_are_refused);
	RUN(a_changed_byte_is_seen);
	text_of(NULL);
	return test_end();
}
