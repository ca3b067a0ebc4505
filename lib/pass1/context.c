#include "pass1/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "io/dir.h"
#include "io/tsv.h"
#include "pass1/factsfile.h"
#include "rows/coltype.h"

static const char split_header[] = "name\tvalue";
static const char labels_header[] = "label\tcode";

static char *
path_in(const char *dir, const char *file)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", dir, file);
	return buf_release(&b);
}

int
cutoff_parse(struct bytes s, enum time_kind *k, struct instant *t)
{
	if (bytes_eq(s, bytes_str("inf"))) {
		*t = INSTANT_INF;
		*k = TIME_NONE;
		return 0;
	}
	*k = instant_parse(s, t);
	return *k == TIME_NONE ? -1 : 0;
}

static int
load_split(struct context *c, const char *path, struct err *e)
{
	static const char *const names[] = {
	    "time_column", "train_cutoff", "test_cutoff", "rows"};
	enum time_kind k[2] = {TIME_NONE, TIME_NONE};
	struct tsv t;
	size_t i;
	int rc = path_exists(path, ERR_INPUT, e);

	if (rc <= 0)
		return rc;
	rc = -1;
	if (tsv_load(&t, path, split_header, e) < 0)
		return -1;
	if (t.nrow != LEN(names)) {
		err_set(
		    e, "%s: %zu rows, expected %zu", path, t.nrow, LEN(names));
		goto out;
	}
	for (i = 0; i < LEN(names); i++) {
		struct bytes v = tsv_cell(&t, i, 1);
		bool ok = bytes_eq(tsv_cell(&t, i, 0), bytes_str(names[i]));

		if (i == 0)
			c->time_column = xstrndup(v.p, v.n);
		else if (i == 1)
			ok &= cutoff_parse(v, &k[0], &c->train_cutoff) == 0;
		else if (i == 2)
			ok &= cutoff_parse(v, &k[1], &c->test_cutoff) == 0;
		else
			ok &= parse_u64(v, &c->split_rows);
		if (!ok) {
			err_set(e,
			    "%s:%llu: expected %s and its value, "
			    "found %s %s",
			    path, tsv_lineno(i), names[i],
			    err_quote(tsv_cell(&t, i, 0)), err_quote(v));
			goto out;
		}
	}
	c->time_kind = k[0] ? k[0] : k[1] ? k[1] : c->facts.time_kind;
	if ((k[0] && k[0] != c->time_kind) || (k[1] && k[1] != c->time_kind) ||
	    instant_cmp(c->train_cutoff, c->test_cutoff) > 0) {
		err_set(e, "%s: the cutoffs do not fit each other", path);
		goto out;
	}
	c->have_split = true;
	rc = 0;
out:
	tsv_fini(&t);
	return rc;
}

static int
load_labels(struct context *c, const char *path, struct err *e)
{
	struct label_map *m = &c->labels;
	struct tsv t;
	size_t i, at = 0;
	uint64_t code;
	int rc = path_exists(path, ERR_INPUT, e);

	if (rc <= 0)
		return rc;
	rc = -1;
	if (tsv_load(&t, path, labels_header, e) < 0)
		return -1;
	for (i = 0; i < t.nrow; i++) {
		struct bytes l = tsv_cell(&t, i, 0);

		if (!parse_u64(tsv_cell(&t, i, 1), &code) || code != i ||
		    (i > 0 && bytes_cmp(tsv_cell(&t, i - 1, 0), l) >= 0)) {
			err_set(e,
			    "%s:%llu: labels must be in byte order, "
			    "codes 0, 1, 2, ...",
			    path, tsv_lineno(i));
			goto out;
		}
		buf_putb(&m->text, l);
	}
	m->n = t.nrow;
	m->label = xcalloc(m->n, sizeof(*m->label));
	for (i = 0; i < t.nrow; i++) {
		size_t n = tsv_cell(&t, i, 0).n;

		m->label[i] = bytes_of(m->text.p + at, n);
		at += n;
	}
	c->have_labels = true;
	rc = 0;
out:
	tsv_fini(&t);
	return rc;
}

static bool
load_hash_cut(struct bytes s, uint64_t *cut, bool *inf)
{
	*inf = bytes_eq(s, bytes_str("inf"));
	return *inf || parse_hex64(s, cut);
}

static int
load_strata(struct context *c, const char *path, struct err *e)
{
	struct tsv *t = &c->strata_text;
	int rc = path_exists(path, ERR_INPUT, e);
	size_t i;

	if (rc <= 0)
		return rc;
	if (tsv_load(t, path, "stratum\trows\ttrain_cutoff\ttest_cutoff", e) <
	    0)
		return -1;
	c->stratum = xcalloc(t->nrow, sizeof(*c->stratum));
	for (i = 0; i < t->nrow; i++) {
		struct stratum *s = &c->stratum[i];

		s->value = tsv_cell(t, i, 0);
		if (!load_hash_cut(tsv_cell(t, i, 2), &s->cut[0], &s->inf[0]) ||
		    !load_hash_cut(tsv_cell(t, i, 3), &s->cut[1], &s->inf[1]) ||
		    (i > 0 && bytes_cmp(s[-1].value, s->value) >= 0))
			return err_set(
			    e, "%s:%llu: bad stratum", path, tsv_lineno(i));
	}
	c->nstratum = t->nrow;
	return 0;
}

const struct stratum *
context_stratum(const struct context *c, struct bytes value)
{
	size_t lo = 0, hi = c->nstratum;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (bytes_cmp(c->stratum[mid].value, value) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->nstratum && bytes_eq(c->stratum[lo].value, value)
	    ? &c->stratum[lo]
	    : NULL;
}

/* Loads meta.tsv. */
static int
load_meta(struct facts *f, const char *path, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct bytes text;
	int rc = -1;

	if (file_load(path, &b, e) < 0)
		goto out;
	text = buf_bytes(&b);
	if (facts_sealed(&text))
		rc = facts_load(f, path, text, e);
	else
		err_set(e,
		    "%s: damaged, truncated, or of an older shardkit (make the "
		    "context again: shard-stats --merge)",
		    path);
out:
	buf_fini(&b);
	return rc;
}

/* Does meta.tsv know the file of this name, with this digest? */
static int
check_digest(const struct facts *f, const char *name, const char *path,
    uint64_t digest, struct err *e)
{
	size_t i;

	for (i = 0; i < f->nfile; i++)
		if (strcmp(f->file[i].name, name) == 0 &&
		    f->file[i].digest == digest)
			return 0;
	return err_set(e,
	    "%s: not as pass 1 left it (make it again: shard-stats --merge; a "
	    "file changed on purpose goes to another directory)",
	    path);
}

int
context_check_file(const char *path, uint64_t digest, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct buf b = BUF_ZERO;
	struct facts f = {.nin = 0};
	int rc = 0;
	size_t i;

	buf_printf(&b, "%.*smeta.tsv", (int)(name - path), path);
	rc = path_exists(buf_cstr(&b), ERR_INPUT, e);
	if (rc > 0) {
		rc = load_meta(&f, b.p, e);
		for (i = 0; rc == 0 && i < f.nfile; i++)
			if (strcmp(f.file[i].name, name) == 0)
				rc = check_digest(&f, name, path, digest, e);
		facts_fini(&f);
	}
	buf_fini(&b);
	return rc;
}

struct context *
context_open(const char *dir, struct err *e)
{
	struct context *c = xcalloc(1, sizeof(*c));
	char *meta = path_in(dir, "meta.tsv");
	char *split = path_in(dir, "split.tsv");
	char *labels = path_in(dir, "labels.tsv");
	char *strata = path_in(dir, "strata.tsv");
	bool ok = false;
	size_t i;

	c->dir = xstrdup(dir);
	if (access(meta, F_OK) < 0) {
		err_set(e,
		    "%s: no context here (meta.tsv is missing: pass 1, "
		    "shard-stats --merge, makes it)",
		    dir);
		goto out;
	}
	if (load_meta(&c->facts, meta, e) < 0 || load_split(c, split, e) < 0 ||
	    load_labels(c, labels, e) < 0 || load_strata(c, strata, e) < 0)
		goto out;
	na_rule_init(&c->na, c->facts.na);
	c->tokens_missing = xcalloc(c->facts.ncol, sizeof(*c->tokens_missing));
	for (i = 0; i < c->facts.ncol; i++) {
		const char *name = c->facts.col[i].name;
		struct facts *f = &c->facts;

		if (c->na.everywhere)
			c->tokens_missing[i] = true;
		else if (f->key && strcmp(name, f->key) == 0)
			c->tokens_missing[i] = !f->key_text;
		else if (f->time && strcmp(name, f->time) == 0)
			c->tokens_missing[i] = true;
		else if (f->label && strcmp(name, f->label) == 0)
			c->tokens_missing[i] = !c->have_labels;
		else if (f->groups && strcmp(name, f->groups) == 0)
			c->tokens_missing[i] =
			    facts_group_tokens_missing(f, &c->na);
		else if (f->schema)
			c->tokens_missing[i] =
			    colfacts_tokens_missing(&f->col[i]);
	}
	ok = true;
out:
	free(meta);
	free(split);
	free(labels);
	free(strata);
	if (!ok) {
		context_close(c);
		return NULL;
	}
	return c;
}

void
context_close(struct context *c)
{
	if (!c)
		return;
	facts_fini(&c->facts);
	na_rule_fini(&c->na);
	keyindex_close(c->index);
	firstrows_close(c->rows);
	buf_fini(&c->labels.text);
	free(c->labels.label);
	free(c->stratum);
	tsv_fini(&c->strata_text);
	free(c->tokens_missing);
	free(c->time_column);
	free(c->dir);
	free(c);
}

int
context_colstats(const struct context *c, struct colstats *s, struct err *e)
{
	char *path = path_in(c->dir, "stats.tsv");
	struct buf b = BUF_ZERO;
	int rc = -1;

	if (!c->facts.moments) {
		err_set(e,
		    "%s: no statistics here (pass 1 ran without --moments)",
		    c->dir);
		goto out;
	}
	if (file_load(path, &b, e) < 0)
		goto out;
	if (check_digest(&c->facts, "stats.tsv", path, digest_of(b.p, b.n), e) <
	    0)
		goto out;
	rc = colstats_load(s, path, e);
out:
	buf_fini(&b);
	free(path);
	return rc;
}

static int
no_first(const struct context *c, struct err *e)
{
	return err_set(e,
	    "%s: no first occurrences here (pass 1 ran without --key)", c->dir);
}

struct keyindex *
context_index(struct context *c, struct err *e)
{
	char *path = path_in(c->dir, "first.idx");
	char *rows = path_in(c->dir, "first.rows");

	if (c->index)
		;
	else if (!c->facts.key)
		no_first(c, e);
	else if (access(path, F_OK) < 0 && access(rows, F_OK) == 0)
		err_set(e,
		    "%s: no keys here, only which rows are first "
		    "(first.rows); for first.idx: shard-stats --merge -o %s "
		    "%s/parts",
		    c->dir, c->dir, c->dir);
	else
		c->index = keyindex_open(path, e);
	free(path);
	free(rows);
	return c->index;
}

int
context_rows(struct context *c, struct err *e)
{
	char *path = path_in(c->dir, "first.rows");
	int rc = 0;

	if (!c->rows && c->facts.key)
		rc = path_exists(path, ERR_INPUT, e);
	if (rc > 0) {
		c->rows = firstrows_open(path, e);
		rc = c->rows ? 0 : -1;
	}
	free(path);
	return rc;
}

bool
context_tokens_missing(const struct context *c, struct bytes column)
{
	size_t i;

	for (i = 0; i < c->facts.ncol; i++)
		if (bytes_eq(bytes_str(c->facts.col[i].name), column))
			return c->tokens_missing[i];
	return c->na.everywhere;
}

int64_t
context_label(const struct context *c, struct bytes label)
{
	size_t lo = 0, hi = c->labels.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (bytes_cmp(c->labels.label[mid], label) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->labels.n && bytes_eq(c->labels.label[lo], label)
	    ? (int64_t)lo
	    : -1;
}

bool
context_has_types(const struct context *c)
{
	return c->facts.schema ||
	    (c->facts.ncol > 0 && c->facts.col[0].type != NULL);
}

const char *
context_coltype(const struct context *c, struct bytes column)
{
	const struct facts *f = &c->facts;
	size_t i;

	if (c->have_labels && bytes_eq(bytes_str(f->label), column))
		return coltype(bytes_str(!f->narrow ? "BIGINT"
			: c->labels.n <= INT8_MAX   ? "TINYINT"
			: c->labels.n <= INT16_MAX  ? "SMALLINT"
						    : "INTEGER"));
	for (i = 0; i < f->ncol; i++)
		if (bytes_eq(bytes_str(f->col[i].name), column))
			return facts_coltype(f, &f->col[i]);
	return NULL;
}
