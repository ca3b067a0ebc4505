/*
 * extsort - against qsort(): any keys and rows, any memory, any number of runs
 * and levels.
 */
#include "sort/extsort.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "test.h"

struct rec {
	struct bytes key, row;
	size_t place;
};

/* Records to sort, and the bytes they are made of. */
struct table {
	struct rec *v;
	size_t n, cap;
	char *heap;
	size_t used, heap_cap;
};

static struct table
table_new(size_t heap)
{
	struct table t = {.heap_cap = heap, .heap = xmalloc(heap)};

	return t;
}

static void
table_free(struct table *t)
{
	free(t->v);
	free(t->heap);
}

static struct bytes
keep(struct table *t, const void *p, size_t n)
{
	char *to = t->heap + t->used;

	if (t->used + n > t->heap_cap) {
		fprintf(stderr, "the table's heap is too small\n");
		exit(2);
	}
	if (n > 0)
		memcpy(to, p, n);
	t->used += n;
	return bytes_of(to, n);
}

/* The row is the record's number, filled up to some length. */
static void
add(struct table *t, const void *key, size_t nkey, size_t nrow)
{
	char number[24];
	int k = snprintf(number, sizeof(number), "%zu,", t->n);
	struct rec *r;

	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 1000;
		t->v = xrealloc(t->v, t->cap * sizeof(*t->v));
	}
	r = &t->v[t->n];
	r->place = t->n++;
	r->key = keep(t, key, nkey);
	r->row = keep(t, number, (size_t)k);
	if (nrow > r->row.n) {
		if (t->used + nrow - r->row.n > t->heap_cap)
			exit(2);
		memset(t->heap + t->used, '.', nrow - r->row.n);
		t->used += nrow - r->row.n;
		r->row.n = nrow;
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;
	int c = bytes_cmp(x->key, y->key);

	return c ? c : (x->place > y->place) - (x->place < y->place);
}

/* Is what x hands out v[0..n)? */
static void
is_same(struct extsort *x, const struct rec *v, size_t n)
{
	struct merge_record rec;
	struct bytes piece;
	struct err e = ERR_ZERO;
	struct buf row = BUF_ZERO;
	size_t i;
	int rc, more;

	for (i = 0; (rc = extsort_next(x, &rec, &e)) > 0; i++) {
		bool same = i < n && bytes_eq(rec.key, v[i].key);

		buf_clear(&row);
		do {
			more = extsort_row(x, &piece, &e);
			if (!CHECK(more >= 0))
				goto out;
			buf_put(&row, piece.p, piece.n);
		} while (more > 0);
		EQ_U(rec.row_len, row.n);
		if (!CHECK(same) || !EQ_B(buf_bytes(&row), v[i].row))
			goto out;
	}
	OK(rc == 0, e);
	EQ_U(i, n);
out:
	buf_fini(&row);
}

/* Sorts the table in so much memory; true when it spilled. */
static struct extsort_stats
sorts(struct table *t, uint64_t memory)
{
	struct extsort *x = extsort_new(memory, test_dir());
	struct rec *want = xmalloc((t->n + 1) * sizeof(*want));
	struct extsort_stats stats;
	struct err e = ERR_ZERO;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!OK(extsort_add(x, t->v[i].key, t->v[i].row, &e) == 0, e))
			break;
	if (t->n > 0)
		memcpy(want, t->v, t->n * sizeof(*want));
	qsort(want, t->n, sizeof(*want), by_key);
	OK(extsort_finish(x, NULL, 0, &e) == 0, e);
	is_same(x, want, t->n);
	stats = extsort_stats(x);
	extsort_free(x);
	free(want);
	return stats;
}

/* Makes n keys of some kind. */
static void
fill(struct table *t, size_t n, int kind)
{
	static char big[4000];
	size_t i, len;
	char p[300];

	for (i = 0; i < n; i++) {
		uint64_t u = rnd();

		switch (kind) {
		case 0: /* eight bytes, as numbers and times have */
			add(t, &u, 8, 0);
			break;
		case 1: /* few keys */
			len = (size_t)snprintf(
			    p, sizeof(p), "g%u", (unsigned)below(5));
			add(t, p, len, below(50));
			break;
		case 2: /* around the length that an entry holds, NULs too */
			len = below(14);
			memset(p, 0, sizeof(p));
			p[below(14)] = (char)below(2);
			add(t, p, len, below(20));
			break;
		case 3: /* long ones with long beginnings in common */
			len = 40 + below(200);
			memset(p, 'x', sizeof(p));
			p[10 * below(24)] = (char)('x' + below(2));
			p[below(240)] = 'y';
			add(t, p, len, below(100));
			break;
		case 4: /* all the same */
			add(t, "the same key, of all the records", 32, 30);
			break;
		case 5: /* each the beginning of the next */
			memset(big, 'b', sizeof(big));
			add(t, big, below(sizeof(big)), 10);
			break;
		case 6: /* in order; in the reverse order */
		case 7:
			len = (size_t)snprintf(
			    p, sizeof(p), "%012zu", kind == 6 ? i : n - i);
			add(t, p, len, 5);
			break;
		case 8: /* nothing at all */ add(t, "", 0, 0); break;
		case 9: /* in groups, each of which goes deep */
			len = (size_t)snprintf(p, sizeof(p),
			    "group %u, table %u, at %020u, row %u",
			    (unsigned)below(30), (unsigned)below(3),
			    (unsigned)below(1000), (unsigned)below(1000000));
			add(t, p, len, 60);
			break;
		}
	}
}
#define KINDS 10

static void
any_keys_in_memory(void)
{
	static const size_t sizes[] = {0, 1, 2, 3, 23, 24, 25, 26, 100, 3000};
	size_t i;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		for (i = 0; i < LEN(sizes); i++) {
			struct table t = table_new((size_t)16 << 20);

			test_about("kind %d, %zu records", kind, sizes[i]);
			fill(&t, sizes[i], kind);
			EQ_U(sorts(&t, (uint64_t)64 << 20).runs, 0);
			table_free(&t);
		}
}

static void
many_keys_in_memory(void)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		struct table t = table_new((size_t)256 << 20);

		test_about("kind %d", kind);
		fill(&t, kind == 5 ? 20000 : 200000, kind);
		EQ_U(sorts(&t, (uint64_t)512 << 20).runs, 0);
		table_free(&t);
	}
}

static void
any_keys_through_runs(void)
{
	static const uint64_t memory[] = {
	    EXTSORT_MEMORY_MIN, EXTSORT_MEMORY_MIN + 12345, (uint64_t)1 << 20};
	size_t i;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		for (i = 0; i < LEN(memory); i++) {
			struct table t = table_new((size_t)64 << 20);

			test_about(
			    "kind %d, %" PRIu64 " bytes", kind, memory[i]);
			fill(&t, kind == 5 ? 2000 : 40000, kind);
			CHECK(sorts(&t, memory[i]).runs > 1);
			table_free(&t);
		}
}

static void
levels_of_merges(void)
{
	struct table t = table_new((size_t)200 << 20);
	struct extsort_stats s;
	size_t i;

	/* more runs than may wait: 140 MB in buffers of 60 KB */
	for (i = 0; i < 240000; i++) {
		char p[40];
		int n =
		    snprintf(p, sizeof(p), "%u", (unsigned)below(1000000000));

		add(&t, p, (size_t)n, 600);
	}
	s = sorts(&t, EXTSORT_MEMORY_MIN);
	CHECK(s.runs > 2304);
	CHECK(s.merges > 48);
	/* and just one or two too many for a single merge */
	s = sorts(&t, (uint64_t)3 << 20);
	CHECK(s.runs > EXTSORT_FAN_IN);
	CHECK(s.merges > 1 && s.merges < 5);
	table_free(&t);
}

static void
a_level_merges_no_more_than_it_must(void)
{
	struct extsort *x = extsort_new((uint64_t)1 << 20, test_dir());
	struct err e = ERR_ZERO;
	struct extsort_stats s;
	char row[1000];
	size_t i;

	memset(row, 'r', sizeof(row));
	/* 49 runs: two of them become one, then a full merge */
	for (i = 0; extsort_stats(x).runs < 48; i++)
		CHECK(extsort_add(x, bytes_of((char *)&i, 8),
			  bytes_of(row, sizeof(row)), &e) == 0);
	OK(extsort_finish(x, NULL, 0, &e) == 0, e);
	s = extsort_stats(x);
	EQ_U(s.merges, 2);
	EQ_U(s.runs, 50);
	CHECK(s.spilled < 51 * (uint64_t)(1 << 20));
	extsort_free(x);
}

static void
records_as_large_as_the_memory(void)
{
	size_t most = (size_t)900 << 10, i;
	struct table t = table_new((size_t)64 << 20);
	char *p = xmalloc(most);

	for (i = 0; i < 40; i++) {
		size_t nkey = one_in(2) ? below(most / 2) : below(30);

		memset(p, 'k', nkey);
		if (nkey > 0)
			p[below(nkey)] = 'j';
		add(&t, p, nkey, most - nkey - below(1000));
		fill(&t, below(300), 9);
	}
	CHECK(sorts(&t, (uint64_t)1 << 20).runs > 30);
	table_free(&t);
	free(p);
}

static void
a_record_too_large_is_refused(void)
{
	struct extsort *x = extsort_new((uint64_t)1 << 20, test_dir());
	size_t n = (size_t)1 << 20;
	char *p = xcalloc(1, n);
	struct err e = ERR_ZERO;

	CHECK(extsort_add(x, bytes_of(p, 1), bytes_of(p, n), &e) < 0);
	HAS(e.msg,
	    "a row of 1048576 bytes with a key of 1 does not fit into the "
	    "1048576 bytes there are for sorting (--memory allows more)");
	EQ_U(e.kind, ERR_INPUT);
	/* two such keys would not fit into a merge */
	CHECK(extsort_add(x, bytes_of(p, n / 2), bytes_of(p, 1), &e) < 0);
	OK(extsort_add(x, bytes_of(p, n / 3), bytes_of(p, n / 3), &e) == 0, e);
	extsort_free(x);
	free(p);
}

/* A table, sorted, as an input of a merge. */
struct input {
	struct table t;
	size_t at;
};

static int
input_next(void *arg, struct merge_record *rec, struct err *e)
{
	struct input *in = arg;

	(void)e;
	if (in->at == in->t.n)
		return 0;
	*rec =
	    (struct merge_record){in->t.v[in->at].key, in->t.v[in->at].row.n};
	in->at++;
	return 1;
}

static int
input_row(void *arg, struct bytes *piece, struct err *e)
{
	struct input *in = arg;

	(void)e;
	*piece = in->t.v[in->at - 1].row;
	return 0;
}

/* Merges n inputs, the first of them through runs of so many each. */
static void
merges(size_t n, size_t through, size_t group)
{
	struct extsort *x = extsort_new(EXTSORT_MEMORY_MIN, test_dir());
	struct input *in = xcalloc(n, sizeof(*in));
	struct kmerge_in *k = xcalloc(n, sizeof(*k));
	struct rec *want = NULL;
	struct err e = ERR_ZERO;
	size_t i, j, all = 0, m;

	for (i = 0; i < n; i++) {
		in[i].t = table_new((size_t)1 << 20);
		fill(&in[i].t, below(200), one_in(3) ? 1 : 9);
		if (in[i].t.n > 0)
			qsort(in[i].t.v, in[i].t.n, sizeof(struct rec), by_key);
		k[i] = (struct kmerge_in){input_next, input_row, &in[i]};
		want = xrealloc(want, (all + in[i].t.n + 1) * sizeof(*want));
		for (j = 0; j < in[i].t.n; j++) {
			want[all] = in[i].t.v[j];
			want[all].place = all;
			all++;
		}
	}
	if (all > 0)
		qsort(want, all, sizeof(*want), by_key);
	for (i = 0; i < through; i += m) {
		m = through - i < group ? through - i : group;
		OK(extsort_add_sorted(x, k + i, m, &e) == 0, e);
	}
	OK(extsort_finish(x, k + through, n - through, &e) == 0, e);
	is_same(x, want, all);
	extsort_free(x);
	for (i = 0; i < n; i++)
		table_free(&in[i].t);
	free(in);
	free(k);
	free(want);
}

static void
sorted_inputs_are_merged(void)
{
	size_t n;

	for (n = 1; n <= EXTSORT_FAN_IN; n++) {
		test_about("%zu inputs", n);
		merges(n, 0, 1);
	}
	for (n = 0; n < 200; n += 7) {
		test_about("%zu through runs, 10 not", n);
		merges(n + 10, n, 1 + below(10));
	}
}

/* The descriptor of the file without a name. */
static int
nameless(void)
{
	char path[300], to[600];
	DIR *d = opendir("/proc/self/fd");
	struct dirent *de;
	int fd = -1;

	while (d && (de = readdir(d))) {
		ssize_t n;

		snprintf(
		    path, sizeof(path), "/proc/self/fd/%.100s", de->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		to[n] = '\0';
		if (strstr(to, test_dir()) && strstr(to, "(deleted)"))
			fd = atoi(de->d_name);
	}
	if (d)
		closedir(d);
	return fd;
}

static int
drain(struct extsort *x, struct err *e)
{
	struct merge_record rec;
	struct bytes piece;
	int rc;

	while ((rc = extsort_next(x, &rec, e)) > 0)
		do
			rc = extsort_row(x, &piece, e);
		while (rc > 0);
	return rc;
}

static void
a_run_that_comes_back_changed_is_an_error(void)
{
	int round;

	for (round = 0; round < 200; round++) {
		struct table t = table_new((size_t)2 << 20);
		struct extsort *x = extsort_new(EXTSORT_MEMORY_MIN, test_dir());
		struct err e = ERR_ZERO;
		struct stat sb;
		off_t at;
		size_t i;
		char c;
		int fd;

		fill(&t, 3000, 9);
		for (i = 0; i < t.n; i++)
			CHECK(extsort_add(x, t.v[i].key, t.v[i].row, &e) == 0);
		fd = nameless();
		if (!CHECK(fd >= 0 && fstat(fd, &sb) == 0))
			break;
		/* somewhere in the first run; or all that comes after */
		at = (off_t)below(40000);
		test_about("at %ld", (long)at);
		if (round % 10 == 0) {
			CHECK(ftruncate(fd, at) == 0);
		} else {
			CHECK(pread(fd, &c, 1, at) == 1);
			c = (char)(c ^ (1 + below(255)));
			CHECK(pwrite(fd, &c, 1, at) == 1);
		}
		if (extsort_finish(x, NULL, 0, &e) == 0)
			CHECK(drain(x, &e) < 0);
		HAS(e.msg, "damaged: what is read is not what was written");
		EQ_U(e.kind, ERR_OUTPUT);
		extsort_free(x);
		table_free(&t);
	}
}

static void
a_full_disk_is_an_error(void)
{
	struct extsort *x = extsort_new(EXTSORT_MEMORY_MIN, test_dir());
	struct rlimit old, less;
	struct err e = ERR_ZERO;
	uint64_t u = 0;
	int rc = 0;

	getrlimit(RLIMIT_FSIZE, &old);
	less = old;
	less.rlim_cur = 100000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &less);
	while (rc == 0 && u++ < 100000)
		rc = extsort_add(
		    x, bytes_of((char *)&u, 8), bytes_of("0123456789", 10), &e);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(rc < 0);
	EQ_U(e.kind, ERR_OUTPUT);
	HAS(e.msg, test_dir());
	HAS(e.msg, "(--temp-dir names another directory): write: ");
	extsort_free(x);
}

static void
a_directory_that_is_not_there_is_an_error(void)
{
	struct extsort *x = extsort_new(EXTSORT_MEMORY_MIN, test_path("none"));
	struct err e = ERR_ZERO;
	uint64_t u = 0;
	int rc = 0;

	while (rc == 0 && u++ < 100000)
		rc = extsort_add(
		    x, bytes_of((char *)&u, 8), bytes_of("0123456789", 10), &e);
	CHECK(rc < 0);
	HAS(e.msg, "No such file or directory");
	extsort_free(x);
}

static void
the_disk_is_given_back_while_runs_are_read(void)
{
	struct extsort *x = extsort_new((uint64_t)1 << 20, test_dir());
	struct merge_record rec;
	struct err e = ERR_ZERO;
	struct bytes piece;
	struct stat sb;
	blkcnt_t full = 0;
	uint64_t u;
	char row[1000];
	int rc, fd;

	memset(row, 'r', sizeof(row));
	for (u = 0; u < 40000; u++) {
		uint64_t key = rnd();

		CHECK(extsort_add(x, bytes_of((char *)&key, 8),
			  bytes_of(row, sizeof(row)), &e) == 0);
	}
	OK(extsort_finish(x, NULL, 0, &e) == 0, e);
	fd = nameless();
	for (u = 0; (rc = extsort_next(x, &rec, &e)) > 0; u++) {
		while (extsort_row(x, &piece, &e) > 0)
			;
		if (u == 0 && fstat(fd, &sb) == 0)
			full = sb.st_blocks;
	}
	EQ_I(rc, 0);
	EQ_U(u, 40000);
	if (!CHECK(fd >= 0 && fstat(fd, &sb) == 0))
		return;
	if (sb.st_blocks > full * 9 / 10)
		test_skip("this file system gives nothing back");
	else
		EQ_U(sb.st_blocks, 0);
	extsort_free(x);
}

int
main(void)
{
	RUN(any_keys_in_memory);
	RUN(many_keys_in_memory);
	RUN(any_keys_through_runs);
	RUN(levels_of_merges);
	RUN(a_level_merges_no_more_than_it_must);
	RUN(records_as_large_as_the_memory);
	RUN(a_record_too_large_is_refused);
	RUN(sorted_inputs_are_merged);
	RUN(a_run_that_comes_back_changed_is_an_error);
	RUN(a_full_disk_is_an_error);
	RUN(a_directory_that_is_not_there_is_an_error);
	RUN(the_disk_is_given_back_while_runs_are_read);
	return test_end();
}
