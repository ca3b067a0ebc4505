/* batchmap - what shard-plan writes is looked up, the rest is refused. */
#include "shred/batchmap.h"

#include "io/tsv.h"
#include "keys.h"
#include "test.h"

static int64_t
find(const struct batchmap *m, struct bytes key)
{
	return batchmap_find(m, key, key_hash(key));
}

static int
load(struct batchmap *m, struct bytes text, struct err *e)
{
	const char *path = test_path("m.tsv");

	test_write(path, text.p, text.n);
	return batchmap_load(m, path, e);
}

/* why: from the line on. */
static void
refused_bytes(struct bytes text, const char *why)
{
	struct err e = ERR_ZERO;
	struct batchmap m;
	char want[200];

	test_about("%s", err_quote(text));
	CHECK(load(&m, text, &e) < 0);
	EQ_I(e.kind, ERR_INPUT);
	snprintf(want, sizeof(want), "m.tsv:%s", why);
	HAS(e.msg, want);
	batchmap_fini(&m);
	test.context[0] = '\0';
}

static void
refused(const char *text, const char *why)
{
	refused_bytes(bytes_str(text), why);
}

static void
every_group_has_its_line_and_its_batch(void)
{
	static const char text[] =
	    "customer\\tId\tbatch_id\n"
	    "\\n\t0\n"
	    "\\\\x, \"y\"\t1\n"
	    "a key that is longer than fifteen bytes\t0\n"
	    "b\t2\n";
	struct err e = ERR_ZERO;
	struct batchmap m;

	if (!OK(load(&m, bytes_str(text), &e) == 0, e))
		return;
	EQ_S(m.column, "customer\tId");
	EQ_U(m.n, 4);
	EQ_U(m.nbatch, 3);
	EQ_I(find(&m, bytes_str("\n")), 0);
	EQ_I(find(&m, bytes_str("\\x, \"y\"")), 1);
	EQ_I(find(&m, bytes_str("a key that is longer than fifteen bytes")), 2);
	EQ_I(find(&m, bytes_str("b")), 3);
	EQ_I(find(&m, bytes_str("a key that is longer than fifteen byte")), -1);
	EQ_I(find(&m, bytes_str("customer\tId")), -1);
	EQ_I(find(&m, bytes_of("", 0)), -1);
	EQ_U(m.batch[0], 0);
	EQ_U(m.batch[1], 1);
	EQ_U(m.batch[2], 0);
	EQ_U(m.batch[3], 2);
	EQ_U(m.digest, digest_of(text, strlen(text)));
	CHECK(!m.ints);
	batchmap_fini(&m);
}

/* A map of these keys, each in its place. */
static void
check_random(struct keys *keys)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	struct keytable t;
	struct keyref *v;
	struct batchmap m;
	uint32_t nbatch = 0, *batch = xcalloc(keys->n, sizeof(*batch));
	size_t i;

	keytable_init(&t, 0);
	for (i = 0; i < keys->n; i++)
		keytable_entry(&t, key_bytes(&keys->v[i]),
		    key_hash(key_bytes(&keys->v[i])))
		    ->hi++;
	v = keytable_by_key(&t, false);
	buf_puts(&b, "k\tbatch_id\n");
	for (i = 0; i < t.n; i++) {
		batch[i] = (uint32_t)below(nbatch + 1);
		nbatch += batch[i] == nbatch;
		tsv_put(&b, v[i].key);
		buf_printf(&b, "\t%u\n", batch[i]);
	}
	if (OK(load(&m, buf_bytes(&b), &e) == 0, e)) {
		EQ_U(m.n, t.n);
		EQ_U(m.nbatch, nbatch);
		EQ_U(m.digest, digest_of(b.p, b.n));
		for (i = 0; i < t.n; i++) {
			if (!EQ_I(find(&m, v[i].key), (int64_t)i))
				break;
			EQ_U(m.batch[i], batch[i]);
		}
	}
	batchmap_fini(&m);
	free(v);
	free(batch);
	keytable_fini(&t);
	buf_fini(&b);
}

static void
random_maps_read_back(void)
{
	static const size_t sizes[] = {1, 2, 63, 64, 65, 129, 5000};
	size_t s;

	for (s = 0; s < LEN(sizes); s++) {
		struct keys keys = keys_make(sizes[s], 1, false);

		test_about("%zu keys", sizes[s]);
		check_random(&keys);
		keys_free(&keys);
	}
}

static void
the_order_is_that_of_integers_or_bytes(void)
{
	struct err e = ERR_ZERO;
	struct batchmap m;

	if (OK(load(&m, bytes_str("k\tbatch_id\n-3\t0\n9\t0\n10\t1\n"), &e) ==
		    0,
		e))
		CHECK(m.ints);
	batchmap_fini(&m);
	if (OK(load(&m, bytes_str("k\tbatch_id\n10\t0\n9\t0\n"), &e) == 0, e))
		CHECK(!m.ints);
	batchmap_fini(&m);
	if (OK(load(&m, bytes_str("k\tbatch_id\n1\t0\n2\t0\nb\t0\n"), &e) == 0,
		e))
		CHECK(!m.ints);
	batchmap_fini(&m);
	if (OK(load(&m, bytes_str("k\tbatch_id\n1\t0\n2\t0\n"), &e) == 0, e))
		CHECK(m.ints);
	batchmap_fini(&m);
	refused("k\tbatch_id\nb\t0\na\t0\n",
	    "3: key \"a\" behind \"b\": not in "
	    "the order of the keys");
	/* each pair is in one of the two orders, the whole in none */
	refused("k\tbatch_id\n9\t0\n10\t0\n1\t0\n", "4: key \"1\" behind");
	refused("k\tbatch_id\n9\t0\n10\t0\na\t0\n", "4: key \"a\" behind");
}

static void
keys_are_there_once(void)
{
	refused("k\tbatch_id\na\t0\na\t0\n",
	    "3: key \"a\" is there twice, in line 2 too");
	refused("k\tbatch_id\na\t0\nb\t0\na\t1\n",
	    "4: key \"a\" is there twice, in line 2 too");
	refused("k\tbatch_id\na\t0\n\t0\n", "3: an empty key is no group");
}

static void
batches_are_numbered_without_a_gap(void)
{
	refused("k\tbatch_id\na\t1\n",
	    "2: batch 1, but the next new one has number 0");
	refused("k\tbatch_id\na\t0\nb\t2\n",
	    "3: batch 2, but the next new one has number 1");
	refused("k\tbatch_id\na\t0\nb\t4294967296\n", "3: batch 4294967296,");
	refused("k\tbatch_id\na\t-0\n", "2: batch_id \"-0\": not a number");
	refused("k\tbatch_id\na\t00\n", "2: batch_id \"00\": not a number");
	refused("k\tbatch_id\na\t\n", "2: batch_id \"\": not a number");
	refused("k\tbatch_id\na\t0 \n", "2: batch_id \"0 \": not a number");
	refused("k\tbatch_id\na\t0\r\n", "2: batch_id \"0\\r\": not a number");
	refused("k\tbatch_id\na\t18446744073709551616\n",
	    "2: batch_id \"18446744073709551616\": not a number");
}

static void
the_header_is_a_map_s(void)
{
	refused("", "1: empty, not even a header line");
	refused("a\t0\nb\t1\n", "1: not the header of a batch map");
	refused("k\tbatch\na\t0\n", "1: not the header of a batch map");
	refused("\tbatch_id\na\t0\n", "1: not the header of a batch map");
	refused("k\na\n", "1: 1 cells, expected 2");
	refused("k\tbatch_id\tx\na\t0\t1\n", "1: 3 cells, expected 2");
	refused("k\\x\tbatch_id\na\t0\n", "1: bad escape");
	refused("k,batch_id\na,0\n", "1: 1 cells, expected 2");
	refused_bytes(bytes_of("k\0\tbatch_id\na\t0\n", 16),
	    "1: not the header of a batch map");
}

static void
lines_are_whole(void)
{
	struct buf b = BUF_ZERO;

	refused("k\tbatch_id", "1: truncated: the last line does not end");
	refused("k\tbatch_id\na\t0\nb\t1", "3: truncated");
	refused("k\tbatch_id\na\n", "2: 1 cells, expected 2");
	refused("k\tbatch_id\na\t0\n\n", "3: 1 cells, expected 2");
	refused("k\tbatch_id\na\\q\t0\n", "2: bad escape");
	buf_puts(&b, "k\tbatch_id\n");
	while (b.n < TSV_MAX_LINE + 600000)
		buf_puts(&b, "a line of more bytes than any line may have");
	refused_bytes(buf_bytes(&b), "2: line longer than 20971520 bytes");
	buf_fini(&b);
}

static void
a_file_that_is_not_there_is_an_error(void)
{
	struct err e = ERR_ZERO;
	struct batchmap m;

	CHECK(batchmap_load(&m, test_path("none"), &e) < 0);
	HAS(e.msg, "No such file");
	batchmap_fini(&m);
}

int
main(void)
{
	RUN(every_group_has_its_line_and_its_batch);
	RUN(random_maps_read_back);
	RUN(the_order_is_that_of_integers_or_bytes);
	RUN(keys_are_there_once);
	RUN(batches_are_numbered_without_a_gap);
	RUN(the_header_is_a_map_s);
	RUN(lines_are_whole);
	RUN(a_file_that_is_not_there_is_an_error);
	return test_end();
}
