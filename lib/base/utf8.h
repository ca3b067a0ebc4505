/*
 * utf8 - what text is: well-formed UTF-8, without overlong forms, without
 * surrogates, up to U+10FFFF.
 */
#ifndef SHARD_UTF8_H
#define SHARD_UTF8_H

#include "base/base.h"

/* Length of the well-formed sequence that begins at p, of n > 0 bytes; 0 if
 * there is none. */
size_t utf8_len(const char *p, size_t n);
bool utf8_valid(struct bytes s);
/* Writes one code point, at most 4 bytes; 0 if there is no such character. */
size_t utf8_put(uint32_t c, char *out);

#endif
