#include "base/number.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number digit[0] . digit[1..n) * 10^exp, without trailing zeros. */
struct decimal {
	char digit[24];
	int n, exp;
};

/* The n digits closest to d, which is >= 0. */
static void
closest(struct decimal *s, double d, int n)
{
	char tmp[40];

	/* D.DDDe+XX, or De+XX */
	snprintf(tmp, sizeof(tmp), "%.*e", n - 1, d);
	s->digit[0] = tmp[0];
	memcpy(s->digit + 1, tmp + 2, (size_t)n - 1);
	s->n = n;
	s->exp = (int)strtol(tmp + (n > 1 ? n + 2 : 2), NULL, 10);
}

/* The next decimal of as many digits. */
static void
step_up(struct decimal *s)
{
	int i = s->n;

	while (i > 0 && s->digit[i - 1] == '9')
		s->digit[--i] = '0';
	if (i > 0) {
		s->digit[i - 1]++;
	} else {
		s->digit[0] = '1';
		s->exp++;
	}
}

static bool
reads_back(const struct decimal *s, double d)
{
	char tmp[48];

	snprintf(
	    tmp, sizeof(tmp), "%.*se%d", s->n, s->digit, s->exp - s->n + 1);
	return strtod(tmp, NULL) == d;
}

/*
 * The shortest decimal that reads back as d >= 0, and the closest of those.
 *
 * A normal number that some decimal of up to DBL_DIG = 15 digits reads back
 * as, rounds to that decimal at 15 digits; so one try there stands for the
 * first fifteen.  Subnormal numbers hold fewer digits and are searched.
 *
 * Any number reads back from the closest 17 digits.  With 16, where the
 * closest does not read back, another one may: below a power of two the
 * doubles lie twice as dense as above, so the closest decimal may be too far
 * away below while the next one above is not.  2^-44 is such a number.
 */
static void
search_shortest(struct decimal *s, double d)
{
	int n = d < DBL_MIN && d > 0 ? 1 : DBL_DIG;
	int unused;

	for (; n < DBL_DECIMAL_DIG; n++) {
		closest(s, d, n);
		if (reads_back(s, d))
			break;
		if (n > DBL_DIG && frexp(d, &unused) == 0.5) {
			step_up(s);
			if (reads_back(s, d))
				break;
		}
	}
	if (n == DBL_DECIMAL_DIG)
		closest(s, d, n);
	while (s->n > 1 && s->digit[s->n - 1] == '0')
		s->n--;
}

/*
 * Nearly all numbers in tables are short decimals m / 10^k, and that division
 * is exact to the last bit where m and 10^k are doubles: so the first k for
 * which it gives d has the shortest decimal, and of at most 15 digits there is
 * but one that reads back as d.
 */
static bool
short_decimal(struct decimal *s, double d)
{
	static const double power[] = {
	    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
	char text[24];
	uint64_t m = 0;
	size_t k;
	int n;

	if (!(d >= 1e-4 && d < 1e15))
		return false;
	for (k = 0; k < LEN(power); k++) {
		double x = d * power[k];

		if (x >= 1e15)
			return false;
		m = (uint64_t)(x + 0.5);
		if ((double)m / power[k] == d)
			break;
	}
	if (k == LEN(power))
		return false;
	for (n = 0; m > 0; m /= 10)
		text[n++] = (char)('0' + m % 10);
	s->n = n;
	s->exp = n - 1 - (int)k;
	for (k = 0; n > 0; k++)
		s->digit[k] = text[--n];
	while (s->n > 1 && s->digit[s->n - 1] == '0')
		s->n--;
	return true;
}

static void
shortest(struct decimal *s, double d)
{
	if (!short_decimal(s, d))
		search_shortest(s, d);
}

size_t
number_format(double d, bool point, char out[NUMBER_MAX])
{
	struct decimal s = {.n = 0};
	double whole;
	char *o = out;
	int i;

	assert(isfinite(d));
	if (!point && modf(d, &whole) == 0)
		/* 0 for -0.0 */
		return (size_t)snprintf(out, NUMBER_MAX, "%.0f", d + 0.0);
	if (signbit(d))
		*o++ = '-';
	shortest(&s, fabs(d));
	if (s.exp < -4 || s.exp >= 16) {
		*o++ = s.digit[0];
		if (s.n > 1)
			*o++ = '.';
		o = mempcpy(o, s.digit + 1, (size_t)s.n - 1);
		o += snprintf(
		    o, 8, "e%c%02d", s.exp < 0 ? '-' : '+', abs(s.exp));
		return (size_t)(o - out);
	}
	if (s.exp < 0) {
		*o++ = '0';
		*o++ = '.';
		for (i = -1; i > s.exp; i--)
			*o++ = '0';
		o = mempcpy(o, s.digit, (size_t)s.n);
	} else {
		for (i = 0; i <= s.exp; i++)
			*o++ = i < s.n ? s.digit[i] : '0';
		*o++ = '.';
		if (i < s.n)
			o = mempcpy(o, s.digit + i, (size_t)(s.n - i));
		else
			*o++ = '0';
	}
	*o = '\0';
	return (size_t)(o - out);
}

bool
number_exact(struct bytes s, double *d)
{
	char digits[NUMBER_MAX], back[NUMBER_MAX];

	if (s.n >= sizeof(digits))
		return false;
	memcpy(digits, s.p, s.n);
	digits[s.n] = '\0';
	*d = strtod(digits, NULL);
	if (!isfinite(*d))
		return false;
	snprintf(back, sizeof(back), "%.0f", *d);
	return strcmp(digits, back) == 0;
}
