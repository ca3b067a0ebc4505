/*
 * json - writes the tokens of JSON.  What reads JSON is jansson (fill/dict.c)
 * and yajl (rows/jsontext.h).
 */
#ifndef SHARD_JSON_H
#define SHARD_JSON_H

#include "base/buf.h"

/* Appends a string with its quotes.  UTF-8 stays as it is; other bytes become
 * U+FFFD, and the function then returns -1, else 0. */
int json_put_string(struct buf *b, struct bytes s);
/* Returns true if text is a number as JSON spells numbers. */
bool json_spells_number(struct bytes text);

#endif
