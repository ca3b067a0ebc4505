#include "keytable.h"

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
static inline __attribute__((always_inline)) struct keyent *
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
 * 64 more while it is sorted; room for entries doubles.  A third for the
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

/*
 * Hashes are uniform between the least and the greatest: as many buckets as
 * there are entries, and one pass puts each nearly in its place.  The result
 * is in tmp.
 */
static void
sort_orders(const struct order *v, struct order *tmp, size_t n)
{
	uint64_t low = UINT64_MAX, high = 0;
	unsigned up, down, bits = 1;
	uint32_t *count, sum = 0;
	size_t i, nbucket;

	for (i = 0; i < n; i++) {
		low = v[i].hash < low ? v[i].hash : low;
		high = v[i].hash > high ? v[i].hash : high;
	}
	while (bits < 20 && (size_t)2 << bits <= n)
		bits++;
	nbucket = (size_t)1 << bits;
	up = (unsigned)__builtin_clzll((high - low) | 1);
	down = 64 - bits;
#define BUCKET(h) (((h)-low) << up >> down)
	count = xcalloc(nbucket + 1, sizeof(*count));
	for (i = 0; i < n; i++)
		count[BUCKET(v[i].hash)]++;
	for (i = 0; i <= nbucket; i++) {
		uint32_t c = count[i];

		count[i] = sum;
		sum += c;
	}
	for (i = 0; i < n; i++)
		tmp[count[BUCKET(v[i].hash)]++] = v[i];
#undef BUCKET
	/* count[i] is now where bucket i ends */
	for (i = 0, sum = 0; i < nbucket; sum = count[i++])
		if (count[i] - sum > 1)
			sort_bucket(tmp + sum, count[i] - sum);
	free(count);
}

struct keyent *
keytable_sorted(struct keytable *t)
{
	struct order *v = xmalloc(t->n * sizeof(*v));
	struct order *tmp = xmalloc(t->n * sizeof(*tmp));
	struct keyent *out = xmalloc(t->n * sizeof(*out));
	struct bytes heap = buf_bytes(&t->heap), a, b;
	size_t i, k, n = t->n;

	for (i = 0; i < n; i++)
		v[i] = (struct order){t->hash[i], (uint32_t)i};
	if (n)
		sort_orders(v, tmp, n);
	for (i = 0; i < n; i++) {
		struct keyent e = t->slot[tmp[i].slot];

		/* equal hashes, one pair in 2^64: insertion by key bytes */
		for (k = i; k > 0 && tmp[k - 1].hash == tmp[i].hash; k--) {
			if (!keyent_key(&out[k - 1], heap, &a) ||
			    !keyent_key(&e, heap, &b) || bytes_cmp(a, b) <= 0)
				break;
			out[k] = out[k - 1];
		}
		out[k] = e;
	}
	free(v);
	free(tmp);
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
