#include "stats.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "partial.h"
#include "rowout.h"

/*
 * Memory: times and keys are collected in tables of a fixed size; a full one
 * becomes a sorted run in the partial.  8 MiB of times and as much to sort
 * them, about 20 MiB of keys.
 */
#define RUN_TIMES ((size_t)1 << 20)
#define RUN_KEY_BYTES ((size_t)12 << 20)
#define RUN_KEYS ((size_t)200 << 10)
#define MAX_LABELS ((size_t)1 << 20)
#define RUN_STRATA ((size_t)1 << 20)
#define MAX_STRATA ((size_t)1 << 12)

const struct opt_spec stats_specs[] = {
    OPT(OPT_STR, 'k', "key", "COL", struct stats_opt, key,
	"collect the first occurrence of every key"),
    OPT(OPT_STR, 0, "label", "COL", struct stats_opt, label,
	"collect the labels"),
    OPT(OPT_STR, 0, "like", "FILE", struct stats_opt, like,
	"the shard that the stream comes from"),
    OPT(OPT_STR, 0, "missing-time", "train|val|test|drop", struct stats_opt,
	missing_time, "go on over rows without a time (they are an error)"),
    OPT(OPT_STR, 0, "na", "RULE", struct stats_opt, na,
	"what is missing besides empty cells: auto, pandas or A,B (auto)"),
    OPT(OPT_STR, 'o', "output", "DIR", struct stats_opt, out,
	"where the partials go; with --merge, the context"),
    OPT(OPT_STR, 0, "strata", "COL", struct stats_opt, strata,
	"collect what an exact stratified split by this column needs"),
    OPT(OPT_U64, 's', "seed", "N", struct stats_opt, seed,
	"seed of the row hashes for --strata (0)"),
    OPT(OPT_FLAG, 0, "schema", NULL, struct stats_opt, schema,
	"collect type, missing cells and range of every column"),
    OPT(OPT_STR, 't', "time", "COL", struct stats_opt, time,
	"collect the times of this column"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct stats_opt, verify,
	"read inputs to see that a partial is fresh; trust no size and time"),
    OPT_END,
};

static void
stats_defaults(void *opt)
{
	memset(opt, 0, sizeof(struct stats_opt));
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
	return 0;
}

static const char *
stats_like(const void *opt)
{
	return ((const struct stats_opt *)opt)->like;
}

char *
stats_path(const struct stats_opt *o, uint64_t number)
{
	struct buf b = BUF_ZERO;
	size_t n = strlen(o->out);

	if (n > 3 && strcmp(o->out + n - 3, ".st") == 0)
		return xstrdup(o->out);
	buf_printf(&b, "%s/%05llu.st", o->out, (unsigned long long)number);
	return buf_release(&b);
}

static bool
same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0);
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
	size_t i;
	int fresh = 0;

	if (access(st, F_OK) < 0 || partial_open(&p, st, &ignored) < 0)
		goto out;
	for (i = 0; i < p.nsec; i++)
		if (p.sec[i].type == SECTION_FACTS)
			break;
	if (i < p.nsec &&
	    facts_load(&f, st, partial_section(&p, &p.sec[i]), &ignored) == 0) {
		fresh = f.nin == 1 && f.fingerprint == fingerprint &&
		    same(f.time, o->time) && same(f.key, o->key) &&
		    same(f.label, o->label) &&
		    same(f.missing_time, o->missing_time) &&
		    same(f.na, o->na && strcmp(o->na, "auto") ? o->na : NULL) &&
		    same(f.strata, o->strata) &&
		    f.seed == (o->strata ? o->seed : 0) &&
		    f.schema == o->schema && strcmp(f.in[0].path, path) == 0;
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
	struct run *run;
	struct partial_writer *w;
	struct facts f;
	struct na_rule na;
	struct column time, key, label, strata;
	struct keytable stratum; /* value -> its number, as the row */
	struct strat *strat;     /* of the rows not yet in a section */
	size_t nstrat;
	struct schema source;
	struct rowout *row;
	struct buf row_bytes;
	struct column *col; /* all, for --schema */
	uint64_t rows;
	uint64_t *hi, *tmp;
	uint8_t *lo;
	size_t ntime;
	bool any_lo;
	struct keytable keys, labels;
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

static int
stats_init(void **st, const void *opt, struct schema *s, struct run *run,
    struct err *e)
{
	struct stats *t = *st = xcalloc(1, sizeof(*t));
	const struct stats_opt *o = t->o = opt;
	size_t i;
	char *path;

	t->run = run;
	if ((o->time && find(s, o->time, &t->time, e) < 0) ||
	    (o->key && find(s, o->key, &t->key, e) < 0) ||
	    (o->label && find(s, o->label, &t->label, e) < 0) ||
	    (o->strata && find(s, o->strata, &t->strata, e) < 0))
		return -1;
	if (!run->like)
		return err_kind_set(
		    e, ERR_USAGE, "which shard is this? --like part-NNNNN.csv");
	na_rule_init(&t->na, o->na);
	t->f.na = o->na && strcmp(o->na, "auto") != 0 ? xstrdup(o->na) : NULL;
	t->f.time = o->time ? xstrdup(o->time) : NULL;
	t->f.key = o->key ? xstrdup(o->key) : NULL;
	t->f.label = o->label ? xstrdup(o->label) : NULL;
	t->f.missing_time = o->missing_time ? xstrdup(o->missing_time) : NULL;
	if (o->strata) {
		t->f.strata = xstrdup(o->strata);
		t->f.seed = o->seed;
		keytable_init(&t->stratum, 64);
		t->strat = xmalloc(RUN_STRATA * sizeof(*t->strat));
		schema_copy(&t->source, s);
		t->row = rowout_new(&t->source, NULL, run->out_sep, ',');
	}
	t->f.schema = o->schema;
	t->f.header = (enum header_policy)run->header;
	t->f.fingerprint = run->fingerprint;
	t->f.ncol = s->ncol;
	t->f.col = xcalloc(s->ncol, sizeof(*t->f.col));
	t->col = xcalloc(s->ncol, sizeof(*t->col));
	for (i = 0; i < s->ncol; i++) {
		t->f.col[i].name = xstrdup(s->col[i].name);
		t->f.col[i].shard = run->shard.number;
		t->f.col[i].pos = (uint32_t)i;
		t->col[i] = s->col[i];
	}
	t->hi = xmalloc(RUN_TIMES * sizeof(*t->hi));
	t->tmp = xmalloc(RUN_TIMES * sizeof(*t->tmp));
	t->lo = xcalloc(RUN_TIMES, sizeof(*t->lo));
	keytable_init(&t->keys, o->key ? 4096 : 64);
	keytable_init(&t->labels, 64);
	path = stats_path(o, run->shard.number);
	t->w = partial_create(path, e);
	free(path);
	return t->w ? 0 : -1;
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

/* LSD radix sort, a byte a pass; bytes that are all the same cost nothing. */
static void
sort_u64(uint64_t *v, uint64_t *tmp, size_t n)
{
	uint64_t all_or = 0, all_and = UINT64_MAX, *from = v, *to = tmp;
	unsigned shift;
	size_t i;
	bool sorted = true;

	for (i = 0; i < n; i++) {
		all_or |= v[i];
		all_and &= v[i];
		sorted &= i == 0 || v[i - 1] <= v[i];
	}
	if (sorted)
		return;
	for (shift = 0; shift < 64; shift += 8) {
		size_t count[256] = {0}, sum = 0;

		if (((all_or ^ all_and) >> shift & 255) == 0)
			continue;
		for (i = 0; i < n; i++)
			count[from[i] >> shift & 255]++;
		for (i = 0; i < 256; i++) {
			size_t c = count[i];

			count[i] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & 255]++] = from[i];
		from = to;
		to = from == v ? tmp : v;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
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
	(void)run_at(t->run, b, row, &t->first_bad);
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
			return run_at(t->run, b, row, e);
		}
		t->f.time_kind = k;
		t->f.time_place =
		    (struct place){t->run->shard.number, b->row0 + row + 1};
	}
	if (t->ntime == RUN_TIMES && flush_times(t, e) < 0)
		return -1;
	t->lo[t->ntime] = (uint8_t)at->lo;
	t->any_lo |= at->lo != 0;
	t->hi[t->ntime++] = at->hi;
	return 1;
}

static int
add_key(struct stats *t, struct batch *b, uint32_t row, struct instant at,
    bool timed, struct err *e)
{
	struct bytes v = csv_value(batch_raw(b, &t->key, row), &t->scratch);
	struct keyent k;

	if (v.n == 0) {
		t->f.key_missing++;
		return 0;
	}
	if (UNLIKELY(na_is_token(&t->na, v)))
		t->f.key_tokens++;
	else if (!t->f.key_text) {
		enum cell_class c = class_number(v);

		t->f.key_text = c == CLASS_TEXT || c == CLASS_ODD;
	}
	if (!timed)
		return 0;
	k.hi = at.hi;
	k.where = keyent_where(at, 0, b->row0 + row);
	keytable_put(&t->keys, v, key_hash(v), &k);
	if (t->keys.n >= RUN_KEYS || t->keys.heap.n >= RUN_KEY_BYTES)
		return partial_put_keys(t->w, SECTION_KEYS, &t->keys, e);
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
		return run_at(t->run, b, row, e);
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

	number = keytable_put(&t->stratum, v, key_hash(v), &k);
	if (t->stratum.n > MAX_STRATA) {
		err_set(e,
		    "column %s has over %zu distinct values; is it a "
		    "label?",
		    t->o->strata, MAX_STRATA);
		return run_at(t->run, b, row, e);
	}
	buf_clear(&t->row_bytes);
	rowout_row(t->row, b, row, &t->row_bytes);
	t->strat[t->nstrat++] = (struct strat){(uint32_t)number,
	    digest_of_seeded(t->row_bytes.p, t->row_bytes.n, t->o->seed)};
	return t->nstrat == RUN_STRATA ? flush_strata(t, e) : 0;
}

static int
stats_process(void *st, struct batch *b, struct err *e)
{
	struct stats *t = st;
	const struct stats_opt *o = t->o;
	struct instant at = {0, 0};
	uint32_t i;
	size_t c;

	t->rows += b->nsel;
	if (b->row0 + b->nrow > KEYENT_MAX_ROWS) {
		err_set(e, "more than %llu rows in one shard",
		    (unsigned long long)KEYENT_MAX_ROWS);
		return run_at(t->run, b, 0, e);
	}
	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];
		int timed = 0;

		if (o->time && (timed = add_time(t, b, row, &at, e)) < 0)
			return -1;
		if (o->key && add_key(t, b, row, at, timed > 0, e) < 0)
			return -1;
		if (o->label && add_label(t, b, row, e) < 0)
			return -1;
		if (o->strata && add_stratum(t, b, row, e) < 0)
			return -1;
	}
	for (c = 0; o->schema && c < t->f.ncol; c++)
		for (i = 0; i < b->nsel; i++) {
			uint32_t row = b->sel[i];
			struct place p = {
			    t->run->shard.number, b->row0 + row + 1};

			colfacts_add(&t->f.col[c], &t->na,
			    csv_value(
				batch_raw(b, &t->col[c], row), &t->scratch),
			    p);
		}
	return 0;
}

static int
stats_finish(void *st, struct err *e)
{
	struct stats *t = st;
	struct buf b = BUF_ZERO;
	struct input *in;
	int rc = -1;

	if (t->f.time_missing && !t->o->missing_time)
		return err_set(e,
		    "%s: the first of %llu missing and %llu unparsable times "
		    "(--missing-time=train|val|test|drop goes on)",
		    t->first_bad.msg,
		    (unsigned long long)(t->f.time_missing - t->bad_times),
		    (unsigned long long)t->bad_times);
	in = t->f.in = xcalloc(1, sizeof(*in));
	t->f.nin = 1;
	in->path = xstrdup(t->run->have_input ? t->run->input : t->run->like);
	in->number = t->run->shard.number;
	in->rows = t->rows;
	in->digest = t->run->digest;
	in->id = t->run->id;
	if (t->run->shard.format < FORMAT_UNKNOWN)
		t->f.sep[t->run->shard.format] = t->run->in_sep;
	if (flush_times(t, e) < 0)
		return -1;
	if (t->o->strata && flush_strata(t, e) < 0)
		return -1;
	if (t->o->key && t->keys.n &&
	    partial_put_keys(t->w, SECTION_KEYS, &t->keys, e) < 0)
		return -1;
	if (t->o->label && t->labels.n &&
	    partial_put_keys(t->w, SECTION_LABELS, &t->labels, e) < 0)
		return -1;
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
	partial_writer_free(t->w);
	facts_fini(&t->f);
	na_rule_fini(&t->na);
	free(t->col);
	free(t->hi);
	free(t->tmp);
	free(t->lo);
	keytable_fini(&t->keys);
	keytable_fini(&t->labels);
	keytable_fini(&t->stratum);
	rowout_free(t->row);
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
    .stage = &stats_stage,
    .sink = true,
    .like = stats_like,
};
