/*
 * buf - bytes that grow at the end; every module uses this one type.
 *
 *	struct buf b = BUF_ZERO;
 *	buf_puts(&b, "rows ");
 *	buf_printf(&b, "%zu", n);
 *	use(b.p, b.n);
 *	buf_fini(&b);
 *
 * p[0..n) is the content, p[n..cap) is room for more.  p is NULL while
 * cap is 0.  There is no NUL behind the content unless buf_cstr() put it there;
 * n does not count it.
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

/* Makes room for at least n more bytes, always by reallocating; callers use
 * buf_reserve(). */
void buf_grow(struct buf *b, size_t n);

/* Makes room for at least n more bytes behind the content. */
static inline void
buf_reserve(struct buf *b, size_t n)
{
	if (UNLIKELY(b->cap - b->n < n))
		buf_grow(b, n);
}

/* Appends n bytes, which must not lie in b itself. */
static inline void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

/* Appends one byte. */
static inline void
buf_putc(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
}

/* Appends bytes, which must not lie in b itself. */
static inline void
buf_putb(struct buf *b, struct bytes s)
{
	buf_put(b, s.p, s.n);
}

/* Appends a string, without its NUL. */
void buf_puts(struct buf *b, const char *s);
/* Appends what printf() would print. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Returns the content as a string, which is valid until b changes. */
const char *buf_cstr(struct buf *b);
/* Returns the content as a string that the caller frees; b is empty afterwards.
 */
char *buf_release(struct buf *b);
/* Frees the memory; b is empty afterwards and may be used again. */
void buf_fini(struct buf *b);

/* Empties b and keeps its memory. */
static inline void
buf_clear(struct buf *b)
{
	b->n = 0;
}

/* Returns the content, which is valid until b changes. */
static inline struct bytes
buf_bytes(const struct buf *b)
{
	return bytes_of(b->p, b->n);
}

#endif
