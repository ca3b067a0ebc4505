#include "fill/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "fill/artifact.h"
#include "fill/dict.h"
#include "fill/strategy.h"
#include "io/commit.h"
#include "pass1/context.h"

#define OPT_FIT(type, name, arg, field, help)                                  \
	OPT(type, 0, name, arg, struct fit_opt, field, help)

const struct opt_spec fit_specs[] = {
    OPT_FIT(OPT_FLAG, "all-columns", NULL, all_columns,
	"also columns without a missing cell"),
    OPT_FIT(OPT_FLAG, "allow-na-fill", NULL, allow_na_fill,
	"take values that read as missing again"),
    OPT_FIT(OPT_STR, "categorical", "STRATEGY", categorical,
	"texts of few distinct values (as --text)"),
    OPT_FIT(OPT_LIST, "column", "NAME=STRATEGY", column,
	"the strategy of one column"),
    OPT_FIT(OPT_LIST, "column-nocase", "NAME=STRATEGY", column_nocase,
	"the same, upper and lower case alike"),
    OPT_FIT(OPT_STR, "exclude", "A,B", exclude, "leave these columns alone"),
    OPT_FIT(OPT_STR, "label", "COL", label, "never fill this column"),
    OPT_FIT(OPT_FLAG, "need", NULL, need,
	"print which values pass 1 still has to collect"),
    OPT_FIT(OPT_STR, "numeric", "STRATEGY", numeric,
	"mean, median, constant[:V] (mean)"),
    OPT_FIT(OPT_STR, "publish", "DIR", publish,
	"put the context and the artifacts there, in place of the old ones"),
    OPT_FIT(
	OPT_STR, "text", "STRATEGY", text, "mode, constant[:V], empty (mode)"),
    OPT_FIT(OPT_STR, "values", "FILE", values,
	"--need: the values that were collected (also if others were)"),
    OPT_END,
};

int
fit_check(const struct fit_opt *o, struct err *e)
{
	size_t i;

	if (strategy_check("numeric", o->numeric, true, e) < 0 ||
	    strategy_check("text", o->text, false, e) < 0 ||
	    strategy_check("categorical", o->categorical, false, e) < 0)
		return -1;
	for (i = 0; i < o->column.n; i++)
		if (strategy_check_column("column", o->column.v[i], e) < 0)
			return -1;
	for (i = 0; i < o->column_nocase.n; i++)
		if (strategy_check_column(
			"column-nocase", o->column_nocase.v[i], e) < 0)
			return -1;
	return 0;
}

/* One column with what is decided for it. */
struct choice {
	const struct colstat *c;
	struct strategy st;
	bool named, excluded;
};

static int
no_column(const char *option, const char *what, const struct colstats *s,
    struct err *e)
{
	bool env = strcmp(option, "column-nocase") == 0;
	struct buf b = BUF_ZERO;
	size_t i;

	for (i = 0; i < s->n && b.n < 600; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", s->v[i].name);
	err_kind_set(e, ERR_USAGE, "%s%s %s: no such column; there are: %s%s",
	    env ? "COLUMN_STRATEGY" : "--", env ? "_<NAME>" : option,
	    err_quote(bytes_str(what)), buf_cstr(&b), i < s->n ? ", ..." : "");
	buf_fini(&b);
	return -1;
}

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

static bool
same_folded(struct bytes a, struct bytes b)
{
	size_t i;

	for (i = 0; i < a.n && i < b.n; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return a.n == b.n;
}

/* The column that the name means: 1; no such one: 0; several: -1. */
static int
find_column(const struct colstats *s, struct bytes name, bool nocase,
    size_t *at, struct err *e)
{
	size_t i, found = 0;

	for (i = 0; i < s->n; i++)
		if (bytes_eq(bytes_str(s->v[i].name), name)) {
			*at = i;
			return 1;
		}
	for (i = 0; nocase && i < s->n; i++) {
		if (!same_folded(bytes_str(s->v[i].name), name))
			continue;
		if (found++)
			return err_kind_set(e, ERR_USAGE,
			    "COLUMN_STRATEGY_%.*s means both %s and %s: name "
			    "the column with --column",
			    (int)name.n, name.p, s->v[*at].name, s->v[i].name);
		*at = i;
	}
	return found == 1;
}

/* "NAME=STRATEGY": the first '=' at which both parts make sense. */
static int
name_strategy(struct choice *ch, const struct colstats *s, const char *spec,
    bool nocase, struct err *e)
{
	struct strategy st;
	const char *p = spec;
	size_t at = 0;
	int rc;

	while ((p = strchr(p, '='))) {
		struct bytes name = bytes_of(spec, (size_t)(p++ - spec));

		if (!strategy_parse(p, &st))
			continue;
		rc = find_column(s, name, nocase, &at, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		/* by option, what the environment said does not count */
		if (!nocase || !ch[at].named)
			ch[at].st = st;
		ch[at].named = true;
		return 0;
	}
	return no_column(nocase ? "column-nocase" : "column", spec, s, e);
}

static int
exclude(struct choice *ch, const struct colstats *s, const char *option,
    const char *list, bool one, struct err *e)
{
	const char *p = list, *q;
	size_t at;

	for (; p; p = *q ? q + 1 : NULL) {
		char *name;
		int rc;

		q = one ? p + strlen(p) : strchrnul(p, ',');
		if (q == p)
			continue;
		name = xstrndup(p, (size_t)(q - p));
		rc = find_column(s, bytes_str(name), false, &at, e);
		if (rc > 0)
			ch[at].excluded = true;
		else if (rc == 0)
			rc = no_column(option, name, s, e);
		free(name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static bool
no_value(const struct colstat *c)
{
	return c->missing == c->rows;
}

static bool
is_numeric(const struct colstat *c)
{
	return colstat_is_number(c) || no_value(c);
}

/* A time or a bool: only a value of its own will do. */
static bool
is_fixed(const struct colstat *c)
{
	return c->type[0] == 'b' || c->type[2] == 'm';
}

static bool
is_categorical(const struct colstat *c, const struct fit_opt *o)
{
	return (double)c->distinct <
	    o->unique_ratio * (double)(c->rows - c->missing);
}

/* True for a text of few distinct values, where --categorical says what becomes
 * of these. */
static bool
is_few(const struct colstat *c, const struct fit_opt *o)
{
	return o->categorical && !is_numeric(c) && !is_fixed(c) && c->values &&
	    is_categorical(c, o);
}

/* The strategy of an option, whose text fit_check() has seen; op: without it.
 */
static struct strategy
kind_strategy(const char *text, enum op op)
{
	struct strategy st = {.op = op};

	if (text)
		(void)strategy_parse_kind(text, &st);
	return st;
}

/* What constant without a value is of texts, or of those of few values. */
static const char *
text_constant(const struct fit_opt *o, bool few)
{
	const char *v =
	    few ? kind_strategy(o->categorical, MODE).fallback : NULL;

	if (!v)
		v = kind_strategy(o->text, MODE).fallback;
	return v ? v : "Unknown";
}

/* True if the columns that no option names are filled otherwise where they are
 * of few values. */
static bool
classes_differ(const struct fit_opt *o)
{
	struct strategy text = kind_strategy(o->text, MODE);
	struct strategy few = kind_strategy(o->categorical, MODE);

	if (!o->categorical || few.op != text.op)
		return o->categorical != NULL;
	return few.op == CONSTANT &&
	    strcmp(few.value ? few.value : text_constant(o, true),
		text.value ? text.value : text_constant(o, false)) != 0;
}

/* The strategy of a column that nobody named. */
static struct strategy
default_strategy(const struct colstat *c, const struct fit_opt *o)
{
	if (is_numeric(c))
		return kind_strategy(o->numeric, MEAN);
	if (is_fixed(c))
		return kind_strategy(NULL, MODE);
	return kind_strategy(is_few(c, o) ? o->categorical : o->text, MODE);
}

/* True if what fills the column depends on how many distinct values it has. */
static bool
class_matters(const struct choice *ch, const struct fit_opt *o)
{
	if (is_numeric(ch->c) || is_fixed(ch->c))
		return false;
	if (!ch->named)
		return classes_differ(o);
	return ch->st.op == CONSTANT && !ch->st.value &&
	    strcmp(text_constant(o, true), text_constant(o, false)) != 0;
}

/* The choice for every column; c NULL for those that are not filled. */
static struct choice *
choose(const struct colstats *s, const struct fit_opt *o, struct err *e)
{
	struct choice *ch = xcalloc(s->n, sizeof(*ch));
	size_t i;

	for (i = 0; i < o->column.n; i++)
		if (name_strategy(ch, s, o->column.v[i], false, e) < 0)
			goto fail;
	for (i = 0; i < o->column_nocase.n; i++)
		if (name_strategy(ch, s, o->column_nocase.v[i], true, e) < 0)
			goto fail;
	if (exclude(ch, s, "exclude", o->exclude, false, e) < 0 ||
	    exclude(ch, s, "label", o->label, true, e) < 0)
		goto fail;
	for (i = 0; i < s->n; i++) {
		const struct colstat *c = &s->v[i];
		bool ok;

		if (ch[i].excluded && ch[i].named)
			o->warn("column %s is never filled (label or "
				"excluded): its strategy is not used",
			    err_quote(bytes_str(c->name)));
		if (ch[i].excluded || (c->missing == 0 && !o->all_columns))
			continue;
		ch[i].c = c;
		if (!ch[i].named)
			ch[i].st = default_strategy(c, o);
		ok = no_value(c) ||
		    (is_numeric(c) ? strategy_ops[ch[i].st.op].numbers
				   : strategy_ops[ch[i].st.op].words);
		if (ok && is_fixed(c) && ch[i].st.op == EMPTY)
			ok = false;
		if (ok)
			continue;
		err_kind_set(e, ERR_USAGE,
		    "column %s is %s: its strategy cannot be %s, but %s "
		    "(schema.tsv says which row makes it %s)",
		    err_quote(bytes_str(c->name)), c->type,
		    strategy_ops[ch[i].st.op].name,
		    is_numeric(c)     ? "mean, median, mode or constant"
			: is_fixed(c) ? "mode or constant"
				      : "mode, constant or empty",
		    c->type);
		goto fail;
	}
	return ch;
fail:
	free(ch);
	return NULL;
}

static void
say_nothing(const char *fmt, ...)
{
	(void)fmt;
}

int
fit_needs(const struct colstats *s, const struct fit_opt *o, struct buf *to,
    bool *lacking, struct err *e)
{
	struct fit_opt quiet = *o; /* fit_make() will say it */
	struct choice *ch;
	size_t i;

	*lacking = false;
	quiet.warn = say_nothing;
	ch = choose(s, &quiet, e);
	if (!ch)
		return -1;
	buf_puts(to, "column\tvalues\n");
	for (i = 0; i < s->n; i++) {
		const struct colstat *c = ch[i].c;
		bool need, texts;

		if (!c || no_value(c))
			continue;
		texts = !is_numeric(c);
		need = ch[i].st.op == MEDIAN || ch[i].st.op == MODE ||
		    class_matters(&ch[i], o);
		if (!need)
			continue;
		/* the mode of whole numbers is exact as text only */
		if (ch[i].st.op == MODE && c->type[0] == 'i')
			texts = true;
		*lacking |= !(ch[i].st.op == MEDIAN ? c->quartiles : c->values);
		tsv_put(to, bytes_str(c->name));
		buf_printf(to, "\t%s\n", texts ? "texts" : "numbers");
	}
	free(ch);
	return 0;
}

static char *
number_of(double d, const struct colstat *c)
{
	char out[NUMBER_MAX];

	/* a whole one looks like its column: 3 among ints, 3.0 among floats */
	number_format(d, c->type[0] != 'i', out);
	return xstrdup(out);
}

static int
not_collected(const struct colstat *c, const char *what, struct err *e)
{
	return err_set(e,
	    "column %s: its %s is not known: pass 1 has to collect its values "
	    "(shard-fit CTX --need, then --update --values)",
	    err_quote(bytes_str(c->name)), what);
}

static int
not_finite(const struct colstat *c, const char *what, struct err *e)
{
	return err_set(e,
	    "column %s has %llu infinite values, so no %s: choose --column "
	    "%s=%sconstant:VALUE or --exclude it",
	    err_quote(bytes_str(c->name)), (unsigned long long)c->inf, what,
	    c->name, what[0] == 'm' ? "median, " : "");
}

static int
constant(struct fit_row *r, const struct choice *ch, const struct fit_opt *o,
    struct err *e)
{
	const struct colstat *c = ch->c;
	const char *v = ch->st.value;
	double d = 0;

	r->number = is_numeric(c);
	if (!r->number) {
		r->value = xstrdup(v ? v : text_constant(o, is_few(c, o)));
		return 0;
	}
	if (!v)
		v = kind_strategy(o->numeric, MEAN).fallback;
	if (v && !parse_double(bytes_str(v), &d)) {
		if (!no_value(c))
			return err_kind_set(e, ERR_USAGE,
			    "column %s is %s: the constant %s is no number",
			    err_quote(bytes_str(c->name)), c->type,
			    err_quote(bytes_str(v)));
		r->number = false;
		r->value = xstrdup(v);
		return 0;
	}
	r->value = number_of(d, c);
	return 0;
}

static int
value_of(struct fit_row *r, const struct choice *ch, const struct fit_opt *o,
    struct err *e)
{
	const struct colstat *c = ch->c;
	enum op op = ch->st.op;

	if (op == EMPTY) {
		r->value = xstrdup("");
		return 0;
	}
	if (op == CONSTANT)
		return constant(r, ch, o, e);
	if (no_value(c)) {
		r->number = op != MODE;
		r->value = xstrdup(r->number ? "0.0" : "Unknown");
		o->warn("column %s has no value in train: filled with %s",
		    err_quote(bytes_str(c->name)), r->value);
		return 0;
	}
	if (op == MODE) {
		double d;

		if (!c->values || !c->mode)
			return not_collected(c, "mode", e);
		r->number = is_numeric(c);
		if (r->number && !parse_double(bytes_str(c->mode), &d))
			return not_finite(c, "finite mode", e);
		r->value = xstrdup(c->mode);
		return 0;
	}
	r->number = true;
	if (op == MEDIAN) {
		if (!c->quartiles)
			return not_collected(c, "median", e);
		if (!isfinite(c->median))
			return not_finite(c, "finite median", e);
		r->value = number_of(c->median, c);
		return 0;
	}
	if (c->inf)
		return not_finite(c, "mean", e);
	if (!c->moments)
		return err_set(e,
		    "column %s: its mean is not known (pass 1 again: "
		    "shard-stats --moments)",
		    err_quote(bytes_str(c->name)));
	r->value = number_of(c->mean, c);
	return 0;
}

static int
check_fill(const struct fit_row *r, const struct choice *ch,
    const struct fit_opt *o, const struct na_rule *na, struct err *e)
{
	struct bytes v = bytes_str(r->value);

	if (o->allow_na_fill || ch->st.op == EMPTY ||
	    (v.n == 0 && o->empty_is_value) ||
	    (v.n > 0 && !is_na_token(v) && !na_is_token(na, v)))
		return 0;
	return err_set(e,
	    "column %s: its fill value %s would be taken for missing again; "
	    "choose another (--column %s=constant:VALUE) or say "
	    "--allow-na-fill",
	    err_quote(bytes_str(r->column)), err_quote(v), r->column);
}

static const char *
class_of(const struct colstat *c, const struct fit_opt *o)
{
	if (no_value(c))
		return "none";
	if (is_numeric(c))
		return "numeric";
	if (is_fixed(c))
		return c->type;
	return c->values && is_categorical(c, o) ? "categorical" : "text";
}

int
fit_make(struct fit *f, const struct colstats *s, const struct fit_opt *o,
    const struct na_rule *na, struct err *e)
{
	struct choice *ch = choose(s, o, e);
	size_t i;
	int rc = 0;

	memset(f, 0, sizeof(*f));
	if (!ch)
		return -1;
	if (s->n == 0 || s->v[0].rows == 0)
		rc = err_set(e, "no row to fit on: the train split is empty");
	f->v = xcalloc(s->n, sizeof(*f->v));
	for (i = 0; i < s->n && rc == 0; i++) {
		struct fit_row *r = &f->v[f->n];

		if (!ch[i].c)
			continue;
		f->n++;
		r->column = ch[i].c->name;
		r->class = class_of(ch[i].c, o);
		r->strategy = strategy_ops[ch[i].st.op].name;
		r->missing = ch[i].c->missing;
		rc = value_of(r, &ch[i], o, e);
		if (rc == 0)
			rc = check_fill(r, &ch[i], o, na, e);
	}
	free(ch);
	if (rc < 0)
		fit_fini(f);
	return rc;
}

void
fit_fini(struct fit *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->v[i].value);
	free(f->v);
	f->v = NULL;
	f->n = 0;
}

int
fit_write(const struct fit *f, const char *dir, struct err *e)
{
	struct buf tsv = BUF_ZERO, json = BUF_ZERO, pickle = BUF_ZERO;
	struct filldict d = FILLDICT_ZERO;
	size_t i;
	int rc = -1;

	d.v = xcalloc(f->n, sizeof(*d.v));
	buf_puts(&tsv, "column\tstrategy\tvalue\tmissing\n");
	for (i = 0; i < f->n; i++) {
		const struct fit_row *r = &f->v[i];
		struct fill *x = &d.v[d.n++];

		x->column = xstrdup(r->column);
		x->value = xstrdup(r->value);
		x->number = r->number;
		tsv_put(&tsv, bytes_str(r->column));
		buf_printf(&tsv, "\t%s\t", r->strategy);
		tsv_put(&tsv, bytes_str(r->value));
		buf_printf(&tsv, "\t%llu\n", (unsigned long long)r->missing);
	}
	if (filldict_save_json(&d, &json, e) == 0 &&
	    filldict_save_pickle(&d, &pickle, e) == 0 &&
	    artifact_commit(dir, "impute.tsv", &tsv, e) == 0 &&
	    artifact_commit(dir, "impute_dict.json", &json, e) == 0)
		rc = artifact_commit(dir, "impute_dict.pkl", &pickle, e);
	filldict_fini(&d);
	buf_fini(&tsv);
	buf_fini(&json);
	buf_fini(&pickle);
	return rc;
}

/* --need: the values to collect, if any are lacking; with the list of those
 * that were, also if others were. */
static int
needs_text(const struct colstats *s, const struct fit_opt *o, struct buf *to,
    struct err *e)
{
	struct buf need = BUF_ZERO, had = BUF_ZERO;
	bool lacking;
	int rc = fit_needs(s, o, &need, &lacking, e);

	if (rc == 0 && o->values) {
		rc = file_load(o->values, &had, e);
		lacking |= !bytes_eq(buf_bytes(&need), buf_bytes(&had));
	}
	if (rc == 0 && lacking)
		buf_put(to, need.p, need.n);
	buf_fini(&need);
	buf_fini(&had);
	return rc;
}

int
fit_run(const struct fit_opt *o, const char *ctx, const char *out,
    struct buf *to, struct err *e)
{
	struct fit_opt how = *o;
	struct context *c = NULL;
	struct colstats s = {NULL, 0};
	struct buf need = BUF_ZERO;
	struct fit f = {NULL, 0};
	int rc = -1;

	if (fit_check(&how, e) < 0 || !(c = context_open(ctx, e)) ||
	    context_colstats(c, &s, e) < 0)
		goto out;
	if (how.need) {
		rc = needs_text(&s, &how, out ? &need : to, e);
		if (rc == 0 && out)
			rc = commit_file(out, need.p, need.n, e);
		goto out;
	}
	how.empty_is_value = c->facts.quoted_value;
	rc = fit_make(&f, &s, &how, &c->na, e);
	if (rc == 0)
		rc = fit_write(&f, out ? out : ctx, e);
	if (rc == 0 && how.publish)
		rc = artifact_publish(ctx, how.publish, e);
out:
	buf_fini(&need);
	fit_fini(&f);
	colstats_fini(&s);
	context_close(c);
	return rc;
}

bool
fit_asked(const struct fit_opt *o)
{
	return o->numeric || o->text || o->categorical || o->column.n ||
	    o->column_nocase.n || o->exclude || o->label || o->all_columns ||
	    o->allow_na_fill || o->need || o->publish || o->values;
}

void
fit_opt_fini(struct fit_opt *o)
{
	opt_list_free(&o->column);
	opt_list_free(&o->column_nocase);
}
