/*
 * clean - what does not belong to an output goes; what is done stays.
 */
#include "shards/clean.h"

#include "outdir.h"

#define TEMP ".tmp.x.1.0123456789abcdef"

static void
temp_files_and_the_seal_go_and_shards_stay(void)
{
	static const char *const temps[] = {TEMP, "train/" TEMP,
	    "_shards/" TEMP, "_shards/scope/" TEMP, "_runs/table/" TEMP};
	static const char *const stay[] = {"train/part-00001.csv",
	    "_shards/00001.tsv", "notes.txt", ".hidden", ".tmp/" TEMP,
	    "train/sub/" TEMP};
	struct err e = ERR_ZERO;
	size_t i;

	outdir_begin();
	outdir_shard("00001", "train", 2);
	outdir_put("_SUCCESS", "");
	for (i = 2; i < LEN(stay); i++)
		outdir_put(stay[i], "x");
	for (i = 0; i < LEN(temps); i++)
		outdir_put(temps[i], "x");
	OK(clean_output(outdir, &e) == 0, e);
	EQ_I(outdir_has("_SUCCESS"), false);
	for (i = 0; i < LEN(temps); i++) {
		test_about("%s", temps[i]);
		EQ_I(outdir_has(temps[i]), false);
	}
	for (i = 0; i < LEN(stay); i++) {
		test_about("%s", stay[i]);
		EQ_I(outdir_has(stay[i]), true);
	}
	OK(clean_output(test_path("none"), &e) == 0, e);
}

static void
files_of_a_shard_that_was_not_finished_go(void)
{
	struct err e = ERR_ZERO;

	outdir_begin();
	outdir_shard("00001", "train", 2);
	outdir_shard("00002", "train", 2);
	CHECK(rename(test_path("out/_shards/00002.tsv"),
		  test_path("out/_shards/.tmp.00002.tsv.1.0123456789abcdef")) ==
	    0);
	OK(clean_output(outdir, &e) == 0, e);
	EQ_I(outdir_has("train/part-00001.csv"), true);
	EQ_I(outdir_has("train/part-00002.csv"), false);
}

/* Prunes by that list, of names up to NULL. */
static size_t
prune(const char *scope, const char *const *name)
{
	struct complaints c = {.say = NULL};
	struct file_list f = {NULL, 0};
	struct err e = ERR_ZERO;

	for (; *name; name++)
		list_add(&f, xstrdup(*name));
	OK(clean_prune(outdir, scope, &f, &c, &e) == 0, e);
	list_free(&f);
	return c.n;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__ NULL})

static void
shards_that_are_no_inputs_any_more_go_with_their_files(void)
{
	outdir_begin();
	outdir_shard("00001", "train", 2);
	outdir_shard("00002", "train", 2);
	outdir_shard("123456", "train", 2);
	outdir_put("_SUCCESS", "");
	EQ_U(prune(NULL,
		 NAMES("b/part-2.csv", "part-123456.csv", "part-01.csv", )),
	    0);
	EQ_I(outdir_has("_SUCCESS"), true); /* there was nothing to do */
	EQ_U(prune(NULL, NAMES("a/part-0002.csv.gz", "part-3.csv", )), 0);
	EQ_I(outdir_has("_SUCCESS"), false);
	EQ_I(outdir_has("train/part-00001.csv"), false);
	EQ_I(outdir_has("_shards/00001.tsv"), false);
	EQ_I(outdir_has("train/part-123456.csv"), false);
	EQ_I(outdir_has("train/part-00002.csv"), true);
	EQ_I(outdir_has("_shards/00002.tsv"), true);
	EQ_U(prune(NULL, NAMES()), 0);
	EQ_I(outdir_has("train/part-00002.csv"), false);
	EQ_I(outdir_has("_shards/00002.tsv"), false);
	EQ_I(rmdir(test_path("out/_shards")), 0); /* not even a temp file */
}

static void
a_scope_is_pruned_alone(void)
{
	outdir_begin();
	outdir_shard("00001", "all", 2);
	outdir_shard("train/00001", "s", 2);
	outdir_shard("train/00002", "s", 2);
	outdir_shard("train2/00001", "s", 2);
	EQ_U(prune("train", NAMES("train/part-2.csv", )), 0);
	EQ_I(outdir_has("_shards/00001.tsv"), true);
	EQ_I(outdir_has("_shards/train/00001.tsv"), false);
	EQ_I(outdir_has("s/part-train/00001.csv"), false);
	EQ_I(outdir_has("_shards/train/00002.tsv"), true);
	EQ_I(outdir_has("_shards/train2/00001.tsv"), true);
}

static void
a_record_that_cannot_be_read_stays_with_its_files(void)
{
	outdir_begin();
	outdir_shard("00001", "train", 2);
	outdir_put("_shards/00001.tsv", "half a rec");
	EQ_U(prune(NULL, NAMES()), 1);
	EQ_I(outdir_has("_shards/00001.tsv"), true);
	EQ_I(outdir_has("train/part-00001.csv"), true);
}

static void
an_output_without_records_is_left_alone(void)
{
	outdir_begin();
	outdir_put("_SUCCESS", "");
	outdir_put("train/part-00001.csv", "x");
	EQ_U(prune(NULL, NAMES()), 0);
	EQ_I(outdir_has("_SUCCESS"), true);
	EQ_I(outdir_has("train/part-00001.csv"), true);
}

int
main(void)
{
	RUN(temp_files_and_the_seal_go_and_shards_stay);
	RUN(files_of_a_shard_that_was_not_finished_go);
	RUN(shards_that_are_no_inputs_any_more_go_with_their_files);
	RUN(a_scope_is_pruned_alone);
	RUN(a_record_that_cannot_be_read_stays_with_its_files);
	RUN(an_output_without_records_is_left_alone);
	return test_end();
}
