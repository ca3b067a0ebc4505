/* firstrows - every bit comes back, and a damaged file is an error. */
#include "keys/firstrows.h"

#include <string.h>
#include <xxhash.h>

#include "test.h"

#define NSHARD 4
static const uint64_t number[NSHARD] = {0, 7, 8, UINT64_C(1) << 40};
static const uint64_t rows[NSHARD] = {1000, 0, 64, 65};

static bool
is_set(size_t shard, uint64_t row)
{
	return row % (shard + 3) == 0 || row + 1 == rows[shard];
}

static bool
write_rows(const char *path)
{
	struct err e = ERR_ZERO;
	struct firstrows_writer *w =
	    firstrows_create(path, true, number, rows, NSHARD, &e);
	uint64_t r;
	uint32_t s;
	bool ok;

	if (!OK(w != NULL, e))
		return false;
	for (s = 0; s < NSHARD; s++)
		for (r = rows[s]; r-- > 0;)
			if (is_set(s, r)) {
				CHECK(!firstrows_get(w, s, r));
				CHECK(firstrows_set(w, s, r));
				CHECK(firstrows_get(w, s, r));
			}
	ok = OK(firstrows_finish(w, 77, &e) == 0, e);
	firstrows_writer_free(w);
	return ok;
}

/* Reads everything; -1 where it is refused, else all is as it was written. */
static int
read_rows(const char *path, struct err *e)
{
	struct firstrows *f = firstrows_open(path, e);
	struct rowbits b;
	uint64_t r;
	size_t s;
	int rc = f ? 0 : -1;

	for (s = 0; s < NSHARD && rc == 0; s++) {
		rc = firstrows_find(f, number[s], &b, e);
		if (rc < 0)
			break;
		EQ_U(b.rows, rows[s]);
		for (r = 0; r < rows[s]; r++)
			EQ_I(rowbits_get(&b, r), is_set(s, r));
	}
	if (rc == 0) {
		EQ_U(firstrows_keys(f), 77);
		CHECK(firstrows_one(f));
	}
	firstrows_close(f);
	return rc;
}

static void
every_bit_comes_back(void)
{
	const char *path = test_path("rows");
	struct err e = ERR_ZERO;
	struct firstrows *f;
	struct rowbits b;

	if (!write_rows(path) || !OK(read_rows(path, &e) == 0, e))
		return;
	f = firstrows_open(path, &e);
	EQ_I(firstrows_find(f, 6, &b, &e), -1);
	HAS(e.msg, "shard 6 is not in it");
	EQ_I(firstrows_find(f, UINT64_MAX, &b, &e), -1);
	firstrows_close(f);
}

static void
rows_and_shards_that_are_not_there_are_refused(void)
{
	struct err e = ERR_ZERO;
	struct firstrows_writer *w = firstrows_create(
	    test_path("none"), false, number, rows, NSHARD, &e);

	if (!OK(w != NULL, e))
		return;
	CHECK(!firstrows_set(w, 0, 1000));
	CHECK(!firstrows_set(w, 1, 0));
	CHECK(!firstrows_set(w, NSHARD, 0));
	CHECK(!firstrows_get(w, NSHARD, 0));
	CHECK(!firstrows_get(w, 3, UINT64_MAX));
	firstrows_writer_free(w);
	CHECK(access(test_path("none"), F_OK) < 0);
}

static void
any_cut_and_any_flipped_bit_that_counts_is_seen(void)
{
	const char *path = test_path("rows"), *bad = test_path("bad");
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	size_t i, seen = 0;

	if (!write_rows(path))
		return;
	test_read(path, &b);
	for (i = 0; i < b.n; i = i < 70 || i > 4090 ? i + 1 : i + 100) {
		test_write(bad, b.p, i);
		test_about("cut at %zu", i);
		EQ_I(read_rows(bad, &e), -1);
	}
	for (i = 0; i < b.n; i++) {
		b.p[i] ^= 4;
		test_write(bad, b.p, b.n);
		test_about("byte %zu", i);
		if (i < 56 || i >= 4096)
			EQ_I(read_rows(bad, &e), -1);
		seen++;
		b.p[i] ^= 4;
		if (i == 60)
			i = 4090; /* zeros that nobody reads */
	}
	CHECK(seen > 100);
	EQ_I(read_rows(test_path("gone"), &e), -1);
	buf_fini(&b);
}

/* Puts a number into the file, the digests anew, and reads it. */
static int
read_forged(struct buf *b, size_t at, uint64_t value, struct err *e)
{
	uint64_t table, old, digest;
	int rc;

	memcpy(&old, b->p + at, 8);
	memcpy(&table, b->p + 32, 8);
	memcpy(b->p + at, &value, 8);
	digest = XXH3_64bits(b->p + table, b->n - table);
	memcpy(b->p + 40, &digest, 8);
	digest = XXH3_64bits(b->p, 48);
	memcpy(b->p + 48, &digest, 8);
	test_write(test_path("bad"), b->p, b->n);
	rc = read_rows(test_path("bad"), e);
	memcpy(b->p + at, &old, 8);
	return rc;
}

static void
numbers_that_lead_outside_are_refused_under_right_digests(void)
{
	static const uint64_t values[] = {1, 12, 1 << 20,
	    UINT64_C(0x7000000000), UINT64_MAX, UINT64_MAX - 7,
	    UINT64_C(1) << 59};
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	uint64_t table;
	size_t i;

	if (!write_rows(test_path("rows")))
		return;
	test_read(test_path("rows"), &b);
	memcpy(&table, b.p + 32, 8);
	EQ_I(read_forged(&b, table + 16, 4096, &e), 0);
	for (i = 0; i < LEN(values); i++) {
		test_about("value %zu", i);
		EQ_I(read_forged(&b, table + 8, values[i], &e), -1);
		EQ_I(read_forged(&b, table + 16, values[i], &e), -1);
		EQ_I(read_forged(&b, 16, values[i], &e), -1);
		EQ_I(read_forged(&b, 32, values[i], &e), -1);
	}
	buf_fini(&b);
}

int
main(void)
{
	RUN(every_bit_comes_back);
	RUN(rows_and_shards_that_are_not_there_are_refused);
	RUN(any_cut_and_any_flipped_bit_that_counts_is_seen);
	RUN(numbers_that_lead_outside_are_refused_under_right_digests);
	return test_end();
}
