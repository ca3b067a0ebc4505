/*
 * job - words reach the shell as they are, and a line over the shards of a list
 * has the numbers that the machine can bear.
 */
#include "jobs/job.h"

#include "test.h"

static const struct job_option rows[] = {
    {"workers", JOB_COUNT, "N", NULL, "4", NULL, ""},
    {"runner", JOB_WORD, "R", NULL, "xargs", "xargs|parallel", ""},
    {"compress", JOB_WORD, "C", NULL, NULL, "gz|zst|lz4|bz2|xz", ""},
    {"level", JOB_COUNT, "N", NULL, NULL, NULL, ""},
    {"where", JOB_TEXT, "X", NULL, NULL, NULL, ""},
    {"output", JOB_TEXT, "DIR", NULL, NULL, NULL, ""},
    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL}};

static const struct job_table table = {
    "sample", "does a thing", "sample", "sample", rows, NULL};

/* A job with these options, NAME=VALUE each. */
static void
begin(struct job *j, const char *const *word)
{
	static char *none[] = {NULL};
	struct err e = ERR_ZERO;
	int n = 0;

	*j = (struct job){.type = NULL};
	while (word[n])
		n++;
	OK(options_parse(&j->opt, &table, n, (char *const *)(uintptr_t)word,
	       none, &e) == 0,
	    e);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
end(struct job *j)
{
	while (j->neach > 0) {
		struct job_each *each = &j->each[--j->neach];

		buf_fini(&each->line);
		buf_fini(&each->parallel);
		buf_fini(&each->dirs);
	}
	free(j->each);
	options_fini(&j->opt);
}

/* The shell's own reading of the text: each word in brackets. */
static void
shell_reads(const char *text, struct buf *b)
{
	struct buf script = BUF_ZERO;

	buf_printf(&script, "set -- %s\nprintf '[%%s]' \"$@\" >'%s'\n", text,
	    test_path("words"));
	test_write(test_path("script"), script.p, script.n);
	buf_clear(&script);
	buf_printf(&script, "cd '%s' && sh ./script", test_dir());
	EQ_I(system(buf_cstr(&script)), 0);
	buf_fini(&script);
	CHECK(test_read(test_path("words"), b));
}

static void
the_shell_reads_each_word_back(void)
{
	static const char *const words[] = {"a", "", "a b", "'", "''", "a'b\"c",
	    "$HOME", "`ls`", "$(ls)", "\\", "\\\\n", "*", "?", "[a]", "~", "#x",
	    "a;b", "a&b", "a|b", "<x", ">x", "!", "a\nb", "\n", "\t", "{a,b}",
	    "{}", "-n", "--", "=", "a=b", ":", ":::", "(", ")", "\xc3\xa4",
	    "\x01", "\xff", NULL};
	struct buf b = BUF_ZERO, text = BUF_ZERO, want = BUF_ZERO;
	size_t i;

	words_put_all(&b, words);
	for (i = 0; words[i]; i++)
		buf_printf(&want, "[%s]", words[i]);
	shell_reads(buf_cstr(&b), &text);
	EQ_B(buf_bytes(&text), buf_bytes(&want));
	buf_fini(&b);
	buf_fini(&text);
	buf_fini(&want);
}

static void
words_are_appended_with_a_blank_between(void)
{
	struct buf b = BUF_ZERO;

	words_put(&b, "a", "b", NULL);
	words_put(&b, NULL);
	words_put(&b, "c", NULL);
	EQ_S(buf_cstr(&b), "a b c");
	buf_clear(&b);
	var_put(&b, "x", "a b");
	var_put(&b, "y", "");
	EQ_S(buf_cstr(&b), "x='a b'\ny=''\n");
	buf_fini(&b);
}

static void
a_value_that_would_end_a_part_is_one_word_with_its_option(void)
{
	static const struct {
		const char *value, *words;
	} t[] = {{"x", "--where x"}, {"a b", "--where 'a b'"},
	    {":", "--where=:"}, {":::", "--where=:::"}, {"::", "--where ::"},
	    {"-x", "--where -x"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct buf b = BUF_ZERO;

		test_about("%s", t[i].value);
		option_words(&b, "--where", t[i].value);
		EQ_S(buf_cstr(&b), t[i].words);
		buf_fini(&b);
	}
}

static void
an_option_is_passed_on_when_it_says_something_new(void)
{
	struct buf b = BUF_ZERO;
	struct job j;

	begin(&j, WORDS("--compress=gz", "--where=:"));
	job_pass_on(&j.opt, &b, "level", NULL);
	job_pass_on(&j.opt, &b, "runner", "xargs");
	EQ_U(b.n, 0);
	job_pass_on(&j.opt, &b, "runner", NULL);
	job_pass_on(&j.opt, &b, "compress", "zst");
	job_pass_on(&j.opt, &b, "where", NULL);
	EQ_S(buf_cstr(&b), "--runner xargs --compress gz --where=:");
	buf_fini(&b);
	end(&j);
}

static void
a_mark_is_the_shortest_that_no_word_has(void)
{
	static const struct {
		const char *words, *mark;
	} t[] = {{"", "@"}, {"abc", "@"}, {"a@b", "@@"}, {"a@b@@c", "@@@"},
	    {"@@@@", "@@@@@"}, {"@ @ @", "@@"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct buf words = BUF_ZERO, mark = BUF_ZERO;

		test_about("%s", t[i].words);
		buf_puts(&words, t[i].words);
		job_mark(&words, '@', &mark);
		EQ_S(buf_cstr(&mark), t[i].mark);
		EQ_S(buf_cstr(&words), t[i].words);
		buf_fini(&words);
		buf_fini(&mark);
	}
}

/* Pieces of 256 MB, of at most 256 shards, and as many for each worker. */
static void
a_process_takes_a_piece_and_workers_take_turns_alike(void)
{
	static const struct {
		const char *workers;
		uint64_t shards, bytes;
		const char *per;
	} t[] = {
	    {"--workers=1", 10, 10 << 20, "10"}, /* 1 MB each */
	    {"--workers=1", 1000, 1000, "256"},
	    {"--workers=1", 100, 0, "100"},
	    {"--workers=1", 3, (uint64_t)3 << 30, "1"},
	    {"--workers=1", 0, 0, "1"},
	    {"--workers=4", 160, 160, "40"},
	    {"--workers=4", 159, 159, "40"},
	    {"--workers=4", 4, 4, "1"},
	    {"--workers=4", 5, 5, "2"},
	    {"--workers=2", 160, (uint64_t)511 << 20, "80"},
	    {"--workers=2", 160, (uint64_t)512 << 20, "40"},
	    {"--workers=2", 800, (uint64_t)800 << 23, "31"}, /* 8 MB each */
	    {"--workers=2", 100000, 100000, "256"},
	    {"--workers=999999999999999999", 5, 5, "1"},
	};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct buf want = BUF_ZERO;
		struct job_each *each;
		struct job j;

		test_about("%zu", i);
		begin(&j, WORDS(t[i].workers));
		each =
		    job_each(&j, "a list", t[i].shards, t[i].bytes, JOB_PIECE);
		buf_printf(&want, "xargs -r -0 -a 'a list' -P %s -n %s",
		    strchr(t[i].workers, '=') + 1, t[i].per);
		EQ_S(buf_cstr(&each->line), buf_cstr(&want));
		buf_clear(&want);
		buf_printf(&want,
		    "parallel --will-cite --arg-sep ::::::: -q -r -0 -a "
		    "'a list' -j %s -n %s",
		    strchr(t[i].workers, '=') + 1, t[i].per);
		EQ_S(buf_cstr(&each->parallel), buf_cstr(&want));
		buf_fini(&want);
		end(&j);
	}
}

static void
the_runner_that_was_chosen_runs(void)
{
	struct err e = ERR_ZERO;
	struct job j;

	begin(&j, WORDS("--runner=parallel"));
	(void)job_each(&j, "l", 1, 1, 1);
	(void)job_each(&j, "m", 1, 1, 1);
	EQ_U(j.neach, 2);
	EQ_S(buf_cstr(&j.each[1].line), buf_cstr(&j.each[1].parallel));
	HAS(buf_cstr(&j.each[1].line), " -a m ");
	OK(job_check_runner(&j.opt, "a b", &e) == 0, e);
	EQ_I(job_check_runner(&j.opt, "a {b", &e), -1);
	EQ_U(e.kind, ERR_USAGE);
	end(&j);
	begin(&j, WORDS("--runner=xargs"));
	OK(job_check_runner(&j.opt, "a {b", &e) == 0, e);
	end(&j);
}

static void
a_level_is_of_a_codec_that_has_it(void)
{
	static const struct {
		const char *codec, *level;
		bool ok;
	} t[] = {{"gz", "1", true}, {"gz", "9", true}, {"gz", "10", false},
	    {"xz", "9", true}, {"xz", "10", false}, {"lz4", "12", true},
	    {"lz4", "13", false}, {"zst", "19", true}, {"zst", "20", false},
	    {"bz2", "9", false}, {"", "1", false}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		struct job j;

		test_about("%s %s", t[i].codec, t[i].level);
		begin(
		    &j, WORDS("--compress", t[i].codec, "--level", t[i].level));
		if (EQ_I(job_check_level(&j.opt, &e), t[i].ok ? 0 : -1) &&
		    !t[i].ok)
			EQ_U(e.kind, ERR_USAGE);
		end(&j);
		begin(&j, WORDS("--compress", t[i].codec));
		OK(job_check_level(&j.opt, &e) == 0, e);
		end(&j);
	}
}

static void
a_path_loses_its_slashes_and_is_no_option(void)
{
	static const struct {
		const char *path, *trimmed;
	} t[] = {{"a", "a"}, {"a/", "a"}, {"a//", "a"}, {"/", "/"}, {"//", "/"},
	    {"a/b/", "a/b"}, {"-a", "./-a"}, {"-/", "./-"}, {":", "./:"},
	    {":::/", "./:::"}, {".", "."}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct job j;

		test_about("%s", t[i].path);
		begin(&j, WORDS("--output", t[i].path));
		job_trim(&j.opt, "output");
		EQ_S(option_value(&j.opt, "output"), t[i].trimmed);
		end(&j);
	}
}

static void
a_path_that_is_still_to_be_made_is_found_without_links(void)
{
	struct buf want = BUF_ZERO;
	char *top = realpath(test_dir(), NULL), *path;

	CHECK(mkdir(test_path("d"), 0777) == 0 &&
	    symlink("d", test_path("link")) == 0);
	path = job_real_path(test_path("link/x/y"));
	buf_printf(&want, "%s/d/x/y", top);
	EQ_S(path, buf_cstr(&want));
	EQ_I(job_is_below(path, top), true);
	free(path);
	path = job_real_path(test_path("link/"));
	EQ_I(job_is_below(path, top), true);
	EQ_I(job_is_below(path, path), false);
	EQ_I(job_is_below("/ab/c", "/a"), false);
	EQ_I(job_is_below("/ab/c", "/ab/"), true);
	EQ_I(job_is_below("/ab/c", "/"), true);
	free(path);
	free(top);
	buf_fini(&want);
}

static void
an_input_is_not_the_output_and_not_in_it(void)
{
	static const struct {
		const char *input, *output, *says;
	} t[] = {{"in", "out", NULL}, {"in", "in/out", NULL},
	    {"x.tar.gz", "out", NULL}, {"in", "link", "is the input"},
	    {"link", "in", "is the input"}, {"in/sub", "in", "lies in the"},
	    {"link/sub", "in", "lies in the"}, {"none", "out", "no such dir"},
	    {"in/part-1.csv", "out", "not a directory"},
	    {"in", "in/../in", "is the input"}};
	size_t i;

	mkdir(test_path("in"), 0777);
	mkdir(test_path("in/sub"), 0777);
	CHECK(symlink("in", test_path("link")) == 0);
	test_write(test_path("in/part-1.csv"), "a\n", 2);
	test_write(test_path("x.tar.gz"), "a\n", 2);
	for (i = 0; i < LEN(t); i++) {
		char *input = xstrdup(test_path("%s", t[i].input));
		struct err e = ERR_ZERO;

		test_about("%s to %s", t[i].input, t[i].output);
		if (EQ_I(job_check_inputs(
			     &input, 1, test_path("%s", t[i].output), &e),
			t[i].says ? -1 : 0) &&
		    t[i].says)
			HAS(e.msg, t[i].says);
		free(input);
	}
}

static void
a_list_names_shards_by_path_or_by_number(void)
{
	struct shard v[] = {
	    {.path = (char[]){"in/part-7.csv"}, .name = {.number = 7}},
	    {.path = (char[]){"in/a\nb"}, .name = {.number = 123456}}};
	const struct shards s = {.v = v, .n = LEN(v)};
	static const char paths[] = "in/part-7.csv\0in/a\nb";
	static const char numbers[] = "o/00007.st\0o/123456.st";
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	OK(job_write_list(&s, test_path("l"), NULL, NULL, &e) == 0, e);
	CHECK(test_read(test_path("l"), &b));
	EQ_B(buf_bytes(&b), bytes_of(paths, sizeof(paths)));
	OK(job_write_list(&s, test_path("l"), "o", ".st", &e) == 0, e);
	CHECK(test_read(test_path("l"), &b));
	EQ_B(buf_bytes(&b), bytes_of(numbers, sizeof(numbers)));
	buf_fini(&b);
}

/* Which shards are written one after the other: the first word has the bytes of
 * each, its name is its place. */
static void
processes_get_about_as_many_bytes_each(void)
{
	static const struct {
		const char *workers, *bytes, *order;
	} t[] = {
	    {"--workers=1", "19191", "01234"},
	    {"--workers=2", "1991", "1320"}, /* 1 and 3, 2 and 0 */
	    {"--workers=2", "11111", "03412"},
	    {"--workers=2", "54321", "03412"},
	    {"--workers=2", "999999", "034125"},
	    {"--workers=3", "12345", "30214"}, /* the large one alone */
	    {"--workers=9", "15", "10"},
	    {"--workers=2", "7", "0"},
	    {"--workers=2", "", ""},
	};
	size_t i, k;

	for (i = 0; i < LEN(t); i++) {
		struct shard v[8] = {0};
		char name[8][2] = {{0}};
		struct shards s = {.v = v, .n = strlen(t[i].bytes)};
		struct buf b = BUF_ZERO, got = BUF_ZERO;
		struct err e = ERR_ZERO;
		struct job j;

		test_about("%zu", i);
		for (k = 0; k < s.n; k++) {
			name[k][0] = (char)('0' + k);
			v[k].path = name[k];
			v[k].bytes = (uint64_t)(t[i].bytes[k] - '0');
		}
		begin(&j, WORDS(t[i].workers));
		OK(job_write_turns(&j, &s, test_path("t"), &e) == 0, e);
		CHECK(test_read(test_path("t"), &b));
		for (k = 0; k < b.n; k++)
			if (b.p[k])
				buf_putc(&got, b.p[k]);
		EQ_S(buf_cstr(&got), t[i].order);
		EQ_U(b.n, 2 * s.n);
		buf_fini(&b);
		buf_fini(&got);
		end(&j);
	}
}

static void
there_are_no_more_workers_than_shards(void)
{
	static const struct {
		const char *workers;
		size_t shards;
		const char *n;
	} t[] = {{"8", 3, "3"}, {"3", 3, "3"}, {"2", 3, "2"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct job j;

		begin(&j, WORDS("--workers", t[i].workers));
		j.look.shards.n = t[i].shards;
		job_find_workers(&j);
		EQ_S(option_value(&j.opt, "workers"), t[i].n);
		end(&j);
	}
}

static void
jobs_have_names(void)
{
	CHECK(job_named("shred") == &job_shred);
	CHECK(job_named("impute") == &job_impute);
	CHECK(job_named("preprocess") == &job_preprocess);
	CHECK(job_named("shre") == NULL && job_named("") == NULL);
}

int
main(void)
{
	RUN(the_shell_reads_each_word_back);
	RUN(words_are_appended_with_a_blank_between);
	RUN(a_value_that_would_end_a_part_is_one_word_with_its_option);
	RUN(an_option_is_passed_on_when_it_says_something_new);
	RUN(a_mark_is_the_shortest_that_no_word_has);
	RUN(a_process_takes_a_piece_and_workers_take_turns_alike);
	RUN(the_runner_that_was_chosen_runs);
	RUN(a_level_is_of_a_codec_that_has_it);
	RUN(a_path_loses_its_slashes_and_is_no_option);
	RUN(a_path_that_is_still_to_be_made_is_found_without_links);
	RUN(an_input_is_not_the_output_and_not_in_it);
	RUN(a_list_names_shards_by_path_or_by_number);
	RUN(processes_get_about_as_many_bytes_each);
	RUN(there_are_no_more_workers_than_shards);
	RUN(jobs_have_names);
	return test_end();
}
