/*
 * buf - the one growable run of bytes.
 *
 *	struct buf b = BUF_ZERO;
 *	buf_puts(&b, "rows ");
 *	buf_printf(&b, "%zu", n);
 *	use(b.p, b.n);
 *	buf_fini(&b);
 *
 * p[0..n) is the content, p[n..cap) is room.  p is NULL while cap is 0; no
 * terminating NUL unless buf_cstr() put one there (it is not counted in n).
 */
#ifndef SHARD_BUF_H
#define SHARD_BUF_H

#include <string.h>

#include "base/base.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
};

#define BUF_ZERO ((struct buf){NULL, 0, 0})

void buf_grow(struct buf *b, size_t n);

/* Makes room for at least n more bytes behind the content. */
static inline void
buf_reserve(struct buf *b, size_t n)
{
	if (UNLIKELY(b->cap - b->n < n))
		buf_grow(b, n);
}

static inline void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void
buf_putc(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
}

static inline void
buf_putb(struct buf *b, struct bytes s)
{
	buf_put(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The content as a string, valid until the next change. */
const char *buf_cstr(struct buf *b);
/* Gives the memory away as a string; the buf is empty afterwards. */
char *buf_release(struct buf *b);
void buf_fini(struct buf *b);

static inline void
buf_clear(struct buf *b)
{
	b->n = 0;
}

static inline struct bytes
buf_bytes(const struct buf *b)
{
	return bytes_of(b->p, b->n);
}

#endif
