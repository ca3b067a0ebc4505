#include "shred/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define BISECTIONS 12

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
 * of the limit that is free.  They lie in a treap (R. Seidel, C. R. Aragon,
 * "Randomized search trees", 1996) in the order of (room, number); priorities
 * are hashes of the numbers, so that nothing is random.
 *
 * Quotients and sums of doubles are monotone: where a group fits in every
 * dimension, the room is at least what the group needs.
 */
struct bin {
	double room;
	uint32_t less, more; /* children */
};

struct packer {
	const struct plan_dim *dim;
	size_t ndim;
	uint64_t *limit;      /* in force: at most the dimension's */
	uint32_t *group;      /* those to pack, in the order to pack them */
	uint32_t ngroup, n;   /* n: all groups */
	uint32_t *to, *found; /* bin of each group; of the try, and kept */
	struct bin *bin;
	uint64_t *left; /* per bin and dimension */
	uint32_t nbin, cap, root;
};

static inline uint32_t
priority(uint32_t x)
{
	/* the finalizer of MurmurHash3, by A. Appleby */
	x ^= x >> 16;
	x *= UINT32_C(0x85ebca6b);
	x ^= x >> 13;
	x *= UINT32_C(0xc2b2ae35);
	return x ^ x >> 16;
}

static inline bool
before(const struct packer *p, uint32_t a, uint32_t b)
{
	double x = p->bin[a].room, y = p->bin[b].room;

	return x < y || (x <= y && a < b);
}

/* Divides the tree t into what is before bin x and what is behind it. */
static void
divide(struct packer *p, uint32_t t, uint32_t x, uint32_t *less, uint32_t *more)
{
	if (t == NONE) {
		*less = *more = NONE;
	} else if (before(p, t, x)) {
		divide(p, p->bin[t].more, x, &p->bin[t].more, more);
		*less = t;
	} else {
		divide(p, p->bin[t].less, x, less, &p->bin[t].less);
		*more = t;
	}
}

/* Joins two trees, all of a before all of b. */
static uint32_t
join(struct packer *p, uint32_t a, uint32_t b)
{
	if (a == NONE || b == NONE)
		return a == NONE ? b : a;
	if (priority(a) > priority(b)) {
		p->bin[a].more = join(p, p->bin[a].more, b);
		return a;
	}
	p->bin[b].less = join(p, a, p->bin[b].less);
	return b;
}

/* Puts bin x into the tree, where its room says. */
static void
put_bin(struct packer *p, uint32_t x)
{
	struct bin *b = &p->bin[x];
	uint32_t less, more;
	size_t d;

	b->room = 0;
	for (d = 0; d < p->ndim; d++)
		b->room +=
		    (double)p->left[x * p->ndim + d] / (double)p->dim[d].limit;
	b->less = b->more = NONE;
	divide(p, p->root, x, &less, &more);
	p->root = join(p, join(p, less, x), more);
}

static void
take_bin(struct packer *p, uint32_t x)
{
	uint32_t *at = &p->root;

	while (*at != x)
		at = before(p, *at, x) ? &p->bin[*at].more : &p->bin[*at].less;
	*at = join(p, p->bin[x].less, p->bin[x].more);
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

/* The bin of the tree t with the least room, of at least so much, that takes
 * the group; or NONE. */
static uint32_t
tightest(const struct packer *p, uint32_t t, double room, uint32_t group)
{
	uint32_t x;

	if (t == NONE)
		return NONE;
	if (p->bin[t].room >= room) {
		x = tightest(p, p->bin[t].less, room, group);
		if (x != NONE)
			return x;
		if (fits(p, t, group))
			return t;
	}
	return tightest(p, p->bin[t].more, room, group);
}

/* The one with the most room. */
static uint32_t
roomiest(const struct packer *p, uint32_t t, uint32_t group)
{
	uint32_t x;

	if (t == NONE)
		return NONE;
	x = roomiest(p, p->bin[t].more, group);
	if (x != NONE)
		return x;
	return fits(p, t, group) ? t : roomiest(p, p->bin[t].less, group);
}

static void
empty_bins(struct packer *p)
{
	p->nbin = 0;
	p->root = NONE;
}

/* One more bin, not yet in the tree. */
static uint32_t
new_bin(struct packer *p)
{
	if (p->nbin == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->bin = xrealloc(p->bin, p->cap * sizeof(*p->bin));
		p->left = xrealloc(
		    p->left, p->cap * (p->ndim + 1) * sizeof(*p->left));
	}
	memcpy(
	    p->left + p->nbin * p->ndim, p->limit, p->ndim * sizeof(*p->left));
	return p->nbin++;
}

static void
add(struct packer *p, uint32_t x, uint32_t group)
{
	size_t d;

	for (d = 0; d < p->ndim; d++)
		p->left[x * p->ndim + d] -= p->dim[d].size[group];
	p->to[group] = x;
	put_bin(p, x);
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

	empty_bins(p);
	for (i = 0; i < p->ngroup; i++) {
		uint32_t g = p->group[i], x;

		x = tightest(p, p->root, share(p, g, false), g);
		if (x != NONE)
			take_bin(p, x);
		else if (p->nbin == most)
			return false;
		else
			x = new_bin(p);
		add(p, x, g);
	}
	return true;
}

/* Every group into the bin with the most room, of nbin; false where one fits
 * none. */
static bool
spread(struct packer *p, uint32_t nbin)
{
	uint32_t i;

	empty_bins(p);
	while (p->nbin < nbin)
		put_bin(p, new_bin(p));
	for (i = 0; i < p->ngroup; i++) {
		uint32_t g = p->group[i], x = roomiest(p, p->root, g);

		if (x == NONE)
			return false;
		take_bin(p, x);
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

/* Lowers the limits as far as nbin bins go. */
static void
squeeze(struct packer *p, uint32_t nbin)
{
	double lo = 0, hi = 1;
	uint32_t i;
	size_t d;
	int turn;

	for (turn = 0; turn < BISECTIONS; turn++) {
		double mid = (lo + hi) / 2;

		for (d = 0; d < p->ndim; d++) {
			p->limit[d] = (uint64_t)((double)p->dim[d].limit * mid);
			for (i = 0; i < p->ngroup; i++)
				if (p->dim[d].size[p->group[i]] > p->limit[d])
					p->limit[d] =
					    p->dim[d].size[p->group[i]];
		}
		if (best_fit(p, nbin)) {
			keep(p);
			hi = mid;
		} else {
			lo = mid;
		}
	}
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
	if (!is_spread)
		squeeze(p, nbin);
	return nbin;
}

static void
best(struct plan *plan, const struct plan_dim *dim, size_t ndim, uint32_t n)
{
	struct packer p = {.dim = dim, .ndim = ndim, .n = n, .root = NONE};
	uint32_t i, nbin = 0, nover = 0, *number;
	size_t d;

	p.limit = xcalloc(ndim, sizeof(*p.limit));
	for (d = 0; d < ndim; d++)
		p.limit[d] = dim[d].limit;
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
	free(p.limit);
	free(p.group);
	free(p.to);
	free(p.found);
	free(p.bin);
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
