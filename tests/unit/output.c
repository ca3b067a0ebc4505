/*
 * output - all that an output's records say is loaded, in the order of numbers;
 * what cannot be read is complained of.
 */
#include "shards/output.h"

#include "outdir.h"

/* The texts of complaints, each on a line. */
static void
say(void *arg, const char *text)
{
	buf_printf(arg, "%s\n", text);
}

static void
records_come_by_number_then_scope(void)
{
	static const char *const order[] = {"00001", "a/00001", "b/00001",
	    "00002", "99999", "a/100000", "123456"};
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;
	size_t i;

	outdir_begin();
	for (i = LEN(order); i-- > 0;)
		outdir_shard(order[i], "train", i);
	outdir_put("_shards/.tmp.00007.tsv.1.2", "x");
	if (OK(output_load(&o, outdir, &c, &e) == 0, e) &&
	    EQ_U(o.nrec, LEN(order))) {
		EQ_S(o.out, outdir);
		EQ_I(o.shredded, false);
		for (i = 0; i < o.nrec; i++) {
			EQ_S(o.rec[i].shard, order[i]);
			EQ_U(o.rec[i].account.in, i);
			CHECK(output_find(&o, order[i]) == &o.rec[i]);
		}
		CHECK(output_find(&o, "00003") == NULL);
		CHECK(output_find(&o, "c/00001") == NULL);
	}
	EQ_U(c.n, 0);
	output_fini(&o);
	CHECK(o.rec == NULL && o.nrec == 0);
}

static void
a_bad_record_is_a_complaint_and_left_out(void)
{
	struct buf said = BUF_ZERO;
	struct complaints c = {say, &said, 5};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	outdir_shard("00001", "train", 1);
	outdir_put("_shards/00002.tsv", "half");
	outdir_put("_shards/a/00003.tsv", "half");
	if (OK(output_load(&o, outdir, &c, &e) == 0, e)) {
		EQ_U(o.nrec, 1);
		EQ_U(c.n, 7);
		HAS(buf_cstr(&said), "/_shards/00002.tsv");
		HAS(buf_cstr(&said), "/_shards/a/00003.tsv");
	}
	output_fini(&o);
	buf_fini(&said);
}

static void
no_records_at_all_are_an_error(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	EQ_I(output_load(&o, outdir, &c, &e), -1);
	HAS(e.msg, "/_shards: no records of a run");
	output_fini(&o);
	EQ_I(output_load(&o, test_path("none"), &c, &e), -1);
	output_fini(&o);
	memset(&o, 0, sizeof(o));
	CHECK(output_find(&o, "00001") == NULL);
	output_fini(&o);
}

static void
a_shredded_output_has_batches_and_tables(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	outdir_unit("a", 0, 5);
	outdir_unit("a", 7, 6);
	outdir_unit("b", 3, 1);
	outdir_batch("a", 0, 11);
	if (OK(output_load(&o, outdir, &c, &e) == 0, e)) {
		EQ_I(o.shredded, true);
		EQ_U(o.ntable, 2);
		EQ_U(o.nrec, 1);
		EQ_S(o.rec[0].shard, "a/00000");
		EQ_I(output_has(&o, "a", "00007"), true);
		EQ_I(output_has(&o, "a", "a/00007"), true);
		EQ_I(output_has(&o, "b", "00007"), false);
		EQ_I(output_has(&o, "c", "00007"), false);
		EQ_I(output_has(&o, NULL, "00003"), true);
		EQ_I(output_has(&o, NULL, "00004"), false);
		/* a batch is no input */
		EQ_I(output_has(&o, "a", "00001"), false);
	}
	output_fini(&o);
}

/* Without a group there is no batch, and the directory lacks. */
static void
a_shredded_output_may_have_no_batch(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	outdir_unit("a", 0, 0);
	if (OK(output_load(&o, outdir, &c, &e) == 0, e)) {
		EQ_I(o.shredded, true);
		EQ_U(o.nrec, 0);
		EQ_U(o.ntable, 1);
	}
	output_fini(&o);
	CHECK(rename(test_path("out/_runs"), test_path("out/_batches")) == 0);
	EQ_I(output_load(&o, outdir, &c, &e), -1);
	HAS(e.msg, "/_runs: no runs");
	output_fini(&o);
}

static void
days_are_listed_and_not_loaded(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	outdir_put("_days.tsv", "day\n2024-01-02\n2024-01-03\n");
	if (OK(output_load(&o, outdir, &c, &e) == 0, e) &&
	    EQ_U(o.days.nrow, 2)) {
		EQ_B(tsv_cell(&o.days, 1, 0), bytes_str("2024-01-03"));
		EQ_U(o.nrec, 0);
	}
	output_fini(&o);
	outdir_put("_days.tsv", "days\n");
	EQ_I(output_load(&o, outdir, &c, &e), -1);
	HAS(e.msg, "_days.tsv");
	output_fini(&o);
}

static void
the_record_of_a_stream_is_that_of_any_shard(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;

	outdir_begin();
	outdir_shard("00001", "train", 1);
	OK(output_load(&o, outdir, &c, &e) == 0, e);
	EQ_I(output_has(&o, NULL, "00001"), true);
	EQ_I(output_has(&o, NULL, "00002"), false);
	output_fini(&o);
	outdir_shard("batch", "train", 1);
	OK(output_load(&o, outdir, &c, &e) == 0, e);
	EQ_I(output_has(&o, NULL, "00002"), true);
	output_fini(&o);
}

static void
complaints_are_counted_and_said(void)
{
	struct buf said = BUF_ZERO;
	struct complaints c = {say, &said, 0}, silent = {.say = NULL};
	char longest[2000];

	complaints_add(&c, "%s has %d", "x", 7);
	complaints_add(&silent, "y");
	EQ_S(buf_cstr(&said), "x has 7\n");
	EQ_U(c.n, 1);
	EQ_U(silent.n, 1);
	memset(longest, 'l', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	complaints_add(&c, "%s", longest); /* is cut */
	EQ_U(c.n, 2);
	buf_fini(&said);
}

int
main(void)
{
	RUN(records_come_by_number_then_scope);
	RUN(a_bad_record_is_a_complaint_and_left_out);
	RUN(no_records_at_all_are_an_error);
	RUN(a_shredded_output_has_batches_and_tables);
	RUN(a_shredded_output_may_have_no_batch);
	RUN(days_are_listed_and_not_loaded);
	RUN(the_record_of_a_stream_is_that_of_any_shard);
	RUN(complaints_are_counted_and_said);
	return test_end();
}
