#include "pass1/colstats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "io/tsv.h"
#include "pass1/modes.h"

static const char header[] =
    "column\ttype\trows\tmissing\tempty\tinf\tmin\tmax\tsum\tmean\tvariance\t"
    "skewness\tdistinct\tmode\tmode_rows\tq25\tmedian\tq75";

/* A sorted run of a column's numbers. */
struct run {
	const struct partial *p;
	const struct section *s;
	uint64_t at; /* of the merge */
};

static inline uint64_t
run_key(const struct run *r)
{
	return times_at(r->p, r->s, r->at).hi;
}

static uint64_t
keys_before(const struct run *r, size_t n, uint64_t key)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += times_before(r[i].p, r[i].s, (struct instant){key, 0});
	return sum;
}

/* The number of rank k, from 0: bisection on the bits of its key. */
static double
number_of_rank(const struct run *r, size_t n, uint64_t k)
{
	uint64_t key = 0;
	int bit;

	for (bit = 63; bit >= 0; bit--)
		if (keys_before(r, n, key | UINT64_C(1) << bit) <= k)
			key |= UINT64_C(1) << bit;
	return key_number(key);
}

/* Linear interpolation at quarters/4 of the way through n sorted numbers. */
static double
quartile(const struct run *r, size_t nrun, uint64_t n, unsigned quarters)
{
	uint64_t steps = (n - 1) / 4 * quarters + (n - 1) % 4 * quarters / 4;
	unsigned rest = (unsigned)((n - 1) % 4 * quarters % 4);
	double a = number_of_rank(r, nrun, steps), b;

	if (rest == 0)
		return a;
	b = number_of_rank(r, nrun, steps + 1);
	if (a == b)
		return a;
	if (isinf(a) || isinf(b))
		return a + b; /* opposite ones: no number */
	if (rest == 2)
		return exact_mid(a, b);
	/* quarters of a and b apart: their difference may overflow */
	return rest == 1 ? 0.75 * a + 0.25 * b : 0.25 * a + 0.75 * b;
}

static void
sift(struct run **heap, size_t n, size_t i)
{
	for (;;) {
		size_t least = i, k;
		struct run *swap;

		for (k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
			if (run_key(heap[k]) < run_key(heap[least]))
				least = k;
		if (least == i)
			return;
		swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

/* Merges the runs: how many numbers differ, and which is the most frequent,
 * the smallest of several. */
static void
count_numbers(struct run *r, size_t n, struct colstat *c, double *mode)
{
	struct run **heap = xmalloc(n * sizeof(struct run *));
	uint64_t key = 0, rows = 0;
	size_t i, left = 0;

	for (i = 0; i < n; i++)
		if (r[i].s->n)
			heap[left++] = &r[i];
	for (i = left; i-- > 0;)
		sift(heap, left, i);
	while (left > 0) {
		struct run *x = heap[0];
		uint64_t k = run_key(x);

		if (rows == 0 || k != key) {
			c->distinct++;
			key = k;
			rows = 0;
		}
		rows += times_rows(x->p, x->s, x->at);
		if (rows > c->mode_rows) {
			c->mode_rows = rows;
			*mode = key_number(key);
		}
		if (++x->at == x->s->n)
			heap[0] = heap[--left];
		sift(heap, left, 0);
	}
	free(heap);
}

static void
number_values(
    const struct partial *part, size_t npart, struct colstat *c, bool count)
{
	struct run *r = NULL;
	struct bytes name = bytes_str(c->name);
	uint64_t n = 0;
	size_t nrun = 0, i, k;
	char text[NUMBER_MAX];
	double mode = 0;

	for (i = 0; i < npart; i++)
		for (k = 0; k < part[i].nsec; k++) {
			const struct section *s = &part[i].sec[k];

			if ((s->type != SECTION_NUMBERS &&
				s->type != SECTION_NUMBERS_RLE) ||
			    !bytes_eq(partial_heap(&part[i], s), name))
				continue;
			if ((nrun & (nrun - 1)) == 0)
				r = xrealloc(
				    r, (nrun ? 2 * nrun : 1) * sizeof(*r));
			r[nrun++] = (struct run){&part[i], s, 0};
			n += times_total(&part[i], s);
		}
	if (n > 0) {
		c->quartiles = true;
		c->q25 = quartile(r, nrun, n, 1);
		c->median = quartile(r, nrun, n, 2);
		c->q75 = quartile(r, nrun, n, 3);
	}
	if (n > 0 && count) {
		count_numbers(r, nrun, c, &mode);
		if (isfinite(mode))
			number_format(mode, c->type[0] == 'f', text);
		else
			snprintf(text, sizeof(text), "%g", mode);
		c->mode = xstrdup(text);
	}
	free(r);
}

/* The double nearest to a whole number of 128 bits by n. */
static double
mean_of_ints(uint128 sum, uint64_t n)
{
	bool neg = sum >> 127;
	uint128 a = neg ? -sum : sum, q = a / n, r = a % n;
	int exp = 0;
	double d;

	/* 55 bits and a sticky one: the conversion rounds once, and right */
	while (q >> 55) {
		r |= q & 1;
		q >>= 1;
		exp++;
	}
	for (; !(q >> 54) && exp > -200; exp--) {
		r *= 2;
		q = q * 2 + (r >= n);
		r -= r >= n ? n : 0;
	}
	d = ldexp((double)(uint64_t)(q | (r != 0)), exp);
	return neg ? -d : d;
}

static void
one_column(struct colstat *s, const struct colfacts *c, uint64_t rows,
    const struct na_rule *na)
{
	bool tokens = na->everywhere || colfacts_tokens_missing(c);
	const struct moments *m = c->moments;
	struct place why;

	s->name = xstrdup(c->name);
	s->type = colfacts_type(c, &why);
	s->rows = rows;
	s->missing = c->missing + (tokens ? c->tokens : 0);
	s->empty = c->missing;
	s->inf = c->n[KIND_INF];
	s->min = colfacts_range(c, s->type, false);
	s->max = colfacts_range(c, s->type, true);
	s->sum = xstrdup("-");
	if (!m || !colstat_is_number(s) || s->inf || exact_count(&m->sums) == 0)
		return;
	s->moments = true;
	free(s->sum);
	if (s->type[0] == 'i' && !c->big) {
		s->mean = mean_of_ints(m->isum, c->n[KIND_INT]);
		s->sum = whole_text(m->isum);
	} else {
		s->mean = exact_mean(&m->sums);
		s->sum = number_text(exact_sum(&m->sums));
	}
	s->variance = exact_variance(&m->sums);
	s->skewness = exact_skewness(&m->sums);
}

/* Is every one of its whole numbers a double? */
static bool
fits_double(const struct colfacts *c)
{
	const int64_t most = INT64_C(1) << 53;

	return !c->big &&
	    (!c->have_int || (c->imin >= -most && c->imax <= most));
}

int
colstats_make(struct colstats *s, const struct facts *f,
    const struct na_rule *na, const struct partial *part, size_t npart,
    uint64_t workers, struct err *e)
{
	struct mode_wanted *want = xcalloc(f->ncol, sizeof(*want));
	uint64_t rows = facts_rows(f);
	bool texts = false;
	size_t i;
	int rc = 0;

	s->v = xcalloc(f->ncol, sizeof(*s->v));
	s->n = f->ncol;
	for (i = 0; i < f->ncol; i++) {
		const struct colfacts *c = &f->col[i];
		struct colstat *v = &s->v[i];

		one_column(v, c, rows, na);
		v->values = c->values & VALUES_TEXTS;
		if (v->type[0] == 'f') {
			/* one number has many texts */
			v->values = c->values & VALUES_NUMBERS;
			if (v->values)
				number_values(part, npart, v, true);
			continue;
		}
		if (v->type[0] == 'i' && c->values & VALUES_NUMBERS) {
			/* the texts of whole numbers are exact, their doubles
			 * only up to 2^53 */
			number_values(
			    part, npart, v, !v->values && fits_double(c));
			v->values = v->values || fits_double(c);
		}
		want[i].texts = v->values && c->values & VALUES_TEXTS;
		want[i].no_tokens = colfacts_tokens_missing(c);
		texts |= want[i].texts;
	}
	if (texts)
		rc = modes_of_texts(
		    s, f, want, na, part, npart, workers ? workers : 1, e);
	free(want);
	return rc;
}

static void
put_double(struct buf *b, bool known, double d)
{
	char *text = known ? number_text(d) : NULL;

	buf_printf(b, "\t%s", text ? text : "-");
	free(text);
}

void
colstats_save(const struct colstats *s, struct buf *b)
{
	size_t i;

	buf_printf(b, "%s\n", header);
	for (i = 0; i < s->n; i++) {
		const struct colstat *c = &s->v[i];

		tsv_put(b, bytes_str(c->name));
		buf_printf(b, "\t%s\t%llu\t%llu\t%llu\t%llu\t", c->type,
		    (unsigned long long)c->rows, (unsigned long long)c->missing,
		    (unsigned long long)c->empty, (unsigned long long)c->inf);
		tsv_put(b, bytes_str(c->min));
		buf_putc(b, '\t');
		tsv_put(b, bytes_str(c->max));
		buf_putc(b, '\t');
		tsv_put(b, bytes_str(c->sum));
		put_double(b, c->moments, c->mean);
		put_double(b, c->moments, c->variance);
		put_double(b, c->moments, c->skewness);
		if (c->values) {
			buf_printf(
			    b, "\t%llu\t", (unsigned long long)c->distinct);
			if (c->mode)
				tsv_put(b, bytes_str(c->mode));
			buf_printf(
			    b, "\t%llu", (unsigned long long)c->mode_rows);
		} else {
			buf_puts(b, "\t-\t-\t-");
		}
		put_double(b, c->quartiles, c->q25);
		put_double(b, c->quartiles, c->median);
		put_double(b, c->quartiles, c->q75);
		buf_putc(b, '\n');
	}
}

static bool
get_double(struct bytes s, bool *known, double *d)
{
	bool unknown = bytes_eq(s, bytes_str("-"));
	struct number n;

	if (unknown) {
		*known = false;
		return true;
	}
	if (number_scan(s, &n) == CLASS_TEXT) {
		*d = NAN;
		return bytes_eq(s, bytes_str("nan")) ||
		    bytes_eq(s, bytes_str("-nan"));
	}
	*d = n.d;
	return true;
}

static bool
load_row(struct colstat *c, const struct tsv *t, size_t r)
{
	static const char *const types[] = {
	    "int", "float", "bool", "time", "text"};
	struct bytes v[18];
	bool ok;
	size_t i;

	for (i = 0; i < LEN(v); i++)
		v[i] = tsv_cell(t, r, i);
	c->name = xstrndup(v[0].p, v[0].n);
	for (i = 0; i < LEN(types); i++)
		if (bytes_eq(v[1], bytes_str(types[i])))
			c->type = types[i];
	c->min = xstrndup(v[6].p, v[6].n);
	c->max = xstrndup(v[7].p, v[7].n);
	c->sum = xstrndup(v[8].p, v[8].n);
	c->moments = c->quartiles = true;
	ok = c->type && parse_u64(v[2], &c->rows) &&
	    parse_u64(v[3], &c->missing) && parse_u64(v[4], &c->empty) &&
	    parse_u64(v[5], &c->inf) &&
	    get_double(v[9], &c->moments, &c->mean) &&
	    get_double(v[10], &c->moments, &c->variance) &&
	    get_double(v[11], &c->moments, &c->skewness) &&
	    get_double(v[15], &c->quartiles, &c->q25) &&
	    get_double(v[16], &c->quartiles, &c->median) &&
	    get_double(v[17], &c->quartiles, &c->q75) &&
	    c->missing <= c->rows && (!c->moments || isfinite(c->mean));
	c->values = ok && !bytes_eq(v[12], bytes_str("-"));
	if (c->values) {
		ok = parse_u64(v[12], &c->distinct) &&
		    parse_u64(v[14], &c->mode_rows);
		if (c->distinct)
			c->mode = xstrndup(v[13].p, v[13].n);
	}
	return ok;
}

int
colstats_load(struct colstats *s, const char *path, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = file_load(path, &b, e);

	if (rc == 0)
		rc = colstats_parse(s, path, buf_bytes(&b), e);
	buf_fini(&b);
	return rc;
}

int
colstats_parse(
    struct colstats *s, const char *path, struct bytes text, struct err *e)
{
	struct tsv t;
	size_t i;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	if (tsv_parse(&t, path, text, header, e) < 0)
		return -1;
	s->v = xcalloc(t.nrow, sizeof(*s->v));
	for (i = 0; i < t.nrow && rc == 0; i++) {
		s->n = i + 1;
		if (!load_row(&s->v[i], &t, i))
			rc = err_set(e, "%s:%llu: not a line of stats.tsv",
			    path, tsv_lineno(i));
	}
	tsv_fini(&t);
	if (rc < 0)
		colstats_fini(s);
	return rc;
}

void
colstats_fini(struct colstats *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].min);
		free(s->v[i].max);
		free(s->v[i].sum);
		free(s->v[i].mode);
	}
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

const struct colstat *
colstats_find(const struct colstats *s, struct bytes name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (bytes_eq(bytes_str(s->v[i].name), name))
			return &s->v[i];
	return NULL;
}
