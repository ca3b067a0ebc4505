#include "json.h"

#include "utf8.h"

void
json_put_string(struct buf *b, struct bytes s)
{
	size_t i, n;

	buf_putc(b, '"');
	for (i = 0; i < s.n; i += n) {
		unsigned char c = (unsigned char)s.p[i];

		n = utf8_len(s.p + i, s.n - i);
		if (n == 0) {
			buf_puts(b, "\xef\xbf\xbd");
			n = 1;
			continue;
		}
		switch (c) {
		case '"': buf_puts(b, "\\\""); break;
		case '\\': buf_puts(b, "\\\\"); break;
		case '\n': buf_puts(b, "\\n"); break;
		case '\r': buf_puts(b, "\\r"); break;
		case '\t': buf_puts(b, "\\t"); break;
		default:
			if (c < ' ')
				buf_printf(b, "\\u%04x", c);
			else
				buf_put(b, s.p + i, n);
		}
	}
	buf_putc(b, '"');
}
