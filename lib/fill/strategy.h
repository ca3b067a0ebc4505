/*
 * strategy - how a column is filled, as options spell it: mean, median, mode,
 * empty, constant or constant:VALUE.
 */
#ifndef SHARD_STRATEGY_H
#define SHARD_STRATEGY_H

#include "base/base.h"
#include "base/err.h"

enum op { MEAN, MEDIAN, MODE, CONSTANT, EMPTY, STRATEGY_OPS };

/* What a strategy is for: an option takes those of its kind, a column by its
 * name any that its values allow. */
struct strategy_op {
	const char *name;
	bool numeric, text;  /* by --numeric, by --text */
	bool numbers, words; /* of columns of numbers, of anything else */
};
extern const struct strategy_op strategy_ops[STRATEGY_OPS];

struct strategy {
	enum op op;
	const char *value; /* of a constant, in the text; NULL: the default */
	/* the default constant of columns of that kind, in the text; or NULL */
	const char *fallback;
};

/* True and *st if s is a strategy. */
bool strategy_parse(const char *s, struct strategy *st);
/*
 * The same for a strategy of all columns of a kind, which may go on as
 * `mean,constant:3`: the columns of that kind take the mean, and `constant`
 * without a value is 3 for those that are named.
 */
bool strategy_parse_kind(const char *s, struct strategy *st);
/* ERR_USAGE unless s is NULL or a strategy for the option --NAME, which is for
 * numbers (numeric) or for texts. */
MUST_CHECK int
strategy_check(const char *name, const char *s, bool numeric, struct err *e);
/* ERR_USAGE unless s has a '=' with a strategy behind it; option is the name
 * for the message. */
MUST_CHECK int
strategy_check_column(const char *option, const char *s, struct err *e);

#endif
