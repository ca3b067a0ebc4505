/*
 * keys - random keys for the tests of keytable, keyindex and partial: short,
 * at the border of what an entry holds inside, long, with any byte, and with
 * hashes of their own where equal ones are to be forced.
 */
#ifndef SHARD_TEST_KEYS_H
#define SHARD_TEST_KEYS_H

#include "keys/keyent.h"
#include "test.h"

struct key {
	char *p;
	size_t n;
	uint64_t hash;
	struct keyent first; /* hi and where only */
};

struct keys {
	struct key *v;
	size_t n;
};

static struct bytes
key_bytes(const struct key *k)
{
	return bytes_of(k->p, k->n);
}

/* A key that tells its number; of a length near the border, or long. */
static void
key_make(struct key *k, size_t number)
{
	static const size_t lengths[] = {
	    1, 4, 8, 14, 15, 16, 17, 18, 31, 32, 100, 1000};
	char name[32];
	size_t want = lengths[below(LEN(lengths))], at;
	int n = snprintf(name, sizeof(name), "%zu", number);

	if (one_in(3))
		want = (size_t)n;
	if (want < (size_t)n + 1)
		want = (size_t)n;
	k->n = want;
	k->p = xmalloc(want + 1);
	memcpy(k->p, name, (size_t)n);
	if (want > (size_t)n) {
		/* a byte that is no digit, then anything */
		k->p[n] = "-\0\xff \n"[below(5)];
		for (at = (size_t)n + 1; at < want; at++)
			k->p[at] = one_in(2) ? 'x' : (char)rnd();
	}
}

static struct keyent
keyent_random(unsigned shards)
{
	struct instant t = {
	    one_in(2) ? below(20) : rnd(), one_in(3) ? (uint32_t)below(32) : 0};
	struct keyent k;

	memset(&k, 0, sizeof(k));
	k.hi = t.hi;
	k.where = keyent_where(t, (uint32_t)below(shards),
	    one_in(8) ? below(KEYENT_MAX_ROWS) : below(1000));
	return k;
}

/* n different keys; their hash the true one unless few_hashes. */
static struct keys
keys_make(size_t n, unsigned shards, bool few_hashes)
{
	struct keys k = {xcalloc(n, sizeof(*k.v)), n};
	size_t i;

	for (i = 0; i < n; i++) {
		key_make(&k.v[i], i);
		k.v[i].hash =
		    few_hashes ? 1 + below(7) : key_hash(key_bytes(&k.v[i]));
		k.v[i].first = keyent_random(shards);
	}
	return k;
}

static void
keys_free(struct keys *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		free(k->v[i].p);
	free(k->v);
}

static int
key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return bytes_cmp(key_bytes(x), key_bytes(y));
}

static UNUSED void
keys_sort(struct keys *k)
{
	if (k->n)
		qsort(k->v, k->n, sizeof(*k->v), key_order);
}

#endif
