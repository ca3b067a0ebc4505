/* keymerge - the same index from any number of processes, and what one of them
 * says when it fails. */
#include "keymerge.h"

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

int
main(void)
{
	RUN(any_number_of_processes_makes_the_same_index);
	return test_end();
}
