/*
 * keyindex - every key is found with its first occurrence, others are not,
 * and a damaged file is an error: never a wrong answer.
 */
#include "keys/keyindex.h"

#include "keys.h"
#include "test.h"

#define NSHARDS 5
static const uint64_t shard_numbers[NSHARDS] = {
    0, 7, 8, 1000000, UINT64_C(1) << 40};

static bool
write_index(const char *path, struct keys *k, uint64_t max_keys)
{
	struct keyindex_writer *w;
	struct err e = ERR_ZERO;
	bool ok = true;
	size_t i;

	keys_sort(k);
	w = keyindex_create(path, max_keys, shard_numbers, NSHARDS, &e);
	if (!OK(w != NULL, e))
		return false;
	for (i = 0; i < k->n && ok; i++) {
		struct keyent x = k->v[i].first;

		if (k->v[i].n <= KEYENT_INLINE)
			keyent_set_inline(&x, key_bytes(&k->v[i]));
		else /* what the heap part holds is the writer's to say */
			keyent_set_heap(&x, 999, 999, 999);
		ok = OK(keyindex_add(
			    w, &x, key_bytes(&k->v[i]), k->v[i].hash, &e) == 0,
		    e);
	}
	ok = ok && OK(keyindex_finish(w, &e) == 0, e);
	keyindex_writer_free(w);
	return ok;
}

static struct bytes
absent_key(char p[64], size_t i)
{
	size_t n;

	memset(p, 'z', 64);
	n = (size_t)snprintf(p, 64, "absent %zu", i);
	return bytes_of(p, one_in(2) ? n : n + 1 + below(60 - n));
}

/* All keys with what was put, none that was not. */
static void
check_index(const char *path, const struct keys *k)
{
	struct err e = ERR_ZERO;
	struct keyindex *x = keyindex_open(path, &e);
	struct keyent got;
	size_t i;
	char p[64];

	if (!OK(x != NULL, e))
		return;
	EQ_U(keyindex_keys(x), k->n);
	for (i = 0; i < k->n; i++) {
		if (!EQ_I(keyindex_find(
			      x, key_bytes(&k->v[i]), k->v[i].hash, &got, &e),
			1))
			break;
		EQ_U(got.hi, k->v[i].first.hi);
		EQ_U(got.where, k->v[i].first.where);
	}
	for (i = 0; i < 2000; i++) {
		struct bytes a = absent_key(p, i);
		/* a hash of its own, or one that is there */
		uint64_t h =
		    k->n && one_in(2) ? k->v[below(k->n)].hash : key_hash(a);

		EQ_I(keyindex_find(x, a, h, &got, &e), 0);
	}
	for (i = 0; i < k->n && i < 500; i++) { /* a byte less, a byte more */
		struct key key = k->v[i];

		EQ_I(keyindex_find(
			 x, bytes_of(key.p, key.n - 1), key.hash, &got, &e),
		    0);
	}
	for (i = 0; i < NSHARDS; i++) {
		EQ_U(keyindex_shard(x, (uint32_t)i), shard_numbers[i]);
		EQ_I(keyindex_ordinal(x, shard_numbers[i]), (int64_t)i);
		EQ_I(keyindex_ordinal(x, shard_numbers[i] + 2), -1);
	}
	EQ_U(keyindex_shard(x, NSHARDS), UINT64_MAX);
	keyindex_close(x);
}

static void
every_key_is_found_and_no_other(void)
{
	static const size_t sizes[] = {0, 1, 2, 7, 8, 9, 100, 5000, 40000};
	size_t s;
	int pass;

	for (s = 0; s < LEN(sizes); s++)
		for (pass = 0; pass < 3; pass++) {
			/* short keys with a few times as many bytes absent:
			 * prefixes of a key that end in digits could be
			 * another key, so all of them get a tail */
			struct keys k = keys_make(sizes[s], NSHARDS, false);
			const char *path = test_path("%zu.%d", sizes[s], pass);
			size_t i;

			for (i = 0; i < k.n; i++) {
				free(k.v[i].p);
				k.v[i].n = (size_t[]){
				    13, 14, 15, 16, 17, 18, 40, 300}[below(8)];
				k.v[i].p = xmalloc(k.v[i].n + 1);
				memset(k.v[i].p, 'q', k.v[i].n + 1);
				snprintf(k.v[i].p, 12, "%u", (unsigned)i);
				k.v[i].hash = key_hash(key_bytes(&k.v[i]));
			}
			test_about("%zu keys, pass %d", sizes[s], pass);
			/* more or fewer announced than come */
			if (write_index(path, &k,
				pass == 0       ? k.n
				    : pass == 1 ? k.n * 10 + 100
						: k.n / 10))
				check_index(path, &k);
			keys_free(&k);
		}
}

static void
random_keys_with_any_byte(void)
{
	struct keys k = keys_make(20000, NSHARDS, false);
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct keyindex *x;
	struct keyent got;
	size_t i;

	if (write_index(path, &k, k.n)) {
		x = keyindex_open(path, &e);
		for (i = 0; OK(x != NULL, e) && i < k.n; i++) {
			if (!EQ_I(keyindex_find(x, key_bytes(&k.v[i]),
				      k.v[i].hash, &got, &e),
				1))
				break;
			EQ_U(got.where, k.v[i].first.where);
		}
		keyindex_close(x);
	}
	keys_free(&k);
}

static void
the_empty_key_is_a_key(void)
{
	struct keys k = keys_make(1, NSHARDS, false);
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct keyindex *x;
	struct keyent got;

	k.v[0].n = 0;
	k.v[0].hash = key_hash(bytes_of("", 0));
	if (write_index(path, &k, 1) &&
	    OK((x = keyindex_open(path, &e)) != NULL, e)) {
		EQ_I(keyindex_find(x, bytes_of("", 0), k.v[0].hash, &got, &e),
		    1);
		EQ_I(keyindex_find(x, bytes_of("\0", 1), k.v[0].hash, &got, &e),
		    0);
		keyindex_close(x);
	}
	keys_free(&k);
}

static void
keys_of_one_hash_are_told_apart(void)
{
	struct keys k = keys_make(500, NSHARDS, true);
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct keyindex *x;
	struct keyent got;
	size_t i;

	if (write_index(path, &k, k.n) &&
	    OK((x = keyindex_open(path, &e)) != NULL, e)) {
		for (i = 0; i < k.n; i++) {
			EQ_I(keyindex_find(
				 x, key_bytes(&k.v[i]), k.v[i].hash, &got, &e),
			    1);
			EQ_U(got.where, k.v[i].first.where);
			EQ_U(got.hi, k.v[i].first.hi);
		}
		keyindex_close(x);
	}
	keys_free(&k);
}

static void
one_content_is_one_file(void)
{
	struct keys k = keys_make(3000, NSHARDS, false);
	struct buf a = BUF_ZERO, b = BUF_ZERO;
	const char *x = test_path("x"), *y = test_path("y");

	if (write_index(x, &k, k.n) && write_index(y, &k, k.n)) {
		test_read(x, &a);
		test_read(y, &b);
		EQ_B(buf_bytes(&a), buf_bytes(&b));
	}
	buf_fini(&a);
	buf_fini(&b);
	keys_free(&k);
}

/* What is asked of a file that may be damaged: 1 right, 0 refused. */
static int
ask(const char *path, const struct keys *k)
{
	struct err e = ERR_ZERO;
	struct keyindex *x = keyindex_open(path, &e);
	struct keyent got;
	int refused = 0, rc;
	size_t i;
	char p[64];

	if (!x) {
		CHECK(e.msg[0] != '\0');
		return 0;
	}
	for (i = 0; i < k->n; i++) {
		memset(&got, 0, sizeof(got));
		rc = keyindex_find(
		    x, key_bytes(&k->v[i]), k->v[i].hash, &got, &e);
		CHECK(rc == -1 ||
		    (rc == 1 && got.hi == k->v[i].first.hi &&
			got.where == k->v[i].first.where));
		refused |= rc == -1;
	}
	for (i = 0; i < 30; i++) {
		struct bytes a = absent_key(p, i);

		rc = keyindex_find(x, a, key_hash(a), &got, &e);
		CHECK(rc == -1 || rc == 0);
		refused |= rc == -1;
	}
	for (i = 0; i < NSHARDS; i++)
		EQ_U(keyindex_shard(x, (uint32_t)i), shard_numbers[i]);
	EQ_U(keyindex_keys(x), k->n);
	keyindex_close(x);
	return !refused;
}

/* Flips one byte of the file in place. */
static void
flip(const char *path, size_t at, unsigned char with)
{
	int fd = open(path, O_RDWR);
	unsigned char c = 0;

	if (fd < 0 || pread(fd, &c, 1, (off_t)at) != 1) {
		perror(path);
		exit(2);
	}
	c ^= with;
	if (pwrite(fd, &c, 1, (off_t)at) != 1)
		exit(2);
	close(fd);
}

static void
a_flipped_byte_is_never_a_wrong_answer(void)
{
	struct keys k = keys_make(400, NSHARDS, false);
	const char *path = test_path("x");
	struct stat sb;
	size_t at, silent = 0, n = 0;

	if (!write_index(path, &k, k.n) || !CHECK(stat(path, &sb) == 0))
		return;
	EQ_I(ask(path, &k), 1);
	for (at = 0; at < (size_t)sb.st_size; at++) {
		unsigned char with = (unsigned char)(1u << below(8));
		int whole;

		/* nothing lies between the header and the first page */
		if (at >= 256 && at < 65536 - 8 && !one_in(2000))
			continue;
		/* the keys are all of one page: not every byte */
		if (at >= 65536 + 64 && at < (size_t)sb.st_size - 64 &&
		    !one_in(20))
			continue;
		test_about("byte %zu of %zu flipped by %02x", at,
		    (size_t)sb.st_size, with);
		flip(path, at, with);
		whole = ask(path, &k);
		flip(path, at, with);
		if (at >= 65536) {
			n++;
			silent += whole == 1;
		} else if (at < 104) { /* the header's fields */
			EQ_I(whole, 0);
		}
	}
	/* all of the content is behind a digest that these look-ups use */
	EQ_U(silent, 0);
	CHECK(n > 500);
	keys_free(&k);
}

static void
flips_in_a_file_of_many_pages(void)
{
	struct keys k = keys_make(20000, NSHARDS, false);
	const char *path = test_path("x");
	struct stat sb;
	int i;

	if (!write_index(path, &k, k.n) || !CHECK(stat(path, &sb) == 0))
		return;
	for (i = 0; i < 60; i++) {
		size_t at = 65536 + below((size_t)sb.st_size - 65536);

		test_about("byte %zu of %zu", at, (size_t)sb.st_size);
		flip(path, at, 0x10);
		ask(path, &k);
		flip(path, at, 0x10);
	}
	EQ_I(ask(path, &k), 1);
	keys_free(&k);
}

static void
a_truncated_file_is_refused(void)
{
	struct keys k = keys_make(3000, NSHARDS, false);
	const char *path = test_path("x"), *cut = test_path("cut");
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	int i;

	if (!write_index(path, &k, k.n) || !CHECK(test_read(path, &b)))
		return;
	for (i = 0; i < 400; i++) {
		size_t n = i < 150 ? b.n - 1 - (size_t)i
		    : i < 200      ? (size_t)(i - 150) * 8
		    : i < 220      ? 65536 - 10 + (size_t)(i - 200)
				   : below(b.n);
		struct keyindex *x;

		test_write(cut, b.p, n);
		x = keyindex_open(cut, &e);
		test_about("%zu of %zu bytes", n, b.n);
		CHECK(x == NULL);
		HAS(e.msg, "cut: damaged key index");
		keyindex_close(x);
	}
	/* and one byte more than there should be */
	buf_putc(&b, '\0');
	test_write(cut, b.p, b.n);
	CHECK(keyindex_open(cut, &e) == NULL);
	CHECK(keyindex_open(test_path("none"), &e) == NULL);
	HAS(e.msg, "No such file");
	buf_fini(&b);
	keys_free(&k);
}

static void
an_unfinished_file_is_not_there(void)
{
	static const struct keyent none = {.hi = 1};
	struct err e = ERR_ZERO;
	const char *path = test_path("sub/x");
	struct keyindex_writer *w =
	    keyindex_create(path, 10, shard_numbers, NSHARDS, &e);

	if (!OK(w != NULL, e))
		return;
	EQ_I(keyindex_add(w, &none, bytes_of("a", 1), 5, &e), 0);
	CHECK(access(path, F_OK) < 0);
	keyindex_writer_free(w);
	CHECK(access(path, F_OK) < 0);
	EQ_I(rmdir(test_path("sub")), 0); /* nothing left behind */
}

int
main(void)
{
	RUN(every_key_is_found_and_no_other);
	RUN(random_keys_with_any_byte);
	RUN(the_empty_key_is_a_key);
	RUN(keys_of_one_hash_are_told_apart);
	RUN(one_content_is_one_file);
	RUN(a_flipped_byte_is_never_a_wrong_answer);
	RUN(flips_in_a_file_of_many_pages);
	RUN(a_truncated_file_is_refused);
	RUN(an_unfinished_file_is_not_there);
	return test_end();
}
