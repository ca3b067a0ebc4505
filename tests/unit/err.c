/* err - messages: their kinds, their prefixes, and bytes quoted in them. */
#include "base/err.h"

#include "test.h"

static void
setting_returns_minus_one(void)
{
	struct err e = ERR_ZERO;

	EQ_I(err_set(&e, "%s:%d: bad", "a.csv", 7), -1);
	EQ_I(e.kind, ERR_INPUT);
	EQ_S(e.msg, "a.csv:7: bad");
	EQ_I(err_kind_set(&e, ERR_USAGE, "no"), -1);
	EQ_I(e.kind, ERR_USAGE);
	EQ_S(e.msg, "no");
}

static void
system_errors_carry_their_text_and_keep_errno(void)
{
	struct err e = ERR_ZERO;

	errno = ENOSPC;
	EQ_I(err_sys(&e, ERR_OUTPUT, "%s: write", "x"), -1);
	EQ_I(e.kind, ERR_OUTPUT);
	EQ_S(e.msg, "x: write: No space left on device");
	EQ_I(errno, ENOSPC);
}

static void
a_prefix_goes_in_front_and_keeps_the_kind(void)
{
	struct err e = ERR_ZERO;

	err_kind_set(&e, ERR_OUTPUT, "tail");
	EQ_I(err_prefix(&e, "%s:%d: ", "head", 3), -1);
	EQ_S(e.msg, "head:3: tail");
	EQ_I(e.kind, ERR_OUTPUT);
}

static void
long_messages_are_cut_not_overrun(void)
{
	struct err e = ERR_ZERO;
	char big[3000];
	size_t n;

	memset(big, 'x', sizeof(big));
	for (n = sizeof(e.msg) - 40; n < sizeof(e.msg) + 5; n++) {
		big[n] = '\0';
		err_set(&e, "%s", big);
		EQ_U(strlen(e.msg), n < sizeof(e.msg) ? n : sizeof(e.msg) - 1);
		errno = EACCES;
		err_sys(&e, ERR_INPUT, "%s", big);
		CHECK(strlen(e.msg) < sizeof(e.msg));
		err_prefix(&e, "%s", big);
		CHECK(strlen(e.msg) < sizeof(e.msg));
		big[n] = 'x';
	}
}

static void
quotes_show_what_cannot_be_printed(void)
{
	EQ_S(err_quote(bytes_str("")), "\"\"");
	EQ_S(err_quote(bytes_str("abc")), "\"abc\"");
	EQ_S(err_quote(bytes_of("a\tb\nc\rd", 7)), "\"a\\tb\\nc\\rd\"");
	EQ_S(err_quote(bytes_of("\0\x01\x1b\x7f", 4)),
	    "\"\\x00\\x01\\x1b\\x7f\"");
	EQ_S(err_quote(bytes_str("na\xc3\xafve")), "\"na\xc3\xafve\"");
}

/* Bytes that are no UTF-8 would garble a terminal, or a log that is. */
static void
quotes_are_valid_utf8(void)
{
	static const char *const bad[] = {
	    "\xff", "\x9b", "a\xc3", "\xe2\x82", "\xc3(", "\x80\x80"};
	size_t i, k;

	for (i = 0; i < LEN(bad); i++) {
		const char *q = err_quote(bytes_str(bad[i]));

		test_about("case %zu", i);
		for (k = 0; q[k]; k++)
			if (!CHECK((unsigned char)q[k] < 0x80))
				break;
	}
}

static void
long_quotes_are_shortened_between_characters(void)
{
	char big[400];
	size_t n, i, off;

	for (off = 0; off < 3; off++)
		for (n = 0; n < sizeof(big); n++) {
			const char *q;
			size_t len;

			for (i = 0; i < n; i++)
				big[i] = i < off
				    ? 'a'
				    : "\xe2\x82\xac"[(i - off) % 3];
			/* whole characters only */
			if (n >= off && (n - off) % 3)
				continue;
			q = err_quote(bytes_of(big, n));
			len = strlen(q);
			test_about("%zu bytes, %zu in front", n, off);
			CHECK(len < 120);
			CHECK(q[0] == '"' && q[len - 1] == '"');
			if (len == n + 2 && memcmp(q + 1, big, n) == 0)
				continue;
			if (!CHECK(len > 20) ||
			    !CHECK(memcmp(q + len - 4, "...\"", 4) == 0))
				return;
			CHECK((len - 5 - off) % 3 == 0);
			CHECK(memcmp(q + 1, big, len - 5) == 0);
		}
}

static void
any_bytes_can_be_quoted(void)
{
	char p[300];
	int i;

	for (i = 0; i < 20000; i++) {
		size_t n = below(sizeof(p)), k;

		for (k = 0; k < n; k++)
			p[k] = (char)rnd();
		CHECK(strlen(err_quote(bytes_of(p, n))) < 120);
	}
}

static void
four_quotes_fit_one_message(void)
{
	const char *a = err_quote(bytes_str("a")), *b, *c, *d;

	b = err_quote(bytes_str("b"));
	c = err_quote(bytes_str("c"));
	d = err_quote(bytes_str("d"));
	EQ_S(a, "\"a\"");
	EQ_S(b, "\"b\"");
	EQ_S(c, "\"c\"");
	EQ_S(d, "\"d\"");
}

int
main(void)
{
	RUN(setting_returns_minus_one);
	RUN(system_errors_carry_their_text_and_keep_errno);
	RUN(a_prefix_goes_in_front_and_keeps_the_kind);
	RUN(long_messages_are_cut_not_overrun);
	RUN(quotes_show_what_cannot_be_printed);
	RUN(quotes_are_valid_utf8);
	RUN(long_quotes_are_shortened_between_characters);
	RUN(any_bytes_can_be_quoted);
	RUN(four_quotes_fit_one_message);
	return test_end();
}
