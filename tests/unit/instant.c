/*
 * instant - times, against a calendar that counts day by day.
 */
#include "base/instant.h"

#include <ctype.h>

#include "test.h"

#define DAY_S 86400
#define HI_PER_S (UINT64_C(10000000) << 2)

/* What the header of instant.h promises for seconds and nanoseconds. */
static struct instant
made(uint64_t secs, uint32_t ns)
{
	uint64_t ticks = secs * 10000000 + ns / 100;
	uint32_t r = ns % 100;

	return (struct instant){ticks << 2 | r >> 5, r & 31};
}

static bool
same(struct instant a, struct instant b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* Reads s as kind; false and a failure when it is not that. */
static bool
reads(const char *s, enum time_kind kind, struct instant *t)
{
	test_about("%s", err_quote(bytes_str(s)));
	return EQ_U(instant_parse(bytes_str(s), t), kind);
}

static void
formats(enum time_kind kind, struct instant t, const char *want)
{
	struct buf b = BUF_ZERO;

	instant_format(&b, kind, t);
	EQ_S(buf_cstr(&b), want);
	buf_fini(&b);
}

static unsigned
days_in(unsigned y, unsigned m)
{
	static const unsigned n[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return n[m - 1] + (m == 2 && leap);
}

static void
every_day_of_the_years_1_to_9999(void)
{
	struct buf b = BUF_ZERO;
	uint64_t day = 0;
	unsigned y, m, d;

	for (y = 1; y <= 9999; y++)
		for (m = 1; m <= 12; m++)
			for (d = 1; d <= days_in(y, m); d++, day++) {
				struct instant t;
				char s[24], want[40];

				sprintf(s, "%04u-%02u-%02u", y, m, d);
				if (instant_parse(bytes_of(s, 10), &t) !=
					TIME_LOCAL ||
				    !same(t, made(day * DAY_S, 0))) {
					test_about("%s", s);
					EQ_U(t.hi / HI_PER_S / DAY_S, day);
				}
				sprintf(want, "%s 00:00:00", s);
				buf_clear(&b);
				instant_format(&b, TIME_LOCAL, t);
				if (b.n != 19 || memcmp(b.p, want, 19) != 0)
					EQ_S(buf_cstr(&b), want);
			}
	EQ_U(day, 3652059);
	buf_fini(&b);
}

static void
days_that_no_month_has(void)
{
	unsigned y, m, d;

	for (y = 0; y <= 9999; y += y < 2100 ? 1 : 13)
		for (m = 0; m <= 13; m++)
			for (d = 0; d <= 33; d++) {
				bool ok = y > 0 && m >= 1 && m <= 12 &&
				    d >= 1 && d <= days_in(y, m);
				struct instant t;
				char s[24];

				sprintf(s, "%04u-%02u-%02u", y, m, d);
				if ((instant_parse(bytes_str(s), &t) ==
					TIME_LOCAL) == ok)
					continue;
				test_about("%s", s);
				CHECK(ok);
			}
}

static void
every_second_of_a_day(void)
{
	struct instant midnight, t;
	struct buf b = BUF_ZERO;
	unsigned s;

	CHECK(instant_parse(bytes_str("2024-02-29"), &midnight) == TIME_LOCAL);
	for (s = 0; s < DAY_S; s++) {
		char text[40];

		sprintf(text, "2024-02-29%c%02u:%02u:%02u", s & 1 ? 'T' : ' ',
		    s / 3600, s / 60 % 60, s % 60);
		if (!reads(text, TIME_LOCAL, &t) ||
		    !EQ_U(t.hi - midnight.hi, s * HI_PER_S) || !EQ_U(t.lo, 0))
			break;
		text[10] = ' ';
		buf_clear(&b);
		instant_format(&b, TIME_LOCAL, t);
		if (!EQ_S(buf_cstr(&b), text))
			break;
		if (s % 60 == 0) { /* the short form */
			text[16] = '\0';
			reads(text, TIME_LOCAL, &t);
			EQ_U(t.hi - midnight.hi, s * HI_PER_S);
		}
	}
	buf_fini(&b);
}

static void
order_is_kept_to_the_nanosecond(void)
{
	struct instant last = {0, 0}, t;
	uint64_t secs = 0;
	uint32_t ns = 0;
	int i;

	for (ns = 0; ns < 1000; ns++) { /* each of the first 1000 */
		t = made(5, ns);
		if (ns)
			CHECK(instant_cmp(last, t) < 0);
		last = t;
	}
	for (i = 0; i < 300000; i++) {
		char a[64], b[64];
		struct instant ta, tb;
		uint32_t ns2 = (uint32_t)below(1000000000);
		int64_t d = (int64_t)below(201) - 100;
		unsigned hms = (unsigned)below(DAY_S);

		ns = (uint32_t)below(1000000000);
		if (one_in(2)) { /* near each other */
			int64_t v = (int64_t)ns + d;

			ns2 = v < 0         ? 0
			    : v > 999999999 ? 999999999
					    : (uint32_t)v;
		}
		sprintf(a, "1969-12-31T%02u:%02u:%02u.%09u", hms / 3600,
		    hms / 60 % 60, hms % 60, ns);
		sprintf(b, "1969-12-31T%02u:%02u:%02u.%09u", hms / 3600,
		    hms / 60 % 60, hms % 60, ns2);
		if (!reads(a, TIME_LOCAL, &ta) || !reads(b, TIME_LOCAL, &tb))
			return;
		EQ_I(instant_cmp(ta, tb), (ns > ns2) - (ns < ns2));
		EQ_I(instant_cmp(tb, ta), (ns2 > ns) - (ns2 < ns));
		CHECK(ta.lo < 32);
		CHECK(!instant_is_inf(ta));
		CHECK(instant_cmp(ta, INSTANT_INF) < 0);
		secs = ta.hi / HI_PER_S;
		CHECK(same(ta, made(secs, ns)));
	}
}

static void
formats_read_back(void)
{
	struct buf b = BUF_ZERO;
	int i;

	for (i = 0; i < 300000; i++) {
		uint64_t secs = below(UINT64_C(3652059) * DAY_S);
		uint32_t ns = one_in(3) ? 0 : (uint32_t)below(1000000000);
		enum time_kind k = one_in(2) ? TIME_LOCAL : TIME_ZONED;
		struct instant t, back;

		if (one_in(2)) /* fractions that end early */
			ns -= ns % (one_in(2) ? 1000000 : 1000);
		t = made(secs, ns);
		buf_clear(&b);
		instant_format(&b, k, t);
		if (!reads(buf_cstr(&b), k, &back))
			break;
		CHECK(same(t, back));
		/* no zeros at the end of a fraction, no bare point */
		if (memchr(b.p, '.', b.n)) {
			char last = b.p[b.n - 1 - (k == TIME_ZONED ? 6 : 0)];

			CHECK(last >= '1' && last <= '9');
		}
		CHECK((memchr(b.p, '.', b.n) != NULL) == (ns != 0));
	}
	buf_fini(&b);
}

static void
spellings_that_split_tsv_has(void)
{
	struct instant t;

	reads("2024-03-01T12:30:05.250+02:00", TIME_ZONED, &t);
	formats(TIME_ZONED, t, "2024-03-01 10:30:05.25+00:00");
	reads("2024-03-01", TIME_LOCAL, &t);
	formats(TIME_LOCAL, t, "2024-03-01 00:00:00");
	reads("9999-12-31 23:59:59.999999999", TIME_LOCAL, &t);
	formats(TIME_LOCAL, t, "9999-12-31 23:59:59.999999999");
	reads("0001-01-01", TIME_LOCAL, &t);
	formats(TIME_LOCAL, t, "0001-01-01 00:00:00");
	EQ_U(t.hi, 0);
	formats(TIME_LOCAL, INSTANT_INF, "inf");
	formats(TIME_ZONED, INSTANT_INF, "inf");
	formats(TIME_EPOCH, INSTANT_INF, "inf");
	reads("1700000000", TIME_EPOCH, &t);
	formats(TIME_EPOCH, t, "1700000000");
}

static void
fractions_have_one_to_nine_digits(void)
{
	static const struct {
		const char *s;
		uint32_t ns;
	} t[] = {{".1", 100000000}, {".12", 120000000}, {".123", 123000000},
	    {".1234", 123400000}, {".12345", 123450000}, {".123456", 123456000},
	    {".1234567", 123456700}, {".12345678", 123456780},
	    {".123456789", 123456789}, {".000000001", 1}, {".000000000", 0},
	    {".999999999", 999999999}, {".0", 0}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		static const char *const zone[] = {"", "Z", "+00:00", "-00"};
		size_t z;

		for (z = 0; z < LEN(zone); z++) {
			struct instant got;
			char s[64];

			sprintf(s, "0001-01-01T00:00:07%s%s", t[i].s, zone[z]);
			if (reads(s, z ? TIME_ZONED : TIME_LOCAL, &got))
				CHECK(same(got, made(7, t[i].ns)));
		}
	}
}

static void
zones_move_to_utc(void)
{
	struct instant base, t;
	int h, m, form, sign;

	CHECK(instant_parse(bytes_str("2000-06-15T12:00:00Z"), &base) ==
	    TIME_ZONED);
	for (sign = -1; sign <= 1; sign += 2)
		for (h = 0; h <= 25; h++)
			for (m = 0; m <= 61; m++)
				for (form = 0; form < 3; form++) {
					char s[48];
					bool ok = h <= 23 && m <= 59;
					int64_t want;

					if (form == 0 && m)
						continue;
					sprintf(s,
					    form == 0 ? "2000-06-15T12:00%c%02d"
						: form == 1
						? "2000-06-15T12:00:00%c%02d%02d"
						: "2000-06-15 12:00:00%c%02d:%02d",
					    sign < 0 ? '-' : '+', h, m);
					if (!reads(s,
						ok ? TIME_ZONED : TIME_NONE,
						&t) ||
					    !ok)
						continue;
					want = -sign * (h * 3600 + m * 60);
					EQ_I((int64_t)(t.hi - base.hi) /
						(int64_t)HI_PER_S,
					    want);
				}
	reads("2000-06-15T12:00Z", TIME_ZONED, &t);
	CHECK(same(t, base));
}

/* A zone that moves a time out of the years 1 to 9999 makes it none. */
static void
zones_at_the_ends_of_time(void)
{
	struct instant t;

	reads("0001-01-01T00:00:00+00:01", TIME_NONE, &t);
	reads("0001-01-01T00:01:00+00:01", TIME_ZONED, &t);
	EQ_U(t.hi, 0);
	reads("0001-01-01T00:00:00-00:01", TIME_ZONED, &t);
	reads("9999-12-31T23:59:59-00:01", TIME_NONE, &t);
	reads("9999-12-31T23:58:59-00:01", TIME_ZONED, &t);
	formats(TIME_ZONED, t, "9999-12-31 23:59:59+00:00");
}

static void
what_is_no_time(void)
{
	static const char *const bad[] = {"", " ", "x", "-", "+5", "1.5", "1e9",
	    " 5", "5 ", "0x5", "99999999999999999999", "9223372036854775808",
	    "-9223372036854775809",
	    /* dates */
	    "2024-1-01", "2024-01-1", "24-01-01", "20240101T000000",
	    "2024/01/01", "2024-13-01", "2024-00-10", "2024-01-00",
	    "2024-01-32", "2023-02-29", "1900-02-29", "2100-02-29",
	    "2024-04-31", "0000-01-01", "0000-12-31", "-001-01-01",
	    "+2024-01-01", "02024-01-01", "10000-01-01", "2024-01-01x",
	    "2024-01-01 ", " 2024-01-01", "2024-01-01T", "2024-01-01Z",
	    "2024-01-01+00:00", "2024-W01-1", "2024-001", "2024-0a-01",
	    "202a-01-01", "2024-01-0a", "2024--1-01", "2024- 1-01",
	    "01-02-2024", "1/2/2024", "2024-01", "Mon Jan  1 00:00:00 2024",
	    "2024-01-01T00",
	    /* times of day */
	    "2024-01-01T0:00", "2024-01-01T00:0",
	    "2024-01-01T00:00:", "2024-01-01T00:00:0", "2024-01-01T24:00:00",
	    "2024-01-01T24:00", "2024-01-01T00:60:00", "2024-01-01T00:00:60",
	    "2024-01-01T23:59:60", "2024-01-01T00.00.00",
	    "2024-01-01T00:00:00.", "2024-01-01T00:00:00,5",
	    "2024-01-01T00:00:00.1234567890", "2024-01-01T00:00:00.x",
	    "2024-01-01T00:00.5", "2024-01-01T000000", "2024-01-01T00:0000",
	    "2024-01-01  00:00:00", "2024-01-01_00:00:00",
	    "2024-01-01\t00:00:00", "2024-01-01T-1:00:00",
	    "2024-01-01T00:00:00 ", "2024-01-01T00:00:00x",
	    "2024-01-01 12:00:00 PM", "2024-01-01T00:00:00:00",
	    /* zones */
	    "2024-01-01T00:00:00+", "2024-01-01T00:00:00-",
	    "2024-01-01T00:00:00+1", "2024-01-01T00:00:00+001",
	    "2024-01-01T00:00:00+00:0", "2024-01-01T00:00:00+00:",
	    "2024-01-01T00:00:00+0000:", "2024-01-01T00:00:00+24:00",
	    "2024-01-01T00:00:00+00:60", "2024-01-01T00:00:00ZZ",
	    "2024-01-01T00:00:00Z+00:00", "2024-01-01T00:00:00+00:00Z",
	    "2024-01-01T00:00:00+00:00:00", "2024-01-01T00:00:00 +00:00",
	    "2024-01-01T00:00:00 Z", "2024-01-01T00:00:00UTC",
	    "2024-01-01T00:00:00+00.00", "2024-01-01T00:00:00 Europe/Berlin",
	    "2024-01-01T00:00:00+a0:00", "2024-01-01T00:00:00+0a:00", "now",
	    "today", "NaT", "NA", "nan", "null", "inf"};
	struct instant t;
	size_t i;

	for (i = 0; i < LEN(bad); i++)
		reads(bad[i], TIME_NONE, &t);
	test.context[0] = '\0';
	EQ_U(instant_parse(bytes_of(NULL, 0), &t), TIME_NONE);
	EQ_U(instant_parse(bytes_of("2024-01-01\0", 11), &t), TIME_NONE);
	EQ_U(instant_parse(bytes_of("2024-01-01T00:00\0", 17), &t), TIME_NONE);
}

/* Any byte in any place: it is refused, or it is the same time's spelling. */
static void
one_wrong_byte(void)
{
	static const char good[] = "2024-03-15T13:14:15.678901234+05:30";
	size_t i;
	int c;

	for (i = 0; i < sizeof(good) - 1; i++)
		for (c = 0; c < 256; c++) {
			char s[sizeof(good)];
			struct instant t;
			bool digit = isdigit((unsigned char)good[i]) != 0;

			memcpy(s, good, sizeof(good));
			s[i] = (char)c;
			if (instant_parse(bytes_of(s, sizeof(s) - 1), &t) ==
			    TIME_NONE)
				continue;
			test_about("byte %zu is %d", i, c);
			if (digit)
				CHECK(c >= '0' && c <= '9');
			else
				CHECK(c == good[i] || i == 10 ||
				    (i == 29 && c == '-'));
			if (i == 10)
				CHECK(c == 'T' || c == 't' || c == ' ');
		}
}

/* Cut short anywhere: read only where a shorter spelling ends. */
static void
every_length_of_a_long_spelling(void)
{
	static const char good[] = "2024-03-15T13:14:15.678901234+05:30";
	size_t n;

	for (n = 0; n < sizeof(good); n++) {
		struct instant t;
		enum time_kind k = instant_parse(bytes_of(good, n), &t);
		bool ok = (n > 0 && n < 5) || n == 10 || n == 16 || n == 19 ||
		    (n > 20 && n < 30) || n == 32 || n == 35;

		test_about("%zu bytes", n);
		EQ_U(k,
		    !ok          ? TIME_NONE
			: n < 5  ? TIME_EPOCH
			: n < 30 ? TIME_LOCAL
				 : TIME_ZONED);
	}
}

static void
epochs_order_as_integers(void)
{
	static const int64_t edge[] = {INT64_MIN, INT64_MIN + 1, -1000000000,
	    -1, 0, 1, 9, 10, 1700000000, 1700000000000, INT64_MAX - 1,
	    INT64_MAX};
	struct instant last = {0, 0}, t;
	size_t i;
	int k;

	for (i = 0; i < LEN(edge); i++) {
		char s[32];

		sprintf(s, "%" PRId64, edge[i]);
		if (!reads(s, TIME_EPOCH, &t))
			continue;
		EQ_U(t.hi, (uint64_t)edge[i] + (UINT64_C(1) << 63));
		EQ_U(t.lo, 0);
		formats(TIME_EPOCH, t, s);
		CHECK(i == 0 || instant_cmp(last, t) < 0);
		CHECK(instant_cmp(t, INSTANT_INF) < 0);
		CHECK(!instant_is_inf(t));
		last = t;
	}
	for (k = 0; k < 100000; k++) {
		int64_t a = (int64_t)rnd() >> below(64);
		int64_t b = (int64_t)rnd() >> below(64);
		struct instant ta, tb;
		char s[32];

		sprintf(s, "%" PRId64, a);
		if (!reads(s, TIME_EPOCH, &ta))
			break;
		sprintf(s, "%" PRId64, b);
		if (!reads(s, TIME_EPOCH, &tb))
			break;
		EQ_I(instant_cmp(ta, tb), (a > b) - (a < b));
	}
}

/* Adds a day to a date, as anybody would. */
static void
next_day(unsigned *y, unsigned *m, unsigned *d)
{
	if (++*d <= days_in(*y, *m))
		return;
	*d = 1;
	if (++*m <= 12)
		return;
	*m = 1;
	++*y;
}

static void
days_are_named_and_read_in_all_years(void)
{
	unsigned y = 1, m = 1, d = 1;
	char want[24], got[DAY_LEN];
	uint32_t day, back;

	for (day = 0; day < DAY_END; day++, next_day(&y, &m, &d)) {
		sprintf(want, "%04u-%02u-%02u", y, m, d);
		day_format(got, day);
		if (memcmp(got, want, DAY_LEN) != 0 ||
		    !day_parse(bytes_of(want, DAY_LEN), &back) || back != day) {
			test_about("day %u", day);
			EQ_S(err_quote(bytes_of(got, DAY_LEN)), want);
		}
		sprintf(want, "%04u%02u%02u", y, m, d);
		if (!day_parse(bytes_of(want, 8), &back) || back != day) {
			test_about("%s", want);
			EQ_U(back, day);
		}
	}
	EQ_U(y, 10000);
}

static void
what_is_no_day(void)
{
	static const char *const none[] = {"", "2024", "2024-1-2", "2024-01-0",
	    "2024-01-02 ", " 2024-01-02", "2024-13-01", "2024-00-01",
	    "2024-01-00", "2024-01-32", "2023-02-29", "1900-02-29",
	    "0000-01-01", "2024/01/02", "2024-01/02", "20241301", "20240230",
	    "00000101", "2024010", "202401020", "2024010a", "a0240102",
	    "2024-0102", "202401-02", "+2024010", "2024-01-0x"};
	uint32_t day;
	size_t i;

	for (i = 0; i < LEN(none); i++) {
		test_about("%s", none[i]);
		CHECK(!day_parse(bytes_str(none[i]), &day));
	}
}

/* Every day of 400 years on both sides of 1970, by its first and its last unit
 * in every unit, and the unit before and behind. */
static void
epochs_fall_on_the_days_that_a_count_gives(void)
{
	static const int64_t per_s[] = {[EPOCH_S] = 1,
	    [EPOCH_MS] = 1000,
	    [EPOCH_US] = 1000000,
	    [EPOCH_NS] = 1000000000};
	unsigned y = 1770, m = 1, d = 1;
	char want[24], got[DAY_LEN];
	int64_t first = 0, n; /* days from 1970 */

	for (n = 1970; n-- > 1770;)
		first -= days_in((unsigned)n, 2) == 29 ? 366 : 365;
	for (n = first; y < 2170; n++, next_day(&y, &m, &d)) {
		enum epoch unit;

		sprintf(want, "%04u-%02u-%02u", y, m, d);
		for (unit = EPOCH_S; unit <= EPOCH_NS; unit++) {
			int64_t len = 86400 * per_s[unit], at = n * len;
			int64_t v[2] = {at, at + (len - 1)};
			struct instant t;
			uint32_t day[2], before;
			char s[24];
			int i;

			for (i = 0; i < 2; i++) {
				sprintf(s, "%" PRId64, v[i]);
				if (!reads(s, TIME_EPOCH, &t) ||
				    !CHECK(instant_day(
					TIME_EPOCH, t, unit, &day[i])))
					return;
				day_format(got, day[i]);
				test_about("%s of unit %d", s, (int)unit);
				if (memcmp(got, want, DAY_LEN) != 0)
					EQ_S(err_quote(bytes_of(got, DAY_LEN)),
					    want);
			}
			sprintf(s, "%" PRId64, at - 1);
			if (reads(s, TIME_EPOCH, &t) &&
			    CHECK(instant_day(TIME_EPOCH, t, unit, &before)))
				EQ_U(before + 1, day[0]);
		}
	}
}

static void
epochs_end_with_the_years(void)
{
	static const struct {
		int64_t s;
		const char *day; /* NULL: none */
	} t[] = {{INT64_C(-62135596801), NULL},
	    {INT64_C(-62135596800), "0001-01-01"},
	    {INT64_C(253402300799), "9999-12-31"},
	    {INT64_C(253402300800), NULL}, {INT64_MIN, NULL},
	    {INT64_MAX, NULL}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		char s[24], got[DAY_LEN];
		struct instant at;
		uint32_t day;

		sprintf(s, "%" PRId64, t[i].s);
		if (!reads(s, TIME_EPOCH, &at))
			continue;
		if (!EQ_U(instant_day(TIME_EPOCH, at, EPOCH_S, &day),
			t[i].day != NULL) ||
		    !t[i].day)
			continue;
		day_format(got, day);
		CHECK(memcmp(got, t[i].day, DAY_LEN) == 0);
	}
}

static void
the_day_is_as_written_or_of_utc(void)
{
	static const struct {
		const char *time, *day;
	} t[] = {{"2024-01-02", "2024-01-02"},
	    {"2024-01-02T00:00", "2024-01-02"},
	    {"2024-01-02 23:59:59.999999999", "2024-01-02"},
	    {"2024-01-02T23:59:59Z", "2024-01-02"},
	    {"2024-01-02T23:59:59-00:01", "2024-01-03"},
	    {"2024-01-02T00:00:00+00:01", "2024-01-01"},
	    {"2024-02-29T23:30:00-05", "2024-03-01"},
	    {"2023-12-31T23:59:59.999999999-00:00", "2023-12-31"},
	    {"0001-01-01", "0001-01-01"}, {"9999-12-31 23:59", "9999-12-31"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		enum time_kind k;
		struct instant at;
		char got[DAY_LEN];
		uint32_t day;

		test_about("%s", t[i].time);
		k = instant_parse(bytes_str(t[i].time), &at);
		if (!CHECK(k != TIME_NONE) ||
		    !CHECK(instant_day(k, at, EPOCH_NONE, &day)))
			continue;
		day_format(got, day);
		CHECK(memcmp(got, t[i].day, DAY_LEN) == 0);
	}
}

static void
kinds_have_names(void)
{
	enum time_kind k;

	for (k = TIME_LOCAL; k <= TIME_EPOCH; k++)
		EQ_U(time_kind_named(bytes_str(time_kind_name(k))), k);
	EQ_U(time_kind_named(bytes_str("none")), TIME_NONE);
	EQ_U(time_kind_named(bytes_str("Zoned")), TIME_NONE);
	EQ_U(time_kind_named(bytes_str("")), TIME_NONE);
}

int
main(void)
{
	RUN(every_day_of_the_years_1_to_9999);
	RUN(days_that_no_month_has);
	RUN(every_second_of_a_day);
	RUN(order_is_kept_to_the_nanosecond);
	RUN(formats_read_back);
	RUN(spellings_that_split_tsv_has);
	RUN(fractions_have_one_to_nine_digits);
	RUN(zones_move_to_utc);
	RUN(zones_at_the_ends_of_time);
	RUN(what_is_no_time);
	RUN(one_wrong_byte);
	RUN(every_length_of_a_long_spelling);
	RUN(epochs_order_as_integers);
	RUN(days_are_named_and_read_in_all_years);
	RUN(what_is_no_day);
	RUN(epochs_fall_on_the_days_that_a_count_gives);
	RUN(epochs_end_with_the_years);
	RUN(the_day_is_as_written_or_of_utc);
	RUN(kinds_have_names);
	return test_end();
}
