#include "sort/radix.h"

#include <string.h>

#define DIGIT 11 /* bits: places for 2^11 numbers are near enough */

/* LSD radix sort, by digits of the bits that differ. */
void
sort_u64(uint64_t *v, uint64_t *tmp, size_t n)
{
	uint64_t all_or = 0, all_and = UINT64_MAX, *from = v, *to = tmp;
	unsigned shift, end, passes, bits;
	size_t i;
	bool sorted = true;

	for (i = 0; i < n; i++) {
		all_or |= v[i];
		all_and &= v[i];
		sorted &= i == 0 || v[i - 1] <= v[i];
	}
	if (sorted)
		return;
	shift = (unsigned)__builtin_ctzll(all_or ^ all_and);
	end = 64 - (unsigned)__builtin_clzll(all_or ^ all_and);
	passes = (end - shift + DIGIT - 1) / DIGIT;
	bits = (end - shift + passes - 1) / passes;
	for (; shift < end; shift += bits) {
		size_t count[1 << DIGIT], sum = 0, mask = (1u << bits) - 1;

		memset(count, 0, (mask + 1) * sizeof(*count));
		for (i = 0; i < n; i++)
			count[from[i] >> shift & mask]++;
		for (i = 0; i <= mask; i++) {
			size_t c = count[i];

			count[i] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & mask]++] = from[i];
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
