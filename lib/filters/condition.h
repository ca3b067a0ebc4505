/*
 * condition - the text of a comparison, as --where takes it: 'COL OP VALUE'.
 */
#ifndef SHARD_CONDITION_H
#define SHARD_CONDITION_H

#include "base/base.h"
#include "base/err.h"

enum condition_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct condition {
	struct bytes column, value; /* they point into the text */
	enum condition_op op;
};

/* Takes the text apart at its first operator, which has blanks around it; a
 * text without one is ERR_USAGE. */
MUST_CHECK int
condition_parse(const char *text, struct condition *c, struct err *e);

#endif
