/*
 * todo - what an output of shredding has of its tables, what was lost, and what
 * a removal leaves; and which names of files are batches.
 */
#include "shred/todo.h"

#include "io/commit.h"
#include "shards/units.h"
#include "test.h"

static bool
is_there(const char *name)
{
	return access(test_path(name), F_OK) == 0;
}

static void
put_file(const char *name)
{
	struct err e = ERR_ZERO;
	char *path = xstrdup(test_path(name)), *slash = strrchr(path, '/');

	*slash = '\0';
	OK(make_dirs(path, &e) == 0, e);
	*slash = '/';
	test_write(path, "x", 1);
	free(path);
}

/* A batch as it is done. */
static void
make_batch(const char *table, uint32_t batch)
{
	char *out = xstrdup(test_path("out"));
	const struct batchfile_opt o = {.out = out, .format = FORMAT_CSV};
	struct batchfile f;
	struct err e = ERR_ZERO;

	OK(make_dirs(out, &e) == 0, e);
	OK(batchfile_open(&f, &o, table, batch, ',', bytes_of("k\n", 2), &e) ==
		    0 &&
		batchfile_commit(&f, &e) == 0,
	    e);
	batchfile_free(&f);
	free(out);
}

/* A unit of one shard with two runs. */
static void
make_unit(const char *table)
{
	struct record r = {.is_routed = true, .shard = xstrdup("00000")};
	char *dir = units_path(test_path("out"), table, "");
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	uint64_t k;

	record_put(&r, &b);
	record_fini(&r);
	OK(make_dirs(dir, &e) == 0, e);
	OK(unit_save(dir, "00000", buf_bytes(&b), 2, &e) == 0, e);
	for (k = 0; k < 2; k++) {
		char *path = unit_run_path(dir, "00000", k);

		test_write(path, "run", 3);
		free(path);
	}
	buf_fini(&b);
	free(dir);
}

static void
names_of_batches_are_told_from_others(void)
{
	static const char *const yes[] = {"batch-a-0.csv", "batch-a-12.tsv.gz",
	    "batch-a-unplanned.parquet", "batch-a-7.jsonl.zst",
	    "batch-a-7.csv.lz4", "batch-a-7.csv.xz"};
	static const char *const no[] = {"batch-a-.csv", "batch-a-7",
	    "batch-a-7.", "batch-a-7.txt", "batch-a-7.csv.bz2",
	    "batch-a-7.csv.gz.gz", "batch-a-7x.csv", "batch-a-1-7.csv",
	    "batch-ab-7.csv", "batch-7.csv", "batch-a.csv", "a-7.csv",
	    "batch-a-unplanned7.csv", ".batch-a-7.csv", "batch-", ""};
	size_t i;

	for (i = 0; i < LEN(yes); i++) {
		test_about("%s", yes[i]);
		EQ_I(batchfile_is_name(yes[i], "a"), true);
	}
	for (i = 0; i < LEN(no); i++) {
		test_about("%s", no[i]);
		EQ_I(batchfile_is_name(no[i], "a"), false);
	}
	EQ_I(batchfile_is_name("batch-a-1-7.csv", "a-1"), true);
	EQ_I(batchfile_is_name("batch-a.x-7.csv", "a.x"), true);
	EQ_I(batchfile_is_name("batch-abx-7.csv", "a.x"), false);
}

static void
a_sweep_removes_only_batches_that_no_record_names(void)
{
	struct err e = ERR_ZERO;

	make_batch("a", 0);
	make_batch("a", BATCH_UNPLANNED);
	make_batch("b", 0);
	put_file("out/batch-a-7.csv.gz");
	put_file("out/batch-b-7.csv");
	put_file("out/batch-a-7.txt");
	OK(batchfile_sweep(test_path("out"), "a", &e) == 0, e);
	EQ_I(is_there("out/batch-a-0.csv"), true);
	EQ_I(is_there("out/batch-a-unplanned.csv"), true);
	EQ_I(is_there("out/batch-b-0.csv"), true);
	EQ_I(is_there("out/batch-b-7.csv"), true);
	EQ_I(is_there("out/batch-a-7.txt"), true);
	EQ_I(is_there("out/batch-a-7.csv.gz"), false);
	OK(batchfile_sweep(test_path("none"), "a", &e) == 0, e);
}

static void
batches_that_have_a_record_are_counted(void)
{
	bool there[4] = {true, false, false, true};

	make_batch("a", 1);
	make_batch("a", 2);
	make_batch("a", 4);
	make_batch("a", BATCH_UNPLANNED);
	EQ_U(batchfile_have(test_path("out"), "a", 4, there), 2);
	EQ_I(there[0], false);
	EQ_I(there[1], true);
	EQ_I(there[2], true);
	EQ_I(there[3], false);
	EQ_U(batchfile_have(test_path("out"), "a", 0, NULL), 0);
	EQ_U(batchfile_have(test_path("out"), "b", 9, NULL), 0);
}

static bool
lost(void)
{
	char *out = xstrdup(test_path("out"));
	struct err e = ERR_ZERO;
	bool is_lost = false;

	OK(todo_lost(out, "a", 2, false, &is_lost, &e) == 0, e);
	free(out);
	return is_lost;
}

static void
rows_are_lost_when_a_run_and_a_batch_are(void)
{
	struct units u;
	struct err e = ERR_ZERO;
	uint64_t gone;

	EQ_I(lost(), false);
	make_unit("a");
	EQ_I(lost(), false); /* all runs are there */
	make_batch("a", 0);
	EQ_I(unlink(test_path("out/_runs/a/00000.1.run")), 0);
	if (OK(units_load(&u, test_path("out"), "a", &e) == 0, e)) {
		EQ_U(units_runs(&u, &gone), 1);
		EQ_U(gone, 1);
	}
	units_fini(&u);
	EQ_I(lost(), true);
	make_batch("a", 1);
	EQ_I(lost(), false); /* each batch has a record */
	EQ_I(unlink(test_path("out/_batches/a/00000.tsv")), 0);
	EQ_I(lost(), true);
}

static void
what_is_forgotten_is_gone_and_the_seal_with_it(void)
{
	struct err e = ERR_ZERO;

	make_unit("a");
	make_unit("b");
	make_batch("a", 0);
	make_batch("b", 0);
	put_file("out/batch-a-3.tsv");
	put_file("out/_runs/a/freed");
	put_file("out/_runs/a/00009.0.run");
	put_file("out/_SUCCESS");
	put_file("out/_batches/a/00003.tsv"); /* damaged */
	OK(todo_forget(test_path("out"), "a", &e) == 0, e);
	EQ_I(rmdir(test_path("out/_runs/a")), 0);
	EQ_I(rmdir(test_path("out/_batches/a")), 0);
	EQ_I(is_there("out/batch-a-0.csv"), false);
	EQ_I(is_there("out/batch-a-3.tsv"), false);
	EQ_I(is_there("out/_SUCCESS"), false);
	EQ_I(is_there("out/_runs/b/00000.0.run"), true);
	EQ_I(is_there("out/batch-b-0.csv"), true);
	OK(todo_forget(test_path("out"), "a", &e) == 0, e);
}

static void
other_tables_go_with_their_directories(void)
{
	static const char *const keep[] = {"b", "nothing"};
	struct err e = ERR_ZERO;

	make_unit("a");
	make_batch("a", 0);
	make_unit("b");
	make_batch("b", 0);
	make_batch("c", 0);
	put_file("out/batch-c-9.csv");
	put_file("out/_batches/result.tsv");
	OK(todo_forget_others(test_path("out"), keep, LEN(keep), &e) == 0, e);
	EQ_I(is_there("out/_runs/a"), false);
	EQ_I(is_there("out/_batches/a"), false);
	EQ_I(is_there("out/_batches/c"), false);
	EQ_I(is_there("out/batch-c-9.csv"), false);
	EQ_I(is_there("out/_batches/result.tsv"), true);
	EQ_I(is_there("out/_runs/b/00000.tsv"), true);
	EQ_I(is_there("out/batch-b-0.csv"), true);
	OK(todo_forget_others(test_path("out"), NULL, 0, &e) == 0, e);
	EQ_I(is_there("out/_runs/b"), false);
	EQ_I(is_there("out/batch-b-0.csv"), false);
	OK(todo_forget_others(test_path("none"), NULL, 0, &e) == 0, e);
}

int
main(void)
{
	RUN(names_of_batches_are_told_from_others);
	RUN(a_sweep_removes_only_batches_that_no_record_names);
	RUN(batches_that_have_a_record_are_counted);
	RUN(rows_are_lost_when_a_run_and_a_batch_are);
	RUN(what_is_forgotten_is_gone_and_the_seal_with_it);
	RUN(other_tables_go_with_their_directories);
	return test_end();
}
