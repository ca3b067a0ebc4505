/*
 * json - what is written of JSON; reading is jansson's (filldict.c) and yajl's
 * (jsonin.c).
 */
#ifndef SHARD_JSON_H
#define SHARD_JSON_H

#include "base/buf.h"

/* A string with its quotes.  UTF-8 stays as it is; -1: bytes that are none
 * became U+FFFD. */
int json_put_string(struct buf *b, struct bytes s);
/* Is it a number as JSON spells them? */
bool json_spells_number(struct bytes text);

#endif
