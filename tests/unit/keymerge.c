/* keymerge - the same index and the same first rows from any number of
 * processes, and what one of them says when it fails. */
#include "pass1/keymerge.h"

#include "test.h"

#define NRUN 5
#define NKEYS 60000 /* in a run; a third of them in the run before too */

static const uint64_t shards[NRUN] = {1, 2, 3, 5, 8};
static const uint32_t ordinals[NRUN] = {0, 1, 2, 3, 4};

/* The runs, with long keys and short ones. */
static void
make_runs(struct keytable *t, struct key_run *run, struct keyent **ent)
{
	static const struct partial nowhere = {.path = (char *)(uintptr_t) "p"};
	size_t r, i;

	for (r = 0; r < NRUN; r++) {
		keytable_init(&t[r], 64);
		for (i = 0; i < NKEYS; i++) {
			struct keyent what = {.hi = rnd() >> 8};
			char p[40];
			size_t n = (size_t)snprintf(p, sizeof(p), "%s%zu",
			    i % 7 ? "k" : "a key longer than an entry ",
			    r * (NKEYS / 3 * 2) + i);

			what.where = keyent_where((struct instant){0, 0}, 0, i);
			keytable_put(&t[r], bytes_of(p, n),
			    key_hash(bytes_of(p, n)), &what);
		}
		ent[r] = keytable_sorted(&t[r]);
		run[r] = (struct key_run){ent[r], 0, t[r].n,
		    buf_bytes(&t[r].heap), &ordinals[r], 1, &nowhere};
	}
}

static int
merge_to(const char *path, const struct key_run *run, uint64_t workers,
    struct err *e)
{
	struct key_run c[NRUN];
	struct keyindex_writer *w =
	    keyindex_create(path, NRUN * NKEYS, shards, NRUN, e);
	int rc;

	memcpy(c, run, sizeof(c));
	rc = keymerge(w, c, NRUN, NRUN * NKEYS, NULL, workers, e);
	if (rc == 0)
		rc = keyindex_finish(w, e);
	keyindex_writer_free(w);
	return rc;
}

static void
any_number_of_processes_makes_the_same_index(void)
{
	struct keytable t[NRUN];
	struct key_run run[NRUN];
	struct keyent *ent[NRUN];
	struct buf one = BUF_ZERO, many = BUF_ZERO;
	struct err e = ERR_ZERO;
	uint64_t workers;
	size_t i;

	make_runs(t, run, ent);
	OK(merge_to(test_path("1"), run, 1, &e) == 0, e);
	test_read(test_path("1"), &one);
	CHECK(one.n > NRUN * NKEYS * 20);
	for (workers = 2; workers < 8; workers++) {
		buf_clear(&many);
		OK(merge_to(test_path("n"), run, workers, &e) == 0, e);
		test_read(test_path("n"), &many);
		EQ_U(many.n, one.n);
		CHECK(bytes_eq(buf_bytes(&one), buf_bytes(&many)));
	}
	/* what one process finds is said by the first */
	for (i = 0; i < 2; i++) {
		struct keyent *bad = &ent[2][i ? NKEYS - 1 : NKEYS / 2];

		keyent_set_heap(bad, UINT64_MAX / 2, 100, 7);
		for (workers = 1; workers < 5; workers++) {
			EQ_I(merge_to(test_path("bad"), run, workers, &e), -1);
			HAS(e.msg, "p: damaged partial");
		}
	}
	for (i = 0; i < NRUN; i++) {
		free(ent[i]);
		keytable_fini(&t[i]);
	}
	buf_fini(&one);
	buf_fini(&many);
}

#define FEW 500 /* keys, and times, so that many occurrences tie */
#define LONG 3000

struct row {
	uint64_t hi;
	uint32_t run, row, key;
};

/* As the documentation says it: of each key the rows at its first time, or of
 * these the one in the first shard. */
static bool
naive_is_first(const struct row *v, size_t n, size_t i, bool one)
{
	size_t k;

	for (k = 0; k < n; k++)
		if (v[k].key == v[i].key &&
		    (v[k].hi < v[i].hi ||
			(one && v[k].hi == v[i].hi && v[k].run < v[i].run)))
			return false;
	return true;
}

static void
rows_are_those_of_a_naive_search_for_any_number_of_processes(void)
{
	static const struct partial nowhere = {.path = (char *)(uintptr_t) "p"};
	struct na_rule skip;
	struct keytable t[NRUN];
	struct keyent *ent[NRUN];
	struct row *v = xcalloc(NRUN * LONG, sizeof(*v));
	bool *taken = xcalloc(NRUN * FEW, sizeof(*taken));
	struct err e = ERR_ZERO;
	uint64_t rows[NRUN], keys, workers;
	size_t n = 0, r, i;
	int one;

	na_rule_init(&skip, "k7");
	for (r = 0; r < NRUN; r++) {
		keytable_init(&t[r], 64);
		rows[r] = LONG;
		for (i = 0; i < LONG; i++) {
			uint32_t key = (uint32_t)below(FEW);
			struct keyent what = {.hi = below(4)};
			struct bytes text;
			char p[80];

			if (taken[r * FEW + key] || one_in(3))
				continue;
			taken[r * FEW + key] = true;
			text = bytes_of(p,
			    (size_t)snprintf(p, sizeof(p), "%s%" PRIu32,
				key % 5 ? "k" : "a key longer than an entry ",
				key));
			what.where = keyent_where((struct instant){0, 0}, 0, i);
			keytable_put(&t[r], text, key_hash(text), &what);
			v[n++] = (struct row){
			    what.hi, (uint32_t)r, (uint32_t)i, key};
		}
		ent[r] = keytable_sorted(&t[r]);
	}
	for (one = 0; one < 2; one++)
		for (workers = 1; workers < 5; workers++) {
			const char *path = test_path("rows");
			struct firstrows_writer *w =
			    firstrows_create(path, one, shards, rows, NRUN, &e);
			struct key_run c[NRUN];
			struct firstrows *f;
			struct rowbits bits;
			size_t set = 0, want = 0;

			for (r = 0; r < NRUN; r++)
				c[r] = (struct key_run){ent[r], 0, t[r].n,
				    buf_bytes(&t[r].heap), &ordinals[r], 1,
				    &nowhere};
			/* a total that makes ranges for all of them */
			if (!OK(w != NULL, e) ||
			    !OK(keymerge_rows(w, one, c, NRUN, 400000, &skip,
				    workers, &keys, &e) == 0,
				e) ||
			    !OK(firstrows_finish(w, keys, &e) == 0, e))
				return;
			firstrows_writer_free(w);
			f = firstrows_open(path, &e);
			if (!OK(f != NULL, e))
				return;
			EQ_U(firstrows_keys(f), FEW - 1); /* but the token */
			EQ_I(firstrows_one(f), one);
			for (i = 0; i < n; i++) {
				bool first = v[i].key != 7 &&
				    naive_is_first(v, n, i, one);

				if (!OK(firstrows_find(f, shards[v[i].run],
					    &bits, &e) == 0,
					e))
					return;
				EQ_I(rowbits_get(&bits, v[i].row), first);
				want += first;
			}
			for (r = 0; r < NRUN; r++) {
				EQ_I(
				    firstrows_find(f, shards[r], &bits, &e), 0);
				EQ_U(bits.rows, LONG);
				for (i = 0; i < LONG; i++)
					set += rowbits_get(&bits, i);
			}
			EQ_U(set, want); /* and no others */
			firstrows_close(f);
		}
	for (r = 0; r < NRUN; r++) {
		free(ent[r]);
		keytable_fini(&t[r]);
	}
	na_rule_fini(&skip);
	free(v);
	free(taken);
}

/* Its table grows, and moves, while it is filled. */
static void
a_range_may_have_more_keys_than_its_table_began_with(void)
{
	static const struct partial nowhere = {.path = (char *)(uintptr_t) "p"};
	const char *path = test_path("many");
	uint64_t rows = 200000, keys = 0, i;
	struct err e = ERR_ZERO;
	struct firstrows_writer *w =
	    firstrows_create(path, false, shards, &rows, 1, &e);
	struct firstrows *f = NULL;
	struct rowbits bits;
	struct keyent *ent;
	struct keytable t;
	struct key_run c;

	keytable_init(&t, 64);
	for (i = 0; i < rows; i++) {
		struct keyent what = {.hi = 1};
		char p[32];
		struct bytes text = bytes_of(
		    p, (size_t)snprintf(p, sizeof(p), "key %" PRIu64, i));

		what.where = keyent_where((struct instant){0, 0}, 0, i);
		keytable_put(&t, text, key_hash(text), &what);
	}
	ent = keytable_sorted(&t);
	c = (struct key_run){
	    ent, 0, t.n, buf_bytes(&t.heap), &ordinals[0], 1, &nowhere};
	/* so few are said to be there that they are one range */
	if (OK(w != NULL, e) &&
	    OK(keymerge_rows(w, false, &c, 1, 1000, NULL, 1, &keys, &e) == 0,
		e) &&
	    OK(firstrows_finish(w, keys, &e) == 0, e))
		f = firstrows_open(path, &e);
	EQ_U(keys, rows);
	if (OK(f != NULL, e) &&
	    EQ_I(firstrows_find(f, shards[0], &bits, &e), 0))
		for (i = 0; i < rows; i++)
			if (!CHECK(rowbits_get(&bits, i)))
				break;
	firstrows_close(f);
	firstrows_writer_free(w);
	keytable_fini(&t);
	free(ent);
}

static void
a_row_that_the_shard_does_not_have_is_damage(void)
{
	static const struct partial nowhere = {.path = (char *)(uintptr_t) "p"};
	struct keytable t;
	struct keyent *ent, what = {.hi = 1}, two = {.hi = 1};
	struct err e = ERR_ZERO;
	uint64_t rows[2] = {100, 1}, keys;
	struct bytes a = bytes_str("a"), b = bytes_str("b");
	int far;

	for (far = 0; far < 2; far++) {
		struct firstrows_writer *w = firstrows_create(
		    test_path("rows"), false, shards, rows, 2, &e);
		struct key_run c;

		keytable_init(&t, 64);
		what.where = keyent_where((struct instant){0, 0}, 0, 99);
		keytable_put(&t, a, key_hash(a), &what);
		two.where =
		    keyent_where((struct instant){0, 0}, 0, far ? 100 : 98);
		keytable_put(&t, b, key_hash(b), &two);
		ent = keytable_sorted(&t);
		c = (struct key_run){
		    ent, 0, t.n, buf_bytes(&t.heap), ordinals, 1, &nowhere};
		EQ_I(keymerge_rows(w, false, &c, 1, 2, NULL, 1, &keys, &e),
		    far ? -1 : 0);
		if (far)
			HAS(e.msg, "p: damaged partial");
		firstrows_writer_free(w);
		CHECK(access(test_path("rows"), F_OK) < 0);
		free(ent);
		keytable_fini(&t);
	}
}

int
main(void)
{
	RUN(any_number_of_processes_makes_the_same_index);
	RUN(rows_are_those_of_a_naive_search_for_any_number_of_processes);
	RUN(a_range_may_have_more_keys_than_its_table_began_with);
	RUN(a_row_that_the_shard_does_not_have_is_damage);
	return test_end();
}
