/*
 * keytable - a hash table from keys to their first occurrences, from values to
 * their counts, or from groups to their sizes, in memory, emptied in hash
 * order.  Pass 1 fills one per run, the merge one per range of hashes.
 */
#ifndef SHARD_KEYTABLE_H
#define SHARD_KEYTABLE_H

#include "base/buf.h"
#include "base/parse.h"
#include "keys/keyent.h"

/*
 * The entries lie in the order in which they came, found by an index: where
 * it is 0 there is none, else it is 32 bits of the hash and 1 + the number of
 * the entry.  So what is looked at for a key is small, and entries are put
 * where the last one was.
 */
struct keytable {
	struct keyent *slot; /* n of them */
	uint64_t *hash;      /* of each */
	size_t n, room;
	uint64_t *index;
	size_t cap; /* of the index, a power of two */
	struct buf heap;
};

/* Room for nkeys keys before the table grows. */
void keytable_init(struct keytable *t, size_t nkeys);
void keytable_fini(struct keytable *t);
/* Keeps the earlier of what is there and what is given (hi and where are
 * taken from it; its key bytes are ignored).  Returns what is kept, valid until
 * the next call. */
const struct keyent *keytable_put(struct keytable *t, struct bytes key,
    uint64_t hash, const struct keyent *what);
/* Tells the cache that this hash comes soon; and, when the index has come,
 * that the entry there does. */
static inline void
keytable_prefetch(const struct keytable *t, uint64_t hash)
{
	__builtin_prefetch(&t->index[hash & (t->cap - 1)]);
}
static inline void
keytable_prefetch_slot(const struct keytable *t, uint64_t hash)
{
	uint32_t i = (uint32_t)t->index[hash & (t->cap - 1)];

	if (i)
		__builtin_prefetch(&t->slot[i - 1]);
}
/* For counts of values of columns: adds n to the count (hi) of the key in
 * that column (where). */
void keytable_count(struct keytable *t, struct bytes key, uint64_t hash,
    uint64_t column, uint64_t n);
/* For sizes of groups, to be added to: the key's entry, with hi and where 0 if
 * it is new; valid until the next one that is. */
struct keyent *
keytable_entry(struct keytable *t, struct bytes key, uint64_t hash);
/* The key's entry, or NULL; valid until the next call. */
const struct keyent *
keytable_get(const struct keytable *t, struct bytes key, uint64_t hash);

/* What a table may hold, so that it and what sorting it takes stay within so
 * many bytes. */
struct keytable_limit {
	uint64_t keys, heap;
};
struct keytable_limit keytable_limit(uint64_t memory);
/* Would one more key, of n bytes, be too much?  An empty table takes any. */
static inline bool
keytable_full(const struct keytable *t, struct keytable_limit l, size_t n)
{
	return t->n >= l.keys || (t->heap.n + n > l.heap && t->n > 0);
}

/* The entries in (hash, key) order, n of them; valid until the next call.
 * Caller frees the array; the heap stays the table's. */
struct keyent *keytable_sorted(struct keytable *t);

/* A key and where in the order of the keys it is about: what has the lesser
 * rank is less, what has the same may be anything. */
struct keyref {
	uint64_t rank;
	struct bytes key;
	uint32_t slot;
};
/* The rank as an integer of CLASS_INT, or as bytes. */
uint64_t key_rank(struct bytes key, bool ints);
/* The order itself: int_cmp() or bytes_cmp(). */
static inline int
keyref_cmp(const struct keyref *a, const struct keyref *b, bool ints)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return ints ? int_cmp(a->key, b->key) : bytes_cmp(a->key, b->key);
}
void keyrefs_sort(struct keyref *v, size_t n, bool ints);
/* All keys in their order, as integers or as bytes; valid until the next call.
 * Caller frees. */
struct keyref *keytable_by_key(const struct keytable *t, bool ints);
void keytable_clear(struct keytable *t);

#endif
