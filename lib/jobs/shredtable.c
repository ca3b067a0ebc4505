#include "jobs/shredtable.h"

#include <stdlib.h>
#include <string.h>

#include "filters/condition.h"

static bool
name_ok(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char c = s[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9');

		if (!plain && (i == 0 || !strchr("_.-", c)))
			return false;
	}
	return n > 0;
}

/* The length of COL in COL:TYPE; TYPE is t, n or b and r, or r alone. */
static size_t
column_length(const char *order)
{
	const char *colon = strrchr(order, ':');

	if (!colon || colon == order)
		return strlen(order);
	if (strcmp(colon, ":r") == 0 ||
	    (colon[1] && strchr("bnt", colon[1]) &&
		(!colon[2] || strcmp(colon + 2, "r") == 0)))
		return (size_t)(colon - order);
	return strlen(order);
}

/* The path as no option reads. */
static char *
plain_path(const char *path, size_t n)
{
	struct buf b = BUF_ZERO;

	while (n > 1 && path[n - 1] == '/')
		n--;
	buf_printf(&b, "%s%.*s", *path == '-' || *path == ':' ? "./" : "",
	    (int)n, path);
	return buf_release(&b);
}

static int
add(struct shred *s, const char *spec, const char *name, size_t n,
    const char *dir, size_t ndir, const char *order, struct err *e)
{
	struct shred_table *t;
	size_t i;

	if (!name_ok(name, n))
		return err_kind_set(
		    e, ERR_USAGE, "--table %s: not the name of a table", spec);
	for (i = 0; i < s->n; i++)
		if (bytes_eq(bytes_str(s->table[i].name), bytes_of(name, n)))
			return err_kind_set(e, ERR_USAGE,
			    "--table %.*s is there twice", (int)n, name);
	if (bytes_eq(bytes_of(name, n), bytes_str("id")) ||
	    bytes_eq(bytes_of(name, n), bytes_str("day")))
		return err_kind_set(e, ERR_USAGE,
		    "--table %.*s: {%.*s} means something else", (int)n, name,
		    (int)n, name);
	s->table = xrealloc(s->table, (s->n + 1) * sizeof(*s->table));
	t = &s->table[s->n++];
	*t = (struct shred_table){.name = xstrndup(name, n),
	    .dir = plain_path(dir, ndir),
	    .order = xstrdup(order),
	    .column = xstrndup(order, column_length(order)),
	    .look = LOOK_ZERO,
	    .all = SHARDS_ZERO,
	    .found = SHARDS_ZERO};
	return 0;
}

/* NAME=DIR:ORDERCOL[:TYPE] */
static int
add_spec(struct shred *s, const char *spec, struct err *e)
{
	const char *equals = strchr(spec, '='), *colon;
	const char *rest = equals + 1;
	size_t n = column_length(rest);

	if (!memchr(rest, ':', n))
		n = strlen(rest); /* what looks like a type is the column */
	for (colon = rest + n; colon > rest && *--colon != ':';)
		;
	if (colon <= rest || colon + 1 == rest + n)
		return err_kind_set(e, ERR_USAGE,
		    "--table %s: expected NAME=DIR:ORDERCOL", spec);
	return add(s, spec, spec, (size_t)(equals - spec), rest,
	    (size_t)(colon - rest), colon + 1, e);
}

int
shred_tables(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;
	const struct job_value *v = option_of(o, "table");
	const char *input = option_value(o, "input");
	const char *order = option_value(o, "order");
	bool several = v->nlist && strchr(v->list[0], '=');
	size_t i;

	if (several &&
	    (strcmp(option_of(o, "input")->origin, "option") == 0 ||
		strcmp(option_of(o, "order")->origin, "option") == 0))
		return err_kind_set(e, ERR_USAGE,
		    "--table NAME=DIR:ORDERCOL says what --input and --order "
		    "do: leave these out");
	for (i = 0; i < v->nlist && (several || v->nlist > 1); i++) {
		if (!strchr(v->list[i], '='))
			return err_kind_set(e, ERR_USAGE,
			    "--table %s: of several tables each needs "
			    "NAME=DIR:ORDERCOL",
			    v->list[i]);
		if (add_spec(s, v->list[i], e) < 0)
			return -1;
	}
	if (several)
		return 0;
	if (!input)
		return err_kind_set(e, ERR_USAGE, "--input DIR is needed");
	if (!order)
		return err_kind_set(e, ERR_USAGE, "--order COL is needed");
	return add(s, v->nlist ? v->list[0] : "data",
	    v->nlist ? v->list[0] : "data",
	    strlen(v->nlist ? v->list[0] : "data"), input, strlen(input), order,
	    e);
}

void
shred_table_fini(struct shred_table *t)
{
	free(t->name);
	free(t->dir);
	free(t->order);
	free(t->column);
	free(t->first);
	free(t->select);
	look_fini(&t->look);
	shards_fini(&t->all);
	shards_fini(&t->found);
}

void
shred_give(struct shred_table *t, const struct shard *v, size_t n)
{
	size_t i;

	look_fini(&t->look);
	t->look.shards.v = xcalloc(n + 1, sizeof(*t->look.shards.v));
	t->look.shards.n = n;
	for (i = 0; i < n; i++) {
		t->look.shards.v[i] = v[i];
		t->look.shards.v[i].path = xstrdup(v[i].path);
		look_count(&t->look, &v[i]);
	}
}

void
shred_empty_name(const struct shred_table *t, struct buf *b)
{
	enum format f = t->found.v[0].name.format;

	shard_name_format(
	    b, 0, f == FORMAT_JSON ? FORMAT_JSONL : f, CODEC_NONE);
}

/* The format and codec of the table's batches: a command reads plain files,
 * unless it is told of others. */
static int
decide_form(struct job *j, struct shred_table *t, struct err *e)
{
	const struct shard *first = &t->look.shards.v[0];
	const char *format = option_value(&j->opt, "format");
	const char *codec = option_value(&j->opt, "compress");
	int k = CODEC_NONE;

	t->format =
	    format ? format_named(bytes_str(format)) : first->name.format;
	if (t->format == FORMAT_JSON)
		t->format = FORMAT_JSONL;
	if (t->format == FORMAT_UNKNOWN)
		return err_set(e,
		    "%s: batches are csv, tsv, jsonl or parquet: say --format",
		    first->path);
	if (t->format == FORMAT_PARQUET && option_value(&j->opt, "estimates"))
		return err_set(e,
		    "Parquet batches need the types that pass 1 finds: leave "
		    "--estimates out, or say --format csv");
	if (codec) {
		if (codec_option(codec, &k, e) < 0)
			return -1;
	} else if (!option_value(&j->opt, "each")) {
		k = (int)first->name.codec;
		if (k != CODEC_NONE && k != CODEC_GZIP && k != CODEC_ZSTD &&
		    k != CODEC_LZ4 && k != CODEC_XZ)
			return err_set(e,
			    "%s: batches cannot be compressed like this: say "
			    "--compress none, gz, zst, lz4 or xz",
			    first->path);
	}
	t->codec = (enum codec)k;
	t->types = t->format == FORMAT_PARQUET &&
	    (look_types(&t->look, "parquet") == TYPES_SCHEMA ||
		option_flag(&j->opt, "optimize-types"));
	return 0;
}

static int
need_column(const struct shred_table *t, struct bytes name, const char *option,
    struct err *e)
{
	struct buf list = BUF_ZERO;

	if (schema_find(&t->look.names, name) >= 0)
		return 0;
	look_list(&t->look.names, &list);
	err_set(e, "%s: no column %.*s (%s). The header has: %s",
	    t->look.shards.v[0].path, (int)name.n, name.p, option,
	    buf_cstr(&list));
	buf_fini(&list);
	return -1;
}

/* --columns, with key and order among them, in the order of the header. */
static int
choose_columns(struct job *j, struct shred_table *t, struct err *e)
{
	const char *list = option_value(&j->opt, "columns"), *rest;
	const char *key = option_value(&j->opt, "key");
	struct buf b = BUF_ZERO;
	struct bytes name;
	size_t i;

	free(t->select);
	t->select = NULL;
	for (rest = list; rest && name_next(&rest, &name);)
		if (need_column(t, name, "--columns", e) < 0)
			return -1;
	for (i = 0; list && i < t->look.names.ncol; i++) {
		const char *col = t->look.names.col[i].name;
		bool stays =
		    strcmp(col, key) == 0 || strcmp(col, t->column) == 0;

		for (rest = list; !stays && name_next(&rest, &name);)
			stays = bytes_eq(name, bytes_str(col));
		if (stays)
			buf_printf(&b, strchr(col, ',') ? "%s\"%s\"" : "%s%s",
			    b.n ? "," : "", col);
	}
	if (list)
		t->select = buf_release(&b);
	buf_fini(&b);
	return 0;
}

int
shred_look(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	struct buf option = BUF_ZERO;
	struct source_opt source;
	struct condition where;
	int rc;

	source_defaults(&source);
	source.signature = option_value(&j->opt, "signature");
	source.nested = option_is(&j->opt, "nested", "json");
	if (decide_form(j, t, e) < 0)
		return -1;
	if (t->look.json && source.signature)
		return err_set(e,
		    "--signature names the columns of a CSV header: JSON has "
		    "its own");
	schema_fini(&t->look.names);
	t->look.names = SCHEMA_ZERO;
	if (look_names(&t->look, &source, look_cores(), e) < 0)
		return -1;
	free(t->first);
	if (t->look.json) {
		struct buf b = BUF_ZERO;

		buf_printf(&b, "%s/header-%s.csv", s->run, t->name);
		t->first = buf_release(&b);
	} else {
		t->first = xstrdup(t->look.shards.v[0].path);
	}
	buf_printf(&option, "--order%s",
	    option_of(&j->opt, "table")->nlist ? ", --table" : "");
	rc =
	    need_column(t, bytes_str(option_value(&j->opt, "key")), "--key", e);
	if (rc == 0)
		rc = need_column(t, bytes_str(t->column), buf_cstr(&option), e);
	buf_fini(&option);
	if (rc == 0 && option_value(&j->opt, "where")) {
		rc = condition_parse(option_value(&j->opt, "where"), &where, e);
		if (rc == 0)
			rc = need_column(t, where.column, "--where", e);
	}
	return rc < 0 ? -1 : choose_columns(j, t, e);
}
