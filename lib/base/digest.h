/*
 * digest - XXH3-64 of a stream of bytes, and its spelling.
 */
#ifndef SHARD_DIGEST_H
#define SHARD_DIGEST_H

#include "base/base.h"

struct digest;

struct digest *digest_new(void);
void digest_reset(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n);
uint64_t digest_value(const struct digest *d);
void digest_free(struct digest *d);

/* XXH3-64 of one run of bytes; with a seed. */
uint64_t digest_of(const void *p, size_t n);
uint64_t digest_of_seeded(const void *p, size_t n, uint64_t seed);

/* 16 lower-case hex digits and a NUL. */
void digest_hex(uint64_t v, char out[17]);

#endif
