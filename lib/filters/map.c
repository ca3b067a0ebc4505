/*
 * map - per-row column work: keep, label, join, add, rename, drop, select; in
 * this order, whatever the order of the options.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/filter.h"
#include "filters/condition.h"
#include "pass1/depend.h"

enum unseen { UNSEEN_ERROR, UNSEEN_DROP };

struct map_opt {
	const char *context, *label;
	struct opt_list where, concat, constant, rename, drop;
	const char *select;
	const char *sep, *missing, *na;
	struct na_rule na_rule; /* the context's, where there is one */
	bool text, if_all;
	int unseen;
	struct context *ctx;
};

static const char *const unseen_names[] = {"error", "drop", NULL};

static const struct opt_spec specs[] = {
    OPT(OPT_LIST, 0, "concat", "NEW=A,B,...", struct map_opt, concat,
	"append a column of several joined"),
    OPT(OPT_LIST, 0, "constant", "NEW=VALUE", struct map_opt, constant,
	"append a column of one value"),
    OPT(OPT_STR, 'c', "context", "CTX", struct map_opt, context,
	"take label codes and NA rules from this context"),
    OPT(OPT_LIST, 0, "drop", "A,B,...", struct map_opt, drop,
	"leave these columns out"),
    OPT(OPT_FLAG, 0, "if-all", NULL, struct map_opt, if_all,
	"--concat only where all its columns exist"),
    OPT(OPT_STR, 0, "label", "COL", struct map_opt, label,
	"make this label an integer; drop rows without one"),
    OPT(OPT_STR, 0, "missing", "TEXT", struct map_opt, missing,
	"what --concat writes for a missing cell ([MISSING])"),
    OPT(OPT_STR, 0, "na", "RULE", struct map_opt, na,
	"what is missing besides empty cells: auto, pandas or A,B (the "
	"context's, or auto)"),
    OPT(OPT_LIST, 0, "rename", "OLD=NEW", struct map_opt, rename,
	"rename a column"),
    OPT(OPT_STR, 0, "select", "A,B,...", struct map_opt, select,
	"only these columns, in this order"),
    OPT(OPT_STR, 0, "separator", "TEXT", struct map_opt, sep,
	"what --concat puts between cells (|)"),
    OPT(OPT_FLAG, 0, "text", NULL, struct map_opt, text,
	"the text column, where the four name columns exist"),
    OPT_CHOICE(0, "unseen-label", struct map_opt, unseen, unseen_names,
	"labels that the context does not know (error)"),
    OPT(OPT_LIST, 'w', "where", "'COL OP VALUE'", struct map_opt, where,
	"keep only such rows; OP is == != < <= > >="),
    OPT_END,
};

static void
map_defaults(void *opt)
{
	struct map_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->sep = "|";
	o->missing = "[MISSING]";
}

static int
map_setup(void *opt, struct session *s, struct err *e)
{
	struct map_opt *o = opt;

	if (o->context) {
		o->ctx = session_context(s, o->context, e);
		if (!o->ctx)
			return -1;
		if (o->label && o->ctx->have_labels &&
		    strcmp(o->label, o->ctx->facts.label) != 0)
			return err_kind_set(e, ERR_USAGE,
			    "--label %s: the labels in %s are those of %s",
			    o->label, o->context, o->ctx->facts.label);
	}
	na_rule_init(&o->na_rule,
	    o->na        ? o->na
		: o->ctx ? o->ctx->facts.na
			 : NULL);
	return 0;
}

static void
map_teardown(void *opt)
{
	struct map_opt *o = opt;

	na_rule_fini(&o->na_rule);
	opt_list_free(&o->where);
	opt_list_free(&o->concat);
	opt_list_free(&o->constant);
	opt_list_free(&o->rename);
	opt_list_free(&o->drop);
}

struct cond {
	struct column col;
	const struct na_rule *na; /* NULL: only an empty cell is missing */
	enum condition_op op;
	struct bytes value;
	bool missing; /* the value stands for a missing cell */
	bool is_num, is_int;
	double num;
	int64_t i;
	enum time_kind kind;
	struct instant t;
};

struct join {
	int slot;
	struct column *from;
	bool *tokens;
	size_t n;
};

struct fixed {
	int slot;
	struct bytes cell;
};

struct map {
	const struct map_opt *o;
	struct pass *pass;
	struct cond *cond;
	size_t ncond;
	bool have_label;
	struct column label;
	int label_slot;
	struct join *join;
	size_t njoin;
	struct fixed *fixed;
	size_t nfixed;
	struct bytes join_sep, join_missing;
	bool join_quoted; /* one of these two asks for quotes */
	struct buf text;  /* a joined cell */
	struct buf scratch, out;
};

/* Are NA tokens missing in this column? */
static bool
map_tokens_missing(const struct map_opt *o, struct bytes column)
{
	return o->na_rule.everywhere ||
	    (o->ctx && context_tokens_missing(o->ctx, column));
}

static bool
cond_missing(const struct cond *c, struct bytes v)
{
	return v.n == 0 || (c->na && na_is_token(c->na, v));
}

/* 'COL OP VALUE' of these columns. */
static int
parse_cond(const char *s, const struct map_opt *o, struct schema *schema,
    struct cond *c, struct err *e)
{
	struct condition text;
	int col;

	if (condition_parse(s, &text, e) < 0)
		return -1;
	col = schema_need(schema, text.column, e);
	if (col < 0)
		return -1;
	c->op = text.op;
	c->col = schema->col[col];
	c->na = map_tokens_missing(o, text.column) ? &o->na_rule : NULL;
	c->value = text.value;
	c->missing = cond_missing(c, c->value);
	c->is_num = parse_double(c->value, &c->num);
	c->is_int = parse_i64(c->value, &c->i);
	c->kind = c->value.n >= 10 && c->value.p[4] == '-'
	    ? instant_parse(c->value, &c->t)
	    : TIME_NONE;
	return 0;
}

static bool
map_holds(const struct cond *c, struct bytes v)
{
	bool missing = cond_missing(c, v);
	int cmp;
	double d;
	int64_t i;
	struct instant t;

	if (missing || c->missing) {
		/* missing equals only missing, and is not less or more */
		bool same = missing && c->missing;

		return c->op == OP_NE ? !same : c->op == OP_EQ && same;
	}
	if (c->is_int && parse_i64(v, &i))
		cmp = (i > c->i) - (i < c->i);
	else if (c->is_num && parse_double(v, &d))
		cmp = (d > c->num) - (d < c->num);
	else if (c->kind != TIME_NONE && instant_parse(v, &t) == c->kind)
		cmp = instant_cmp(t, c->t);
	else if (c->is_num || c->kind != TIME_NONE)
		return c->op == OP_NE;
	else
		cmp = bytes_cmp(v, c->value);
	switch (c->op) {
	case OP_EQ: return cmp == 0;
	case OP_NE: return cmp != 0;
	case OP_LT: return cmp < 0;
	case OP_LE: return cmp <= 0;
	case OP_GT: return cmp > 0;
	case OP_GE: return cmp >= 0;
	}
	return false;
}

/* "NEW=REST": the part before the first '=', and rest. */
static int
cut_new(const char *what, const char *s, struct bytes *new, const char **rest,
    struct err *e)
{
	const char *eq = strchr(s, '=');

	if (!eq || eq == s)
		return err_kind_set(e, ERR_USAGE, "--%s %s: expected NAME=...",
		    what, err_quote(bytes_str(s)));
	*new = bytes_of(s, (size_t)(eq - s));
	*rest = eq + 1;
	return 0;
}

static int
add_join(struct map *m, const char *spec, bool if_all, struct schema *s,
    struct err *e)
{
	const char *list, *p;
	struct bytes new, name;
	struct join j = {.slot = s->nslot};
	int at;

	if (cut_new("concat", spec, &new, &list, e) < 0)
		return -1;
	for (p = list; if_all && name_next(&p, &name);)
		if (schema_find(s, name) < 0)
			return 0;
	for (p = list; name_next(&p, &name);) {
		at = schema_need(s, name, e);
		if (at < 0) {
			free(j.from);
			free(j.tokens);
			return -1;
		}
		j.from = xrealloc(j.from, (j.n + 1) * sizeof(*j.from));
		j.tokens = xrealloc(j.tokens, (j.n + 1) * sizeof(*j.tokens));
		j.tokens[j.n] = map_tokens_missing(m->o, name);
		j.from[j.n++] = s->col[at];
	}
	m->join = xrealloc(m->join, (m->njoin + 1) * sizeof(*m->join));
	m->join[m->njoin++] = j;
	schema_add(s, new, -1, s->nslot++);
	schema_make(s, s->ncol - 1, "VARCHAR");
	return 0;
}

/* The type of a column that holds this value and no other. */
static const char *
type_of_value(struct bytes v)
{
	int64_t i;

	switch (kind_of(v)) {
	case KIND_INT: return parse_i64(v, &i) ? "BIGINT" : "VARCHAR";
	case KIND_FLOAT: return "DOUBLE";
	case KIND_BOOL: return "BOOLEAN";
	case KIND_LOCAL: return "TIMESTAMP";
	case KIND_ZONED: return "TIMESTAMP WITH TIME ZONE";
	default: return "VARCHAR";
	}
}

static int
add_fixed(struct map *m, const char *spec, struct schema *s, struct err *e)
{
	const char *value;
	struct bytes new;
	struct buf b = BUF_ZERO;

	if (cut_new("constant", spec, &new, &value, e) < 0)
		return -1;
	csv_put_field(&b, bytes_str(value), m->pass->out_sep);
	m->fixed = xrealloc(m->fixed, (m->nfixed + 1) * sizeof(*m->fixed));
	m->fixed[m->nfixed].slot = s->nslot;
	m->fixed[m->nfixed].cell.n = b.n;
	m->fixed[m->nfixed++].cell.p = buf_release(&b);
	schema_add(s, new, -1, s->nslot++);
	schema_make(s, s->ncol - 1, type_of_value(bytes_str(value)));
	return 0;
}

static int
rename_drop_select(struct map *m, struct schema *s, struct err *e)
{
	const struct map_opt *o = m->o;
	struct schema out = {.nslot = s->nslot};
	struct bytes name;
	const char *p, *new;
	size_t i;
	int at;

	for (i = 0; i < o->rename.n; i++) {
		if (cut_new("rename", o->rename.v[i], &name, &new, e) < 0 ||
		    (at = schema_need(s, name, e)) < 0)
			return -1;
		schema_rename(s, (size_t)at, bytes_str(new));
	}
	for (i = 0; i < o->drop.n; i++)
		for (p = o->drop.v[i]; name_next(&p, &name);) {
			at = schema_need(s, name, e);
			if (at < 0)
				return -1;
			schema_remove(s, (size_t)at);
		}
	if (o->select) {
		for (p = o->select; name_next(&p, &name);) {
			at = schema_need(s, name, e);
			if (at < 0) {
				schema_fini(&out);
				return -1;
			}
			schema_add(&out, name, s->col[at].src, s->col[at].slot);
			out.col[out.ncol - 1].code_names =
			    s->col[at].code_names;
			out.col[out.ncol - 1].type = s->col[at].type;
			out.col[out.ncol - 1].made = s->col[at].made;
		}
		schema_fini(s);
		*s = out;
	}
	if (s->ncol == 0)
		return err_kind_set(e, ERR_USAGE, "no column is left");
	return schema_check_unique(s, e);
}

static int
map_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct map *m = *st = xcalloc(1, sizeof(*m));
	const struct map_opt *o = m->o = opt;
	size_t i;
	int at;

	m->pass = pass;
	m->cond = xcalloc(o->where.n, sizeof(*m->cond));
	for (; m->ncond < o->where.n; m->ncond++)
		if (parse_cond(
			o->where.v[m->ncond], o, s, &m->cond[m->ncond], e) < 0)
			return -1;
	if (o->label) {
		at = schema_need(s, bytes_str(o->label), e);
		if (at < 0)
			return -1;
		m->have_label = true;
		m->label = s->col[at];
		m->label_slot = s->nslot++;
		s->col[at].slot = m->label_slot;
		if (o->ctx && o->ctx->have_labels)
			schema_make(s, (size_t)at,
			    context_coltype(
				o->ctx, bytes_str(o->ctx->facts.label)));
	}
	m->join_sep = bytes_str(o->sep);
	m->join_missing = bytes_str(o->missing);
	m->join_quoted = csv_needs_quotes(m->join_sep, pass->out_sep) ||
	    csv_needs_quotes(m->join_missing, pass->out_sep);
	for (i = 0; i < o->concat.n; i++)
		if (add_join(m, o->concat.v[i], o->if_all, s, e) < 0)
			return -1;
	if (o->text &&
	    add_join(m,
		"text=emailAddress,billingAddressName,customerName,"
		"paymentAccountHolderName",
		true, s, e) < 0)
		return -1;
	for (i = 0; i < o->constant.n; i++)
		if (add_fixed(m, o->constant.v[i], s, e) < 0)
			return -1;
	return rename_drop_select(m, s, e);
}

static void
map_where(struct map *m, struct block *b)
{
	uint32_t i, n = 0;
	size_t k;

	for (i = 0; i < b->nsel; i++) {
		bool ok = true;

		for (k = 0; k < m->ncond && ok; k++)
			ok = map_holds(&m->cond[k],
			    csv_value(block_raw(b, &m->cond[k].col, b->sel[i]),
				&m->scratch));
		b->sel[n] = b->sel[i];
		n += ok;
	}
	pass_drop(m->pass, DROP_FILTERED, b->nsel - n);
	b->nsel = n;
}

static struct bytes
keep_bytes(struct block *b, const char *p, size_t n)
{
	char *q = block_alloc(b, n);

	memcpy(q, p, n);
	return bytes_of(q, n);
}

/* 1 keep the row (cell filled where the bytes change), 0 drop, -1. */
static int
map_one_label(struct map *m, struct block *b, uint32_t row, struct bytes *cell,
    struct err *e)
{
	const struct context *ctx = m->o->ctx;
	struct bytes raw = block_raw(b, &m->label, row), v;
	enum cell_class class;
	char num[48];
	int64_t code;
	size_t n;

	/* one digit, the common case: nothing to do */
	if (raw.n == 1 && raw.p[0] >= '0' && raw.p[0] <= '9' &&
	    (!ctx || !ctx->have_labels))
		return 1;
	v = csv_value(raw, &m->scratch);
	if (v.n == 0 ||
	    (m->o->na_rule.everywhere && na_is_token(&m->o->na_rule, v))) {
		pass_drop(m->pass, DROP_MISSING_LABEL, 1);
		return 0;
	}
	if (ctx && ctx->have_labels) {
		code = context_label(ctx, v);
		if (code >= 0) {
			n = (size_t)snprintf(
			    num, sizeof(num), "%lld", (long long)code);
			*cell = keep_bytes(b, num, n);
			return 1;
		}
		if (m->o->unseen == UNSEEN_DROP) {
			pass_drop(m->pass, DROP_UNSEEN_LABEL, 1);
			return 0;
		}
		err_set(e,
		    "label %s is not in %s/labels.tsv "
		    "(--unseen-label=drop leaves such rows out)",
		    err_quote(v), ctx->dir);
		return pass_at(m->pass, b, row, e);
	}
	if (na_is_token(&m->o->na_rule, v)) {
		pass_drop(m->pass, DROP_MISSING_LABEL, 1);
		return 0;
	}
	class = class_number(v);
	if (class == CLASS_INT && !bytes_eq(v, bytes_str("-0"))) {
		if (raw.n != v.n)
			*cell = keep_bytes(b, v.p, v.n);
		return 1;
	}
	if (class == CLASS_TEXT) {
		err_set(e,
		    "label %s is no number, and there is no "
		    "labels.tsv to map it by (--context: the "
		    "training run's context)",
		    err_quote(v));
		return pass_at(m->pass, b, row, e);
	}
	n = class == CLASS_INF ? 0 : canonical_int(v, num);
	if (n == 0) {
		err_set(e, "label %s is not a whole number", err_quote(v));
		return pass_at(m->pass, b, row, e);
	}
	*cell = keep_bytes(b, num, n);
	return 1;
}

static int
map_label(struct map *m, struct block *b, struct err *e)
{
	struct bytes *cell = block_cells(b, m->label_slot);
	uint32_t i, n = 0;

	/* what an earlier stage put in the label's own slot stays the value
	 * where this one puts nothing */
	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];
		int rc;

		if (m->label.slot >= 0)
			cell[row] = block_raw(b, &m->label, row);
		rc = map_one_label(m, b, row, &cell[row], e);
		if (rc < 0)
			return -1;
		b->sel[n] = row;
		n += (uint32_t)rc;
	}
	b->nsel = n;
	return 0;
}

/* One row's values of j, joined, as a CSV field in m->text. */
static void
join_row(struct map *m, const struct join *j, struct block *b, uint32_t row)
{
	struct buf *to = &m->text;
	bool quoted = m->join_quoted;
	size_t k;

	buf_clear(to);
	for (k = 0; k < j->n; k++) {
		struct bytes raw = block_raw(b, &j->from[k], row),
			     v = csv_value(raw, &m->scratch);

		/* what has no quotes needs none, alone or joined */
		quoted |= v.p != raw.p;
		if (k)
			buf_putb(to, m->join_sep);
		buf_putb(to,
		    v.n == 0 || (j->tokens[k] && na_is_token(&m->o->na_rule, v))
			? m->join_missing
			: v);
	}
	if (quoted && csv_needs_quotes(buf_bytes(to), m->pass->out_sep)) {
		buf_clear(&m->out);
		buf_putb(&m->out, buf_bytes(to));
		buf_clear(to);
		csv_put_field(to, buf_bytes(&m->out), m->pass->out_sep);
	}
}

static void
map_join(struct map *m, const struct join *j, struct block *b)
{
	struct bytes *cell = block_cells(b, j->slot);
	uint32_t i;

	for (i = 0; i < b->nsel; i++) {
		join_row(m, j, b, b->sel[i]);
		cell[b->sel[i]] = keep_bytes(b, m->text.p, m->text.n);
	}
}

static int
map_process(void *st, struct block *b, struct err *e)
{
	struct map *m = st;
	size_t k;
	uint32_t i;

	if (m->ncond)
		map_where(m, b);
	if (m->have_label && map_label(m, b, e) < 0)
		return -1;
	for (k = 0; k < m->njoin; k++)
		map_join(m, &m->join[k], b);
	for (k = 0; k < m->nfixed; k++) {
		struct bytes *cell = block_cells(b, m->fixed[k].slot);

		for (i = 0; i < b->nsel; i++)
			cell[b->sel[i]] = m->fixed[k].cell;
	}
	return 0;
}

static void
map_free(void *st)
{
	struct map *m = st;
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->njoin; i++) {
		free(m->join[i].from);
		free(m->join[i].tokens);
	}
	for (i = 0; i < m->nfixed; i++)
		free((char *)(uintptr_t)m->fixed[i].cell.p);
	free(m->join);
	free(m->fixed);
	free(m->cond);
	buf_fini(&m->text);
	buf_fini(&m->scratch);
	buf_fini(&m->out);
	free(m);
}

static const struct stage map_stage = {map_init, map_process, NULL, map_free};

/* The label, where that is all there is to do. */
static bool
map_needs(const void *opt, struct schema *names)
{
	const struct map_opt *o = opt;

	if (o->label)
		schema_add(names, bytes_str(o->label), -1, -1);
	return !(o->where.n || o->concat.n || o->constant.n || o->rename.n ||
	    o->drop.n || o->select || o->text);
}

static void
map_depends(const void *opt, struct buf *b)
{
	const struct map_opt *o = opt;

	if (!o->ctx)
		return;
	depend_missing(o->ctx, o->label ? o->label : "", b);
	if (o->label)
		depend_labels(o->ctx, b);
}

const struct filter filter_map = {
    .depends = map_depends,
    .name = "map",
    .summary = "per-row column work on a row stream",
    .example =
	"shard-cat part-00000.csv | shard-map -w 'amount > 0' --label label",
    .specs = specs,
    .opt_size = sizeof(struct map_opt),
    .defaults = map_defaults,
    .setup = map_setup,
    .teardown = map_teardown,
    .stage = &map_stage,
    .needs = map_needs,
};
