#include "shred/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

bool
plan_is_over(const struct plan_dim *dim, size_t ndim, uint32_t i)
{
	size_t d;

	for (d = 0; d < ndim; d++)
		if (dim[d].size[i] > dim[d].limit)
			return true;
	return false;
}

uint64_t
plan_lower_bound(const struct plan_dim *dim, size_t ndim, uint32_t n)
{
	uint64_t over = 0, most = 0;
	uint32_t i;
	size_t d;

	for (i = 0; i < n; i++)
		over += plan_is_over(dim, ndim, i);
	if (over < n)
		most = 1;
	for (d = 0; d < ndim; d++) {
		uint64_t sum = 0, need;

		for (i = 0; i < n; i++)
			if (!plan_is_over(dim, ndim, i))
				sum += dim[d].size[i];
		need = sum / dim[d].limit + (sum % dim[d].limit > 0);
		if (need > most)
			most = need;
	}
	return over + most;
}

uint64_t *
plan_sums(const struct plan *p, const uint64_t *size, uint32_t n)
{
	uint64_t *sum = xcalloc(p->nbatch, sizeof(*sum));
	uint32_t i;

	for (i = 0; i < n; i++)
		sum[p->batch[i]] += size[i];
	return sum;
}

static void
next_fit(struct plan *p, const struct plan_dim *dim, size_t ndim, uint32_t n)
{
	uint64_t *left = xcalloc(ndim, sizeof(*left));
	bool open = false; /* is there a batch that may take another one? */
	uint32_t i;
	size_t d;

	for (i = 0; i < n; i++) {
		bool over = plan_is_over(dim, ndim, i), fits = open && !over;

		for (d = 0; fits && d < ndim; d++)
			fits = dim[d].size[i] <= left[d];
		if (!fits) {
			p->nbatch++;
			for (d = 0; d < ndim; d++)
				left[d] = dim[d].limit;
		}
		for (d = 0; !over && d < ndim; d++)
			left[d] -= dim[d].size[i];
		p->batch[i] = p->nbatch - 1;
		open = !over;
	}
	free(left);
}

/*
 * Bins, with the room left in each: the sum over the dimensions of the share
 * of the limit that is free.  The bins lie in an array in the order of (room,
 * number), in which a search halves and a bin that becomes fuller moves down.
 *
 * Quotients and sums of doubles are monotone: where a group fits in every
 * dimension, the room is at least what the group needs.
 */
struct packer {
	const struct plan_dim *dim;
	size_t ndim;
	uint32_t *group;      /* those to pack, in the order to pack them */
	uint32_t ngroup, n;   /* n: all groups */
	uint32_t *to, *found; /* bin of each group; of the try, and kept */
	uint64_t *left;       /* per bin and dimension */
	double *room;         /* per bin */
	uint32_t *at;         /* the bins in their order */
	uint32_t nbin, cap;
};

static inline bool
before(const struct packer *p, uint32_t a, uint32_t b)
{
	double x = p->room[a], y = p->room[b];

	return x < y || (x <= y && a < b);
}

/* The place of the first bin that is not before bin x. */
static uint32_t
place_of(const struct packer *p, uint32_t x)
{
	uint32_t lo = 0, hi = p->nbin;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (before(p, p->at[mid], x))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static double
room_of(const struct packer *p, uint32_t x)
{
	double room = 0;
	size_t d;

	for (d = 0; d < p->ndim; d++)
		room +=
		    (double)p->left[x * p->ndim + d] / (double)p->dim[d].limit;
	return room;
}

static inline bool
fits(const struct packer *p, uint32_t x, uint32_t group)
{
	size_t d;

	for (d = 0; d < p->ndim; d++)
		if (p->dim[d].size[group] > p->left[x * p->ndim + d])
			return false;
	return true;
}

/* The bin with the least room, of at least so much, that takes the group; or
 * NONE. */
static uint32_t
tightest(const struct packer *p, double room, uint32_t group)
{
	uint32_t lo = 0, hi = p->nbin;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->room[p->at[mid]] < room)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < p->nbin; lo++)
		if (fits(p, p->at[lo], group))
			return p->at[lo];
	return NONE;
}

/* The bin with the most room that takes the group, or NONE. */
static uint32_t
roomiest(const struct packer *p, uint32_t group)
{
	uint32_t i;

	for (i = p->nbin; i > 0; i--)
		if (fits(p, p->at[i - 1], group))
			return p->at[i - 1];
	return NONE;
}

/* One more bin.  No bin has more room, so that its place is the last. */
static uint32_t
new_bin(struct packer *p)
{
	uint32_t x = p->nbin;
	size_t d;

	if (x == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->at = xrealloc(p->at, p->cap * sizeof(*p->at));
		p->room = xrealloc(p->room, p->cap * sizeof(*p->room));
		p->left = xrealloc(
		    p->left, p->cap * (p->ndim + 1) * sizeof(*p->left));
	}
	for (d = 0; d < p->ndim; d++)
		p->left[x * p->ndim + d] = p->dim[d].limit;
	p->room[x] = room_of(p, x);
	p->at[p->nbin++] = x;
	return x;
}

/* Puts the group into bin x, which moves down to where its room says. */
static void
add(struct packer *p, uint32_t x, uint32_t group)
{
	uint32_t from = place_of(p, x), to;
	size_t d;

	for (d = 0; d < p->ndim; d++)
		p->left[x * p->ndim + d] -= p->dim[d].size[group];
	p->room[x] = room_of(p, x);
	p->to[group] = x;
	to = place_of(p, x);
	memmove(p->at + to + 1, p->at + to, (from - to) * sizeof(*p->at));
	p->at[to] = x;
}

/* What share of the limits a group takes: the total, or the greatest. */
static double
share(const struct packer *p, uint32_t group, bool greatest)
{
	double sum = 0, most = 0;
	size_t d;

	for (d = 0; d < p->ndim; d++) {
		double x =
		    (double)p->dim[d].size[group] / (double)p->dim[d].limit;

		sum += x;
		most = x > most ? x : most;
	}
	return greatest ? most : sum;
}

/* Best-fit; false where it would take more than `most` bins. */
static bool
best_fit(struct packer *p, uint32_t most)
{
	uint32_t i;

	p->nbin = 0;
	for (i = 0; i < p->ngroup; i++) {
		uint32_t g = p->group[i];
		uint32_t x = tightest(p, share(p, g, false), g);

		if (x == NONE && p->nbin == most)
			return false;
		add(p, x == NONE ? new_bin(p) : x, g);
	}
	return true;
}

/* Every group into the bin with the most room, of nbin; false where one fits
 * none. */
static bool
spread(struct packer *p, uint32_t nbin)
{
	uint32_t i;

	p->nbin = 0;
	while (p->nbin < nbin)
		new_bin(p);
	for (i = 0; i < p->ngroup; i++) {
		uint32_t g = p->group[i], x = roomiest(p, g);

		if (x == NONE)
			return false;
		add(p, x, g);
	}
	return true;
}

struct ordered {
	double share;
	uint32_t group;
};

static int
by_share(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->share < y->share || x->share > y->share)
		return x->share > y->share ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

/* The largest groups first. */
static void
order(struct packer *p, bool greatest)
{
	struct ordered *v = xmalloc(p->ngroup * sizeof(*v));
	uint32_t i;

	for (i = 0; i < p->ngroup; i++)
		v[i] = (struct ordered){
		    share(p, p->group[i], greatest), p->group[i]};
	qsort(v, p->ngroup, sizeof(*v), by_share);
	for (i = 0; i < p->ngroup; i++)
		p->group[i] = v[i].group;
	free(v);
}

static void
keep(struct packer *p)
{
	memcpy(p->found, p->to, p->n * sizeof(*p->to));
}

/* Packs p->group; the number of bins, and in p->found the bin of each. */
static uint32_t
pack(struct packer *p, uint64_t at_least)
{
	uint32_t nbin = NONE;
	bool is_spread = false;
	int greatest;

	for (greatest = 0; greatest < (p->ndim > 1 ? 2 : 1); greatest++) {
		order(p, greatest);
		if (best_fit(p, nbin == NONE ? NONE : nbin - 1)) {
			nbin = p->nbin;
			keep(p);
		}
	}
	while (spread(p, is_spread ? nbin - 1 : nbin)) {
		nbin = p->nbin;
		is_spread = true;
		keep(p);
		if (nbin <= at_least)
			break;
	}
	return nbin;
}

static void
best(struct plan *plan, const struct plan_dim *dim, size_t ndim, uint32_t n)
{
	struct packer p = {.dim = dim, .ndim = ndim, .n = n};
	uint32_t i, nbin = 0, nover = 0, *number;

	p.group = xmalloc(n * sizeof(*p.group));
	p.to = xcalloc(n, sizeof(*p.to));
	p.found = xcalloc(n, sizeof(*p.found));
	for (i = 0; i < n; i++)
		if (plan_is_over(dim, ndim, i))
			nover++;
		else
			p.group[p.ngroup++] = i;
	if (p.ngroup)
		nbin = pack(&p, plan_lower_bound(dim, ndim, n) - nover);
	/* numbers in the order of the first groups */
	number = xmalloc(nbin * sizeof(*number));
	for (i = 0; i < nbin; i++)
		number[i] = NONE;
	for (i = 0; i < n; i++) {
		if (plan_is_over(dim, ndim, i)) {
			plan->batch[i] = plan->nbatch++;
			continue;
		}
		if (number[p.found[i]] == NONE)
			number[p.found[i]] = plan->nbatch++;
		plan->batch[i] = number[p.found[i]];
	}
	free(number);
	free(p.group);
	free(p.to);
	free(p.found);
	free(p.at);
	free(p.room);
	free(p.left);
}

void
plan_make(struct plan *p, const struct plan_dim *dim, size_t ndim, uint32_t n,
    enum plan_pack how)
{
	size_t d;

	assert(n < NONE);
	for (d = 0; d < ndim; d++)
		assert(dim[d].limit > 0);
	*p = (struct plan){xcalloc(n, sizeof(*p->batch)), 0};
	next_fit(p, dim, ndim, n);
	if (how == PLAN_BEST) {
		struct plan other = {xcalloc(n, sizeof(*p->batch)), 0};

		best(&other, dim, ndim, n);
		if (other.nbatch <= p->nbatch) {
			plan_fini(p);
			*p = other;
		} else {
			plan_fini(&other);
		}
	}
}

void
plan_fixed(struct plan *p, uint32_t n, uint32_t per)
{
	uint32_t i;

	*p = (struct plan){
	    xcalloc(n, sizeof(*p->batch)), n / per + (n % per > 0)};
	for (i = 0; i < n; i++)
		p->batch[i] = i / per;
}

void
plan_fini(struct plan *p)
{
	free(p->batch);
	p->batch = NULL;
	p->nbatch = 0;
}
