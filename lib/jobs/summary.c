#include "jobs/summary.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "io/in.h"
#include "io/tsv.h"

/* Sums by name: splits, or reasons. */
struct sums {
	struct sum {
		char *name;
		int64_t rows;
		uint64_t files;
	} * v;
	size_t n;
};

static struct sum *
sum_of(struct sums *s, struct bytes name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (bytes_eq(name, bytes_str(s->v[i].name)))
			return &s->v[i];
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n] = (struct sum){xstrndup(name.p, name.n), 0, 0};
	return &s->v[s->n++];
}

static int
sum_cmp(const void *a, const void *b)
{
	return strcmp(
	    ((const struct sum *)a)->name, ((const struct sum *)b)->name);
}

static void
sums_fini(struct sums *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
}

/* Calls take for the cells of each line behind the header. */
static int
each_line(const char *out, const char *name, size_t ncell,
    int (*take)(void *arg, const struct bytes *cell), void *arg, struct err *e)
{
	struct buf path = BUF_ZERO, line = BUF_ZERO;
	struct bytes cell[8];
	struct in *in;
	uint64_t n;
	int rc = -1;

	buf_printf(&path, "%s/%s", out, name);
	in = in_open(buf_cstr(&path), 0, e);
	for (n = 1; in && (rc = tsv_next_line(in, n, &line, e)) > 0; n++)
		if (tsv_cells(line.p, line.n, cell, ncell) != (ssize_t)ncell ||
		    (n > 1 && take(arg, cell) < 0)) {
			rc = err_set(e, "%s:%llu: bad line", path.p,
			    (unsigned long long)n);
			break;
		}
	in_close(in);
	buf_fini(&path);
	buf_fini(&line);
	return rc;
}

struct rows {
	struct sums out, drop;
	int64_t in, dropped;
};

/* A line of _account.tsv: shard, kind, name, rows. */
static int
take_account(void *arg, const struct bytes *cell)
{
	struct rows *r = arg;
	int64_t n;

	if (!parse_i64(cell[3], &n))
		return -1;
	if (bytes_eq(cell[1], bytes_str("in")))
		r->in += n;
	if (bytes_eq(cell[1], bytes_str("drop"))) {
		sum_of(&r->drop, cell[2])->rows += n;
		if (n > 0)
			r->dropped += n;
	}
	return 0;
}

/* A line of _manifest.tsv: shard, split, path, rows, bytes, xxh3. */
static int
take_manifest(void *arg, const struct bytes *cell)
{
	struct rows *r = arg;
	struct sum *s = sum_of(&r->out, cell[1]);
	int64_t n;

	if (!parse_i64(cell[3], &n))
		return -1;
	s->rows += n;
	s->files++;
	return 0;
}

static void
put_line(struct buf *text, const char *what, int64_t n, const char *rest)
{
	buf_printf(text, "  %-16s %12lld row%s %s\n", what, (long long)n,
	    n == 1 ? "" : "s", rest);
}

static void
put_count(struct buf *text, const char *what, int64_t n, uint64_t m,
    const char *things)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "in %llu %s%s", (unsigned long long)m, things,
	    m == 1 ? "" : "s");
	put_line(text, what, n, buf_cstr(&b));
	buf_fini(&b);
}

int
summary_rows(const char *out, size_t nshards, struct buf *text, struct err *e)
{
	static const char *const order[] = {"train", "val", "test", "oot",
	    "validation", "testing", "calibration"};
	struct rows r = {0};
	size_t i, k;
	int rc;

	rc = each_line(out, "_account.tsv", 4, take_account, &r, e);
	if (rc == 0)
		rc = each_line(out, "_manifest.tsv", 6, take_manifest, &r, e);
	if (rc == 0) {
		buf_printf(text, "; %.1f %% of the rows dropped\n",
		    r.in ? 100.0 * (double)r.dropped / (double)r.in : 0.0);
		put_count(text, "in", r.in, nshards, "shard");
		for (i = 0; i < LEN(order); i++)
			for (k = 0; k < r.out.n; k++)
				if (strcmp(r.out.v[k].name, order[i]) == 0)
					put_count(text, order[i],
					    r.out.v[k].rows, r.out.v[k].files,
					    "file");
		if (r.drop.n)
			qsort(r.drop.v, r.drop.n, sizeof(*r.drop.v), sum_cmp);
		for (i = 0; i < r.drop.n; i++)
			put_line(text, r.drop.v[i].name,
			    llabs(r.drop.v[i].rows),
			    r.drop.v[i].rows < 0 ? "added" : "dropped");
	}
	sums_fini(&r.out);
	sums_fini(&r.drop);
	return rc;
}

int
summary_in(const char *out, int64_t *rows, struct err *e)
{
	struct rows r = {0};
	int rc = each_line(out, "_account.tsv", 4, take_account, &r, e);

	*rows = r.in;
	sums_fini(&r.drop);
	return rc;
}

/* Rows by table, in and out, and those dropped by reason. */
struct tables {
	struct sums in, out, drop;
};

static int
take_table(void *arg, const struct bytes *cell)
{
	struct tables *t = arg;
	int64_t n;

	if (!parse_i64(cell[3], &n))
		return -1;
	if (bytes_eq(cell[1], bytes_str("in")))
		sum_of(&t->in, cell[2])->rows += n;
	if (bytes_eq(cell[1], bytes_str("out")))
		sum_of(&t->out, cell[2])->rows += n;
	if (bytes_eq(cell[1], bytes_str("drop")))
		sum_of(&t->drop, cell[2])->rows += n;
	return 0;
}

int
summary_tables(const char *out, struct buf *text, struct err *e)
{
	struct tables t = {0};
	size_t i;
	int rc = each_line(out, "_account.tsv", 4, take_table, &t, e);

	for (i = 0; i < t.in.n && rc == 0; i++)
		buf_printf(text, "  %s: %lld of %lld rows written\n",
		    t.in.v[i].name,
		    (long long)sum_of(&t.out, bytes_str(t.in.v[i].name))->rows,
		    (long long)t.in.v[i].rows);
	if (t.drop.n)
		qsort(t.drop.v, t.drop.n, sizeof(*t.drop.v), sum_cmp);
	for (i = 0; i < t.drop.n && rc == 0; i++)
		buf_printf(text, "  dropped as %s: %lld\n", t.drop.v[i].name,
		    (long long)t.drop.v[i].rows);
	sums_fini(&t.in);
	sums_fini(&t.out);
	sums_fini(&t.drop);
	return rc;
}

int
summary_labels(const char *context, struct buf *text, struct err *e)
{
	struct buf path = BUF_ZERO;
	struct tsv t;
	size_t i;
	int rc = 0;

	buf_printf(&path, "%s/labels.tsv", context);
	if (access(buf_cstr(&path), F_OK) < 0)
		goto out;
	rc = tsv_load(&t, path.p, "label\tcode", e);
	if (rc < 0)
		goto out;
	for (i = 0; i < t.nrow && i < 10; i++) {
		buf_puts(text, i ? ", " : "labels: ");
		tsv_put(text, tsv_cell(&t, i, 0));
		buf_putc(text, ' ');
		buf_putb(text, tsv_cell(&t, i, 1));
	}
	buf_printf(text, "%s (%s)\n", t.nrow > 10 ? ", ..." : "", path.p);
	tsv_fini(&t);
out:
	buf_fini(&path);
	return rc;
}

void
summary_speed(size_t nshards, uint64_t bytes, double seconds, struct buf *text)
{
	buf_printf(text, "%zu shard%s in %.2f s, %.0f MB/s\n", nshards,
	    nshards == 1 ? "" : "s", seconds,
	    seconds > 0 ? (double)bytes / seconds / 1e6 : 0.0);
}
