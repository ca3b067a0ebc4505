/*
 * groups - groups.tsv against a plain list, with memory for all groups and
 * for next to none.
 */
#include "pass1/groups.h"

#include "io/tsv.h"
#include "test.h"

struct group {
	char *key;
	uint64_t rows, bytes;
};

struct list {
	struct group *v;
	size_t n;
};

/* What the keys look like. */
enum look { INTS, WORDS, MIXED };

static char *
make_key(enum look look, size_t i)
{
	struct buf b = BUF_ZERO;

	if (look == INTS || (look == MIXED && one_in(2))) {
		buf_printf(&b, "%s%zu", i & 1 ? "-" : "", i / 2);
		if (i > 1 && i % 7 < 2) /* more digits than an int64 has */
			buf_printf(&b, "%020u", (unsigned)(i % 5));
	} else {
		buf_printf(&b, "%c%zu", "k\t\\\n \xff"[i % 6], i);
		while (i % 5 == 0 && b.n < 40)
			buf_puts(&b, "-a long one");
	}
	return buf_release(&b);
}

static struct list
make_list(enum look look, size_t n)
{
	struct list l = {xcalloc(n, sizeof(*l.v)), n};
	size_t i;

	for (i = 0; i < n; i++)
		l.v[i].key = make_key(look, i);
	return l;
}

static void
list_free(struct list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].key);
	free(l->v);
}

static int
by_key(const void *a, const void *b)
{
	return bytes_cmp(bytes_str(((const struct group *)a)->key),
	    bytes_str(((const struct group *)b)->key));
}

static int
by_number(const void *a, const void *b)
{
	return int_cmp(bytes_str(((const struct group *)a)->key),
	    bytes_str(((const struct group *)b)->key));
}

/* A partial of some runs over groups of the list, whose sums grow. */
static uint64_t
make_partial(const char *path, struct list *l, unsigned runs)
{
	struct err e = ERR_ZERO;
	struct partial_writer *w = partial_create(path, &e);
	struct keytable t;
	uint64_t total = 0;
	size_t i;

	if (!OK(w != NULL, e))
		return 0;
	keytable_init(&t, 64);
	while (runs--) {
		for (i = 0; i < l->n; i++) {
			struct group *g = &l->v[i];
			struct keyent *k;
			uint64_t rows = below(5), bytes = rows * below(1000);

			if (rows == 0 && g->rows > 0)
				continue;
			rows += rows == 0;
			g->rows += rows;
			g->bytes += bytes;
			total += rows;
			k = keytable_entry(
			    &t, bytes_str(g->key), key_hash(bytes_str(g->key)));
			k->hi += rows;
			k->where += bytes;
		}
		OK(partial_put_keys(w, SECTION_GROUPS, &t, &e) == 0, e);
	}
	OK(partial_finish(w, &e) == 0, e);
	partial_writer_free(w);
	keytable_fini(&t);
	return total;
}

static void
want(struct buf *b, struct list *l, bool ints, const char *table)
{
	size_t i;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), ints ? by_number : by_key);
	buf_printf(b, "the\\tkey\trows\tbytes%s\n", table ? "\ttable" : "");
	for (i = 0; i < l->n; i++) {
		tsv_put(b, bytes_str(l->v[i].key));
		buf_printf(b, "\t%" PRIu64 "\t%" PRIu64 "%s%s\n", l->v[i].rows,
		    l->v[i].bytes, table ? "\t" : "", table ? table : "");
	}
}

static void
any_memory_gives_the_sums_in_order(void)
{
	static const uint64_t memory[] = {1, 30000, 1 << 30};
	static char table[] = "trades", column[] = "the\tkey";
	struct na_rule na;
	unsigned round;

	na_rule_init(&na, NULL);
	for (round = 0; round < 24; round++) {
		enum look look = (enum look)(round % 3);
		struct list l = make_list(look, below(round < 3 ? 3 : 2000));
		struct buf text = BUF_ZERO, got = BUF_ZERO;
		struct partial part[4];
		struct input in = {.rows = 17};
		struct facts f = {.groups = column,
		    .table = round % 2 ? table : NULL,
		    .in = &in,
		    .nin = 1,
		    .group_missing = 17,
		    .group_kinds = 1u << (look == INTS ? KIND_INT : KIND_TEXT)};
		size_t n = 1 + below(LEN(part)), i;

		test_about("round %u, %zu groups", round, l.n);
		for (i = 0; i < n; i++) {
			const char *path = test_path("%zu.st", i);
			struct err e = ERR_ZERO;

			in.rows += make_partial(path, &l, (unsigned)below(4));
			OK(partial_open(&part[i], path, &e) == 0, e);
		}
		for (i = l.n; i-- > 0;)
			if (l.v[i].rows == 0) { /* in no run */
				free(l.v[i].key);
				l.v[i] = l.v[--l.n];
			}
		want(&text, &l, look == INTS, f.table);
		for (i = 0; i < LEN(memory); i++) {
			struct err e = ERR_ZERO;
			uint64_t digest;

			if (!OK(groups_write(test_path("groups.tsv"), &f, &na,
				    part, n, memory[i], &digest, &e) == 0,
				e))
				continue;
			test_read(test_path("groups.tsv"), &got);
			EQ_B(buf_bytes(&got), buf_bytes(&text));
			EQ_U(digest, digest_of(got.p, got.n));
			EQ_U(f.ngroup, l.n);
		}
		while (n)
			partial_close(&part[--n]);
		list_free(&l);
		buf_fini(&text);
		buf_fini(&got);
	}
	na_rule_fini(&na);
}

static void
sums_that_do_not_close_are_refused(void)
{
	static char column[] = "key";
	struct list l = make_list(WORDS, 50);
	struct input in = {.rows = 0};
	struct facts f = {.groups = column,
	    .in = &in,
	    .nin = 1,
	    .group_kinds = 1u << KIND_TEXT};
	struct err e = ERR_ZERO;
	struct partial p;
	struct na_rule na;
	uint64_t digest;

	na_rule_init(&na, NULL);
	in.rows = make_partial(test_path("0.st"), &l, 2) + 1;
	if (OK(partial_open(&p, test_path("0.st"), &e) == 0, e)) {
		EQ_I(groups_write(test_path("groups.tsv"), &f, &na, &p, 1,
			 1 << 20, &digest, &e),
		    -1);
		HAS(e.msg, "do not add up");
		CHECK(access(test_path("groups.tsv"), F_OK) < 0);
		partial_close(&p);
	}
	na_rule_fini(&na);
	list_free(&l);
}

int
main(void)
{
	RUN(any_memory_gives_the_sums_in_order);
	RUN(sums_that_do_not_close_are_refused);
	return test_end();
}
