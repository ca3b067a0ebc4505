/*
 * check - an output that is not what its records say is complained of, for each
 * fault once, and is not sealed.
 */
#include "shards/check.h"

#include "outdir.h"

static struct buf said;

static void
say(void *arg, const char *text)
{
	(void)arg;
	buf_printf(&said, "%s\n", text);
}

/* The number of complaints. */
static size_t
check(const struct check_opt *o)
{
	struct complaints c = {.say = say};
	struct err e = ERR_ZERO;

	buf_clear(&said);
	OK(check_output(outdir, o, &c, &e) == 0, e);
	return c.n;
}

static const struct check_opt whole = {.quick = false};
static const struct check_opt quick = {.quick = true};
static const struct check_opt build = {.build = true};

/* One complaint, which says that. */
static void
one(const struct check_opt *o, const char *says)
{
	EQ_U(check(o), 1);
	HAS(buf_cstr(&said), says);
}

static void
begin(void)
{
	outdir_begin();
	outdir_shard("00001", "train", 2);
	outdir_shard("00002", "test", 3);
}

static void
a_whole_output_is_sealed_with_its_tables(void)
{
	begin();
	EQ_U(check(&whole), 0);
	EQ_I(outdir_has("_SUCCESS"), false);
	EQ_U(check(&build), 0);
	EQ_I(outdir_has("_SUCCESS"), true);
	EQ_I(outdir_has("_manifest.tsv"), true);
	EQ_I(outdir_has("_account.tsv"), true);
	EQ_U(check(&whole), 0);
	EQ_I(outdir_has("_SUCCESS"), true);
}

static void
a_seal_does_not_outlive_a_fault(void)
{
	begin();
	EQ_U(check(&build), 0);
	outdir_put("train/part-00001.csv", "shorter");
	EQ_U(check(&build), 1);
	EQ_I(outdir_has("_SUCCESS"), false);
}

static void
a_file_has_its_size_and_its_bytes(void)
{
	begin();
	/* as long as before */
	outdir_put("train/part-00001.csv", "k\ntrain 00009\n");
	one(&whole, "part-00001.csv: damaged");
	EQ_U(check(&quick), 0);
	outdir_put("train/part-00001.csv", "k\n");
	one(&quick, "has 2 bytes, its record says 14");
	EQ_I(unlink(test_path("out/train/part-00001.csv")), 0);
	one(&whole, "train/part-00001.csv: No such file");
}

static void
a_file_that_was_used_is_gone(void)
{
	struct record r = {.shard = xstrdup("00003"), .account = {.in = 4}};

	begin();
	outdir_put("used.csv", "x");
	outdir_file(&r, "used.csv", "", 4);
	r.file[0].used = true;
	outdir_record(&r, "_shards/00003.tsv");
	one(&whole, "used.csv: its record says that it was used and removed");
	EQ_I(unlink(test_path("out/used.csv")), 0);
	EQ_U(check(&whole), 0);
}

static void
strangers_are_told_from_what_a_killed_run_left(void)
{
	begin();
	outdir_put("notes.txt", "x");
	one(&whole, "notes.txt: a file that no record names; not ours");
	outdir_put("train/deep/x", "x");
	EQ_U(check(&whole), 2);
	EQ_I(unlink(test_path("out/notes.txt")), 0);
	EQ_I(unlink(test_path("out/train/deep/x")), 0);
	/* hidden files, and those of ours */
	outdir_put(".hidden", "x");
	outdir_put("_list", "x");
	EQ_U(check(&whole), 0);
	outdir_put("train/_list", "x");
	one(&whole, "train/_list: a file that no record names; not ours");
	EQ_I(unlink(test_path("out/train/_list")), 0);
	CHECK(rename(test_path("out/_shards/00002.tsv"),
		  test_path("out/_shards/.tmp.00002.tsv.1.2")) == 0);
	one(&whole,
	    "test/part-00002.csv: a file that no record names; of a "
	    "shard that was not finished");
}

static void
an_account_that_does_not_close_is_told(void)
{
	struct record r = {.shard = xstrdup("00003"),
	    .account = {.in = 9, .drop = {[DROP_REJECTED] = 4}}};

	begin();
	outdir_put("x.csv", "x");
	outdir_file(&r, "x.csv", "", 4);
	outdir_record(&r, "_shards/00003.tsv");
	one(&whole, "shard 00003: its account does not close: 9 rows in, 4");
}

static void
a_record_that_cannot_be_read_is_a_fault(void)
{
	begin();
	outdir_put("_shards/00002.tsv", "half");
	EQ_U(check(&build), 2); /* and nothing names its file */
	HAS(buf_cstr(&said), "_shards/00002.tsv");
	HAS(buf_cstr(&said), "test/part-00002.csv: a file that no record");
}

static void
each_input_has_a_record(void)
{
	struct file_list f = {NULL, 0};
	const struct check_opt o = {.inputs = &f};
	const struct check_opt scoped = {.inputs = &f, .scope = "s"};
	int i;

	begin();
	list_add(&f, xstrdup("in/part-1.csv"));
	list_add(&f, xstrdup("in/part-2.csv"));
	EQ_U(check(&o), 0);
	list_add(&f, xstrdup("in/part-3.csv"));
	one(&o, "in/part-3.csv: not done: no record of it in ");
	EQ_U(check(&scoped), 3);
	/* three are named, and the others counted */
	for (i = 4; i < 9; i++) {
		char name[40];

		snprintf(name, sizeof(name), "in/part-%d.csv", i);
		list_add(&f, xstrdup(name));
	}
	EQ_U(check(&o), 4);
	HAS(buf_cstr(&said), "part-5.csv");
	CHECK(!strstr(buf_cstr(&said), "part-6.csv"));
	HAS(buf_cstr(&said), "... and 3 shards more are not done");
	list_free(&f);
}

static void
tables_that_disagree_are_told_and_made_again(void)
{
	begin();
	EQ_U(check(&build), 0);
	outdir_put("_account.tsv", "shard\tkind\tname\trows\n");
	one(&whole, "_account.tsv: does not agree with the records");
	outdir_put("_manifest.tsv", "");
	EQ_U(check(&whole), 2);
	EQ_U(check(&build), 0);
	EQ_U(check(&whole), 0);
}

static void
what_was_routed_is_in_the_batches(void)
{
	outdir_begin();
	outdir_unit("a", 0, 5);
	outdir_unit("a", 1, 6);
	outdir_unit("ab", 0, 2);
	outdir_batch("a", 0, 4);
	outdir_batch("a", 1, 7);
	outdir_batch("ab", 0, 2);
	outdir_put("batches.tsv", "x");
	EQ_U(check(&build), 0);
	outdir_batch("ab", 1, 1);
	EQ_U(check(&whole), 2); /* and the tables are of before */
	HAS(buf_cstr(&said), "table ab: 2 rows were routed, 3 are in its");
}

/* A day whose one shard has one row. */
static void
put_day(const char *day)
{
	struct record r = {.shard = xstrdup("00000"), .account = {.in = 1}};
	char name[100];

	snprintf(name, sizeof(name), "%s/_SUCCESS", day);
	outdir_put(name, "");
	snprintf(name, sizeof(name), "%s/t/a.csv", day);
	outdir_put(name, day);
	outdir_file(&r, name, "t", 1);
	free(r.file[0].name);
	r.file[0].name = xstrdup("t/a.csv");
	snprintf(name, sizeof(name), "%s/_shards/00000.tsv", day);
	outdir_record(&r, name);
}

static void
each_day_has_its_seal_and_is_checked(void)
{
	outdir_begin();
	outdir_put("_days.tsv", "day\n2024-01-02\n2024-01-03\n");
	put_day("2024-01-02");
	put_day("2024-01-03");
	EQ_U(check(&build), 0);
	outdir_put("2024-01-04/x", "x");
	one(&whole, "2024-01-04/x: a file that no record names");
	EQ_I(unlink(test_path("out/2024-01-04/x")), 0);
	EQ_I(unlink(test_path("out/2024-01-03/_SUCCESS")), 0);
	one(&whole, "out/2024-01-03: this day is not done");
	outdir_put("2024-01-03/_SUCCESS", "");
	outdir_put("2024-01-03/t/a.csv", "2024-01-02");
	one(&whole, "2024-01-03/t/a.csv: damaged");
}

static void
an_output_without_a_shard_is_not_whole(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;

	outdir_begin();
	EQ_I(check_output(outdir, &build, &c, &e), -1);
	HAS(e.msg, "no records of a run");
	EQ_I(mkdir(test_path("out/_shards"), 0777), 0);
	one(&build, ": no shard is done");
	EQ_I(outdir_has("_SUCCESS"), false);
}

int
main(void)
{
	RUN(a_whole_output_is_sealed_with_its_tables);
	RUN(a_seal_does_not_outlive_a_fault);
	RUN(a_file_has_its_size_and_its_bytes);
	RUN(a_file_that_was_used_is_gone);
	RUN(strangers_are_told_from_what_a_killed_run_left);
	RUN(an_account_that_does_not_close_is_told);
	RUN(a_record_that_cannot_be_read_is_a_fault);
	RUN(each_input_has_a_record);
	RUN(tables_that_disagree_are_told_and_made_again);
	RUN(what_was_routed_is_in_the_batches);
	RUN(each_day_has_its_seal_and_is_checked);
	RUN(an_output_without_a_shard_is_not_whole);
	buf_fini(&said);
	return test_end();
}
