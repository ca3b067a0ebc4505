/* utf8 - the well-formed sequences, all of them and no others. */
#include "base/utf8.h"

#include "test.h"

static void
every_character_is_written_and_read(void)
{
	uint32_t c;

	for (c = 0; c < 0x120000; c++) {
		char s[5] = "....";
		size_t n = utf8_put(c, s), k;
		bool is_one = c < 0x110000 && (c < 0xd800 || c > 0xdfff);

		test_about("U+%04x", (unsigned)c);
		EQ_U(n,
		    !is_one           ? 0
			: c < 0x80    ? 1
			: c < 0x800   ? 2
			: c < 0x10000 ? 3
				      : 4);
		CHECK(s[n] == '.' || n == 4);
		if (n == 0)
			continue;
		EQ_U(utf8_len(s, n), n);
		EQ_U(utf8_len(s, 4), n);
		/* no part of it, and no byte of it but the first, begins one */
		for (k = 1; k < n; k++) {
			EQ_U(utf8_len(s, k), 0);
			EQ_U(utf8_len(s + k, 4 - k), 0);
		}
	}
	EQ_U(utf8_put(UINT32_MAX, (char[4]){0}), 0);
}

/* As the test above found every character, there must not be more. */
static void
there_are_as_many_sequences_as_characters(void)
{
	/* bytes on both sides of each limit stand for those between them */
	static const unsigned char last[] = {
	    0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	size_t count[5] = {0}, i, k;
	unsigned a, b, c;

	for (a = 0; a < 256; a++) {
		char s[4] = {(char)a};

		count[1] += utf8_len(s, 1) == 1;
		for (b = 0; b < 256; b++) {
			s[1] = (char)b;
			count[2] += utf8_len(s, 2) == 2;
			for (c = 0; c < 256; c++) {
				s[2] = (char)c;
				count[3] += utf8_len(s, 3) == 3;
				for (i = 0; i < LEN(last); i++) {
					s[3] = (char)last[i];
					count[4] += utf8_len(s, 4) == 4;
				}
			}
		}
	}
	EQ_U(count[1], 0x80);
	EQ_U(count[2], 0x800 - 0x80);
	EQ_U(count[3], 0x10000 - 0x800 - 0x800);
	/* two of the 64 last bytes */
	EQ_U(count[4], 0x100000 / 32);
	for (k = 0; k < 2; k++)
		EQ_U(utf8_len(k ? "\xff" : "\x80", 1), 0);
}

static void
text_is_valid_as_a_whole(void)
{
	CHECK(utf8_valid(bytes_of(NULL, 0)));
	CHECK(utf8_valid(bytes_str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z")));
	CHECK(utf8_valid(bytes_of("\0", 1)));
	CHECK(!utf8_valid(bytes_str("a\xc3")));
	CHECK(!utf8_valid(bytes_str("a\xe9z")));
	CHECK(!utf8_valid(bytes_str("\xed\xa0\x80")));
	CHECK(!utf8_valid(bytes_str("\xc0\x80")));
}

int
main(void)
{
	RUN(every_character_is_written_and_read);
	RUN(there_are_as_many_sequences_as_characters);
	RUN(text_is_valid_as_a_whole);
	return test_end();
}
