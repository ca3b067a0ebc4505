#include "pass1/cutoffs.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "io/tsv.h"
#include "pass1/context.h"

static uint64_t
count_before(const struct partset *s, struct instant t)
{
	uint64_t n = 0;
	size_t i, k;

	for (i = 0; i < s->npart; i++)
		for (k = 0; k < s->part[i].nsec; k++) {
			const struct section *x = &s->part[i].sec[k];

			if (x->type == SECTION_TIMES ||
			    x->type == SECTION_TIMES_RLE)
				n += times_before(&s->part[i], x, t);
		}
	return n;
}

/*
 * The time of rank k (from 0): the greatest t with at most k times before it,
 * found by bisection on its bits.
 */
static struct instant
time_of_rank(const struct partset *s, uint64_t k)
{
	struct instant t = {0, 0}, try;
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		try = t;
		try.hi |= UINT64_C(1) << bit;
		if (count_before(s, try) <= k)
			t = try;
	}
	for (bit = 4; bit >= 0; bit--) {
		try = t;
		try.lo |= 1u << bit;
		if (count_before(s, try) <= k)
			t = try;
	}
	return t;
}

static int
given_cutoffs(const struct partset *s, const struct merge_opt *o,
    struct instant cut[2], struct err *e)
{
	const char *given = o->cutoffs, *comma = strchr(given, ',');
	enum time_kind k[2] = {TIME_NONE, TIME_NONE};

	if (!comma ||
	    cutoff_parse(
		bytes_of(given, (size_t)(comma - given)), &k[0], &cut[0]) < 0 ||
	    cutoff_parse(bytes_str(comma + 1), &k[1], &cut[1]) < 0)
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: expected two times, A,B (or inf)",
		    err_quote(bytes_str(given)));
	if ((k[0] && k[0] != s->facts.time_kind) ||
	    (k[1] && k[1] != s->facts.time_kind))
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: column %s holds %s times",
		    err_quote(bytes_str(given)), s->facts.time,
		    time_kind_name(s->facts.time_kind));
	if (instant_cmp(cut[0], cut[1]) > 0)
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: the second is before the first",
		    err_quote(bytes_str(given)));
	return 0;
}

int
cutoffs_by_time(const struct partset *s, const struct merge_opt *o,
    struct buf *b, struct err *e)
{
	uint64_t n = s->facts.time_rows, i1, i2;
	uint64_t ntrain, nval;
	struct instant cut[2] = {INSTANT_INF, INSTANT_INF};
	int i;

	if (n == 0)
		return err_set(
		    e, "no row has a time in column %s", s->facts.time);
	if (o->cutoffs) {
		if (given_cutoffs(s, o, cut, e) < 0)
			return -1;
	} else {
		/* in IEEE doubles, as written; see the temporal split in
		 * shard-split(1) */
		i1 = (uint64_t)((double)n * o->train_ratio);
		i2 = i1 +
		    (uint64_t)((double)n *
			((1 - o->train_ratio) * o->test_val_ratio));
		if (i1 < n)
			cut[0] = time_of_rank(s, i1);
		if (i2 < n)
			cut[1] = time_of_rank(s, i2);
	}
	ntrain = count_before(s, cut[0]);
	nval = count_before(s, cut[1]) - ntrain;
	if (ntrain == 0)
		return err_set(e,
		    "the train split would be empty: no row is "
		    "before the train cutoff (%llu rows have a "
		    "time; change the ratios or give --cutoffs)",
		    (unsigned long long)n);
	if (nval == 0)
		o->warn("the val split is empty");
	if (ntrain + nval == n)
		o->warn("the test split is empty");
	buf_puts(b, "name\tvalue\ntime_column\t");
	tsv_put(b, bytes_str(s->facts.time));
	buf_putc(b, '\n');
	for (i = 0; i < 2; i++) {
		buf_puts(b, i ? "test_cutoff\t" : "train_cutoff\t");
		instant_format(b, s->facts.time_kind, cut[i]);
		buf_putc(b, '\n');
	}
	buf_printf(b, "rows\t%llu\n", (unsigned long long)n);
	return 0;
}

struct strat_part {
	struct bytes value;
	const struct partial *p;
	const struct section *s;
};

static int
by_value(const void *a, const void *b)
{
	return bytes_cmp(((const struct strat_part *)a)->value,
	    ((const struct strat_part *)b)->value);
}

static uint64_t
hashes_before(const struct strat_part *v, size_t n, uint64_t hash)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += times_before(v[i].p, v[i].s, (struct instant){hash, 0});
	return sum;
}

/* The hash of rank k among the stratum's rows, as hex; past the end, inf. */
static void
put_hash_of_rank(struct buf *b, const struct strat_part *v, size_t n,
    uint64_t rows, uint64_t k)
{
	uint64_t h = 0;
	char hex[17];
	int bit;

	if (k >= rows) {
		buf_puts(b, "inf");
		return;
	}
	for (bit = 63; bit >= 0; bit--)
		if (hashes_before(v, n, h | UINT64_C(1) << bit) <= k)
			h |= UINT64_C(1) << bit;
	digest_hex(h, hex);
	buf_puts(b, hex);
}

void
cutoffs_by_stratum(
    const struct partset *s, const struct merge_opt *o, struct buf *b)
{
	struct strat_part *v = NULL;
	double r = o->train_ratio, tv = o->test_val_ratio;
	size_t n = 0, cap = 0, i, k, first;

	for (i = 0; i < s->npart; i++)
		for (k = 0; k < s->part[i].nsec; k++) {
			const struct section *x = &s->part[i].sec[k];

			if (x->type != SECTION_STRATUM)
				continue;
			if (n == cap) {
				cap = cap * 2 + 16;
				v = xrealloc(v, cap * sizeof(*v));
			}
			v[n++] = (struct strat_part){
			    partial_heap(&s->part[i], x), &s->part[i], x};
		}
	if (n)
		qsort(v, n, sizeof(*v), by_value);
	buf_puts(b, "stratum\trows\ttrain_cutoff\ttest_cutoff\n");
	for (first = 0; first < n; first = i) {
		uint64_t rows = 0, i1, i2;

		for (i = first; i < n && bytes_eq(v[i].value, v[first].value);
		     i++)
			rows += v[i].s->n;
		i1 = (uint64_t)((double)rows * r + 0.5);
		i2 = i1 + (uint64_t)((double)rows * ((1 - r) * tv) + 0.5);
		tsv_put(b, v[first].value);
		buf_printf(b, "\t%llu\t", (unsigned long long)rows);
		put_hash_of_rank(b, v + first, i - first, rows, i1);
		buf_putc(b, '\t');
		put_hash_of_rank(b, v + first, i - first, rows, i2);
		buf_putc(b, '\n');
	}
	free(v);
}
