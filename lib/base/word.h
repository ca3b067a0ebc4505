/*
 * word - a text as one word of the shell.
 */
#ifndef SHARD_WORD_H
#define SHARD_WORD_H

#include "base/buf.h"

/* Appends s, in quotes where the shell would take it for anything else than
 * this one word. */
void word_put(struct buf *b, const char *s);

#endif
