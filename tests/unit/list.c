/*
 * list - names of inputs come as they are written, and those that would hide
 * one another are refused.
 */
#include "shards/list.h"

#include "test.h"

/* The names, each in brackets; the caller frees the text. */
static char *
story(const struct file_list *f)
{
	struct buf b = BUF_ZERO;
	size_t i;

	for (i = 0; i < f->n; i++)
		buf_printf(&b, "[%s]", f->v[i]);
	return buf_release(&b);
}

/* What is read from a list of n bytes behind two operands. */
static char *
read_back(const char *text, size_t n, bool zero)
{
	char *operand[] = {(char[]){"x"}, (char[]){""}};
	struct file_list f;
	struct err e = ERR_ZERO;
	char *s;

	test_write(test_path("list"), text, n);
	OK(list_read(&f, operand, 2, test_path("list"), zero, &e) == 0, e);
	s = story(&f);
	list_free(&f);
	CHECK(f.v == NULL && f.n == 0);
	return s;
}

static void
names_of_a_list_follow_the_operands(void)
{
	static const struct {
		const char *text;
		size_t n; /* 0: a string */
		bool zero;
		const char *names;
	} t[] = {{"a\nb\n", 0, false, "[x][][a][b]"},
	    {"a\nb", 0, false, "[x][][a][b]"}, {"", 0, false, "[x][]"},
	    {"\n\n\na\n\n", 0, false, "[x][][a]"},
	    {" a \r\n-\n", 0, false, "[x][][ a \r][-]"},
	    {"a\0b", 4, true, "[x][][a][b]"}, {"a\0b", 3, true, "[x][][a][b]"},
	    {"\0\0a\nb\0\0", 7, true, "[x][][a\nb]"},
	    {"\n", 0, true, "[x][][\n]"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		char *s = read_back(
		    t[i].text, t[i].n ? t[i].n : strlen(t[i].text), t[i].zero);

		test_about("%zu", i);
		EQ_S(s, t[i].names);
		free(s);
	}
}

/* Longer than what is read at a time. */
static void
a_list_may_be_long_and_so_may_a_name(void)
{
	struct buf b = BUF_ZERO;
	struct file_list f;
	struct err e = ERR_ZERO;
	size_t i, n = 50000, big = 600000;

	for (i = 0; i < n; i++)
		buf_printf(&b, "in/part-%zu.csv\n", i);
	for (i = 0; i < big; i++)
		buf_putc(&b, 'n');
	test_write(test_path("list"), b.p, b.n);
	if (OK(list_read(&f, NULL, 0, test_path("list"), false, &e) == 0, e) &&
	    EQ_U(f.n, n + 1)) {
		for (i = 0; i < n; i++) {
			char name[40];

			snprintf(name, sizeof(name), "in/part-%zu.csv", i);
			EQ_S(f.v[i], name);
		}
		EQ_U(strlen(f.v[n]), big);
	}
	list_free(&f);
	buf_fini(&b);
}

static void
a_list_that_lacks_is_an_error_and_leaves_nothing(void)
{
	char *operand[] = {(char[]){"x"}};
	struct file_list f;
	struct err e = ERR_ZERO;

	EQ_I(list_read(&f, operand, 1, test_path("none"), false, &e), -1);
	HAS(e.msg, "/none");
	CHECK(f.v == NULL && f.n == 0);
	list_free(&f);
	OK(list_read(&f, operand, 1, NULL, false, &e) == 0, e);
	EQ_U(f.n, 1);
	CHECK(f.v[0] != operand[0]);
	list_free(&f);
}

static void
the_chosen_names_are_saved_and_read_back(void)
{
	static const bool chosen[] = {true, false, true, true};
	static const bool none[] = {false, false, false, false};
	struct file_list f = {NULL, 0}, back;
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	char *s;

	list_add(&f, xstrdup("a"));
	list_add(&f, xstrdup("b"));
	list_add(&f, xstrdup("c\nd"));
	list_add(&f, xstrdup(" e"));
	OK(list_save(&f, chosen, test_path("out"), true, &e) == 0, e);
	OK(list_read(&back, NULL, 0, test_path("out"), true, &e) == 0, e);
	s = story(&back);
	EQ_S(s, "[a][c\nd][ e]");
	free(s);
	list_free(&back);
	OK(list_save(&f, chosen, test_path("out"), false, &e) == 0, e);
	CHECK(test_read(test_path("out"), &b));
	EQ_S(buf_cstr(&b), "a\nc\nd\n e\n");
	OK(list_save(&f, none, test_path("out"), false, &e) == 0, e);
	CHECK(test_read(test_path("out"), &b));
	EQ_U(b.n, 0);
	EQ_I(list_save(&f, chosen, test_path("out/x"), false, &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	list_free(&f);
	buf_fini(&b);
}

static void
an_empty_list_is_not_standard_input(void)
{
	struct file_list f = {NULL, 0};
	struct err e = ERR_ZERO;

	EQ_I(list_some(&f, "names.txt", &e), -1);
	HAS(e.msg, "names.txt: the list names no file");
	OK(list_some(&f, NULL, &e) == 0, e);
	list_add(&f, xstrdup("a"));
	OK(list_some(&f, "names.txt", &e) == 0, e);
	list_free(&f);
}

static void
names_without_a_number_are_refused(void)
{
	static const struct {
		const char *name;
		bool ok;
	} t[] = {{"part-1.csv", true}, {"d/part-00001.csv.gz", true},
	    {"data.csv", false}, {"part-x.csv", false}, {"part-1/a.csv", false},
	    {"-", false}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct file_list f = {NULL, 0};
		struct err e = ERR_ZERO;

		test_about("%s", t[i].name);
		list_add(&f, xstrdup("part-7.csv"));
		list_add(&f, xstrdup(t[i].name));
		EQ_I(list_numbered(&f, &e), t[i].ok ? 0 : -1);
		if (!t[i].ok)
			HAS(e.msg, t[i].name);
		list_free(&f);
	}
}

static void
a_number_is_one_shards(void)
{
	static const struct {
		const char *name[3];
		bool all, by_dir; /* whether they are unique */
	} t[] = {
	    {{"a/part-1.csv", "a/part-2.csv"}, true, true},
	    {{"a/part-1.csv", "a/part-00001.csv.gz"}, false, false},
	    {{"a/part-1.csv", "b/part-1.csv"}, false, true},
	    {{"x/a/part-1.csv", "y/a/part-1.csv"}, false, false},
	    {{"ab/part-1.csv", "a/part-1.csv", "b/part-1.csv"}, false, true},
	    {{"part-1.csv", "part-1.tsv"}, false, false},
	    {{"part-1.csv", "a/part-1.csv"}, false, true},
	    {{"/part-1.csv", "part-1.csv"}, false, false},
	    {{"a/part-3.csv", "b/part-1.csv", "a/part-03.csv"}, false, false},
	    {{"data.csv", "data.csv", "data.csv"}, true, true},
	    {{"part-10.csv", "part-1.csv", "part-100.csv"}, true, true},
	};
	size_t i, k, n;

	for (i = 0; i < LEN(t); i++) {
		struct file_list f = {NULL, 0};
		struct err e = ERR_ZERO;

		test_about("%zu", i);
		for (n = 0; n < LEN(t[i].name) && t[i].name[n]; n++)
			list_add(&f, xstrdup(t[i].name[n]));
		EQ_I(list_unique(&f, false, &e), t[i].all ? 0 : -1);
		if (!t[i].all)
			HAS(e.msg, "have one shard number");
		EQ_I(list_unique(&f, true, &e), t[i].by_dir ? 0 : -1);
		/* in the order in which they were */
		for (k = 0; k < n; k++)
			EQ_S(f.v[k], t[i].name[k]);
		list_free(&f);
	}
}

int
main(void)
{
	RUN(names_of_a_list_follow_the_operands);
	RUN(a_list_may_be_long_and_so_may_a_name);
	RUN(a_list_that_lacks_is_an_error_and_leaves_nothing);
	RUN(the_chosen_names_are_saved_and_read_back);
	RUN(an_empty_list_is_not_standard_input);
	RUN(names_without_a_number_are_refused);
	RUN(a_number_is_one_shards);
	return test_end();
}
