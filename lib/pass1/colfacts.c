#include "pass1/colfacts.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/shortnum.h"
#include "rows/block.h"

bool
place_earlier(struct place a, struct place b)
{
	if (a.row == 0 || b.row == 0)
		return b.row == 0 && a.row != 0;
	return a.shard != b.shard ? a.shard < b.shard : a.row < b.row;
}

void
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

uint64_t *
moments_token(struct moments *m, struct bytes token)
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
			++*moments_token(c->moments, v);
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
colfacts_add_common(struct colfacts *c, const struct block_column *col,
    const uint32_t *row, uint32_t n)
{
	double value[COMMON];
	struct common m = {.value = value,
	    .min = INFINITY,
	    .max = -INFINITY,
	    .imin = INT64_MAX,
	    .imax = INT64_MIN};
	const char *wide_until = block_column_wide(col);
	uint64_t missing = 0, text = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct bytes v = block_column_raw(col, row[i]);

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
		*moments_token(a, bytes_str(b->token[i].token)) +=
		    b->token[i].n;
}

void
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
		if (place_earlier(b->first[k], a->first[k]))
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
			if (c->n[k] && place_earlier(c->first[k], first)) {
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
		if (c->n[k] && !(narrow >> k & 1) &&
		    place_earlier(c->first[k], *why))
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
