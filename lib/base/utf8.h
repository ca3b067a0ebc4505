/*
 * utf8 - well-formed UTF-8: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef SHARD_UTF8_H
#define SHARD_UTF8_H

#include "base/base.h"

/* Returns the length of the well-formed sequence at the start of p[0..n), where
 * n > 0; 0 if there is none. */
size_t utf8_len(const char *p, size_t n);
/* Returns true if s consists of well-formed sequences. */
bool utf8_valid(struct bytes s);
/* Writes a code point and returns its length, at most 4 bytes; returns 0 if
 * there is no such character. */
size_t utf8_put(uint32_t c, char *out);

#endif
