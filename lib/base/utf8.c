#include "base/utf8.h"

#include <string.h>

size_t
utf8_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1
	    : p[0] < 0xc2        ? 0
	    : p[0] < 0xe0        ? 2
	    : p[0] < 0xf0        ? 3
	    : p[0] < 0xf5        ? 4
				 : 0;
	size_t i;

	if (len > n)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool
utf8_valid(struct bytes s)
{
	size_t i = 0, len;
	uint64_t eight;

	for (; i < s.n; i += len) {
		/* nearly always ASCII */
		for (; s.n - i >= 8; i += 8) {
			memcpy(&eight, s.p + i, 8);
			if (eight & UINT64_C(0x8080808080808080))
				break;
		}
		if (i == s.n)
			break;
		len = utf8_len(s.p + i, s.n - i);
		if (len == 0)
			return false;
	}
	return true;
}

size_t
utf8_put(uint32_t c, char *out)
{
	size_t len = c < 0x80        ? 1
	    : c < 0x800              ? 2
	    : c < 0x10000            ? 3
	    : c < UINT32_C(0x110000) ? 4
				     : 0;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t i;

	if (len == 0 || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	for (i = len; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[len] | c);
	return len;
}
