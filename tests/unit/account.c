/* account - sums that close, and the end marker that carries them. */
#include "rows/account.h"

#include "test.h"

static struct account
random_account(void)
{
	struct account a = {0};
	int i;

	a.in = one_in(4) ? rnd() : below(1000);
	for (i = 0; i < DROP_COUNT; i++)
		if (one_in(3))
			a.drop[i] = one_in(8) ? rnd() : 1 + below(100);
	if (one_in(4))
		a.drop[DROP_EXTERNAL] = 0 - (1 + below(50));
	return a;
}

static bool
same(const struct account *a, const struct account *b)
{
	return a->in == b->in && memcmp(a->drop, b->drop, sizeof(a->drop)) == 0;
}

static void
it_closes_only_when_every_row_is_there(void)
{
	struct account a = {.in = 100};

	a.drop[DROP_DUPLICATE] = 20;
	a.drop[DROP_EXTERNAL] = 1;
	CHECK(account_closes(&a, 79));
	CHECK(!account_closes(&a, 78));
	CHECK(!account_closes(&a, 80));
	/* two rows more than were left out came from a foreign program */
	a.drop[DROP_EXTERNAL] -= 3;
	CHECK(account_closes(&a, 82));
	CHECK(!account_closes(&a, 79));
}

struct rows {
	char text[2000];
	struct account back;
	int n;
};

static void
collect(void *arg, const char *kind, const char *name, const char *rows)
{
	struct rows *r = arg;
	size_t n = strlen(r->text);

	snprintf(
	    r->text + n, sizeof(r->text) - n, "%s %s %s\n", kind, name, rows);
	CHECK(account_set(
	    &r->back, bytes_str(kind), bytes_str(name), bytes_str(rows)));
	r->n++;
}

static void
rows_are_sorted_and_read_back(void)
{
	struct rows r = {.n = 0};
	struct account a = {.in = 9};
	int i;

	a.drop[DROP_EXTERNAL] = 0 - UINT64_C(1);
	a.drop[DROP_UNPLANNED] = 2;
	a.drop[DROP_DUPLICATE] = 3;
	account_each(&a, collect, &r);
	EQ_S(r.text,
	    "drop duplicate 3\ndrop external -1\n"
	    "drop unplanned 2\nin - 9\n");
	CHECK(same(&r.back, &a));
	for (i = 1; i < DROP_COUNT; i++)
		CHECK(strcmp(drop_name((enum drop)(i - 1)),
			  drop_name((enum drop)i)) < 0);
}

static bool
sets(const char *kind, const char *name, const char *rows)
{
	struct account a = {0};

	return account_set(
	    &a, bytes_str(kind), bytes_str(name), bytes_str(rows));
}

static void
unknown_kinds_and_names_are_refused(void)
{
	CHECK(!sets("drop", "lost", "1"));
	CHECK(!sets("drop", "", "1"));
	CHECK(!sets("drop", "duplicat", "1"));
	CHECK(!sets("out", "train", "1"));
	CHECK(!sets("in", "x", "1"));
	CHECK(!sets("added", "external", "1"));
	CHECK(!sets("", "", "1"));
}

static void
only_external_may_be_negative(void)
{
	static const char *const bad[] = {
	    "", "-", "--1", "+1", " 1", "1 ", "1.0", "x"};
	size_t i;
	int k;

	CHECK(sets("drop", "external", "-1"));
	CHECK(sets("drop", "external", "-9223372036854775808"));
	CHECK(sets("drop", "external", "9223372036854775807"));
	CHECK(!sets("drop", "external", "9223372036854775808"));
	CHECK(!sets("drop", "external", "-9223372036854775809"));
	CHECK(!sets("in", "-", "-1"));
	for (k = 0; k < DROP_COUNT; k++) {
		const char *name = drop_name((enum drop)k);

		test_about("%s", name);
		CHECK(sets("drop", name, "1"));
		if (k != DROP_EXTERNAL)
			CHECK(!sets("drop", name, "-1"));
		for (i = 0; i < LEN(bad); i++)
			CHECK(!sets("drop", name, bad[i]));
	}
}

static void
markers_read_back(void)
{
	struct buf b = BUF_ZERO;
	int i;

	for (i = 0; i < 5000; i++) {
		struct account a = random_account(), got;
		uint64_t rows = one_in(4) ? rnd() : below(1000), n = 0;

		buf_clear(&b);
		trailer_format(&b, rows, &a);
		EQ_U((unsigned char)b.p[0], TRAILER_BYTE);
		EQ_U((unsigned char)b.p[b.n - 1], '\n');
		CHECK(b.n <= TRAILER_MAX);
		CHECK(memchr(b.p, '\n', b.n) == b.p + b.n - 1);
		CHECK(memchr(b.p, ',', b.n) == NULL);
		CHECK(memchr(b.p, '"', b.n) == NULL);
		CHECK(trailer_parse(bytes_of(b.p, b.n - 1), &n, &got));
		EQ_U(n, rows);
		CHECK(same(&a, &got));
	}
	buf_fini(&b);
}

/* The greatest one that can be written must fit what a reader looks at. */
static void
the_longest_marker_fits(void)
{
	struct account a = {.in = UINT64_MAX}, got;
	struct buf b = BUF_ZERO;
	uint64_t n;

	memset(a.drop, 0xff, sizeof(a.drop));
	a.drop[DROP_EXTERNAL] = (uint64_t)INT64_MIN;
	trailer_format(&b, UINT64_MAX, &a);
	CHECK(b.n <= TRAILER_MAX);
	CHECK(trailer_parse(bytes_of(b.p, b.n - 1), &n, &got));
	CHECK(same(&a, &got));
	buf_fini(&b);
}

static bool
parses(const char *s)
{
	struct account a;
	uint64_t n;

	return trailer_parse(bytes_str(s), &n, &a);
}

static void
damaged_markers_are_refused(void)
{
	static const char *const bad[] = {"", "\004", "\004shardkit",
	    "\004shardkit 1", "\004shardkit 1 ", "\004shardkit 2 5 in:-:5",
	    "\004shardkit 1 x in:-:5", "\004shardkit 1 -5 in:-:5",
	    "\004shardkit 1 5 in:-:", "\004shardkit 1 5 in:-", "shardkit 1 5",
	    "\004shardkit 1 5 in:-:5x", "\004shardkit 1 5 in:-:5:6",
	    "\004shardkit 1 5 drop:external:-0 in:-:5",
	    "\004shardkit 1 5 drop:duplicate:-1 in:-:4",
	    "\004shardkit 1 5 added:external:1 in:-:4",
	    "\004shardkit 1 5 drop:lost:1 in:-:5", "\004shardkit 1 5  in:-:5",
	    "\004shardkit 1  5 in:-:5",
	    "\004shardkit 1 99999999999999999999 in:-:5",
	    "\004shardkit 1 5 in:-:99999999999999999999",
	    "\004shardkit 1 5 in:-:5\r", "\004shardkit 1 5 in:-:5,",
	    "\004Shardkit 1 5 in:-:5", " \004shardkit 1 5 in:-:5"};
	size_t i;

	CHECK(parses("\004shardkit 1 5 in:-:5"));
	CHECK(parses("\004shardkit 1 5 drop:external:-1 in:-:4"));
	for (i = 0; i < LEN(bad); i++) {
		test_about("%s", err_quote(bytes_str(bad[i])));
		CHECK(!parses(bad[i]));
	}
}

static void
a_marker_says_how_many_rows_came_in(void)
{
	CHECK(!parses("\004shardkit 1 5"));
	CHECK(!parses("\004shardkit 1 5 drop:duplicate:3"));
}

static void
a_marker_says_everything_once(void)
{
	CHECK(!parses("\004shardkit 1 5 in:-:5 in:-:6"));
	CHECK(!parses("\004shardkit 1 5 drop:duplicate:1 drop:duplicate:2 "
		      "in:-:7"));
	CHECK(!parses("\004shardkit 1 5 in:-:5 "));
}

/*
 * A marker cut anywhere is none: a reader adds the newline that the last line
 * of its input lacks, so `in:-:1234` of a stream that died could be taken for
 * `in:-:123`.
 */
static void
a_cut_marker_is_refused(void)
{
	struct account a = {.in = 1234}, got;
	struct buf b = BUF_ZERO;
	uint64_t rows;
	size_t n;

	a.drop[DROP_DUPLICATE] = 200;
	a.drop[DROP_MISSING_KEY] = 34;
	trailer_format(&b, 1000, &a);
	for (n = 0; n < b.n - 1; n++) {
		test_about("%s", err_quote(bytes_of(b.p, n)));
		CHECK(!trailer_parse(bytes_of(b.p, n), &rows, &got) ||
		    !account_closes(&got, rows));
	}
	buf_fini(&b);
}

static void
a_flipped_byte_is_refused_or_harmless(void)
{
	struct account a = {.in = 1234}, got;
	struct buf b = BUF_ZERO;
	uint64_t rows;
	size_t i;
	int c;

	a.drop[DROP_DUPLICATE] = 234;
	trailer_format(&b, 1000, &a);
	for (i = 0; i < b.n - 1; i++)
		for (c = 0; c < 256; c++) {
			char was = b.p[i];

			if (c == (unsigned char)was)
				continue;
			b.p[i] = (char)c;
			test_about("byte %zu is %d", i, c);
			CHECK(!trailer_parse(
				  bytes_of(b.p, b.n - 1), &rows, &got) ||
			    !account_closes(&got, rows));
			b.p[i] = was;
		}
	buf_fini(&b);
}

int
main(void)
{
	RUN(it_closes_only_when_every_row_is_there);
	RUN(rows_are_sorted_and_read_back);
	RUN(unknown_kinds_and_names_are_refused);
	RUN(only_external_may_be_negative);
	RUN(markers_read_back);
	RUN(the_longest_marker_fits);
	RUN(damaged_markers_are_refused);
	RUN(a_marker_says_how_many_rows_came_in);
	RUN(a_marker_says_everything_once);
	RUN(a_cut_marker_is_refused);
	RUN(a_flipped_byte_is_refused_or_harmless);
	return test_end();
}
