#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_grow(struct buf *b, size_t n)
{
	size_t need = b->n + n, cap = b->cap ? b->cap : 64;

	while (cap < need)
		cap += cap / 2 + 64;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *
buf_cstr(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return b->p;
}

char *
buf_release(struct buf *b)
{
	char *p;

	buf_cstr(b);
	p = b->p;
	*b = BUF_ZERO;
	return p;
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = BUF_ZERO;
}
