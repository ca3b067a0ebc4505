/*
 * keyindex - any bytes as a key index.  One is too large to be found by
 * chance (64 KiB before its first entry), so the input is a list of edits to
 * a good one: four bytes each, offset (3) and what to xor (1); a last odd
 * part cuts the file.  No edit may lead to a wrong answer.
 */
#include "keys/keyindex.h"

#include "fuzz.h"

#define NKEYS 300

static char names[NKEYS][40];
static struct keyent value[NKEYS];
static const uint64_t shards[3] = {1, 5, 9};

static struct bytes
name(size_t i)
{
	return bytes_str(names[i]);
}

static int
by_hash(const void *a, const void *b)
{
	uint64_t x = key_hash(bytes_str(a)), y = key_hash(bytes_str(b));

	return (x > y) - (x < y);
}

/* The good file, made once, through a directory of its own. */
static struct buf
good(void)
{
	char dir[] = "/tmp/fuzzkeyindex.XXXXXX", path[60];
	struct err e = ERR_ZERO;
	struct keyindex_writer *w;
	struct buf b = BUF_ZERO;
	char tmp[4096];
	size_t i, n;
	FILE *f;

	for (i = 0; i < NKEYS; i++)
		snprintf(names[i], sizeof(names[i]),
		    i % 3 ? "k%zu" : "a long key of number %zu", i);
	qsort(names, NKEYS, sizeof(names[0]), by_hash);
	PROPERTY(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/x", dir);
	w = keyindex_create(path, NKEYS, shards, LEN(shards), &e);
	PROPERTY(w != NULL);
	for (i = 0; i < NKEYS; i++) {
		value[i].hi = i * 7;
		value[i].where = i;
		if (name(i).n <= KEYENT_INLINE)
			keyent_set_inline(&value[i], name(i));
		PROPERTY(keyindex_add(w, &value[i], name(i), key_hash(name(i)),
			     &e) == 0);
	}
	PROPERTY(keyindex_finish(w, &e) == 0);
	keyindex_writer_free(w);
	f = fopen(path, "rb");
	PROPERTY(f != NULL);
	while ((n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_put(&b, tmp, n);
	fclose(f);
	unlink(path);
	rmdir(dir);
	return b;
}

static void
ask(const char *path)
{
	struct err e = ERR_ZERO;
	struct keyindex *x = keyindex_open(path, &e);
	struct keyent got;
	struct bytes none = bytes_str("not there");
	size_t i;
	int rc;

	if (!x) {
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
		return;
	}
	PROPERTY(keyindex_keys(x) == NKEYS);
	for (i = 0; i < NKEYS; i++) {
		uint64_t h = key_hash(name(i));

		rc = keyindex_find(x, name(i), h, &got, &e);
		PROPERTY(rc == -1 ||
		    (rc == 1 && got.hi == value[i].hi &&
			got.where == value[i].where));
		rc = keyindex_find(x, none, h, &got, &e);
		PROPERTY(rc == -1 || rc == 0);
	}
	for (i = 0; i < LEN(shards); i++) {
		PROPERTY(keyindex_shard(x, (uint32_t)i) == shards[i]);
		PROPERTY(keyindex_ordinal(x, shards[i]) == (int64_t)i);
	}
	PROPERTY(keyindex_ordinal(x, 2) == -1);
	keyindex_close(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf whole;
	struct buf b = BUF_ZERO;

	if (whole.n == 0)
		whole = good();
	ask(fuzz_file(0, data, size)); /* as it stands */
	buf_putb(&b, buf_bytes(&whole));
	for (; size >= 4; data += 4, size -= 4) {
		size_t at =
		    ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) %
		    b.n;

		b.p[at] ^= (char)data[3];
	}
	if (size == 3)
		b.n = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) %
		    (b.n + 1);
	ask(fuzz_file(0, b.p, b.n));
	buf_fini(&b);
	return 0;
}
