/*
 * na - the rule that says which cells besides empty ones are missing.
 *
 * By default tokens such as NA are missing in columns of numbers, bools and
 * times, and data in columns of text.  A rule may instead make the tokens of
 * pandas, or those of a list, missing in every column.
 *
 *	na_rule_init(&r, "pandas");
 *	missing = na_is_token(&r, value);
 *	na_rule_fini(&r);
 */
#ifndef SHARD_NA_H
#define SHARD_NA_H

#include "base/base.h"

struct na_rule {
	bool everywhere;     /* tokens are missing in every column */
	struct bytes *token; /* NULL: those of is_na_token() */
	size_t ntoken;
	char *spec; /* the bytes of the tokens; owned */
};

/* Returns true if s is a token that pandas reads as missing; the empty string
 * is not one. */
bool is_na_token(struct bytes s);
/* Sets r to the rule of spec: auto (or NULL), pandas, or tokens separated by
 * commas.  The rule keeps a copy of spec. */
void na_rule_init(struct na_rule *r, const char *spec);
/* Frees the rule. */
void na_rule_fini(struct na_rule *r);
/* Returns true if s is a token of the rule, whatever the column. */
bool na_is_token(const struct na_rule *r, struct bytes s);
/* Returns what na_is_token() returns, for bytes that are known to be a number;
 * no token of pandas is one. */
static inline bool
na_is_number_token(const struct na_rule *r, struct bytes s)
{
	return r->token && na_is_token(r, s);
}

#endif
