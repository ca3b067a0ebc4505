/*
 * pages - large buffers, straight from the system: they grow without being
 * copied, take memory only where they were touched, and give all of it back
 * when they are freed.
 *
 *	struct pages a = PAGES_ZERO;
 *	if (!pages_reserve(&a, n))	... do with less
 *	use(a.p);			a.p[0..a.cap), new parts are zero
 *	pages_free(&a);
 */
#ifndef SHARD_PAGES_H
#define SHARD_PAGES_H

#include "base/base.h"

struct pages {
	char *p;
	size_t cap;
};

#define PAGES_ZERO ((struct pages){NULL, 0})

/* From this size on the kernel may use huge pages, which makes random access
 * cheaper.  The last one may be touched in part, so at most PAGES_ROUND are
 * taken beyond what is used. */
#define PAGES_HUGE ((size_t)64 << 20)
#define PAGES_ROUND ((size_t)2 << 20)

/* Makes room for n bytes in all, the content kept (it may move).  False when
 * the system gives no more; then nothing has changed. */
MUST_CHECK bool pages_grow(struct pages *a, size_t n);
MUST_CHECK static inline bool
pages_reserve(struct pages *a, size_t n)
{
	return LIKELY(n <= a->cap) || pages_grow(a, n);
}

void pages_free(struct pages *a);

#endif
