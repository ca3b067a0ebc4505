/*
 * instant - points in time, compared exactly.
 *
 * Years 0001 to 9999 at a nanosecond need 69 bits.  An instant keeps the
 * upper 64 of them in hi and the rest in lo, such that (hi, lo) orders as the
 * time does:
 *
 *	ticks = 100 ns since 0001-01-01, < 2^62;  r = ns modulo 100
 *	hi = ticks << 2 | r >> 5      lo = r & 31
 *
 * lo is 0 for every time that is a whole number of 100 ns, so nearly always.
 * An integer epoch v is hi = v + 2^63, lo = 0.
 */
#ifndef SHARD_INSTANT_H
#define SHARD_INSTANT_H

#include "base/base.h"
#include "base/buf.h"

struct instant {
	uint64_t hi;
	uint64_t lo; /* of 32 bits; as wide as hi, since it is copied with it */
};

/* An instant later than every time that can be written. */
#define INSTANT_INF ((struct instant){UINT64_MAX, UINT32_MAX})

enum time_kind {
	TIME_NONE,  /* not a time */
	TIME_LOCAL, /* ISO 8601 without zone */
	TIME_ZONED, /* ISO 8601 with zone, kept as UTC */
	TIME_EPOCH, /* an integer; its unit matters only for calendar days */
};

/* Compares two instants of one kind; returns a number below, equal to or above
 * 0. */
static inline int
instant_cmp(struct instant a, struct instant b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return (a.lo > b.lo) - (a.lo < b.lo);
}

/* Returns true if t is INSTANT_INF. */
static inline bool
instant_is_inf(struct instant t)
{
	return t.hi == UINT64_MAX && t.lo == UINT32_MAX;
}

/*
 * Reads a time into *t and returns its kind, or TIME_NONE when s is no time.  A
 * time is YYYY-MM-DD, which may be followed by T or a blank and
 * HH:MM[:SS[.fraction]], with at most nine digits of fraction, and then by Z,
 * +HH, +HHMM, +HH:MM, or these with a minus; or it is an integer.
 */
enum time_kind instant_parse(struct bytes s, struct instant *t);

/* Appends the instant: YYYY-MM-DD HH:MM:SS, a fraction without trailing zeros
 * unless it is 0, and +00:00 if it is zoned; or an integer; or "inf". */
void instant_format(struct buf *b, enum time_kind k, struct instant t);

/* Calendar days are numbered from 0001-01-01, which is 0. */
#define DAY_LEN 10
#define DAY_END 3652059u /* the day after 9999-12-31 */

/* The unit of an integer epoch. */
enum epoch { EPOCH_NONE, EPOCH_S, EPOCH_MS, EPOCH_US, EPOCH_NS };

/*
 * Sets *day to the calendar day of a time: the day as written if the time is
 * local, the day in UTC if it is zoned or an epoch, of which unit must be
 * given. Returns false for an epoch outside the years 0001 to 9999.
 */
bool
instant_day(enum time_kind k, struct instant t, enum epoch unit, uint32_t *day);
/* Reads YYYY-MM-DD or YYYYMMDD; returns false for anything else, and for a date
 * that does not exist. */
bool day_parse(struct bytes s, uint32_t *day);
/* Writes YYYY-MM-DD, without a NUL. */
void day_format(char text[DAY_LEN], uint32_t day);

/* Returns the name of a kind, as the context's files have it. */
const char *time_kind_name(enum time_kind k);
/* Returns the kind of that name, or TIME_NONE. */
enum time_kind time_kind_named(struct bytes name);

#endif
