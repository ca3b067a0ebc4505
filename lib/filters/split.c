/*
 * split - says which split each row belongs to: appends the column _split.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "filters/splitopt.h"
#include "io/tsv.h"
#include "pass1/depend.h"
#include "rows/rowout.h"

/* The name of a batch as a cell. */
struct batch_name {
	char text[23];
	uint8_t n;
};

struct split {
	const struct split_opt *o;
	struct pass *pass;
	struct column time, key, strata;
	bool key_tokens;
	int slot;
	struct daysplit day;
	struct schema before; /* the rows as the hash sees them */
	struct rowout *rows;
	struct buf scratch;
	double val_end;
	struct batch_name *name; /* of each batch, then SPLIT_UNPLANNED */
};

static void
name_batches(struct split *p)
{
	uint32_t n = p->o->map->nbatch, i;

	p->name = xcalloc((size_t)n + 1, sizeof(*p->name));
	for (i = 0; i <= n; i++) {
		struct batch_name *b = &p->name[i];
		int k = i < n ? sprintf(b->text, SPLIT_BATCH "%u", i)
			      : sprintf(b->text, SPLIT_UNPLANNED);

		b->n = (uint8_t)k;
	}
}

/* Are NA tokens no keys? */
static bool
key_tokens(const struct split_opt *o)
{
	return o->ctx && context_tokens_missing(o->ctx, bytes_str(o->key));
}

static int
split_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct split *p = *st = xcalloc(1, sizeof(*p));
	const struct split_opt *o = p->o = opt;
	int at;

	p->pass = pass;
	p->val_end = o->train_ratio + (1 - o->train_ratio) * o->test_val_ratio;
	if (o->by == BY_TEMPORAL || o->by == BY_GROUP_TIME) {
		at = schema_need(s, bytes_str(o->time), e);
		if (at < 0)
			return -1;
		p->time = s->col[at];
	}
	if (o->by == BY_GROUP || o->by == BY_GROUP_TIME || o->by == BY_MAP) {
		at = schema_need(s, bytes_str(o->key), e);
		if (at < 0)
			return -1;
		p->key = s->col[at];
		p->key_tokens = key_tokens(o);
	}
	if (o->by == BY_STRATIFIED) {
		at = schema_need(s, bytes_str(o->ctx->facts.strata), e);
		if (at < 0)
			return -1;
		p->strata = s->col[at];
	}
	if (o->by == BY_DAY &&
	    daysplit_init(&p->day, &o->day, s, s->nslot, pass, e) < 0)
		return -1;
	schema_copy(&p->before, s);
	at = schema_find(&p->before, bytes_str("_row"));
	if (at >= 0) /* not part of the row's own bytes */
		schema_remove(&p->before, (size_t)at);
	if (o->take)
		return 0;
	p->rows = rowout_new(&p->before, NULL, pass->out_sep, ',');
	if (schema_find(s, bytes_str("_split")) >= 0)
		return err_set(e, "there is a column _split already");
	p->slot = s->nslot++;
	schema_add(s, bytes_str("_split"), -1, p->slot);
	if (o->by == BY_MAP)
		name_batches(p);
	else if (o->by != BY_DAY)
		s->col[s->ncol - 1].code_names = splitopt_names;
	return 0;
}

/* Uniform in [0, 1): the upper 53 bits. */
static double
uniform(uint64_t h)
{
	return (double)(h >> 11) * 0x1p-53;
}

static int
split_by_hash(const struct split *p, struct bytes v)
{
	double u = uniform(digest_of_seeded(v.p, v.n, p->o->seed));

	return u < p->o->train_ratio ? TRAIN : u < p->val_end ? VAL : TEST;
}

static int
row_hash(struct split *p, struct block *b, uint32_t row)
{
	buf_clear(&p->scratch);
	rowout_row(p->rows, b, row, &p->scratch);
	return split_by_hash(p, buf_bytes(&p->scratch));
}

/* A code, DROPPED, or -1. */
static int
time_code(struct split *p, struct block *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &p->time, row), &p->scratch);
	enum time_kind k;
	struct instant t;

	k = instant_parse(v, &t);
	if (k != TIME_NONE && (p->o->kind == TIME_NONE || k == p->o->kind)) {
		if (instant_cmp(t, p->o->cut[0]) < 0)
			return TRAIN;
		return instant_cmp(t, p->o->cut[1]) < 0 ? VAL : TEST;
	}
	if (k == TIME_NONE && p->o->missing_code >= 0)
		return p->o->missing_code;
	if (k == TIME_NONE)
		err_set(e,
		    "%s %s in column %s "
		    "(--missing-time=train|val|test|drop goes on)",
		    v.n ? "unparsable time" : "missing time", err_quote(v),
		    p->o->time);
	else
		err_set(e,
		    "time %s in column %s is of kind %s, the cutoffs "
		    "are %s",
		    err_quote(v), p->o->time, time_kind_name(k),
		    time_kind_name(p->o->kind));
	return pass_at(p->pass, b, row, e);
}

static bool
split_is_missing(const struct split *p, struct bytes key)
{
	return key.n == 0 ||
	    (p->key_tokens && na_is_token(&p->o->ctx->na, key));
}

/* The code of the row's group; by its bytes where it has none. */
static int
group_code(struct split *p, struct block *b, uint32_t row)
{
	struct bytes v = csv_value(block_raw(b, &p->key, row), &p->scratch);

	return split_is_missing(p, v) ? row_hash(p, b, row)
				      : split_by_hash(p, v);
}

/* The key's batch, or -1 and why there is none. */
static int64_t
batch_of(const struct split *p, struct bytes key, enum drop *why)
{
	const struct batchmap *m = p->o->map;
	int64_t line;

	*why = DROP_MISSING_GROUP;
	if (split_is_missing(p, key))
		return -1;
	*why = DROP_UNPLANNED;
	line = batchmap_find(m, key, key_hash(key));
	return line < 0 ? -1 : (int64_t)m->batch[line];
}

/* A map may have any number of batches: their names are cells, not codes. */
static void
map_rows(struct split *p, struct block *b)
{
	const struct split_opt *o = p->o;
	struct bytes *cell = block_cells(b, p->slot);
	uint32_t i, n = 0;

	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];
		struct bytes v =
		    csv_value(block_raw(b, &p->key, row), &p->scratch);
		enum drop why;
		int64_t k = batch_of(p, v, &why);

		if (k < 0 && !o->unplanned) {
			pass_drop(p->pass, why, 1);
			continue;
		}
		if (k < 0)
			k = o->map->nbatch;
		if (o->only_batch >= 0 && k != o->only_batch) {
			pass_drop(p->pass, DROP_FILTERED, 1);
			continue;
		}
		cell[row] = bytes_of(p->name[k].text, p->name[k].n);
		b->sel[n++] = row;
	}
	b->nsel = n;
}

/*
 * Customers are hashed to train or val for the time before the date; what
 * comes after it is out of time, unless the customer is one of train's.
 */
static int
group_time_code(struct split *p, struct block *b, uint32_t row, struct err *e)
{
	int t = time_code(p, b, row, e), g;

	if (t < 0 || t == DROPPED)
		return t;
	g = group_code(p, b, row) == TRAIN ? TRAIN : VAL;
	if (t == TRAIN)
		return g;
	return g == TRAIN ? NSPLIT : OOT;
}

/* By the rank of the row's hash among all rows of its stratum. */
static int
stratum_code(struct split *p, struct block *b, uint32_t row, struct err *e)
{
	struct bytes v = csv_value(block_raw(b, &p->strata, row), &p->scratch);
	const struct stratum *s = context_stratum(p->o->ctx, v);
	uint64_t h;

	if (!s) {
		err_set(e,
		    "stratum %s is not in %s/strata.tsv: this input "
		    "is not what pass 1 read",
		    err_quote(v), p->o->ctx->dir);
		return pass_at(p->pass, b, row, e);
	}
	buf_clear(&p->scratch);
	rowout_row(p->rows, b, row, &p->scratch);
	h = digest_of_seeded(p->scratch.p, p->scratch.n, p->o->ctx->facts.seed);
	if (s->inf[0] || h < s->cut[0])
		return TRAIN;
	return s->inf[1] || h < s->cut[1] ? VAL : TEST;
}

static int
split_process(void *st, struct block *b, struct err *e)
{
	struct split *p = st;
	const struct split_opt *o = p->o;
	uint8_t *code;
	uint32_t i, n = 0;
	int c = 0;

	if (o->by == BY_DAY)
		return daysplit_process(&p->day, b, e);
	if (o->by == BY_MAP) {
		map_rows(p, b);
		return 0;
	}
	code = block_codes(b, p->slot);
	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];

		switch ((enum by)o->by) {
		case BY_TEMPORAL: c = time_code(p, b, row, e); break;
		case BY_HASH: c = row_hash(p, b, row); break;
		case BY_GROUP: c = group_code(p, b, row); break;
		case BY_STRATIFIED: c = stratum_code(p, b, row, e); break;
		case BY_GROUP_TIME: c = group_time_code(p, b, row, e); break;
		case BY_DAY:
		case BY_MAP: break; /* have their own */
		}
		if (c < 0)
			return -1;
		if (c == DROPPED) {
			pass_drop(p->pass, DROP_MISSING_TIME, 1);
			continue;
		}
		if (c == NSPLIT || (o->only_code >= 0 && c != o->only_code)) {
			pass_drop(p->pass, DROP_FILTERED, 1);
			continue;
		}
		code[row] = (uint8_t)c;
		b->sel[n++] = row;
	}
	b->nsel = n;
	return 0;
}

/* Where the key was first seen, and what that means for its split. */
static int
explain_time(
    const struct split_opt *o, struct bytes key, struct buf *b, struct err *e)
{
	struct keyindex *x = o->ctx ? context_index(o->ctx, e) : NULL;
	struct keyent k;
	int rc, c;

	if (!o->ctx)
		err_kind_set(e, ERR_USAGE, "--explain needs --context");
	if (!x)
		return -1;
	rc = keyindex_find(x, key, key_hash(key), &k, e);
	if (rc == 0)
		err_set(e, "key %s does not occur (column %s)", err_quote(key),
		    o->ctx->facts.key);
	if (rc <= 0)
		return -1;
	c = instant_cmp(keyent_time(&k), o->cut[0]) < 0   ? TRAIN
	    : instant_cmp(keyent_time(&k), o->cut[1]) < 0 ? VAL
							  : TEST;
	buf_printf(
	    b, "%s %.*s: first at ", o->ctx->facts.key, (int)key.n, key.p);
	instant_format(b, o->kind, keyent_time(&k));
	buf_printf(b, " (shard %llu, row %llu), ",
	    (unsigned long long)keyindex_shard(x, keyent_ordinal(&k)),
	    (unsigned long long)keyent_row(&k) + 1);
	if (c == TRAIN) {
		buf_puts(b, "before the train cutoff ");
		instant_format(b, o->kind, o->cut[0]);
	} else {
		buf_puts(b,
		    c == VAL ? "before the test cutoff "
			     : "not before the test cutoff ");
		instant_format(b, o->kind, o->cut[1]);
	}
	if (o->by == BY_TEMPORAL)
		buf_printf(b, ": %s", splitopt_names[c]);
	buf_putc(b, '\n');
	return 0;
}

/* In which line of the map the key is. */
static void
explain_map(const struct split_opt *o, struct bytes key, struct buf *b)
{
	struct split p = {.o = o, .key_tokens = key_tokens(o)};
	enum drop why;
	int64_t batch = batch_of(&p, key, &why);

	buf_printf(b, "%s %.*s: ", o->key, (int)key.n, key.p);
	if (batch >= 0)
		buf_printf(b, "line %llu of %s: " SPLIT_BATCH "%lld\n",
		    tsv_lineno(
			(size_t)batchmap_find(o->map, key, key_hash(key))),
		    o->map_path, (long long)batch);
	else
		buf_printf(b, "%s%s: %s%s\n",
		    why == DROP_UNPLANNED ? "not in " : "missing",
		    why == DROP_UNPLANNED ? o->map_path : "",
		    o->unplanned ? "" : "dropped as ",
		    o->unplanned ? SPLIT_UNPLANNED : drop_name(why));
}

static int
split_answer(const void *opt, bool rows, struct buf *b, struct err *e)
{
	const struct split_opt *o = opt;
	struct split p = {.o = o};
	struct bytes key;

	if (!o->explain)
		return 0;
	if (rows)
		return err_kind_set(e, ERR_USAGE,
		    "--explain answers instead of reading rows: name no FILE "
		    "with it, and no chain");
	key = bytes_str(o->explain);
	if (o->by == BY_MAP)
		explain_map(o, key, b);
	if ((o->by == BY_TEMPORAL || o->by == BY_GROUP_TIME) &&
	    explain_time(o, key, b, e) < 0)
		return -1;
	if (o->by == BY_GROUP || o->by == BY_GROUP_TIME) {
		double u = uniform(digest_of_seeded(key.p, key.n, o->seed));

		p.val_end =
		    o->train_ratio + (1 - o->train_ratio) * o->test_val_ratio;
		buf_printf(b,
		    "hash %.6f with seed %llu (train below %g, val below "
		    "%g): %s\n",
		    u, (unsigned long long)o->seed, o->train_ratio, p.val_end,
		    splitopt_names[split_by_hash(&p, key)]);
	}
	if (o->by == BY_HASH || o->by == BY_STRATIFIED || o->by == BY_DAY)
		return err_kind_set(e, ERR_USAGE,
		    "--by=%s looks at %s, not at a key",
		    splitopt_by_names[o->by],
		    o->by == BY_DAY ? "times" : "whole rows");
	return 1;
}

static void
split_free(void *st)
{
	struct split *p = st;

	if (!p)
		return;
	daysplit_fini(&p->day);
	rowout_free(p->rows);
	schema_fini(&p->before);
	buf_fini(&p->scratch);
	free(p->name);
	free(p);
}

static const struct stage split_stage = {
    split_init, split_process, NULL, split_free};

static void
split_depends(const void *opt, struct buf *b)
{
	const struct split_opt *o = opt;

	if (o->map)
		buf_printf(
		    b, "map\t%llx\n", (unsigned long long)o->map->digest);
	if (!o->ctx)
		return;
	depend_cutoffs(o->ctx, b);
	depend_strata(o->ctx, b);
	if (o->key)
		depend_missing(o->ctx, o->key, b);
}

const struct filter filter_split = {
    .depends = split_depends,
    .name = "split",
    .summary =
	"append the column _split: train, val, test, oot, the day or the "
	"batch",
    .example = "shard-cat part-00000.csv | shard-split -c CTX",
    .specs = splitopt_specs,
    .opt_size = sizeof(struct split_opt),
    .defaults = splitopt_defaults,
    .setup = splitopt_setup,
    .answer = split_answer,
    .stage = &split_stage,
};
