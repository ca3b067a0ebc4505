#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static int
set_va(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
{
	e->kind = kind;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	return -1;
}

int
err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_va(e, ERR_INPUT, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_kind_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_va(e, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	int saved = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	set_va(e, kind, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char tail[sizeof(e->msg)];
	size_t n;
	va_list ap;

	memcpy(tail, e->msg, sizeof(tail));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, "%s", tail);
	return -1;
}

const char *
err_quote(struct bytes s)
{
	static char ring[4][120];
	static unsigned turn;
	char *out = ring[turn++ % LEN(ring)], *o = out;
	const char *limit = out + sizeof(ring[0]) - 12;
	size_t i = 0;

	*o++ = '"';
	while (i < s.n && o < limit) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(s.p + i, s.n - i);

		if (*p == '\n' || *p == '\t' || *p == '\r') {
			*o++ = '\\';
			*o++ = *p == '\n' ? 'n' : *p == '\t' ? 't' : 'r';
		} else if (len == 0 || *p < 0x20 || *p == 0x7f) {
			o += snprintf(o, 5, "\\x%02x", *p);
			len = 1;
		} else {
			memcpy(o, p, len);
			o += len;
		}
		i += len;
	}
	stpcpy(o, i < s.n ? "...\"" : "\"");
	return out;
}
