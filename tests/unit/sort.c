/* sort: numbers sort, and a border in a sorted run is found near where it was
 * looked for. */
#include "sort/radix.h"

#include <stdlib.h>

#include "test.h"

static int
by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	return (x > y) - (x < y);
}

static void
numbers_sort_as_qsort_does(void)
{
	int round;

	for (round = 0; round < 200; round++) {
		size_t n = below(2000), i;
		uint64_t *v = xcalloc(n + 1, 8), *w = xcalloc(n + 1, 8);
		uint64_t *tmp = xcalloc(n + 1, 8);
		unsigned shift = (unsigned)below(64);

		/* spread evenly, or most of them near each other */
		for (i = 0; i < n; i++)
			v[i] = w[i] =
			    rnd() >> (round % 2 || i % 100 ? shift : 0);
		sort_u64(v, tmp, n);
		if (n)
			qsort(w, n, 8, by_value);
		for (i = 0; i < n; i++)
			EQ_U(v[i], w[i]);
		free(v);
		free(w);
		free(tmp);
	}
}

struct run {
	uint64_t border, farthest, asked, fails_at;
};

static int
in_front(void *arg, uint64_t i, struct err *e)
{
	struct run *r = arg;

	r->asked++;
	if (i > r->farthest)
		r->farthest = i;
	return i == r->fails_at ? err_set(e, "no") : i < r->border;
}

static void
a_border_is_found_without_looking_far(void)
{
	int round;

	for (round = 0; round < 20000; round++) {
		uint64_t n = below(100000), at = below(n + 1), from = at;
		struct run r = {at + below(n - at + 1), 0, 0, UINT64_MAX};
		struct err e = ERR_ZERO;

		if (one_in(2) && r.border > at + 200)
			r.border = at + below(200);
		CHECK(search_near(&at, n, in_front, &r, &e) == 0);
		EQ_U(at, r.border);
		/* no farther than three times as far, and some */
		CHECK(r.farthest <= from + 3 * (r.border - from) + 64);
		CHECK(r.asked < 64);
	}
}

static void
an_error_ends_the_search(void)
{
	struct run r = {50, 0, 0, 64};
	struct err e = ERR_ZERO;
	uint64_t at = 0;

	CHECK(search_near(&at, 1000, in_front, &r, &e) < 0);
	EQ_U(at, 0);
}

int
main(void)
{
	RUN(numbers_sort_as_qsort_does);
	RUN(a_border_is_found_without_looking_far);
	RUN(an_error_ends_the_search);
	return test_end();
}
