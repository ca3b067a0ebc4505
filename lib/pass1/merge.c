/*
 * The merge of partials into a context: context_merge() of context.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/tsv.h"
#include "pass1/colstats.h"
#include "pass1/context.h"
#include "pass1/factsfile.h"
#include "pass1/groups.h"
#include "pass1/keymerge.h"
#include "pass1/partial.h"
#include "pass1/values.h"

/*
 * Partials are mapped, not held open, so the descriptor limit does not bound
 * them; the kernel's limit on mappings (65,530) does.  Above this number,
 * groups are first put together into one file each.
 */
#define MAX_MAPPED 16384
#define GROUP 1024
/* Of so many keys an index costs nothing to speak of. */
#define FEW_KEYS ((uint64_t)1 << 19)
#define MAX_LABELS ((size_t)1 << 20)

struct merge {
	const char *dir;
	const struct merge_opt *opt;
	struct partial *part;
	uint32_t **ordinal; /* per partial, of each of its shards */
	size_t *nordinal;
	uint32_t **column; /* per partial, of each of its columns */
	size_t *ncolumn;
	size_t npart;
	struct facts facts;
	struct na_rule na;
	struct buf split, labels; /* files to be, "" for none */
	struct buf stats, tokens;
};

/* Keeps facts of 1, 2, 4, ... partials on a stack: n log n work in all. */
struct fold {
	struct facts level[48];
	bool used[48];
};

static int
fold_add(struct fold *f, struct facts *new, struct err *e)
{
	int i;

	for (i = 0; f->used[i]; i++) {
		if (facts_merge(&f->level[i], new, e) < 0) {
			facts_fini(new);
			return -1;
		}
		*new = f->level[i];
		f->used[i] = false;
	}
	f->level[i] = *new;
	f->used[i] = true;
	return 0;
}

static int
fold_end(struct fold *f, struct facts *out, struct err *e)
{
	bool any = false;
	size_t i;

	for (i = 0; i < LEN(f->used); i++) {
		if (!f->used[i])
			continue;
		f->used[i] = false;
		if (!any) {
			*out = f->level[i];
			any = true;
		} else if (facts_merge(&f->level[i], out, e) < 0) {
			facts_fini(&f->level[i]);
			return -1;
		} else {
			*out = f->level[i];
		}
	}
	return 0;
}

static void
fold_fini(struct fold *f)
{
	size_t i;

	for (i = 0; i < LEN(f->used); i++)
		if (f->used[i])
			facts_fini(&f->level[i]);
}

/*
 * Partials that do not fit: where headers differ, the first shard says what
 * is right, and the next one that differs from it is named, however the merge
 * was grouped.
 */
static void
blame_header(const struct merge *m, struct err *e)
{
	struct facts first = {.nin = 0}, odd = {.nin = 0}, f;
	struct err ignored;
	int pass;
	size_t i;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < m->npart; i++) {
			struct facts *best = pass ? &odd : &first;

			if (partial_facts(&m->part[i], &f, &ignored) < 0)
				goto out;
			if ((best->nin &&
				best->in[0].number <= f.in[0].number) ||
			    (pass &&
				facts_same_header(&first, &f, &ignored) == 0)) {
				facts_fini(&f);
				continue;
			}
			facts_fini(best);
			*best = f;
		}
	if (odd.nin && first.header == HEADER_STRICT &&
	    facts_same_header(&first, &odd, &ignored) < 0)
		*e = ignored;
out:
	facts_fini(&first);
	facts_fini(&odd);
}

/* Fills m->facts and the ordinal tables. */
static int
merge_facts(struct merge *m, struct err *e)
{
	struct fold fold = {.used = {false}};
	size_t i, k;
	int rc = -1;

	for (i = 0; i < m->npart; i++) {
		struct facts f;

		if (partial_facts(&m->part[i], &f, e) < 0)
			goto out;
		if (fold_add(&fold, &f, e) < 0) {
			blame_header(m, e);
			goto out;
		}
	}
	if (fold_end(&fold, &m->facts, e) < 0) {
		blame_header(m, e);
		goto out;
	}
	na_rule_init(&m->na, m->facts.na);
	if (m->facts.nin > KEYENT_MAX_SHARDS) {
		err_set(e, "more than %u shards", KEYENT_MAX_SHARDS);
		goto out;
	}
	m->ordinal = xcalloc(m->npart, sizeof(*m->ordinal));
	m->nordinal = xcalloc(m->npart, sizeof(*m->nordinal));
	m->column = xcalloc(m->npart, sizeof(*m->column));
	m->ncolumn = xcalloc(m->npart, sizeof(*m->ncolumn));
	for (i = 0; i < m->npart; i++) {
		struct facts f;

		if (partial_facts(&m->part[i], &f, e) < 0)
			goto out;
		m->ordinal[i] = xcalloc(f.nin, sizeof(**m->ordinal));
		m->nordinal[i] = f.nin;
		for (k = 0; k < f.nin; k++)
			m->ordinal[i][k] =
			    (uint32_t)(facts_input(&m->facts, f.in[k].number) -
				m->facts.in);
		m->column[i] = facts_columns(&f, &m->facts);
		m->ncolumn[i] = f.ncol;
		facts_fini(&f);
	}
	rc = 0;
out:
	fold_fini(&fold);
	return rc;
}

static uint64_t
count_before(const struct merge *m, struct instant t)
{
	uint64_t n = 0;
	size_t i, k;

	for (i = 0; i < m->npart; i++)
		for (k = 0; k < m->part[i].nsec; k++) {
			const struct section *s = &m->part[i].sec[k];

			if (s->type == SECTION_TIMES ||
			    s->type == SECTION_TIMES_RLE)
				n += times_before(&m->part[i], s, t);
		}
	return n;
}

/*
 * The time of rank k (from 0): the greatest t with at most k times before it,
 * found by bisection on its bits.
 */
static struct instant
time_of_rank(const struct merge *m, uint64_t k)
{
	struct instant t = {0, 0}, try;
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		try = t;
		try.hi |= UINT64_C(1) << bit;
		if (count_before(m, try) <= k)
			t = try;
	}
	for (bit = 4; bit >= 0; bit--) {
		try = t;
		try.lo |= 1u << bit;
		if (count_before(m, try) <= k)
			t = try;
	}
	return t;
}

static int
given_cutoffs(const struct merge *m, struct instant cut[2], struct err *e)
{
	const char *s = m->opt->cutoffs, *comma = strchr(s, ',');
	enum time_kind k[2] = {TIME_NONE, TIME_NONE};

	if (!comma ||
	    cutoff_parse(bytes_of(s, (size_t)(comma - s)), &k[0], &cut[0]) <
		0 ||
	    cutoff_parse(bytes_str(comma + 1), &k[1], &cut[1]) < 0)
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: expected two times, A,B (or inf)",
		    err_quote(bytes_str(s)));
	if ((k[0] && k[0] != m->facts.time_kind) ||
	    (k[1] && k[1] != m->facts.time_kind))
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: column %s holds %s times",
		    err_quote(bytes_str(s)), m->facts.time,
		    time_kind_name(m->facts.time_kind));
	if (instant_cmp(cut[0], cut[1]) > 0)
		return err_kind_set(e, ERR_USAGE,
		    "--cutoffs %s: the second is before the first",
		    err_quote(bytes_str(s)));
	return 0;
}

static int
make_split(struct merge *m, struct err *e)
{
	const struct merge_opt *o = m->opt;
	uint64_t n = m->facts.time_rows, i1, i2;
	uint64_t ntrain, nval;
	struct instant cut[2] = {INSTANT_INF, INSTANT_INF};
	struct buf *b = &m->split;
	int i;

	if (n == 0)
		return err_set(
		    e, "no row has a time in column %s", m->facts.time);
	if (o->cutoffs) {
		if (given_cutoffs(m, cut, e) < 0)
			return -1;
	} else {
		/* in IEEE doubles, as written; see the temporal split in
		 * shard-split(1) */
		i1 = (uint64_t)((double)n * o->train_ratio);
		i2 = i1 +
		    (uint64_t)((double)n *
			((1 - o->train_ratio) * o->test_val_ratio));
		if (i1 < n)
			cut[0] = time_of_rank(m, i1);
		if (i2 < n)
			cut[1] = time_of_rank(m, i2);
	}
	ntrain = count_before(m, cut[0]);
	nval = count_before(m, cut[1]) - ntrain;
	if (ntrain == 0)
		return err_set(e,
		    "the train split would be empty: no row is "
		    "before the train cutoff (%llu rows have a "
		    "time; change the ratios or give --cutoffs)",
		    (unsigned long long)n);
	if (nval == 0)
		o->warn("the val split is empty");
	if (ntrain + nval == n)
		o->warn("the test split is empty");
	buf_puts(b, "name\tvalue\ntime_column\t");
	tsv_put(b, bytes_str(m->facts.time));
	buf_putc(b, '\n');
	for (i = 0; i < 2; i++) {
		buf_puts(b, i ? "test_cutoff\t" : "train_cutoff\t");
		instant_format(b, m->facts.time_kind, cut[i]);
		buf_putc(b, '\n');
	}
	buf_printf(b, "rows\t%llu\n", (unsigned long long)n);
	return 0;
}

/* Cursors over all sections of a type; caller frees. */
static struct key_run *
cursors(struct merge *m, enum section_type type, size_t *n, uint64_t *total)
{
	struct key_run *c = NULL;
	size_t i, k, cap = 0;

	*n = 0;
	*total = 0;
	for (i = 0; i < m->npart; i++)
		for (k = 0; k < m->part[i].nsec; k++) {
			const struct partial *p = &m->part[i];
			const struct section *s = &p->sec[k];

			if (s->type != type)
				continue;
			if (*n == cap) {
				cap = cap * 2 + 16;
				c = xrealloc(c, cap * sizeof(*c));
			}
			c[(*n)++] = (struct key_run){
			    (const struct keyent *)(const void *)
				partial_section(p, s)
				    .p,
			    0, s->n, partial_heap(p, s), m->ordinal[i],
			    m->nordinal[i], p};
			*total += s->n;
		}
	return c;
}

static int
write_index(struct merge *m, const char *path, const uint64_t *shards,
    struct key_run *c, size_t n, uint64_t total, const struct na_rule *skip,
    struct err *e)
{
	struct keyindex_writer *w =
	    keyindex_create(path, total, shards, m->facts.nin, e);
	int rc = -1;

	if (w && keymerge(w, c, n, total, skip, m->opt->workers, e) == 0)
		rc = keyindex_finish(w, e);
	keyindex_writer_free(w);
	return rc;
}

/* What has the key and the time of a first row is first too. */
static int
mark_ties(const struct merge *m, struct firstrows_writer *w, struct err *e)
{
	size_t i, k;
	uint64_t t;

	for (i = 0; i < m->npart; i++)
		for (k = 0; k < m->part[i].nsec; k++) {
			const struct partial *p = &m->part[i];
			const struct section *s = &p->sec[k];
			const uint64_t *tie =
			    (const uint64_t *)(const void *)partial_section(
				p, s)
				.p;
			uint32_t ord;

			if (s->type != SECTION_TIES)
				continue;
			if (s->aux >= m->nordinal[i])
				return err_set(
				    e, "%s: damaged partial", p->path);
			ord = m->ordinal[i][s->aux];
			for (t = 0; t < s->n; t++)
				if (firstrows_get(w, ord, tie[t] >> 32) &&
				    !firstrows_set(w, ord, tie[t] & UINT32_MAX))
					return err_set(
					    e, "%s: damaged partial", p->path);
		}
	return 0;
}

static int
write_rows(struct merge *m, const char *path, const uint64_t *shards,
    struct key_run *c, size_t n, uint64_t total, const struct na_rule *skip,
    struct err *e)
{
	bool one = m->opt->first_rows == FIRST_ONE;
	uint64_t *rows = xcalloc(m->facts.nin, sizeof(*rows)), keys;
	struct firstrows_writer *w;
	size_t k;
	int rc = -1;

	for (k = 0; k < m->facts.nin; k++)
		rows[k] = m->facts.in[k].rows;
	w = firstrows_create(path, one, shards, rows, m->facts.nin, e);
	if (w &&
	    keymerge_rows(
		w, one, c, n, total, skip, m->opt->workers, &keys, e) == 0 &&
	    (one || mark_ties(m, w, e) == 0))
		rc = firstrows_finish(w, keys, e);
	firstrows_writer_free(w);
	free(rows);
	return rc;
}

/* first.rows, if asked for, and first.idx, but of many keys only if not. */
static int
write_first(struct merge *m, struct err *e)
{
	bool rows = m->opt->first_rows != FIRST_INDEX;
	uint64_t total, *shards = xcalloc(m->facts.nin, sizeof(*shards));
	/* tokens are no keys where the other keys are numbers */
	const struct na_rule *skip =
	    !m->facts.key_text || m->na.everywhere ? &m->na : NULL;
	struct buf path = BUF_ZERO;
	struct key_run *c;
	size_t n, k;
	int rc = 0;

	c = cursors(m, SECTION_KEYS, &n, &total);
	for (k = 0; k < m->facts.nin; k++)
		shards[k] = m->facts.in[k].number;
	if (rows) {
		buf_printf(&path, "%s/first.rows", m->dir);
		rc = write_rows(
		    m, buf_cstr(&path), shards, c, n, total, skip, e);
		for (k = 0; k < n; k++)
			c[k].at = 0;
		buf_clear(&path);
	}
	if (rc == 0 && (!rows || total <= FEW_KEYS)) {
		buf_printf(&path, "%s/first.idx", m->dir);
		rc = write_index(
		    m, buf_cstr(&path), shards, c, n, total, skip, e);
	}
	buf_fini(&path);
	free(shards);
	free(c);
	return rc;
}

struct label {
	struct bytes text;
	uint64_t shard, row;
};

static int
by_text(const void *a, const void *b)
{
	return bytes_cmp(
	    ((const struct label *)a)->text, ((const struct label *)b)->text);
}

static int
make_labels(struct merge *m, struct err *e)
{
	struct keytable t = {0};
	struct buf *b = &m->labels;
	struct keyent *v = NULL;
	struct label *l = NULL;
	struct key_run *c;
	bool text = false;
	uint64_t total;
	size_t n, i;
	int rc = -1;

	c = cursors(m, SECTION_LABELS, &n, &total);
	keytable_init(&t, 64);
	for (i = 0; i < n; i++)
		if (key_run_take(&c[i], 0, true,
			m->na.everywhere ? &m->na : NULL, &t, NULL, e) < 0)
			goto out;
	if (t.n > MAX_LABELS) {
		err_set(e, "column %s has %zu distinct labels; is it a label?",
		    m->facts.label, t.n);
		goto out;
	}
	v = keytable_sorted(&t);
	l = xcalloc(t.n, sizeof(*l));
	for (i = 0; i < t.n; i++) {
		if (!keyent_key(&v[i], buf_bytes(&t.heap), &l[i].text))
			goto out;
		l[i].shard = m->facts.in[keyent_ordinal(&v[i])].number;
		l[i].row = keyent_row(&v[i]) + 1;
		text |= class_number(l[i].text) == CLASS_TEXT &&
		    !na_is_token(&m->na, l[i].text);
	}
	qsort(l, t.n, sizeof(*l), by_text);
	if (text) {
		for (i = 0; i < t.n; i++)
			if (na_is_token(&m->na, l[i].text))
				m->opt->warn(
				    "label %s is a class of its own here; rows "
				    "that miss their label go with --na=pandas",
				    err_quote(l[i].text));
		buf_puts(b, "label\tcode\n");
		for (i = 0; i < t.n; i++) {
			tsv_put(b, l[i].text);
			buf_printf(b, "\t%zu\n", i);
		}
		rc = 0;
		goto out;
	}
	for (i = 0; i < t.n; i++) {
		char whole[48];

		if (na_is_token(&m->na, l[i].text) ||
		    (class_number(l[i].text) != CLASS_INF &&
			canonical_int(l[i].text, whole) > 0))
			continue;
		err_set(e,
		    "%s: row %llu: label %s in column %s is not a whole "
		    "number",
		    facts_input(&m->facts, l[i].shard)->path,
		    (unsigned long long)l[i].row, err_quote(l[i].text),
		    m->facts.label);
		goto out;
	}
	rc = 0;
out:
	keytable_fini(&t);
	free(v);
	free(l);
	free(c);
	return rc;
}

static int
make_stats(struct merge *m, struct err *e)
{
	const struct facts *f = &m->facts;
	struct colstats s = {NULL, 0};
	struct buf *b = &m->tokens;
	size_t i, k;
	int rc;

	rc =
	    colstats_make(&s, f, &m->na, m->part, m->npart, m->opt->workers, e);
	if (rc == 0)
		colstats_save(&s, &m->stats);
	colstats_fini(&s);
	buf_puts(b, "column\ttoken\trows\n");
	for (i = 0; i < f->ncol; i++)
		for (k = 0; k < f->col[i].moments->ntoken; k++) {
			struct token_count *t = &f->col[i].moments->token[k];

			tsv_put(b, bytes_str(f->col[i].name));
			buf_putc(b, '\t');
			tsv_put(b, bytes_str(t->token));
			buf_printf(b, "\t%llu\n", (unsigned long long)t->n);
		}
	return rc;
}

struct strat_part {
	struct bytes value;
	const struct partial *p;
	const struct section *s;
};

static int
by_value(const void *a, const void *b)
{
	return bytes_cmp(((const struct strat_part *)a)->value,
	    ((const struct strat_part *)b)->value);
}

static uint64_t
hashes_before(const struct strat_part *v, size_t n, uint64_t hash)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += times_before(v[i].p, v[i].s, (struct instant){hash, 0});
	return sum;
}

/* The hash of rank k among the stratum's rows, as hex; past the end, inf. */
static void
put_hash_of_rank(struct buf *b, const struct strat_part *v, size_t n,
    uint64_t rows, uint64_t k)
{
	uint64_t h = 0;
	char hex[17];
	int bit;

	if (k >= rows) {
		buf_puts(b, "inf");
		return;
	}
	for (bit = 63; bit >= 0; bit--)
		if (hashes_before(v, n, h | UINT64_C(1) << bit) <= k)
			h |= UINT64_C(1) << bit;
	digest_hex(h, hex);
	buf_puts(b, hex);
}

/*
 * Each stratum is cut by itself: its rows in the order of their hashes, the
 * first round(n * train_ratio) to train, and so on.
 */
static int
write_strata(struct merge *m, struct err *e)
{
	struct strat_part *v = NULL;
	struct buf b = BUF_ZERO, path = BUF_ZERO;
	double r = m->opt->train_ratio, tv = m->opt->test_val_ratio;
	size_t n = 0, cap = 0, i, k, first;
	int rc;

	for (i = 0; i < m->npart; i++)
		for (k = 0; k < m->part[i].nsec; k++) {
			const struct section *s = &m->part[i].sec[k];

			if (s->type != SECTION_STRATUM)
				continue;
			if (n == cap) {
				cap = cap * 2 + 16;
				v = xrealloc(v, cap * sizeof(*v));
			}
			v[n++] = (struct strat_part){
			    partial_heap(&m->part[i], s), &m->part[i], s};
		}
	if (n)
		qsort(v, n, sizeof(*v), by_value);
	buf_puts(&b, "stratum\trows\ttrain_cutoff\ttest_cutoff\n");
	for (first = 0; first < n; first = i) {
		uint64_t rows = 0, i1, i2;

		for (i = first; i < n && bytes_eq(v[i].value, v[first].value);
		     i++)
			rows += v[i].s->n;
		i1 = (uint64_t)((double)rows * r + 0.5);
		i2 = i1 + (uint64_t)((double)rows * ((1 - r) * tv) + 0.5);
		tsv_put(&b, v[first].value);
		buf_printf(&b, "\t%llu\t", (unsigned long long)rows);
		put_hash_of_rank(&b, v + first, i - first, rows, i1);
		buf_putc(&b, '\t');
		put_hash_of_rank(&b, v + first, i - first, rows, i2);
		buf_putc(&b, '\n');
	}
	buf_printf(&path, "%s/strata.tsv", m->dir);
	rc = commit_file(buf_cstr(&path), b.p, b.n, e);
	buf_fini(&b);
	buf_fini(&path);
	free(v);
	return rc;
}

static int
write_groups(struct merge *m, uint64_t *digest, struct err *e)
{
	uint64_t memory = m->opt->memory;
	struct buf path = BUF_ZERO;
	int rc;

	buf_printf(&path, "%s/groups.tsv", m->dir);
	rc = groups_write(buf_cstr(&path), &m->facts, &m->na, m->part, m->npart,
	    memory ? memory : VALUES_MEMORY_DEFAULT, digest, e);
	buf_fini(&path);
	return rc;
}

static void
put_range(struct buf *b, const struct colfacts *c, const char *type, bool max)
{
	char *text = colfacts_range(c, type, max);

	buf_puts(b, text);
	free(text);
}

static int
write_schema(struct merge *m, struct err *e)
{
	const struct facts *f = &m->facts;
	uint64_t rows = facts_rows(f);
	struct buf b = BUF_ZERO, path = BUF_ZERO;
	size_t i;
	int rc;

	buf_puts(&b,
	    "column\ttype\trows\tmissing\tna\tmin\tmax\tstorage\tevidence\n");
	for (i = 0; i < f->ncol; i++) {
		const struct colfacts *c = &f->col[i];
		struct place why;
		const char *type = colfacts_type(c, &why);
		bool tokens = m->na.everywhere || colfacts_tokens_missing(c);

		tsv_put(&b, bytes_str(c->name));
		if (!f->schema) {
			buf_printf(&b, "\t-\t%llu\t-\t-\t-\t-\t-\t-\n",
			    (unsigned long long)rows);
			continue;
		}
		buf_printf(&b, "\t%s\t%llu\t%llu\t%s\t", type,
		    (unsigned long long)rows,
		    (unsigned long long)(c->missing + (tokens ? c->tokens : 0)),
		    tokens ? "tokens" : "empty");
		put_range(&b, c, type, false);
		buf_putc(&b, '\t');
		put_range(&b, c, type, true);
		buf_printf(&b, "\t%s\t", colfacts_storage(c, type));
		if (why.row)
			buf_printf(&b, "%llu:%llu\n",
			    (unsigned long long)why.shard,
			    (unsigned long long)why.row);
		else
			buf_puts(&b, "-\n");
	}
	buf_printf(&path, "%s/schema.tsv", m->dir);
	rc = commit_file(buf_cstr(&path), b.p, b.n, e);
	buf_fini(&b);
	buf_fini(&path);
	return rc;
}

struct remap {
	const uint32_t *ordinal; /* of shards, or of columns */
	size_t nordinal;
	bool bad;
};

static void
remap_column(void *arg, struct keyent *k)
{
	struct remap *r = arg;

	r->bad |= k->where >= r->nordinal;
	if (!r->bad)
		k->where = r->ordinal[k->where];
}

static void
remap(void *arg, struct keyent *k)
{
	struct remap *r = arg;

	if (keyent_ordinal(k) >= r->nordinal) {
		r->bad = true;
		return;
	}

	k->where = keyent_where(
	    keyent_time(k), r->ordinal[keyent_ordinal(k)], keyent_row(k));
}

/* Puts some partials together into one: the bag of their runs. */
static int
combine(struct merge *m, const char *path, struct err *e)
{
	struct partial_writer *w = partial_create(path, e);
	struct buf text = BUF_ZERO;
	size_t i, k;
	int rc = -1;

	if (!w)
		return -1;
	facts_save(&m->facts, &text);
	if (partial_put_facts(w, buf_bytes(&text), e) < 0)
		goto out;
	for (i = 0; i < m->npart; i++)
		for (k = 0; k < m->part[i].nsec; k++) {
			const struct section *s = &m->part[i].sec[k];
			struct remap r = {m->ordinal[i], m->nordinal[i], false};
			void (*map)(void *, struct keyent *) = NULL;
			uint32_t aux = s->aux;

			if (s->type == SECTION_FACTS)
				continue;
			if (s->type == SECTION_KEYS ||
			    s->type == SECTION_LABELS)
				map = remap;
			if (s->type == SECTION_COUNTS) {
				r = (struct remap){
				    m->column[i], m->ncolumn[i], false};
				map = remap_column;
			}
			if (s->type == SECTION_TIES) {
				r.bad = aux >= m->nordinal[i];
				aux = r.bad ? 0 : m->ordinal[i][aux];
			}
			if (partial_copy(w, &m->part[i], s, aux, map, &r, e) <
			    0)
				goto out;
			if (r.bad) {
				err_set(
				    e, "%s: damaged partial", m->part[i].path);
				goto out;
			}
		}
	rc = partial_finish(w, e);
out:
	partial_writer_free(w);
	buf_fini(&text);
	return rc;
}

static void
merge_fini(struct merge *m)
{
	size_t i;

	for (i = 0; i < m->npart; i++) {
		partial_close(&m->part[i]);
		if (m->ordinal)
			free(m->ordinal[i]);
		if (m->column)
			free(m->column[i]);
	}
	free(m->column);
	free(m->ncolumn);
	free(m->part);
	free(m->ordinal);
	free(m->nordinal);
	buf_fini(&m->split);
	buf_fini(&m->labels);
	buf_fini(&m->stats);
	buf_fini(&m->tokens);
	facts_fini(&m->facts);
	na_rule_fini(&m->na);
}

static int
merge_open(struct merge *m, char *const *paths, size_t n, struct err *e)
{
	m->part = xcalloc(n, sizeof(*m->part));
	for (; m->npart < n; m->npart++)
		if (partial_open(&m->part[m->npart], paths[m->npart], e) < 0)
			return -1;
	return merge_facts(m, e);
}

static int
remove_file(const char *dir, const char *name, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = 0;

	buf_printf(&b, "%s/%s", dir, name);
	if (unlink(buf_cstr(&b)) < 0 && access(b.p, F_OK) == 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", b.p);
	buf_fini(&b);
	return rc;
}

/* DIR/NAME with that content; nothing when it is empty. */
static int
commit_buf(
    const char *dir, const char *name, const struct buf *b, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc = 0;

	buf_printf(&path, "%s/%s", dir, name);
	if (b->n)
		rc = commit_file(buf_cstr(&path), b->p, b->n, e);
	buf_fini(&path);
	return rc;
}

/* Where a shard need not have all columns, one that was asked for is in some
 * shard. */
static int
check_columns(const struct merge *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->facts.ncol; i++)
		if (m->facts.col[i].shard == NOWHERE)
			return err_set(e, "no column %s in any shard",
			    err_quote(bytes_str(m->facts.col[i].name)));
	return 0;
}

static int
merge_all(const char *dir, char *const *paths, size_t n,
    const struct merge_opt *opt, struct err *e)
{
	struct merge m = {.dir = dir, .opt = opt};
	struct buf b = BUF_ZERO, path = BUF_ZERO;
	uint64_t groups_digest = 0;
	int rc = -1;

	if (merge_open(&m, paths, n, e) < 0 || check_columns(&m, e) < 0)
		goto out;
	/* what can be refused is refused before the old context goes */
	if ((m.facts.time && !opt->no_cutoffs && make_split(&m, e) < 0) ||
	    (m.facts.label && make_labels(&m, e) < 0) ||
	    (m.facts.moments && make_stats(&m, e) < 0))
		goto out;
	if (opt->optimize_types && !m.facts.schema) {
		err_kind_set(e, ERR_USAGE,
		    "--optimize-types: the partials know no values (pass 1 "
		    "ran without --schema)");
		goto out;
	}
	m.facts.narrow = opt->optimize_types;
	if (opt->first_rows && m.facts.only) {
		err_kind_set(e, ERR_USAGE,
		    "--first-rows is of all rows, not of --only %s",
		    m.facts.only);
		goto out;
	}
	/* meta.tsv is what makes it a context: away first, back last */
	if (remove_file(dir, "meta.tsv", e) < 0 ||
	    remove_file(dir, "labels.tsv", e) < 0 ||
	    remove_file(dir, "split.tsv", e) < 0 ||
	    remove_file(dir, "strata.tsv", e) < 0 ||
	    remove_file(dir, "stats.tsv", e) < 0 ||
	    remove_file(dir, "tokens.tsv", e) < 0 ||
	    remove_file(dir, "groups.tsv", e) < 0 ||
	    remove_file(dir, "first.idx", e) < 0 ||
	    remove_file(dir, "first.rows", e) < 0)
		goto out;
	if (commit_buf(dir, "split.tsv", &m.split, e) < 0 ||
	    commit_buf(dir, "labels.tsv", &m.labels, e) < 0 ||
	    commit_buf(dir, "stats.tsv", &m.stats, e) < 0 ||
	    commit_buf(dir, "tokens.tsv", &m.tokens, e) < 0 ||
	    (m.facts.key && m.facts.time && write_first(&m, e) < 0) ||
	    (m.facts.strata && write_strata(&m, e) < 0) ||
	    (m.facts.groups && write_groups(&m, &groups_digest, e) < 0) ||
	    write_schema(&m, e) < 0)
		goto out;
	facts_save(&m.facts, &b);
	if (m.stats.n)
		facts_seal_file(
		    &b, "stats.tsv", digest_of(m.stats.p, m.stats.n));
	if (m.facts.groups)
		facts_seal_file(&b, "groups.tsv", groups_digest);
	facts_seal(&b);
	buf_printf(&path, "%s/meta.tsv", dir);
	rc = commit_file(buf_cstr(&path), b.p, b.n, e);
out:
	merge_fini(&m);
	buf_fini(&b);
	buf_fini(&path);
	return rc;
}

int
partials_combine(const char *path, char *const *parts, size_t n, struct err *e)
{
	struct merge m = {.dir = NULL};
	int rc = n > 0 ? merge_open(&m, parts, n, e)
		       : err_set(e, "no partial to merge");

	if (rc == 0)
		rc = combine(&m, path, e);
	merge_fini(&m);
	return rc;
}

int
context_merge(const char *dir, char *const *parts, size_t n,
    const struct merge_opt *opt, struct err *e)
{
	size_t ngroup = (n + GROUP - 1) / GROUP, i;
	struct commit **scrap;
	char **group;
	int rc = 0;

	if (n == 0)
		return err_set(e, "no partial to merge");
	if (n <= MAX_MAPPED)
		return merge_all(dir, parts, n, opt, e);
	group = xcalloc(ngroup, sizeof(*group));
	scrap = xcalloc(ngroup, sizeof(*scrap));
	for (i = 0; i < ngroup && rc == 0; i++) {
		size_t first = i * GROUP;
		size_t k = n - first < GROUP ? n - first : GROUP;
		struct buf b = BUF_ZERO;

		buf_printf(&b, "%s/.tmp.group.%zu", dir, i);
		group[i] = buf_release(&b);
		scrap[i] = commit_scrap(group[i]);
		rc = partials_combine(group[i], parts + first, k, e);
	}
	if (rc == 0)
		rc = merge_all(dir, group, ngroup, opt, e);
	for (i = 0; i < ngroup; i++) {
		commit_free(scrap[i]);
		free(group[i]);
	}
	free(scrap);
	free(group);
	return rc;
}
