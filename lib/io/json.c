#include "io/json.h"

#include "base/utf8.h"

int
json_put_string(struct buf *b, struct bytes s)
{
	static const char hex[] = "0123456789abcdef";
	static const char letter[32] = {
	    ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};
	size_t i = 0, from = 0, n;
	int rc = 0;

	buf_putc(b, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 && (n = utf8_len(s.p + i, s.n - i)) > 0) {
			i += n;
			continue;
		}
		if (c >= ' ' && c < 0x80 && c != '"' && c != '\\') {
			i++;
			continue;
		}
		buf_put(b, s.p + from, i - from);
		from = ++i;
		if (c >= 0x80) {
			buf_puts(b, "\xef\xbf\xbd");
			rc = -1;
			continue;
		}
		buf_putc(b, '\\');
		if (c >= ' ') {
			buf_putc(b, (char)c);
		} else if (letter[c]) {
			buf_putc(b, letter[c]);
		} else {
			buf_puts(b, "u00");
			buf_putc(b, hex[c >> 4]);
			buf_putc(b, hex[c & 15]);
		}
	}
	buf_put(b, s.p + from, i - from);
	buf_putc(b, '"');
	return rc;
}

bool
json_spells_number(struct bytes s)
{
	const char *p = s.p, *e = s.p + s.n, *digits;

#define DIGITS()                                                               \
	for (digits = p; p < e && *p >= '0' && *p <= '9';)                     \
		p++;                                                           \
	if (p == digits)                                                       \
	return false
	p += p < e && *p == '-';
	DIGITS();
	if (*digits == '0' && p - digits > 1)
		return false;
	if (p < e && *p == '.') {
		p++;
		DIGITS();
	}
	if (p < e && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < e && (*p == '+' || *p == '-');
		DIGITS();
	}
#undef DIGITS
	return p == e;
}
