#include "fill/strategy.h"

#include <string.h>

#include "base/parse.h"

const struct strategy_op strategy_ops[STRATEGY_OPS] = {
    [MEAN] = {"mean", true, false, true, false},
    [MEDIAN] = {"median", true, false, true, false},
    [MODE] = {"mode", false, true, true, true},
    [CONSTANT] = {"constant", true, true, true, true},
    [EMPTY] = {"empty", false, true, false, true},
};

static bool
find_op(struct bytes name, enum op *op)
{
	size_t i;

	for (i = 0; i < LEN(strategy_ops); i++)
		if (bytes_eq(name, bytes_str(strategy_ops[i].name))) {
			*op = (enum op)i;
			return true;
		}
	return false;
}

bool
strategy_parse(const char *s, struct strategy *st)
{
	const char *colon = strchrnul(s, ':');

	*st = (struct strategy){.value = *colon ? colon + 1 : NULL};
	return find_op(bytes_of(s, (size_t)(colon - s)), &st->op) &&
	    (!*colon || st->op == CONSTANT);
}

bool
strategy_parse_kind(const char *s, struct strategy *st)
{
	static const char word[] = ",constant:";
	const char *comma = strchrnul(s, ',');

	if (strategy_parse(s, st))
		return true;
	if (strncmp(comma, word, sizeof(word) - 1) != 0)
		return false;
	*st = (struct strategy){.fallback = comma + sizeof(word) - 1};
	return find_op(bytes_of(s, (size_t)(comma - s)), &st->op);
}

int
strategy_check(const char *name, const char *s, bool numeric, struct err *e)
{
	struct strategy st;
	const char *v;
	double d;

	if (!s)
		return 0;
	if (!strategy_parse_kind(s, &st) ||
	    !(numeric ? strategy_ops[st.op].numeric : strategy_ops[st.op].text))
		return err_kind_set(e, ERR_USAGE, "--%s %s: must be %s", name,
		    err_quote(bytes_str(s)),
		    numeric ? "mean, median, constant or constant:VALUE"
			    : "mode, constant, constant:VALUE or empty");
	v = st.value ? st.value : st.fallback;
	if (numeric && v && !parse_double(bytes_str(v), &d))
		return err_kind_set(e, ERR_USAGE, "--%s %s: %s is no number",
		    name, err_quote(bytes_str(s)), err_quote(bytes_str(v)));
	return 0;
}

int
strategy_check_column(const char *option, const char *s, struct err *e)
{
	struct strategy st;
	const char *p = s;

	while ((p = strchr(p, '=')))
		if (strategy_parse(++p, &st) && p - 1 > s)
			return 0;
	return err_kind_set(e, ERR_USAGE,
	    "--%s %s: expected NAME=STRATEGY, one of mean, median, mode, "
	    "constant, constant:VALUE, empty",
	    option, err_quote(bytes_str(s)));
}
