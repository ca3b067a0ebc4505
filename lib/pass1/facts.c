#include "pass1/facts.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/number.h"
#include "base/shortnum.h"
#include "io/tsv.h"
#include "rows/batch.h"
#include "rows/coltype.h"

static const char *const kind_names[KIND_COUNT] = {
    [KIND_INT] = "int",
    [KIND_FLOAT] = "float",
    [KIND_ODD] = "odd",
    [KIND_INF] = "inf",
    [KIND_BOOL] = "bool",
    [KIND_LOCAL] = "local",
    [KIND_ZONED] = "zoned",
    [KIND_TEXT] = "text",
};

static bool
earlier(struct place a, struct place b)
{
	if (a.row == 0 || b.row == 0)
		return b.row == 0 && a.row != 0;
	return a.shard != b.shard ? a.shard < b.shard : a.row < b.row;
}

static void
moments_free(struct moments *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->ntoken; i++)
		free(m->token[i].token);
	free(m->token);
	free(m);
}

void
facts_fini(struct facts *f)
{
	size_t i;

	free(f->time);
	free(f->key);
	free(f->label);
	free(f->missing_time);
	free(f->strata);
	free(f->groups);
	free(f->table);
	free(f->na);
	free(f->only);
	for (i = 0; i < f->nfile; i++)
		free(f->file[i].name);
	for (i = 0; i < f->nin; i++)
		free(f->in[i].path);
	free(f->in);
	for (i = 0; i < f->ncol; i++) {
		free(f->col[i].name);
		moments_free(f->col[i].moments);
	}
	free(f->col);
	memset(f, 0, sizeof(*f));
}

/* What is neither empty, token nor number. */
static enum kind
word_kind(struct bytes v, struct instant *t)
{
	static const char *const bools[] = {
	    "true", "false", "True", "False", "TRUE", "FALSE"};
	size_t i;

	if (v.n == 4 || v.n == 5)
		for (i = 0; i < LEN(bools); i++)
			if (bytes_eq(v, bytes_str(bools[i])))
				return KIND_BOOL;
	if (v.n >= 10 && v.p[4] == '-')
		switch (instant_parse(v, t)) {
		case TIME_LOCAL: return KIND_LOCAL;
		case TIME_ZONED: return KIND_ZONED;
		default: break;
		}
	return KIND_TEXT;
}

void
cell_scan(struct cell *c, const struct na_rule *na, struct bytes v)
{
	enum cell_class class;

	if (v.n == 0) {
		c->state = CELL_EMPTY;
		return;
	}
	if (begins_text(v.p[0], v.n) && !na->token) {
		c->state = CELL_VALUE;
		c->kind = KIND_TEXT;
		return;
	}
	class = number_scan(v, &c->num);
	if (class == CLASS_TEXT ? na_is_token(na, v)
				: na_is_number_token(na, v)) {
		c->state = CELL_TOKEN;
		return;
	}
	c->state = CELL_VALUE;
	switch (class) {
	case CLASS_INT: c->kind = KIND_INT; break;
	case CLASS_FLOAT: c->kind = KIND_FLOAT; break;
	case CLASS_ODD: c->kind = KIND_ODD; break;
	case CLASS_INF: c->kind = KIND_INF; break;
	case CLASS_TEXT: c->kind = word_kind(v, &c->time); break;
	}
}

enum kind
kind_of(struct bytes v)
{
	static const struct na_rule none = {.everywhere = false};
	struct cell c;

	cell_scan(&c, &none, v);
	return c.state == CELL_VALUE ? c.kind : KIND_TEXT;
}

static void
add_time(struct colfacts *c, struct instant lo, struct instant hi)
{
	if (!c->have_time || instant_cmp(lo, c->tmin) < 0)
		c->tmin = lo;
	if (!c->have_time || instant_cmp(hi, c->tmax) > 0)
		c->tmax = hi;
	c->have_time = true;
}

/*
 * Is it a float32, and its shortest decimal as one the same number?  So are
 * those of at most FLT_DIG digits, of which no two are one float32, and whole
 * numbers to 2^24, between which there are no others.  The float32 next to 0.1
 * is not: it would be read as 0.1.
 */
static bool
is_float32(double d)
{
	double power = 1, x = fabs(d);
	int k;

	if (!(x <= FLT_MAX) || (double)(float)d != d)
		return false;
	if (x <= 16777216 && x == trunc(x))
		return true;
	for (k = 0; k < 9; k++, power *= 10) {
		double m = x * power;

		if (m >= 1e6)
			return false;
		if (m == trunc(m) && m / power == x)
			return true;
	}
	return false;
}

static void
add_num(struct colfacts *c, double lo, double hi)
{
	lo += 0.0; /* -0 is 0 */
	hi += 0.0;
	if (!c->have_num || lo < c->min)
		c->min = lo;
	if (!c->have_num || hi > c->max)
		c->max = hi;
	c->have_num = true;
}

/* The token's count; the list stays sorted. */
static uint64_t *
token_count(struct moments *m, struct bytes token)
{
	size_t i;

	for (i = 0; i < m->ntoken; i++) {
		int cmp = bytes_cmp(bytes_str(m->token[i].token), token);

		if (cmp == 0)
			return &m->token[i].n;
		if (cmp > 0)
			break;
	}
	m->token = xrealloc(m->token, (m->ntoken + 1) * sizeof(*m->token));
	memmove(&m->token[i + 1], &m->token[i],
	    (m->ntoken - i) * sizeof(*m->token));
	m->ntoken++;
	m->token[i] = (struct token_count){xstrndup(token.p, token.n), 0};
	return &m->token[i].n;
}

static void
add_int(struct colfacts *c, int64_t lo, int64_t hi)
{
	bool first = !c->have_int;

	if (first || lo < c->imin)
		c->imin = lo;
	if (first || hi > c->imax)
		c->imax = hi;
	c->have_int = true;
}

void
colfacts_add(struct colfacts *c, const struct cell *cell, struct bytes v,
    struct place at)
{
	enum kind k = cell->kind;

	if (cell->state == CELL_EMPTY) {
		c->missing++;
		return;
	}
	if (cell->state == CELL_TOKEN) {
		c->tokens++;
		if (c->moments)
			++*token_count(c->moments, v);
		return;
	}
	if (c->n[k]++ == 0)
		c->first[k] = at;
	switch (k) {
	case KIND_INT:
		if (cell->num.whole)
			add_int(c, cell->num.i, cell->num.i);
		else
			c->big = true;
		/* FALLTHROUGH */
	case KIND_FLOAT:
	case KIND_ODD:
		add_num(c, cell->num.d, cell->num.d);
		c->f64 = c->f64 || !is_float32(cell->num.d);
		break;
	case KIND_LOCAL:
	case KIND_ZONED: add_time(c, cell->time, cell->time); break;
	default: break;
	}
	if (c->moments && (k == KIND_INT || k == KIND_FLOAT)) {
		exact_add(&c->moments->sums, cell->num.d);
		if (k == KIND_INT && cell->num.whole)
			c->moments->isum += cell->num.i;
	}
}

#define COMMON 64

/* Those of colfacts_add_common() that are numbers, on their way. */
struct common {
	double *value; /* COMMON of them */
	size_t nvalue;
	uint64_t n[KIND_FLOAT + 1];
	double min, max;
	int64_t imin, imax;
	uint128 isum;
};

static void
common_flush(struct common *m, struct colfacts *c)
{
	size_t i;

	for (i = 0; i < m->nvalue && !c->f64; i++)
		c->f64 = !is_float32(m->value[i]);
	if (c->moments)
		exact_add_all(&c->moments->sums, m->value, m->nvalue);
	m->nvalue = 0;
}

/* False: it is no number of a common form, or of a kind that is new. */
static inline bool
common_number(struct common *m, const struct colfacts *c, struct bytes v,
    const char *wide_until)
{
	struct number num;
	enum cell_class class;

	if (!number_plain_at(v, wide_until, &num, &class))
		return false;
	if (class == CLASS_INT) {
		if (!c->n[KIND_INT])
			return false;
		m->n[KIND_INT]++;
		m->imin = num.i < m->imin ? num.i : m->imin;
		m->imax = num.i > m->imax ? num.i : m->imax;
		m->isum += num.i;
	} else {
		if (class != CLASS_FLOAT || !c->n[KIND_FLOAT])
			return false;
		m->n[KIND_FLOAT]++;
	}
	m->min = num.d < m->min ? num.d : m->min;
	m->max = num.d > m->max ? num.d : m->max;
	m->value[m->nvalue++] = num.d;
	return true;
}

uint32_t
colfacts_add_common(struct colfacts *c, const struct batch_column *col,
    const uint32_t *row, uint32_t n)
{
	double value[COMMON];
	struct common m = {.value = value,
	    .min = INFINITY,
	    .max = -INFINITY,
	    .imin = INT64_MAX,
	    .imax = INT64_MIN};
	const char *wide_until = batch_column_wide(col);
	uint64_t missing = 0, text = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct bytes v = batch_column_raw(col, row[i]);

		if (v.n == 0) {
			missing++;
			continue;
		}
		if (raw_is_text(v)) {
			if (UNLIKELY(!c->n[KIND_TEXT]))
				break;
			text++;
			continue;
		}
		if (!common_number(&m, c, v, wide_until))
			break;
		if (m.nvalue == COMMON)
			common_flush(&m, c);
	}
	c->missing += missing;
	c->n[KIND_TEXT] += text;
	if (m.n[KIND_INT] | m.n[KIND_FLOAT]) {
		common_flush(&m, c);
		c->n[KIND_INT] += m.n[KIND_INT];
		c->n[KIND_FLOAT] += m.n[KIND_FLOAT];
		add_num(c, m.min, m.max);
	}
	if (m.n[KIND_INT]) {
		add_int(c, m.imin, m.imax);
		if (c->moments)
			c->moments->isum += m.isum;
	}
	return i;
}

static void
moments_merge(struct moments *a, const struct moments *b)
{
	size_t i;

	/* false only beyond 2^64 values, which no shards hold */
	(void)exact_merge(&a->sums, &b->sums);
	a->isum += b->isum;
	for (i = 0; i < b->ntoken; i++)
		*token_count(a, bytes_str(b->token[i].token)) += b->token[i].n;
}

static void
colfacts_merge(struct colfacts *a, const struct colfacts *b)
{
	int k;

	a->missing += b->missing;
	a->tokens += b->tokens;
	if (b->have_int)
		add_int(a, b->imin, b->imax);
	a->big |= b->big;
	a->f64 |= b->f64;
	a->values &= b->values;
	for (k = 0; k < KIND_COUNT; k++) {
		a->n[k] += b->n[k];
		if (earlier(b->first[k], a->first[k]))
			a->first[k] = b->first[k];
	}
	if (b->have_num)
		add_num(a, b->min, b->max);
	if (b->have_time)
		add_time(a, b->tmin, b->tmax);
	if (a->moments && b->moments)
		moments_merge(a->moments, b->moments);
}

const char *
colfacts_type(const struct colfacts *c, struct place *why)
{
	static const struct {
		const char *name;
		unsigned kinds; /* that may occur */
	} types[] = {
	    {"int", 1u << KIND_INT},
	    {"float", 1u << KIND_INT | 1u << KIND_FLOAT | 1u << KIND_INF},
	    {"bool", 1u << KIND_BOOL},
	    {"time", 1u << KIND_LOCAL},
	    {"time", 1u << KIND_ZONED},
	    {"text", ~0u},
	};
	unsigned seen = 0, narrow;
	size_t i;
	int k;

	for (k = 0; k < KIND_COUNT; k++)
		if (c->n[k])
			seen |= 1u << k;
	for (i = 0; seen && seen & ~types[i].kinds; i++)
		;
	if (!seen)
		i = LEN(types) - 1;
	/* the evidence: the first row that no narrower type could take; a
	 * text column of mixed kinds is one because of its second kind */
	narrow = i == 1 ? 1u << KIND_INT : 0;
	*why = (struct place){0, 0};
	if (i == LEN(types) - 1 && seen) {
		struct place first = {0, 0};
		int fk = KIND_TEXT;

		for (k = 0; k < KIND_COUNT; k++)
			if (c->n[k] && earlier(c->first[k], first)) {
				first = c->first[k];
				fk = k;
			}
		if (fk <= KIND_INF && fk != KIND_ODD)
			narrow =
			    1u << KIND_INT | 1u << KIND_FLOAT | 1u << KIND_INF;
		else if (fk != KIND_ODD && fk != KIND_TEXT)
			narrow = 1u << fk;
	}
	for (k = 0; k < KIND_COUNT; k++)
		if (c->n[k] && !(narrow >> k & 1) && earlier(c->first[k], *why))
			*why = c->first[k];
	return types[i].name;
}

char *
whole_text(uint128 v)
{
	char out[48], *p = out + sizeof(out);
	bool neg = v >> 127;

	if (neg)
		v = -v;
	*--p = '\0';
	do
		*--p = (char)('0' + (int)(v % 10));
	while (v /= 10);
	if (neg)
		*--p = '-';
	return xstrdup(p);
}

char *
number_text(double d)
{
	char out[NUMBER_MAX];

	if (isnan(d))
		return xstrdup("nan"); /* whatever its sign */
	if (isinf(d))
		snprintf(out, sizeof(out), "%g", d);
	else
		number_format(d, true, out);
	return xstrdup(out);
}

char *
colfacts_range(const struct colfacts *c, const char *type, bool max)
{
	enum time_kind k = c->n[KIND_ZONED] ? TIME_ZONED : TIME_LOCAL;
	struct buf b = BUF_ZERO;

	if (strcmp(type, "int") == 0 && !c->big && c->have_int) {
		return whole_text((uint128)(int128)(max ? c->imax : c->imin));
	} else if ((strcmp(type, "int") == 0 || strcmp(type, "float") == 0) &&
	    c->have_num) {
		return number_text(max ? c->max : c->min);
	} else if (strcmp(type, "time") == 0 && c->have_time) {
		instant_format(&b, k, max ? c->tmax : c->tmin);
		return buf_release(&b);
	}
	return xstrdup("-");
}

bool
colfacts_no_value(const struct colfacts *c)
{
	int k;

	for (k = 0; k < KIND_COUNT; k++)
		if (c->n[k])
			return false;
	return true;
}

bool
colfacts_tokens_missing(const struct colfacts *c)
{
	struct place why;

	return colfacts_no_value(c) ||
	    strcmp(colfacts_type(c, &why), "text") != 0;
}

bool
facts_group_tokens_missing(const struct facts *f, const struct na_rule *r)
{
	struct colfacts c = {.name = NULL};
	int k;

	for (k = 0; k < KIND_COUNT; k++)
		c.n[k] = f->group_kinds >> k & 1;
	return r->everywhere || colfacts_tokens_missing(&c);
}

uint64_t
facts_ungrouped(const struct facts *f, const struct na_rule *r)
{
	return f->group_missing +
	    (facts_group_tokens_missing(f, r) ? f->group_tokens : 0);
}

static int
same_option(const char *what, const char *a, const char *b,
    const struct facts *fa, const struct facts *fb, struct err *e)
{
	if ((a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0))
		return 0;
	return err_set(e,
	    "partials of different options: --%s is %s for %s and %s for %s",
	    what, a ? a : "not given", fa->in[0].path, b ? b : "not given",
	    fb->in[0].path);
}

static int
same_flag(const char *what, bool a, bool b, const struct facts *fa,
    const struct facts *fb, struct err *e)
{
	if (a == b)
		return 0;
	return err_set(e,
	    "partials of different options: %s was read with --%s, %s without",
	    (a ? fa : fb)->in[0].path, what, (a ? fb : fa)->in[0].path);
}

int
facts_same_header(const struct facts *a, const struct facts *b, struct err *e)
{
	size_t i;

	if (a->ncol != b->ncol)
		return err_set(e,
		    "%s:1: header differs from that of %s: %zu columns, "
		    "there %zu",
		    b->in[0].path, a->in[0].path, b->ncol, a->ncol);
	for (i = 0; i < a->ncol; i++)
		if (strcmp(a->col[i].name, b->col[i].name) != 0)
			return err_set(e,
			    "%s:1: header differs from that of %s: column "
			    "%zu is %s, there %s (--header=reorder or union "
			    "goes on)",
			    b->in[0].path, a->in[0].path, i + 1,
			    err_quote(bytes_str(b->col[i].name)),
			    err_quote(bytes_str(a->col[i].name)));
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct colfacts *x = a, *y = b;

	if (x->shard != y->shard)
		return x->shard < y->shard ? -1 : 1;
	return (x->pos > y->pos) - (x->pos < y->pos);
}

/*
 * Merges the columns of b into a's, by name.  Which names may be new, and
 * their order, follow from the policy; the order is that of first appearance,
 * so it does not depend on how the merge is grouped.
 */
static int
merge_columns(struct facts *a, struct facts *b, struct err *e)
{
	const struct facts *lo = a->in[0].number < b->in[0].number ? a : b;
	const struct facts *hi = lo == a ? b : a;
	uint64_t arows = facts_rows(a), brows = facts_rows(b);
	bool same = a->ncol == b->ncol;
	size_t i, k, found = 0, n = a->ncol;

	for (i = 0; same && i < a->ncol; i++)
		same = strcmp(a->col[i].name, b->col[i].name) == 0;
	if (!same && a->header == HEADER_STRICT)
		return facts_same_header(lo, hi, e);
	for (i = 0; i < a->ncol; i++) {
		struct colfacts *c = &a->col[i];

		k = i;
		if (!same)
			for (k = 0; k < b->ncol; k++)
				if (strcmp(c->name, b->col[k].name) == 0)
					break;
		if (k == b->ncol) {
			c->missing += a->schema ? brows : 0;
			continue;
		}
		found++;
		c->type = coltype_join(c->type, b->col[k].type);
		if (by_place(&b->col[k], c) < 0) {
			c->shard = b->col[k].shard;
			c->pos = b->col[k].pos;
		}
		colfacts_merge(c, &b->col[k]);
	}
	if (a->header != HEADER_UNION && (found != a->ncol || found != b->ncol))
		return err_set(e,
		    "%s:1: not the columns of %s (--header=union adds and "
		    "leaves empty)",
		    hi->in[0].path, lo->in[0].path);
	a->col = xrealloc(a->col, (a->ncol + b->ncol) * sizeof(*a->col));
	for (k = 0; found < b->ncol && k < b->ncol; k++) {
		for (i = 0; i < n; i++)
			if (strcmp(a->col[i].name, b->col[k].name) == 0)
				break;
		if (i < n)
			continue;
		a->col[a->ncol] = b->col[k];
		a->col[a->ncol].missing += a->schema ? arows : 0;
		a->ncol++;
		b->col[k].name = NULL; /* both are a's now */
		b->col[k].moments = NULL;
	}
	if (!same)
		qsort(a->col, a->ncol, sizeof(*a->col), by_place);
	return 0;
}

static int
merge_inputs(struct facts *a, struct facts *b, struct err *e)
{
	struct input *v = xmalloc((a->nin + b->nin) * sizeof(*v));
	size_t i = 0, k = 0, n = 0;

	while (i < a->nin || k < b->nin) {
		if (i < a->nin && k < b->nin &&
		    a->in[i].number == b->in[k].number) {
			free(v);
			return err_set(e,
			    "two partials for shard %llu: %s and %s",
			    (unsigned long long)a->in[i].number, a->in[i].path,
			    b->in[k].path);
		}
		if (k == b->nin ||
		    (i < a->nin && a->in[i].number < b->in[k].number))
			v[n++] = a->in[i++];
		else
			v[n++] = b->in[k++];
	}
	free(a->in);
	free(b->in);
	a->in = v;
	a->nin = n;
	b->in = NULL;
	b->nin = 0;
	return 0;
}

int
facts_merge(struct facts *a, struct facts *b, struct err *e)
{
	struct facts *lo = a->in[0].number < b->in[0].number ? a : b;
	struct facts *hi = lo == a ? b : a;
	size_t i;

	if (same_flag("schema", a->schema, b->schema, a, b, e) < 0 ||
	    same_flag("moments", a->moments, b->moments, a, b, e) < 0 ||
	    same_option("quoted-empty", a->quoted_value ? "value" : NULL,
		b->quoted_value ? "value" : NULL, a, b, e) < 0 ||
	    same_option("only", a->only, b->only, a, b, e) < 0 ||
	    same_option("time", a->time, b->time, a, b, e) < 0 ||
	    same_option("key", a->key, b->key, a, b, e) < 0 ||
	    same_option("label", a->label, b->label, a, b, e) < 0 ||
	    same_option("missing-time", a->missing_time, b->missing_time, a, b,
		e) < 0 ||
	    same_option("na", a->na, b->na, a, b, e) < 0 ||
	    same_option("strata", a->strata, b->strata, a, b, e) < 0 ||
	    same_option("groups", a->groups, b->groups, a, b, e) < 0)
		return -1;
	if (same_option("table", a->table, b->table, a, b, e) < 0)
		return err_prefix(e, "each table has a context of its own: ");
	if (a->fingerprint != b->fingerprint)
		return err_set(e,
		    "%s and %s were read with different options (pass 1 "
		    "again: shard-stats)",
		    lo->in[0].path, hi->in[0].path);
	/* the policy is among the options, but of JSON it is always union */
	a->header = a->header > b->header ? a->header : b->header;
	if (a->seed != b->seed)
		return err_set(e, "partials of different seeds");
	if (a->values != b->values)
		a->values = 0; /* of each column, what both have */
	for (i = 0; i < FORMAT_UNKNOWN; i++) {
		if (a->sep[i] && b->sep[i] && a->sep[i] != b->sep[i])
			return err_set(e,
			    "%s and %s have different separators (%s, %s); "
			    "to make all commas: shard-ls DIR | shard-run "
			    "--list - cat {} : write -o NEWDIR",
			    lo->in[0].path, hi->in[0].path,
			    err_quote(bytes_of(&lo->sep[i], 1)),
			    err_quote(bytes_of(&hi->sep[i], 1)));
		if (b->sep[i])
			a->sep[i] = b->sep[i];
	}
	if (a->time_kind && b->time_kind && a->time_kind != b->time_kind) {
		lo = earlier(a->time_place, b->time_place) ? a : b;
		hi = lo == a ? b : a;
		return err_set(e,
		    "column %s mixes %s times (first in shard %llu row %llu) "
		    "with %s times (first in shard %llu row %llu)",
		    a->time, time_kind_name(lo->time_kind),
		    (unsigned long long)lo->time_place.shard,
		    (unsigned long long)lo->time_place.row,
		    time_kind_name(hi->time_kind),
		    (unsigned long long)hi->time_place.shard,
		    (unsigned long long)hi->time_place.row);
	}
	if (b->time_kind)
		a->time_kind = b->time_kind;
	if (earlier(b->time_place, a->time_place))
		a->time_place = b->time_place;
	a->time_rows += b->time_rows;
	a->time_missing += b->time_missing;
	a->key_missing += b->key_missing;
	a->key_tokens += b->key_tokens;
	a->key_text |= b->key_text;
	a->group_missing += b->group_missing;
	a->group_tokens += b->group_tokens;
	a->group_kinds |= b->group_kinds;
	a->ngroup = 0; /* the merge counts them */
	if (merge_columns(a, b, e) < 0 || merge_inputs(a, b, e) < 0)
		return -1;
	facts_fini(b);
	return 0;
}

uint32_t *
facts_columns(const struct facts *part, const struct facts *whole)
{
	uint32_t *to = xmalloc((part->ncol + 1) * sizeof(*to));
	size_t i, k;

	for (i = 0; i < part->ncol; i++) {
		const char *name = part->col[i].name;

		k = i; /* where it is nearly always */
		if (k >= whole->ncol || strcmp(whole->col[k].name, name) != 0)
			for (k = 0; k < whole->ncol; k++)
				if (strcmp(whole->col[k].name, name) == 0)
					break;
		to[i] = k < whole->ncol ? (uint32_t)k : UINT32_MAX;
	}
	return to;
}

uint64_t
facts_rows(const struct facts *f)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < f->nin; i++)
		n += f->in[i].rows;
	return n;
}

const struct input *
facts_input(const struct facts *f, uint64_t number)
{
	size_t lo = 0, hi = f->nin;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->in[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->nin && f->in[lo].number == number ? &f->in[lo] : NULL;
}

/* One line: kind, name, then a number for each letter of how: u in decimal,
 * x in hex with an x in front. */
static void
line(struct buf *b, const char *kind, const char *name, const char *how, ...)
{
	va_list ap;
	int i;

	buf_puts(b, kind);
	buf_putc(b, '\t');
	tsv_put(b, bytes_str(name));
	va_start(ap, how);
	for (i = 0; i < 6; i++) {
		if (*how)
			buf_printf(b, *how++ == 'x' ? "\tx%016llx" : "\t%llu",
			    va_arg(ap, unsigned long long));
		else
			buf_puts(b, "\t");
	}
	va_end(ap);
	buf_putc(b, '\n');
}

/* A number as line() writes it; an empty cell is 0. */
static bool
parse_cell(struct bytes s, uint64_t *v)
{
	*v = 0;
	if (s.n > 0 && s.p[0] == 'x')
		return parse_hex64(bytes_of(s.p + 1, s.n - 1), v);
	return s.n == 0 || parse_u64(s, v);
}

#define U(x) ((unsigned long long)(x))

static uint64_t
double_bits(double d)
{
	uint64_t u;

	memcpy(&u, &d, 8);
	return u;
}

static double
bits_double(uint64_t u)
{
	double d;

	memcpy(&d, &u, 8);
	return d;
}

static const char facts_header[] = "kind\tname\ta\tb\tc\td\te\tf";

static void
save_column(const struct colfacts *c, struct buf *to)
{
	const struct moments *m = c->moments;
	struct buf b = BUF_ZERO;
	size_t i;
	int k;

	line(to, "col", c->name, "uuuuu", U(c->missing), U(c->tokens),
	    U(c->shard), U(c->pos), U(c->values));
	if (c->type)
		line(to, "type", c->type, "");
	for (k = 0; k < KIND_COUNT; k++)
		if (c->n[k])
			line(to, "kind", kind_names[k], "uuu", U(c->n[k]),
			    U(c->first[k].shard), U(c->first[k].row));
	if (c->have_int || c->big)
		line(to, "int", "", "xxuu", U(c->imin), U(c->imax), U(c->big),
		    U(c->have_int));
	if (c->have_num)
		line(to, "num", "", "xxu", U(double_bits(c->min)),
		    U(double_bits(c->max)), U(!c->f64));
	if (c->have_time)
		line(to, "span", "", "uuuu", U(c->tmin.hi), U(c->tmin.lo),
		    U(c->tmax.hi), U(c->tmax.lo));
	if (!m)
		return;
	exact_save(&m->sums, &b);
	line(to, "sums", buf_cstr(&b), "xx", U(m->isum >> 64), U(m->isum));
	buf_fini(&b);
	for (i = 0; i < m->ntoken; i++)
		line(to, "token", m->token[i].token, "u", U(m->token[i].n));
}

void
facts_save(const struct facts *f, struct buf *to)
{
	size_t i;

	buf_printf(to, "%s\n", facts_header);
	line(to, "format", "shardkit", "u", U(1));
	if (f->time)
		line(to, "time", f->time, "uuuuu", U(f->time_kind),
		    U(f->time_place.shard), U(f->time_place.row),
		    U(f->time_rows), U(f->time_missing));
	if (f->missing_time)
		line(to, "missing-time", f->missing_time, "");
	if (f->key)
		line(to, "key", f->key, "uuu", U(f->key_missing),
		    U(f->key_tokens), U(f->key_text));
	if (f->label)
		line(to, "label", f->label, "");
	if (f->na)
		line(to, "na", f->na, "");
	if (f->strata)
		line(to, "strata", f->strata, "u", U(f->seed));
	if (f->groups)
		line(to, "groups", f->groups, "uuuu", U(f->group_missing),
		    U(f->group_tokens), U(f->group_kinds), U(f->ngroup));
	if (f->table)
		line(to, "table", f->table, "");
	if (f->schema)
		line(to, "schema", "", "");
	if (f->moments)
		line(to, "moments", "", "");
	if (f->narrow)
		line(to, "optimize-types", "", "");
	if (f->quoted_value)
		line(to, "quoted-empty", "value", "");
	if (f->only)
		line(to, "only", f->only, "");
	if (f->values)
		line(to, "values", "", "x", U(f->values));
	line(to, "reader", "", "ux", U(f->header), U(f->fingerprint));
	for (i = 0; i < f->nin; i++)
		line(to, "input", f->in[i].path, "uuxuuu", U(f->in[i].number),
		    U(f->in[i].rows), U(f->in[i].digest), U(f->in[i].id.size),
		    U(f->in[i].id.mtime_ns), U(f->in[i].id.inode));
	for (i = 0; i < FORMAT_UNKNOWN; i++)
		if (f->sep[i])
			line(to, "sep", format_name((enum format)i), "u",
			    U(f->sep[i]));
	for (i = 0; i < f->ncol; i++)
		save_column(&f->col[i], to);
}

static bool
is(struct bytes s, const char *word)
{
	return bytes_eq(s, bytes_str(word));
}

/* A fact of its own kind is said once. */
static bool
set_once(char **to, struct bytes name)
{
	if (*to)
		return false;
	*to = xstrndup(name.p, name.n);
	return true;
}

static bool
load_line(
    struct facts *f, struct bytes kind, struct bytes name, const uint64_t v[6])
{
	struct colfacts *c = f->ncol ? &f->col[f->ncol - 1] : NULL;
	struct input *in;
	int k;

	if (is(kind, "format")) {
		f->format = v[0] == 1;
		return f->format;
	}
	if (is(kind, "time")) {
		if (!set_once(&f->time, name))
			return false;
		f->time_kind =
		    v[0] <= TIME_EPOCH ? (enum time_kind)v[0] : TIME_NONE;
		f->time_place = (struct place){v[1], v[2]};
		f->time_rows = v[3];
		f->time_missing = v[4];
	} else if (is(kind, "missing-time")) {
		if (!set_once(&f->missing_time, name))
			return false;
	} else if (is(kind, "key")) {
		if (!set_once(&f->key, name))
			return false;
		f->key_missing = v[0];
		f->key_tokens = v[1];
		f->key_text = v[2] != 0;
	} else if (is(kind, "label")) {
		if (!set_once(&f->label, name))
			return false;
	} else if (is(kind, "na")) {
		if (!set_once(&f->na, name))
			return false;
	} else if (is(kind, "strata")) {
		if (!set_once(&f->strata, name))
			return false;
		f->seed = v[0];
	} else if (is(kind, "groups") && v[2] < 1u << KIND_COUNT) {
		if (!set_once(&f->groups, name))
			return false;
		f->group_missing = v[0];
		f->group_tokens = v[1];
		f->group_kinds = (unsigned)v[2];
		f->ngroup = v[3];
	} else if (is(kind, "table")) {
		if (!set_once(&f->table, name))
			return false;
	} else if (is(kind, "reader") && v[0] <= HEADER_UNION) {
		f->header = (enum header_policy)v[0];
		f->fingerprint = v[1];
	} else if (is(kind, "schema")) {
		f->schema = true;
	} else if (is(kind, "moments")) {
		f->moments = true;
	} else if (is(kind, "optimize-types")) {
		f->narrow = true;
	} else if (is(kind, "quoted-empty")) {
		f->quoted_value = is(name, "value");
	} else if (is(kind, "only")) {
		if (!set_once(&f->only, name))
			return false;
	} else if (is(kind, "file")) {
		if (f->nfile == LEN(f->file))
			return false;
		f->file[f->nfile].digest = v[0];
		f->file[f->nfile++].name = xstrndup(name.p, name.n);
	} else if (is(kind, "values")) {
		f->values = v[0];
	} else if (is(kind, "input")) {
		if ((f->nin & (f->nin - 1)) == 0)
			f->in = xrealloc(
			    f->in, (f->nin ? 2 * f->nin : 1) * sizeof(*f->in));
		in = &f->in[f->nin++];
		in->path = xstrndup(name.p, name.n);
		in->number = v[0];
		in->rows = v[1];
		in->digest = v[2];
		in->id = (struct identity){v[3], v[5], (int64_t)v[4]};
		if (f->nin > 1 && in[-1].number >= in->number)
			return false;
	} else if (is(kind, "sep")) {
		enum format fmt = format_named(name);

		if (fmt == FORMAT_UNKNOWN)
			return false;
		f->sep[fmt] = (char)v[0];
	} else if (is(kind, "type")) {
		if (f->ncol == 0 || !coltype(name))
			return false;
		f->col[f->ncol - 1].type = coltype(name);
	} else if (is(kind, "col")) {
		if ((f->ncol & (f->ncol - 1)) == 0)
			f->col = xrealloc(f->col,
			    (f->ncol ? 2 * f->ncol : 1) * sizeof(*f->col));
		c = &f->col[f->ncol++];
		memset(c, 0, sizeof(*c));
		c->name = xstrndup(name.p, name.n);
		c->missing = v[0];
		c->tokens = v[1];
		c->shard = v[2];
		c->pos = (uint32_t)v[3];
		c->values = (unsigned)v[4];
		if (f->moments)
			c->moments = xcalloc(1, sizeof(*c->moments));
	} else if (c && is(kind, "kind")) {
		for (k = 0; k < KIND_COUNT; k++)
			if (is(name, kind_names[k]))
				break;
		if (k == KIND_COUNT)
			return false;
		if (v[0] == 0 || v[2] == 0)
			return false; /* seen, so seen somewhere */
		c->n[k] = v[0];
		c->first[k] = (struct place){v[1], v[2]};
	} else if (c && is(kind, "int")) {
		c->imin = (int64_t)v[0];
		c->imax = (int64_t)v[1];
		c->big = v[2] != 0;
		c->have_int = v[3] != 0;
	} else if (c && is(kind, "num")) {
		c->have_num = true;
		c->min = bits_double(v[0]);
		c->max = bits_double(v[1]);
		c->f64 = v[2] == 0; /* and so in a file without it */
	} else if (c && is(kind, "span")) {
		c->have_time = true;
		c->tmin = (struct instant){v[0], (uint32_t)v[1]};
		c->tmax = (struct instant){v[2], (uint32_t)v[3]};
	} else if (c && c->moments && is(kind, "sums")) {
		c->moments->isum = (uint128)v[0] << 64 | v[1];
		return exact_load(&c->moments->sums, name);
	} else if (c && c->moments && is(kind, "token")) {
		*token_count(c->moments, name) += v[0];
	} else {
		return false;
	}
	return true;
}

int
facts_load(struct facts *f, const char *name, struct bytes text, struct err *e)
{
	struct tsv t;
	size_t r, i;

	memset(f, 0, sizeof(*f));
	if (tsv_parse(&t, name, text, facts_header, e) < 0)
		return -1;
	for (r = 0; r < t.nrow; r++) {
		uint64_t v[6];
		bool ok = true;

		for (i = 0; i < 6; i++) {
			ok &= parse_cell(tsv_cell(&t, r, i + 2), &v[i]);
		}
		if (!ok ||
		    !load_line(f, tsv_cell(&t, r, 0), tsv_cell(&t, r, 1), v)) {
			err_set(e, "%s: bad line %llu", name, tsv_lineno(r));
			goto fail;
		}
	}
	tsv_fini(&t);
	if (!f->format || f->nin == 0 || f->ncol == 0) {
		err_set(e,
		    "%s: not of format 1, or names no input or no "
		    "column",
		    name);
		facts_fini(f);
		return -1;
	}
	return 0;
fail:
	tsv_fini(&t);
	facts_fini(f);
	return -1;
}

static const char seal_kind[] = "seal";

void
facts_seal_file(struct buf *text, const char *name, uint64_t digest)
{
	line(text, "file", name, "x", U(digest));
}

void
facts_seal(struct buf *text)
{
	line(text, seal_kind, "", "x", U(digest_of(text->p, text->n)));
}

bool
facts_sealed(struct bytes *text)
{
	struct buf b = BUF_ZERO;
	const char *nl;
	bool ok;

	if (text->n < 2)
		return false;
	nl = memrchr(text->p, '\n', text->n - 1);
	if (!nl)
		return false;
	line(&b, seal_kind, "", "x",
	    U(digest_of(text->p, (size_t)(nl + 1 - text->p))));
	ok = bytes_eq(bytes_of(nl + 1, text->n - (size_t)(nl + 1 - text->p)),
	    buf_bytes(&b));
	buf_fini(&b);
	if (ok)
		text->n = (size_t)(nl + 1 - text->p);
	return ok;
}

const char *
colfacts_storage(const struct colfacts *c, const char *type)
{
	if (strcmp(type, "int") == 0)
		return c->big                                      ? "text"
		    : c->imin >= INT8_MIN && c->imax <= INT8_MAX   ? "int8"
		    : c->imin >= INT16_MIN && c->imax <= INT16_MAX ? "int16"
		    : c->imin >= INT32_MIN && c->imax <= INT32_MAX ? "int32"
								   : "int64";
	if (strcmp(type, "float") == 0)
		return c->f64 ? "float64" : "float32";
	if (strcmp(type, "time") == 0)
		return "timestamp";
	return type;
}

/* Of two types the narrower one, if all values fit it as well: what is declared
 * stays unless it is a number of more bytes. */
static const char *
narrower(const char *declared, const char *storage)
{
	static const struct {
		const char *storage, *type;
		int bytes;
	} t[] = {{"int8", "TINYINT", 1}, {"int16", "SMALLINT", 2},
	    {"int32", "INTEGER", 4}, {"int64", "BIGINT", 8},
	    {"float32", "FLOAT", 4}, {"float64", "DOUBLE", 8}};
	int64_t min, max;
	size_t i;
	int width;

	for (i = 0; i < LEN(t); i++)
		if (strcmp(storage, t[i].storage) == 0)
			break;
	if (i == LEN(t))
		return declared;
	if (strcmp(declared, "DOUBLE") == 0 || strcmp(declared, "UBIGINT") == 0)
		width = 8;
	else if (coltype_range(declared, &min, &max))
		width = max <= UINT8_MAX ? 1
		    : max <= UINT16_MAX  ? 2
		    : max <= UINT32_MAX  ? 4
					 : 8;
	else
		return declared;
	return t[i].bytes < width ? t[i].type : declared;
}

const char *
facts_coltype(const struct facts *f, const struct colfacts *c)
{
	static const char *const types[][2] = {{"int", "BIGINT"},
	    {"float", "DOUBLE"}, {"bool", "BOOLEAN"}, {"text", "VARCHAR"}};
	struct place why;
	const char *of, *type = c->type;
	size_t i;

	if (!f->schema)
		return type;
	of = colfacts_type(c, &why);
	if (!type && strcmp(of, "time") == 0)
		type =
		    c->n[KIND_ZONED] ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
	for (i = 0; !type && i < LEN(types); i++)
		if (strcmp(of, types[i][0]) == 0)
			type = c->big && i == 0 ? "VARCHAR" : types[i][1];
	if (f->narrow)
		type = narrower(type, colfacts_storage(c, of));
	return coltype(bytes_str(type));
}
