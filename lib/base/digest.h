/*
 * digest - the XXH3-64 hash of bytes, which tells whether they have changed;
 * it is no protection against someone who wants to deceive.
 *
 *	struct digest *d = digest_new();
 *	digest_add(d, p, n) ...;
 *	digest_hex(digest_value(d), text);
 *	digest_free(d);
 */
#ifndef SHARD_DIGEST_H
#define SHARD_DIGEST_H

#include "base/base.h"

struct digest;

/* Returns the digest of no bytes yet; the caller frees it with digest_free().
 */
struct digest *digest_new(void);
/* Makes d the digest of no bytes again. */
void digest_reset(struct digest *d);
/* Adds n bytes; only their order counts, not where they are cut into calls. */
void digest_add(struct digest *d, const void *p, size_t n);
/* Returns the digest of the bytes so far; more may be added. */
uint64_t digest_value(const struct digest *d);
/* Frees d, which may be NULL. */
void digest_free(struct digest *d);

/* Returns the digest of n bytes. */
uint64_t digest_of(const void *p, size_t n);
/* Returns XXH3-64 of n bytes with a seed; seed 0 gives digest_of(). */
uint64_t digest_of_seeded(const void *p, size_t n, uint64_t seed);

/* Writes v as 16 lower-case hex digits and a NUL. */
void digest_hex(uint64_t v, char out[17]);

#endif
