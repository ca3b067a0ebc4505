#include "pass1/factsfile.h"

#include <stdarg.h>
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
	if (f->only)
		line(to, "only", f->only, "");
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

/* A fact of its own kind is said once. */
static bool
set_once(char **to, struct bytes name)
{
	if (*to)
		return false;
	*to = xstrndup(name.p, name.n);
	return true;
}

static bool
load_line(
    struct facts *f, struct bytes kind, struct bytes name, const uint64_t v[6])
{
	struct colfacts *c = f->ncol ? &f->col[f->ncol - 1] : NULL;
	struct input *in;
	int k;

	if (is(kind, "format")) {
		f->format = v[0] == 1;
		return f->format;
	}
	if (is(kind, "time")) {
		if (!set_once(&f->time, name))
			return false;
		f->time_kind =
		    v[0] <= TIME_EPOCH ? (enum time_kind)v[0] : TIME_NONE;
		f->time_place = (struct place){v[1], v[2]};
		f->time_rows = v[3];
		f->time_missing = v[4];
	} else if (is(kind, "missing-time")) {
		if (!set_once(&f->missing_time, name))
			return false;
	} else if (is(kind, "key")) {
		if (!set_once(&f->key, name))
			return false;
		f->key_missing = v[0];
		f->key_tokens = v[1];
		f->key_text = v[2] != 0;
	} else if (is(kind, "label")) {
		if (!set_once(&f->label, name))
			return false;
	} else if (is(kind, "na")) {
		if (!set_once(&f->na, name))
			return false;
	} else if (is(kind, "strata")) {
		if (!set_once(&f->strata, name))
			return false;
		f->seed = v[0];
	} else if (is(kind, "groups") && v[2] < 1u << KIND_COUNT) {
		if (!set_once(&f->groups, name))
			return false;
		f->group_missing = v[0];
		f->group_tokens = v[1];
		f->group_kinds = (unsigned)v[2];
		f->ngroup = v[3];
	} else if (is(kind, "table")) {
		if (!set_once(&f->table, name))
			return false;
	} else if (is(kind, "reader") && v[0] <= HEADER_UNION) {
		f->header = (enum header_policy)v[0];
		f->fingerprint = v[1];
	} else if (is(kind, "schema")) {
		f->schema = true;
	} else if (is(kind, "moments")) {
		f->moments = true;
	} else if (is(kind, "optimize-types")) {
		f->narrow = true;
	} else if (is(kind, "quoted-empty")) {
		f->quoted_value = is(name, "value");
	} else if (is(kind, "only")) {
		if (!set_once(&f->only, name))
			return false;
	} else if (is(kind, "file")) {
		if (f->nfile == LEN(f->file))
			return false;
		f->file[f->nfile].digest = v[0];
		f->file[f->nfile++].name = xstrndup(name.p, name.n);
	} else if (is(kind, "values")) {
		f->values = v[0];
	} else if (is(kind, "input")) {
		if ((f->nin & (f->nin - 1)) == 0)
			f->in = xrealloc(
			    f->in, (f->nin ? 2 * f->nin : 1) * sizeof(*f->in));
		in = &f->in[f->nin++];
		in->path = xstrndup(name.p, name.n);
		in->number = v[0];
		in->rows = v[1];
		in->digest = v[2];
		in->id = (struct identity){v[3], v[5], (int64_t)v[4]};
		if (f->nin > 1 && in[-1].number >= in->number)
			return false;
	} else if (is(kind, "sep")) {
		enum format fmt = format_named(name);

		if (fmt == FORMAT_UNKNOWN)
			return false;
		f->sep[fmt] = (char)v[0];
	} else if (is(kind, "type")) {
		if (f->ncol == 0 || !coltype(name))
			return false;
		f->col[f->ncol - 1].type = coltype(name);
	} else if (is(kind, "col")) {
		if ((f->ncol & (f->ncol - 1)) == 0)
			f->col = xrealloc(f->col,
			    (f->ncol ? 2 * f->ncol : 1) * sizeof(*f->col));
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
	} else if (c && is(kind, "kind")) {
		for (k = 0; k < KIND_COUNT; k++)
			if (is(name, kind_names[k]))
				break;
		if (k == KIND_COUNT)
			return false;
		if (v[0] == 0 || v[2] == 0)
			return false; /* seen, so seen somewhere */
		c->n[k] = v[0];
		c->first[k] = (struct place){v[1], v[2]};
	} else if (c && is(kind, "int")) {
		c->imin = (int64_t)v[0];
		c->imax = (int64_t)v[1];
		c->big = v[2] != 0;
		c->have_int = v[3] != 0;
	} else if (c && is(kind, "num")) {
		c->have_num = true;
		c->min = bits_double(v[0]);
		c->max = bits_double(v[1]);
		c->f64 = v[2] == 0; /* and so in a file without it */
	} else if (c && is(kind, "span")) {
		c->have_time = true;
		c->tmin = (struct instant){v[0], (uint32_t)v[1]};
		c->tmax = (struct instant){v[2], (uint32_t)v[3]};
	} else if (c && c->moments && is(kind, "sums")) {
		c->moments->isum = (uint128)v[0] << 64 | v[1];
		return exact_load(&c->moments->sums, name);
	} else if (c && c->moments && is(kind, "token")) {
		*moments_token(c->moments, name) += v[0];
	} else {
		return false;
	}
	return true;
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

		for (i = 0; i < 6; i++) {
			ok &= parse_cell(tsv_cell(&t, r, i + 2), &v[i]);
		}
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
