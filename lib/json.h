/*
 * json - what is written of JSON; reading is jansson's (filldict.c).
 */
#ifndef SHARD_JSON_H
#define SHARD_JSON_H

#include "buf.h"

/* A string with its quotes.  UTF-8 stays as it is; bytes that are none become
 * U+FFFD. */
void json_put_string(struct buf *b, struct bytes s);

#endif
