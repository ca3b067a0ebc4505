/*
 * coltype - the type that a format with types declares a column to have, as
 * DuckDB spells it: BIGINT, DECIMAL(10,2), TIMESTAMP WITH TIME ZONE.
 *
 * Types are compared as pointers, and live as long as the program.
 */
#ifndef SHARD_COLTYPE_H
#define SHARD_COLTYPE_H

#include "base/base.h"

/* The one of that name; NULL where it is no type that a column may have:
 * letters, digits, blanks and what DECIMAL has. */
const char *coltype(struct bytes name);
/* One that holds the values of both: of whole numbers BIGINT, of numbers
 * DOUBLE, else VARCHAR; NULL if one is. */
const char *coltype_join(const char *a, const char *b);
/* Least and greatest value; false: it is no integer that fits 64 bits with a
 * sign. */
bool coltype_range(const char *type, int64_t *min, int64_t *max);
bool coltype_is_number(const char *type);

#endif
