#include "keys/keytable.h"

#include <assert.h>
#include <stdlib.h>

void
keytable_init(struct keytable *t, size_t nkeys)
{
	*t = (struct keytable){.cap = 64, .room = 64, .heap = BUF_ZERO};
	while (t->cap * 5 < nkeys * 8)
		t->cap *= 2;
	if (t->room < nkeys)
		t->room = nkeys;
	t->slot = xmalloc(t->room * sizeof(*t->slot));
	t->hash = xmalloc(t->room * sizeof(*t->hash));
	t->index = xcalloc(t->cap, sizeof(*t->index));
}

void
keytable_fini(struct keytable *t)
{
	free(t->slot);
	free(t->hash);
	free(t->index);
	buf_fini(&t->heap);
	memset(t, 0, sizeof(*t));
}

void
keytable_clear(struct keytable *t)
{
	memset(t->index, 0, t->cap * sizeof(*t->index));
	t->n = 0;
	buf_clear(&t->heap);
}

/* What stands in the index of an entry. */
static inline uint64_t
mark_of(uint64_t hash, size_t i)
{
	return (hash & ~(uint64_t)UINT32_MAX) | (i + 1);
}

static void
grow_index(struct keytable *t)
{
	size_t i, at;

	/* numbers of entries have 32 bits: 160 GB of them */
	assert(t->n < UINT32_MAX / 2);
	free(t->index);
	t->cap *= 2;
	t->index = xcalloc(t->cap, sizeof(*t->index));
	for (i = 0; i < t->n; i++) {
		at = t->hash[i] & (t->cap - 1);
		while (t->index[at])
			at = (at + 1) & (t->cap - 1);
		t->index[at] = mark_of(t->hash[i], i);
	}
}

/* Room for one more key; places in the index are void. */
static inline void
make_room(struct keytable *t)
{
	if (UNLIKELY(t->n * 8 >= t->cap * 5))
		grow_index(t);
	if (UNLIKELY(t->n == t->room)) {
		t->room *= 2;
		t->slot = xrealloc(t->slot, t->room * sizeof(*t->slot));
		t->hash = xrealloc(t->hash, t->room * sizeof(*t->hash));
	}
}

static inline bool
is_key(const struct keytable *t, const struct keyent *k, struct bytes key,
    struct keyhalves short_key)
{
	struct bytes have;

	if (LIKELY(key.n <= KEYENT_INLINE))
		return keyent_has_halves(k, short_key);
	return keyent_key(k, buf_bytes(&t->heap), &have) && bytes_eq(have, key);
}

/* The key's entry, in that column if one is given; or NULL, and *place is
 * where it would be in the index. */
static ALWAYS_INLINE struct keyent *
probe(const struct keytable *t, struct bytes key, uint64_t hash,
    const uint64_t *column, size_t *place)
{
	struct keyhalves halves = {0, 0};
	size_t at = hash & (t->cap - 1);
	uint64_t mark;

	if (LIKELY(key.n <= KEYENT_INLINE))
		halves = keyent_halves(key);
	for (; (mark = t->index[at]) != 0; at = (at + 1) & (t->cap - 1)) {
		struct keyent *k = &t->slot[(uint32_t)mark - 1];

		if ((mark ^ hash) >> 32 == 0 &&
		    (!column || k->where == *column) &&
		    is_key(t, k, key, halves))
			return k;
	}
	*place = at;
	return NULL;
}

static inline struct keyent *
insert(struct keytable *t, size_t at, struct bytes key, uint64_t hash)
{
	struct keyent *k = &t->slot[t->n];

	t->hash[t->n] = hash;
	t->index[at] = mark_of(hash, t->n++);
	if (LIKELY(key.n <= KEYENT_INLINE)) {
		keyent_set_inline(k, key);
	} else {
		keyent_set_heap(k, t->heap.n, (uint32_t)key.n, hash);
		buf_putb(&t->heap, key);
	}
	return k;
}

const struct keyent *
keytable_put(struct keytable *t, struct bytes key, uint64_t hash,
    const struct keyent *what)
{
	struct keyent *k;
	size_t at = 0;

	make_room(t);
	k = probe(t, key, hash, NULL, &at);
	if (!k)
		k = insert(t, at, key, hash);
	else if (!keyent_before(what, k))
		return k;
	k->hi = what->hi;
	k->where = what->where;
	return k;
}

struct keyent *
keytable_entry(struct keytable *t, struct bytes key, uint64_t hash)
{
	struct keyent *k;
	size_t at = 0;

	make_room(t);
	k = probe(t, key, hash, NULL, &at);
	if (!k) {
		k = insert(t, at, key, hash);
		k->hi = k->where = 0;
	}
	return k;
}

const struct keyent *
keytable_get(const struct keytable *t, struct bytes key, uint64_t hash)
{
	size_t at;

	return probe(t, key, hash, NULL, &at);
}

/*
 * An entry and its hash take 40 bytes, its place in the index 13 to 26, and
 * 40 more while it is sorted; room for entries doubles.  A third for the
 * table, which is half as much again while it grows, a third for sorting, a
 * sixth for long keys.
 */
struct keytable_limit
keytable_limit(uint64_t memory)
{
	uint64_t cap = 64;

	while (cap * 2 * (sizeof(struct keyent) + 8) <= memory / 3)
		cap *= 2;
	return (struct keytable_limit){cap * 5 / 8 - 1, memory / 6};
}

void
keytable_count(struct keytable *t, struct bytes key, uint64_t hash,
    uint64_t column, uint64_t n)
{
	struct keyent *k;
	size_t at = 0;

	make_room(t);
	k = probe(t, key, hash, &column, &at);
	if (!k) {
		k = insert(t, at, key, hash);
		k->hi = 0;
		k->where = column;
	}
	k->hi += n;
}

struct order {
	uint64_t hash;
	uint32_t slot;
};

static int
by_hash(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Sorts a bucket, which as a rule has one entry or two. */
static void
sort_bucket(struct order *v, size_t n)
{
	size_t i, k;

	if (n > 24) {
		qsort(v, n, sizeof(*v), by_hash);
		return;
	}
	for (i = 1; i < n; i++) {
		struct order o = v[i];

		for (k = i; k > 0 && v[k - 1].hash > o.hash; k--)
			v[k] = v[k - 1];
		v[k] = o;
	}
}

/* Equal parts of the hashes from low on: the part of h is (h - low) << up >>
 * down, of 2^(64 - down). */
struct parts {
	uint64_t low;
	unsigned up, down;
};

/* Hashes are uniform between the least and the greatest. */
static struct parts
parts_of(const uint64_t *hash, size_t n, unsigned bits)
{
	uint64_t low = UINT64_MAX, high = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		low = hash[i] < low ? hash[i] : low;
		high = hash[i] > high ? hash[i] : high;
	}
	return (struct parts){
	    low, (unsigned)__builtin_clzll((high - low) | 1), 64 - bits};
}

static inline size_t
part_of(struct parts p, uint64_t hash)
{
	return (hash - p.low) << p.up >> p.down;
}

/* Counts of parts, count[0..n], become the places where they begin. */
static void
begins(uint32_t *count, size_t n)
{
	uint32_t sum = 0, c;
	size_t i;

	for (i = 0; i <= n; i++) {
		c = count[i];
		count[i] = sum;
		sum += c;
	}
}

#define FINE 256 /* parts that the entries of a part are cut in */

/* The entries of one part, in order: they are few, and near each other. */
static void
sort_part(struct keyent *v, const uint64_t *hash, size_t n,
    struct keyent *entries, struct order *order, struct bytes heap)
{
	struct parts p = parts_of(hash, n, 8);
	uint32_t count[FINE + 1] = {0}, sum;
	struct bytes a, b;
	size_t i, k;

	for (i = 0; i < n; i++)
		count[part_of(p, hash[i])]++;
	begins(count, FINE);
	for (i = 0; i < n; i++)
		order[count[part_of(p, hash[i])]++] =
		    (struct order){hash[i], (uint32_t)i};
	/* count[i] is now where part i ends */
	for (i = 0, sum = 0; i < FINE; sum = count[i++])
		if (count[i] - sum > 1)
			sort_bucket(order + sum, count[i] - sum);
	memcpy(entries, v, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		const struct keyent *e = &entries[order[i].slot];

		/* equal hashes, one pair in 2^64: insertion by key bytes */
		for (k = i; k > 0 && order[k - 1].hash == order[i].hash; k--) {
			if (!keyent_key(&v[k - 1], heap, &a) ||
			    !keyent_key(e, heap, &b) || bytes_cmp(a, b) <= 0)
				break;
			v[k] = v[k - 1];
		}
		v[k] = *e;
	}
}

/*
 * In two steps, as all that is looked up in the second is in the first level
 * of the cache: parts of some two hundred entries, then the entries of each.
 */
struct keyent *
keytable_sorted(struct keytable *t)
{
	size_t n = t->n, i, nparts, most = 0, first;
	struct keyent *out = xmalloc(n * sizeof(*out)), *entries;
	uint64_t *hash = xmalloc(n * sizeof(*hash));
	struct order *order;
	unsigned bits = 1;
	struct parts p;
	uint32_t *count;

	while (bits < 12 && n >> bits > FINE)
		bits++;
	nparts = (size_t)1 << bits;
	p = parts_of(t->hash, n, bits);
	count = xcalloc(nparts + 1, sizeof(*count));
	for (i = 0; i < n; i++)
		count[part_of(p, t->hash[i])]++;
	for (i = 0; i < nparts; i++)
		most = count[i] > most ? count[i] : most;
	begins(count, nparts);
	for (i = 0; i < n; i++) {
		uint32_t at = count[part_of(p, t->hash[i])]++;

		out[at] = t->slot[i];
		hash[at] = t->hash[i];
	}
	entries = xmalloc(most * sizeof(*entries));
	order = xmalloc(most * sizeof(*order));
	for (i = 0, first = 0; i < nparts; first = count[i++])
		if (count[i] > first)
			sort_part(out + first, hash + first, count[i] - first,
			    entries, order, buf_bytes(&t->heap));
	free(entries);
	free(order);
	free(count);
	free(hash);
	return out;
}

uint64_t
key_rank(struct bytes key, bool ints)
{
	uint64_t u = 0;
	int64_t i;
	size_t k;

	if (!ints) {
		for (k = 0; k < 8; k++)
			u = u << 8 | (k < key.n ? (unsigned char)key.p[k] : 0);
		return u;
	}
	if (parse_i64(key, &i))
		return (uint64_t)i + (UINT64_C(1) << 63);
	/* beyond 64 bits: as the last ones within */
	return key.n && key.p[0] == '-' ? 0 : UINT64_MAX;
}

static int
by_bytes(const void *a, const void *b)
{
	return keyref_cmp(a, b, false);
}

static int
by_int(const void *a, const void *b)
{
	return keyref_cmp(a, b, true);
}

void
keyrefs_sort(struct keyref *v, size_t n, bool ints)
{
	if (n)
		qsort(v, n, sizeof(*v), ints ? by_int : by_bytes);
}

struct keyref *
keytable_by_key(const struct keytable *t, bool ints)
{
	struct keyref *v = xmalloc(t->n * sizeof(*v));
	struct bytes heap = buf_bytes(&t->heap);
	size_t i;

	for (i = 0; i < t->n; i++) {
		bool ok = keyent_key(&t->slot[i], heap, &v[i].key);

		assert(ok);
		(void)ok;
		v[i].rank = key_rank(v[i].key, ints);
		v[i].slot = (uint32_t)i;
	}
	keyrefs_sort(v, t->n, ints);
	return v;
}
