#include "base/instant.h"

#include <assert.h>
#include <string.h>

#include "base/parse.h"
#include "base/shortnum.h"

#define TICKS_PER_S 10000000u
#define EPOCH_DAY 719162 /* 1970-01-01 */

static const uint8_t month_days[13] = {
    0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool
is_leap(unsigned y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

/* Days of a common year before each month. */
static const uint16_t month_start[13] = {
    0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

/* Days from 0001-01-01. */
static uint32_t
days_of(unsigned y, unsigned m, unsigned d)
{
	unsigned past = y - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 +
	    month_start[m] + (m > 2 && is_leap(y)) + d - 1;
}

/*
 * The reverse.  The year begins in March so that the leap day comes last; see
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static void
date_of(uint32_t days, unsigned *y, unsigned *m, unsigned *d)
{
	uint32_t z = days + 306, era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = yoe + era * 400 + (*m <= 2);
}

static inline bool
is_date(unsigned y, unsigned m, unsigned d)
{
	return y > 0 && m - 1 <= 11 && d - 1 <= 30 && d <= month_days[m] &&
	    (d != 29 || m != 2 || is_leap(y));
}

/* Two digits at p, or a value above 99. */
static inline unsigned
two(const char *p)
{
	unsigned a = (unsigned char)p[0] - (unsigned)'0';
	unsigned b = (unsigned char)p[1] - (unsigned)'0';

	return a > 9 || b > 9 ? 1000 : a * 10 + b;
}

/*
 * Eight characters at p like those at form, where 0 stands for any digit and
 * sep has 0xff under what is no digit.  The number of the two digits from
 * byte k on is then v >> 8 * k & 255.
 */
static inline bool
digits8(const char *p, const char *form, const char *sep, uint64_t *v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x, f, s;

	memcpy(&x, p, 8);
	memcpy(&f, form, 8);
	memcpy(&s, sep, 8);
	x ^= f;
	/* a byte is now at most 9, or 0 where no digit is: one that is more
	 * reaches its top bit, and is the lowest to do so */
	if (((x + (ones * 0x76 | (s & ones * 0x7f))) | x) & ones * 0x80)
		return false;
	*v = x * 10 + (x >> 8);
	return true;
}

/* [+-]HH, [+-]HHMM, [+-]HH:MM or Z, all of it; false otherwise. */
static bool
parse_zone(const char *p, const char *e, int *offset_s)
{
	unsigned h, m = 0;

	if (e - p == 1 && (*p == 'Z' || *p == 'z')) {
		*offset_s = 0;
		return true;
	}
	if (e - p < 3 || (*p != '+' && *p != '-'))
		return false;
	h = two(p + 1);
	if (e - p == 5)
		m = two(p + 3);
	else if (e - p == 6 && p[3] == ':')
		m = two(p + 4);
	else if (e - p != 3)
		return false;
	if (h > 23 || m > 59)
		return false;
	*offset_s = (int)(h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return true;
}

/*
 * The digits from the point at *p on, which has eight bytes in front of it in
 * the text, as nanoseconds; *p gets to where they end.  False: none, or more
 * than nine.
 */
static inline bool
parse_fraction(const char **p, const char *e, uint32_t *ns)
{
	static const uint32_t power[10] = {1000000000, 100000000, 10000000,
	    1000000, 100000, 10000, 1000, 100, 10, 1};
	const char *from = ++*p;
	size_t n = (size_t)(e - from);
	uint64_t x;

	*ns = 0;
	if (LIKELY(n - 1 < 8) && short_digits8(e, n, &x)) {
		*p = e;
		*ns = (uint32_t)x * power[n];
		return true;
	}
	for (; *p < e && (unsigned char)(**p - '0') <= 9; ++*p) {
		if (*p - from == 9)
			return false;
		*ns = *ns * 10 + (unsigned)(**p - '0');
	}
	*ns *= power[*p - from];
	return *p > from;
}

enum time_kind
instant_parse(struct bytes s, struct instant *t)
{
	const char *p = s.p, *e = s.p + s.n;
	unsigned y, m, d, hh = 0, mm = 0, ss = 0;
	enum time_kind kind = TIME_LOCAL;
	uint64_t ticks, x;
	uint32_t ns = 0;
	int64_t v, secs;
	int offset = 0;

	if (s.n < 10 || p[4] != '-' || p[7] != '-') {
		if (!parse_i64(s, &v))
			return TIME_NONE;
		t->hi = (uint64_t)v ^ (UINT64_C(1) << 63);
		t->lo = 0;
		return TIME_EPOCH;
	}
	if (!digits8(p, "0000-00-", "\0\0\0\0\xff\0\0\xff", &x))
		return TIME_NONE;
	y = (unsigned)(x & 255) * 100 + (unsigned)(x >> 16 & 255);
	m = (unsigned)(x >> 40 & 255), d = two(p + 8);
	if (!is_date(y, m, d))
		return TIME_NONE;
	p += 10;
	if (p < e) {
		if (e - p < 6 || (*p != ' ' && *p != 'T' && *p != 't') ||
		    p[3] != ':')
			return TIME_NONE;
		if (e - p >= 9 &&
		    digits8(p + 1, "00:00:00", "\0\0\xff\0\0\xff\0\0", &x)) {
			hh = (unsigned)(x & 255);
			mm = (unsigned)(x >> 24 & 255);
			ss = (unsigned)(x >> 48 & 255);
			p += 9;
			if (e - p >= 2 && *p == '.' &&
			    !parse_fraction(&p, e, &ns))
				return TIME_NONE;
		} else { /* without seconds */
			hh = two(p + 1), mm = two(p + 4);
			p += 6;
		}
		if (hh > 23 || mm > 59 || ss > 59)
			return TIME_NONE;
		if (p < e) {
			if (!parse_zone(p, e, &offset))
				return TIME_NONE;
			kind = TIME_ZONED;
		}
	}
	secs = (int64_t)days_of(y, m, d) * 86400 + hh * 3600 + mm * 60 + ss -
	    offset;
	if (secs < 0 || secs >= (int64_t)DAY_END * 86400)
		return TIME_NONE; /* the zone moved it out of 0001..9999 */
	ticks = (uint64_t)secs * TICKS_PER_S + ns / 100;
	t->hi = ticks << 2 | (ns % 100) >> 5;
	t->lo = (ns % 100) & 31;
	return kind;
}

void
instant_format(struct buf *b, enum time_kind k, struct instant t)
{
	uint64_t ticks = t.hi >> 2, secs = ticks / TICKS_PER_S;
	uint32_t ns = (uint32_t)(ticks % TICKS_PER_S) * 100 +
	    (uint32_t)((t.hi & 3) << 5 | t.lo);
	uint32_t sod = (uint32_t)(secs % 86400);
	unsigned y, m, d;
	size_t end;

	if (instant_is_inf(t)) {
		buf_puts(b, "inf");
		return;
	}
	if (k == TIME_EPOCH) {
		buf_printf(b, "%lld", (long long)(t.hi ^ (UINT64_C(1) << 63)));
		return;
	}
	date_of((uint32_t)(secs / 86400), &y, &m, &d);
	buf_printf(b, "%04u-%02u-%02u %02u:%02u:%02u", y, m, d, sod / 3600,
	    sod / 60 % 60, sod % 60);
	if (ns) {
		buf_printf(b, ".%09u", ns);
		for (end = b->n; b->p[end - 1] == '0'; end--)
			;
		b->n = end;
	}
	if (k == TIME_ZONED)
		buf_puts(b, "+00:00");
}

bool
instant_day(enum time_kind k, struct instant t, enum epoch unit, uint32_t *day)
{
	static const int64_t per_day[] = {
	    [EPOCH_S] = INT64_C(86400),
	    [EPOCH_MS] = INT64_C(86400000),
	    [EPOCH_US] = INT64_C(86400000000),
	    [EPOCH_NS] = INT64_C(86400000000000),
	};
	int64_t v, d;

	if (k != TIME_EPOCH) {
		*day = (uint32_t)((t.hi >> 2) / TICKS_PER_S / 86400);
		return true;
	}
	assert(unit != EPOCH_NONE);
	v = (int64_t)(t.hi ^ (UINT64_C(1) << 63));
	d = v / per_day[unit] - (v % per_day[unit] < 0) + EPOCH_DAY;
	*day = (uint32_t)d;
	return d >= 0 && d < (int64_t)DAY_END;
}

bool
day_parse(struct bytes s, uint32_t *day)
{
	size_t dash = s.n == DAY_LEN;
	unsigned y1, y2, m, d;

	if (s.n != 8 && !(dash && s.p[4] == '-' && s.p[7] == '-'))
		return false;
	y1 = two(s.p), y2 = two(s.p + 2);
	m = two(s.p + 4 + dash), d = two(s.p + 6 + 2 * dash);
	if (y1 > 99 || y2 > 99 || !is_date(y1 * 100 + y2, m, d))
		return false;
	*day = days_of(y1 * 100 + y2, m, d);
	return true;
}

static void
put_two(char *p, unsigned v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
}

void
day_format(char text[DAY_LEN], uint32_t day)
{
	unsigned y, m, d;

	date_of(day, &y, &m, &d);
	put_two(text, y / 100);
	put_two(text + 2, y % 100);
	put_two(text + 5, m);
	put_two(text + 8, d);
	text[4] = text[7] = '-';
}

static const char *const kind_names[] = {
    [TIME_NONE] = "none",
    [TIME_LOCAL] = "local",
    [TIME_ZONED] = "zoned",
    [TIME_EPOCH] = "epoch",
};

const char *
time_kind_name(enum time_kind k)
{
	return kind_names[k];
}

enum time_kind
time_kind_named(struct bytes name)
{
	size_t i;

	for (i = TIME_LOCAL; i < LEN(kind_names); i++)
		if (bytes_eq(name, bytes_str(kind_names[i])))
			return (enum time_kind)i;
	return TIME_NONE;
}
