/* opt - command lines: what is taken, what is refused and in which words. */
#include "base/opt.h"

#include "test.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

struct mine {
	bool quiet, zero;
	const char *key;
	struct opt_list list;
	uint64_t n, mem;
	double ratio;
	int colour;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 'q', "quiet", NULL, struct mine, quiet, "say nothing"),
    OPT(OPT_FLAG, '0', "null", NULL, struct mine, zero, "NUL between names"),
    OPT(OPT_STR, 'k', "key", "COL", struct mine, key, "the key column"),
    OPT(OPT_LIST, 'l', "list", "X", struct mine, list, "again and again"),
    OPT(OPT_U64, 'n', "number", "N", struct mine, n, "a number"),
    OPT(OPT_BYTES, 'm', "memory", "SIZE", struct mine, mem, "memory"),
    OPT(OPT_RATIO, 0, "ratio", "R", struct mine, ratio, "a ratio"),
    OPT_CHOICE('c', "colour", struct mine, colour, colours, "a colour"),
    OPT_END};

struct other {
	const char *out;
};

static const struct opt_spec other_specs[] = {
    OPT(OPT_STR, 'o', "output", "DIR", struct other, out, "where to"), OPT_END};

static struct mine m;
static struct other o;
static struct err e;
static char *words[32];
static char text[1000];
static int count;
static char asked;

/* Parses a command line given as one string. */
static int
parse(const char *line, bool stop_early)
{
	struct opt_group groups[] = {
	    {specs, &m}, {other_specs, &o}, {NULL, NULL}};
	char *w;

	opt_list_free(&m.list);
	memset(&m, 0, sizeof(m));
	memset(&o, 0, sizeof(o));
	m.colour = -1;
	m.ratio = -1;
	e = ERR_ZERO;
	snprintf(text, sizeof(text), "prog %s", line);
	count = 0;
	for (w = strtok(text, " "); w; w = strtok(NULL, " "))
		words[count++] = w;
	words[count] = NULL;
	test_about("%s", line);
	return opt_parse(groups, count, words, stop_early, &asked, &e);
}

static void
refused(const char *line, const char *why)
{
	if (!EQ_I(parse(line, false), -1))
		return;
	EQ_U(e.kind, ERR_USAGE);
	HAS(e.msg, why);
}

static void
no_option_is_fine(void)
{
	EQ_I(parse("", false), 1);
	CHECK(!m.quiet && !m.key && m.n == 0 && m.colour == -1);
	EQ_I(parse("a b", false), 1);
	EQ_S(words[1], "a");
	EQ_U((unsigned char)asked, 0);
}

static void
letters_may_be_bundled(void)
{
	EQ_I(parse("-q0kid x", false), 3 - 1);
	CHECK(m.quiet && m.zero);
	EQ_S(m.key, "id");
	EQ_I(parse("-q0k id x", false), 3);
	EQ_S(m.key, "id");
	EQ_I(parse("-k -q", false), 3); /* a value may look like an option */
	EQ_S(m.key, "-q");
	CHECK(!m.quiet);
}

static void
words_take_values_both_ways(void)
{
	EQ_I(parse("--key=id --number 7", false), 4);
	EQ_S(m.key, "id");
	EQ_U(m.n, 7);
	EQ_I(parse("--key=a=b", false), 2);
	EQ_S(m.key, "a=b");
	EQ_I(parse("--key=", false), 2);
	EQ_S(m.key, "");
	EQ_I(parse("-n0007", false), 2);
	EQ_U(m.n, 7);
}

static void
the_last_one_wins_and_lists_collect(void)
{
	EQ_I(parse("-k a -k b -l x --list=y -lz", false), 9);
	EQ_S(m.key, "b");
	EQ_U(m.list.n, 3);
	EQ_S(m.list.v[0], "x");
	EQ_S(m.list.v[1], "y");
	EQ_S(m.list.v[2], "z");
}

static void
groups_share_the_line(void)
{
	EQ_I(parse("-o out -k id --output=there", false), 6);
	EQ_S(o.out, "there");
	EQ_S(m.key, "id");
}

static void
operands_may_stand_between_options(void)
{
	int i = parse("a -k id b --quiet c", false);

	EQ_I(i, 4);
	EQ_S(m.key, "id");
	CHECK(m.quiet);
	EQ_S(words[i], "a");
	EQ_S(words[i + 1], "b");
	EQ_S(words[i + 2], "c");
}

static void
or_they_end_the_options(void)
{
	int i = parse("-q a -k id", true);

	EQ_I(i, 2);
	CHECK(m.quiet && !m.key);
	EQ_S(words[i], "a");
	EQ_S(words[i + 1], "-k");
}

static void
two_dashes_end_the_options_and_one_is_an_operand(void)
{
	int i = parse("-q -- -k id", false);

	EQ_I(i, 3);
	CHECK(!m.key);
	EQ_S(words[i], "-k");
	i = parse("- -q", false);
	CHECK(m.quiet);
	EQ_S(words[i], "-");
}

static void
help_and_version_are_asked_for(void)
{
	EQ_I(parse("--help", false), 0);
	EQ_U((unsigned char)asked, 'h');
	EQ_I(parse("-q --version x", false), 0);
	EQ_U((unsigned char)asked, 'v');
}

static void
a_missing_value_is_named(void)
{
	refused("-k", "-k needs a value");
	refused("--key", "--key needs a value");
	refused("-qk", "needs a value");
	refused("x --number", "--number needs a value");
}

static void
an_unknown_option_is_named(void)
{
	refused("--nope", "--nope: no such option");
	refused("--nope=3", "--nope");
	refused("-z", "-z: no such option");
	refused("a -z b", "-z: no such option");
	refused("-qz", "z: no such option");
}

/* getopt() has not yet passed the word when its first letter is unknown. */
static void
an_unknown_letter_in_front_of_others_is_named(void)
{
	refused("-zq", "z");
	CHECK(strstr(e.msg, "prog") == NULL);
	refused("-k id -zq", "z");
	CHECK(strncmp(e.msg, "id", 2) != 0);
}

static void
a_flag_takes_no_value(void)
{
	refused("--quiet=yes", "--quiet");
	CHECK(strstr(e.msg, "no such option") == NULL);
}

static void
an_ambiguous_word_is_said_to_be_one(void)
{
	/* --n: --null or --number */
	refused("--nu=1", "--nu");
	CHECK(strstr(e.msg, "no such option") == NULL);
}

static void
numbers_are_strict(void)
{
	static const char *const bad[] = {"x", "-1", "+1", "1.5", "1e3",
	    "18446744073709551616", "0x10", "7seven"};
	char line[60];
	size_t i;

	EQ_I(parse("-n 18446744073709551615", false), 3);
	EQ_U(m.n, UINT64_MAX);
	for (i = 0; i < LEN(bad); i++) {
		snprintf(line, sizeof(line), "-n %s", bad[i]);
		refused(line, "--number");
		HAS(e.msg, "not a whole number");
		HAS(e.msg, bad[i]);
	}
	refused("--number=", "--number \"\": not a whole number");
}

static void
sizes_have_suffixes_and_are_above_zero(void)
{
	EQ_I(parse("-m 20M", false), 3);
	EQ_U(m.mem, UINT64_C(20) << 20);
	EQ_I(parse("--memory=3g", false), 2);
	EQ_U(m.mem, UINT64_C(3) << 30);
	refused("-m 0", "--memory \"0\": not a size");
	refused("-m 0K", "not a size");
	refused("-m 1Q", "not a size");
	refused("-m -5", "not a size");
	refused("-m 99999999T", "not a size");
}

static void
ratios_are_from_zero_to_one(void)
{
	EQ_I(parse("--ratio 0", false), 3);
	CHECK(m.ratio == 0);
	EQ_I(parse("--ratio 1", false), 3);
	CHECK(m.ratio == 1);
	EQ_I(parse("--ratio=.25", false), 2);
	CHECK(m.ratio == 0.25);
	refused("--ratio 1.0000001", "not a number from 0 to 1");
	refused("--ratio=-0.5", "not a number from 0 to 1");
	refused("--ratio nan", "not a number from 0 to 1");
	refused("--ratio inf", "not a number from 0 to 1");
	refused("--ratio 50%", "not a number from 0 to 1");
}

static void
choices_are_listed(void)
{
	EQ_I(parse("-c green", false), 3);
	EQ_I(m.colour, 1);
	EQ_I(parse("--colour=red", false), 2);
	EQ_I(m.colour, 0);
	refused("-c pink", "--colour \"pink\": must be red|green|blue");
	refused("-c gree", "must be red|green|blue");
	refused("-c Red", "must be red|green|blue");
	refused("--colour=", "must be red|green|blue");
}

static void
it_can_be_called_again_and_again(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		EQ_I(parse("a -q b", false), 2);
		EQ_I(parse("-k", false), -1);
		EQ_I(parse("-zq", false), -1);
		EQ_I(parse("x -k id", true), 1);
	}
}

static char *
printed(void (*print)(const struct opt_group *, FILE *))
{
	struct opt_group groups[] = {
	    {specs, &m}, {other_specs, &o}, {NULL, NULL}};
	char *s = NULL;
	size_t n;
	FILE *f = open_memstream(&s, &n);

	print(groups, f);
	fclose(f);
	return s;
}

static void
help_has_one_line_per_option(void)
{
	char *s = printed(opt_help), *line;

	HAS(s, "  -q, --quiet");
	HAS(s, "  -k, --key COL");
	HAS(s, "      --ratio R");
	HAS(s, "--colour red|green|blue");
	HAS(s, "  -o, --output DIR");
	HAS(s, "      --help");
	HAS(s, "      --version");
	for (line = strtok(s, "\n"); line; line = strtok(NULL, "\n")) {
		test_about("%s", line);
		CHECK(strlen(line) <= 80);
	}
	free(s);
}

static void
the_synopsis_has_flags_first(void)
{
	char *s = printed(opt_synopsis);

	HAS(s, " [-q0] [-k COL]");
	HAS(s, " [-o DIR]");
	CHECK(strstr(s, "ratio") == NULL);
	free(s);
}

int
main(void)
{
	RUN(no_option_is_fine);
	RUN(letters_may_be_bundled);
	RUN(words_take_values_both_ways);
	RUN(the_last_one_wins_and_lists_collect);
	RUN(groups_share_the_line);
	RUN(operands_may_stand_between_options);
	RUN(or_they_end_the_options);
	RUN(two_dashes_end_the_options_and_one_is_an_operand);
	RUN(help_and_version_are_asked_for);
	RUN(a_missing_value_is_named);
	RUN(an_unknown_option_is_named);
	RUN(an_unknown_letter_in_front_of_others_is_named);
	RUN(a_flag_takes_no_value);
	RUN(an_ambiguous_word_is_said_to_be_one);
	RUN(numbers_are_strict);
	RUN(sizes_have_suffixes_and_are_above_zero);
	RUN(ratios_are_from_zero_to_one);
	RUN(choices_are_listed);
	RUN(it_can_be_called_again_and_again);
	RUN(help_has_one_line_per_option);
	RUN(the_synopsis_has_flags_first);
	opt_list_free(&m.list);
	return test_end();
}
