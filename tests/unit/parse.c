/* parse - strict readers of numbers: tables, and random comparison with the C
 * library. */
#include "base/parse.h"

#include <ctype.h>
#include <math.h>

#include "test.h"

static void
whole_numbers(void)
{
	static const struct {
		const char *s;
		bool u, i;
		uint64_t uv;
		int64_t iv;
	} t[] = {
	    {"0", true, true, 0, 0}, {"7", true, true, 7, 7},
	    {"007", true, true, 7, 7}, {"-7", false, true, 0, -7},
	    {"-0", false, true, 0, 0},
	    {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
	    {"9223372036854775808", true, false, UINT64_C(1) << 63, 0},
	    {"-9223372036854775808", false, true, 0, INT64_MIN},
	    {"-9223372036854775809", false, false, 0, 0},
	    {"18446744073709551615", true, false, UINT64_MAX, 0},
	    {"18446744073709551616", false, false, 0, 0},
	    {"18446744073709551620", false, false, 0, 0},
	    {"99999999999999999999", false, false, 0, 0},
	    {"184467440737095516150", false, false, 0, 0},
	    {"00000000000000000000000000001", true, true, 1, 1},
	    {"", false, false, 0, 0}, {"-", false, false, 0, 0},
	    {"+1", false, false, 0, 0}, {"--1", false, false, 0, 0},
	    {" 1", false, false, 0, 0}, {"1 ", false, false, 0, 0},
	    {"1.0", false, false, 0, 0}, {"1e3", false, false, 0, 0},
	    {"0x10", false, false, 0, 0}, {"1_000", false, false, 0, 0},
	    {"\xd9\xa1", false, false, 0, 0}, /* an Arabic digit */
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		uint64_t u = 0;
		int64_t i = 0;

		test_about("%s", err_quote(bytes_str(t[k].s)));
		EQ_U(parse_u64(bytes_str(t[k].s), &u), t[k].u);
		EQ_U(parse_i64(bytes_str(t[k].s), &i), t[k].i);
		if (t[k].u)
			EQ_U(u, t[k].uv);
		if (t[k].i)
			EQ_I(i, t[k].iv);
	}
	test.context[0] = '\0';
	CHECK(!parse_u64(bytes_of("1\0", 2), &(uint64_t){0}));
	CHECK(!parse_u64(bytes_of(NULL, 0), &(uint64_t){0}));
}

static void
random_whole_numbers_as_strtoull_reads_them(void)
{
	int round;

	for (round = 0; round < 300000; round++) {
		char s[32];
		size_t n = 0, digits = 1 + below(21);
		uint64_t u;
		int64_t i;
		bool neg = one_in(2), u_ok, i_ok;
		unsigned long long wu;
		long long wi;

		if (neg)
			s[n++] = '-';
		while (digits--)
			s[n++] = (char)('0' + below(10));
		s[n] = '\0';
		u_ok = parse_u64(bytes_of(s, n), &u);
		i_ok = parse_i64(bytes_of(s, n), &i);
		errno = 0;
		wu = strtoull(s, NULL, 10);
		test_about("%s", s);
		EQ_U(u_ok, !neg && errno == 0);
		if (u_ok)
			EQ_U(u, wu);
		errno = 0;
		wi = strtoll(s, NULL, 10);
		EQ_U(i_ok, errno == 0);
		if (i_ok)
			EQ_I(i, wi);
	}
}

static void
every_edge_near_a_power_of_ten_or_two(void)
{
	uint64_t v, base;
	int d;

	for (base = 1; base; base = base > UINT64_MAX / 10 ? 0 : base * 10)
		for (d = -20; d <= 20; d++) {
			char s[32];
			uint64_t got = 0;

			v = base + (uint64_t)d;
			snprintf(s, sizeof(s), "%" PRIu64, v);
			CHECK(parse_u64(bytes_str(s), &got));
			EQ_U(got, v);
		}
	for (d = 0; d < 64; d++) {
		char s[32];
		int64_t got = 0, w = (int64_t)(UINT64_C(1) << d);

		snprintf(s, sizeof(s), "%" PRId64, w);
		CHECK(parse_i64(bytes_str(s), &got));
		EQ_I(got, w);
	}
}

static void
sizes(void)
{
	static const struct {
		const char *s;
		bool ok;
		uint64_t v;
	} t[] = {
	    {"0", true, 0},
	    {"1", true, 1},
	    {"1K", true, 1024},
	    {"1k", true, 1024},
	    {"20M", true, UINT64_C(20) << 20},
	    {"20m", true, UINT64_C(20) << 20},
	    {"3G", true, UINT64_C(3) << 30},
	    {"5T", true, UINT64_C(5) << 40},
	    {"16777215T", true, UINT64_C(16777215) << 40},
	    {"16777216T", false, 0},
	    {"17179869184G", false, 0},
	    {"17179869183G", true, UINT64_C(17179869183) << 30},
	    {"18446744073709551615", true, UINT64_MAX},
	    {"", false, 0},
	    {"K", false, 0},
	    {"1KB", false, 0},
	    {"1KiB", false, 0},
	    {"1KK", false, 0},
	    {"1 K", false, 0},
	    {"1.5G", false, 0},
	    {"-1K", false, 0},
	    {"1P", false, 0},
	    {"1B", false, 0},
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		uint64_t v = 0;

		test_about("%s", t[k].s);
		EQ_U(parse_size(bytes_str(t[k].s), &v), t[k].ok);
		if (t[k].ok)
			EQ_U(v, t[k].v);
	}
}

static void
hex_is_sixteen_lower_case_digits(void)
{
	uint64_t v;
	int i;

	for (i = 0; i < 10000; i++) {
		uint64_t want = rnd() >> below(64);
		char s[20];

		snprintf(s, sizeof(s), "%016" PRIx64, want);
		v = ~want;
		CHECK(parse_hex64(bytes_str(s), &v));
		EQ_U(v, want);
	}
	CHECK(!parse_hex64(bytes_str(""), &v));
	CHECK(!parse_hex64(bytes_str("0"), &v));
	CHECK(!parse_hex64(bytes_str("00000000000000000"), &v));
	CHECK(!parse_hex64(bytes_str("000000000000000A"), &v));
	CHECK(!parse_hex64(bytes_str("000000000000000g"), &v));
	CHECK(!parse_hex64(bytes_str("0x00000000000000"), &v));
	CHECK(!parse_hex64(bytes_str(" 00000000000000a"), &v));
}

static void
classes_of_cells(void)
{
	static const struct {
		const char *s;
		enum cell_class c;
	} t[] = {
	    {"0", CLASS_INT},
	    {"-0", CLASS_INT},
	    {"7", CLASS_INT},
	    {"-7", CLASS_INT},
	    {"10", CLASS_INT},
	    {"123456789", CLASS_INT},
	    {"99999999999999999999999999", CLASS_INT},
	    {"00", CLASS_ODD},
	    {"007", CLASS_ODD},
	    {"-01", CLASS_ODD},
	    {"+1", CLASS_ODD},
	    {"+0", CLASS_ODD},
	    {"+1.5", CLASS_ODD},
	    {"01.5", CLASS_ODD},
	    {"-00.5", CLASS_ODD},
	    {"+.5", CLASS_ODD},
	    {"+1e5", CLASS_ODD},
	    {"01e5", CLASS_ODD},
	    {"0.5", CLASS_FLOAT},
	    {".5", CLASS_FLOAT},
	    {"5.", CLASS_FLOAT},
	    {"-.5", CLASS_FLOAT},
	    {"-5.", CLASS_FLOAT},
	    {"0.", CLASS_FLOAT},
	    {"1e5", CLASS_FLOAT},
	    {"1E5", CLASS_FLOAT},
	    {"1e+5", CLASS_FLOAT},
	    {"1e-5", CLASS_FLOAT},
	    {"1e05", CLASS_FLOAT},
	    {"1.e5", CLASS_FLOAT},
	    {".5e5", CLASS_FLOAT},
	    {"0e0", CLASS_FLOAT},
	    {"1e999999", CLASS_FLOAT},
	    {"inf", CLASS_INF},
	    {"Inf", CLASS_INF},
	    {"INF", CLASS_INF},
	    {"-inf", CLASS_INF},
	    {"+inf", CLASS_INF},
	    {"infinity", CLASS_INF},
	    {"-Infinity", CLASS_INF},
	    {"", CLASS_TEXT},
	    {"-", CLASS_TEXT},
	    {"+", CLASS_TEXT},
	    {".", CLASS_TEXT},
	    {"-.", CLASS_TEXT},
	    {"e5", CLASS_TEXT},
	    {".e5", CLASS_TEXT},
	    {"1e", CLASS_TEXT},
	    {"1e+", CLASS_TEXT},
	    {"1e-", CLASS_TEXT},
	    {"1e5.0", CLASS_TEXT},
	    {"1.2.3", CLASS_TEXT},
	    {"--1", CLASS_TEXT},
	    {"+-1", CLASS_TEXT},
	    {" 1", CLASS_TEXT},
	    {"1 ", CLASS_TEXT},
	    {"1,5", CLASS_TEXT},
	    {"0x1p3", CLASS_TEXT},
	    {"0x10", CLASS_TEXT},
	    {"1d5", CLASS_TEXT},
	    {"1_0", CLASS_TEXT},
	    {"nan", CLASS_TEXT},
	    {"in", CLASS_TEXT},
	    {"infi", CLASS_TEXT},
	    {"infinit", CLASS_TEXT},
	    {"infinityy", CLASS_TEXT},
	    {".inf", CLASS_TEXT},
	    {"1inf", CLASS_TEXT},
	    {"--inf", CLASS_TEXT},
	    {"+ inf", CLASS_TEXT},
	    {"abc", CLASS_TEXT},
	    {"1a", CLASS_TEXT},
	    {"1\xc2\xa0", CLASS_TEXT},
	    {"true", CLASS_TEXT},
	};
	size_t k;

	for (k = 0; k < LEN(t); k++) {
		test_about("%s", err_quote(bytes_str(t[k].s)));
		EQ_U(class_number(bytes_str(t[k].s)), t[k].c);
	}
	test.context[0] = '\0';
	EQ_U(class_number(bytes_of("1\0", 2)), CLASS_TEXT);
	EQ_U(class_number(bytes_of(NULL, 0)), CLASS_TEXT);
}

/*
 * The grammar once more, as a check of its parts: sign, digits, point,
 * digits, exponent.
 */
static enum cell_class
naive_class(const char *s)
{
	const char *p = s + strspn(s, "+-");
	size_t sign = (size_t)(p - s), nint = strspn(p, "0123456789");
	size_t nfrac = 0, nexp = 0;
	bool point = p[nint] == '.', exp = false, odd;
	const char *q = p + nint;

	if (sign > 1)
		return CLASS_TEXT;
	if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0)
		return CLASS_INF;
	if (point)
		q += 1 + (nfrac = strspn(q + 1, "0123456789"));
	if (nint + nfrac == 0)
		return CLASS_TEXT;
	if (*q == 'e' || *q == 'E') {
		exp = true;
		q++;
		if (*q == '+' || *q == '-')
			q++;
		nexp = strspn(q, "0123456789");
		q += nexp;
		if (nexp == 0)
			return CLASS_TEXT;
	}
	if (*q)
		return CLASS_TEXT;
	odd = *s == '+' || (nint > 1 && *p == '0');
	return odd ? CLASS_ODD : point || exp ? CLASS_FLOAT : CLASS_INT;
}

static void
every_short_string_of_the_alphabet(void)
{
	static const char abc[] = "019.+-eE i";
	size_t n, k, total;

	for (n = 1, total = 10; n <= 6; n++, total *= 10)
		for (k = 0; k < total; k++) {
			char s[8], t[8];
			size_t i, x = k;
			enum cell_class c;
			double d, w;
			char *end;
			bool ok;

			for (i = 0; i < n; i++, x /= 10)
				s[i] = abc[x % 10];
			s[n] = '\0';
			c = class_number(bytes_of(s, n));
			if (c != naive_class(s)) {
				test_about("%s", s);
				EQ_U(c, naive_class(s));
			}
			ok = parse_double(bytes_of(s, n), &d);
			if (ok != (c != CLASS_TEXT)) {
				/* at most 9e9999: that is infinite */
				memcpy(t, s, n + 1);
				test_about("%s", s);
				CHECK(!ok && isinf(strtod(t, NULL)));
			}
			if (!ok)
				continue;
			w = strtod(s, &end);
			if (*end || memcmp(&w, &d, 8) != 0) {
				test_about("%s", s);
				CHECK(*end == '\0' && memcmp(&w, &d, 8) == 0);
			}
		}
}

static void
random_doubles_as_strtod_reads_them(void)
{
	int round;

	for (round = 0; round < 200000; round++) {
		union {
			uint64_t u;
			double d;
		} v = {.u = rnd()};
		char s[400];
		double got;
		int kind = (int)below(4);

		if (!isfinite(v.d))
			continue;
		if (kind == 0)
			snprintf(s, sizeof(s), "%.17g", v.d);
		else if (kind == 1)
			snprintf(s, sizeof(s), "%.*e", (int)below(25), v.d);
		else if (kind == 2)
			snprintf(s, sizeof(s), "%" PRId64 ".%" PRIu64,
			    (int64_t)rnd() >> below(64), rnd() >> below(64));
		else
			snprintf(s, sizeof(s), "%.*f", (int)below(12),
			    (double)(int64_t)rnd() / 1e6);
		test_about("%s", s);
		v.d = strtod(s, NULL);
		if (!isfinite(v.d)) /* a rounding up of the greatest */
			continue;
		if (CHECK(parse_double(bytes_str(s), &got)))
			CHECK(memcmp(&got, &v.d, 8) == 0);
	}
}

static void
what_is_no_finite_decimal_is_no_double(void)
{
	static const char *const bad[] = {"", "inf", "-inf", "nan", "1e999",
	    "-1e999", "0x1p3", " 1", "1 ", "1,0", "abc", "1e", "+", "."};
	char longest[2001];
	size_t k;
	double d;

	for (k = 0; k < LEN(bad); k++) {
		test_about("%s", bad[k]);
		CHECK(!parse_double(bytes_str(bad[k]), &d));
	}
	/* not ended by a NUL, and of any length */
	CHECK(parse_double(bytes_of("12.55", 4), &d) && d == 12.5);
	memset(longest, '0', sizeof(longest));
	longest[2000] = '7';
	CHECK(parse_double(bytes_of(longest, 2001), &d) && d == 7);
	memset(longest, '9', sizeof(longest));
	CHECK(!parse_double(bytes_of(longest, 2001), &d));
	CHECK(parse_double(bytes_of(longest, 300), &d) && d > 1e299);
	CHECK(parse_double(bytes_of(longest, 63), &d) && d > 9.9e62);
	CHECK(parse_double(bytes_of(longest, 64), &d) && d > 9.9e63);
}

static void
canonical(const char *s, const char *want)
{
	char out[48 + 8];
	size_t n;

	memset(out, '#', sizeof(out));
	n = canonical_int(bytes_str(s), out);
	test_about("%s", s);
	EQ_B(bytes_of(out, n), bytes_str(want));
	EQ_U((unsigned char)out[48], '#');
}

static void
whole_values_have_one_spelling(void)
{
	static const struct {
		const char *s, *want;
	} t[] = {
	    {"0", "0"},
	    {"-0", "0"},
	    {"+0", "0"},
	    {"000", "0"},
	    {"0.0", "0"},
	    {"-0.0", "0"},
	    {".0", "0"},
	    {"0.", "0"},
	    {"0e5", "0"},
	    {"0e99999999999999999999", "0"},
	    {"0e-99999999999999999999", "0"},
	    {"1", "1"},
	    {"1.0", "1"},
	    {"1.", "1"},
	    {"+1", "1"},
	    {"01", "1"},
	    {"-1.000", "-1"},
	    {"1e0", "1"},
	    {"1E0", "1"},
	    {"10e-1", "1"},
	    {"0.1e1", "1"},
	    {".1e1", "1"},
	    {"0.001e3", "1"},
	    {"1e2", "100"},
	    {"1.5e1", "15"},
	    {"1.50e1", "15"},
	    {"150e-1", "15"},
	    {"-12.5e+1", "-125"},
	    {"1e39",
		"1"
		"000000000000000000000000000000"
		"000000000"},
	    {"9999999999999999999999999999999999999999",
		"9999999999999999999999999999999999999999"},
	    {"-9999999999999999999999999999999999999999",
		"-9999999999999999999999999999999999999999"},
	    {"99999999999999999999999999999999999999990e-1",
		"9999999999999999999999999999999999999999"},
	    {"1000000000000000000000000000000000000000000000000000000000000e-60",
		"1"},
	    {"0.000000000000000000000000000000000000000000000000000000000001e60",
		"1"},
	    {"1.0000000000000000000000000000000000000000000000000000000000000",
		"1"},
	    {"0.5", ""},
	    {"1.5", ""},
	    {"1e-1", ""},
	    {"-0.1", ""},
	    {"1.00000000000000000000000000000000000000000000000000000000001",
		""},
	    {"1e40", ""},
	    {"1e99999999999999999999", ""},
	    {"1e-99999999999999999999", ""},
	    {"15e-2", ""},
	    {"10000000000000000000000000000000000000000", ""},
	    {"inf", ""},
	    {"-inf", ""},
	};
	size_t k;

	for (k = 0; k < LEN(t); k++)
		canonical(t[k].s, t[k].want);
}

/* A number of up to 30 digits, written with a point and an exponent. */
static void
random_spellings_of_whole_values(void)
{
	int round;

	for (round = 0; round < 200000; round++) {
		char digits[40], s[200], want[50];
		size_t n = 1 + below(18), cut, zeros, i, o = 0;
		bool neg = one_in(2), whole = true;
		int exp = 0;

		for (i = 0; i < n; i++)
			digits[i] = (char)('0' + below(10));
		if (digits[0] == '0')
			digits[0] = '1';
		zeros = below(10);
		memset(digits + n, '0', zeros);
		digits[n + zeros] = '\0';
		snprintf(want, sizeof(want), "%s%s", neg ? "-" : "", digits);
		/* the digits with a point somewhere, mended by e */
		if (neg)
			s[o++] = '-';
		else if (one_in(5))
			s[o++] = '+';
		for (i = below(3); i; i--)
			s[o++] = '0';
		cut = below(n + zeros + 1);
		memcpy(s + o, digits, cut);
		o += cut;
		s[o++] = '.';
		memcpy(s + o, digits + cut, n + zeros - cut);
		o += n + zeros - cut;
		exp = (int)(n + zeros - cut);
		for (i = below(5); i; i--)
			s[o++] = '0';
		if (one_in(6) && exp > (int)zeros) {
			/* one too few: whole only with a zero at the end */
			exp--;
			whole = digits[n + zeros - 1] == '0';
			want[strlen(want) - 1] = '\0';
		}
		o += (size_t)snprintf(s + o, 40, "e%d", exp);
		canonical(s, whole ? want : "");
		EQ_U(class_number(bytes_str(s)) == CLASS_TEXT, false);
	}
}

/* A whole number of up to 40 digits, short ones often. */
static void
random_int(char *out)
{
	size_t n = 1 + below(one_in(2) ? 2 : 40), i;

	if (one_in(8)) {
		strcpy(out, one_in(2) ? "0" : "-0");
		return;
	}
	if (one_in(2))
		*out++ = '-';
	for (i = 0; i < n; i++)
		out[i] = (char)('0' + (i ? below(10) : 1 + below(9)));
	out[n] = '\0';
}

static void
ints_of_any_length_are_in_order(void)
{
	static const char *const sorted[] = {"-100000000000000000000000",
	    "-99999999999999999999999", "-10", "-9", "-1", "-0", "0", "1", "9",
	    "10", "18446744073709551616", "99999999999999999999999",
	    "100000000000000000000000"};
	char a[3][48];
	struct bytes x, y, z;
	int64_t i, k;

	for (i = 0; i < (int64_t)LEN(sorted); i++)
		for (k = 0; k < (int64_t)LEN(sorted); k++) {
			int c =
			    int_cmp(bytes_str(sorted[i]), bytes_str(sorted[k]));

			test_about("%s and %s", sorted[i], sorted[k]);
			EQ_I((c > 0) - (c < 0), (i > k) - (i < k));
		}
	for (i = 0; i < 100000; i++) {
		int64_t p, q;

		random_int(a[0]);
		random_int(a[1]);
		random_int(a[2]);
		x = bytes_str(a[0]);
		y = bytes_str(a[1]);
		z = bytes_str(a[2]);
		test_about("%s, %s, %s", a[0], a[1], a[2]);
		CHECK((int_cmp(x, y) < 0) == (int_cmp(y, x) > 0));
		CHECK((int_cmp(x, y) == 0) == bytes_eq(x, y));
		if (int_cmp(x, y) < 0 && int_cmp(y, z) < 0)
			CHECK(int_cmp(x, z) < 0);
		if (parse_i64(x, &p) && parse_i64(y, &q) && p != q)
			CHECK((int_cmp(x, y) < 0) == (p < q));
	}
}

int
main(void)
{
	RUN(whole_numbers);
	RUN(random_whole_numbers_as_strtoull_reads_them);
	RUN(every_edge_near_a_power_of_ten_or_two);
	RUN(sizes);
	RUN(hex_is_sixteen_lower_case_digits);
	RUN(classes_of_cells);
	RUN(ints_of_any_length_are_in_order);
	RUN(every_short_string_of_the_alphabet);
	RUN(random_doubles_as_strtod_reads_them);
	RUN(what_is_no_finite_decimal_is_no_double);
	RUN(whole_values_have_one_spelling);
	RUN(random_spellings_of_whole_values);
	return test_end();
}
