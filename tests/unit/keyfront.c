/* keyfront - what it finds is what was put there last, for every kind of key.
 */
#include "keys/keyfront.h"

#include "keys.h"
#include "test.h"

static void
finds_what_was_put_or_nothing(void)
{
	struct keys k = keys_make(20000, 3, false);
	struct keyfront *f = xcalloc(1, sizeof(*f));
	uint64_t *last = xcalloc(k.n, sizeof(*last)), found = 0;
	size_t i, n;

	for (n = 1; n < 400000; n++) {
		/* few of them most of the time */
		uint64_t got;

		i = below(one_in(8) ? k.n : 500);
		got = keyfront_find(f, key_bytes(&k.v[i]));
		if (got)
			EQ_U(got, last[i]);
		found += got != 0;
		if (!got || one_in(50)) {
			last[i] = n;
			keyfront_put(f, key_bytes(&k.v[i]), n);
		}
		if (key_bytes(&k.v[i]).n <= KEYENT_INLINE)
			EQ_U(keyfront_find(f, key_bytes(&k.v[i])), last[i]);
	}
	CHECK(found > 100000);
	keyfront_clear(f);
	for (i = 0; i < k.n; i++)
		EQ_U(keyfront_find(f, key_bytes(&k.v[i])), 0);
	free(last);
	free(f);
	keys_free(&k);
}

/* Keys that are alike: of other lengths, with zeros, in all but one byte. */
static void
tells_keys_apart(void)
{
	static const char zero[32];
	struct keyfront *f = xcalloc(1, sizeof(*f));
	char a[16], b[16];
	size_t n, m, i;

	for (n = 1; n <= KEYENT_INLINE + 1; n++) {
		keyfront_clear(f);
		keyfront_put(f, bytes_of(zero, n), 7);
		for (m = 0; m <= KEYENT_INLINE + 1; m++)
			EQ_U(keyfront_find(f, bytes_of(zero, m)),
			    m == n && n <= KEYENT_INLINE ? 7 : 0);
		for (i = 0; i < n; i++) {
			memset(a, 'x', n);
			memset(b, 'x', n);
			b[i] = 'y';
			keyfront_put(f, bytes_of(a, n), 1);
			EQ_U(keyfront_find(f, bytes_of(b, n)), 0);
		}
	}
	free(f);
}

/* Of keys that begin alike some fall on one place. */
static void
one_place_is_one_key(void)
{
	struct keyfront *f = xcalloc(1, sizeof(*f));
	unsigned i, front;

	for (front = 0; front < 2; front++)
		for (i = 0; i < 100000; i++) {
			char a[12] = "the same", b[12] = "the same";
			uint32_t x = (uint32_t)rnd(), y = x + 1 + (uint32_t)i;

			memcpy(a + (front ? 0 : 8), &x, sizeof(x));
			memcpy(b + (front ? 0 : 8), &y, sizeof(y));
			keyfront_put(f, bytes_of(a, sizeof(a)), 1);
			keyfront_put(f, bytes_of(b, sizeof(b)), 2);
			EQ_U(keyfront_find(f, bytes_of(a, sizeof(a))) == 2, 0);
			EQ_U(keyfront_find(f, bytes_of(b, sizeof(b))), 2);
		}
	free(f);
}

int
main(void)
{
	RUN(finds_what_was_put_or_nothing);
	RUN(tells_keys_apart);
	RUN(one_place_is_one_key);
	return test_end();
}
