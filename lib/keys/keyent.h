/*
 * keyent - the first occurrence of a key in 32 bytes, as partials and the key
 * index store it; a short key lies inside.
 *
 *	hi      time, upper 64 bits           (instant.h)
 *	where   time, lower 5 bits | shard ordinal 27 | row 32
 *	key     at most 15 bytes, padded with zeros, and the length in key[15];
 *	        or, in bytes, heap offset 8 | length 4 | part of the hash 3 |
 * 0xff
 *
 * Files have the entries in the order of (hash of the key, bytes of the key).
 * The ordinal is the place of a shard among the shards of a table, which are in
 * the order of their numbers; so (time, ordinal, row) orders as (time, shard,
 * row).
 */
#ifndef SHARD_KEYENT_H
#define SHARD_KEYENT_H

#include <string.h>

#include "base/base.h"
#include "base/digest.h"
#include "base/instant.h"
#include "base/shortnum.h"

#define KEYENT_INLINE 15
#define KEYENT_MAX_SHARDS (UINT32_C(1) << 27)
#define KEYENT_MAX_ROWS (UINT64_C(1) << 32)

struct keyent {
	uint64_t hi;
	uint64_t where;
	unsigned char key[16];
};

/* Returns the hash of a key.  It is never 0, which marks empty slots; keys of
 * one hash are told apart by their bytes. */
static inline uint64_t
key_hash(struct bytes key)
{
	uint64_t h = digest_of(key.p, key.n);

	return h ? h : 1;
}

/* Returns the member `where` of an occurrence. */
static inline uint64_t
keyent_where(struct instant t, uint32_t ordinal, uint64_t row)
{
	return (uint64_t)t.lo << 59 | (uint64_t)ordinal << 32 | row;
}

/* These return the time, the ordinal of the shard and the row, from 0. */
static inline struct instant
keyent_time(const struct keyent *k)
{
	return (struct instant){k->hi, (uint32_t)(k->where >> 59)};
}

static inline uint32_t
keyent_ordinal(const struct keyent *k)
{
	return (uint32_t)(k->where >> 32) & (KEYENT_MAX_SHARDS - 1);
}

static inline uint64_t
keyent_row(const struct keyent *k)
{
	return k->where & UINT32_MAX;
}

/* Returns true if occurrence a is before b in (time, shard, row) order.  The
 * members lie so that this is one comparison of 128 bits. */
static inline bool
keyent_before(const struct keyent *a, const struct keyent *b)
{
	return a->hi != b->hi ? a->hi < b->hi : a->where < b->where;
}

/* Returns true if the key is short and lies in the entry. */
static inline bool
keyent_is_inline(const struct keyent *k)
{
	return k->key[KEYENT_INLINE] != 0xff;
}

/* A short key as an entry has it: the bytes of key[16] in two words. */
struct keyhalves {
	uint64_t a, b;
};

/* Returns the halves of a key of at most KEYENT_INLINE bytes. */
static inline struct keyhalves
keyent_halves(struct bytes key)
{
	struct keyhalves h = {0, (uint64_t)key.n << 8 * (KEYENT_INLINE - 8)};
	uint64_t end;

	if (key.n > 8) { /* the halves overlap */
		memcpy(&h.a, key.p, 8);
		memcpy(&end, key.p + key.n - 8, 8);
		h.b |= end >> 8 * (16 - key.n);
	} else if (key.n > 0) {
		h.a = short_load(key.p, key.n);
	}
	return h;
}

/* Stores a short key. */
static inline void
keyent_set_halves(struct keyent *k, struct keyhalves h)
{
	memcpy(k->key, &h.a, 8);
	memcpy(k->key + 8, &h.b, 8);
}

/* Returns true if the entry has this short key. */
static inline bool
keyent_has_halves(const struct keyent *k, struct keyhalves h)
{
	uint64_t a, b;

	memcpy(&a, k->key, 8);
	memcpy(&b, k->key + 8, 8);
	return a == h.a && b == h.b;
}

/* Stores a key of at most KEYENT_INLINE bytes. */
static inline void
keyent_set_inline(struct keyent *k, struct bytes key)
{
	keyent_set_halves(k, keyent_halves(key));
}

/* Stores a long key, whose len bytes lie at off in the heap. */
static inline void
keyent_set_heap(struct keyent *k, uint64_t off, uint32_t len, uint64_t hash)
{
	memcpy(k->key, &off, 8);
	memcpy(k->key + 8, &len, 4);
	memcpy(k->key + 12, &hash, 3);
	k->key[KEYENT_INLINE] = 0xff;
}

/* Changes where in the heap the bytes of a long key lie. */
static inline void
keyent_move_heap(struct keyent *k, uint64_t off)
{
	memcpy(k->key, &off, 8);
}

/* Sets *key to the bytes of the key, which lie in k or in heap.  Returns false
 * when the entry points outside the heap, as in a damaged file. */
static inline bool
keyent_key(const struct keyent *k, struct bytes heap, struct bytes *key)
{
	uint64_t off;
	uint32_t len;

	if (keyent_is_inline(k)) {
		*key = bytes_of((const char *)k->key, k->key[KEYENT_INLINE]);
		return k->key[KEYENT_INLINE] <= KEYENT_INLINE;
	}
	memcpy(&off, k->key, 8);
	memcpy(&len, k->key + 8, 4);
	if (off > heap.n || len > heap.n - off)
		return false;
	*key = bytes_of(heap.p + off, len);
	return true;
}

#endif
