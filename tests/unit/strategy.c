/* strategy - how options spell what fills a column. */
#include "fill/strategy.h"

#include "test.h"

static const struct {
	const char *s;
	bool one, kind; /* is it a strategy; one of a kind of columns? */
	enum op op;
	const char *value, *fallback;
} cases[] = {
    {"mean", true, true, MEAN, "-", "-"},
    {"empty", true, true, EMPTY, "-", "-"},
    {"constant", true, true, CONSTANT, "-", "-"},
    {"constant:", true, true, CONSTANT, "", "-"},
    {"constant:a:b=c", true, true, CONSTANT, "a:b=c", "-"},
    {"constant:a,constant:b", true, true, CONSTANT, "a,constant:b", "-"},
    {"mean,constant:3", false, true, MEAN, "-", "3"},
    {"constant,constant:3", false, true, CONSTANT, "-", "3"},
    {"mode,constant:a,b:c", false, true, MODE, "-", "a,b:c"},
    {"mode,constant:", false, true, MODE, "-", ""},
    {"", false, false, MEAN, "-", "-"},
    {"Mean", false, false, MEAN, "-", "-"},
    {"mean:3", false, false, MEAN, "-", "-"},
    {"mean,constant", false, false, MEAN, "-", "-"},
    {"mean,", false, false, MEAN, "-", "-"},
    {",constant:3", false, false, MEAN, "-", "-"},
    {"mean,mode", false, false, MEAN, "-", "-"},
    {"mean, constant:3", false, false, MEAN, "-", "-"},
};

static const char *
shown(const char *s)
{
	return s ? s : "-";
}

static void
a_strategy_of_a_column_is_one_word_or_a_constant(void)
{
	struct strategy st;
	size_t i;

	for (i = 0; i < LEN(cases); i++) {
		if (!EQ_I(strategy_parse(cases[i].s, &st), cases[i].one) ||
		    !cases[i].one)
			continue;
		EQ_I(st.op, cases[i].op);
		EQ_S(shown(st.value), cases[i].value);
		EQ_S(shown(st.fallback), "-");
	}
}

static void
that_of_a_kind_may_say_what_constant_is_of_it(void)
{
	struct strategy st;
	size_t i;

	for (i = 0; i < LEN(cases); i++) {
		if (!EQ_I(
			strategy_parse_kind(cases[i].s, &st), cases[i].kind) ||
		    !cases[i].kind)
			continue;
		EQ_I(st.op, cases[i].op);
		EQ_S(shown(st.value), cases[i].value);
		EQ_S(shown(st.fallback), cases[i].fallback);
	}
}

static void
an_option_takes_those_of_its_kind(void)
{
	struct err e = ERR_ZERO;

	EQ_I(strategy_check("numeric", NULL, true, &e), 0);
	EQ_I(strategy_check("numeric", "median,constant:-1", true, &e), 0);
	EQ_I(strategy_check("numeric", "median,constant:x", true, &e), -1);
	HAS(e.msg, "\"x\" is no number");
	EQ_I(strategy_check("numeric", "mode", true, &e), -1);
	EQ_I(strategy_check("text", "empty,constant:x", false, &e), 0);
	EQ_I(strategy_check("text", "mean", false, &e), -1);
	EQ_I(strategy_check_column("column", "a=b=mean", &e), 0);
	EQ_I(strategy_check_column("column", "a=mean,constant:3", &e), -1);
	EQ_I(strategy_check_column("column", "=mean", &e), -1);
}

int
main(void)
{
	RUN(a_strategy_of_a_column_is_one_word_or_a_constant);
	RUN(that_of_a_kind_may_say_what_constant_is_of_it);
	RUN(an_option_takes_those_of_its_kind);
	return test_end();
}
