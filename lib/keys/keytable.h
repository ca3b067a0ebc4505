/*
 * keytable - a hash table in memory, from keys to their first occurrences, from
 * values to their counts, or from groups to their sizes.  Its entries can be
 * had in the order of their hashes.  Pass 1 fills one table per run, the merge
 * one per range of hashes.
 */
#ifndef SHARD_KEYTABLE_H
#define SHARD_KEYTABLE_H

#include "base/buf.h"
#include "base/parse.h"
#include "keys/keyent.h"

/*
 * The entries lie in the order in which they were added.  A place of the index
 * is 0 if it is empty, else it has 32 bits of a hash and 1 + the number of the
 * entry. So a look-up reads little memory, and a new entry is written beside
 * the last one.
 */
struct keytable {
	struct keyent *slot; /* n entries */
	uint64_t *hash;      /* of each entry */
	size_t n, room;
	uint64_t *index;
	size_t cap; /* of the index, a power of two */
	struct buf heap;
};

/* Makes t an empty table that grows only beyond nkeys keys. */
void keytable_init(struct keytable *t, size_t nkeys);
/* Frees the memory. */
void keytable_fini(struct keytable *t);
/* Stores the occurrence of a key, of which hi and where are used, unless the
 * table has an earlier one of that key.  Returns the earlier one of the two,
 * valid until the next call. */
const struct keyent *keytable_put(struct keytable *t, struct bytes key,
    uint64_t hash, const struct keyent *what);
/* Asks the processor to fetch the place in the index of a hash that will be
 * looked up soon, and, after that has come, its entry. */
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
/* Adds n to the count of a value in a column.  An entry keeps the count in hi
 * and the column in where. */
void keytable_count(struct keytable *t, struct bytes key, uint64_t hash,
    uint64_t column, uint64_t n);
/* Returns the entry of a key, which is added with hi and where 0 if the table
 * does not have it.  The entry is valid until a key is added. */
struct keyent *
keytable_entry(struct keytable *t, struct bytes key, uint64_t hash);
/* Returns the entry of a key, valid until the next call, or NULL. */
const struct keyent *
keytable_get(const struct keytable *t, struct bytes key, uint64_t hash);

/* The most keys, and bytes of long keys, that a table may have. */
struct keytable_limit {
	uint64_t keys, heap;
};
/* Returns the limit with which a table, with all that sorting it takes, stays
 * within memory bytes. */
struct keytable_limit keytable_limit(uint64_t memory);
/* Returns true if one more key, of n bytes, would be beyond the limit; an empty
 * table takes any key. */
static inline bool
keytable_full(const struct keytable *t, struct keytable_limit l, size_t n)
{
	return t->n >= l.keys || (t->heap.n + n > l.heap && t->n > 0);
}

/* Returns a copy of the n entries in (hash, key) order, which the caller frees.
 * Long keys still point into the table's heap, so they are valid until the next
 * call. */
struct keyent *keytable_sorted(struct keytable *t);

/* A key with its rank, a number that is less only if the key is less; keys of
 * one rank are compared themselves. */
struct keyref {
	uint64_t rank;
	struct bytes key;
	uint32_t slot;
};
/* Returns the rank of a key among integers (CLASS_INT) or among bytes. */
uint64_t key_rank(struct bytes key, bool ints);
/* Compares as int_cmp() or bytes_cmp() does. */
static inline int
keyref_cmp(const struct keyref *a, const struct keyref *b, bool ints)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return ints ? int_cmp(a->key, b->key) : bytes_cmp(a->key, b->key);
}
/* Sorts v[0..n) in this order. */
void keyrefs_sort(struct keyref *v, size_t n, bool ints);
/* Returns all keys in their order, as integers or as bytes.  The caller frees
 * the array; the bytes are valid until the next call. */
struct keyref *keytable_by_key(const struct keytable *t, bool ints);
/* Removes all entries and keeps the memory. */
void keytable_clear(struct keytable *t);

#endif
