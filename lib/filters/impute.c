/*
 * impute - fills the missing cells of the columns that an artifact names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shortnum.h"
#include "chain/filter.h"
#include "fill/artifact.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/json.h"
#include "io/tsv.h"
#include "pass1/depend.h"

struct impute_opt {
	const char *dir, *dict, *na, *counts, *like;
	struct opt_list set;
	const char *exclude, *label;
	bool indicator;
	int quoted_empty; /* -1: as the context says */
	struct filldict fill;
	struct context *ctx; /* of dir, where that is one */
	struct na_rule rule;
	struct session *session;
};

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 'c', "context", "DIR", struct impute_opt, dir,
	"fill as this context or directory of artifacts says"),
    OPT(OPT_STR, 0, "counts", "FILE", struct impute_opt, counts,
	"write what was missing and filled; to FILE/NNNNN.tsv if it ends in /"),
    OPT(OPT_STR, 0, "dict", "FILE", struct impute_opt, dict,
	"fill as impute_dict.json, impute_dict.pkl or impute.tsv says"),
    OPT(OPT_STR, 0, "exclude", "A,B", struct impute_opt, exclude,
	"leave these columns alone, whatever the artifact says"),
    OPT(OPT_FLAG, 0, "indicator", NULL, struct impute_opt, indicator,
	"append COL_missing, 0 or 1, for every column filled"),
    OPT(OPT_STR, 0, "label", "COL", struct impute_opt, label,
	"leave the label alone too"),
    OPT(OPT_STR, 0, "like", "FILE", struct impute_opt, like,
	"--counts: the shard that the stream comes from"),
    OPT(OPT_STR, 0, "na", "RULE", struct impute_opt, na,
	"what is missing besides empty cells: auto, pandas or A,B (the "
	"context's, or auto)"),
    OPT_CHOICE(0, "quoted-empty", struct impute_opt, quoted_empty,
	quoted_empty_names, "what a cell \"\" is (the context's, or missing)"),
    OPT(OPT_LIST, 0, "set", "COL=VALUE", struct impute_opt, set,
	"fill this column with VALUE, whatever the artifact says"),
    OPT_END,
};

static void
impute_defaults(void *opt)
{
	struct impute_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->quoted_empty = -1;
}

/* The context, where the directory is one, and the values. */
static int
load_dir(struct impute_opt *o, struct session *s, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc = 0;

	buf_printf(&path, "%s/meta.tsv", o->dir);
	rc = path_exists(buf_cstr(&path), ERR_INPUT, e);
	if (rc > 0) {
		o->ctx = session_context(s, o->dir, e);
		rc = o->ctx ? 0 : -1;
	}
	buf_fini(&path);
	return rc == 0 ? artifact_load_dict(o->dir, &o->fill, e) : -1;
}

/* COL=VALUE: the value of the column, in place of the artifact's. */
static int
add_set(struct impute_opt *o, size_t which, struct err *e)
{
	struct filldict *d = &o->fill;
	const char *spec = o->set.v[which], *eq = strchr(spec, '=');
	struct fill *f = NULL;
	double num;
	size_t i;

	if (!eq || eq == spec)
		return err_kind_set(e, ERR_USAGE,
		    "--set %s: expected COL=VALUE", err_quote(bytes_str(spec)));
	for (i = 0; i < which; i++)
		if (strncmp(o->set.v[i], spec, (size_t)(eq - spec) + 1) == 0)
			return err_kind_set(e, ERR_USAGE,
			    "--set %s and --set %s: one column, two values",
			    err_quote(bytes_str(o->set.v[i])),
			    err_quote(bytes_str(spec)));
	for (i = 0; i < d->n; i++)
		if (bytes_eq(bytes_str(d->v[i].column),
			bytes_of(spec, (size_t)(eq - spec))))
			f = &d->v[i];
	if (f) {
		free(f->value);
	} else {
		d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
		f = &d->v[d->n++];
		f->column = xstrndup(spec, (size_t)(eq - spec));
	}
	f->value = xstrdup(eq + 1);
	f->number = parse_double(bytes_str(eq + 1), &num);
	return 0;
}

static void
leave(struct filldict *d, struct bytes column)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (bytes_eq(bytes_str(d->v[i].column), column)) {
			free(d->v[i].column);
			free(d->v[i].value);
			memmove(&d->v[i], &d->v[i + 1],
			    (--d->n - i) * sizeof(*d->v));
			return;
		}
}

static int
impute_setup(void *opt, struct session *s, struct err *e)
{
	struct impute_opt *o = opt;
	const char *p, *q;
	size_t i;

	o->session = s;
	if (o->dir && o->dict)
		return err_kind_set(
		    e, ERR_USAGE, "--context or --dict, not both");
	if (!o->dir && !o->dict && !o->set.n)
		return err_kind_set(e, ERR_USAGE,
		    "what to fill with? --context DIR, --dict FILE or --set "
		    "COL=VALUE");
	if (o->dir && load_dir(o, s, e) < 0)
		goto fail;
	if (o->dict && filldict_load(&o->fill, o->dict, e) < 0)
		goto fail;
	for (p = o->exclude; p; p = *q ? q + 1 : NULL) {
		q = strchrnul(p, ',');
		leave(&o->fill, bytes_of(p, (size_t)(q - p)));
	}
	if (o->label)
		leave(&o->fill, bytes_str(o->label));
	if (o->counts && !*o->counts)
		return err_kind_set(
		    e, ERR_USAGE, "--counts: an empty name is no file");
	for (i = 0; i < o->set.n; i++)
		if (add_set(o, i, e) < 0)
			return -1;
	if (o->quoted_empty < 0)
		o->quoted_empty = o->ctx && o->ctx->facts.quoted_value;
	na_rule_init(&o->rule,
	    o->na        ? o->na
		: o->ctx ? o->ctx->facts.na
			 : NULL);
	return 0;
fail:
	if (e->kind == ERR_INPUT)
		e->kind = ERR_OUTPUT; /* no shard could be filled */
	return -1;
}

static void
impute_teardown(void *opt)
{
	struct impute_opt *o = opt;

	na_rule_fini(&o->rule);
	filldict_fini(&o->fill);
	opt_list_free(&o->set);
}

struct target {
	size_t at; /* in the schema as it came */
	struct column from;
	int slot, indicator; /* indicator: -1 none */
	struct bytes cell;   /* as CSV */
	bool tokens;         /* are they missing in this column? */
	bool number, check;  /* check: count what does not fit */
	uint64_t filled, unfit;
};

struct impute {
	const struct impute_opt *o;
	struct pass *pass;
	struct target *t;
	size_t nt;
	/* for --counts: all columns as they came */
	struct column *col;
	bool *tokens, *filled;
	char **name;
	size_t ncol;
	uint64_t *missing;
	uint32_t *gaps; /* of each row of a block */
	size_t gaps_cap;
	uint64_t rows, complete, most;
	struct buf cells, scratch;
};

/* There a text is one however it is spelled. */
static bool
impute_from_json(const struct pass *pass)
{
	return pass->like && shard_is_json(pass->shard.format);
}

/* Are NA tokens missing in this column? */
static bool
impute_tokens_missing(
    const struct impute_opt *o, const char *name, const struct fill *f)
{
	size_t i;

	if (o->rule.everywhere)
		return true;
	/* a context knows where pass 1 looked at the cells */
	for (i = 0; o->ctx && o->ctx->facts.schema && i < o->ctx->facts.ncol;
	     i++)
		if (strcmp(o->ctx->facts.col[i].name, name) == 0)
			return o->ctx->tokens_missing[i];
	/* a number fills numbers, a time times */
	if (!f)
		return false;
	if (f->number)
		return true;
	switch (kind_of(bytes_str(f->value))) {
	case KIND_BOOL:
	case KIND_LOCAL:
	case KIND_ZONED: return true;
	default: return false;
	}
}

static int
add_indicator(struct target *t, struct schema *s, struct err *e)
{
	static const char *const names[] = {"0", "1"};
	struct buf b = BUF_ZERO;
	int rc = 0;

	buf_printf(&b, "%s_missing", s->col[t->at].name);
	if (schema_find(s, buf_bytes(&b)) >= 0) {
		rc = err_set(e, "--indicator: there is a column %s already",
		    err_quote(buf_bytes(&b)));
	} else {
		t->indicator = s->nslot;
		schema_add(s, buf_bytes(&b), -1, s->nslot++);
		s->col[s->ncol - 1].code_names = names;
		schema_make(s, s->ncol - 1, "TINYINT");
	}
	buf_fini(&b);
	return rc;
}

/* The artifact's columns that the stream does not have. */
static int
check_absent(struct impute *m, const struct schema *s, struct err *e)
{
	const struct filldict *d = &m->o->fill;
	struct buf b = BUF_ZERO;
	size_t i, absent = 0;

	for (i = 0; i < d->n; i++)
		if (schema_find(s, bytes_str(d->v[i].column)) < 0 &&
		    absent++ < 20)
			buf_printf(
			    &b, "%s%s", absent > 1 ? ", " : "", d->v[i].column);
	if (d->n > 0 && absent == d->n)
		err_set(e,
		    "the artifact names no column of this stream: it is for "
		    "%s%s; the header has %s%s",
		    buf_cstr(&b), absent > 20 ? ", ..." : "", s->col[0].name,
		    s->ncol > 1 ? ", ..." : "");
	else if (absent) {
		struct buf w = BUF_ZERO;

		buf_printf(&w,
		    "columns of the artifact that the stream does not have: "
		    "%s%s",
		    buf_cstr(&b), absent > 20 ? ", ..." : "");
		session_warn_once(m->o->session, buf_cstr(&w));
		buf_fini(&w);
	}
	buf_fini(&b);
	return d->n > 0 && absent == d->n ? -1 : 0;
}

static bool
counts_per_shard(const struct impute_opt *o)
{
	size_t n = strlen(o->counts);

	return n > 0 && o->counts[n - 1] == '/';
}

static char *
counts_path(const struct impute_opt *o, uint64_t shard)
{
	struct buf b = BUF_ZERO;

	if (!counts_per_shard(o))
		return xstrdup(o->counts);
	buf_printf(&b, "%s%05llu.tsv", o->counts, (unsigned long long)shard);
	return buf_release(&b);
}

static int
init_counts(struct impute *m, const struct schema *s, struct err *e)
{
	size_t i, k;

	if (counts_per_shard(m->o) && !m->pass->shard.is_part)
		return err_kind_set(e, ERR_USAGE,
		    "--counts %s: which shard is this? --like "
		    "part-NNNNN.csv",
		    m->o->counts);
	m->ncol = s->ncol;
	m->col = xcalloc(s->ncol, sizeof(*m->col));
	m->tokens = xcalloc(s->ncol, sizeof(*m->tokens));
	m->filled = xcalloc(s->ncol, sizeof(*m->filled));
	m->name = xcalloc(s->ncol, sizeof(*m->name));
	m->missing = xcalloc(s->ncol, sizeof(*m->missing));
	for (i = 0; i < s->ncol; i++) {
		const struct fill *f = NULL;

		for (k = 0; k < m->o->fill.n; k++)
			if (strcmp(m->o->fill.v[k].column, s->col[i].name) == 0)
				f = &m->o->fill.v[k];
		m->name[i] = xstrdup(s->col[i].name);
		m->tokens[i] = impute_tokens_missing(m->o, s->col[i].name, f);
		m->col[i] = s->col[i];
	}
	return 0;
}

static const char *
impute_like(const void *opt)
{
	return ((const struct impute_opt *)opt)->like;
}

static int
impute_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct impute *m = *st = xcalloc(1, sizeof(*m));
	const struct impute_opt *o = m->o = opt;
	struct buf *b = &m->cells;
	size_t i, ncol = s->ncol;
	int at;

	m->pass = pass;
	for (i = 0; i < o->set.n; i++)
		if (schema_need(s,
			bytes_of(o->set.v[i], strcspn(o->set.v[i], "=")),
			e) < 0)
			return err_prefix(e, "--set: ");
	if (check_absent(m, s, e) < 0)
		return -1;
	if (o->counts && init_counts(m, s, e) < 0)
		return -1;
	m->t = xcalloc(o->fill.n, sizeof(*m->t));
	/* the cells' bytes first, then the views: the buffer may move */
	for (i = 0; i < o->fill.n; i++) {
		const struct fill *f = &o->fill.v[i];
		struct target *t = &m->t[m->nt];

		at = schema_find(s, bytes_str(f->column));
		if (at < 0)
			continue;
		t->at = (size_t)at;
		t->from = s->col[at];
		t->slot = s->nslot++;
		t->indicator = -1;
		t->tokens = impute_tokens_missing(o, f->column, f);
		t->number = f->number;
		t->check = o->counts && f->number;
		s->col[at].slot = t->slot;
		s->col[at].code_names = NULL;
		t->cell.n = b->n;
		if (!*f->value && o->quoted_empty)
			buf_puts(b, "\"\"");
		else if (!f->number && impute_from_json(pass) &&
		    json_spells_number(bytes_str(f->value)))
			buf_printf(b, "\"%s\"", f->value);
		else
			csv_put_field(b, bytes_str(f->value), pass->out_sep);
		t->cell.n = b->n - t->cell.n;
		/* a mean of whole numbers is none, as a rule */
		if (f->number && class_number(bytes_str(f->value)) != CLASS_INT)
			schema_make(s, (size_t)at, "DOUBLE");
		if (o->counts)
			m->filled[at] = true;
		m->nt++;
	}
	buf_cstr(b);
	for (i = at = 0; i < m->nt; i++) {
		m->t[i].cell.p = b->p + at;
		at += (int)m->t[i].cell.n;
	}
	/* indicators stand in the order of the columns */
	for (at = 0; o->indicator && at < (int)ncol; at++)
		for (i = 0; i < m->nt; i++)
			if (m->t[i].at == (size_t)at &&
			    add_indicator(&m->t[i], s, e) < 0)
				return -1;
	return 0;
}

static inline bool
impute_is_missing(const struct impute_opt *o, struct bytes raw, bool tokens,
    struct buf *scratch)
{
	const struct na_rule *na = &o->rule;

	if (csv_is_empty(raw))
		return raw.n == 0 || o->quoted_empty == 0;
	if (!tokens || (!na->token && raw_is_text(raw)))
		return false;
	/* pandas' tokens have 2 to 8 bytes, and none is quoted in two */
	if (!na->token && raw.n > 10)
		return false;
	return na_is_token(na, csv_value(raw, scratch));
}

static void
fill_column(struct impute *m, struct target *t, struct block *b)
{
	/* what an earlier stage put there stays where nothing is missing */
	bool copy = t->from.slot >= 0;
	struct bytes *cell = copy ? block_cells(b, t->slot) : NULL;
	uint8_t *flag = t->indicator >= 0 ? block_codes(b, t->indicator) : NULL;
	struct block_column col = block_column(b, &t->from);
	const char *wide_until = block_column_wide(&col);
	/* a number is no token, then */
	bool plain = t->number && !m->o->rule.token;
	enum cell_class class;
	uint32_t i;

	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];
		struct bytes raw = block_column_raw(&col, row);

		if (plain && raw.n > 0 &&
		    class_plain_at(raw, wide_until, &class)) {
			t->unfit += t->check && class == CLASS_ODD;
			if (copy)
				cell[row] = raw;
			continue;
		}
		if (UNLIKELY(
			impute_is_missing(m->o, raw, t->tokens, &m->scratch))) {
			if (!cell)
				cell = block_cells(b, t->slot);
			cell[row] = t->cell;
			t->filled++;
			if (m->o->counts)
				m->gaps[i]++;
			if (flag)
				flag[row] = 1;
			continue;
		}
		if (copy)
			cell[row] = raw;
		if (t->check) {
			class = class_number(csv_value(raw, &m->scratch));
			t->unfit += class == CLASS_TEXT || class == CLASS_ODD;
		}
	}
}

/* What is missing in the columns that are not filled. */
static void
count_missing(struct impute *m, const struct block *b)
{
	uint32_t i;
	size_t c;

	if (m->gaps_cap < b->nsel) {
		m->gaps_cap = b->row_cap;
		free(m->gaps);
		m->gaps = xmalloc(m->gaps_cap * sizeof(*m->gaps));
	}
	memset(m->gaps, 0, b->nsel * sizeof(*m->gaps));
	for (c = 0; c < m->ncol; c++) {
		struct block_column col = block_column(b, &m->col[c]);
		uint64_t n = 0;

		if (m->filled[c])
			continue;
		for (i = 0; i < b->nsel; i++)
			if (UNLIKELY(impute_is_missing(m->o,
				block_column_raw(&col, b->sel[i]), m->tokens[c],
				&m->scratch))) {
				m->gaps[i]++;
				n++;
			}
		m->missing[c] += n;
	}
}

static void
count_rows(struct impute *m, const struct block *b)
{
	uint32_t i;

	m->rows += b->nsel;
	for (i = 0; i < b->nsel; i++) {
		m->complete += m->gaps[i] == 0;
		if (m->gaps[i] > m->most)
			m->most = m->gaps[i];
	}
}

static int
impute_process(void *st, struct block *b, struct err *e)
{
	struct impute *m = st;
	size_t i;

	(void)e;
	if (m->o->counts)
		count_missing(m, b);
	for (i = 0; i < m->nt; i++)
		fill_column(m, &m->t[i], b);
	if (m->o->counts)
		count_rows(m, b);
	return 0;
}

static int
impute_finish(void *st, struct err *e)
{
	struct impute *m = st;
	struct buf b = BUF_ZERO;
	size_t i, k;
	char *path;
	int rc;

	if (!m->o->counts)
		return 0;
	buf_puts(&b, "name\tkind\trows\tfilled\tunfit\n");
	buf_printf(&b, "all\trows\t%llu\t0\t0\ncomplete\trows\t%llu\t0\t0\n",
	    (unsigned long long)m->rows, (unsigned long long)m->complete);
	buf_printf(&b, "most\trows\t%llu\t0\t0\n", (unsigned long long)m->most);
	for (i = 0; i < m->ncol; i++) {
		const struct target *t = NULL;

		for (k = 0; k < m->nt; k++)
			if (m->t[k].at == i)
				t = &m->t[k];
		tsv_put(&b, bytes_str(m->name[i]));
		buf_printf(&b, "\tmissing\t%llu\t%llu\t%llu\n",
		    (unsigned long long)(t ? t->filled : m->missing[i]),
		    (unsigned long long)(t ? t->filled : 0),
		    (unsigned long long)(t ? t->unfit : 0));
	}
	path = counts_path(m->o, m->pass->shard.number);
	rc = commit_file(path, b.p, b.n, e);
	free(path);
	buf_fini(&b);
	return rc;
}

static void
impute_free(void *st)
{
	struct impute *m = st;
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->ncol; i++)
		free(m->name[i]);
	free(m->name);
	free(m->col);
	free(m->tokens);
	free(m->filled);
	free(m->missing);
	free(m->gaps);
	free(m->t);
	buf_fini(&m->cells);
	buf_fini(&m->scratch);
	free(m);
}

static const struct stage impute_stage = {
    impute_init, impute_process, impute_finish, impute_free};

static void
impute_depends(const void *opt, struct buf *b)
{
	const struct impute_opt *o = opt;
	const struct facts *f = o->ctx ? &o->ctx->facts : NULL;
	size_t i;

	for (i = 0; i < o->fill.n; i++) {
		const struct fill *fill = &o->fill.v[i];

		buf_puts(b, "fill\t");
		tsv_put(b, bytes_str(fill->column));
		buf_putc(b, '\t');
		tsv_put(b, bytes_str(fill->value));
		buf_printf(b, "\t%s\n", fill->number ? "number" : "text");
		if (f)
			depend_missing(o->ctx, fill->column, b);
	}
	/* what is missing in the other columns is counted */
	for (i = 0; o->counts && f && i < f->ncol; i++) {
		buf_puts(b, "counted\t");
		tsv_put(b, bytes_str(f->col[i].name));
		buf_putc(b, '\n');
		depend_missing(o->ctx, f->col[i].name, b);
	}
}

static bool
impute_whole(const void *opt, const char *path)
{
	const struct impute_opt *o = opt;
	char *counts;
	bool there;

	if (!o->counts)
		return true;
	counts = counts_path(o,
	    shard_name_parse(o->like ? o->like
		    : path           ? path
				     : "")
		.number);
	there = access(counts, F_OK) == 0;
	free(counts);
	return there;
}

const struct filter filter_impute = {
    .depends = impute_depends,
    .whole = impute_whole,
    .name = "impute",
    .summary = "fill missing cells with the values that pass 1 found",
    .example = "shard-cat part-00000.csv | shard-impute -c ARTIFACTS\n"
	       "  shard-impute --dict impute_dict.json new.csv",
    .specs = specs,
    .opt_size = sizeof(struct impute_opt),
    .defaults = impute_defaults,
    .setup = impute_setup,
    .teardown = impute_teardown,
    .stage = &impute_stage,
    .like = impute_like,
};
