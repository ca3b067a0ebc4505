#include "shred/planreport.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define OVER_SHOWN 5
/* A line that is longer is cut. */
#define LINE_MAX_BYTES 1400

void
planreport_line(const struct planreport *to, bool warning, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	to->say(to->arg, warning, line);
}

/* Groups that are larger than a limit, a few by name. */
static void
warn_over(
    const struct sizes *s, const struct dims *d, const struct planreport *to)
{
	struct buf b = BUF_ZERO;
	uint32_t i, n = 0;
	size_t k;

	for (i = 0; i < s->n; i++) {
		if (!plan_is_over(d->v, d->n, i))
			continue;
		if (n++ >= OVER_SHOWN)
			continue;
		for (k = 0; d->v[k].size[i] <= d->v[k].limit; k++)
			;
		buf_printf(&b, "%s%s (%llu %s)", n > 1 ? ", " : "",
		    err_quote(s->key[i]), (unsigned long long)d->v[k].size[i],
		    d->name[k]);
	}
	if (n == 1)
		planreport_line(to, true,
		    "one group is larger than a limit, and a batch of "
		    "its own: %s",
		    buf_cstr(&b));
	else if (n > 1)
		planreport_line(to, true,
		    "%u groups are larger than a limit, each a batch of "
		    "its own: %s%s",
		    n, buf_cstr(&b), n > OVER_SHOWN ? ", ..." : "");
	buf_fini(&b);
}

/* One line on a dimension. */
static void
report_dim(const struct plan *p, const struct sizes *s,
    const struct plan_dim *d, const char *name, const struct planreport *to)
{
	uint64_t *sum = plan_sums(p, d->size, s->n), total = 0;
	uint32_t batch = 0, group = 0, i;
	struct buf b = BUF_ZERO;

	for (i = 1; i < p->nbatch; i++)
		if (sum[i] > sum[batch])
			batch = i;
	for (i = 0; i < s->n; i++) {
		total += d->size[i];
		if (d->size[i] > d->size[group])
			group = i;
	}
	buf_printf(&b, "%s: largest batch %u with %llu", name, batch,
	    (unsigned long long)sum[batch]);
	if (d->limit != PLAN_NO_LIMIT)
		buf_printf(&b, ", limit %llu, lower bound %llu",
		    (unsigned long long)d->limit,
		    (unsigned long long)plan_lower_bound(d, 1, s->n));
	buf_printf(&b, "; largest group %s with %llu", err_quote(s->key[group]),
	    (unsigned long long)d->size[group]);
	if (total)
		buf_printf(&b, ", %.1f times the mean",
		    (double)d->size[group] / ((double)total / s->n));
	planreport_line(to, false, "%s", buf_cstr(&b));
	buf_fini(&b);
	free(sum);
}

void
planreport_plan(const struct planreport *to, const struct plan *p,
    const struct sizes *s, const struct dims *d)
{
	struct buf b = BUF_ZERO;
	size_t k;

	buf_printf(&b, "%u %s of %u %s by %s, keys in order as %s, ", p->nbatch,
	    p->nbatch == 1 ? "batch" : "batches", s->n,
	    s->n == 1 ? "group" : "groups", err_quote(bytes_str(s->column)),
	    s->ints ? "integers" : "bytes");
	if (to->fixed == 0)
		buf_printf(&b, "%s; lower bound %llu",
		    to->pack ? "packed" : "next-fit",
		    (unsigned long long)plan_lower_bound(d->v, d->n, s->n));
	else
		buf_printf(&b, "%u to a batch", to->fixed);
	planreport_line(to, false, "%s", buf_cstr(&b));
	buf_fini(&b);
	if (s->n == 0) {
		planreport_line(to, true, "there is no group to plan for");
		return;
	}
	for (k = 0; k < d->n; k++)
		report_dim(p, s, &d->v[k], d->name[k], to);
	if (s->unsized.n)
		planreport_line(to, true,
		    "%llu of the groups have no size and count as "
		    "nothing: %.*s",
		    (unsigned long long)s->unsized.n, (int)s->unsized.names.n,
		    s->unsized.names.p);
	warn_over(s, d, to);
}
