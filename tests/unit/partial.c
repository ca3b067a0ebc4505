/*
 * partial - what pass 1 wrote reads back; a damaged file is refused.
 */
#include "pass1/partial.h"

#include "keys.h"
#include "test.h"

struct time {
	uint64_t hi;
	uint8_t lo;
};

static int
by_time(const void *a, const void *b)
{
	const struct time *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return (x->lo > y->lo) - (x->lo < y->lo);
}

/* n sorted times of about `distinct` values; with lo or all of them 0. */
static struct time *
times_make(size_t n, size_t distinct, bool lo)
{
	struct time *t = xcalloc(n, sizeof(*t));
	uint64_t base = one_in(2) ? below(1000) : rnd() >> 1;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t v = below(distinct);

		t[i].hi = base + v / 3;
		t[i].lo = lo ? (uint8_t)(v % 3 * 15) : 0;
	}
	if (n)
		qsort(t, n, sizeof(*t), by_time);
	return t;
}

static int
put_times(struct partial_writer *w, const struct time *t, size_t n, bool lo,
    struct err *e)
{
	uint64_t *hi = xcalloc(n, sizeof(*hi));
	uint8_t *l = xcalloc(n, 1);
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		hi[i] = t[i].hi;
		l[i] = t[i].lo;
	}
	rc = partial_put_times(w, hi, lo ? l : NULL, n, e);
	free(hi);
	free(l);
	return rc;
}

static uint64_t
naive_before(const struct time *t, size_t n, struct instant at)
{
	uint64_t k = 0;
	size_t i;

	for (i = 0; i < n; i++)
		k += instant_cmp((struct instant){t[i].hi, t[i].lo}, at) < 0;
	return k;
}

static void
check_times(const struct partial *p, const struct section *s,
    const struct time *t, size_t n)
{
	uint64_t i, at = 0;
	int k;

	EQ_U(times_total(p, s), n);
	/* the distinct ones, in order, each at its place */
	for (i = 0; i < s->n; i++) {
		struct instant got = times_at(p, s, i);

		if (!CHECK(at < n) || !EQ_U(got.hi, t[at].hi) ||
		    !EQ_U(got.lo, t[at].lo))
			return;
		if (s->type == SECTION_TIMES_RLE)
			while (at + 1 < n && by_time(&t[at], &t[at + 1]) == 0)
				at++;
		at++;
	}
	EQ_U(at, n);
	for (k = 0; k < 60; k++) {
		struct instant at_time = {0, 0};

		if (n && k < 50) {
			const struct time *x = &t[below(n)];

			at_time = (struct instant){
			    x->hi + below(3) - 1, (uint32_t)below(33)};
			if (one_in(2))
				at_time = (struct instant){x->hi, x->lo};
		} else if (k < 55) {
			at_time = (struct instant){rnd(), 0};
		} else if (k < 57) {
			at_time = INSTANT_INF;
		}
		EQ_U(times_before(p, s, at_time), naive_before(t, n, at_time));
	}
}

static void
times_read_back_and_count(void)
{
	static const size_t sizes[] = {0, 1, 2, 3, 100, 3000};
	static const size_t distinct[] = {1, 2, 3, 60, 1000, 100000000};
	size_t i, d;
	int lo;
	bool rle = false, plain = false;

	for (i = 0; i < LEN(sizes); i++)
		for (d = 0; d < LEN(distinct); d++)
			for (lo = 0; lo < 2; lo++) {
				size_t n = sizes[i];
				struct time *t = times_make(n, distinct[d], lo);
				struct err e = ERR_ZERO;
				const char *path = test_path("x");
				struct partial_writer *w =
				    partial_create(path, &e);
				struct partial p;

				test_about("%zu times of %zu, lo %d", n,
				    distinct[d], lo);
				if (!OK(w && put_times(w, t, n, lo, &e) == 0 &&
					    partial_finish(w, &e) == 0,
					e) ||
				    !OK(partial_open(&p, path, &e) == 0, e)) {
					partial_writer_free(w);
					free(t);
					continue;
				}
				partial_writer_free(w);
				EQ_U(p.nsec, 1);
				check_times(&p, &p.sec[0], t, n);
				rle |= p.sec[0].type == SECTION_TIMES_RLE;
				plain |= p.sec[0].type == SECTION_TIMES;
				partial_close(&p);
				free(t);
			}
	CHECK(rle && plain);
}

static void
table_fill(struct keytable *t, const struct keys *k)
{
	size_t i;

	keytable_init(t, 0);
	for (i = 0; i < k->n; i++)
		keytable_put(t, key_bytes(&k->v[i]),
		    key_hash(key_bytes(&k->v[i])), &k->v[i].first);
}

static void
check_keys(const struct partial *p, const struct section *s, struct keys *k)
{
	struct bytes body = partial_section(p, s), heap = partial_heap(p, s);
	size_t i;

	keys_sort(k);
	if (!EQ_U(s->n, k->n) || !EQ_U(body.n, k->n * sizeof(struct keyent)))
		return;
	EQ_U((uintptr_t)body.p % 8, 0);
	for (i = 0; i < k->n; i++) {
		struct keyent e;
		struct bytes got;

		memcpy(&e, body.p + i * sizeof(e), sizeof(e));
		if (!CHECK(keyent_key(&e, heap, &got)) ||
		    !EQ_B(got, key_bytes(&k->v[i])))
			return;
		EQ_U(e.hi, k->v[i].first.hi);
		EQ_U(e.where, k->v[i].first.where);
	}
}

/* A partial of everything; caller frees what it is given. */
static bool
write_all_kinds(const char *path, struct bytes facts, const struct time *t,
    size_t nt, struct keys *k, struct keys *labels)
{
	struct err e = ERR_ZERO;
	struct partial_writer *w = partial_create(path, &e);
	struct keytable kt, lt;
	uint64_t hash[5] = {1, 2, 3, 4, 99};
	bool ok;

	table_fill(&kt, k);
	table_fill(&lt, labels);
	ok = OK(w && put_times(w, t, nt, true, &e) == 0 &&
		partial_put_keys(w, SECTION_KEYS, &kt, &e) == 0 &&
		partial_put_keys(w, SECTION_LABELS, &lt, &e) == 0 &&
		partial_put_stratum(w, bytes_str("odd"), hash, 5, &e) == 0 &&
		partial_put_facts(w, facts, &e) == 0 &&
		partial_finish(w, &e) == 0,
	    e);
	EQ_U(kt.n, 0); /* the table was emptied */
	partial_writer_free(w);
	keytable_fini(&kt);
	keytable_fini(&lt);
	return ok;
}

static void
all_sections_read_back(void)
{
	int round;

	for (round = 0; round < 30; round++) {
		size_t nt = below(300), nk = one_in(5) ? 0 : below(2000);
		struct time *t = times_make(nt, 1 + below(500), true);
		struct keys k = keys_make(nk, 1, false);
		struct keys l = keys_make(1 + below(10), 1, false);
		const char *path = test_path("x");
		char facts[64];
		struct err e = ERR_ZERO;
		struct partial p;
		size_t i, n;

		n = (size_t)snprintf(facts, sizeof(facts), "%.*s",
		    (int)(1 + below(40)),
		    "the facts are any text to this module...");
		if (write_all_kinds(path, bytes_of(facts, n), t, nt, &k, &l) &&
		    OK(partial_open(&p, path, &e) == 0, e)) {
			EQ_U(p.nsec, 5);
			for (i = 0; i < p.nsec; i++) {
				const struct section *s = &p.sec[i];

				EQ_U(s->off % 8, 0);
				switch (s->type) {
				case SECTION_FACTS:
					EQ_B(partial_section(&p, s),
					    bytes_of(facts, n));
					break;
				case SECTION_KEYS: check_keys(&p, s, &k); break;
				case SECTION_LABELS:
					check_keys(&p, s, &l);
					break;
				case SECTION_STRATUM:
					EQ_B(partial_heap(&p, s),
					    bytes_str("odd"));
					EQ_U(times_before(
						 &p, s, (struct instant){4, 0}),
					    3);
					break;
				default: check_times(&p, s, t, nt);
				}
			}
			partial_close(&p);
		}
		free(t);
		keys_free(&k);
		keys_free(&l);
	}
}

static void
add_1000_to_the_row(void *arg, struct keyent *k)
{
	(void)arg;
	k->where += 1000;
}

static void
a_copied_section_is_the_same(void)
{
	struct time *t = times_make(500, 20, true);
	struct keys k = keys_make(700, 1, false), l = keys_make(3, 1, false);
	struct err e = ERR_ZERO;
	const char *from = test_path("from"), *to = test_path("to");
	struct partial_writer *w;
	struct partial p, q;
	size_t i;

	for (i = 0; i < k.n; i++)
		k.v[i].first.where = 5;
	if (!write_all_kinds(from, bytes_str("f"), t, 500, &k, &l) ||
	    !OK(partial_open(&p, from, &e) == 0, e))
		return;
	w = partial_create(to, &e);
	for (i = 0; OK(w != NULL, e) && i < p.nsec; i++)
		OK(partial_copy(w, &p, &p.sec[i], p.sec[i].aux,
		       p.sec[i].type == SECTION_KEYS ? add_1000_to_the_row
						     : NULL,
		       NULL, &e) == 0,
		    e);
	if (w && OK(partial_finish(w, &e) == 0, e) &&
	    OK(partial_open(&q, to, &e) == 0, e)) {
		EQ_U(q.nsec, p.nsec);
		for (i = 0; i < q.nsec; i++) {
			EQ_U(q.sec[i].type, p.sec[i].type);
			EQ_U(q.sec[i].n, p.sec[i].n);
			EQ_U(q.sec[i].aux, p.sec[i].aux);
			EQ_B(partial_heap(&q, &q.sec[i]),
			    partial_heap(&p, &p.sec[i]));
			if (p.sec[i].type != SECTION_KEYS)
				EQ_B(partial_section(&q, &q.sec[i]),
				    partial_section(&p, &p.sec[i]));
		}
		for (i = 0; i < k.n; i++)
			k.v[i].first.where = 1005;
		for (i = 0; i < q.nsec; i++)
			if (q.sec[i].type == SECTION_KEYS)
				check_keys(&q, &q.sec[i], &k);
		partial_close(&q);
	}
	partial_writer_free(w);
	partial_close(&p);
	free(t);
	keys_free(&k);
	keys_free(&l);
}

static void
empty_facts_read_back(void)
{
	struct err e = ERR_ZERO;
	const char *path = test_path("x");
	struct partial_writer *w = partial_create(path, &e);
	struct partial p;

	if (OK(w && partial_put_facts(w, bytes_of("", 0), &e) == 0 &&
		    partial_finish(w, &e) == 0,
		e) &&
	    OK(partial_open(&p, path, &e) == 0, e)) {
		EQ_U(p.nsec, 1);
		partial_close(&p);
	}
	partial_writer_free(w);
}

static void
no_section_at_all_reads_back(void)
{
	struct err e = ERR_ZERO;
	const char *path = test_path("x");
	struct partial_writer *w = partial_create(path, &e);
	struct partial p;

	if (OK(w && partial_finish(w, &e) == 0, e) &&
	    OK(partial_open(&p, path, &e) == 0, e)) {
		EQ_U(p.nsec, 0);
		partial_close(&p);
	}
	partial_writer_free(w);
}

static void
unfinished_ones_are_not_there(void)
{
	struct err e = ERR_ZERO;
	const char *path = test_path("sub/x");
	struct partial_writer *w = partial_create(path, &e);

	if (OK(w != NULL, e))
		EQ_I(partial_put_facts(w, bytes_str("f"), &e), 0);
	CHECK(access(path, F_OK) < 0);
	partial_writer_free(w);
	EQ_I(rmdir(test_path("sub")), 0);
	partial_writer_free(NULL);
}

static bool
opens(const char *path, struct bytes s)
{
	struct err e = ERR_ZERO;
	struct partial p;

	test_write(path, s.p, s.n);
	if (partial_open(&p, path, &e) < 0) {
		HAS(e.msg, "bad: damaged or truncated partial");
		CHECK(p.map == NULL && p.path == NULL);
		return false;
	}
	partial_close(&p);
	return true;
}

static void
every_truncation_is_refused(void)
{
	struct time *t = times_make(50, 20, true);
	struct keys k = keys_make(20, 1, false), l = keys_make(3, 1, false);
	const char *path = test_path("x"), *bad = test_path("bad");
	struct buf b = BUF_ZERO;
	size_t n;

	if (write_all_kinds(path, bytes_str("f"), t, 50, &k, &l) &&
	    CHECK(test_read(path, &b))) {
		CHECK(opens(bad, buf_bytes(&b)));
		for (n = 0; n < b.n; n++) {
			test_about("%zu of %zu bytes", n, b.n);
			CHECK(!opens(bad, bytes_of(b.p, n)));
		}
		/* bytes behind, and in front */
		buf_putc(&b, '\0');
		CHECK(!opens(bad, buf_bytes(&b)));
		CHECK(!opens(bad, bytes_of(b.p + 1, b.n - 1)));
	}
	buf_fini(&b);
	free(t);
	keys_free(&k);
	keys_free(&l);
}

static void
every_flipped_bit_is_refused(void)
{
	int round;

	for (round = 0; round < 4; round++) {
		size_t nt = 30 + below(40);
		struct time *t = times_make(nt, 20, true);
		struct keys k = keys_make(below(20), 1, false);
		struct keys l = keys_make(3, 1, false);
		const char *path = test_path("x"), *bad = test_path("bad");
		struct buf b = BUF_ZERO;
		size_t at;

		if (write_all_kinds(path, bytes_str("fa"), t, nt, &k, &l) &&
		    CHECK(test_read(path, &b)))
			for (at = 0; at < b.n; at++) {
				/* all bits of the footer, one elsewhere */
				int bit = at + 32 >= b.n ? 0 : 7;

				for (; bit < 8; bit++) {
					b.p[at] ^= (char)(1u << bit);
					test_about("byte %zu of %zu, bit %d",
					    at, b.n, bit);
					CHECK(!opens(bad, buf_bytes(&b)));
					b.p[at] ^= (char)(1u << bit);
				}
			}
		buf_fini(&b);
		free(t);
		keys_free(&k);
		keys_free(&l);
	}
}

/* The footer says where the table is; nothing but that place will do. */
static void
a_moved_table_is_refused(void)
{
	struct time *t = times_make(50, 20, true);
	struct keys k = keys_make(20, 1, false), l = keys_make(3, 1, false);
	const char *path = test_path("x"), *bad = test_path("bad");
	struct buf b = BUF_ZERO;
	uint64_t off, nsec, v;

	if (write_all_kinds(path, bytes_str("f"), t, 50, &k, &l) &&
	    CHECK(test_read(path, &b))) {
		memcpy(&off, b.p + b.n - 32, 8);
		for (v = 0; v < b.n; v += 8) {
			if (v == off)
				continue;
			/* with the count that fits */
			nsec = (b.n - 32 - v) / sizeof(struct section);
			memcpy(b.p + b.n - 32, &v, 8);
			memcpy(b.p + b.n - 24, &nsec, 8);
			test_about(
			    "table at %" PRIu64 " and not %" PRIu64, v, off);
			CHECK(v > b.n - 32 || !opens(bad, buf_bytes(&b)));
		}
	}
	buf_fini(&b);
	free(t);
	keys_free(&k);
	keys_free(&l);
}

static void
a_missing_file_says_so(void)
{
	struct err e = ERR_ZERO;
	struct partial p;

	CHECK(partial_open(&p, test_path("none"), &e) < 0);
	HAS(e.msg, "No such file");
	CHECK(partial_open(&p, test_dir(), &e) < 0);
}

int
main(void)
{
	RUN(times_read_back_and_count);
	RUN(all_sections_read_back);
	RUN(a_copied_section_is_the_same);
	RUN(empty_facts_read_back);
	RUN(no_section_at_all_reads_back);
	RUN(unfinished_ones_are_not_there);
	RUN(every_truncation_is_refused);
	RUN(every_flipped_bit_is_refused);
	RUN(a_moved_table_is_refused);
	RUN(a_missing_file_says_so);
	return test_end();
}
