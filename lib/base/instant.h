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

/* Later than every time that can be written. */
#define INSTANT_INF ((struct instant){UINT64_MAX, UINT32_MAX})

enum time_kind {
	TIME_NONE,  /* not a time */
	TIME_LOCAL, /* ISO 8601 without zone */
	TIME_ZONED, /* ISO 8601 with zone, kept as UTC */
	TIME_EPOCH, /* an integer; its unit matters only for calendar days */
};

static inline int
instant_cmp(struct instant a, struct instant b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return (a.lo > b.lo) - (a.lo < b.lo);
}

static inline bool
instant_is_inf(struct instant t)
{
	return t.hi == UINT64_MAX && t.lo == UINT32_MAX;
}

/*
 * Reads YYYY-MM-DD, or YYYY-MM-DD with T or a blank and HH:MM[:SS[.fraction]]
 * and then nothing, Z, +HH, +HHMM or +HH:MM; or an integer.  At most nine
 * digits of fraction.  TIME_NONE when s is anything else.
 */
enum time_kind instant_parse(struct bytes s, struct instant *t);

/* YYYY-MM-DD HH:MM:SS[.fraction without trailing zeros][+00:00], or the
 * integer, or "inf". */
void instant_format(struct buf *b, enum time_kind k, struct instant t);

/* Calendar days count from 0001-01-01, which is 0. */
#define DAY_LEN 10
#define DAY_END 3652059u /* the day behind 9999-12-31 */

/* What an integer epoch counts. */
enum epoch { EPOCH_NONE, EPOCH_S, EPOCH_MS, EPOCH_US, EPOCH_NS };

/*
 * The calendar day of a time: as written if it is local, of UTC if it is zoned
 * or an epoch, of which unit must say what it counts.  False for an epoch
 * outside of the years 0001 to 9999.
 */
bool
instant_day(enum time_kind k, struct instant t, enum epoch unit, uint32_t *day);
/* Reads YYYY-MM-DD, or YYYYMMDD; false for anything else, and for what is no
 * date. */
bool day_parse(struct bytes s, uint32_t *day);
/* YYYY-MM-DD, without a NUL byte. */
void day_format(char text[DAY_LEN], uint32_t day);

const char *time_kind_name(enum time_kind k);
/* The kind with that name, TIME_NONE if there is none. */
enum time_kind time_kind_named(struct bytes name);

#endif
