/*
 * sort - sorts rows by typed columns, in bounded memory.
 */
#include "filters/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/setting.h"
#include "filters/sortmerge.h"

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "check", NULL, struct sort_opt, check,
	"write nothing; fail at the first row that is out of order"),
    OPT(OPT_LIST, 'k', "key", "COL[:TYPE]", struct sort_opt, keys,
	"sort by COL as b bytes, n numbers or t times, r downwards; then by "
	"the next -k"),
    OPT(OPT_STR, 0, "like", "FILE", struct sort_opt, like,
	"the shard that the stream comes from, for messages"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct sort_opt, memory,
	"memory to sort in; more rows go to a temporary file (1G)"),
    OPT(OPT_FLAG, 'm', "merge", NULL, struct sort_opt, merge,
	"each FILE is sorted already: merge them"),
    OPT(OPT_STR, 0, "temp-dir", "DIR", struct sort_opt, temp_dir,
	"where the temporary file goes (TMPDIR, or /tmp)"),
    OPT_END,
};

static void
sort_defaults(void *opt)
{
	struct sort_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->memory = UINT64_C(1) << 30;
	o->temp_dir = setting()->temp_dir;
}

static int
sort_setup(void *opt, struct session *s, struct err *e)
{
	struct sort_opt *o = opt;

	(void)s;
	if (o->keys.n == 0)
		return err_kind_set(e, ERR_USAGE,
		    "--key COL is needed: which column to sort by");
	if (o->merge && o->check)
		return err_kind_set(
		    e, ERR_USAGE, "--merge checks already: leave out --check");
	if (o->memory < SORT_MEMORY_MIN)
		return err_kind_set(
		    e, ERR_USAGE, "--memory must be at least 1M");
	return 0;
}

static void
sort_teardown(void *opt)
{
	opt_list_free(&((struct sort_opt *)opt)->keys);
}

static const char *
sort_like(const void *opt)
{
	return ((const struct sort_opt *)opt)->like;
}

static bool
sort_is_sink(const void *opt)
{
	(void)opt;
	return true;
}

/*
 * The rest is for what every filter takes, and for the ends of buffers that
 * are huge pages used in part.
 */
uint64_t
sort_memory(const struct sort_opt *o)
{
	uint64_t rest = o->memory / 16, most = UINT64_C(12) << 20;

	return o->memory - (rest < most ? rest : most);
}

int
sort_order(struct sortkey *k, const struct sort_opt *o, struct schema *s,
    struct err *e)
{
	size_t i;

	sortkey_init(k);
	for (i = 0; i < o->keys.n; i++)
		sortkey_add(k, o->keys.v[i]);
	return sortkey_find(k, s, e);
}

int
sort_write(struct extsort *x, struct stream *t, const struct pass *pass,
    const uint64_t *rows, struct err *e)
{
	struct merge_record rec;
	struct bytes piece;
	uint64_t n = 0;
	int rc, more;

	while ((rc = extsort_next(x, &rec, e)) > 0) {
		n++;
		do {
			more = extsort_row(x, &piece, e);
			if (more < 0 ||
			    out_write(t->out, piece.p, piece.n, e) < 0)
				return -1;
		} while (more > 0);
	}
	if (rc < 0)
		return -1;
	if (n != *rows)
		return err_kind_set(e, ERR_OUTPUT,
		    "%llu rows came back from sorting, of %llu",
		    (unsigned long long)n, (unsigned long long)*rows);
	return stream_end(t, pass, n, e);
}

int
in_order_next(struct in_order *o, struct sortkey *k, const struct block *b,
    uint32_t row, struct bytes *key, struct err *e)
{
	struct bytes last = buf_bytes(&o->key[o->at]), v;
	const struct sort_column *c;
	struct buf *room;

	o->at = !o->at;
	room = &o->key[o->at];
	if (sortkey_of(k, b, row, room, key, e) < 0)
		return -1;
	if (key->p != room->p) { /* the block will not keep it */
		buf_putb(room, *key);
		*key = buf_bytes(room);
	}
	if (!o->begun || bytes_cmp(last, *key) <= 0) {
		o->begun = true;
		return 0;
	}
	c = sortkey_decides(k, *key, last);
	v = csv_value(block_raw(b, &c->col, row), &k->scratch);
	return err_set(e,
	    "not sorted: %s in column %s belongs before the row above it",
	    err_quote(v), c->name);
}

void
in_order_fini(struct in_order *o)
{
	buf_fini(&o->key[0]);
	buf_fini(&o->key[1]);
}

/* A buffer beyond this was for a long record, and is not kept. */
#define LONG ((size_t)1 << 20)

struct sort {
	const struct sort_opt *o;
	struct pass *pass;
	struct sortkey order;
	struct in_order in_order; /* --check */
	struct buf key, scratch;
	struct stream stream;
	struct extsort *x;
	uint64_t rows;
};

static int
sort_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct sort *t = *st = xcalloc(1, sizeof(*t));

	t->o = opt;
	t->pass = pass;
	if (t->o->merge)
		return err_kind_set(e, ERR_USAGE,
		    "sort --merge reads files itself: it is no part of a "
		    "chain");
	if (sort_order(&t->order, t->o, s, e) < 0)
		return -1;
	if (t->o->check)
		return 0;
	t->x = extsort_new(sort_memory(t->o), t->o->temp_dir);
	return stream_open(&t->stream, s, pass, e);
}

/* Says where, when it is the row's fault. */
static int
blame(const struct sort *t, const struct block *b, uint32_t row, struct err *e)
{
	if (e->kind != ERR_INPUT)
		return -1;
	pass_at(t->pass, b, row, e);
	if (t->o->like && !t->pass->named)
		err_prefix(e, "%s: ", t->o->like);
	return -1;
}

static int
sort_process(void *st, struct block *b, struct err *e)
{
	struct sort *t = st;
	struct bytes key;
	uint32_t i;

	for (i = 0; i < b->nsel; i++) {
		uint32_t row = b->sel[i];

		if (t->o->check
			? in_order_next(
			      &t->in_order, &t->order, b, row, &key, e) < 0
			: sortkey_of(&t->order, b, row, &t->key, &key, e) < 0 ||
			    extsort_add(t->x, key,
				rowout_bytes(
				    t->stream.rows, b, row, &t->scratch),
				e) < 0)
			return blame(t, b, row, e);
	}
	t->rows += b->nsel;
	if (t->key.cap > LONG)
		buf_fini(&t->key);
	if (t->scratch.cap > LONG)
		buf_fini(&t->scratch);
	return 0;
}

static int
sort_finish(void *st, struct err *e)
{
	struct sort *t = st;

	if (t->o->check)
		return 0;
	if (extsort_finish(t->x, NULL, 0, e) < 0)
		return -1;
	return sort_write(t->x, &t->stream, t->pass, &t->rows, e);
}

static void
sort_free(void *st)
{
	struct sort *t = st;

	if (!t)
		return;
	extsort_free(t->x);
	stream_free(&t->stream);
	sortkey_fini(&t->order);
	in_order_fini(&t->in_order);
	buf_fini(&t->key);
	buf_fini(&t->scratch);
	free(t);
}

static const struct stage sort_stage = {
    sort_init, sort_process, sort_finish, sort_free};

const struct filter filter_sort = {
    .name = "sort",
    .summary = "sort rows by columns, in bounded memory",
    .example =
	"shard-sort -k customerId -k orderDate:tr part-*.csv > sorted.csv",
    .specs = specs,
    .opt_size = sizeof(struct sort_opt),
    .defaults = sort_defaults,
    .setup = sort_setup,
    .teardown = sort_teardown,
    .inputs = sort_merge_inputs,
    .stage = &sort_stage,
    .sink = sort_is_sink,
    .like = sort_like,
};
