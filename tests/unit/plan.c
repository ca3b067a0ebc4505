/*
 * plan - batches against every possible grouping of a few groups, and what
 * must hold of any plan.
 */
#include "shred/plan.h"

#include "test.h"

#define MAX_DIM 3

struct problem {
	uint32_t n;
	size_t ndim;
	uint64_t *size[MAX_DIM];
	struct plan_dim dim[MAX_DIM];
};

static struct problem
problem_make(uint32_t n, size_t ndim, uint64_t limit)
{
	struct problem p = {.n = n, .ndim = ndim};
	uint64_t most = 1 + below(one_in(3) ? limit + limit / 3 : limit);
	uint32_t i;
	size_t d;

	for (d = 0; d < ndim; d++) {
		p.size[d] = xcalloc(n, sizeof(uint64_t));
		for (i = 0; i < n; i++)
			p.size[d][i] = one_in(9) ? 0 : below(most + 1);
		p.dim[d] = (struct plan_dim){
		    p.size[d], d && one_in(5) ? PLAN_NO_LIMIT : limit};
	}
	return p;
}

static void
problem_free(struct problem *p)
{
	size_t d;

	for (d = 0; d < p->ndim; d++)
		free(p->size[d]);
}

/* Each group is in a batch, each batch has one; limits hold but for groups
 * that no limit holds, which are alone. */
static void
check_plan(const struct plan *p, const struct problem *q)
{
	uint32_t *groups = xcalloc(p->nbatch, sizeof(*groups));
	uint32_t i, next = 0;
	size_t d;

	for (i = 0; i < q->n; i++) {
		if (!CHECK(p->batch[i] < p->nbatch))
			goto out;
		/* numbered by their first groups */
		CHECK(p->batch[i] <= next);
		next += p->batch[i] == next;
		groups[p->batch[i]]++;
	}
	EQ_U(next, p->nbatch);
	for (i = 0; i < q->n; i++)
		if (plan_is_over(q->dim, q->ndim, i))
			EQ_U(groups[p->batch[i]], 1);
	for (d = 0; d < q->ndim; d++) {
		uint64_t *sum = plan_sums(p, q->size[d], q->n), total = 0;

		for (i = 0; i < q->n; i++) {
			if (!plan_is_over(q->dim, q->ndim, i))
				CHECK(sum[p->batch[i]] <= q->dim[d].limit);
			total += q->size[d][i];
		}
		for (i = 0; i < p->nbatch; i++)
			total -= sum[i];
		EQ_U(total, 0);
		free(sum);
	}
out:
	free(groups);
}

/* The rule as one would say it. */
static uint32_t
naive_next_fit(const struct problem *q, uint32_t *batch)
{
	uint32_t first = 0, i, k, nbatch = 0;

	for (i = 0; i < q->n; i++) {
		bool close = i == 0 || plan_is_over(q->dim, q->ndim, i) ||
		    plan_is_over(q->dim, q->ndim, i - 1);
		size_t d;

		for (d = 0; !close && d < q->ndim; d++) {
			uint64_t sum = 0;

			for (k = first; k <= i; k++)
				sum += q->size[d][k];
			close = sum > q->dim[d].limit;
		}
		if (close) {
			first = i;
			nbatch++;
		}
		batch[i] = nbatch - 1;
	}
	return nbatch;
}

/* Fewest batches of all groupings of the groups from i on. */
struct search {
	const struct problem *q;
	uint64_t sum[16][MAX_DIM];
	bool closed[16];
	uint32_t best;
};

static void
search(struct search *s, uint32_t i, uint32_t nbatch)
{
	const struct problem *q = s->q;
	uint32_t b;
	size_t d;
	bool over;

	if (nbatch >= s->best)
		return;
	if (i == q->n) {
		s->best = nbatch;
		return;
	}
	over = plan_is_over(q->dim, q->ndim, i);
	for (b = over ? nbatch : 0; b <= nbatch; b++) {
		bool ok = b == nbatch || !s->closed[b];

		if (b == nbatch) {
			memset(s->sum[b], 0, sizeof(s->sum[b]));
			s->closed[b] = over;
		}
		for (d = 0; ok && !over && d < q->ndim; d++)
			ok = s->sum[b][d] + q->size[d][i] <= q->dim[d].limit;
		if (!ok)
			continue;
		for (d = 0; d < q->ndim; d++)
			s->sum[b][d] += q->size[d][i];
		search(s, i + 1, nbatch + (b == nbatch));
		for (d = 0; d < q->ndim; d++)
			s->sum[b][d] -= q->size[d][i];
	}
}

static uint32_t
fewest(const struct problem *q)
{
	struct search s = {.q = q, .best = q->n + 1};

	search(&s, 0, 0);
	return s.best;
}

static void
next_fit_is_what_it_says(void)
{
	unsigned round;

	for (round = 0; round < 3000; round++) {
		struct problem q = problem_make(
		    (uint32_t)below(60), 1 + below(MAX_DIM), 1 + below(200));
		uint32_t *want = xcalloc(q.n, sizeof(*want)), i;
		struct plan p;

		test_about("round %u", round);
		plan_make(&p, q.dim, q.ndim, q.n, PLAN_NEXT);
		check_plan(&p, &q);
		EQ_U(p.nbatch, naive_next_fit(&q, want));
		for (i = 0; i < q.n; i++)
			EQ_U(p.batch[i], want[i]);
		plan_fini(&p);
		problem_free(&q);
		free(want);
	}
}

static void
best_is_near_the_fewest(void)
{
	unsigned round, fewer = 0, rounds = 3000;

	for (round = 0; round < rounds; round++) {
		size_t ndim = 1 + below(MAX_DIM);
		struct problem q =
		    problem_make((uint32_t)below(9), ndim, 1 + below(50));
		uint32_t least = fewest(&q), nover = 0, i;
		struct plan p, again, next;

		test_about("round %u", round);
		plan_make(&p, q.dim, q.ndim, q.n, PLAN_BEST);
		check_plan(&p, &q);
		for (i = 0; i < q.n; i++)
			nover += plan_is_over(q.dim, q.ndim, i);
		CHECK(p.nbatch >= least);
		/* best-fit decreasing: 11/9 of the fewest and 2/3 */
		if (ndim == 1)
			CHECK(
			    (p.nbatch - nover) * 9 <= (least - nover) * 11 + 6);
		CHECK(plan_lower_bound(q.dim, q.ndim, q.n) <= least);
		plan_make(&next, q.dim, q.ndim, q.n, PLAN_NEXT);
		CHECK(p.nbatch <= next.nbatch);
		plan_make(&again, q.dim, q.ndim, q.n, PLAN_BEST);
		CHECK(
		    memcmp(p.batch, again.batch, q.n * sizeof(*p.batch)) == 0);
		fewer += p.nbatch > least;
		plan_fini(&p);
		plan_fini(&again);
		plan_fini(&next);
		problem_free(&q);
	}
	test_about("%u of %u rounds could do with fewer", fewer, rounds);
	CHECK(fewer * 50 < rounds);
}

static void
best_is_balanced(void)
{
	unsigned round;

	for (round = 0; round < 300; round++) {
		uint32_t n = 200 + (uint32_t)below(300), i;
		uint64_t *size = xcalloc(n, sizeof(*size)), *sum;
		struct plan_dim dim = {size, 10000};
		uint64_t least = UINT64_MAX, most = 0, total = 0;
		struct plan p;

		for (i = 0; i < n; i++)
			total += size[i] = 1 + below(400);
		plan_make(&p, &dim, 1, n, PLAN_BEST);
		CHECK(
		    p.nbatch <= total / dim.limit + 1 + (total % 10000 > 9900));
		sum = plan_sums(&p, size, n);
		for (i = 0; i < p.nbatch; i++) {
			least = sum[i] < least ? sum[i] : least;
			most = sum[i] > most ? sum[i] : most;
		}
		test_about("round %u: %" PRIu64 " to %" PRIu64 " of %" PRIu64,
		    round, least, most, total / p.nbatch);
		CHECK(most - least <= 400);
		free(sum);
		free(size);
		plan_fini(&p);
	}
}

/* Where groups fill batches exactly, there is nothing to spread, but a way. */
static void
exact_fits_are_found(void)
{
	static const uint64_t size[] = {6, 6, 6, 4, 4, 4, 5, 5, 7, 3, 10, 11};
	struct plan_dim dim = {size, 10};
	struct plan p;

	plan_make(&p, &dim, 1, LEN(size), PLAN_BEST);
	EQ_U(p.nbatch, 7);
	EQ_U(plan_lower_bound(&dim, 1, LEN(size)), 7);
	plan_fini(&p);
}

static void
odd_ones(void)
{
	static const uint64_t zero[5], one[] = {1, 1, 1, 1, 1},
				       top[] = {UINT64_MAX / 2, 3, 2};
	struct plan_dim none = {zero, 1}, each = {one, 1}, far = {top, 2};
	enum plan_pack how;
	struct plan p;
	uint32_t i;

	for (how = PLAN_NEXT; how <= PLAN_BEST; how++) {
		test_about("pack %d", how);
		plan_make(&p, &none, 1, 0, how);
		EQ_U(p.nbatch, 0);
		plan_fini(&p);
		plan_make(&p, &none, 1, 5, how);
		EQ_U(p.nbatch, 1);
		plan_fini(&p);
		plan_make(&p, NULL, 0, 5, how);
		EQ_U(p.nbatch, 1);
		plan_fini(&p);
		plan_make(&p, &each, 1, 5, how);
		EQ_U(p.nbatch, 5);
		for (i = 0; i < 5; i++)
			EQ_U(p.batch[i], i);
		plan_fini(&p);
		plan_make(&p, &far, 1, 3, how);
		EQ_U(p.nbatch, 3);
		plan_fini(&p);
	}
	EQ_U(plan_lower_bound(&none, 1, 0), 0);
	EQ_U(plan_lower_bound(&none, 1, 5), 1);
	EQ_U(plan_lower_bound(&each, 1, 5), 5);
	/* two alone, and one that fits */
	EQ_U(plan_lower_bound(&far, 1, 3), 3);
}

static void
many_groups(void)
{
	struct problem q = {.n = 60000, .ndim = 3};
	enum plan_pack how;
	uint32_t i;
	size_t d;

	for (d = 0; d < q.ndim; d++) {
		q.size[d] = xcalloc(q.n, sizeof(uint64_t));
		q.dim[d] = (struct plan_dim){q.size[d], 40000};
	}
	for (i = 0; i < q.n; i++) {
		uint64_t x = below(1000);

		q.size[0][i] = x * x * x / 1000000;
		q.size[1][i] = q.size[0][i] * 2 / 3 + below(10);
		q.size[2][i] = below(300);
	}
	for (how = PLAN_NEXT; how <= PLAN_BEST; how++) {
		struct plan p;

		plan_make(&p, q.dim, q.ndim, q.n, how);
		check_plan(&p, &q);
		CHECK(p.nbatch * 100 <=
		    plan_lower_bound(q.dim, q.ndim, q.n) * 102);
		plan_fini(&p);
	}
	problem_free(&q);
}

int
main(void)
{
	RUN(next_fit_is_what_it_says);
	RUN(best_is_near_the_fewest);
	RUN(best_is_balanced);
	RUN(exact_fits_are_found);
	RUN(odd_ones);
	RUN(many_groups);
	return test_end();
}
