#include "rows/sortkey.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/parse.h"

#define SPARSE 9007199254740992.0 /* 2^53: not all integers are doubles */

void
sortkey_init(struct sortkey *k)
{
	memset(k, 0, sizeof(*k));
	k->option = "-k";
	k->as_bytes = "";
}

void
sortkey_fini(struct sortkey *k)
{
	size_t i;

	for (i = 0; i < k->ncol; i++) {
		free(k->col[i].name);
		free(k->col[i].first);
	}
	free(k->col);
	buf_fini(&k->scratch);
	sortkey_init(k);
}

void
sortkey_add(struct sortkey *k, const char *spec)
{
	struct sort_column *c;
	const char *colon = strrchr(spec, ':'), *p = colon;
	enum sort_type type = SORT_BYTES;

	if (k->ncol > 0)
		k->col[k->ncol - 1].last = false;
	k->col = xrealloc(k->col, (k->ncol + 1) * sizeof(*k->col));
	c = &k->col[k->ncol++];
	memset(c, 0, sizeof(*c));
	c->spec = spec;
	c->last = true;
	if (colon && p[1]) {
		switch (*++p) {
		case 'b': p++; break;
		case 'n':
			type = SORT_NUMBER;
			p++;
			break;
		case 't':
			type = SORT_TIME;
			p++;
			break;
		}
		if (*p == 'r') {
			c->descending = true;
			p++;
		}
		if (*p == '\0') {
			c->type = type;
			c->name = xstrndup(spec, (size_t)(colon - spec));
			return;
		}
		c->descending = false;
	}
	c->name = xstrdup(spec);
}

void
sortkey_more(struct sortkey *k)
{
	k->col[k->ncol - 1].last = false;
}

int
sortkey_find(struct sortkey *k, struct schema *s, struct err *e)
{
	size_t i;

	for (i = 0; i < k->ncol; i++) {
		struct sort_column *c = &k->col[i];
		int at = schema_find(s, bytes_str(c->name));

		if (at < 0 && schema_find(s, bytes_str(c->spec)) >= 0)
			return err_set(e,
			    "no column %s; for the column %s: -k %s:b",
			    err_quote(bytes_str(c->name)),
			    err_quote(bytes_str(c->spec)), c->spec);
		if (at < 0)
			at = schema_need(s, bytes_str(c->name), e);
		if (at < 0)
			return -1;
		c->col = s->col[at];
	}
	return 0;
}

static void
put_big_endian(struct buf *b, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(b->p + b->n, &v, 8);
	b->n += 8;
}

static void
put_bytes(struct buf *b, struct bytes v)
{
	char *to = b->p + b->n;
	size_t i;

	for (i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (UNLIKELY(c < 2)) {
			*to++ = 1;
			c++;
		}
		*to++ = (char)c;
	}
	*to++ = 0;
	b->n = (size_t)(to - b->p);
}

/* By how much the integer that s stands for is beyond its double d. */
static int
beyond(struct bytes s, const struct number *n)
{
	uint64_t u;
	int64_t i;

	if (n->whole)
		return (int)((int128)n->i - (int128)n->d);
	if (s.p[0] == '+')
		s = bytes_of(s.p + 1, s.n - 1);
	if (parse_i64(s, &i))
		return (int)((int128)i - (int128)n->d);
	if (parse_u64(s, &u))
		return (int)((int128)u - (int128)n->d);
	return 0;
}

static int
put_number(const struct sortkey *k, struct sort_column *c, struct bytes v,
    struct buf *key, struct err *e)
{
	struct number n;

	if (v.n == 0) {
		put_big_endian(key, 0);
		return 0;
	}
	if (number_scan(v, &n) == CLASS_TEXT)
		return err_set(e,
		    "%s in column %s is no number (%s %s%s sorts by bytes)",
		    err_quote(v), c->name, k->option, c->name, k->as_bytes);
	put_big_endian(key, number_key(n.d));
	if (UNLIKELY(n.d >= SPARSE || n.d <= -SPARSE)) {
		unsigned x = 0x8000 + (unsigned)beyond(v, &n);

		key->p[key->n++] = (char)(x >> 8);
		key->p[key->n++] = (char)x;
	}
	return 0;
}

static int
put_time(const struct sortkey *k, struct sort_column *c, struct bytes v,
    struct buf *key, struct err *e)
{
	struct instant t;
	enum time_kind kind;

	if (v.n == 0) {
		put_big_endian(key, 0);
		key->p[key->n++] = 0;
		return 0;
	}
	kind = instant_parse(v, &t);
	if (UNLIKELY(kind == TIME_NONE || kind != c->kind)) {
		if (kind == TIME_NONE)
			return err_set(e,
			    "%s in column %s is no time (%s %s%s sorts by bytes)",
			    err_quote(v), c->name, k->option, c->name,
			    k->as_bytes);
		if (c->kind != TIME_NONE)
			return err_set(e,
			    "time %s in column %s is %s, but %s is %s (%s %s%s "
			    "sorts by bytes)",
			    err_quote(v), c->name, time_kind_name(kind),
			    err_quote(bytes_str(c->first)),
			    time_kind_name(c->kind), k->option, c->name,
			    k->as_bytes);
		c->kind = kind;
		c->first = xstrndup(v.p, v.n);
	}
	put_big_endian(key, t.hi);
	key->p[key->n++] = (char)(t.lo + 1);
	return 0;
}

/* Is the value the column's part of the key, as it stands? */
static bool
is_itself(const struct sort_column *c)
{
	return c->type == SORT_BYTES && c->last && !c->descending;
}

int
sortkey_value(
    struct sortkey *k, size_t i, struct bytes v, struct buf *key, struct err *e)
{
	struct sort_column *c = &k->col[i];
	size_t start = key->n;
	int rc = 0;

	buf_reserve(key, 2 * v.n + 16);
	if (c->type == SORT_NUMBER)
		rc = put_number(k, c, v, key, e);
	else if (c->type == SORT_TIME)
		rc = put_time(k, c, v, key, e);
	else if (is_itself(c))
		buf_putb(key, v);
	else
		put_bytes(key, v);
	if (c->descending)
		for (; start < key->n; start++)
			key->p[start] = (char)~key->p[start];
	c->end = key->n;
	return rc;
}

int
sortkey_of(struct sortkey *k, const struct block *b, uint32_t row,
    struct buf *room, struct bytes *key, struct err *e)
{
	size_t i;

	buf_clear(room);
	for (i = 0; i < k->ncol; i++) {
		const struct sort_column *c = &k->col[i];
		struct bytes v =
		    csv_value(block_raw(b, &c->col, row), &k->scratch);

		if (k->ncol == 1 && is_itself(c)) {
			*key = v;
			return 0;
		}
		if (sortkey_value(k, i, v, room, e) < 0)
			return -1;
	}
	*key = buf_bytes(room);
	return 0;
}

const struct sort_column *
sortkey_decides(const struct sortkey *k, struct bytes last, struct bytes other)
{
	size_t at = 0, i;

	while (at < last.n && at < other.n && last.p[at] == other.p[at])
		at++;
	for (i = 0; i + 1 < k->ncol && k->col[i].end <= at; i++)
		;
	return &k->col[i];
}
