/*
 * summary - what a job says at its end is what the tables of its output say.
 */
#include "jobs/summary.h"

#include "test.h"

static void
put(const char *name, const char *text)
{
	test_write(test_path("%s", name), text, strlen(text));
}

static void
rows_are_added_up_by_split_and_reason(void)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	int64_t n = 0;

	put("_account.tsv",
	    "shard\tkind\tname\trows\n"
	    "00001\tdrop\trejected\t3\n"
	    "00001\tdrop\tduplicate\t1\n"
	    "00001\tin\t-\t100\n"
	    "00001\tout\ttrain\t96\n"
	    "00002\tdrop\trejected\t4\n"
	    "00002\tin\t-\t60\n"
	    "00002\tout\ttrain\t50\n"
	    "00002\tout\ttest\t6\n");
	put("_manifest.tsv",
	    "shard\tsplit\tpath\trows\tbytes\txxh3\n"
	    "00001\ttest\ttest/a\t1\t9\t0\n"
	    "00001\ttrain\ttrain/a\t96\t9\t0\n"
	    "00002\ttrain\ttrain/b\t50\t9\t0\n"
	    "00002\tnone\tx/b\t5\t9\t0\n");
	if (OK(summary_rows(test_dir(), 2, &b, &e) == 0, e))
		EQ_S(buf_cstr(&b),
		    "; 5.0 % of the rows dropped\n"
		    "  in                        160 rows in 2 shards\n"
		    "  train                     146 rows in 2 files\n"
		    "  test                        1 row in 1 file\n"
		    "  duplicate                   1 row dropped\n"
		    "  rejected                    7 rows dropped\n");
	if (OK(summary_in(test_dir(), &n, &e) == 0, e))
		EQ_I(n, 160);
	buf_fini(&b);
}

/* Foreign programs may add rows, which are no part of what was dropped. */
static void
rows_that_were_added_are_told_so(void)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	put("_account.tsv",
	    "shard\tkind\tname\trows\n"
	    "00001\tdrop\texternal\t-5\n"
	    "00001\tin\t-\t8\n"
	    "00002\tdrop\tduplicate\t1\n");
	put("_manifest.tsv", "shard\tsplit\tpath\trows\tbytes\txxh3\n");
	if (OK(summary_rows(test_dir(), 1, &b, &e) == 0, e))
		EQ_S(buf_cstr(&b),
		    "; 12.5 % of the rows dropped\n"
		    "  in                          8 rows in 1 shard\n"
		    "  duplicate                   1 row dropped\n"
		    "  external                    5 rows added\n");
	buf_fini(&b);
}

static void
no_rows_at_all_are_no_division_by_zero(void)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	put("_account.tsv", "shard\tkind\tname\trows\n");
	put("_manifest.tsv", "shard\tsplit\tpath\trows\tbytes\txxh3\n");
	if (OK(summary_rows(test_dir(), 0, &b, &e) == 0, e))
		EQ_S(buf_cstr(&b),
		    "; 0.0 % of the rows dropped\n"
		    "  in                          0 rows in 0 shards\n");
	buf_fini(&b);
}

static void
tables_have_a_line_each_and_so_have_reasons(void)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	put("_account.tsv",
	    "shard\tkind\tname\trows\n"
	    "00000\tin\torders\t10\n"
	    "00000\tout\torders\t9\n"
	    "00000\tdrop\tunplanned\t1\n"
	    "00000\tin\tempty\t0\n"
	    "00001\tin\torders\t20\n"
	    "00001\tout\torders\t17\n"
	    "00001\tdrop\tunplanned\t2\n"
	    "00001\tdrop\tmissing_group\t1\n");
	if (OK(summary_tables(test_dir(), &b, &e) == 0, e))
		EQ_S(buf_cstr(&b),
		    "  orders: 26 of 30 rows written\n"
		    "  empty: 0 of 0 rows written\n"
		    "  dropped as missing_group: 1\n"
		    "  dropped as unplanned: 3\n");
	buf_fini(&b);
}

static void
a_line_that_is_none_is_named(void)
{
	static const struct {
		const char *text, *says;
	} t[] = {
	    {"shard\tkind\tname\trows\n1\tin\t-\tten\n", "_account.tsv:2: bad"},
	    {"shard\tkind\tname\trows\n1\tin\t-\t1\n1\tin\t1\n",
		"_account.tsv:3: bad"},
	    {"shard\tkind\tname\n", "_account.tsv:1: bad"},
	    {"shard\tkind\tname\trows\n1\tin\t-\t1", "_account.tsv"}};
	size_t i;

	put("_manifest.tsv", "shard\tsplit\tpath\trows\tbytes\txxh3\n");
	for (i = 0; i < LEN(t); i++) {
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;
		int64_t n;

		test_about("%zu", i);
		put("_account.tsv", t[i].text);
		EQ_I(summary_rows(test_dir(), 1, &b, &e), -1);
		HAS(e.msg, t[i].says);
		EQ_I(summary_tables(test_dir(), &b, &e), -1);
		HAS(e.msg, t[i].says);
		EQ_I(summary_in(test_dir(), &n, &e), -1);
		EQ_U(b.n, 0);
		buf_fini(&b);
	}
}

static void
a_table_that_lacks_is_an_error(void)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	put("_account.tsv", "shard\tkind\tname\trows\n");
	EQ_I(summary_rows(test_dir(), 1, &b, &e), -1);
	HAS(e.msg, "_manifest.tsv");
	EQ_U(b.n, 0);
	buf_fini(&b);
}

static void
ten_labels_are_shown(void)
{
	struct buf b = BUF_ZERO, file = BUF_ZERO, want = BUF_ZERO;
	struct err e = ERR_ZERO;
	int i, n;

	OK(summary_labels(test_path("none"), &b, &e) == 0, e);
	EQ_U(b.n, 0);
	for (n = 10; n <= 11; n++) {
		buf_clear(&b);
		buf_clear(&file);
		buf_clear(&want);
		buf_puts(&file, "label\tcode\n");
		for (i = 0; i < n; i++) {
			buf_printf(&file, "l%d\\t\t%d\n", i, i);
			if (i < 10)
				buf_printf(&want, "%sl%d\\t %d",
				    i ? ", " : "labels: ", i, i);
		}
		test_write(test_path("labels.tsv"), file.p, file.n);
		buf_printf(&want, "%s (%s/labels.tsv)\n", n > 10 ? ", ..." : "",
		    test_dir());
		if (OK(summary_labels(test_dir(), &b, &e) == 0, e))
			EQ_S(buf_cstr(&b), buf_cstr(&want));
	}
	buf_fini(&b);
	buf_fini(&file);
	buf_fini(&want);
}

static void
speed_is_in_millions_of_bytes(void)
{
	struct buf b = BUF_ZERO;

	summary_speed(40, 1000000000, 1.25, &b);
	summary_speed(1, 5, 0, &b);
	EQ_S(buf_cstr(&b),
	    "40 shards in 1.25 s, 800 MB/s\n1 shard in 0.00 s, 0 MB/s\n");
	buf_fini(&b);
}

int
main(void)
{
	RUN(rows_are_added_up_by_split_and_reason);
	RUN(rows_that_were_added_are_told_so);
	RUN(no_rows_at_all_are_no_division_by_zero);
	RUN(tables_have_a_line_each_and_so_have_reasons);
	RUN(a_line_that_is_none_is_named);
	RUN(a_table_that_lacks_is_an_error);
	RUN(ten_labels_are_shown);
	RUN(speed_is_in_millions_of_bytes);
	return test_end();
}
