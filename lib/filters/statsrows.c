#include "filters/statsrows.h"

#include <stdlib.h>
#include <string.h>

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

/* Is it a column of the table, and none that other stages appended? */
bool
statsrows_is_of_table(const struct stats_opt *o, const char *name)
{
	return !(o->groups && strcmp(o->groups, "_split") == 0 &&
	    strcmp(name, "_split") == 0);
}

static void
init_groups(struct stats *t)
{
	const struct stats_opt *o = t->o;
	bool *skip = xcalloc(t->source.ncol, sizeof(*skip));
	size_t i;

	for (i = 0; i < t->source.ncol; i++)
		skip[i] = !statsrows_is_of_table(o, t->source.col[i].name);
	t->sized = rowout_new(&t->source, skip, t->pass->out_sep, ',');
	free(skip);
	t->f.groups = xstrdup(o->groups);
	t->f.table = o->table ? xstrdup(o->table) : NULL;
	keytable_init(&t->groups, 64);
	t->front = xcalloc(1, sizeof(*t->front));
	t->groups_limit = keytable_limit(statsrows_memory(o));
}

static int
find(struct schema *s, const char *name, struct column *c, struct err *e)
{
	int at = schema_need(s, bytes_str(name), e);

	if (at < 0)
		return -1;
	*c = s->col[at];
	return 0;
}

int
statsrows_find(struct stats *t, struct schema *s, struct err *e)
{
	const struct stats_opt *o = t->o;

	if ((o->time && find(s, o->time, &t->time, e) < 0) ||
	    (o->key && find(s, o->key, &t->key, e) < 0) ||
	    (o->label && find(s, o->label, &t->label, e) < 0) ||
	    (o->strata && find(s, o->strata, &t->strata, e) < 0) ||
	    (o->groups && find(s, o->groups, &t->group, e) < 0))
		return -1;
	return 0;
}

void
statsrows_init(struct stats *t, const struct schema *s)
{
	const struct stats_opt *o = t->o;

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
		t->row = rowout_new(&t->source, NULL, t->pass->out_sep, ',');
	}
	if (o->time) {
		t->hi = xmalloc(RUN_TIMES * sizeof(*t->hi));
		t->tmp = xmalloc(RUN_TIMES * sizeof(*t->tmp));
		t->lo = xcalloc(RUN_TIMES, sizeof(*t->lo));
	}
	keytable_init(&t->keys, o->key ? 4096 : 64);
	keytable_init(&t->labels, 64);
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
    struct stats *t, const struct block *b, uint32_t row, struct bytes v)
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
add_time(struct stats *t, struct block *b, uint32_t row, struct instant *at,
    struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &t->time, row), &t->scratch);
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
add_keys(struct stats *t, struct block *b, const uint32_t *row, uint32_t n,
    const struct instant *at, const bool *timed, struct err *e)
{
	struct bytes v[STATSROWS_MAX];
	uint64_t hash[STATSROWS_MAX];
	uint32_t i;

	for (i = 0; i < n; i++) {
		v[i] =
		    block_value(b, block_raw(b, &t->key, row[i]), &t->scratch);
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
add_label(struct stats *t, struct block *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &t->label, row), &t->scratch);
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
add_stratum(struct stats *t, struct block *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &t->strata, row), &t->scratch);
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
add_group(struct stats *t, const struct block *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &t->group, row), &t->scratch);
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

/* The rows numbered row[0..n), at most STATSROWS_MAX. */
int
statsrows_add(struct stats *t, struct block *b, const uint32_t *row, uint32_t n,
    struct err *e)
{
	const struct stats_opt *o = t->o;
	struct instant at[STATSROWS_MAX] = {{0, 0}};
	bool timed[STATSROWS_MAX] = {false};
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

int
statsrows_check(const struct stats *t, struct err *e)
{
	if (t->f.time_missing && !t->f.missing_time)
		return err_set(e,
		    "%s: the first of %llu missing and %llu unparsable times "
		    "(times are YYYY-MM-DD[ HH:MM[:SS]] or whole numbers; "
		    "--missing-time=train|val|test|drop goes on)",
		    t->first_bad.msg,
		    (unsigned long long)(t->f.time_missing - t->bad_times),
		    (unsigned long long)t->bad_times);
	return 0;
}

int
statsrows_finish(struct stats *t, struct err *e)
{
	if (flush_times(t, e) < 0)
		return -1;
	if (t->o->strata && flush_strata(t, e) < 0)
		return -1;
	if (flush_keys(t, e) < 0)
		return -1;
	if (t->o->label && t->labels.n &&
	    partial_put_keys(t->w, SECTION_LABELS, &t->labels, e) < 0)
		return -1;
	return t->groups.n ? flush_groups(t, e) : 0;
}

void
statsrows_fini(struct stats *t)
{
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
}
