/*
 * option - what the words and the environment say is taken, checked and told
 * again, each value by its kind.
 */
#include "jobs/option.h"

#include "test.h"

static const struct job_option rows[] = {
    {"input", JOB_DIRS, "DIR ...", NULL, NULL, NULL, "the inputs"},
    {"label", JOB_TEXT, "COL", "LABEL_FIELD LABEL", NULL, NULL,
	"drop the rows that have no label in this column, which says so in "
	"more words than one line has"},
    {"format", JOB_WORD, "F", "FORMAT", "csv", "csv|tsv|json", "the format"},
    {"shift", JOB_WHOLE, "N", "SHIFT", "0", NULL, "a whole number"},
    {"workers", JOB_COUNT, "N", "WORKERS", NULL, NULL, "so many at a time"},
    {"ratio", JOB_INNER, "R", NULL, NULL, NULL, "a part"},
    {"share", JOB_SHARE, "R", NULL, NULL, NULL, "a share"},
    {"memory", JOB_SIZE, "SIZE", NULL, NULL, NULL, "memory"},
    {"table", JOB_REPEAT, "NAME=PATH", "TABLE_*", NULL, NULL, "a table"},
    {"keep", JOB_ADD, "COL", "KEEP", NULL, NULL, "columns to keep"},
    {"sorted", JOB_MAYBE, "HOW", "SORTED", NULL, "bytes|numbers",
	"the order of the input"},
    {"strict", JOB_FLAG, NULL, "STRICT=true HARD=1", NULL, NULL, "be strict"},
    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL}};

static const struct job_table table = {"sample", "does a thing", "sample --x",
    "sample --input in", rows, "OLD_ONE OLD_TWO"};

static const char *const nothing[] = {NULL};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The words up to NULL, and an environment of that kind. */
static int
parse(struct options *o, const char *const *word, const char *const *env,
    struct err *e)
{
	int n = 0;

	while (word[n])
		n++;
	return options_parse(o, &table, n, (char *const *)(uintptr_t)word,
	    (char *const *)(uintptr_t)env, e);
}

/* One option with that value: true if it is right. */
static bool
accepts(const char *name, const char *value)
{
	const char *word[] = {name, value, NULL};
	struct err e = ERR_ZERO;
	struct options o;
	bool ok = OK(parse(&o, word, nothing, &e) == 0, e) &&
	    options_check(&o, &e) == 0;

	if (!ok) {
		EQ_U(e.kind, ERR_USAGE);
		HAS(e.msg, name);
	}
	options_fini(&o);
	return ok;
}

static void
each_kind_takes_its_values_and_no_others(void)
{
	static const struct {
		const char *name;
		const char *right[10], *wrong[16];
	} t[] = {
	    {"--label", {"x", "-1", "--label", "a b", "'"}, {NULL}},
	    {"--format", {"csv", "TSV", "Json"},
		{"cs", "csvs", "csv|tsv", "|", "xml", " csv"}},
	    {"--shift", {"0", "7", "007", "999999999999999999"},
		{"-1", "+1", "1.0", " 1", "1 ", "1e3", "0x1", "many",
		    "9999999999999999999"}},
	    {"--workers", {"1", "10", "64"}, {"0", "01", "-1", "1.5", "two"}},
	    {"--ratio",
		{"0.5", ".5", "0.000001", "00.9", "0.99999999999999999"},
		{"0", "1", "0.0", "1.0", "1.", ".", "2", "10", "01", "-0.5",
		    "0.5.5", "1e-1", "50%", "0,5"}},
	    {"--share",
		{"0", "1", "0.0", "1.000", "1.", "0.5", ".0", "01", "0."},
		{"1.0001", "1.1", "2", "10", "11", "-0", ".", "nan", "1/2"}},
	    {"--memory", {"1M", "64m", "1G", "2T", "1048576", "1024K", "4096k"},
		{"1K", "0M", "M", "1", "1MB", "1.5G", "-1M", "64MiB", " 1M",
		    "1P", "1M ", "999K", "999999", "1234567890123456"}},
	    {"--sorted", {"bytes", "NUMBERS"}, {"names", "byte"}},
	};
	size_t i, k;

	for (i = 0; i < LEN(t); i++) {
		for (k = 0; k < LEN(t[i].right) && t[i].right[k]; k++) {
			test_about("%s %s", t[i].name, t[i].right[k]);
			EQ_I(accepts(t[i].name, t[i].right[k]), true);
		}
		for (k = 0; k < LEN(t[i].wrong) && t[i].wrong[k]; k++) {
			test_about("%s %s", t[i].name, t[i].wrong[k]);
			EQ_I(accepts(t[i].name, t[i].wrong[k]), false);
		}
	}
}

static void
a_word_of_choices_gets_their_spelling(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	if (OK(parse(&o, WORDS("--format", "TsV"), nothing, &e) == 0 &&
		    options_check(&o, &e) == 0,
		e)) {
		EQ_S(option_value(&o, "format"), "tsv");
		EQ_I(option_is(&o, "format", "tsv"), true);
		EQ_I(option_is(&o, "format", "TsV"), false);
		EQ_I(option_given(&o, "format"), true);
	}
	options_fini(&o);
}

static void
a_wrong_value_is_told_with_its_name_and_the_choices(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o, WORDS("--format", "xml"), nothing, &e) == 0, e);
	EQ_I(options_check(&o, &e), -1);
	EQ_S(e.msg, "--format xml: must be one of: csv tsv json");
	options_fini(&o);
	OK(parse(&o, nothing, WORDS("WORKERS=no"), &e) == 0, e);
	EQ_I(options_check(&o, &e), -1);
	EQ_S(e.msg, "WORKERS=no: not a whole number from 1 up");
	options_fini(&o);
}

static void
words_that_are_no_options_are_wrong_usage(void)
{
	static const struct {
		const char *word[3], *says;
	} t[] = {{{"x"}, "x: not an option"}, {{"-x"}, "-x: not an option"},
	    {{""}, ": not an option"}, {{"--"}, "--: no such option"},
	    {{"--none"}, "--none: no such option"},
	    {{"--lab", "x"}, "--lab: no such option"},
	    {{"--labels=x"}, "--labels: no such option"},
	    {{"--=x"}, "--: no such option"}, {{"--label"}, "--label needs a"},
	    {{"--input"}, "--input needs a directory"},
	    {{"--strict=yes"}, "--strict takes no value"},
	    {{"--strict", "yes"}, "yes: not an option"},
	    {{"--label=x", "y"}, "y: not an option"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		struct options o;

		test_about("%s", t[i].word[0]);
		EQ_I(parse(&o, t[i].word, nothing, &e), -1);
		EQ_U(e.kind, ERR_USAGE);
		HAS(e.msg, t[i].says);
		options_fini(&o);
	}
}

static void
the_last_of_repeated_options_counts(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o,
	       WORDS(
		   "--label", "a", "--shift=1", "--label=b=c", "--shift", "2"),
	       nothing, &e) == 0,
	    e);
	EQ_S(option_value(&o, "label"), "b=c");
	EQ_S(option_value(&o, "shift"), "2");
	options_fini(&o);
}

static void
words_of_one_value_are_joined_and_of_a_list_are_not(void)
{
	struct err e = ERR_ZERO;
	const struct job_value *v;
	struct options o;

	OK(parse(&o,
	       WORDS("--keep", "a", "--table", "t=1", "--keep=b,c", "--table",
		   "-u=2", "--input", "x", "y z", "--input=-w", "v", "-n"),
	       WORDS("KEEP=d", "TABLE_w=3", "TABLE_=4",
		   "TABLE_v=", "TABLE_x=None", "TABLEy=5"),
	       &e) == 0,
	    e);
	EQ_S(option_value(&o, "keep"), "a,b,c");
	v = option_of(&o, "table");
	if (EQ_U(v->nlist, 3)) {
		EQ_S(v->list[0], "t=1");
		EQ_S(v->list[1], "-u=2");
		EQ_S(v->list[2], "w=3");
		EQ_U(v->ngiven, 2);
	}
	v = option_of(&o, "input");
	if (EQ_U(v->nlist, 4)) {
		EQ_S(v->list[0], "x");
		EQ_S(v->list[1], "y z");
		EQ_S(v->list[2], "-w");
		EQ_S(v->list[3], "v");
	}
	EQ_I(o.plan, true);
	options_fini(&o);
}

static void
an_option_whose_value_may_lack_has_its_first_choice(void)
{
	static const struct {
		const char *word[4], *value;
	} t[] = {{{"--sorted"}, "bytes"}, {{"--sorted", "--strict"}, "bytes"},
	    {{"--sorted", "-n"}, "bytes"}, {{"--sorted", "numbers"}, "numbers"},
	    {{"--sorted=numbers", "-n"}, "numbers"}, {{"--strict"}, NULL}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		struct options o;
		const char *value;

		test_about("%zu", i);
		OK(parse(&o, t[i].word, nothing, &e) == 0, e);
		value = option_value(&o, "sorted");
		EQ_S(
		    value ? value : "unset", t[i].value ? t[i].value : "unset");
		options_fini(&o);
	}
}

static void
the_words_go_before_the_environment_and_that_before_defaults(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o, WORDS("--label", "a"),
	       WORDS("LABEL_FIELD=b", "FORMAT=json"), &e) == 0,
	    e);
	EQ_S(option_value(&o, "label"), "a");
	EQ_S(option_of(&o, "label")->origin, "option");
	EQ_S(option_value(&o, "format"), "json");
	EQ_S(option_of(&o, "format")->origin, "environment FORMAT");
	EQ_I(option_given(&o, "format"), true);
	EQ_S(option_value(&o, "shift"), "0");
	EQ_S(option_of(&o, "shift")->origin, "default");
	EQ_I(option_given(&o, "shift"), false);
	options_fini(&o);
}

static void
the_first_variable_that_says_something_counts(void)
{
	static const struct {
		const char *env[4], *value, *origin;
	} t[] = {{{"LABEL=a"}, "a", "environment LABEL"},
	    {{"LABEL=a", "LABEL_FIELD=b"}, "b", "environment LABEL_FIELD"},
	    {{"LABEL_FIELD=", "LABEL=a"}, "a", "environment LABEL"},
	    {{"LABEL_FIELD=None", "LABEL=a=b"}, "a=b", "environment LABEL"},
	    {{"LABEL_FIELD=none"}, "none", "environment LABEL_FIELD"},
	    {{"LABEL_FIELDS=a", "LABE=b", "XLABEL=c", "LABEL"}, NULL,
		"default"},
	    {{"LABEL_FIELD=", "LABEL=None"}, NULL, "default"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		const struct job_value *v;
		struct options o;
		const char *env[LEN(t[i].env) + 1] = {NULL};

		memcpy(env, t[i].env, sizeof(t[i].env));
		test_about("%zu", i);
		OK(parse(&o, nothing, env, &e) == 0, e);
		v = option_of(&o, "label");
		EQ_S(v->value ? v->value : "unset",
		    t[i].value ? t[i].value : "unset");
		EQ_S(v->origin, t[i].origin);
		options_fini(&o);
	}
}

static void
a_variable_turns_a_flag_on_only_with_its_value(void)
{
	static const struct {
		const char *env;
		bool on;
	} t[] = {{"STRICT=true", true}, {"STRICT=TRUE", true}, {"HARD=1", true},
	    {"STRICT=1", false}, {"STRICT=false", false},
	    {"STRICT=truely", false}, {"STRICT=tru", false},
	    {"HARD=true", false}, {"HARD=", false}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		struct options o;

		test_about("%s", t[i].env);
		OK(parse(&o, nothing, WORDS(t[i].env), &e) == 0, e);
		EQ_I(option_flag(&o, "strict"), t[i].on);
		options_fini(&o);
	}
}

static void
an_empty_value_is_none(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o, WORDS("--label=", "--format", ""), WORDS("LABEL=x"), &e) ==
		0,
	    e);
	CHECK(option_value(&o, "label") == NULL);
	CHECK(option_value(&o, "format") == NULL);
	OK(options_check(&o, &e) == 0, e);
	options_fini(&o);
}

static void
what_is_found_out_does_not_replace_what_was_said(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o, WORDS("--label", "a"), nothing, &e) == 0, e);
	option_found(&o, "label", "b", "shards");
	EQ_S(option_value(&o, "label"), "a");
	option_found(&o, "workers", "", "cores");
	CHECK(option_value(&o, "workers") == NULL);
	option_found(&o, "workers", "3", "cores");
	EQ_S(option_value(&o, "workers"), "3");
	EQ_S(option_of(&o, "workers")->origin, "cores");
	EQ_I(option_given(&o, "workers"), false);
	/* set keeps the origin; put has a new one, of its own value even */
	option_set(&o, "label", option_value(&o, "label") + 1);
	EQ_S(option_of(&o, "label")->origin, "option");
	option_put(&o, "workers", option_value(&o, "workers"),
	    option_of(&o, "workers")->origin);
	EQ_S(option_value(&o, "workers"), "3");
	EQ_S(option_of(&o, "workers")->origin, "cores");
	EQ_I(option_exists(&o, "workers"), true);
	EQ_I(option_exists(&o, "worker"), false);
	options_fini(&o);
}

/* What print writes to a file. */
static char *
written(void (*print)(const void *arg, FILE *f), const void *arg)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	print(arg, f);
	fclose(f);
	return text;
}

static void
help(const void *arg, FILE *f)
{
	options_help(arg, f);
}

static void
complete(const void *arg, FILE *f)
{
	options_complete(arg, f);
}

static void
config(const void *arg, FILE *f)
{
	options_print(arg, f);
}

static void
help_names_every_option_in_lines_of_79_characters(void)
{
	char *text = written(help, &table), *line, *end;
	size_t i;

	HAS(text, "sample - does a thing\n\nusage: sample --x\n");
	HAS(text, "\n  --format F             the format [FORMAT]\n");
	HAS(text,
	    "\n  --label COL            drop the rows that have no label");
	HAS(text, "\n  --table NAME=PATH      a table [TABLE_*]\n");
	HAS(text,
	    "\n  --strict               be strict [STRICT=true HARD=1]\n");
	HAS(text, "\nexample:\n  sample --input in\n");
	for (i = 0; rows[i].name; i++) {
		char word[40];

		snprintf(word, sizeof(word), "\n  --%s ", rows[i].name);
		HAS(text, word);
	}
	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		test_about("%.*s", (int)(end - line), line);
		CHECK(end - line <= 79);
	}
	free(text);
}

static void
a_line_of_help_is_filled_to_its_79th_character(void)
{
	size_t n;

	for (n = 53; n <= 55; n++) {
		struct job_option one[] = {
		    {"x", JOB_FLAG, NULL, NULL, NULL, NULL, NULL},
		    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL}};
		const struct job_table t = {"t", "p", "u", "e", one, NULL};
		struct buf word = BUF_ZERO, line = BUF_ZERO;
		char *text;

		while (word.n < n)
			buf_putc(&word, 'w');
		one[0].help = buf_cstr(&word);
		text = written(help, &t);
		/* the word begins behind 25 characters */
		buf_printf(&line, "\n  --x%*s%s\n", 20, "", word.p);
		test_about("%zu", n);
		EQ_I(strstr(text, buf_cstr(&line)) != NULL, n <= 54);
		free(text);
		buf_fini(&word);
		buf_fini(&line);
	}
}

static void
completion_is_a_function_with_the_choices_and_all_options(void)
{
	char *text = written(complete, &table);

	EQ_S(text,
	    "_shard_sample() {\n"
	    "\tlocal word=${COMP_WORDS[COMP_CWORD]} "
	    "last=${COMP_WORDS[COMP_CWORD - 1]}\n"
	    "\tcase $last in\n"
	    "\t--format) COMPREPLY=($(compgen -W 'csv tsv json' -- "
	    "\"$word\")) ;;\n"
	    "\t--sorted) COMPREPLY=($(compgen -W 'bytes numbers' -- "
	    "\"$word\")) ;;\n"
	    "\t*) COMPREPLY=($(compgen -f -W '--input --label --format --shift "
	    "--workers --ratio --share --memory --table --keep --sorted "
	    "--strict --print-config --completion --dry-run --help' -- "
	    "\"$word\")) ;;\n"
	    "\tesac\n}\n"
	    "complete -o filenames -F _shard_sample sample shard-sample\n");
	free(text);
}

static void
a_configuration_shows_lists_then_values_then_flags(void)
{
	struct err e = ERR_ZERO;
	struct options o;
	char *text;

	OK(parse(&o,
	       WORDS("--strict", "--input", "\xc3\xa4\xc3\xb6", "b", "--table",
		   "t=1"),
	       WORDS("TABLE_u=2", "SHIFT=5"), &e) == 0,
	    e);
	text = written(config, &o);
	/* a width of four characters: "bytes" is no value, csv is */
	EQ_S(text,
	    "input                \xc3\xa4\xc3\xb6   option\n"
	    "input                b    option\n"
	    "table                t=1  option\n"
	    "table                u=2  environment TABLE_u\n"
	    "label                -    default\n"
	    "format               csv  default\n"
	    "shift                5    environment SHIFT\n"
	    "workers              -    default\n"
	    "ratio                -    default\n"
	    "share                -    default\n"
	    "memory               -    default\n"
	    "keep                 -    default\n"
	    "sorted               -    default\n"
	    "strict               yes  option\n");
	free(text);
	options_fini(&o);
}

static void
the_four_words_of_every_job_are_known(void)
{
	struct err e = ERR_ZERO;
	struct options o;

	OK(parse(&o, WORDS("--help", "--print-config", "--completion"), nothing,
	       &e) == 0,
	    e);
	CHECK(o.help && o.show && o.complete && !o.plan);
	options_fini(&o);
	OK(parse(&o, WORDS("-h", "--dry-run"), nothing, &e) == 0, e);
	CHECK(o.help && !o.show && !o.complete && o.plan);
	options_fini(&o);
}

static struct buf notes;

static void PRINTF_LIKE(1, 2) note(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&notes, "%s\n", text);
}

static void
retired_variables_are_noted_when_they_say_something(void)
{
	const char *const *env =
	    WORDS("OLD_TWO=x", "OLD_ONE=", "OLD_THREE=y", "OLD=z");

	options_retired(&table, (char *const *)(uintptr_t)env, note);
	EQ_S(buf_cstr(&notes), "OLD_TWO is not needed any more\n");
	buf_fini(&notes);
	CHECK(
	    option_variable((char *const *)(uintptr_t)env, "OLD_ONE") == NULL);
	EQ_S(option_variable((char *const *)(uintptr_t)env, "OLD_TWO"), "x");
}

int
main(void)
{
	RUN(each_kind_takes_its_values_and_no_others);
	RUN(a_word_of_choices_gets_their_spelling);
	RUN(a_wrong_value_is_told_with_its_name_and_the_choices);
	RUN(words_that_are_no_options_are_wrong_usage);
	RUN(the_last_of_repeated_options_counts);
	RUN(words_of_one_value_are_joined_and_of_a_list_are_not);
	RUN(an_option_whose_value_may_lack_has_its_first_choice);
	RUN(the_words_go_before_the_environment_and_that_before_defaults);
	RUN(the_first_variable_that_says_something_counts);
	RUN(a_variable_turns_a_flag_on_only_with_its_value);
	RUN(an_empty_value_is_none);
	RUN(what_is_found_out_does_not_replace_what_was_said);
	RUN(help_names_every_option_in_lines_of_79_characters);
	RUN(a_line_of_help_is_filled_to_its_79th_character);
	RUN(completion_is_a_function_with_the_choices_and_all_options);
	RUN(a_configuration_shows_lists_then_values_then_flags);
	RUN(the_four_words_of_every_job_are_known);
	RUN(retired_variables_are_noted_when_they_say_something);
	return test_end();
}
