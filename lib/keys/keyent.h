/*
 * keyent - one key's first occurrence, as partials and the key index keep it:
 * 32 bytes, short keys inside.
 *
 *	hi      time, upper 64 bits           (instant.h)
 *	where   time, lower 5 bits | shard ordinal 27 | row 32
 *	key     at most 15 bytes, zero padded, then the length in key[15]; or
 *	        heap offset 8 | length 4 | hash bits 3 | 0xff
 *
 * Tables of them are sorted by (hash of the key, key bytes).  The ordinal
 * counts the shards of the table, in number order; so (time, ordinal, row)
 * orders as (time, shard, row) does.
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

/* Never 0, which marks empty slots; equal hashes are told apart by bytes. */
static inline uint64_t
key_hash(struct bytes key)
{
	uint64_t h = digest_of(key.p, key.n);

	return h ? h : 1;
}

static inline uint64_t
keyent_where(struct instant t, uint32_t ordinal, uint64_t row)
{
	return (uint64_t)t.lo << 59 | (uint64_t)ordinal << 32 | row;
}

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

/* Is a's occurrence before b's, in (time, shard, row) order?  The fields lie
 * so that this is one comparison of 128 bits. */
static inline bool
keyent_before(const struct keyent *a, const struct keyent *b)
{
	return a->hi != b->hi ? a->hi < b->hi : a->where < b->where;
}

static inline bool
keyent_is_inline(const struct keyent *k)
{
	return k->key[KEYENT_INLINE] != 0xff;
}

/* What a short key is in an entry: the bytes of key[16], in two words. */
struct keyhalves {
	uint64_t a, b;
};

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

static inline void
keyent_set_halves(struct keyent *k, struct keyhalves h)
{
	memcpy(k->key, &h.a, 8);
	memcpy(k->key + 8, &h.b, 8);
}

static inline bool
keyent_has_halves(const struct keyent *k, struct keyhalves h)
{
	uint64_t a, b;

	memcpy(&a, k->key, 8);
	memcpy(&b, k->key + 8, 8);
	return a == h.a && b == h.b;
}

static inline void
keyent_set_inline(struct keyent *k, struct bytes key)
{
	keyent_set_halves(k, keyent_halves(key));
}

static inline void
keyent_set_heap(struct keyent *k, uint64_t off, uint32_t len, uint64_t hash)
{
	memcpy(k->key, &off, 8);
	memcpy(k->key + 8, &len, 4);
	memcpy(k->key + 12, &hash, 3);
	k->key[KEYENT_INLINE] = 0xff;
}

/* A long key's bytes lie elsewhere now. */
static inline void
keyent_move_heap(struct keyent *k, uint64_t off)
{
	memcpy(k->key, &off, 8);
}

/* The key's bytes; heap is where the table keeps the long ones.  False when
 * the entry points outside of it (a damaged file). */
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
