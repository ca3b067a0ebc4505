/*
 * strategy - how a column is filled, as options spell it: mean, median, mode,
 * empty, constant or constant:VALUE.
 */
#ifndef SHARD_STRATEGY_H
#define SHARD_STRATEGY_H

#include "base/base.h"
#include "base/err.h"

enum op { MEAN, MEDIAN, MODE, CONSTANT, EMPTY, STRATEGY_OPS };

/* What a strategy may be used for.  An option for all columns of a kind takes
 * the strategies of that kind; a column that is named takes any that its values
 * allow. */
struct strategy_op {
	const char *name;
	bool numeric, text;  /* by --numeric, by --text */
	bool numbers, words; /* of columns of numbers, of anything else */
};
extern const struct strategy_op strategy_ops[STRATEGY_OPS];

struct strategy {
	enum op op;
	/* The constant, as a part of the text that was parsed; NULL for the
	 * default. */
	const char *value;
	/* The default constant of columns of that kind, as a part of that text;
	 * or NULL. */
	const char *fallback;
};

/* Returns true and fills *st if s is a strategy. */
bool strategy_parse(const char *s, struct strategy *st);
/*
 * The same for a strategy of all columns of a kind, which may go on as
 * `mean,constant:3`: the columns of that kind take the mean, and `constant`
 * without a value is 3 for those that are named.
 */
bool strategy_parse_kind(const char *s, struct strategy *st);
/* Returns -1 with ERR_USAGE unless s is NULL or a strategy for the option
 * --NAME, which is for numbers (numeric) or for texts. */
MUST_CHECK int
strategy_check(const char *name, const char *s, bool numeric, struct err *e);
/* Returns -1 with ERR_USAGE unless s is NAME=STRATEGY; option is the name of
 * the option for the message. */
MUST_CHECK int
strategy_check_column(const char *option, const char *s, struct err *e);

#endif
