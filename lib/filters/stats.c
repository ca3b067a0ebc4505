#include "filters/stats.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/keyfront.h"
#include "pass1/partial.h"
#include "pass1/values.h"
#include "rows/rowout.h"
#include "sort/radix.h"

/*
 * Memory: times and keys are collected in tables of a fixed size; a full one
 * becomes a sorted run in the partial.  8 MiB of times and as much to sort
 * them, about 20 MiB of keys.
 */
#define RUN_TIMES ((size_t)1 << 20)
#define RUN_KEY_BYTES ((size_t)12 << 20)
#define RUN_KEYS ((size_t)200 << 10)
#define RUN_TIES ((size_t)1 << 20)
#define MAX_LABELS ((size_t)1 << 20)
#define RUN_STRATA ((size_t)1 << 20)
#define MAX_STRATA ((size_t)1 << 12)

const struct opt_spec stats_specs[] = {
    OPT(OPT_STR, 0, "groups", "COL", struct stats_opt, groups,
	"collect rows and bytes of every group, the rows with one key"),
    OPT(OPT_STR, 'k', "key", "COL", struct stats_opt, key,
	"collect the first occurrence of every key"),
    OPT(OPT_STR, 0, "label", "COL", struct stats_opt, label,
	"collect the labels; --fit: never fill this column"),
    OPT(OPT_STR, 0, "like", "FILE", struct stats_opt, like,
	"the shard that the stream comes from"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct stats_opt, memory,
	"for --values and --groups, before they spill (1G)"),
    OPT(OPT_STR, 0, "missing-time", "train|val|test|drop", struct stats_opt,
	missing_time, "go on over rows without a time (they are an error)"),
    OPT(OPT_FLAG, 0, "moments", NULL, struct stats_opt, moments,
	"--schema, and exact sums of the numbers"),
    OPT(OPT_STR, 0, "na", "RULE", struct stats_opt, na,
	"what is missing besides empty cells: auto, pandas or A,B (auto)"),
    OPT(OPT_STR, 0, "only", "SPLIT", struct stats_opt, only,
	"look only at rows whose _split says so"),
    OPT(OPT_STR, 'o', "output", "DIR", struct stats_opt, out,
	"where the partials go; --merge: the context; --fit, --report: the "
	"files (CTX)"),
    OPT(OPT_STR, 0, "strata", "COL", struct stats_opt, strata,
	"collect what an exact stratified split by this column needs"),
    OPT_CHOICE(0, "quoted-empty", struct stats_opt, quoted_empty,
	quoted_empty_names, "what a cell \"\" is (missing)"),
    OPT(OPT_U64, 's', "seed", "N", struct stats_opt, seed,
	"seed of the row hashes for --strata (0)"),
    OPT(OPT_FLAG, 0, "schema", NULL, struct stats_opt, schema,
	"collect type, missing cells and range of every column"),
    OPT(OPT_STR, 0, "table", "NAME", struct stats_opt, table,
	"--groups: of several tables, the one these rows are of"),
    OPT(OPT_FLAG, 0, "tee", NULL, struct stats_opt, tee,
	"hand the rows on as they are"),
    OPT(OPT_STR, 't', "time", "COL", struct stats_opt, time,
	"collect the times of this column"),
    OPT(OPT_STR, 0, "update", "DIR", struct stats_opt, update,
	"with --values: read again, to add them to the partials in DIR"),
    OPT(OPT_STR, 0, "values", "FILE|all", struct stats_opt, values,
	"collect the values of these columns (FILE is of --fit --need)"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct stats_opt, verify,
	"read inputs to see that a partial is fresh; trust no size and time"),
    OPT_END,
};

static void
stats_defaults(void *opt)
{
	struct stats_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->memory = VALUES_MEMORY_DEFAULT;
}

static const char values_header[] = "column\tvalues";

static int
load_wish(struct stats_opt *o, struct err *e)
{
	struct values_wish *w = &o->wish;
	struct buf b = BUF_ZERO;
	int rc = -1;
	size_t i;

	w->all = strcmp(o->values, "all") == 0;
	if (w->all) {
		w->digest = 1;
		return 0;
	}
	if (file_load(o->values, &b, e) < 0 ||
	    tsv_parse(&w->file, o->values, buf_bytes(&b), values_header, e) < 0)
		goto out;
	for (i = 0; i < w->file.nrow; i++) {
		struct bytes kind = tsv_cell(&w->file, i, 1);

		if (bytes_eq(kind, bytes_str("numbers")) ||
		    bytes_eq(kind, bytes_str("texts")))
			continue;
		err_set(e, "%s:%llu: %s is neither numbers nor texts",
		    o->values, tsv_lineno(i), err_quote(kind));
		goto out;
	}
	w->digest = digest_of(b.p, b.n) | 2;
	rc = 0;
out:
	buf_fini(&b);
	if (rc < 0)
		e->kind = ERR_OUTPUT; /* no shard could be read with it */
	return rc;
}

static void
stats_teardown(void *opt)
{
	struct stats_opt *o = opt;

	tsv_fini(&o->wish.file);
}

static bool
stats_is_sink(const void *opt)
{
	return !((const struct stats_opt *)opt)->tee;
}

int
stats_check_memory(const struct stats_opt *o, struct err *e)
{
	return o->memory >= VALUES_MEMORY_MIN
	    ? 0
	    : err_kind_set(e, ERR_USAGE, "--memory: at least 1M is needed");
}

/* It becomes a part of file names. */
static bool
is_table_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 100 && s[0] != '-' && s[0] != '.' &&
	    strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-.") == n;
}

static int
stats_setup(void *opt, struct session *s, struct err *e)
{
	static const char *const words[] = {"train", "val", "test", "drop"};
	struct stats_opt *o = opt;
	bool known = false;
	size_t i;

	(void)s;
	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output is needed");
	for (i = 0; o->missing_time && i < LEN(words); i++)
		known |= strcmp(o->missing_time, words[i]) == 0;
	if (o->missing_time && !known)
		return err_kind_set(e, ERR_USAGE,
		    "--missing-time %s: must be train|val|test|drop",
		    err_quote(bytes_str(o->missing_time)));
	if (o->key && !o->time)
		return err_kind_set(e, ERR_USAGE,
		    "--key needs --time: the first occurrence is the "
		    "earliest");
	if (o->update &&
	    (!o->values || o->time || o->key || o->label || o->strata ||
		o->groups || o->schema || o->moments || o->tee || o->only))
		return err_kind_set(e, ERR_USAGE,
		    "--update takes --values and nothing else: the rest is in "
		    "the partial");
	if (o->table && !o->groups)
		return err_kind_set(
		    e, ERR_USAGE, "--table is for --groups: it names them");
	if (o->table && !is_table_name(o->table))
		return err_kind_set(e, ERR_USAGE,
		    "--table %s: letters, digits, '_', '-' and '.', the "
		    "latter two not in front",
		    err_quote(bytes_str(o->table)));
	if (o->values && !o->update && !o->moments)
		return err_kind_set(e, ERR_USAGE,
		    "--values needs --moments, or --update of partials that "
		    "have them");
	if (stats_check_memory(o, e) < 0)
		return -1;
	o->schema |= o->moments;
	return o->values && !o->wish.digest ? load_wish(o, e) : 0;
}

/* Without statistics of all columns, and without hashes or sizes of rows. */
static bool
stats_needs(const void *opt, struct schema *names)
{
	const struct stats_opt *o = opt;
	const char *const used[] = {o->time, o->key, o->label};
	size_t i;

	for (i = 0; i < LEN(used); i++)
		if (used[i])
			schema_add(names, bytes_str(used[i]), -1, -1);
	return !(o->schema || o->moments || o->values || o->strata ||
	    o->groups || o->only || o->tee);
}

static const char *
stats_like(const void *opt)
{
	return ((const struct stats_opt *)opt)->like;
}

static char *
path_below(const char *dir, uint64_t number)
{
	struct buf b = BUF_ZERO;
	size_t n = strlen(dir);

	if (n > 3 && strcmp(dir + n - 3, ".st") == 0)
		return xstrdup(dir);
	buf_printf(&b, "%s/%05llu.st", dir, (unsigned long long)number);
	return buf_release(&b);
}

char *
stats_path(const struct stats_opt *o, uint64_t number)
{
	return path_below(o->out, number);
}

static bool
same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0);
}

static bool
same_options(const struct facts *f, const struct stats_opt *o)
{
	const char *na = o->na && strcmp(o->na, "auto") != 0 ? o->na : NULL;

	return same(f->time, o->time) && same(f->key, o->key) &&
	    same(f->label, o->label) &&
	    same(f->missing_time, o->missing_time) && same(f->na, na) &&
	    same(f->strata, o->strata) && same(f->groups, o->groups) &&
	    same(f->table, o->table) && f->seed == (o->strata ? o->seed : 0) &&
	    f->schema == o->schema && f->moments == o->moments &&
	    same(f->only, o->only) && f->quoted_value == (o->quoted_empty == 1);
}

/* What the facts say without the values; caller frees. */
static char *
text_without_values(const struct facts *f)
{
	struct facts plain = *f;
	struct buf b = BUF_ZERO;
	size_t i;

	plain.values = 0;
	plain.col = xmalloc(f->ncol * sizeof(*plain.col));
	for (i = 0; i < f->ncol; i++) {
		plain.col[i] = f->col[i];
		plain.col[i].values = 0;
	}
	facts_save(&plain, &b);
	free(plain.col);
	buf_cstr(&b);
	return buf_release(&b);
}

/* Was it made from the partial that --update names? */
static bool
same_update(const struct facts *f, const struct stats_opt *o)
{
	char *path = path_below(o->update, f->in[0].number);
	struct partial p;
	struct facts old;
	struct err ignored;
	bool same = false;

	if (partial_open(&p, path, &ignored) == 0) {
		if (partial_facts(&p, &old, &ignored) == 0) {
			char *a = text_without_values(f);
			char *b = text_without_values(&old);

			same = strcmp(a, b) == 0;
			free(a);
			free(b);
			facts_fini(&old);
		}
		partial_close(&p);
	}
	free(path);
	return same;
}

int
stats_fresh(const struct stats_opt *o, uint64_t fingerprint, const char *path)
{
	char *st = stats_path(o, shard_name_parse(path).number);
	struct partial p;
	struct facts f;
	struct identity id;
	struct err ignored;
	uint64_t digest;
	int fresh = 0;

	if (access(st, F_OK) < 0 || partial_open(&p, st, &ignored) < 0)
		goto out;
	if (partial_facts(&p, &f, &ignored) == 0) {
		/* values that nobody asks for do no harm */
		fresh = f.nin == 1 && f.fingerprint == fingerprint &&
		    (!o->values || f.values == o->wish.digest) &&
		    strcmp(f.in[0].path, path) == 0;
		fresh = fresh &&
		    (o->update ? same_update(&f, o) : same_options(&f, o));
		if (fresh &&
		    (o->verify || identity_of(path, &id, &ignored) < 0 ||
			!identity_eq(id, f.in[0].id)))
			fresh = in_digest_file(path, &digest, &ignored) == 0 &&
			    digest == f.in[0].digest;
		facts_fini(&f);
	}
	partial_close(&p);
out:
	free(st);
	return fresh;
}

/* A row's stratum and hash. */
struct strat {
	uint32_t stratum;
	uint64_t hash;
};

struct stats {
	const struct stats_opt *o;
	struct pass *pass;
	struct partial_writer *w;
	struct facts f;
	struct na_rule na;
	struct column time, key, label, strata, group;
	struct keytable stratum; /* value -> its number, as the row */
	struct strat *strat;     /* of the rows not yet in a section */
	size_t nstrat;
	struct schema source;
	struct rowout *row, *sized; /* all columns; those of the table */
	struct buf row_bytes;
	struct keytable groups;
	struct keyfront *front; /* of their entries, as number + 1 */
	struct keytable_limit groups_limit;
	struct column *col;  /* of each of the facts' */
	struct column split; /* for --only */
	uint32_t *sel;       /* the rows of it, in a batch */
	size_t sel_cap;
	struct values *values;
	unsigned *kinds;
	struct partial old; /* for --update */
	uint64_t rows;
	uint64_t *hi, *tmp;
	uint8_t *lo;
	size_t ntime;
	bool any_lo;
	struct keytable keys, labels;
	struct buf ties;         /* u64 each, of the keys */
	struct bytes last_label; /* in label_buf: most rows repeat it */
	struct buf label_buf, scratch;
	uint64_t bad_times;   /* not parsable */
	struct err first_bad; /* where the first row without a time is */
};

static int
find(struct schema *s, const char *name, struct column *c, struct err *e)
{
	int at = schema_need(s, bytes_str(name), e);

	if (at < 0)
		return -1;
	*c = s->col[at];
	return 0;
}

/* Is it a column of the table, and none that other stages appended? */
static bool
is_of_table(const struct stats_opt *o, const char *name)
{
	bool split = o->only || (o->groups && strcmp(o->groups, "_split") == 0);

	return !(split && strcmp(name, "_split") == 0) &&
	    !(o->tee && strcmp(name, "_row") == 0);
}

/* The columns looked at. */
static void
init_columns(struct stats *t, const struct schema *s)
{
	const struct stats_opt *o = t->o;
	size_t i;

	t->f.col = xcalloc(s->ncol, sizeof(*t->f.col));
	t->col = xcalloc(s->ncol, sizeof(*t->col));
	for (i = 0; i < s->ncol; i++) {
		struct colfacts *c = &t->f.col[t->f.ncol];
		const char *name = s->col[i].name;

		if (!is_of_table(o, name))
			continue;
		c->name = xstrdup(name);
		c->shard = s->col[i].src < 0 && s->col[i].slot < 0
		    ? NOWHERE
		    : t->pass->shard.number;
		c->pos = (uint32_t)t->f.ncol;
		c->type = s->col[i].made ? NULL : s->col[i].type;
		if (o->moments)
			c->moments = xcalloc(1, sizeof(*c->moments));
		t->col[t->f.ncol++] = s->col[i];
	}
}

/* --update: the facts of the partial that is there. */
static int
init_update(struct stats *t, struct schema *s, struct err *e)
{
	char *path = path_below(t->o->update, t->pass->shard.number);
	size_t i;
	int at, rc = partial_open(&t->old, path, e);

	free(path);
	if (rc < 0)
		return -1;
	facts_fini(&t->f);
	if (partial_facts(&t->old, &t->f, e) < 0)
		return -1;
	if (t->f.nin != 1 || t->f.in[0].number != t->pass->shard.number ||
	    !t->f.moments || t->f.only)
		return err_set(e,
		    "%s: not the partial of shard %llu with --moments of all "
		    "rows: nothing to --update",
		    t->old.path, (unsigned long long)t->pass->shard.number);
	na_rule_fini(&t->na);
	na_rule_init(&t->na, t->f.na);
	t->col = xcalloc(t->f.ncol, sizeof(*t->col));
	for (i = 0; i < t->f.ncol; i++) {
		at = schema_need(s, bytes_str(t->f.col[i].name), e);
		if (at < 0)
			return err_prefix(e, "%s: ", t->old.path);
		t->col[i] = s->col[at];
	}
	return 0;
}

/* Of --memory, for each of those that share it. */
static uint64_t
memory_share(const struct stats_opt *o)
{
	return o->values && o->groups ? o->memory / 2 : o->memory;
}

static void
init_groups(struct stats *t)
{
	const struct stats_opt *o = t->o;
	bool *skip = xcalloc(t->source.ncol, sizeof(*skip));
	size_t i;

	for (i = 0; i < t->source.ncol; i++)
		skip[i] = !is_of_table(o, t->source.col[i].name);
	t->sized = rowout_new(&t->source, skip, t->pass->out_sep, ',');
	free(skip);
	t->f.groups = xstrdup(o->groups);
	t->f.table = o->table ? xstrdup(o->table) : NULL;
	keytable_init(&t->groups, 64);
	t->front = xcalloc(1, sizeof(*t->front));
	t->groups_limit = keytable_limit(memory_share(o));
}

/* Which values of which columns. */
static int
init_values(struct stats *t, struct err *e)
{
	const struct values_wish *w = &t->o->wish;
	size_t i, k;

	t->kinds = xcalloc(t->f.ncol, sizeof(*t->kinds));
	for (i = 0; w->all && i < t->f.ncol; i++)
		t->kinds[i] = VALUES_NUMBERS | VALUES_TEXTS;
	for (i = 0; i < w->file.nrow; i++) {
		struct bytes name = tsv_cell(&w->file, i, 0);

		for (k = 0; k < t->f.ncol; k++)
			if (bytes_eq(bytes_str(t->f.col[k].name), name))
				break;
		if (k == t->f.ncol && t->f.header == HEADER_UNION)
			continue; /* another shard has it */
		if (k == t->f.ncol)
			return err_set(e, "no column %s, which %s names",
			    err_quote(name), t->o->values);
		t->kinds[k] = tsv_cell(&w->file, i, 1).p[0] == 'n'
		    ? VALUES_NUMBERS
		    : VALUES_TEXTS;
	}
	t->f.values = w->digest;
	t->values = values_new(&t->f, t->kinds, memory_share(t->o), t->w);
	return 0;
}

static int
stats_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct stats *t = *st = xcalloc(1, sizeof(*t));
	const struct stats_opt *o = t->o = opt;
	char *path;
	int rc = 0;

	t->pass = pass;
	if ((o->time && find(s, o->time, &t->time, e) < 0) ||
	    (o->key && find(s, o->key, &t->key, e) < 0) ||
	    (o->label && find(s, o->label, &t->label, e) < 0) ||
	    (o->strata && find(s, o->strata, &t->strata, e) < 0) ||
	    (o->groups && find(s, o->groups, &t->group, e) < 0))
		return -1;
	if (!pass->like)
		return err_kind_set(
		    e, ERR_USAGE, "which shard is this? --like part-NNNNN.csv");
	na_rule_init(&t->na, o->na);
	t->f.na = o->na && strcmp(o->na, "auto") != 0 ? xstrdup(o->na) : NULL;
	t->f.time = o->time ? xstrdup(o->time) : NULL;
	t->f.key = o->key ? xstrdup(o->key) : NULL;
	t->f.label = o->label ? xstrdup(o->label) : NULL;
	t->f.missing_time = o->missing_time ? xstrdup(o->missing_time) : NULL;
	if (o->strata || o->groups)
		schema_copy(&t->source, s);
	if (o->groups)
		init_groups(t);
	if (o->strata) {
		t->f.strata = xstrdup(o->strata);
		t->f.seed = o->seed;
		keytable_init(&t->stratum, 64);
		t->strat = xmalloc(RUN_STRATA * sizeof(*t->strat));
		t->row = rowout_new(&t->source, NULL, pass->out_sep, ',');
	}
	t->f.schema = o->schema;
	t->f.moments = o->moments;
	t->f.quoted_value = o->quoted_empty == 1;
	t->f.header = (enum header_policy)pass->header;
	t->f.fingerprint = pass->fingerprint;
	if (o->time) {
		t->hi = xmalloc(RUN_TIMES * sizeof(*t->hi));
		t->tmp = xmalloc(RUN_TIMES * sizeof(*t->tmp));
		t->lo = xcalloc(RUN_TIMES, sizeof(*t->lo));
	}
	if (o->only) {
		t->f.only = xstrdup(o->only);
		if (find(s, "_split", &t->split, e) < 0)
			return -1;
	}
	keytable_init(&t->keys, o->key ? 4096 : 64);
	keytable_init(&t->labels, 64);
	if (o->update)
		rc = init_update(t, s, e);
	else
		init_columns(t, s);
	path = stats_path(o, pass->shard.number);
	if (rc == 0)
		t->w = partial_create(path, e);
	free(path);
	if (!t->w)
		return -1;
	return o->values ? init_values(t, e) : 0;
}

struct pair {
	uint64_t hi;
	uint8_t lo;
};

static int
by_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return (x->lo > y->lo) - (x->lo < y->lo);
}

static int
flush_times(struct stats *t, struct err *e)
{
	size_t i, n = t->ntime;

	if (n == 0)
		return 0;
	t->ntime = 0;
	if (t->any_lo) {
		struct pair *p = xmalloc(n * sizeof(*p));

		for (i = 0; i < n; i++)
			p[i] = (struct pair){t->hi[i], t->lo[i]};
		qsort(p, n, sizeof(*p), by_pair);
		for (i = 0; i < n; i++) {
			t->hi[i] = p[i].hi;
			t->lo[i] = p[i].lo;
		}
		free(p);
	} else {
		sort_u64(t->hi, t->tmp, n);
	}
	t->f.time_rows += n;
	if (partial_put_times(t->w, t->hi, t->any_lo ? t->lo : NULL, n, e) < 0)
		return -1;
	t->any_lo = false;
	return 0;
}

/* The first row without a usable time is kept for the message at the end. */
static void
note_bad_time(
    struct stats *t, const struct batch *b, uint32_t row, struct bytes v)
{
	bool missing = v.n == 0 || na_is_token(&t->na, v);

	t->f.time_missing++;
	t->bad_times += !missing;
	if (t->f.time_missing > 1)
		return;
	err_set(&t->first_bad, "%s %s in column %s",
	    missing ? "missing time" : "unparsable time", err_quote(v),
	    t->o->time);
	(void)pass_at(t->pass, b, row, &t->first_bad);
}

/* 1: the row has a time; 0: it has none; -1. */
static int
add_time(struct stats *t, struct batch *b, uint32_t row, struct instant *at,
    struct err *e)
{
	struct bytes v = csv_value(batch_raw(b, &t->time, row), &t->scratch);
	enum time_kind k = instant_parse(v, at);

	if (k == TIME_NONE) {
		note_bad_time(t, b, row, v);
		return 0;
	}
	if (UNLIKELY(k != t->f.time_kind)) {
		if (t->f.time_kind) {
			err_set(e,
			    "time %s in column %s is of kind %s, those "
			    "before are %s",
			    err_quote(v), t->o->time, time_kind_name(k),
			    time_kind_name(t->f.time_kind));
			return pass_at(t->pass, b, row, e);
		}
		t->f.time_kind = k;
		t->f.time_place =
		    (struct place){t->pass->shard.number, b->row0 + row + 1};
	}
	if (t->ntime == RUN_TIMES && flush_times(t, e) < 0)
		return -1;
	t->lo[t->ntime] = (uint8_t)at->lo;
	t->any_lo |= at->lo != 0;
	t->hi[t->ntime++] = at->hi;
	return 1;
}

#define GROUP 32 /* rows whose keys are looked for at a time */

static int
flush_keys(struct stats *t, struct err *e)
{
	if (t->keys.n && partial_put_keys(t->w, SECTION_KEYS, &t->keys, e) < 0)
		return -1;
	if (t->ties.n &&
	    partial_put_ties(t->w, (const uint64_t *)(const void *)t->ties.p,
		t->ties.n / sizeof(uint64_t), e) < 0)
		return -1;
	buf_clear(&t->ties);
	return 0;
}

/* Puts a row's key where it belongs.  Is it the same key at the same time as
 * an earlier row, that row is the key's for both. */
static int
add_key(struct stats *t, struct bytes key, uint64_t hash, struct instant at,
    uint64_t row, struct err *e)
{
	struct keyent k = {at.hi, keyent_where(at, 0, row), {0}};
	const struct keyent *kept = keytable_put(&t->keys, key, hash, &k);
	uint64_t tie;

	if (kept->where != k.where && instant_cmp(keyent_time(kept), at) == 0) {
		tie = keyent_row(kept) << 32 | row;
		buf_put(&t->ties, &tie, sizeof(tie));
	}
	return t->keys.n >= RUN_KEYS || t->keys.heap.n >= RUN_KEY_BYTES ||
		t->ties.n >= RUN_TIES * sizeof(tie)
	    ? flush_keys(t, e)
	    : 0;
}

/*
 * The keys of n rows with the times at, which only those with timed have.
 * The slots of all of them are fetched before the first is looked at.
 */
static int
add_keys(struct stats *t, struct batch *b, const uint32_t *row, uint32_t n,
    const struct instant *at, const bool *timed, struct err *e)
{
	struct bytes v[GROUP];
	uint64_t hash[GROUP];
	uint32_t i;

	for (i = 0; i < n; i++) {
		v[i] =
		    batch_value(b, batch_raw(b, &t->key, row[i]), &t->scratch);
		if (v[i].n == 0) {
			t->f.key_missing++;
			continue;
		}
		if (UNLIKELY(na_is_token(&t->na, v[i])))
			t->f.key_tokens++;
		else if (!t->f.key_text) {
			enum cell_class c = class_number(v[i]);

			t->f.key_text = c == CLASS_TEXT || c == CLASS_ODD;
		}
		hash[i] = key_hash(v[i]);
		keytable_prefetch(&t->keys, hash[i]);
	}
	for (i = 0; i < n; i++)
		if (timed[i] && v[i].n > 0 &&
		    add_key(t, v[i], hash[i], at[i], b->row0 + row[i], e) < 0)
			return -1;
	return 0;
}

static int
add_label(struct stats *t, struct batch *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(batch_raw(b, &t->label, row), &t->scratch);
	struct keyent k = {.hi = 0};

	if (v.n == 0 || bytes_eq(v, t->last_label))
		return 0;
	k.where = keyent_where((struct instant){0, 0}, 0, b->row0 + row);
	keytable_put(&t->labels, v, key_hash(v), &k);
	if (t->labels.n > MAX_LABELS) {
		err_set(e,
		    "column %s has over %zu distinct labels; is it a "
		    "label?",
		    t->o->label, MAX_LABELS);
		return pass_at(t->pass, b, row, e);
	}
	buf_clear(&t->label_buf);
	buf_putb(&t->label_buf, v);
	t->last_label = buf_bytes(&t->label_buf);
	return 0;
}

static int
by_stratum(const void *a, const void *b)
{
	const struct strat *x = a, *y = b;

	if (x->stratum != y->stratum)
		return x->stratum < y->stratum ? -1 : 1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* A section for each stratum among the rows collected. */
static int
flush_strata(struct stats *t, struct err *e)
{
	struct keyent *v = keytable_sorted(&t->stratum);
	struct bytes *value = xcalloc(t->stratum.n, sizeof(*value));
	uint64_t *hash = xmalloc(t->nstrat * sizeof(*hash));
	size_t i, k, first;
	int rc = 0;

	for (i = 0; i < t->stratum.n && rc == 0; i++)
		if (!keyent_key(&v[i], buf_bytes(&t->stratum.heap),
			&value[keyent_row(&v[i])]))
			rc = err_set(e, "stratum table damaged");
	qsort(t->strat, t->nstrat, sizeof(*t->strat), by_stratum);
	for (first = 0; first < t->nstrat && rc == 0; first = i) {
		uint32_t s = t->strat[first].stratum;

		for (i = first, k = 0;
		     i < t->nstrat && t->strat[i].stratum == s; i++)
			hash[k++] = t->strat[i].hash;
		rc = partial_put_stratum(t->w, value[s], hash, k, e);
	}
	t->nstrat = 0;
	free(v);
	free(value);
	free(hash);
	return rc;
}

/* The stratum is the value as it stands; missing ones are one too. */
static int
add_stratum(struct stats *t, struct batch *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(batch_raw(b, &t->strata, row), &t->scratch);
	struct keyent k = {.hi = 0, .where = t->stratum.n};
	uint64_t number;

	number = keyent_row(keytable_put(&t->stratum, v, key_hash(v), &k));
	if (t->stratum.n > MAX_STRATA) {
		err_set(e,
		    "column %s has over %zu distinct values; is it a "
		    "label?",
		    t->o->strata, MAX_STRATA);
		return pass_at(t->pass, b, row, e);
	}
	buf_clear(&t->row_bytes);
	rowout_row(t->row, b, row, &t->row_bytes);
	t->strat[t->nstrat++] = (struct strat){(uint32_t)number,
	    digest_of_seeded(t->row_bytes.p, t->row_bytes.n, t->o->seed)};
	return t->nstrat == RUN_STRATA ? flush_strata(t, e) : 0;
}

static int
flush_groups(struct stats *t, struct err *e)
{
	keyfront_clear(t->front);
	return partial_put_keys(t->w, SECTION_GROUPS, &t->groups, e);
}

/* The entry of a row's group; NULL and an error.  A token counts as a key until
 * the merge knows what the column is. */
static struct keyent *
group_entry(struct stats *t, struct bytes key, struct err *e)
{
	struct keyent *k;
	struct cell cell;
	size_t had;

	if (keytable_full(&t->groups, t->groups_limit, key.n) &&
	    flush_groups(t, e) < 0)
		return NULL;
	had = t->groups.n;
	k = keytable_entry(&t->groups, key, key_hash(key));
	if (t->groups.n > had) {
		cell_scan(&cell, &t->na, key);
		if (cell.state == CELL_VALUE)
			t->f.group_kinds |= 1u << cell.kind;
	}
	/* of tokens each row is counted, here */
	if (na_is_token(&t->na, key))
		t->f.group_tokens++;
	else
		keyfront_put(t->front, key, (uint64_t)(k - t->groups.slot) + 1);
	return k;
}

static int
add_group(struct stats *t, const struct batch *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(batch_raw(b, &t->group, row), &t->scratch);
	struct keyent *k;
	uint64_t at;

	if (v.n == 0) {
		t->f.group_missing++;
		return 0;
	}
	at = keyfront_find(t->front, v);
	k = at ? &t->groups.slot[at - 1] : group_entry(t, v, e);
	if (!k)
		return -1;
	k->hi++;
	k->where += rowout_bytes(t->sized, b, row, &t->row_bytes).n;
	return 0;
}

/* The batch's rows that are looked at: all, or those of the split. */
static const uint32_t *
rows_of(struct stats *t, const struct batch *b, uint32_t *n)
{
	struct bytes only = {NULL, 0};
	uint32_t i;

	*n = b->nsel;
	if (!t->o->only)
		return b->sel;
	if (t->sel_cap < b->nsel) {
		t->sel_cap = b->row_cap;
		free(t->sel);
		t->sel = xmalloc(t->sel_cap * sizeof(*t->sel));
	}
	only = bytes_str(t->o->only);
	for (i = *n = 0; i < b->nsel; i++)
		if (bytes_eq(csv_value(batch_raw(b, &t->split, b->sel[i]),
				 &t->scratch),
			only))
			t->sel[(*n)++] = b->sel[i];
	return t->sel;
}

/* One column of the batch's rows.  A row's place counts the rows looked at, so
 * that it is the same in a pipe, in one process and in the split's own file. */
static int
add_column(struct stats *t, size_t c, struct batch *b, const uint32_t *sel,
    uint32_t n, struct err *e)
{
	struct colfacts *facts = t->o->schema ? &t->f.col[c] : NULL;
	bool values = t->values && t->kinds[c];
	uint64_t shard = t->pass->shard.number, first = t->rows - n + 1;
	struct batch_column col = batch_column(b, &t->col[c]);
	struct cell cell;
	bool plain = !t->na.token;
	bool common = plain && facts && !values;
	/* nothing is to be known of texts but how many of each */
	bool texts = plain && values && t->kinds[c] == VALUES_TEXTS &&
	    (!facts || facts->n[KIND_TEXT]);
	uint32_t i, next = 0, wait = 1;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		struct bytes raw, v;

		if (i == next && common) {
			uint32_t took =
			    colfacts_add_common(facts, &col, sel + i, n - i);

			i += took;
			if (i == n)
				break;
			/* do not ask before each of many others */
			wait = took ? 1 : wait < 64 ? wait * 2 : wait;
			next = i + wait;
		}
		raw = batch_column_raw(&col, sel[i]);
		if (texts && raw.n > 0 && raw_is_text(raw)) {
			if (facts)
				facts->n[KIND_TEXT]++;
			v = batch_value(b, raw, &t->scratch);
			rc = values_add_text(t->values, c, v, e);
			continue;
		}
		v = values ? batch_value(b, raw, &t->scratch)
			   : csv_value(raw, &t->scratch);

		cell_scan(&cell, &t->na, v);
		if (UNLIKELY(raw.n == 2 && v.n == 0 && t->f.quoted_value)) {
			cell.state = CELL_VALUE;
			cell.kind = KIND_TEXT;
		}
		if (facts)
			colfacts_add(
			    facts, &cell, v, (struct place){shard, first + i});
		if (!values || cell.state == CELL_EMPTY)
			continue;
		if (cell.state == CELL_VALUE)
			rc = values_add(t->values, c, &cell, v, e);
		else if (!t->na.everywhere)
			rc = values_add_token(t->values, c, v, e);
	}
	return rc;
}

/* The rows numbered row[0..n), at most GROUP. */
static int
add_rows(struct stats *t, struct batch *b, const uint32_t *row, uint32_t n,
    struct err *e)
{
	const struct stats_opt *o = t->o;
	struct instant at[GROUP] = {{0, 0}};
	bool timed[GROUP] = {false};
	uint32_t i;

	for (i = 0; o->time && i < n; i++) {
		int rc = add_time(t, b, row[i], &at[i], e);

		if (rc < 0)
			return -1;
		timed[i] = rc > 0;
	}
	if (o->key && add_keys(t, b, row, n, at, timed, e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (o->label && add_label(t, b, row[i], e) < 0)
			return -1;
		if (o->strata && add_stratum(t, b, row[i], e) < 0)
			return -1;
		if (o->groups && add_group(t, b, row[i], e) < 0)
			return -1;
	}
	return 0;
}

static int
stats_process(void *st, struct batch *b, struct err *e)
{
	struct stats *t = st;
	const struct stats_opt *o = t->o;
	uint32_t i, n;
	const uint32_t *sel = rows_of(t, b, &n);
	size_t c;

	t->rows += n;
	if (b->row0 + b->nrow > KEYENT_MAX_ROWS) {
		err_set(e, "more than %llu rows in one shard",
		    (unsigned long long)KEYENT_MAX_ROWS);
		return pass_at(t->pass, b, 0, e);
	}
	for (i = 0; i < n; i += GROUP)
		if (add_rows(t, b, sel + i, n - i < GROUP ? n - i : GROUP, e) <
		    0)
			return -1;
	if (o->schema || t->values)
		for (c = 0; c < t->f.ncol; c++)
			if ((o->schema || t->kinds[c]) &&
			    add_column(t, c, b, sel, n, e) < 0)
				return -1;
	/* what is on its way lies in the batch */
	return t->values ? values_settle(t->values, e) : 0;
}

/* Fills the partial's one input. */
static void
note_input(struct stats *t)
{
	struct pass *r = t->pass;
	struct input *in = t->f.in = xcalloc(1, sizeof(*in));

	t->f.nin = 1;
	in->path = xstrdup(r->have_input ? r->input : r->like);
	in->number = r->shard.number;
	in->rows = t->rows;
	(void)pass_source(r, &in->id, &in->digest);
	if (r->shard.format < FORMAT_UNKNOWN)
		t->f.sep[r->shard.format] = r->in_sep;
}

/* --update: the same bytes again?  Then what the old partial holds besides
 * values goes over to the new one. */
static int
copy_old(struct stats *t, struct err *e)
{
	struct identity id;
	uint64_t digest;
	size_t i;

	if (!pass_source(t->pass, &id, &digest))
		return err_set(e,
		    "--update: this stream does not say which bytes it comes "
		    "from: name the shard");
	if (digest != t->f.in[0].digest || t->rows != t->f.in[0].rows)
		return err_set(
		    e, "%s: input changed during the run", t->pass->input);
	for (i = 0; i < t->old.nsec; i++)
		switch (t->old.sec[i].type) {
		case SECTION_FACTS:
		case SECTION_NUMBERS:
		case SECTION_NUMBERS_RLE:
		case SECTION_COUNTS: break;
		default:
			if (partial_copy(t->w, &t->old, &t->old.sec[i],
				t->old.sec[i].aux, NULL, NULL, e) < 0)
				return -1;
		}
	return 0;
}

static int
stats_finish(void *st, struct err *e)
{
	struct stats *t = st;
	struct buf b = BUF_ZERO;
	size_t i;
	int rc = -1;

	if (t->f.time_missing && !t->f.missing_time)
		return err_set(e,
		    "%s: the first of %llu missing and %llu unparsable times "
		    "(times are YYYY-MM-DD[ HH:MM[:SS]] or whole numbers; "
		    "--missing-time=train|val|test|drop goes on)",
		    t->first_bad.msg,
		    (unsigned long long)(t->f.time_missing - t->bad_times),
		    (unsigned long long)t->bad_times);
	if (!t->o->update)
		note_input(t);
	else if (copy_old(t, e) < 0)
		return -1;
	if (flush_times(t, e) < 0)
		return -1;
	if (t->o->strata && flush_strata(t, e) < 0)
		return -1;
	if (flush_keys(t, e) < 0)
		return -1;
	if (t->o->label && t->labels.n &&
	    partial_put_keys(t->w, SECTION_LABELS, &t->labels, e) < 0)
		return -1;
	if (t->groups.n && flush_groups(t, e) < 0)
		return -1;
	if (t->values) {
		if (values_finish(t->values, t->kinds, e) < 0)
			return -1;
		for (i = 0; i < t->f.ncol; i++)
			t->f.col[i].values = t->kinds[i];
	}
	facts_save(&t->f, &b);
	if (partial_put_facts(t->w, buf_bytes(&b), e) == 0)
		rc = partial_finish(t->w, e);
	buf_fini(&b);
	return rc;
}

static void
stats_free(void *st)
{
	struct stats *t = st;

	if (!t)
		return;
	values_free(t->values);
	partial_writer_free(t->w);
	partial_close(&t->old);
	free(t->kinds);
	free(t->sel);
	facts_fini(&t->f);
	na_rule_fini(&t->na);
	free(t->col);
	free(t->hi);
	free(t->tmp);
	free(t->lo);
	keytable_fini(&t->keys);
	buf_fini(&t->ties);
	keytable_fini(&t->labels);
	keytable_fini(&t->stratum);
	keytable_fini(&t->groups);
	free(t->front);
	rowout_free(t->row);
	rowout_free(t->sized);
	schema_fini(&t->source);
	buf_fini(&t->row_bytes);
	free(t->strat);
	buf_fini(&t->label_buf);
	buf_fini(&t->scratch);
	free(t);
}

static const struct stage stats_stage = {
    stats_init, stats_process, stats_finish, stats_free};

const struct filter filter_stats = {
    .name = "stats",
    .summary = "pass 1: collect global facts of shards, and merge them",
    .example =
	"shard-stats -t orderDate -k customerId -o CTX/parts part-*.csv\n"
	"  shard-stats --merge -o CTX CTX/parts",
    .specs = stats_specs,
    .opt_size = sizeof(struct stats_opt),
    .defaults = stats_defaults,
    .setup = stats_setup,
    .teardown = stats_teardown,
    .stage = &stats_stage,
    .sink = stats_is_sink,
    .like = stats_like,
    .needs = stats_needs,
};
