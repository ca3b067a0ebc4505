#include "pass1/facts.h"

#include <stdlib.h>
#include <string.h>

#include "rows/coltype.h"

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
		lo = place_earlier(a->time_place, b->time_place) ? a : b;
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
	if (place_earlier(b->time_place, a->time_place))
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
