/* buf - growable bytes; and the byte views of base.h. */
#include "base/buf.h"

#include "test.h"

static void
an_empty_one_is_a_string(void)
{
	struct buf b = BUF_ZERO;

	EQ_U(b.n, 0);
	EQ_S(buf_cstr(&b), "");
	EQ_U(b.n, 0);
	buf_fini(&b);
	CHECK(b.p == NULL && b.cap == 0);
	buf_put(&b, NULL, 0);
	buf_put(&b, "", 0);
	buf_clear(&b);
	EQ_U(b.n, 0);
	buf_fini(&b);
}

static void
what_is_put_is_there(void)
{
	struct buf b = BUF_ZERO;

	buf_puts(&b, "rows ");
	buf_printf(&b, "%d:%s", 42, "x");
	buf_putc(&b, '\0');
	buf_putb(&b, bytes_of("yz", 2));
	EQ_B(buf_bytes(&b), bytes_of("rows 42:x\0yz", 12));
	buf_clear(&b);
	EQ_U(b.n, 0);
	buf_puts(&b, "again");
	EQ_S(buf_cstr(&b), "again");
	buf_fini(&b);
}

static void
the_terminator_is_not_counted(void)
{
	struct buf b = BUF_ZERO;
	size_t i;

	for (i = 0; i < 2000; i++) {
		EQ_U(strlen(buf_cstr(&b)), i);
		EQ_U(b.n, i);
		CHECK(b.n < b.cap);
		buf_putc(&b, 'a');
	}
	buf_fini(&b);
}

static void
it_grows_like_an_array(void)
{
	static char want[200000];
	struct buf b = BUF_ZERO;
	size_t n = 0, k;

	while (n < sizeof(want) - 1000) {
		char part[1000];
		size_t i;

		k = below(4) == 0 ? below(sizeof(part)) : below(20);
		for (i = 0; i < k; i++)
			part[i] = (char)rnd();
		memcpy(want + n, part, k);
		n += k;
		buf_put(&b, part, k);
		if (!EQ_U(b.n, n) || !CHECK(b.cap >= b.n))
			break;
		buf_reserve(&b, below(300));
	}
	EQ_B(buf_bytes(&b), bytes_of(want, n));
	buf_fini(&b);
}

static void
printf_of_any_length(void)
{
	static char want[5000];
	struct buf b = BUF_ZERO;
	size_t n;

	memset(want, 'x', sizeof(want));
	for (n = 0; n < sizeof(want); n += 1 + n / 50) {
		buf_clear(&b);
		buf_printf(&b, "%.*s|", (int)n, want);
		EQ_U(b.n, n + 1);
		CHECK(memcmp(b.p, want, n) == 0 && b.p[n] == '|');
	}
	buf_fini(&b);
}

static void
released_memory_is_the_callers(void)
{
	struct buf b = BUF_ZERO;
	char *s;

	buf_puts(&b, "mine");
	s = buf_release(&b);
	EQ_S(s, "mine");
	CHECK(b.p == NULL && b.n == 0 && b.cap == 0);
	free(s);
	s = buf_release(&b);
	EQ_S(s, "");
	free(s);
	buf_fini(&b);
}

static void
views_compare_by_bytes_then_length(void)
{
	static const char *const order[] = {
	    "", "A", "AB", "B", "a", "ab", "abc", "b", "\x7f", "\x80", "\xff"};
	size_t i, k;

	for (i = 0; i < LEN(order); i++)
		for (k = 0; k < LEN(order); k++) {
			struct bytes a = bytes_str(order[i]);
			struct bytes b = bytes_str(order[k]);
			int c = bytes_cmp(a, b);

			test_about("%zu and %zu", i, k);
			EQ_I((c > 0) - (c < 0), (i > k) - (i < k));
			EQ_U(bytes_eq(a, b), i == k);
		}
	CHECK(bytes_cmp(bytes_of("a\0b", 3), bytes_of("a\0a", 3)) > 0);
	CHECK(bytes_eq(bytes_of(NULL, 0), bytes_of("", 0)));
	CHECK(bytes_cmp(bytes_of(NULL, 0), bytes_of("a", 1)) < 0);
}

int
main(void)
{
	RUN(an_empty_one_is_a_string);
	RUN(what_is_put_is_there);
	RUN(the_terminator_is_not_counted);
	RUN(it_grows_like_an_array);
	RUN(printf_of_any_length);
	RUN(released_memory_is_the_callers);
	RUN(views_compare_by_bytes_then_length);
	return test_end();
}
