#include "base/shortnum.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double number_power[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
parse_u64(struct bytes s, uint64_t *v)
{
	uint64_t x = 0;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)(unsigned char)s.p[i] - '0';

		if (d > 9 || x > UINT64_MAX / 10 ||
		    (x == UINT64_MAX / 10 && d > UINT64_MAX % 10))
			return false;
		x = x * 10 + d;
	}
	*v = x;
	return true;
}

bool
parse_i64(struct bytes s, int64_t *v)
{
	bool neg = s.n > 0 && s.p[0] == '-';
	uint64_t x;

	if (neg)
		s = bytes_of(s.p + 1, s.n - 1);
	if (!parse_u64(s, &x) || x > (uint64_t)INT64_MAX + neg)
		return false;
	*v = neg ? (int64_t)(0 - x) : (int64_t)x;
	return true;
}

bool
parse_double(struct bytes s, double *v)
{
	struct number n;

	switch (number_scan(s, &n)) {
	case CLASS_INT:
	case CLASS_FLOAT:
	case CLASS_ODD: *v = n.d; return true;
	case CLASS_INF:
	case CLASS_TEXT: break;
	}
	return false;
}

bool
parse_size(struct bytes s, uint64_t *v)
{
	unsigned shift = 0;

	if (s.n > 1) {
		switch (s.p[s.n - 1]) {
		case 'k':
		case 'K': shift = 10; break;
		case 'm':
		case 'M': shift = 20; break;
		case 'g':
		case 'G': shift = 30; break;
		case 't':
		case 'T': shift = 40; break;
		}
		s.n -= shift != 0;
	}
	if (!parse_u64(s, v) || *v > UINT64_MAX >> shift)
		return false;
	*v <<= shift;
	return true;
}

bool
parse_hex64(struct bytes s, uint64_t *v)
{
	uint64_t x = 0;
	size_t i;

	if (s.n != 16)
		return false;
	for (i = 0; i < 16; i++) {
		char c = s.p[i];

		if (is_digit(c))
			x = x << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			x = x << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*v = x;
	return true;
}

/* strcasecmp on ASCII against a lower-case word */
static bool
is_word(const char *p, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] | 0x20) != word[i])
			return false;
	return word[n] == '\0';
}

enum cell_class
class_number(struct bytes s)
{
	const char *p = s.p, *e = s.p + s.n, *first;
	bool odd, point = false;
	size_t nint, nfrac = 0;

	if (p == e)
		return CLASS_TEXT;
	odd = *p == '+';
	p += *p == '+' || *p == '-';
	first = p;
	while (p < e && is_digit(*p))
		p++;
	nint = (size_t)(p - first);
	if (p == e && nint > 0)
		return odd || (nint > 1 && *first == '0') ? CLASS_ODD
							  : CLASS_INT;
	if (p < e && *p == '.') {
		point = true;
		first = ++p;
		while (p < e && is_digit(*p))
			p++;
		nfrac = (size_t)(p - first);
		first -= nint + 1;
	}
	if (nint + nfrac == 0) {
		size_t n = (size_t)(e - first);

		if (!point &&
		    ((n == 3 && is_word(first, 3, "inf")) ||
			(n == 8 && is_word(first, 8, "infinity"))))
			return CLASS_INF;
		return CLASS_TEXT;
	}
	if (p < e && (*p | 0x20) == 'e') {
		p++;
		p += p < e && (*p == '+' || *p == '-');
		if (p == e)
			return CLASS_TEXT;
		while (p < e && is_digit(*p))
			p++;
	}
	if (p != e)
		return CLASS_TEXT;
	return odd || (nint > 1 && *first == '0') ? CLASS_ODD : CLASS_FLOAT;
}

int
int_cmp(struct bytes a, struct bytes b)
{
	struct bytes x = a, y = b;
	bool xneg = x.n > 1 && x.p[0] == '-' && x.p[1] != '0';
	bool yneg = y.n > 1 && y.p[0] == '-' && y.p[1] != '0';
	int c;

	if (xneg != yneg)
		return xneg ? -1 : 1;
	if (x.n && x.p[0] == '-')
		x = bytes_of(x.p + 1, x.n - 1);
	if (y.n && y.p[0] == '-')
		y = bytes_of(y.p + 1, y.n - 1);
	/* no leading zeros: the longer one is the larger one */
	c = x.n != y.n ? (x.n > y.n) - (x.n < y.n) : bytes_cmp(x, y);
	if (c)
		return xneg ? -c : c;
	return bytes_cmp(a, b);
}

/* strtod() of bytes that are a number. */
static double
decimal_slow(struct bytes s)
{
	char tmp[64], *big = NULL;
	double d;

	if (s.n >= sizeof(tmp)) {
		big = xstrndup(s.p, s.n);
	} else {
		memcpy(tmp, s.p, s.n);
		tmp[s.n] = '\0';
	}
	/* the programs never call setlocale(), so this is the C locale */
	d = strtod(big ? big : tmp, NULL);
	free(big);
	return d;
}

/*
 * A decimal of at most 19 characters whose digits make a whole number m < 2^53
 * and whose exponent is within +-22: m and 10^|e| are doubles, and one
 * rounding of their product or quotient is the nearest double (W. D.
 * Clinger, "How to read floating point numbers accurately", 1990).
 */
static bool
decimal_fast(struct bytes s, double *d)
{
	const char *p = s.p, *e = s.p + s.n;
	bool neg = *p == '-', point = false;
	uint64_t m = 0;
	int exp = 0, x = 0;

	if (s.n > 19) /* m stays below 10^19 */
		return false;
	for (p += neg || *p == '+'; p < e; p++) {
		if (is_digit(*p)) {
			m = m * 10 + (uint64_t)(*p - '0');
			exp -= point;
		} else if (*p == '.') {
			point = true;
		} else {
			bool down = p[1] == '-';

			for (p += 1 + (down || p[1] == '+'); p < e; p++) {
				x = x * 10 + (*p - '0');
				if (x > 1000)
					return false;
			}
			exp += down ? -x : x;
			break;
		}
	}
	if (m > UINT64_C(1) << 53 || exp < -22 || exp > 22)
		return false;
	*d = exp < 0 ? (double)m / number_power[-exp]
		     : (double)m * number_power[exp];
	if (neg)
		*d = -*d;
	return true;
}

bool
number_plain(struct bytes s, struct number *n, enum cell_class *class)
{
	const char *p = s.p, *e = s.p + s.n, *first;
	bool neg, odd;
	uint64_t m = 0;
	size_t nint, nfrac = 0;

	if (s.n == 0 || s.n > 18)
		return false;
	if (s.n <= 8 && *p != '+')
		return short_number(short_load(p, s.n), s.n, n, class);
	neg = *p == '-';
	odd = *p == '+';
	first = p += neg || odd;
	for (; p < e && is_digit(*p); p++)
		m = m * 10 + (uint64_t)(*p - '0');
	nint = (size_t)(p - first);
	odd |= nint > 1 && *first == '0';
	n->whole = p == e;
	if (p < e && *p == '.') {
		first = ++p;
		for (; p < e && is_digit(*p); p++)
			m = m * 10 + (uint64_t)(*p - '0');
		nfrac = (size_t)(p - first);
	}
	if (p < e || nint + nfrac == 0 || m > UINT64_C(1) << 53)
		return false;
	*class = odd ? CLASS_ODD : n->whole ? CLASS_INT : CLASS_FLOAT;
	n->whole &= !odd;
	n->i = neg ? -(int64_t)m : (int64_t)m;
	n->d = (double)m / number_power[nfrac];
	if (neg)
		n->d = -n->d;
	return true;
}

enum cell_class
number_scan(struct bytes s, struct number *n)
{
	enum cell_class c;

	if (number_plain(s, n, &c))
		return c;
	c = class_number(s);
	n->whole = false;
	if (c == CLASS_TEXT)
		return c;
	if (c == CLASS_INF) {
		n->d = s.p[0] == '-' ? -INFINITY : INFINITY;
		return c;
	}
	if (c == CLASS_INT)
		n->whole = parse_i64(s, &n->i);
	if (!decimal_fast(s, &n->d))
		n->d = decimal_slow(s);
	return isinf(n->d) ? CLASS_INF : c;
}

size_t
canonical_int(struct bytes s, char out[48])
{
	char digits[48];
	size_t i = 0, n = 0, nlead, o = 0;
	int64_t exp = 0;
	bool neg = false, point = false;

	if (s.p[0] == '+' || s.p[0] == '-')
		neg = s.p[i++] == '-';
	/* digits[0..n) * 10^exp, leading zeros left out, trailing ones kept */
	for (; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.') {
			point = true;
		} else if (is_digit(c)) {
			if (n == 0 && c == '0') {
				exp -= point;
			} else if (n == sizeof(digits)) {
				if (c != '0')
					return 0;
				exp += !point;
			} else {
				digits[n++] = c;
				exp -= point;
			}
		} else {
			break;
		}
	}
	if (i < s.n && (s.p[i] | 0x20) == 'e') {
		int64_t x = 0;
		bool eneg = false;

		i++;
		if (s.p[i] == '+' || s.p[i] == '-')
			eneg = s.p[i++] == '-';
		for (; i < s.n && is_digit(s.p[i]); i++)
			if (x < 100000)
				x = x * 10 + (s.p[i] - '0');
		exp += eneg ? -x : x;
	} else if (i < s.n) {
		return 0;
	}
	if (n == 0) {
		out[0] = '0';
		return 1;
	}
	for (; exp < 0; exp++)
		if (n == 0 || digits[--n] != '0')
			return 0;
	nlead = n + (size_t)exp;
	if (exp > 40 || nlead == 0 || nlead > 40)
		return 0;
	if (neg)
		out[o++] = '-';
	memcpy(out + o, digits, n);
	memset(out + o + n, '0', (size_t)exp);
	return o + nlead;
}
