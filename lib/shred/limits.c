#include "shred/limits.h"

#include <stdlib.h>
#include <string.h>

static bool
same_name(struct bytes a, struct bytes b)
{
	return (a.p == NULL) == (b.p == NULL) && bytes_eq(a, b);
}

int
words_parse(struct words *w, const struct opt_list *l, const char *option,
    struct err *e)
{
	size_t i, k;

	for (i = 0; i < l->n; i++) {
		const char *p = l->v[i], *end, *eq;

		for (;; p = end + 1) {
			struct word x = {{NULL, 0}, {p, 0}};

			end = p + strcspn(p, ",");
			x.value.n = (size_t)(end - p);
			eq = memrchr(p, '=', x.value.n);
			if (eq) {
				x.name = bytes_of(p, (size_t)(eq - p));
				x.value =
				    bytes_of(eq + 1, (size_t)(end - eq - 1));
			}
			for (k = 0; k < w->n; k++)
				if (same_name(w->v[k].name, x.name))
					return err_kind_set(e, ERR_USAGE,
					    "--%s says twice what is of %s",
					    option,
					    x.name.p ? err_quote(x.name)
						     : "all tables");
			w->v = xrealloc(w->v, (w->n + 1) * sizeof(*w->v));
			w->v[w->n++] = x;
			if (*end == '\0')
				break;
		}
	}
	return 0;
}

int
words_bad(
    const char *option, const struct word *w, const char *want, struct err *e)
{
	struct bytes all = w->value;

	if (w->name.p)
		all = bytes_of(w->name.p, w->name.n + 1 + w->value.n);
	return err_kind_set(
	    e, ERR_USAGE, "--%s %s: %s", option, err_quote(all), want);
}

int
limits_check(struct limits *l, const struct opt_list *list, struct err *e)
{
	uint64_t v;
	size_t i;

	if (words_parse(&l->words, list, l->option, e) < 0)
		return -1;
	for (i = 0; i < l->words.n; i++)
		if (!l->parse(l->words.v[i].value, &v) || v == 0 ||
		    v > SIZES_MAX_TOTAL)
			return words_bad(l->option, &l->words.v[i], l->want, e);
	return 0;
}

/* A limit of a table that no file has would hold nothing. */
static int
limits_known(const struct limits *l, const struct sizes *s, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i, k;

	for (i = 0; i < l->words.n; i++) {
		struct bytes name = l->words.v[i].name;

		if (!name.p || sizes_find(s, name) >= 0)
			continue;
		for (k = 0; k < s->ntable; k++)
			buf_printf(&b, "%s%s", k ? ", " : "", s->table[k].name);
		err_kind_set(e, ERR_USAGE,
		    "--%s: no sizes of a table %s (there are: %s)", l->option,
		    err_quote(name), buf_cstr(&b));
		buf_fini(&b);
		return -1;
	}
	return 0;
}

static uint64_t
limit_of(const struct limits *l, const char *table)
{
	uint64_t all = PLAN_NO_LIMIT, v;
	size_t i;

	for (i = 0; i < l->words.n; i++) {
		const struct word *w = &l->words.v[i];

		if (!l->parse(w->value, &v))
			continue;
		if (!w->name.p)
			all = v;
		else if (bytes_eq(w->name, bytes_str(table)))
			return v;
	}
	return all;
}

/* table NULL: there is but one, and nobody named it. */
static void
dims_add(struct dims *d, const char *table, const char *unit,
    const uint64_t *size, uint64_t limit)
{
	struct buf b = BUF_ZERO;

	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->name = xrealloc(d->name, (d->n + 1) * sizeof(*d->name));
	buf_puts(&b, unit);
	if (table)
		buf_printf(&b, " of %s", table);
	d->v[d->n] = (struct plan_dim){size, limit};
	d->name[d->n++] = buf_release(&b);
}

static const char *
table_name(const struct sizes *s, size_t k)
{
	bool any = s->ntable == 1 && strcmp(s->table[0].name, "data") == 0;

	return any ? NULL : s->table[k].name;
}

static uint64_t *
dims_own(struct dims *d, uint32_t n)
{
	d->own = xrealloc(d->own, (d->nown + 1) * sizeof(*d->own));
	return d->own[d->nown++] = xcalloc(n, sizeof(uint64_t));
}

void
dims_fini(struct dims *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free(d->name[i]);
	for (i = 0; i < d->nown; i++)
		free(d->own[i]);
	free(d->v);
	free(d->name);
	free(d->own);
}

static int
no_bytes(const struct sizes_table *t, const char *option, struct err *e)
{
	return err_kind_set(e, ERR_USAGE,
	    "%s: of table %s only the rows are known, from %s", option,
	    err_quote(bytes_str(t->name)), t->from);
}

/* Adds a limit for the bytes of all tables together. */
static int
add_memory(struct dims *d, uint64_t limit, const struct sizes *s, struct err *e)
{
	uint64_t *sum = dims_own(d, s->n);
	uint32_t i;
	size_t k;

	if (limit > SIZES_MAX_TOTAL)
		return err_kind_set(
		    e, ERR_USAGE, "--memory: more than 2^56 bytes of a batch");
	for (k = 0; k < s->ntable; k++) {
		if (!s->table[k].have_bytes)
			return no_bytes(&s->table[k], "--memory", e);
		for (i = 0; i < s->n; i++)
			sum[i] += s->table[k].bytes[i];
	}
	dims_add(d, s->ntable > 1 ? "all tables" : table_name(s, 0), "bytes",
	    sum, limit);
	return 0;
}

int
dims_make(struct dims *d, const struct sizes *s, const struct limits *rows,
    const struct limits *bytes, uint64_t all, struct err *e)
{
	size_t k;

	if (limits_known(rows, s, e) < 0 || limits_known(bytes, s, e) < 0)
		return -1;
	for (k = 0; k < s->ntable; k++) {
		const struct sizes_table *t = &s->table[k];
		uint64_t limit = limit_of(bytes, t->name);

		dims_add(d, table_name(s, k), "rows", t->rows,
		    limit_of(rows, t->name));
		if (limit == PLAN_NO_LIMIT)
			continue;
		if (!t->have_bytes)
			return no_bytes(t, "--max-bytes", e);
		dims_add(d, table_name(s, k), "bytes", t->bytes, limit);
	}
	return all ? add_memory(d, all, s, e) : 0;
}

void
dims_plan(struct plan *p, const struct dims *d, uint32_t n, enum plan_pack how)
{
	struct plan_dim *held = xcalloc(d->n, sizeof(*held));
	size_t i, k = 0;

	for (i = 0; i < d->n; i++)
		if (d->v[i].limit != PLAN_NO_LIMIT)
			held[k++] = d->v[i];
	plan_make(p, held, k, n, how);
	free(held);
}

void
limits_fini(struct limits *l)
{
	free(l->words.v);
	l->words = (struct words){NULL, 0};
}
