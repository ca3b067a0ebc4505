/* number - doubles as Python spells them: a table, the definition searched
 * through, and Python itself. */
#include "base/number.h"

#include <float.h>
#include <math.h>

#include "base/parse.h"
#include "python.h"
#include "test.h"

static double
of_bits(uint64_t u)
{
	double d;

	memcpy(&d, &u, sizeof(d));
	return d;
}

static bool
is_whole(double d)
{
	double whole;

	return modf(d, &whole) == 0;
}

/* n doubles further from zero; d is positive */
static double
beside(double d, int n)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return of_bits(u + (uint64_t)n);
}

static double
power_of_ten(int exp)
{
	char s[16];

	snprintf(s, sizeof(s), "1e%d", exp);
	return strtod(s, NULL);
}

static void
a_table_of_known_ones(void)
{
	static const struct {
		double d;
		const char *point, *plain; /* NULL: the same */
	} t[] = {
	    {0.0, "0.0", "0"},
	    {-0.0, "-0.0", "0"},
	    {1, "1.0", "1"},
	    {3, "3.0", "3"},
	    {-42, "-42.0", "-42"},
	    {10, "10.0", "10"},
	    {0.1, "0.1", NULL},
	    {-0.1, "-0.1", NULL},
	    {0.1 + 0.2, "0.30000000000000004", NULL},
	    {1.0 / 3, "0.3333333333333333", NULL},
	    {2.0 / 3, "0.6666666666666666", NULL},
	    {15287.69057123983, "15287.69057123983", NULL},
	    {123456789.125, "123456789.125", NULL},
	    {0.0001, "0.0001", NULL},
	    {0.00012, "0.00012", NULL},
	    {0.00001, "1e-05", NULL},
	    {-0.000012, "-1.2e-05", NULL},
	    {1e-10, "1e-10", NULL},
	    {1e100, "1e+100",
		"1000000000000000015902891109759918046836080856394528138978132755774"
		"7838772170381060813469985856815104"},
	    {1e15, "1000000000000000.0", "1000000000000000"},
	    {9999999999999998, "9999999999999998.0", "9999999999999998"},
	    {1e16, "1e+16", "10000000000000000"},
	    {12345678901234567000.0, "1.2345678901234567e+19",
		"12345678901234567168"},
	    {1e22, "1e+22", "10000000000000000000000"},
	    {1e23, "1e+23", "99999999999999991611392"},
	    {9007199254740992, "9007199254740992.0", "9007199254740992"},
	    {9007199254740993, "9007199254740992.0", "9007199254740992"},
	    {0x1p-44, "5.684341886080802e-14", NULL},
	    {1125899906842624.25, "1125899906842624.2", NULL},
	    {1125899906842624.75, "1125899906842624.8", NULL},
	    {5e-324, "5e-324", NULL},
	    {-5e-324, "-5e-324", NULL},
	    {1.5e-323, "1.5e-323", NULL},
	    {DBL_MIN, "2.2250738585072014e-308", NULL},
	    {DBL_MAX, "1.7976931348623157e+308", NULL /* see below */},
	};
	char out[NUMBER_MAX];
	size_t i, n;

	for (i = 0; i < LEN(t); i++) {
		test_about("%a", t[i].d);
		n = number_format(t[i].d, true, out);
		EQ_U(n, strlen(out));
		EQ_S(out, t[i].point);
		if (t[i].d == DBL_MAX)
			continue;
		n = number_format(t[i].d, false, out);
		EQ_U(n, strlen(out));
		EQ_S(out, t[i].plain ? t[i].plain : t[i].point);
	}
	test.context[0] = '\0';
	EQ_U(number_format(DBL_MAX, false, out), 309);
	EQ_U(strlen(out), 309);
	EQ_U(number_format(-DBL_MAX, false, out), NUMBER_MAX - 1);
	CHECK(strtod(out, NULL) == -DBL_MAX);
}

/* Numbers of every kind that is special to somebody, finite. */
static double
some_double(void)
{
	double d;

	do {
		switch (below(10)) {
		case 0: /* powers of two, and beside them */
			d = beside(ldexp(1, (int)below(2098) - 1074),
			    (int)below(3) - 1);
			break;
		case 1: /* decimals of few digits */
			d = (double)below(100000) /
			    power_of_ten((int)below(12));
			break;
		case 2: /* money */ d = (double)below(100000000) / 100; break;
		case 3: /* binary fractions, ties among them */
			d = (double)below(UINT64_C(1) << 53) *
			    ldexp(1, -(int)below(6));
			break;
		case 4: /* whole */
			d = (double)below(UINT64_C(1) << (1 + below(63)));
			break;
		case 5: /* powers of ten, and beside them */
			d = beside(power_of_ten((int)below(631) - 322),
			    (int)below(3) - 1);
			break;
		case 6: /* subnormal */
			d = of_bits(rnd() >> (12 + below(52)));
			break;
		default: d = of_bits(rnd());
		}
		if (one_in(2))
			d = -d;
	} while (!isfinite(d));
	return d;
}

/* Digits between the sign and the exponent, zeros at both ends left out. */
static int
significant(const char *s)
{
	int n = 0, zeros = 0;

	for (; *s && *s != 'e'; s++)
		if (*s == '0') {
			zeros += n > 0;
		} else if (*s >= '1' && *s <= '9') {
			n += zeros + 1;
			zeros = 0;
		}
	return n;
}

static void
no_shorter_one_reads_back(void)
{
	char out[NUMBER_MAX], tmp[40];
	int i, n, k;

	for (i = 0; i < 50000; i++) {
		double d = some_double();

		test_about("%a", d);
		number_format(d, true, out);
		CHECK(strtod(out, NULL) == d);
		CHECK(!signbit(strtod(out, NULL)) == !signbit(d));
		n = significant(out);
		if (!CHECK(n <= 17) || n < 2)
			continue;
		/* the closest shorter one, and those beside it */
		snprintf(tmp, sizeof(tmp), "%.*e", n - 2, fabs(d));
		for (k = -1; k <= 1; k++) {
			char *e = strchr(tmp, 'e'), other[48], digits[24];
			long long m;

			snprintf(digits, sizeof(digits), "%c%.*s", tmp[0],
			    n > 2 ? n - 2 : 0, tmp + 2);
			m = strtoll(digits, NULL, 10) + k;
			snprintf(other, sizeof(other), "%llde%ld", m,
			    strtol(e + 1, NULL, 10) - (n - 2));
			CHECK(strtod(other, NULL) != fabs(d));
		}
	}
}

static void
whole_numbers_keep_every_digit(void)
{
	char out[NUMBER_MAX], want[40];
	int i;

	for (i = 0; i < 50000; i++) {
		double d = some_double();
		double back = 0;
		size_t n = number_format(d, false, out);

		test_about("%a", d);
		CHECK(strtod(out, NULL) == d);
		EQ_I(strpbrk(out, ".e") == NULL, is_whole(d));
		if (!is_whole(d))
			continue;
		if (fabs(d) < 0x1p63) {
			snprintf(want, sizeof(want), "%lld", (long long)d);
			EQ_S(out, want);
		}
		EQ_I(class_number(bytes_of(out, n)), CLASS_INT);
		CHECK(number_exact(bytes_of(out, n), &back));
		CHECK(back == d);
	}
}

static void
exact_is_said_only_of_exact_integers(void)
{
	static const struct {
		const char *s;
		bool ok;
	} t[] = {
	    {"0", true},
	    {"-0", true},
	    {"7", true},
	    {"-7", true},
	    {"9007199254740991", true},
	    {"9007199254740992", true},
	    {"9007199254740993", false},
	    {"-9007199254740993", false},
	    {"9007199254740994", true},
	    {"9223372036854775807", false},
	    {"9223372036854775808", true},
	    {"100000000000000000000", true},
	    {"100000000000000000001", false},
	    {"10000000000000000000000", true},
	    {"100000000000000000000000", false},
	    {"99999999999999991611392", true},
	};
	char many[400];
	size_t i;
	double d;

	for (i = 0; i < LEN(t); i++) {
		test_about("%s", t[i].s);
		EQ_U(number_exact(bytes_str(t[i].s), &d), t[i].ok);
	}
	memset(many, '1', sizeof(many));
	for (i = 300; i < sizeof(many); i++)
		CHECK(!number_exact(bytes_of(many, i), &d));
}

static const char reprs[] =
    "import struct\n"
    "data = open('bits', 'rb').read()\n"
    "out = open('reprs', 'w')\n"
    "for (d,) in struct.iter_unpack('=d', data):\n"
    "    whole = str(int(d)) if d.is_integer() else repr(d)\n"
    "    out.write(repr(d) + ' ' + whole + '\\n')\n";

static void
python_spells_them_the_same(void)
{
	enum { N = 150000 };
	struct buf bits = BUF_ZERO, want = BUF_ZERO, got = BUF_ZERO;
	char out[NUMBER_MAX];
	uint64_t u;
	size_t i, k, n;

	if (!have_python())
		return;
	for (i = 0; i < N; i++) {
		/* all powers of two, then anything */
		double d = i < 2098 ? ldexp(1, (int)i - 1074) : some_double();

		buf_put(&bits, &d, sizeof(d));
	}
	test_write(test_path("bits"), bits.p, bits.n);
	if (!python(reprs) || !CHECK(test_read(test_path("reprs"), &want)))
		goto out;
	for (i = k = 0; i < N; i++) {
		const char *line = want.p + k, *lf;

		lf = memchr(line, '\n', want.n - k);
		if (!CHECK(lf != NULL))
			break;
		memcpy(&u, bits.p + i * 8, 8);
		buf_clear(&got);
		n = number_format(of_bits(u), true, out);
		buf_put(&got, out, n);
		buf_putc(&got, ' ');
		n = number_format(of_bits(u), false, out);
		buf_put(&got, out, n);
		test_about("%a", of_bits(u));
		EQ_B(buf_bytes(&got), bytes_of(line, (size_t)(lf - line)));
		k = (size_t)(lf + 1 - want.p);
	}
	EQ_U(k, want.n);
out:
	buf_fini(&bits);
	buf_fini(&want);
	buf_fini(&got);
}

int
main(void)
{
	RUN(a_table_of_known_ones);
	RUN(no_shorter_one_reads_back);
	RUN(whole_numbers_keep_every_digit);
	RUN(exact_is_said_only_of_exact_integers);
	RUN(python_spells_them_the_same);
	return test_end();
}
