#include "filters/sortmerge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/setting.h"
#include "chain/chain.h"
#include "chain/header.h"
#include "filters/sort.h"

/* At most 48 files are open at a time; of more, groups are merged into runs
 * first (extsort.h).  An open input takes so much memory while its records are
 * short: its blocks and the index of a block. */
#define INPUT_MEMORY ((uint64_t)1 << 20)
/* Descriptors that are no inputs: standard ones, a codec's, the runs. */
#define OTHER_FILES 12

struct merge {
	const struct sort_opt *o;
	struct chain *chain;
	struct session *session;
	struct sortkey order;
	struct schema schema; /* of the first input, whose all have */
	const char *first;
	bool single;             /* one input: the stream is of that file */
	struct sorted_input *in; /* those that are open now */
	size_t nin;
	uint64_t long_records; /* bytes that they take for such */
	struct pass pass;      /* the account of all */
	uint64_t rows;
};

struct sorted_input {
	struct merge *m;
	struct pass pass;
	struct schema schema;
	struct source *src;
	struct block b;
	uint32_t at;           /* the next row, in the block's selection */
	uint64_t long_records; /* as in the merge */
	struct in_order in_order;
	struct rowout *rows;
	struct bytes row;
	struct buf scratch;
};

static void
input_close(struct sorted_input *in)
{
	source_close(in->src);
	in->src = NULL;
	block_fini(&in->b);
	rowout_free(in->rows);
	in->rows = NULL;
	schema_fini(&in->schema);
	in_order_fini(&in->in_order);
	buf_fini(&in->scratch);
	in->m->long_records -= in->long_records;
	in->long_records = 0;
}

static void
inputs_close(struct merge *m)
{
	size_t i;

	for (i = 0; i < m->nin; i++)
		input_close(&m->in[i]);
	m->nin = 0;
}

/* Long records of many inputs at once could take any amount of memory. */
static int
count_long(struct sorted_input *in, struct err *e)
{
	const struct block *b = &in->b;
	uint64_t n = b->end[(size_t)b->nrow * b->nfield - 1];
	struct merge *m = in->m;

	if (n < INPUT_MEMORY || 2 * n <= in->long_records)
		return 0;
	m->long_records += 2 * n - in->long_records;
	in->long_records = 2 * n;
	if (m->long_records <= m->o->memory)
		return 0;
	return err_set(e,
	    "%s: its records and those of the other inputs are too long to "
	    "be held at a time (--memory allows more, sorting without --merge "
	    "takes less)",
	    in->pass.input);
}

static int
input_end(struct sorted_input *in)
{
	struct account *a = &in->m->pass.account;
	int i;

	a->in += in->pass.account.in;
	for (i = 0; i < DROP_COUNT; i++)
		a->drop[i] += in->pass.account.drop[i];
	if (in->m->single && in->pass.account.have_digest) {
		a->have_digest = true;
		a->digest = in->pass.account.digest;
		a->size = in->pass.account.size;
	}
	input_close(in);
	return 0;
}

static int
input_next(void *arg, struct merge_record *rec, struct err *e)
{
	struct sorted_input *in = arg;
	uint32_t row;
	int rc;

	while (in->at == in->b.nsel) {
		rc = source_next(in->src, &in->b, in->schema.nslot, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return input_end(in);
		in->at = 0;
		if (count_long(in, e) < 0)
			return -1;
	}
	row = in->b.sel[in->at++];
	if (in_order_next(
		&in->in_order, &in->m->order, &in->b, row, &rec->key, e) < 0)
		return pass_at(&in->pass, &in->b, row, e);
	in->row = rowout_bytes(in->rows, &in->b, row, &in->scratch);
	rec->row_len = in->row.n;
	in->m->rows++;
	return 1;
}

static int
input_row(void *arg, struct bytes *piece, struct err *e)
{
	(void)e;
	*piece = ((struct sorted_input *)arg)->row;
	return 0;
}

static int
input_open(struct merge *m, char *const *path, struct err *e)
{
	struct sorted_input *in = &m->in[m->nin++];

	memset(in, 0, sizeof(*in));
	in->m = m;
	in->pass.warn = m->session->warn;
	in->src =
	    source_open(&m->chain->source, path, 1, setting()->tabs ? '\t' : 0,
		m->chain->expect, NULL, &in->schema, &in->pass, e);
	if (!in->src)
		return -1;
	if (!m->first) {
		m->first = in->pass.input;
		m->pass.out_sep = in->pass.out_sep;
		schema_copy(&m->schema, &in->schema);
		if (sort_order(&m->order, m->o, &m->schema, e) < 0)
			return err_prefix(e, "%s: ", in->pass.input);
	} else if (header_same(&in->schema, in->pass.input, &m->schema,
		       m->first, e) < 0) {
		return -1;
	}
	in->rows =
	    rowout_new(&in->schema, NULL, in->pass.out_sep, in->pass.out_sep);
	return 0;
}

/* Opens the next n inputs as sources for a merge. */
static int
inputs_open(struct merge *m, char *const *path, size_t n, struct kmerge_in *in,
    struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (input_open(m, path + i, e) < 0)
			return -1;
		in[i] = (struct kmerge_in){input_next, input_row, &m->in[i]};
	}
	return 0;
}

/* How many inputs to have open: as memory and descriptors allow. */
static size_t
fan_in(const struct sort_opt *o)
{
	uint64_t n = o->memory / INPUT_MEMORY;
	struct rlimit files;

	if (n > EXTSORT_FAN_IN)
		n = EXTSORT_FAN_IN;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    n + OTHER_FILES > files.rlim_cur)
		n = files.rlim_cur > OTHER_FILES ? files.rlim_cur - OTHER_FILES
						 : 0;
	return n < 2 ? 2 : (size_t)n;
}

int
sort_merge_inputs(const void *opt, struct chain *c, char *const *paths,
    size_t n, struct session *s, struct err *e)
{
	struct merge m = {.o = opt, .chain = c, .session = s, .single = n == 1};
	size_t most = fan_in(m.o), runs = 0, i = 0, k;
	struct stream stream = STREAM_ZERO;
	struct extsort *x = NULL;
	struct kmerge_in *in;
	uint64_t memory, inputs;
	int rc = -1;

	if (!m.o->merge)
		return 0;
	m.pass.emit = chain_emits(c);
	m.pass.warn = s->warn;
	m.in = xcalloc(most, sizeof(*m.in));
	in = xcalloc(most, sizeof(*in));
	memory = sort_memory(m.o);
	inputs = (n < most ? n : most) * INPUT_MEMORY;
	x = extsort_new(memory > inputs + SORT_MEMORY_MIN ? memory - inputs
							  : SORT_MEMORY_MIN,
	    m.o->temp_dir);
	/* runs first, until they and the inputs left are few enough */
	for (; i < n && runs + (n - i) > most; i += k) {
		k = runs + (n - i) - most + 1;
		if (k > most)
			k = most;
		if (k > n - i)
			k = n - i;
		if (inputs_open(&m, paths + i, k, in, e) < 0 ||
		    extsort_add_sorted(x, in, k, e) < 0)
			goto out;
		inputs_close(&m);
		runs++;
	}
	if (inputs_open(&m, paths + i, n - i, in, e) < 0 ||
	    stream_open(&stream, &m.schema, &m.pass, e) < 0 ||
	    extsort_finish(x, in, n - i, e) < 0)
		goto out;
	rc = sort_write(x, &stream, &m.pass, &m.rows, e) < 0 ? -1 : 1;
out:
	extsort_free(x);
	inputs_close(&m);
	stream_free(&stream);
	schema_fini(&m.schema);
	sortkey_fini(&m.order);
	free(m.in);
	free(in);
	return rc;
}
