/* keytable - the first occurrence of every key, against a plain list. */
#include "keys/keytable.h"

#include "keys.h"
#include "test.h"

/* (time, shard, row) order, spelt out. */
static bool
naive_before(const struct keyent *a, const struct keyent *b)
{
	struct instant x = keyent_time(a), y = keyent_time(b);
	int c = instant_cmp(x, y);

	if (c)
		return c < 0;
	if (keyent_ordinal(a) != keyent_ordinal(b))
		return keyent_ordinal(a) < keyent_ordinal(b);
	return keyent_row(a) < keyent_row(b);
}

static void
fields_of_an_entry_read_back(void)
{
	int i;

	for (i = 0; i < 100000; i++) {
		struct instant t = {rnd(), (uint32_t)below(32)};
		uint32_t ordinal = (uint32_t)below(KEYENT_MAX_SHARDS);
		uint64_t row = below(KEYENT_MAX_ROWS);
		struct keyent a = {.hi = t.hi}, b = keyent_random(3);

		a.where = keyent_where(t, ordinal, row);
		CHECK(instant_cmp(keyent_time(&a), t) == 0);
		EQ_U(keyent_ordinal(&a), ordinal);
		EQ_U(keyent_row(&a), row);
		if (one_in(2))
			b.hi = a.hi;
		if (one_in(4))
			b.where ^= (b.where ^ a.where) & ~UINT64_C(0) << 59;
		EQ_U(keyent_before(&a, &b), naive_before(&a, &b));
		EQ_U(keyent_before(&b, &a), naive_before(&b, &a));
	}
}

static void
keys_of_an_entry_read_back(void)
{
	char p[64] = {0};
	struct keyent k;
	struct bytes got, heap = bytes_of(p, sizeof(p));
	size_t n;

	for (n = 0; n < sizeof(p); n++)
		p[n] = (char)rnd();
	for (n = 0; n <= KEYENT_INLINE; n++) {
		keyent_set_inline(&k, bytes_of(p, n));
		CHECK(keyent_is_inline(&k));
		CHECK(keyent_key(&k, bytes_of(NULL, 0), &got));
		EQ_B(got, bytes_of(p, n));
	}
	keyent_set_heap(&k, 5, 59, 1);
	CHECK(!keyent_is_inline(&k));
	CHECK(keyent_key(&k, heap, &got));
	EQ_B(got, bytes_of(p + 5, 59));
	/* out of the heap */
	keyent_set_heap(&k, 6, 59, 1);
	CHECK(!keyent_key(&k, heap, &got));
	keyent_set_heap(&k, 65, 0, 1);
	CHECK(!keyent_key(&k, heap, &got));
	keyent_set_heap(&k, UINT64_MAX, 2, 1);
	CHECK(!keyent_key(&k, heap, &got));
	k.key[KEYENT_INLINE] = 16;
	CHECK(!keyent_key(&k, heap, &got));
}

/* The table holds these keys and no others, in (hash, key) order. */
static void
check_table(struct keytable *t, struct keys *want)
{
	struct keyent *v = keytable_sorted(t);
	struct bytes got;
	size_t i;

	keys_sort(want);
	if (EQ_U(t->n, want->n))
		for (i = 0; i < t->n; i++) {
			if (!CHECK(
				keyent_key(&v[i], buf_bytes(&t->heap), &got)) ||
			    !EQ_B(got, key_bytes(&want->v[i])))
				break;
			EQ_U(v[i].hi, want->v[i].first.hi);
			EQ_U(v[i].where, want->v[i].first.where);
			EQ_U(keyent_is_inline(&v[i]), got.n <= KEYENT_INLINE);
		}
	free(v);
}

static void
puts_against_a_list(void)
{
	static const size_t sizes[] = {0, 1, 2, 39, 40, 41, 100, 5000, 30000};
	size_t s, i, n;
	int pass;

	for (s = 0; s < LEN(sizes); s++)
		for (pass = 0; pass < 4; pass++) {
			bool few = pass & 1 && sizes[s] <= 5000;
			struct keys k = keys_make(sizes[s], 5, few);
			struct keytable t;

			keytable_init(&t, pass & 2 ? sizes[s] : 0);
			for (n = 0; n < sizes[s]; n++)
				keytable_put(&t, key_bytes(&k.v[n]),
				    k.v[n].hash, &k.v[n].first);
			/* and again, sooner or later than before */
			for (n = 0; n < 2 * sizes[s]; n++) {
				struct keyent e = keyent_random(5);

				i = below(sizes[s]);
				keytable_put(
				    &t, key_bytes(&k.v[i]), k.v[i].hash, &e);
				if (naive_before(&e, &k.v[i].first)) {
					k.v[i].first.hi = e.hi;
					k.v[i].first.where = e.where;
				}
			}
			test_about("%zu keys, pass %d", sizes[s], pass);
			check_table(&t, &k);
			keytable_fini(&t);
			keys_free(&k);
		}
}

static void
equal_content_at_other_addresses_is_one_key(void)
{
	struct keytable t;
	char a[40], b[40];
	struct keyent one = {.hi = 7, .where = 1}, two = {.hi = 6, .where = 2};
	size_t n;

	for (n = 0; n <= sizeof(a); n++) {
		struct bytes x = bytes_of(a, n), y = bytes_of(b, n);

		memset(a, 'k', sizeof(a));
		memcpy(b, a, sizeof(b));
		keytable_init(&t, 0);
		keytable_put(&t, x, key_hash(x), &one);
		memset(a, 0, sizeof(a)); /* it was copied */
		keytable_put(&t, y, key_hash(y), &two);
		test_about("%zu bytes", n);
		EQ_U(t.n, 1);
		keytable_fini(&t);
	}
}

static void
one_hash_tells_keys_apart_by_bytes(void)
{
	struct keys k = keys_make(300, 3, false);
	struct keytable t;
	size_t i;

	keytable_init(&t, 0);
	for (i = 0; i < k.n; i++) {
		k.v[i].hash = UINT64_MAX;
		keytable_put(&t, key_bytes(&k.v[i]), UINT64_MAX, &k.v[i].first);
	}
	check_table(&t, &k);
	keytable_fini(&t);
	keys_free(&k);
}

static void
hashes_at_the_ends_sort(void)
{
	struct keys k = keys_make(2000, 3, false);
	struct keytable t;
	size_t i;

	keytable_init(&t, 0);
	for (i = 0; i < k.n; i++) {
		/* one bit, or all but one */
		k.v[i].hash = UINT64_C(1) << below(64);
		if (one_in(2))
			k.v[i].hash = ~k.v[i].hash;
		keytable_put(
		    &t, key_bytes(&k.v[i]), k.v[i].hash, &k.v[i].first);
	}
	check_table(&t, &k);
	keytable_fini(&t);
	keys_free(&k);
}

static void
a_cleared_table_is_as_new(void)
{
	struct keytable t;
	int round;

	keytable_init(&t, 0);
	for (round = 0; round < 20; round++) {
		struct keys k = keys_make(below(3000), 3, false);
		size_t i;

		for (i = 0; i < k.n; i++)
			keytable_put(
			    &t, key_bytes(&k.v[i]), k.v[i].hash, &k.v[i].first);
		check_table(&t, &k);
		keytable_clear(&t);
		EQ_U(t.n, 0);
		keys_free(&k);
	}
	keytable_fini(&t);
}

static void
the_order_of_puts_does_not_matter(void)
{
	struct keys k = keys_make(3000, 3, false);
	struct keytable a, b;
	struct keyent *va, *vb;
	size_t i;

	for (i = 0; i < k.n; i++) { /* inside ones: bytes can be compared */
		free(k.v[i].p);
		k.v[i].p = xmalloc(8);
		k.v[i].n = 4;
		memcpy(k.v[i].p, &(uint32_t){(uint32_t)below(900)}, 4);
		k.v[i].hash = key_hash(key_bytes(&k.v[i]));
	}
	keytable_init(&a, 0);
	keytable_init(&b, 9000);
	for (i = 0; i < k.n; i++) {
		size_t r = k.n - 1 - i;

		keytable_put(
		    &a, key_bytes(&k.v[i]), k.v[i].hash, &k.v[i].first);
		keytable_put(
		    &b, key_bytes(&k.v[r]), k.v[r].hash, &k.v[r].first);
	}
	va = keytable_sorted(&a);
	vb = keytable_sorted(&b);
	EQ_U(a.n, b.n);
	CHECK(memcmp(va, vb, a.n * sizeof(*va)) == 0);
	free(va);
	free(vb);
	keytable_fini(&a);
	keytable_fini(&b);
	keys_free(&k);
}

/* Sums per key against a plain list; what is not there is not found. */
static void
sums_against_a_list(void)
{
	static const size_t sizes[] = {0, 1, 39, 40, 41, 3000};
	size_t s, i, n;

	for (s = 0; s < LEN(sizes); s++) {
		struct keys k = keys_make(sizes[s], 5, s & 1);
		struct keytable t;

		keytable_init(&t, 0);
		for (i = 0; i < k.n; i++) {
			struct keyent *new =
			    keytable_entry(&t, key_bytes(&k.v[i]), k.v[i].hash);

			EQ_U(t.n, i + 1);
			EQ_U(new->hi | new->where, 0);
			new->hi = k.v[i].first.hi;
			new->where = k.v[i].first.where;
			if (i % 7 == 0)
				CHECK(!keytable_get(
				    &t, bytes_str("none"), k.v[i].hash));
		}
		for (n = 0; n < 2 * sizes[s]; n++) {
			struct key *x = &k.v[below(sizes[s])];
			uint64_t hi = below(1000), where = rnd();
			struct keyent *got =
			    keytable_entry(&t, key_bytes(x), x->hash);

			EQ_U(t.n, k.n);
			got->hi += hi;
			got->where += where;
			x->first.hi += hi;
			x->first.where += where;
		}
		for (i = 0; i < k.n; i++) {
			const struct keyent *got =
			    keytable_get(&t, key_bytes(&k.v[i]), k.v[i].hash);

			if (!CHECK(got != NULL))
				break;
			EQ_U(got->hi, k.v[i].first.hi);
		}
		test_about("%zu keys", sizes[s]);
		check_table(&t, &k);
		keytable_fini(&t);
		keys_free(&k);
	}
}

/* Counts are of a value in a column, also where two have one hash. */
static void
counts_are_of_columns(void)
{
	struct bytes key = bytes_str("value");
	uint64_t column, got[3] = {0, 0, 0};
	struct keytable t;
	size_t i;

	keytable_init(&t, 0);
	for (i = 0; i < 600; i++)
		keytable_count(&t, key, 77, i % 3, 1 + i % 3);
	EQ_U(t.n, 3);
	for (i = 0; i < t.n; i++) {
		column = t.slot[i].where;
		if (CHECK(column < 3))
			got[column] = t.slot[i].hi;
	}
	for (column = 0; column < 3; column++)
		EQ_U(got[column], 200 * (1 + column));
	keytable_fini(&t);
}

static void
keys_in_their_own_order(void)
{
	struct keytable t;
	struct keyref *v;
	char text[32];
	size_t i;
	int ints;

	keytable_init(&t, 0);
	for (i = 0; i < 3000; i++) {
		struct bytes key;

		sprintf(text, "%d", (int)below(2400) - 1200);
		key = bytes_str(text);
		keytable_entry(&t, key, key_hash(key))->hi++;
	}
	for (ints = 0; ints < 2; ints++) {
		v = keytable_by_key(&t, ints);
		for (i = 1; i < t.n; i++) {
			int64_t a, b;

			CHECK(parse_i64(v[i - 1].key, &a));
			CHECK(parse_i64(v[i].key, &b));
			CHECK(ints ? a < b
				   : bytes_cmp(v[i - 1].key, v[i].key) < 0);
			CHECK(t.hash[v[i].slot] == key_hash(v[i].key));
		}
		free(v);
	}
	keytable_clear(&t);
	v = keytable_by_key(&t, true);
	free(v);
	keytable_fini(&t);
}

/* A table at its limit takes no more than what the limit was made for. */
static void
the_limit_of_a_table_holds(void)
{
	uint64_t memory;

	for (memory = 1; memory < UINT64_C(1) << 42; memory = memory * 3 + 7) {
		struct keytable_limit l = keytable_limit(memory);
		uint64_t cap = 64;

		while (cap * 5 < l.keys * 8)
			cap *= 2;
		if (cap > 64) {
			CHECK(cap * 40 <= memory / 3);
			CHECK(l.keys * 64 <= memory / 3);
			CHECK(l.heap <= memory / 6);
		}
		CHECK(l.keys >= 1);
	}
}

/* Hashes of a range, as a merge takes them; and such as no hash function
 * makes: nearly all of them near the greatest, few different ones. */
static uint64_t
crowded(int how, size_t i, size_t n)
{
	switch (how) {
	case 0: return rnd() >> 20 | 1;
	case 1: return i ? UINT64_MAX - below(n) : 1;
	case 2: return 1 + below(4);
	default: return rnd() << 32 | 7;
	}
}

static void
crowded_hashes_sort(void)
{
	static const size_t sizes[] = {1, 2, 3, 23, 24, 25, 26, 100, 5000};
	size_t s, i;
	int how;

	for (s = 0; s < LEN(sizes); s++)
		for (how = 0; how < 4; how++) {
			struct keyent *v, what = {.hi = 1};
			struct keytable t;

			keytable_init(&t, 64);
			for (i = 0; i < sizes[s]; i++) {
				what.where = crowded(how, i, sizes[s]);
				keytable_put(&t, bytes_of((char *)&i, 8),
				    what.where, &what);
			}
			v = keytable_sorted(&t);
			EQ_U(t.n, sizes[s]);
			for (i = 1; i < t.n; i++)
				if (!CHECK(v[i - 1].where <= v[i].where))
					break;
			free(v);
			keytable_fini(&t);
		}
}

int
main(void)
{
	RUN(fields_of_an_entry_read_back);
	RUN(keys_of_an_entry_read_back);
	RUN(puts_against_a_list);
	RUN(equal_content_at_other_addresses_is_one_key);
	RUN(one_hash_tells_keys_apart_by_bytes);
	RUN(hashes_at_the_ends_sort);
	RUN(crowded_hashes_sort);
	RUN(a_cleared_table_is_as_new);
	RUN(the_order_of_puts_does_not_matter);
	RUN(sums_against_a_list);
	RUN(counts_are_of_columns);
	RUN(keys_in_their_own_order);
	RUN(the_limit_of_a_table_holds);
	return test_end();
}
