#include "filters/splitday.h"

int
daysplit_init(struct daysplit *d, const struct daysplit_opt *o,
    struct schema *s, int slot, struct pass *pass, struct err *e)
{
	int at = schema_need(s, bytes_str(o->time), e);

	if (at < 0)
		return -1;
	d->o = *o;
	d->time = s->col[at];
	d->slot = slot;
	d->pass = pass;
	return 0;
}

static int
no_time(struct daysplit *d, const struct block *b, uint32_t row, struct bytes v,
    enum time_kind k, struct err *e)
{
	if (k == TIME_EPOCH)
		err_set(e,
		    "time %s in column %s is outside of the years 1 to 9999: "
		    "is --epoch another one? (--missing-time=drop goes on)",
		    err_quote(v), d->o.time);
	else
		err_set(e, "%s %s in column %s (--missing-time=drop goes on)",
		    v.n ? "unparsable time" : "missing time", err_quote(v),
		    d->o.time);
	return pass_at(d->pass, b, row, e);
}

/* Times of two kinds would mean days of two calendars. */
static int
check_kind(struct daysplit *d, const struct block *b, uint32_t row,
    struct bytes v, enum time_kind k, struct err *e)
{
	if (d->kind != TIME_NONE)
		err_set(e,
		    "time %s in column %s is of kind %s, those before are %s",
		    err_quote(v), d->o.time, time_kind_name(k),
		    time_kind_name(d->kind));
	else if (k == TIME_EPOCH && d->o.epoch == EPOCH_NONE)
		err_set(e,
		    "time %s in column %s is an integer: which day that is, "
		    "--epoch=s|ms|us|ns says",
		    err_quote(v), d->o.time);
	else {
		d->kind = k;
		return 0;
	}
	return pass_at(d->pass, b, row, e);
}

/* 1: the row's day; 0: it has none, and may do so; -1. */
static int
day_of(struct daysplit *d, const struct block *b, uint32_t row, uint32_t *day,
    struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &d->time, row), &d->scratch);
	struct instant t;
	enum time_kind k = instant_parse(v, &t);

	if (UNLIKELY(k != d->kind && k != TIME_NONE) &&
	    check_kind(d, b, row, v, k, e) < 0)
		return -1;
	if (LIKELY(k != TIME_NONE && instant_day(k, t, d->o.epoch, day)))
		return 1;
	return d->o.drop_missing ? 0 : no_time(d, b, row, v, k, e);
}

int
daysplit_process(struct daysplit *d, struct block *b, struct err *e)
{
	struct bytes *cell = d->o.take ? NULL : block_cells(b, d->slot);
	struct bytes text = {NULL, 0};
	uint32_t i, n = 0, day = 0, last = 0;
	int rc;

	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];

		rc = day_of(d, b, row, &day, e);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			pass_drop(d->pass, DROP_MISSING_TIME, 1);
			continue;
		}
		if (d->o.only && day != d->o.only_day) {
			if (d->o.take)
				d->pass->account.in--;
			else
				pass_drop(d->pass, DROP_FILTERED, 1);
			continue;
		}
		b->sel[n++] = row;
		if (d->o.take)
			continue;
		/* most rows of a shard are of the day before them */
		if (!text.p || day != last) {
			char *p = block_alloc(b, DAY_LEN);

			day_format(p, day);
			text = bytes_of(p, DAY_LEN);
			last = day;
		}
		cell[row] = text;
	}
	b->nsel = n;
	return 0;
}

void
daysplit_fini(struct daysplit *d)
{
	buf_fini(&d->scratch);
	*d = DAYSPLIT_ZERO;
}
