/*
 * dedup - keeps the rows of each key's first occurrence, known from pass 1.
 */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "chain/filter.h"
#include "pass1/depend.h"

enum ties { TIES_ALL, TIES_ONE };
enum null_key { NULL_KEEP, NULL_DROP };

struct dedup_opt {
	const char *context, *key, *time, *like;
	int ties, null_key;
	struct context *ctx;
};

static const char *const ties_names[] = {"all", "one", NULL};
static const char *const null_names[] = {"keep", "drop", NULL};

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 'c', "context", "CTX", struct dedup_opt, context,
	"the context with the first occurrences (needed)"),
    OPT(OPT_STR, 'k', "key", "COL", struct dedup_opt, key,
	"the key column (as in pass 1)"),
    OPT(OPT_STR, 0, "like", "FILE", struct dedup_opt, like,
	"the shard that the stream comes from, for --ties=one"),
    OPT_CHOICE(0, "null-key", struct dedup_opt, null_key, null_names,
	"rows without a key (keep)"),
    OPT_CHOICE(0, "ties", struct dedup_opt, ties, ties_names,
	"rows at a key's first time: all, or the first alone (all)"),
    OPT(OPT_STR, 't', "time", "COL", struct dedup_opt, time,
	"the time column (as in pass 1)"),
    OPT_END,
};

static void
dedup_defaults(void *opt)
{
	memset(opt, 0, sizeof(struct dedup_opt));
}

/* first.rows, where there is one of these ties. */
static struct firstrows *
dedup_rows_of(const struct dedup_opt *o)
{
	struct firstrows *f = o->ctx->rows;

	return f && firstrows_one(f) == (o->ties == TIES_ONE) ? f : NULL;
}

static int
dedup_setup(void *opt, struct session *s, struct err *e)
{
	struct dedup_opt *o = opt;
	struct facts *f;

	if (!o->context)
		return err_kind_set(e, ERR_USAGE,
		    "--context is needed: pass 1 (shard-stats --key --time, "
		    "then --merge) makes one");
	o->ctx = session_context(s, o->context, e);
	if (!o->ctx || context_rows(o->ctx, e) < 0 ||
	    (!dedup_rows_of(o) && !context_index(o->ctx, e)))
		return -1;
	f = &o->ctx->facts;
	if (!f->time)
		return err_set(e, "%s: pass 1 ran without --time", o->context);
	if ((o->key && strcmp(o->key, f->key) != 0) ||
	    (o->time && strcmp(o->time, f->time) != 0))
		return err_kind_set(e, ERR_USAGE,
		    "the context %s is of key %s and time %s", o->context,
		    f->key, f->time);
	return 0;
}

static const char *
dedup_context(const void *opt)
{
	return ((const struct dedup_opt *)opt)->context;
}

static const char *
dedup_like(const void *opt)
{
	return ((const struct dedup_opt *)opt)->like;
}

static bool
dedup_needs(const void *opt, struct schema *names)
{
	const struct facts *f = &((const struct dedup_opt *)opt)->ctx->facts;

	schema_add(names, bytes_str(f->key), -1, -1);
	schema_add(names, bytes_str(f->time), -1, -1);
	return true;
}

struct dedup {
	const struct dedup_opt *o;
	struct pass *pass;
	struct column key, time, row;
	bool have_row; /* the column _row says the number in the shard */
	struct keyindex *x;
	const struct input *in; /* without x: the shard in pass 1, and */
	struct rowbits first;   /* its first occurrences */
	enum time_kind kind;
	bool tokens;
	bool drop_timeless; /* --missing-time drop, said in pass 1 */
	struct buf scratch, keys;
	uint64_t dropped; /* by this stage */
};

/* Of a whole shard first.rows knows all; else the key index is needed. */
static int
find_first(struct dedup *d, struct err *e)
{
	struct context *c = d->o->ctx;
	const struct pass *r = d->pass;
	struct firstrows *f = dedup_rows_of(d->o);

	if (!f || !r->alone || !r->like) {
		d->x = context_index(c, e);
		return d->x ? 0 : -1;
	}
	d->in = facts_input(&c->facts, r->shard.number);
	if (!d->in)
		return err_set(e, "%s: shard %llu is not in the context",
		    r->like, (unsigned long long)r->shard.number);
	return firstrows_find(f, r->shard.number, &d->first, e);
}

static int
dedup_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct dedup *d = *st = xcalloc(1, sizeof(*d));
	const struct dedup_opt *o = d->o = opt;
	int k, t;

	d->pass = pass;
	k = schema_need(s, bytes_str(o->ctx->facts.key), e);
	t = k < 0 ? k : schema_need(s, bytes_str(o->ctx->facts.time), e);
	if (t < 0)
		return -1;
	d->key = s->col[k];
	d->time = s->col[t];
	d->kind = o->ctx->facts.time_kind;
	d->tokens =
	    context_tokens_missing(o->ctx, bytes_str(o->ctx->facts.key));
	d->drop_timeless = o->ctx->facts.missing_time &&
	    strcmp(o->ctx->facts.missing_time, "drop") == 0;
	k = schema_find(s, bytes_str("_row"));
	if (k >= 0) {
		d->have_row = true;
		d->row = s->col[k];
		schema_remove(s, (size_t)k);
	}
	if (o->ties == TIES_ONE && !pass->like && !pass->named)
		return err_kind_set(e, ERR_USAGE,
		    "--ties=one needs to know the shard: --like FILE");
	return find_first(d, e);
}

/* What becomes of a row is -1 for an error, else a reason to drop it or: */
enum { KEEP = DROP_COUNT };

/* The row's time, if *have comes back true. */
static int
row_time(struct dedup *d, struct block *b, uint32_t row, struct instant *t,
    bool *have, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &d->time, row), &d->scratch);
	enum time_kind kind = instant_parse(v, t);

	*have = kind != TIME_NONE;
	if (*have && kind == d->kind)
		return KEEP;
	if (!*have && d->o->ctx->facts.missing_time)
		return d->drop_timeless ? DROP_MISSING_TIME : KEEP;
	err_set(e, "time %s in column %s, which pass 1 did not see",
	    err_quote(v), d->o->ctx->facts.time);
	return pass_at(d->pass, b, row, e);
}

static int
decide_keyless(struct dedup *d, struct block *b, uint32_t row, struct err *e)
{
	struct instant t;
	bool have;

	if (d->o->null_key == NULL_DROP)
		return DROP_MISSING_KEY;
	/* its time matters only where rows without one are dropped */
	return d->drop_timeless ? row_time(d, b, row, &t, &have, e) : KEEP;
}

/* k is the key's first occurrence, NULL when it has none. */
static int
decide(struct dedup *d, struct block *b, uint32_t row, struct bytes key,
    const struct keyent *k, struct err *e)
{
	struct instant t;
	uint64_t number;
	int64_t ord;
	bool have;
	int rc;

	rc = row_time(d, b, row, &t, &have, e);
	if (rc != KEEP || !have) /* without a time it is no occurrence */
		return rc;
	if (!k) {
		err_set(e,
		    "key %s is not in the context: this input is not "
		    "what pass 1 read",
		    err_quote(key));
		return pass_at(d->pass, b, row, e);
	}
	rc = instant_cmp(t, keyent_time(k));
	if (rc < 0) {
		err_set(e,
		    "key %s occurs earlier than the context knows: "
		    "this input is not what pass 1 read",
		    err_quote(key));
		return pass_at(d->pass, b, row, e);
	}
	if (rc > 0)
		return DROP_DUPLICATE;
	if (d->o->ties == TIES_ALL)
		return KEEP;
	ord = keyindex_ordinal(d->x, b->shard);
	number = b->row0 + row;
	if (d->have_row && !parse_u64(block_raw(b, &d->row, row), &number)) {
		err_set(e, "column _row holds no row number");
		return pass_at(d->pass, b, row, e);
	}
	return ord == (int64_t)keyent_ordinal(k) && keyent_row(k) == number
	    ? KEEP
	    : DROP_DUPLICATE;
}

/* The row's key, empty where it is missing; valid as long as the block. */
static struct bytes
row_key(struct dedup *d, struct block *b, uint32_t row)
{
	struct bytes key = block_value(b, block_raw(b, &d->key, row), &d->keys);

	return d->tokens && na_is_token(&d->o->ctx->na, key) ? bytes_of("", 0)
							     : key;
}

/* The same with first.rows, which says all but which rows have no key or no
 * time. */
static int
fate_by_row(struct dedup *d, struct block *b, uint32_t row, struct err *e)
{
	struct bytes raw = block_raw(b, &d->key, row);
	struct instant t;
	bool have;
	int rc;

	if (csv_is_empty(raw) || (d->tokens && row_key(d, b, row).n == 0))
		return decide_keyless(d, b, row, e);
	if (UNLIKELY(d->o->ctx->facts.missing_time)) {
		rc = row_time(d, b, row, &t, &have, e);
		if (rc != KEEP || !have)
			return rc;
	}
	return rowbits_get(&d->first, b->row0 + row) ? KEEP : DROP_DUPLICATE;
}

/* Does with a row what its fate says, -1 for an error; so far *n rows of the
 * block stay. */
static inline int
settle(struct dedup *d, struct block *b, uint32_t row, int fate, uint32_t *n)
{
	if (fate < 0)
		return -1;
	if (fate != KEEP) {
		pass_drop(d->pass, (enum drop)fate, 1);
		d->dropped++;
	}
	b->sel[*n] = row;
	*n += fate == KEEP;
	return 0;
}

static int
process_by_row(struct dedup *d, struct block *b, struct err *e)
{
	uint32_t i, n = 0;

	if (b->row0 + b->nrow > d->first.rows)
		return err_set(
		    e, "%s: more rows than pass 1 read", d->pass->input);
	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];
		int fate = fate_by_row(d, b, row, e);

		if (settle(d, b, row, fate, &n) < 0)
			return -1;
	}
	b->nsel = n;
	return 0;
}

static int
dedup_process(void *st, struct block *b, struct err *e)
{
	struct dedup *d = st;
	struct bytes key[KEYINDEX_GROUP];
	uint64_t hash[KEYINDEX_GROUP];
	const struct keyent *first[KEYINDEX_GROUP];
	uint32_t i, k, n = 0, m;

	if (!d->x)
		return process_by_row(d, b, e);
	for (i = 0; i < b->nsel; i += m) {
		m = b->nsel - i < KEYINDEX_GROUP ? b->nsel - i : KEYINDEX_GROUP;
		for (k = 0; k < m; k++) {
			key[k] = row_key(d, b, b->sel[i + k]);
			hash[k] = key_hash(key[k]);
		}
		if (keyindex_find_all(d->x, key, hash, m, first, e) < 0)
			return -1;
		for (k = 0; k < m; k++) {
			uint32_t row = b->sel[i + k];
			int fate = key[k].n == 0
			    ? decide_keyless(d, b, row, e)
			    : decide(d, b, row, key[k], first[k], e);

			if (settle(d, b, row, fate, &n) < 0)
				return -1;
		}
	}
	b->nsel = n;
	return 0;
}

/* With first.rows: was this the shard that pass 1 read, read the same way? */
static int
check_shard(struct dedup *d, struct err *e)
{
	const struct pass *r = d->pass;
	struct identity id;
	uint64_t digest;

	if (r->fingerprint != d->o->ctx->facts.fingerprint)
		return err_set(
		    e, "%s: pass 1 read it with other options", r->input);
	if (!pass_source(r, &id, &digest) || digest != d->in->digest)
		return err_set(
		    e, "%s: not what pass 1 read: its bytes differ", r->input);
	return 0;
}

/*
 * Row numbers counted on a pipe are the shard's own only if nothing was
 * dropped on the way here.
 */
static int
dedup_finish(void *st, struct err *e)
{
	struct dedup *d = st;
	uint64_t before = 0;
	int i;

	if (!d->x)
		return check_shard(d, e);
	/* not all in one sum, where rows left out and added would cancel */
	for (i = 0; i < DROP_COUNT; i++)
		if (i != DROP_EXTERNAL)
			before += d->pass->account.drop[i];
	before -= d->dropped;
	if (d->o->ties == TIES_ONE && !d->have_row && !d->pass->named &&
	    (before || d->pass->account.drop[DROP_EXTERNAL]))
		return err_set(e,
		    "rows were dropped before they came here: on a pipe "
		    "--ties=one needs shard-cat --row-column, or to stand "
		    "right behind shard-cat");
	return 0;
}

static void
dedup_free(void *st)
{
	struct dedup *d = st;

	if (!d)
		return;
	buf_fini(&d->scratch);
	buf_fini(&d->keys);
	free(d);
}

static const struct stage dedup_stage = {
    dedup_init, dedup_process, dedup_finish, dedup_free};

static void
dedup_depends(const void *opt, struct buf *b)
{
	const struct dedup_opt *o = opt;

	depend_first(o->ctx, b);
	depend_missing(o->ctx, o->ctx->facts.key, b);
}

const struct filter filter_dedup = {
    .depends = dedup_depends,
    .name = "dedup",
    .summary = "keep each key's first occurrence, known over all shards",
    .example = "shard-cat part-00000.csv | shard-dedup -c CTX > first.csv",
    .specs = specs,
    .opt_size = sizeof(struct dedup_opt),
    .defaults = dedup_defaults,
    .setup = dedup_setup,
    .stage = &dedup_stage,
    .like = dedup_like,
    .context = dedup_context,
    .needs = dedup_needs,
    .thins = true,
};
