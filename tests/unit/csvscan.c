/*
 * csvscan - every variant against the portable one, and the portable one
 * against a specification that works field by field, not byte by byte.
 */
#include "rows/csvscan.h"

#include "base/setting.h"
#include "test.h"

#define MAX_LEN ((size_t)8192)

static const char seps[] = {',', '\t', ';'};

/*
 * The grammar, one field at a time:
 *	field   = quoted | plain
 *	quoted  = '"' { any byte but '"' | '""' } '"'
 *	plain   = { any byte but separator, newline, '"' }
 * Behind a field stands a separator, a newline or the end.
 */
static void
naive(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)
{
	uint32_t nquoted = 0;
	size_t i = 0, k;

	memset(s, 0, sizeof(*s));
	for (k = 0; k < n; k++)
		if (p[k] == '\0' || p[k] == '\r')
			s->flags |= SCAN_CONTROL;
	while (i < n) {
		if (p[i] == '"') {
			for (i++;; i++) {
				const char *q = memchr(p + i, '"', n - i);
				size_t to = q ? (size_t)(q - p) : n;

				for (; i < to; i++)
					nquoted += p[i] == '\n';
				if (!q) {
					s->open_quote = true;
					return;
				}
				if (i + 1 == n || p[i + 1] != '"')
					break;
				i++;
			}
			i++;
		} else {
			while (
			    i < n && p[i] != sep && p[i] != '\n' && p[i] != '"')
				i++;
		}
		if (i == n)
			return;
		if (p[i] != sep && p[i] != '\n') {
			s->flags |= SCAN_STRAY;
			return;
		}
		idx[s->nidx++] = (uint32_t)i;
		if (p[i] == '\n') {
			s->nrec++;
			s->nidx_rec = s->nidx;
			s->nquoted = nquoted;
			s->end = (uint32_t)i + 1;
		}
		i++;
	}
}

static uint32_t want_idx[MAX_LEN + SCAN_PAD];
static struct guarded data, index_room, word_room, before_room, end_room;

static void
compare(const char *who, const char *p, size_t n, char sep,
    const struct scan *got, const uint32_t *idx, const struct scan *want)
{
	test_about("%s, %zu bytes at %u, sep %d: %.100s", who, n,
	    (unsigned)((uintptr_t)p & 63), sep, err_quote(bytes_of(p, n)));
	if (!EQ_U(got->flags, want->flags) || want->flags)
		return;
	EQ_U(got->nidx, want->nidx);
	EQ_U(got->nrec, want->nrec);
	EQ_U(got->nidx_rec, want->nidx_rec);
	EQ_U(got->end, want->end);
	EQ_U(got->nquoted, want->nquoted);
	EQ_U(got->open_quote, want->open_quote);
	CHECK(got->nidx != want->nidx ||
	    memcmp(idx, want_idx, want->nidx * sizeof(*idx)) == 0);
}

/* As wide as the first record, or not; and which fields are wanted. */
static void
random_want(const char *p, const struct scan *all, struct scan_want *want)
{
	static uint32_t field[MAX_LEN];
	unsigned sparse = 1 + below(8);
	uint32_t i;

	*want = (struct scan_want){field, 0, 0};
	while (want->nfield < all->nidx && p[want_idx[want->nfield]] != '\n')
		want->nfield++;
	want->nfield += one_in(20) ? 2 : 1;
	for (i = 0; i + 1 < want->nfield; i++)
		if (one_in(sparse))
			field[want->n++] = i;
}

/* csvscan_some() where csvscan() finds want_idx. */
static void
check_some(const char *p, size_t n, char sep, const struct scan *all)
{
	const struct csvscan_variant *v;
	uint32_t *idx = (uint32_t *)(void *)guarded_back(
	    &index_room, (n + SCAN_PAD) * sizeof(*idx));
	struct scan_bits b = {(uint64_t *)(void *)guarded_back(
				  &word_room, SCAN_WORDS(n) * sizeof(uint64_t)),
	    (uint32_t *)(void *)guarded_back(
		&before_room, SCAN_WORDS(n) * sizeof(uint32_t)),
	    (uint32_t *)(void *)guarded_back(
		&end_room, (n + 1) * sizeof(uint32_t)),
	    0};
	struct scan_want want;
	uint32_t rec, i, last;
	struct scan got;
	bool ragged;

	if (all->flags)
		return;
	random_want(p, all, &want);
	last = want.nfield - 1;
	ragged = all->nrec * want.nfield != all->nidx_rec;
	for (rec = 0; rec < all->nrec && !ragged; rec++)
		ragged = p[want_idx[rec * want.nfield + last]] != '\n';
	for (v = csvscan_variants(); v->name; v++) {
		memset(&got, 0xee, sizeof(got));
		memset(idx, 0xee, (n + SCAN_PAD) * sizeof(*idx));
		v->some(p, n, sep, &want, &b, idx, &got);
		test_about("%s, %u of %u fields, %zu bytes, sep %d: %.100s",
		    v->name, want.n, want.nfield, n, sep,
		    err_quote(bytes_of(p, n)));
		if (!EQ_U(got.flags, ragged ? SCAN_RAGGED : 0) || ragged)
			continue;
		EQ_U(got.nidx, all->nidx);
		EQ_U(got.nrec, all->nrec);
		EQ_U(got.nidx_rec, all->nidx_rec);
		EQ_U(got.end, all->end);
		EQ_U(got.nquoted, all->nquoted);
		EQ_U(got.open_quote, all->open_quote);
		for (rec = 0; rec < all->nrec; rec++) {
			uint32_t k = rec * want.nfield;

			for (i = 0; i < want.n; i++)
				EQ_U(idx[k + want.field[i]],
				    want_idx[k + want.field[i]]);
			EQ_U(idx[k + last], want_idx[k + last]);
		}
	}
}

/* All variants on p[0..n); the index ends directly at a guard page. */
static void
check(const char *p, size_t n, char sep)
{
	const struct csvscan_variant *v;
	uint32_t *idx = (uint32_t *)(void *)guarded_back(
	    &index_room, (n + SCAN_PAD) * sizeof(*idx));
	struct scan want, got;

	naive(p, n, sep, want_idx, &want);
	for (v = csvscan_variants(); v->name; v++) {
		memset(&got, 0xee, sizeof(got));
		v->fn(p, n, sep, idx, &got);
		compare(v->name, p, n, sep, &got, idx, &want);
	}
	csvscan(p, n, sep, idx, &got);
	compare("csvscan", p, n, sep, &got, idx, &want);
	check_some(p, n, sep, &want);
	test.context[0] = '\0';
}

/* In front of a guard page, behind one, and at `off` in between. */
static void
check_placed(const char *p, size_t n, char sep, size_t off)
{
	char *at = guarded_back(&data, n);

	memcpy(at, p, n);
	check(at, n, sep);
	at = guarded_front(&data) + off;
	memcpy(at, p, n);
	check(at, n, sep);
}

/* Bytes of the alphabet; clean ones have no CR and no NUL. */
static void
random_bytes(char *p, size_t n, bool clean)
{
	static const char all[] = ",\"\na;\t\r";
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = all[below(clean ? 6 : sizeof(all))];
}

/* Fields without quotes. */
static void
random_plain(char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = "abcdefgh,,\n"[below(11)];
}

/* Fields as RFC 4180 has them, cut off at n: the vectors' fast path. */
static void
random_csv(char *p, size_t n, char sep)
{
	size_t i = 0, k;

	while (i < n) {
		if (one_in(2)) {
			p[i++] = '"';
			for (k = below(one_in(8) ? 200 : 12); k && i < n; k--) {
				p[i] = ",\"\na;\t "[below(7)];
				if (p[i] == '"' && i + 1 < n)
					p[++i] = '"';
				i++;
			}
			if (i < n)
				p[i++] = '"';
		} else {
			for (k = below(one_in(8) ? 200 : 12); k && i < n; k--)
				p[i++] = "abc'xyz"[below(7)];
		}
		if (i < n)
			p[i++] = one_in(4) ? '\n' : sep;
	}
}

static void
the_portable_one_is_always_there(void)
{
	const struct csvscan_variant *v = csvscan_variants();

	EQ_S(v->name, "portable");
	while (v->name)
		v++;
	CHECK(v - csvscan_variants() >= 1);
#if defined(__x86_64__)
	EQ_S(csvscan_variants()[1].name, "sse2");
#endif
}

static void
random_bytes_at_every_length_up_to_300(void)
{
	char p[300];
	size_t n;
	int i;

	for (n = 0; n <= 300; n++)
		for (i = 0; i < 40; i++) {
			random_bytes(p, n, i % 4 != 0);
			check_placed(p, n, seps[below(3)], below(64));
		}
}

static void
clean_csv_at_every_length_up_to_300(void)
{
	char p[300];
	size_t n;
	int i;

	for (n = 0; n <= 300; n++)
		for (i = 0; i < 60; i++) {
			char sep = seps[below(3)];

			random_csv(p, n, sep);
			if (i % 10 == 0 && n)
				p[below(n)] = "\r\"\0x"[below(4)];
			check_placed(p, n, sep, below(64));
		}
}

static void
longer_data_of_any_length(void)
{
	static char p[MAX_LEN];
	int i;

	for (i = 0; i < 3000; i++) {
		size_t n = 301 + below(MAX_LEN - 301);
		char sep = seps[below(3)];

		random_csv(p, n, sep);
		if (i % 8 == 0)
			p[below(n)] = "\r\"\0x"[below(4)];
		/* check_placed() puts it up to 63 bytes in */
		check_placed(
		    p, n > MAX_LEN - 64 ? MAX_LEN - 64 : n, sep, below(64));
	}
}

/* A table: as many fields in each record, some of them long, but perhaps for
 * one. */
static void
tables_of_all_widths(void)
{
	static char p[MAX_LEN];
	int i;

	for (i = 0; i < 4000; i++) {
		unsigned nfield = 1 + below(one_in(4) ? 400 : 30), k = 0;
		unsigned longest = 1 + below(one_in(4) ? 90 : 12);
		size_t n = 0, len, max = MAX_LEN - 64;
		size_t bad = one_in(4) ? below(max) : max;

		while (n < max) {
			bool quoted = one_in(6);

			if (quoted)
				p[n++] = '"';
			for (len = below(one_in(9) ? 700 : longest);
			     len > 0 && n < max; len--)
				p[n++] = quoted ? ",\nab"[below(4)] : 'x';
			if (quoted && n < max)
				p[n++] = '"';
			if (n < max && !(n >= bad && n < bad + 20))
				p[n++] = ++k % nfield ? ',' : '\n';
		}
		check_placed(p, n, ',', below(64));
	}
}

static void
every_alignment(void)
{
	char p[300];
	size_t off, n;

	for (off = 0; off < 64; off++)
		for (n = 0; n <= 300; n += 1 + below(5)) {
			random_csv(p, n, ',');
			check_placed(p, n, ',', off);
		}
}

/* What quotes do must not depend on where the 64-byte steps fall. */
static void
quotes_across_the_borders_of_steps(void)
{
	static const char *const part[] = {"\"", "\"\"", "\"\"\"", "\"\"\"\"",
	    "\",", ",\"", "\n\"", "\"\n", "\",\"", "\"\n\"", "x\"", "\"x",
	    "\"\"x", "\"\r\n", "\"\",\"\"", "\n", ",", "\"a\"", "\"a\nb\"",
	    "\",\n\"", "\"\"\"\n", ",\"\"\"", "\"\"\"\"\n"};
	char p[260];
	size_t i, at, at2, k;

	for (i = 0; i < LEN(part); i++)
		for (at = 50; at < 80; at++)
			for (k = 0; k < 6; k++) {
				size_t len = strlen(part[i]);

				memset(p, 'a', sizeof(p));
				if (k & 1)
					p[0] = '"';
				if (k & 2)
					p[at - 1] = ',';
				memcpy(p + at, part[i], len);
				if (k & 4)
					p[at + len] = ',';
				check_placed(p, 130, ',', 0);
				/* and a second one, a step or two on */
				at2 = at + 40 + below(100);
				memcpy(p + at2, part[i], len);
				check_placed(p, 260, ',', below(64));
				/* and the data ends right there */
				check_placed(p, at + len, ',', 0);
			}
}

/* A quote is looked for in another way when there was none for long: two quoted
 * fields, up to twice 64 steps apart, the second perhaps not closed or stray.
 */
static void
quotes_far_apart(void)
{
	static const char *const part[] = {",\"a,\nb\",", "\n\"\"\"\n\"\n",
	    ",\"", "x\"", ",\"a\"x", ",\"\"\n"};
	static char p[MAX_LEN];
	size_t i, n = MAX_LEN - 64;

	for (i = 0; i < 2000; i++) {
		const char *end = part[below(LEN(part))];
		size_t at = below(300), at2 = at + 20 + below(n - 340);

		random_plain(p, n);
		memcpy(p + at, part[0], strlen(part[0]));
		memcpy(p + at2, end, strlen(end));
		check_placed(p, n, ',', below(64));
	}
}

static void
whole_steps_of_one_byte(void)
{
	static const char bytes[] = {',', '"', '\n', '\0', '\r', 'a', '\t'};
	char p[256];
	size_t i, k, n;

	for (i = 0; i < LEN(bytes); i++)
		for (n = 0; n <= sizeof(p); n++) {
			memset(p, bytes[i], n);
			check_placed(p, n, ',', 0);
			check_placed(p, n, '\t', 0);
			for (k = 0; k < LEN(bytes); k++) {
				if (n > 64)
					memset(p + 64, bytes[k], n - 64);
				check_placed(p, n, ',', 0);
			}
		}
}

/* Bytes with the high bit set, and all other ones, are plain. */
static void
every_byte_value(void)
{
	char p[200];
	int c;

	for (c = 0; c < 256; c++) {
		memset(p, 'a', sizeof(p));
		p[below(64)] = (char)c;
		p[64 + below(64)] = (char)c;
		p[190] = (char)c;
		check_placed(p, sizeof(p), ',', 0);
		check_placed(p, sizeof(p), ';', 0);
		check_placed(p, sizeof(p), '\t', 0);
		check_placed(p, sizeof(p), '|', 0);
	}
}

static void
the_setting_chooses_the_variant(void)
{
	/* chosen at the first call of this process: which is over; but a
	 * name that no machine has must not have stopped it */
	uint32_t idx[8 + SCAN_PAD];
	struct scan s;

	csvscan("a,b\nc,d\n", 8, ',', idx, &s);
	EQ_U(s.nidx, 4);
	EQ_U(s.nrec, 2);
	EQ_U(s.end, 8);
	EQ_U(idx[2], 5);
}

int
main(void)
{
	data = guarded_new(MAX_LEN + 64);
	index_room = guarded_new((MAX_LEN + SCAN_PAD) * sizeof(uint32_t));
	word_room = guarded_new(SCAN_WORDS(MAX_LEN) * sizeof(uint64_t));
	before_room = guarded_new(SCAN_WORDS(MAX_LEN) * sizeof(uint32_t));
	end_room = guarded_new((MAX_LEN + 1) * sizeof(uint32_t));
	/* before the first call: a name that no machine has */
	setting_set(&(struct setting){.simd = "abacus"});
	RUN(the_portable_one_is_always_there);
	RUN(random_bytes_at_every_length_up_to_300);
	RUN(clean_csv_at_every_length_up_to_300);
	RUN(longer_data_of_any_length);
	RUN(tables_of_all_widths);
	RUN(every_alignment);
	RUN(quotes_across_the_borders_of_steps);
	RUN(quotes_far_apart);
	RUN(whole_steps_of_one_byte);
	RUN(every_byte_value);
	RUN(the_setting_chooses_the_variant);
	guarded_free(&data);
	guarded_free(&index_room);
	guarded_free(&word_room);
	guarded_free(&before_room);
	guarded_free(&end_room);
	return test_end();
}
