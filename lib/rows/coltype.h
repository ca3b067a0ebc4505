/*
 * coltype - the type that a format with types declares a column to have, as
 * DuckDB spells it: BIGINT, DECIMAL(10,2), TIMESTAMP WITH TIME ZONE.
 *
 * There is one pointer for each type, so types are compared as pointers.  They
 * are valid as long as the program runs.
 */
#ifndef SHARD_COLTYPE_H
#define SHARD_COLTYPE_H

#include "base/base.h"

/* Returns the type of that name, or NULL when no column can have it: a name has
 * letters, digits, blanks and the brackets and comma of DECIMAL. */
const char *coltype(struct bytes name);
/* Returns a type that holds the values of both: the type itself if they are
 * one, BIGINT for integers, DOUBLE for numbers, else VARCHAR.  NULL if one is
 * NULL. */
const char *coltype_join(const char *a, const char *b);
/* Sets the least and the greatest value of an integer type; returns false for a
 * type that is none or does not fit an int64_t. */
bool coltype_range(const char *type, int64_t *min, int64_t *max);
/* Returns true for the types of numbers. */
bool coltype_is_number(const char *type);

#endif
