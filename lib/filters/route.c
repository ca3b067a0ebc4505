/*
 * route - the rows of many shards, sorted by batch: the first half of
 * shredding.  What a worker collects goes to disk as one sorted run with a
 * table of where each batch's rows are, never as a file per batch (the "sort
 * shuffle" of MapReduce: J. Dean, S. Ghemawat, "MapReduce: Simplified Data
 * Processing on Large Clusters", 2004, section 4.2).
 *
 * A run has whole shards, or a part of one, so that a shard that fails takes
 * nothing with it.  The key of a record in a run is
 *
 *	slot    4 bytes, big-endian: the group's place by (batch, key), as the
 *		map's lines have keys in order; all ones for rows of no batch,
 *		followed by their key as bytes of a sortkey
 *	order   the sortkey of the order column
 *	shard, row   each as its length in bytes, then these, big-endian
 *
 * so that keys are unique and the batches depend on the rows alone.
 */
#include <stdlib.h>
#include <string.h>

#include "chain/filter.h"
#include "chain/header.h"
#include "filters/router.h"
#include "pass1/depend.h"
#include "rows/rowout.h"
#include "shred/todo.h"

#define ROUTE_MEMORY_MIN ((uint64_t)1 << 20)

static const char *const unplanned_names[] = {"drop", "keep", NULL};
enum { UNPLANNED_DROP, UNPLANNED_KEEP };

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 0, "compress", "none|gz|zst|lz4|xz", struct route_opt,
	compress, "codec of the batches (none)"),
    OPT(OPT_STR, 'c', "context", "CTX", struct route_opt, context,
	"what is missing in the key column, as pass 1 found"),
    OPT(OPT_STR, 0, "format", "csv|tsv|jsonl|parquet", struct route_opt, format,
	"format of the batches (the input's)"),
    OPT(OPT_STR, 'k', "key", "COL", struct route_opt, key,
	"the group's column (as the map says)"),
    OPT(OPT_U64, 0, "level", "N", struct route_opt, level,
	"compression level (the codec's fastest)"),
    OPT(OPT_STR, 0, "like", "FILE", struct route_opt, like,
	"the shard that the stream comes from"),
    OPT(OPT_STR, 0, "map", "FILE", struct route_opt, map,
	"the batch map (OUT/batches.tsv)"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct route_opt, memory,
	"memory for rows, before they go to a run (64M)"),
    OPT(OPT_STR, 0, "order", "COL[:TYPE]", struct route_opt, order,
	"sort each group by COL as t times, n numbers or b bytes, r "
	"downwards (t; needed)"),
    OPT(OPT_STR, 'o', "output", "DIR", struct route_opt, out,
	"where the runs go, below DIR/_runs (needed)"),
    OPT(OPT_FLAG, 0, "sorted", NULL, struct route_opt, sorted,
	"the shards are sorted already: check that, write batches at once"),
    OPT(OPT_STR, 0, "table", "NAME", struct route_opt, table,
	"the table that the rows are of (data)"),
    OPT_CHOICE(0, "unplanned", struct route_opt, unplanned, unplanned_names,
	"rows whose group is missing or not in the map (drop)"),
    OPT_END,
};

static void
route_defaults(void *opt)
{
	struct route_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->memory = (uint64_t)64 << 20;
	o->table = "data";
}

static int
route_setup(void *opt, struct session *s, struct err *e)
{
	struct route_opt *o = opt;

	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (!o->order)
		return err_kind_set(e, ERR_USAGE, "--order COL is needed");
	if (o->memory < ROUTE_MEMORY_MIN)
		return err_kind_set(
		    e, ERR_USAGE, "--memory: 1M is the least that works");
	if (!split_name_ok(bytes_str(o->table)))
		return err_kind_set(e, ERR_USAGE,
		    "--table %s cannot be the name of a table",
		    err_quote(bytes_str(o->table)));
	o->fmt =
	    o->format ? format_named(bytes_str(o->format)) : FORMAT_UNKNOWN;
	if (o->format && !format_writable(o->fmt))
		return err_kind_set(e, ERR_USAGE,
		    "--format %s: must be csv, tsv, jsonl or parquet",
		    err_quote(bytes_str(o->format)));
	if ((o->compress && codec_option(o->compress, &o->codec, e) < 0) ||
	    codec_level((enum codec)o->codec, o->level, e) < 0)
		return -1;
	if (o->context && !(o->ctx = session_context(s, o->context, e)))
		return -1;
	if (!s->kept.p) {
		s->kept =
		    (struct kept){router_new(o, e), router_end, router_free};
		if (!s->kept.p)
			return -1;
	}
	o->router = s->kept.p;
	o->router->failed = o->router->failed || s->failed;
	if (strcmp(o->router->out, o->out) != 0 ||
	    strcmp(o->router->table, o->table) != 0)
		return err_kind_set(e, ERR_USAGE,
		    "--output and --table are the same for all shards of a "
		    "process: their rows are sorted together");
	return 0;
}

static const char *
route_like(const void *opt)
{
	return ((const struct route_opt *)opt)->like;
}

static const char *
route_context(const void *opt)
{
	return ((const struct route_opt *)opt)->context;
}

static bool
route_is_sink(const void *opt)
{
	(void)opt;
	return true;
}

static char
route_want_sep(const void *opt, const char *input)
{
	const struct route_opt *o = opt;

	if (o->fmt == FORMAT_UNKNOWN)
		return shard_name_parse(input).format == FORMAT_TSV ? '\t' : 0;
	return o->fmt == FORMAT_TSV ? '\t' : 0;
}

/* One shard on its way. */
struct route {
	const struct route_opt *o;
	struct router *r;
	struct pass *pass;
	struct rowout *rows;
	bool tokens;
	struct buf key, scratch, value, row;
	struct buf shard; /* its part of the keys */
	uint64_t routed;
	bool done;
};

static int
same_header(struct route *t, const struct schema *s, struct err *e)
{
	struct router *r = t->r;
	struct bytes names = rowout_names(t->rows);

	if (r->first) {
		if (header_same(s, t->pass->input, &r->schema, r->first, e) < 0)
			return -1;
		if (r->sep == t->pass->out_sep)
			return 0;
		return err_set(e,
		    "%s has another separator than %s (--format csv or tsv "
		    "settles it)",
		    t->pass->input, r->first);
	}
	r->first = xstrdup(t->pass->input);
	r->sep = t->pass->out_sep;
	schema_copy(&r->schema, s);
	buf_putb(&r->header, names);
	return 0;
}

/* So many bytes as it has, then these, big-endian. */
static void
put_counted(struct buf *b, uint64_t v)
{
	unsigned n = v ? (71 - (unsigned)__builtin_clzll(v)) / 8 : 0;
	uint64_t first = n ? __builtin_bswap64(v << (64 - 8 * n)) : 0;

	buf_reserve(b, 1 + sizeof(first));
	b->p[b->n] = (char)n;
	memcpy(b->p + b->n + 1, &first, sizeof(first));
	b->n += 1 + n;
}

static int
route_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct route *t = *st = xcalloc(1, sizeof(*t));
	const struct route_opt *o = t->o = opt;

	t->r = o->router;
	t->pass = pass;
	if (t->r->sorted && t->r->failed)
		return err_kind_set(e, ERR_OUTPUT,
		    "a shard failed, and sorted ones make one whole");
	t->rows = rowout_new(s, NULL, pass->out_sep, pass->out_sep);
	if (!pass->like || !pass->shard.is_part)
		return err_kind_set(
		    e, ERR_USAGE, "which shard is this? --like part-NNNNN.csv");
	if (sortkey_find(&t->r->by, s, e) < 0)
		return -1;
	t->tokens = o->ctx &&
	    context_tokens_missing(o->ctx, bytes_str(t->r->by.col[0].name));
	if (t->r->front_of != o->ctx) {
		keyfront_clear(&t->r->front);
		t->r->front_of = o->ctx;
	}
	if (same_header(t, s, e) < 0 ||
	    router_begin(t->r, o->facts_digest, e) < 0)
		return -1;
	put_counted(&t->shard, pass->shard.number);
	if (!t->r->unit)
		t->r->unit = record_shard(NULL, pass->shard.number);
	return 0;
}

/* The place of the row's group, NO_SLOT if it has none; and why. */
static uint32_t
slot_of_group(struct route *t, struct bytes key, enum drop *why)
{
	struct router *r = t->r;
	uint64_t known = keyfront_find(&r->front, key);
	int64_t line;

	*why = DROP_UNPLANNED;
	if (LIKELY(known))
		return (uint32_t)(known - 1);
	if (key.n == 0 || (t->tokens && na_is_token(&t->o->ctx->na, key))) {
		*why = DROP_MISSING_GROUP;
		return NO_SLOT;
	}
	line = batchmap_find(&r->map, key, key_hash(key));
	known = line < 0 ? NO_SLOT : r->slot[line];
	keyfront_put(&r->front, key, known + 1);
	return (uint32_t)known;
}

static int
not_sorted(struct route *t, const struct block *b, uint32_t row, bool same,
    struct bytes key, struct bytes order, struct err *e)
{
	const struct router *r = t->r;

	if (same)
		err_set(e, "not sorted by %s: %s comes after %s, in group %s",
		    r->by.col[1].name, err_quote(order),
		    err_quote(buf_bytes(&r->cells[1])), err_quote(key));
	else
		err_set(e,
		    "not sorted by %s: %s comes after %s (the order is that of "
		    "the batch map)",
		    r->by.col[0].name, err_quote(key),
		    err_quote(buf_bytes(&r->cells[0])));
	return pass_at(t->pass, b, row, e);
}

/* A row of a sorted input goes to its batch at once. */
static int
write_sorted(struct route *t, const struct block *b, uint32_t row,
    struct bytes key, struct bytes order, struct bytes bytes, struct err *e)
{
	struct router *r = t->r;
	struct bytes now = buf_bytes(&t->key), before = buf_bytes(&r->before);
	uint32_t batch = r->batch_of[router_slot(now.p)];
	bool same = before.n && router_slot(before.p) == router_slot(now.p);

	if (before.n && bytes_cmp(now, before) < 0)
		return not_sorted(t, b, row, same, key, order, e);
	if (router_advance(r, batch, e) < 0)
		return -1;
	if (!r->file.c &&
	    batchfile_open(&r->file, &r->go, r->table, batch, r->sep,
		buf_bytes(&r->header), e) < 0)
		return -1;
	buf_clear(&r->before);
	buf_putb(&r->before, now);
	if (!same) {
		buf_clear(&r->cells[0]);
		buf_putb(&r->cells[0], key);
	}
	buf_clear(&r->cells[1]);
	buf_putb(&r->cells[1], order);
	r->file.rows++;
	return out_write(r->file.out, bytes.p, bytes.n, e);
}

/* The buffer is full: what is whole in it goes to disk, or else what there is
 * of this shard; of a sorted input all, as its unit has all shards. */
static int
make_room(struct route *t, struct err *e)
{
	struct router *r = t->r;

	if (r->sorted || r->whole.n == 0) {
		r->whole = (struct sortbuf_mark){0, 0};
		return router_write_run(r, sortbuf_mark(&r->buf), e);
	}
	if (router_write_run(r, r->whole, e) < 0 ||
	    router_commit_unit(r, e) < 0)
		return -1;
	r->unit = record_shard(NULL, t->pass->shard.number);
	return 0;
}

static int
add_row(struct route *t, const struct block *b, uint32_t row, struct err *e)
{
	struct router *r = t->r;
	struct bytes key =
	    csv_value(block_raw(b, &r->by.col[0].col, row), &t->scratch);
	struct bytes order =
	    csv_value(block_raw(b, &r->by.col[1].col, row), &t->value);
	struct bytes bytes;
	enum drop why;
	uint32_t slot = slot_of_group(t, key, &why);
	bool planned = slot != NO_SLOT;

	if (!planned && t->o->unplanned == UNPLANNED_DROP) {
		pass_drop(t->pass, why, 1);
		return 0;
	}
	buf_clear(&t->key);
	slot = __builtin_bswap32(slot);
	buf_put(&t->key, &slot, sizeof(slot));
	if (!planned && sortkey_value(&r->by, 0, key, &t->key, e) < 0)
		return -1;
	if (UNLIKELY(order.n == 0 && r->by.col[1].type == SORT_TIME)) {
		err_set(e, "missing time in column %s", r->by.col[1].name);
		return pass_at(t->pass, b, row, e);
	}
	if (sortkey_value(&r->by, 1, order, &t->key, e) < 0)
		return pass_at(t->pass, b, row, e);
	t->routed++;
	if (r->sorted && planned)
		return write_sorted(t, b, row, key, order,
		    rowout_bytes(t->rows, b, row, &t->row), e);
	buf_putb(&t->key, buf_bytes(&t->shard));
	put_counted(&t->key, b->row0 + row);
	bytes = rowout_bytes(t->rows, b, row, &t->row);
	if (LIKELY(sortbuf_add(&r->buf, buf_bytes(&t->key), bytes)))
		return 0;
	if (!sortbuf_fits(&r->buf, buf_bytes(&t->key), bytes)) {
		err_set(e,
		    "a row of %zu bytes does not fit into the memory there is "
		    "for rows (--memory allows more)",
		    bytes.n);
		return pass_at(t->pass, b, row, e);
	}
	if (make_room(t, e) < 0)
		return -1;
	if (sortbuf_add(&r->buf, buf_bytes(&t->key), bytes))
		return 0;
	/* what is left of this shard fills it by itself */
	if (make_room(t, e) < 0)
		return -1;
	if (!sortbuf_add(&r->buf, buf_bytes(&t->key), bytes))
		return err_kind_set(
		    e, ERR_OUTPUT, "no memory for a row of %zu bytes", bytes.n);
	return 0;
}

static int
route_process(void *st, struct block *b, struct err *e)
{
	struct route *t = st;
	uint32_t i;

	for (i = 0; i < b->nsel; i++)
		if (add_row(t, b, b->sel[i], e) < 0)
			return -1;
	return 0;
}

static int
route_finish(void *st, struct err *e)
{
	struct route *t = st;
	struct router *r = t->r;
	struct record rec = {.is_routed = true,
	    .routed = t->routed,
	    .account = t->pass->account,
	    .facts = t->o->facts_digest};

	if (!account_closes(&rec.account, t->routed))
		return err_set(e,
		    "%s: rows do not add up: %llu in, %llu routed "
		    "(is this a fault of a program in the pipe?)",
		    t->pass->input, (unsigned long long)rec.account.in,
		    (unsigned long long)t->routed);
	rec.shard = record_shard(NULL, t->pass->shard.number);
	if (pass_source(t->pass, &rec.id, &rec.input_digest))
		rec.input = xstrdup(
		    t->pass->have_input ? t->pass->input : t->pass->like);
	record_put(&rec, &r->records);
	record_fini(&rec);
	t->done = true;
	if (r->sorted || r->nrun == 0) {
		r->whole = sortbuf_mark(&r->buf);
		return 0;
	}
	/* a large shard, of which a part is in runs already */
	return router_write_run(r, sortbuf_mark(&r->buf), e) < 0
	    ? -1
	    : router_commit_unit(r, e);
}

static void
route_free(void *st)
{
	struct route *t = st;

	if (!t)
		return;
	t->r->failed = t->r->failed || !t->done;
	if (!t->done) { /* as if it had not been begun */
		router_drop_runs(t->r);
		sortbuf_rollback(&t->r->buf, t->r->whole);
		if (t->r->records.n == 0) {
			free(t->r->unit);
			t->r->unit = NULL;
		}
	}
	rowout_free(t->rows);
	buf_fini(&t->key);
	buf_fini(&t->scratch);
	buf_fini(&t->value);
	buf_fini(&t->row);
	buf_fini(&t->shard);
	free(t);
}

static const struct stage route_stage = {
    route_init, route_process, route_finish, route_free};

static void
route_depends(const void *opt, struct buf *b)
{
	const struct route_opt *o = opt;
	const struct router *r = o->router;

	buf_printf(b, "map\t%llx\n", (unsigned long long)r->map.digest);
	if (o->ctx)
		depend_missing(o->ctx, r->by.col[0].name, b);
	if (o->ctx && o->fmt == FORMAT_PARQUET)
		depend_types(o->ctx, b);
}

static bool
route_recorded(void *opt, const char *path, struct recorded *where)
{
	struct route_opt *o = opt;

	(void)path;
	*where = (struct recorded){.out = o->out, .facts = &o->facts_digest};
	return true;
}

static int
route_todo(const void *opt, char *const *path, size_t n, bool verify,
    bool force, bool *todo, struct err *e)
{
	const struct route_opt *o = opt;
	const struct batchfile_opt batch = {.out = o->out,
	    .facts = o->facts_digest,
	    .format = FORMAT_UNKNOWN,
	    .codec = -1};
	const struct todo_how how = {.nbatch = o->router->map.nbatch,
	    .verify = verify,
	    .force = force,
	    .whole = o->sorted};

	return todo_table(&batch, o->table, path, n, &how, todo, e);
}

const struct filter filter_route = {
    .depends = route_depends,
    .recorded = route_recorded,
    .todo = route_todo,
    .name = "route",
    .summary = "sort rows by batch into runs, which shard-gather makes into "
	       "batches",
    .example = "shard-ls -0 raw | shard-run -0 -L - cat {} : route -o OUT "
	       "--order time\n  shard-gather -o OUT",
    .specs = specs,
    .opt_size = sizeof(struct route_opt),
    .defaults = route_defaults,
    .setup = route_setup,
    .stage = &route_stage,
    .sink = route_is_sink,
    .like = route_like,
    .context = route_context,
    .want_sep = route_want_sep,
};
