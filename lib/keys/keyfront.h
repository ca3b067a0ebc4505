/*
 * keyfront - a cache in front of a table of keys: it finds recent results
 * without the hash of the key.  It is worth its memory where few keys have most
 * of the rows.
 *
 *	keyfront_clear(&f);		also when the results have changed
 *	what = keyfront_find(&f, key);	0: ask the table, then
 *	keyfront_put(&f, key, what);
 */
#ifndef SHARD_KEYFRONT_H
#define SHARD_KEYFRONT_H

#include <string.h>

#include "keys/keyent.h"

#define KEYFRONT_BITS 12

/* The cache has 96 KiB, which the second-level cache of a core holds. */
struct keyfront {
	struct {
		struct keyhalves key;
		uint64_t what; /* 0: nothing */
	} at[1 << KEYFRONT_BITS];
};

/* Empties the cache. */
static inline void
keyfront_clear(struct keyfront *f)
{
	memset(f, 0, sizeof(*f));
}

/* Returns the place of a key.  The upper bits of a product depend on all bits
 * of its factors (D. Knuth, The Art of Computer Programming, volume 3,
 * section 6.4).
 */
static inline size_t
keyfront_place(struct keyhalves h)
{
	uint64_t mix = (h.a ^ h.b * UINT64_C(0xd6e8feb86659fd93)) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return mix >> (64 - KEYFRONT_BITS);
}

/* Returns what was put in with the key.  Returns 0 if that was nothing, if the
 * key is longer than KEYENT_INLINE bytes, or if another key has taken its
 * place. */
static inline uint64_t
keyfront_find(const struct keyfront *f, struct bytes key)
{
	struct keyhalves h;
	size_t i;

	if (UNLIKELY(key.n > KEYENT_INLINE))
		return 0;
	h = keyent_halves(key);
	i = keyfront_place(h);
	return f->at[i].key.a == h.a && f->at[i].key.b == h.b ? f->at[i].what
							      : 0;
}

/* Puts in a result, which must not be 0, unless the key is long. */
static inline void
keyfront_put(struct keyfront *f, struct bytes key, uint64_t what)
{
	struct keyhalves h;
	size_t i;

	if (key.n > KEYENT_INLINE)
		return;
	h = keyent_halves(key);
	i = keyfront_place(h);
	f->at[i].key = h;
	f->at[i].what = what;
}

#endif
