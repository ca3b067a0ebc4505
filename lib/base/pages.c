#include "base/pages.h"

#include <sys/mman.h>

#define FIRST ((size_t)64 << 10)

bool
pages_grow(struct pages *a, size_t n)
{
	size_t cap = a->cap ? a->cap : FIRST;
	void *p;

	while (cap < n && cap <= SIZE_MAX / 4)
		cap *= 2;
	if (cap < n)
		return false;
	if (a->p)
		p = mremap(a->p, a->cap, cap, MREMAP_MAYMOVE);
	else
		p = mmap(NULL, cap, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	a->p = p;
	a->cap = cap;
	if (cap >= (a->huge ? PAGES_ROUND : PAGES_HUGE))
		(void)madvise(a->p, cap, MADV_HUGEPAGE); /* or not: slower */
	return true;
}

void
pages_free(struct pages *a)
{
	if (a->p)
		munmap(a->p, a->cap);
	*a = PAGES_ZERO;
}
