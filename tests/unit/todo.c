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

/* The input of that number; freed by the caller. */
static char *
shard_path(unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "part-%u.csv", number);
	return xstrdup(test_path(name));
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

/* A unit of the shard `number` with two runs, routed from a file in the test's
 * directory with the facts 7. */
static void
make_unit_of(const char *table, unsigned number)
{
	struct record r = {.is_routed = true,
	    .facts = 7,
	    .shard = record_shard(NULL, number),
	    .input = shard_path(number)};
	struct err ignored;
	char *unit = xstrdup(r.shard),
	     *dir = units_path(test_path("out"), table, "");
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	uint64_t k;

	if (identity_of(r.input, &r.id, &ignored) < 0) {
		free(r.input);
		r.input = NULL;
	}
	record_put(&r, &b);
	record_fini(&r);
	OK(make_dirs(dir, &e) == 0, e);
	OK(unit_save(dir, unit, buf_bytes(&b), 2, &e) == 0, e);
	for (k = 0; k < 2; k++) {
		char *path = unit_run_path(dir, unit, k);

		test_write(path, "run", 3);
		free(path);
	}
	buf_fini(&b);
	free(unit);
	free(dir);
}

static void
make_unit(const char *table)
{
	make_unit_of(table, 0);
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

#define NSHARD 4
static const unsigned numbers[NSHARD] = {10, 9, 2, 0};

/* Which of the shards are to be routed, as a text of 0 and 1. */
static const char *
to_route(const char *out, uint64_t facts, const struct todo_how *how)
{
	static char text[NSHARD + 1];
	const struct batchfile_opt o = {
	    .out = out, .facts = facts, .format = FORMAT_UNKNOWN, .codec = -1};
	char *path[NSHARD];
	struct err e = ERR_ZERO;
	bool todo[NSHARD];
	size_t i;

	for (i = 0; i < NSHARD; i++)
		path[i] = shard_path(numbers[i]);
	OK(todo_table(&o, "a", path, NSHARD, how, todo, &e) == 0, e);
	for (i = 0; i < NSHARD; i++) {
		text[i] = todo[i] ? '1' : '0';
		free(path[i]);
	}
	return text;
}

static void
shards_are_to_be_routed_that_no_unit_has(void)
{
	const struct todo_how how = {.nbatch = 1};
	const struct todo_how whole = {.nbatch = 1, .whole = true};
	const struct todo_how force = {.nbatch = 1, .force = true};
	char *out = xstrdup(test_path("out"));
	size_t i;

	for (i = 0; i < NSHARD; i++) {
		char *path = shard_path(numbers[i]);

		test_write(path, "k\n", 2);
		free(path);
	}
	EQ_S(to_route(out, 7, &how), "1111");
	make_unit_of("a", 9);
	make_unit_of("a", 0);
	make_unit_of("b", 9);
	EQ_S(to_route(out, 7, &how), "1010");
	make_unit_of("a", 10);
	make_unit_of("a", 2);
	EQ_S(to_route(out, 7, &how), "0000");
	EQ_S(to_route(out, 7, &whole), "1111"); /* and has no batch */
	EQ_I(is_there("out/_runs/a/00009.tsv"), false);
	make_unit_of("a", 9);
	EQ_S(to_route(out, 7, &whole), "1111");
	EQ_I(is_there("out/_runs/a/00009.tsv"), false);
	make_unit_of("a", 9);
	EQ_S(to_route(out, 8, &how), "1111"); /* by other facts */
	EQ_I(is_there("out/_runs/a/00009.tsv"), false);
	make_unit_of("a", 9);
	EQ_S(to_route(out, 7, &force), "1111");
	EQ_I(is_there("out/_runs/a/00009.tsv"), false);
	EQ_I(is_there("out/_runs/b/00009.tsv"), true);
	free(out);
}

static void
a_batch_is_done_only_in_the_form_that_is_asked_for(void)
{
	char *out = xstrdup(test_path("out"));
	struct batchfile_opt o = {.out = out, .format = FORMAT_UNKNOWN};
	struct record r;
	struct err e = ERR_ZERO;
	struct batchfile f;
	static const struct {
		enum format format;
		int codec;
		bool done;
	} ask[] = {{FORMAT_UNKNOWN, -1, true}, {FORMAT_CSV, -1, true},
	    {FORMAT_UNKNOWN, CODEC_NONE, true}, {FORMAT_CSV, CODEC_NONE, true},
	    {FORMAT_TSV, -1, false}, {FORMAT_UNKNOWN, CODEC_GZIP, false},
	    {FORMAT_JSONL, CODEC_NONE, false}};
	size_t i;

	make_batch("a.csv.gz", 0);
	for (i = 0; i < LEN(ask); i++) {
		test_about("%zu", i);
		o.format = ask[i].format;
		o.codec = ask[i].codec;
		if (EQ_I(batchfile_done(&o, "a.csv.gz/00000", &r),
			ask[i].done) &&
		    ask[i].done)
			record_fini(&r);
	}
	/* made in another one, it replaces the file before */
	o.format = FORMAT_JSONL;
	o.codec = CODEC_GZIP;
	OK(batchfile_open(&f, &o, "a.csv.gz", 0, ',', bytes_of("k\n", 2), &e) ==
		    0 &&
		batchfile_commit(&f, &e) == 0,
	    e);
	batchfile_free(&f);
	EQ_I(is_there("out/batch-a.csv.gz-0.csv"), false);
	EQ_I(is_there("out/batch-a.csv.gz-0.jsonl.gz"), true);
	free(out);
}

int
main(void)
{
	RUN(shards_are_to_be_routed_that_no_unit_has);
	RUN(a_batch_is_done_only_in_the_form_that_is_asked_for);
	RUN(names_of_batches_are_told_from_others);
	RUN(a_sweep_removes_only_batches_that_no_record_names);
	RUN(batches_that_have_a_record_are_counted);
	RUN(rows_are_lost_when_a_run_and_a_batch_are);
	RUN(what_is_forgotten_is_gone_and_the_seal_with_it);
	RUN(other_tables_go_with_their_directories);
	return test_end();
}
