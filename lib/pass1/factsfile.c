#include "pass1/factsfile.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "io/tsv.h"
#include "rows/coltype.h"

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

static bool
load_format(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->format = v[0] == 1;
	return f->format;
}

static bool
load_time(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->time_kind = v[0] <= TIME_EPOCH ? (enum time_kind)v[0] : TIME_NONE;
	f->time_place = (struct place){v[1], v[2]};
	f->time_rows = v[3];
	f->time_missing = v[4];
	return true;
}

static bool
load_key(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->key_missing = v[0];
	f->key_tokens = v[1];
	f->key_text = v[2] != 0;
	return true;
}

static bool
load_seed(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->seed = v[0];
	return true;
}

static bool
load_groups(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->group_missing = v[0];
	f->group_tokens = v[1];
	f->group_kinds = (unsigned)v[2];
	f->ngroup = v[3];
	return v[2] < 1u << KIND_COUNT;
}

static bool
load_reader(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->header = (enum header_policy)v[0];
	f->fingerprint = v[1];
	return v[0] <= HEADER_UNION;
}

static bool
load_schema(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	(void)v;
	f->schema = true;
	return true;
}

static bool
load_moments(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	(void)v;
	f->moments = true;
	return true;
}

static bool
load_narrow(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	(void)v;
	f->narrow = true;
	return true;
}

static bool
load_quoted(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)v;
	f->quoted_value = is(name, "value");
	return true;
}

static bool
load_file(struct facts *f, struct bytes name, const uint64_t v[6])
{
	if (f->nfile == LEN(f->file))
		return false;
	f->file[f->nfile].digest = v[0];
	f->file[f->nfile++].name = xstrndup(name.p, name.n);
	return true;
}

static bool
load_values(struct facts *f, struct bytes name, const uint64_t v[6])
{
	(void)name;
	f->values = v[0];
	return true;
}

/* The numbers of the inputs ascend. */
static bool
load_input(struct facts *f, struct bytes name, const uint64_t v[6])
{
	struct input *in;

	if ((f->nin & (f->nin - 1)) == 0)
		f->in =
		    xrealloc(f->in, (f->nin ? 2 * f->nin : 1) * sizeof(*f->in));
	in = &f->in[f->nin++];
	in->path = xstrndup(name.p, name.n);
	in->number = v[0];
	in->rows = v[1];
	in->digest = v[2];
	in->id = (struct identity){v[3], v[5], (int64_t)v[4]};
	return f->nin == 1 || in[-1].number < in->number;
}

static bool
load_sep(struct facts *f, struct bytes name, const uint64_t v[6])
{
	enum format fmt = format_named(name);

	if (fmt == FORMAT_UNKNOWN)
		return false;
	f->sep[fmt] = (char)v[0];
	return true;
}

static bool
load_col(struct facts *f, struct bytes name, const uint64_t v[6])
{
	struct colfacts *c;

	if ((f->ncol & (f->ncol - 1)) == 0)
		f->col = xrealloc(
		    f->col, (f->ncol ? 2 * f->ncol : 1) * sizeof(*f->col));
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
	return true;
}

static bool
load_type(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	(void)v;
	c->type = coltype(name);
	return c->type != NULL;
}

static bool
load_kind(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	int k;

	for (k = 0; k < KIND_COUNT; k++)
		if (is(name, kind_names[k]))
			break;
	if (k == KIND_COUNT)
		return false;
	c->n[k] = v[0];
	c->first[k] = (struct place){v[1], v[2]};
	return v[0] != 0 && v[2] != 0; /* what was seen was seen in a row */
}

static bool
load_int(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	(void)name;
	c->imin = (int64_t)v[0];
	c->imax = (int64_t)v[1];
	c->big = v[2] != 0;
	c->have_int = v[3] != 0;
	return true;
}

static bool
load_num(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	(void)name;
	c->have_num = true;
	c->min = bits_double(v[0]);
	c->max = bits_double(v[1]);
	c->f64 = v[2] == 0; /* and so in a file without it */
	return true;
}

static bool
load_span(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	(void)name;
	c->have_time = true;
	c->tmin = (struct instant){v[0], (uint32_t)v[1]};
	c->tmax = (struct instant){v[2], (uint32_t)v[3]};
	return true;
}

static bool
load_sums(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	if (!c->moments)
		return false;
	c->moments->isum = (uint128)v[0] << 64 | v[1];
	return exact_load(&c->moments->sums, name);
}

static bool
load_token(struct colfacts *c, struct bytes name, const uint64_t v[6])
{
	if (!c->moments)
		return false;
	*moments_token(c->moments, name) += v[0];
	return true;
}

#define NO_TEXT SIZE_MAX
#define TEXT(member) offsetof(struct facts, member)

/* What the lines of each kind fill. */
static const struct fact {
	const char *kind;
	size_t text; /* the member that the name becomes, once; or NO_TEXT */
	/* Both may be NULL; the second gets the last column. */
	bool (*load)(struct facts *f, struct bytes name, const uint64_t v[6]);
	bool (*load_of)(
	    struct colfacts *c, struct bytes name, const uint64_t v[6]);
} facts_kinds[] = {
    {"format", NO_TEXT, load_format, NULL},
    {"time", TEXT(time), load_time, NULL},
    {"missing-time", TEXT(missing_time), NULL, NULL},
    {"key", TEXT(key), load_key, NULL},
    {"label", TEXT(label), NULL, NULL},
    {"na", TEXT(na), NULL, NULL},
    {"strata", TEXT(strata), load_seed, NULL},
    {"groups", TEXT(groups), load_groups, NULL},
    {"table", TEXT(table), NULL, NULL},
    {"schema", NO_TEXT, load_schema, NULL},
    {"moments", NO_TEXT, load_moments, NULL},
    {"optimize-types", NO_TEXT, load_narrow, NULL},
    {"quoted-empty", NO_TEXT, load_quoted, NULL},
    {"values", NO_TEXT, load_values, NULL},
    {"reader", NO_TEXT, load_reader, NULL},
    {"input", NO_TEXT, load_input, NULL},
    {"sep", NO_TEXT, load_sep, NULL},
    {"col", NO_TEXT, load_col, NULL},
    {"type", NO_TEXT, NULL, load_type},
    {"kind", NO_TEXT, NULL, load_kind},
    {"int", NO_TEXT, NULL, load_int},
    {"num", NO_TEXT, NULL, load_num},
    {"span", NO_TEXT, NULL, load_span},
    {"sums", NO_TEXT, NULL, load_sums},
    {"token", NO_TEXT, NULL, load_token},
    {"file", NO_TEXT, load_file, NULL},
};

static bool
load_line(
    struct facts *f, struct bytes kind, struct bytes name, const uint64_t v[6])
{
	const struct fact *k = facts_kinds;
	const struct fact *end = facts_kinds + LEN(facts_kinds);

	while (k < end && !is(kind, k->kind))
		k++;
	if (k == end)
		return false;
	if (k->text != NO_TEXT) {
		char **text = (char **)(void *)((char *)f + k->text);

		if (*text)
			return false;
		*text = xstrndup(name.p, name.n);
	}
	if (k->load && !k->load(f, name, v))
		return false;
	if (k->load_of && f->ncol == 0)
		return false;
	return !k->load_of || k->load_of(&f->col[f->ncol - 1], name, v);
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

		for (i = 0; i < 6; i++)
			ok &= parse_cell(tsv_cell(&t, r, i + 2), &v[i]);
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
