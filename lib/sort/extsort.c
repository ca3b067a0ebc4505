#include "sort/extsort.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "sort/sortbuf.h"
#include "sort/spill.h"

/* So many runs may wait before some are merged, whatever comes. */
#define RUNS_MAX (EXTSORT_FAN_IN * EXTSORT_FAN_IN)
/* A run being merged has a buffer of at least this and its longest key, and at
 * most that much more. */
#define READ_MIN ((size_t)8 << 10)
#define READ_MAX ((size_t)4 << 20)

struct extsort {
	size_t memory, write_cap;
	size_t key_most; /* any two keys of this length can be merged */
	const char *dir;
	struct sortbuf buf;
	struct spill *spill;
	char *write_buf;
	struct run_extent *run; /* in the order of what is in them */
	size_t nrun, run_cap;
	/* the merge under way */
	struct run_reader *reader;
	size_t nreader;
	struct pages room;
	struct kmerge *merge;
	/* handing out */
	size_t at;
	struct bytes row;
	struct extsort_stats stats;
};

struct extsort *
extsort_new(uint64_t memory, const char *temp_dir)
{
	struct extsort *x = xcalloc(1, sizeof(*x));

	assert(memory >= EXTSORT_MEMORY_MIN);
	x->memory = memory < SIZE_MAX / 4 ? (size_t)memory : SIZE_MAX / 4;
	x->write_cap = x->memory / 16;
	if (x->write_cap > (size_t)256 << 10)
		x->write_cap = (size_t)256 << 10;
	x->key_most = (x->memory - x->write_cap) / 2 - READ_MIN - RECORD_HEAD;
	x->dir = temp_dir;
	sortbuf_init(&x->buf, x->memory - x->write_cap);
	return x;
}

static int
open_spill(struct extsort *x, struct err *e)
{
	if (x->spill)
		return 0;
	x->spill = spill_open(x->dir, e);
	if (!x->spill)
		return -1;
	x->write_buf = xmalloc(x->write_cap);
	return 0;
}

/* Ends the run being written and puts it at place at of the list. */
static int
end_run(struct extsort *x, size_t key_max, size_t at, struct err *e)
{
	struct run_extent run;

	if (spill_end(x->spill, key_max, &run, e) < 0)
		return -1;
	if (x->nrun == x->run_cap) {
		x->run_cap = x->run_cap * 2 + 16;
		x->run = xrealloc(x->run, x->run_cap * sizeof(*x->run));
	}
	memmove(x->run + at + 1, x->run + at, (x->nrun - at) * sizeof(*x->run));
	x->run[at] = run;
	x->nrun++;
	x->stats.runs++;
	x->stats.spilled += run.len;
	return 0;
}

static void
end_merge(struct extsort *x)
{
	size_t i;

	kmerge_free(x->merge);
	for (i = 0; i < x->nreader; i++)
		spill_read_end(&x->reader[i]);
	free(x->reader);
	pages_free(&x->room);
	x->merge = NULL;
	x->reader = NULL;
	x->nreader = 0;
}

/* Can runs first to first + n be merged in the memory there is? */
static bool
affordable(const struct extsort *x, size_t first, size_t n)
{
	size_t sum = x->write_cap, i;

	for (i = first; i < first + n; i++) {
		sum += READ_MIN + spill_room(&x->run[i]);
		if (sum > x->memory)
			return false;
	}
	return true;
}

/*
 * Begins the merge of runs first to first + n and of the inputs behind them,
 * with the memory shared out among the runs.
 */
static int
begin_merge(struct extsort *x, size_t first, size_t n,
    const struct kmerge_in *more, size_t nmore, struct err *e)
{
	struct kmerge_in *in = xcalloc(n + nmore + 1, sizeof(*in));
	size_t each, keys = 0, i;
	char *p;

	for (i = 0; i < n; i++)
		keys += spill_room(&x->run[first + i]);
	each = n ? (x->memory - x->write_cap - keys) / n : 0;
	if (each > READ_MAX)
		each = READ_MAX;
	if (n > 0 && !pages_reserve(&x->room, keys + n * each)) {
		free(in);
		return err_kind_set(e, ERR_OUTPUT,
		    "no memory for merging (%zu bytes)", keys + n * each);
	}
	x->reader = xcalloc(n + 1, sizeof(*x->reader));
	for (i = 0, p = x->room.p; i < n; i++) {
		const struct run_extent *run = &x->run[first + i];
		size_t cap = each + spill_room(run);

		spill_read(&x->reader[i], x->spill, run, p, cap);
		in[i] = spill_in(&x->reader[i]);
		p += cap;
	}
	x->nreader = n;
	for (i = 0; i < nmore; i++)
		in[n + i] = more[i];
	x->merge = kmerge_new(in, n + nmore);
	x->stats.merges++;
	free(in);
	return 0;
}

static int
too_large(const struct extsort *x, size_t key, uint64_t row, struct err *e)
{
	return err_set(e,
	    "a row of %llu bytes with a key of %zu does not fit into the %zu "
	    "bytes there are for sorting (--memory allows more)",
	    (unsigned long long)row, key, x->memory);
}

/* Writes what the merge gives as one run, at place at of the list once the n
 * runs there are gone. */
static int
merge_to_run(struct extsort *x, size_t at, size_t n, struct err *e)
{
	struct merge_record rec;
	size_t key_max = 0;
	int rc, more;

	spill_begin(x->spill, x->write_buf, x->write_cap);
	while ((rc = kmerge_next(x->merge, &rec, e)) > 0) {
		char head[RECORD_HEAD];
		size_t k = length_put(head, rec.key.n);

		if (rec.key.n > x->key_most)
			return too_large(x, rec.key.n, rec.row_len, e);
		k += length_put(head + k, rec.row_len);
		if (rec.key.n > key_max)
			key_max = rec.key.n;
		if (spill_put(x->spill, head, k, e) < 0 ||
		    spill_put(x->spill, rec.key.p, rec.key.n, e) < 0)
			return -1;
		do {
			struct bytes piece;

			more = kmerge_row(x->merge, &piece, e);
			if (more < 0 ||
			    spill_put(x->spill, piece.p, piece.n, e) < 0)
				return -1;
		} while (more > 0);
	}
	end_merge(x);
	if (rc < 0)
		return -1;
	x->nrun -= n;
	if (n > 0)
		memmove(x->run + at, x->run + at + n,
		    (x->nrun - at) * sizeof(*x->run));
	return end_run(x, key_max, at, e);
}

/*
 * Makes one run of some that lie behind each other: of n if the memory allows,
 * else of as many as it does; of those with the fewest bytes.
 */
static int
merge_some(struct extsort *x, size_t n, struct err *e)
{
	size_t first, best = 0, i;

	sortbuf_fini(&x->buf);
	for (; n >= 2; n--) {
		uint64_t least = UINT64_MAX;

		for (first = 0; first + n <= x->nrun; first++) {
			uint64_t sum = 0;

			for (i = first; i < first + n; i++)
				sum += x->run[i].len;
			if (sum < least && affordable(x, first, n)) {
				least = sum;
				best = first;
			}
		}
		if (least == UINT64_MAX)
			continue;
		if (begin_merge(x, best, n, NULL, 0, e) < 0)
			return -1;
		return merge_to_run(x, best, n, e);
	}
	abort(); /* any two keys that were let in can be merged */
}

/* A run has come: there must be room for the next. */
static int
run_came(struct extsort *x, struct err *e)
{
	return x->nrun < RUNS_MAX ? 0 : merge_some(x, EXTSORT_FAN_IN, e);
}

static int
sort_buffer(struct extsort *x, struct err *e)
{
	if (sortbuf_sort(&x->buf))
		return 0;
	return err_kind_set(e, ERR_OUTPUT,
	    "no memory to sort %zu records (a smaller --memory takes less)",
	    x->buf.n);
}

static int
spill_buffer(struct extsort *x, struct err *e)
{
	size_t i;

	if (x->buf.n == 0)
		return 0;
	if (open_spill(x, e) < 0 || sort_buffer(x, e) < 0)
		return -1;
	spill_begin(x->spill, x->write_buf, x->write_cap);
	for (i = 0; i < x->buf.n; i++) {
		struct bytes rec = sortbuf_record(&x->buf, i);

		if (spill_put(x->spill, rec.p, rec.n, e) < 0)
			return -1;
	}
	if (end_run(x, x->buf.key_max, x->nrun, e) < 0)
		return -1;
	sortbuf_clear(&x->buf);
	return run_came(x, e);
}

int
extsort_add(
    struct extsort *x, struct bytes key, struct bytes row, struct err *e)
{
	if (LIKELY(key.n <= x->key_most && sortbuf_add(&x->buf, key, row)))
		return 0;
	if (key.n > x->key_most || !sortbuf_fits(&x->buf, key, row))
		return too_large(x, key.n, row.n, e);
	if (spill_buffer(x, e) < 0)
		return -1;
	if (!sortbuf_add(&x->buf, key, row))
		return err_kind_set(
		    e, ERR_OUTPUT, "no memory for a row of %zu bytes", row.n);
	return 0;
}

int
extsort_add_sorted(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e)
{
	if (spill_buffer(x, e) < 0 || open_spill(x, e) < 0 ||
	    begin_merge(x, 0, 0, in, n, e) < 0 ||
	    merge_to_run(x, x->nrun, 0, e) < 0)
		return -1;
	return run_came(x, e);
}

int
extsort_finish(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e)
{
	assert(n + (x->nrun > 0 || x->buf.n > 0) <= EXTSORT_FAN_IN);
	if (x->nrun == 0 && n == 0)
		return sort_buffer(x, e);
	if (spill_buffer(x, e) < 0)
		return -1;
	sortbuf_fini(&x->buf);
	while (x->nrun + n > EXTSORT_FAN_IN || !affordable(x, 0, x->nrun)) {
		size_t few = x->nrun - 1;

		/* just as many as leaves a full last merge */
		if (x->nrun + n > EXTSORT_FAN_IN)
			few = x->nrun + n - EXTSORT_FAN_IN + 1;
		if (few > EXTSORT_FAN_IN)
			few = EXTSORT_FAN_IN;
		if (merge_some(x, few, e) < 0)
			return -1;
	}
	return begin_merge(x, 0, x->nrun, in, n, e);
}

int
extsort_next(struct extsort *x, struct merge_record *rec, struct err *e)
{
	if (x->merge)
		return kmerge_next(x->merge, rec, e);
	if (x->at == x->buf.n)
		return 0;
	record_split(sortbuf_record(&x->buf, x->at++), &rec->key, &x->row);
	rec->row_len = x->row.n;
	return 1;
}

int
extsort_row(struct extsort *x, struct bytes *piece, struct err *e)
{
	if (x->merge)
		return kmerge_row(x->merge, piece, e);
	*piece = x->row;
	return 0;
}

struct extsort_stats
extsort_stats(const struct extsort *x)
{
	return x->stats;
}

void
extsort_free(struct extsort *x)
{
	if (!x)
		return;
	end_merge(x);
	sortbuf_fini(&x->buf);
	spill_close(x->spill);
	free(x->write_buf);
	free(x->run);
	free(x);
}
