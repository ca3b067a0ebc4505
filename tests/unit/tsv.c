/* tsv - the small artifacts: what is written reads back, the rest is refused.
 */
#include "io/tsv.h"

#include "io/in.h"
#include "test.h"

static int
parse(struct tsv *t, const char *text, const char *header, struct err *e)
{
	return tsv_parse(t, "f.tsv", bytes_str(text), header, e);
}

static void
refused(const char *text, size_t n, const char *header, const char *why)
{
	struct err e = ERR_ZERO;
	struct tsv t;

	test_about("%s", err_quote(bytes_of(text, n)));
	if (CHECK(tsv_parse(&t, "f.tsv", bytes_of(text, n), header, &e) < 0)) {
		HAS(e.msg, why);
		CHECK(t.text == NULL && t.cell == NULL);
	} else {
		tsv_fini(&t);
	}
	test.context[0] = '\0';
}

static void
escapes_are_the_four(void)
{
	struct buf b = BUF_ZERO;

	tsv_put(&b, bytes_of("a\\b\tc\nd\re\0f\"", 13));
	EQ_B(buf_bytes(&b), bytes_of("a\\\\b\\tc\\nd\\re\0f\"", 17));
	buf_fini(&b);
}

static void
random_tables_read_back(void)
{
	int round;

	for (round = 0; round < 2000; round++) {
		size_t ncol = 1 + below(6), nrow = below(20), i, k;
		struct buf b = BUF_ZERO, raw = BUF_ZERO;
		size_t end[200], n = 0;
		struct err e = ERR_ZERO;
		struct tsv t;

		for (i = 0; i < ncol; i++)
			buf_puts(&b, i ? "\tc" : "c");
		buf_putc(&b, '\n');
		for (i = 0; i < nrow * ncol; i++) {
			size_t at = raw.n;

			for (k = below(one_in(10) ? 300 : 8); k; k--)
				buf_putc(&raw,
				    one_in(2) ? "\\\t\n\rntr"[below(7)]
					      : (char)rnd());
			end[n++] = raw.n;
			tsv_put(
			    &b, bytes_of(raw.p ? raw.p + at : "", raw.n - at));
			buf_putc(&b, (i + 1) % ncol ? '\t' : '\n');
		}
		if (OK(tsv_parse(&t, "t", buf_bytes(&b), NULL, &e) == 0, e)) {
			EQ_U(t.nrow, nrow);
			EQ_U(t.ncol, ncol);
			for (i = 0; i < t.nrow * t.ncol && i < n; i++) {
				size_t at = i ? end[i - 1] : 0;

				EQ_B(tsv_cell(&t, i / ncol, i % ncol),
				    bytes_of(
					raw.p ? raw.p + at : "", end[i] - at));
			}
			tsv_fini(&t);
		}
		buf_fini(&b);
		buf_fini(&raw);
	}
}

static void
the_header_must_be_the_one(void)
{
	struct err e = ERR_ZERO;
	struct tsv t;

	if (OK(parse(&t, "name\tvalue\n", "name\tvalue", &e) == 0, e)) {
		EQ_U(t.nrow, 0);
		EQ_U(t.ncol, 2);
		tsv_fini(&t);
	}
	refused("name\tval\n", 9, "name\tvalue", "f.tsv:1: header is");
	refused("name\tvalue\tx\n", 13, "name\tvalue", "f.tsv:1: header is");
	refused("\n", 1, "name\tvalue", "f.tsv:1: header is");
}

static void
a_header_with_bytes_behind_a_nul_is_not_the_one(void)
{
	refused(
	    "name\tvalue\0x\na\tb\n", 17, "name\tvalue", "f.tsv:1: header is");
}

static void
every_truncation_inside_a_line_is_refused(void)
{
	static const char text[] = "a\tb\n1\tx\\ty\n22\t\n\tz\n";
	size_t n;

	for (n = 0; n < sizeof(text) - 1; n++) {
		struct tsv t;
		struct err e = ERR_ZERO;
		int rc = tsv_parse(&t, "f", bytes_of(text, n), "a\tb", &e);

		test_about("%zu bytes", n);
		EQ_I(rc, n > 0 && text[n - 1] == '\n' ? 0 : -1);
		if (rc == 0)
			tsv_fini(&t);
	}
}

static void
bad_lines_are_refused_with_their_number(void)
{
	refused("", 0, NULL, "f.tsv: truncated");
	refused("a\tb\n1\t2", 7, NULL, "f.tsv: truncated");
	refused("a\tb\n1\n", 6, NULL, "f.tsv:2: 1 cells, the header has 2");
	refused("a\tb\n1\t2\n1\t2\t3\n", 14, NULL,
	    "f.tsv:3: 3 cells, the header has 2");
	refused("a\tb\n\n", 5, NULL, "f.tsv:2: 1 cells");
	refused("a\n\\x\n", 5, NULL, "f.tsv:2: bad escape");
	refused("a\n\\\n", 4, NULL, "f.tsv:2: bad escape");
	refused("a\tb\n\\\tx\n", 8, NULL, "f.tsv:2: bad escape");
	refused("a\nok\n\\0\n", 8, NULL, "f.tsv:3: bad escape");
}

static void
every_other_escape_is_refused(void)
{
	int c;

	for (c = 0; c < 256; c++) {
		char text[] = "a\n\\?\n";

		if (c == '\n' || c == '\\' || c == 't' || c == 'n' || c == 'r')
			continue;
		text[3] = (char)c;
		refused(text, 5, NULL, c == '\t' ? "bad escape" : "f.tsv:2:");
	}
}

static void
one_column_may_be_empty(void)
{
	struct err e = ERR_ZERO;
	struct tsv t;

	if (OK(parse(&t, "a\n\n\nx\n", NULL, &e) == 0, e)) {
		EQ_U(t.nrow, 3);
		EQ_U(tsv_cell(&t, 0, 0).n, 0);
		EQ_B(tsv_cell(&t, 2, 0), bytes_str("x"));
		EQ_U(tsv_lineno(2), 4);
		tsv_fini(&t);
	}
}

static void
files_load_whole(void)
{
	struct buf b = BUF_ZERO, got = BUF_ZERO;
	struct err e = ERR_ZERO;
	const char *path = test_path("t.tsv");
	struct tsv t;
	size_t i, n = 40000;

	buf_puts(&b, "k\tv\n");
	for (i = 0; i < n; i++)
		buf_printf(&b, "%zu\tvalue %zu\n", i, i * i);
	test_write(path, b.p, b.n);
	if (OK(file_load(path, &got, &e) == 0, e))
		EQ_B(buf_bytes(&got), buf_bytes(&b));
	if (OK(tsv_load(&t, path, "k\tv", &e) == 0, e)) {
		EQ_U(t.nrow, n);
		EQ_B(tsv_cell(&t, n - 1, 0), bytes_str("39999"));
		tsv_fini(&t);
	}
	CHECK(tsv_load(&t, path, "k\tw", &e) < 0);
	HAS(e.msg, path);
	tsv_fini(&t);
	CHECK(tsv_load(&t, test_path("none"), NULL, &e) < 0);
	HAS(e.msg, "No such file");
	tsv_fini(&t);
	buf_fini(&b);
	buf_fini(&got);
}

int
main(void)
{
	RUN(escapes_are_the_four);
	RUN(random_tables_read_back);
	RUN(the_header_must_be_the_one);
	RUN(a_header_with_bytes_behind_a_nul_is_not_the_one);
	RUN(every_truncation_inside_a_line_is_refused);
	RUN(bad_lines_are_refused_with_their_number);
	RUN(every_other_escape_is_refused);
	RUN(one_column_may_be_empty);
	RUN(files_load_whole);
	return test_end();
}
