#include "sort.h"

#include <string.h>

/* LSD radix sort, a byte a pass; bytes that are all the same cost nothing. */
void
sort_u64(uint64_t *v, uint64_t *tmp, size_t n)
{
	uint64_t all_or = 0, all_and = UINT64_MAX, *from = v, *to = tmp;
	unsigned shift;
	size_t i;
	bool sorted = true;

	for (i = 0; i < n; i++) {
		all_or |= v[i];
		all_and &= v[i];
		sorted &= i == 0 || v[i - 1] <= v[i];
	}
	if (sorted)
		return;
	for (shift = 0; shift < 64; shift += 8) {
		size_t count[256] = {0}, sum = 0;

		if (((all_or ^ all_and) >> shift & 255) == 0)
			continue;
		for (i = 0; i < n; i++)
			count[from[i] >> shift & 255]++;
		for (i = 0; i < 256; i++) {
			size_t c = count[i];

			count[i] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & 255]++] = from[i];
		from = to;
		to = from == v ? tmp : v;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
}

int
search_near(uint64_t *at, uint64_t n,
    int (*in_front)(void *arg, uint64_t i, struct err *e), void *arg,
    struct err *e)
{
	uint64_t lo = *at, hi = n, step = 64;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		int rc;

		if (mid - lo > step) {
			mid = lo + step;
			step *= 2;
		}
		rc = in_front(arg, mid, e);
		if (rc < 0)
			return -1;
		if (rc)
			lo = mid + 1;
		else
			hi = mid;
	}
	*at = lo;
	return 0;
}
