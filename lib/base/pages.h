/*
 * pages - large buffers from the kernel (mmap): they grow without a copy, take
 * memory only where they were touched, and return all of it when they are
 * freed.
 *
 *	struct pages a = PAGES_ZERO;
 *	if (!pages_reserve(&a, n))	... use less
 *	use(a.p);			a.p[0..a.cap); new parts are zero
 *	pages_free(&a);
 */
#ifndef SHARD_PAGES_H
#define SHARD_PAGES_H

#include "base/base.h"

struct pages {
	char *p;
	size_t cap;
	bool huge; /* huge pages already for less than PAGES_HUGE bytes */
};

#define PAGES_ZERO ((struct pages){NULL, 0, false})

/* Buffers of at least PAGES_HUGE bytes may get huge pages, which make faults
 * fewer and random access cheaper.  The last huge page may be used in part, so
 * a buffer takes up to PAGES_ROUND bytes more than are used. */
#define PAGES_HUGE ((size_t)64 << 20)
#define PAGES_ROUND ((size_t)2 << 20)

/* Makes the buffer at least n bytes large.  The content is kept but may move.
 * Returns false, with nothing changed, when there is no more memory. */
MUST_CHECK bool pages_grow(struct pages *a, size_t n);
/* The same, but returns true at once when the buffer is large enough. */
MUST_CHECK static inline bool
pages_reserve(struct pages *a, size_t n)
{
	return LIKELY(n <= a->cap) || pages_grow(a, n);
}

/* Frees the memory; a is empty afterwards and may be used again. */
void pages_free(struct pages *a);

#endif
