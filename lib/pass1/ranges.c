#include "pass1/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "pass1/values.h"
#include "sort/radix.h"

#define FORGET 4 /* ranges, after which what was read is given back */

/* An entry's key and hash. */
static inline int
look(const struct key_run *c, const uint64_t *seed, const struct keyent *k,
    struct bytes *key, uint64_t *hash, struct err *e)
{
	uint64_t i = seed ? k->where : keyent_ordinal(k);

	if (!keyent_key(k, c->heap, key) ||
	    (c->number && (i >= c->nnumber || c->number[i] == UINT32_MAX)))
		return err_set(e, "%s: damaged partial", c->p->path);
	*hash = seed ? value_hash(*key, seed[c->number[i]]) : key_hash(*key);
	return 0;
}

int
key_run_take(struct key_run *c, const uint64_t *seed, uint64_t last, bool all,
    struct keytable *t, take_fn *take, void *arg, struct err *e)
{
	struct key_batch b;

	b.run = c;
	do {
		b.ent = &c->ent[c->at];
		for (b.n = 0; b.n < AHEAD && c->at + b.n < c->n; b.n++) {
			if (look(c, seed, &b.ent[b.n], &b.key[b.n],
				&b.hash[b.n], e) < 0)
				return -1;
			if (!all && b.hash[b.n] > last)
				break;
			keytable_prefetch(t, b.hash[b.n]);
		}
		take(arg, t, &b);
		c->at += b.n;
	} while (b.n == AHEAD);
	return 0;
}

void
ranges_init(struct ranges *x, struct key_run *run, size_t nrun, uint64_t nrange)
{
	memset(x, 0, sizeof(*x));
	x->run = run;
	x->nrun = nrun;
	x->nrange = nrange;
	x->from = xcalloc(nrun + 1, sizeof(*x->from));
	keytable_init(&x->t, nrange > 1 ? RANGE_ENTRIES : 1024);
}

void
ranges_fini(struct ranges *x)
{
	keytable_fini(&x->t);
	free(x->from);
}

/* A run, and the last hash of the range before. */
struct border {
	const struct key_run *run;
	const uint64_t *seed;
	uint64_t last;
};

static int
is_before(void *arg, uint64_t i, struct err *e)
{
	const struct border *b = arg;
	struct bytes key;
	uint64_t hash = 0;

	if (look(b->run, b->seed, &b->run->ent[i], &key, &hash, e) < 0)
		return -1;
	return hash <= b->last;
}

/* Puts a run where the range behind this hash begins. */
static int
seek(const struct ranges *x, struct key_run *c, uint64_t last, struct err *e)
{
	return search_near(
	    &c->at, c->n, is_before, &(struct border){c, x->seed, last}, e);
}

int
ranges_take(
    struct ranges *x, uint64_t r, take_fn *take, void *arg, struct err *e)
{
	uint64_t step = UINT64_MAX / x->nrange;
	size_t k;

	keytable_clear(&x->t);
	for (k = 0; k < x->nrun && x->nmade % FORGET == 0; k++)
		partial_forget(x->run[k].p);
	x->nmade++;
	for (k = 0; k < x->nrun; k++) {
		struct key_run *c = &x->run[k];

		if (r > 0 && seek(x, c, step * r, e) < 0)
			return -1;
		x->from[k] = c->at;
		if (key_run_take(c, x->seed, step * (r + 1), r + 1 == x->nrange,
			&x->t, take, arg, e) < 0)
			return -1;
	}
	return 0;
}

int
ranges_start(struct ranges *x, helper_fn *help, void *arg, uint64_t *workers,
    struct helper **helpers, size_t *nhelp, struct err *e)
{
	*workers = *workers > x->nrange ? x->nrange : *workers ? *workers : 1;
	*helpers = xcalloc(*workers, sizeof(**helpers));
	return helpers_start(*helpers, *workers - 1, nhelp, help, arg, e);
}

int
ranges_end(struct ranges *x, struct helper *helpers, size_t nhelp, int rc,
    struct err *e)
{
	rc = helpers_end(helpers, nhelp, rc, e);
	ranges_fini(x);
	free(helpers);
	return rc;
}
