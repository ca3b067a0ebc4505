#include "pass1/keymerge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/procs.h"
#include "sort/radix.h"

#define RANGE_ENTRIES ((uint64_t)64 << 10)
#define FORGET 4 /* ranges, after which what was read is given back */
#define AHEAD 32 /* entries whose slots are fetched at a time */

int
key_run_take(struct key_run *c, uint64_t last, bool all,
    const struct na_rule *skip, struct keytable *t, struct buf *slots,
    struct err *e)
{
	struct bytes key[AHEAD];
	uint64_t hash[AHEAD];
	uint32_t slot[AHEAD];
	size_t i, n;

	do {
		for (n = 0; n < AHEAD && c->at + n < c->n; n++) {
			const struct keyent *k = &c->ent[c->at + n];

			if (!keyent_key(k, c->heap, &key[n]) ||
			    keyent_ordinal(k) >= c->nordinal)
				return err_set(
				    e, "%s: damaged partial", c->p->path);
			hash[n] = key_hash(key[n]);
			if (!all && hash[n] > last)
				break;
			keytable_prefetch(t, hash[n]);
		}
		for (i = 0; i < n; i++) {
			struct keyent k = c->ent[c->at + i];
			const struct keyent *kept;

			slot[i] = KEY_SKIPPED;
			if (skip && na_is_token(skip, key[i]))
				continue;
			k.where = keyent_where(keyent_time(&k),
			    c->ordinal[keyent_ordinal(&k)], keyent_row(&k));
			/* the table may move: only then where it is */
			kept = keytable_put(t, key[i], hash[i], &k);
			slot[i] = (uint32_t)(kept - t->slot);
		}
		if (slots)
			buf_put(slots, slot, n * sizeof(*slot));
		c->at += n;
	} while (n == AHEAD);
	return 0;
}

struct keymerge {
	struct key_run *run;
	size_t n;
	const struct na_rule *skip;
	uint64_t nrange, nmade;
	struct keytable t;
	helper_fn *help; /* what other processes do for their ranges */
	struct firstrows_writer *rows;
	uint64_t *next; /* range of these rows that nobody has taken; shared */
	bool one;
	uint64_t *from;   /* where each run's part of the range begins */
	struct buf slots; /* for rows: of each entry of the range, in m->t */
};

/* A run, and the last hash of the range before. */
struct border {
	const struct key_run *run;
	uint64_t last;
};

static int
is_before(void *arg, uint64_t i, struct err *e)
{
	const struct border *b = arg;
	struct bytes key;

	if (!keyent_key(&b->run->ent[i], b->run->heap, &key))
		return err_set(e, "%s: damaged partial", b->run->p->path);
	return key_hash(key) <= b->last;
}

/* Puts a run where the range behind this hash begins. */
static int
seek(struct key_run *c, uint64_t last, struct err *e)
{
	return search_near(
	    &c->at, c->n, is_before, &(struct border){c, last}, e);
}

/* The keys of a range, in m->t. */
static int
take_range(struct keymerge *m, uint64_t r, struct err *e)
{
	uint64_t step = UINT64_MAX / m->nrange;
	size_t k;

	keytable_clear(&m->t);
	buf_clear(&m->slots);
	for (k = 0; k < m->n && m->nmade % FORGET == 0; k++)
		partial_forget(m->run[k].p);
	m->nmade++;
	for (k = 0; k < m->n; k++) {
		if (r > 0 && seek(&m->run[k], step * r, e) < 0)
			return -1;
		m->from[k] = m->run[k].at;
		if (key_run_take(&m->run[k], step * (r + 1), r + 1 == m->nrange,
			m->skip, &m->t, m->rows ? &m->slots : NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* The entries of a range, in m->t; NULL for an error.  Caller frees. */
static struct keyent *
make_range(struct keymerge *m, uint64_t r, struct err *e)
{
	return take_range(m, r, e) < 0 ? NULL : keytable_sorted(&m->t);
}

/* Is it among the rows wanted of the key that was found? */
static inline bool
is_first(const struct keyent *k, const struct keyent *found, uint64_t where,
    bool one)
{
	return one ? k->hi == found->hi && where == found->where
		   : instant_cmp(keyent_time(k), keyent_time(found)) == 0;
}

/* Of a run's part of the range, from its entry at on, those that are first;
 * slot: of each its key's. */
static int
mark_run(struct keymerge *m, const struct key_run *c, uint64_t at,
    const uint32_t *slot, struct err *e)
{
	uint64_t n = c->at - at, i;

	for (i = 0; i < n; i++) {
		const struct keyent *k = &c->ent[at + i], *found;
		uint32_t ord = c->ordinal[keyent_ordinal(k)];
		uint64_t row = keyent_row(k);

		if (i + AHEAD < n && slot[i + AHEAD] != KEY_SKIPPED)
			__builtin_prefetch(&m->t.slot[slot[i + AHEAD]]);
		if (slot[i] == KEY_SKIPPED)
			continue;
		found = &m->t.slot[slot[i]];
		if (is_first(k, found, keyent_where(keyent_time(k), ord, row),
			m->one) &&
		    !firstrows_set(m->rows, ord, row))
			return err_set(e, "%s: damaged partial", c->p->path);
	}
	return 0;
}

/* The first rows of one range after another, as long as there is one that no
 * other process has taken; *keys: of how many keys. */
static int
mark_ranges(struct keymerge *m, uint64_t *keys, struct err *e)
{
	const uint32_t *slot;
	uint64_t r;
	size_t k;

	*keys = 0;
	while ((r = __atomic_fetch_add(m->next, 1, __ATOMIC_RELAXED)) <
	    m->nrange) {
		if (take_range(m, r, e) < 0)
			return -1;
		*keys += m->t.n;
		slot = (const uint32_t *)(const void *)m->slots.p;
		for (k = 0; k < m->n; k++) {
			if (mark_run(m, &m->run[k], m->from[k], slot, e) < 0)
				return -1;
			slot += m->run[k].at - m->from[k];
		}
	}
	return 0;
}

static int
add_all(struct keyindex_writer *w, const struct keyent *v, uint64_t n,
    struct bytes heap, struct err *e)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		struct bytes key;

		if (!keyent_key(&v[i], heap, &key))
			return err_set(e, "merged keys are damaged");
		if (keyindex_add(w, &v[i], key, key_hash(key), e) < 0)
			return -1;
	}
	return 0;
}

/* keymerge::help: of each range how many entries and bytes of long keys, and
 * both. */
static int
help_index(void *arg, int fd, uint64_t first, uint64_t step)
{
	struct keymerge *m = arg;
	struct err e = ERR_ZERO;
	int rc = 0;

	for (; first < m->nrange && rc == 0; first += step) {
		struct keyent *v = make_range(m, first, &e);

		if (!v)
			return helper_failed(fd, &e);
		rc = helper_tell(fd, (struct told){m->t.n, m->t.heap.n}, v,
		    m->t.n * sizeof(*v), m->t.heap.p, m->t.heap.n);
		free(v);
	}
	return rc < 0;
}

/* keymerge::help: the number of the keys, in the end. */
static int
help_rows(void *arg, int fd, uint64_t first, uint64_t step)
{
	struct keymerge *m = arg;
	struct err e = ERR_ZERO;
	uint64_t keys;

	(void)first;
	(void)step;
	if (mark_ranges(m, &keys, &e) < 0)
		return helper_failed(fd, &e);
	return helper_tell(fd, (struct told){keys, 0}, "", 0, "", 0) < 0;
}

/* A helper's next range into w, through b. */
static int
take_made(const struct helper *h, struct keyindex_writer *w, struct buf *b,
    struct err *e)
{
	struct told told;
	size_t n;

	if (helper_hear(h, &told, e) < 0)
		return -1;
	n = told.n * sizeof(struct keyent);
	buf_clear(b);
	buf_reserve(b, n + told.bytes);
	if (helper_read(h, b->p, n + told.bytes, e) < 0)
		return -1;
	b->n = n + told.bytes;
	return add_all(w, (const struct keyent *)(const void *)b->p, told.n,
	    bytes_of(b->p + n, told.bytes), e);
}

/* Begins a merge with that many processes, at most; the helpers run already. */
static int
merge_begin(struct keymerge *m, uint64_t total, uint64_t *workers,
    struct helper **helpers, size_t *nhelp, struct err *e)
{
	m->nrange = total / RANGE_ENTRIES + 1;
	m->from = xcalloc(m->n + 1, sizeof(*m->from));
	keytable_init(&m->t, RANGE_ENTRIES);
	*workers = *workers > m->nrange ? m->nrange : *workers ? *workers : 1;
	*helpers = xcalloc(*workers, sizeof(**helpers));
	return helpers_start(*helpers, *workers - 1, nhelp, m->help, m, e);
}

static int
merge_end(
    struct keymerge *m, struct helper *h, size_t nhelp, int rc, struct err *e)
{
	rc = helpers_end(h, nhelp, rc, e);
	keytable_fini(&m->t);
	buf_fini(&m->slots);
	free(m->from);
	free(h);
	return rc;
}

int
keymerge(struct keyindex_writer *w, struct key_run *run, size_t n,
    uint64_t total, const struct na_rule *skip, uint64_t workers, struct err *e)
{
	struct keymerge m = {
	    .run = run, .n = n, .skip = skip, .help = help_index};
	struct buf b = BUF_ZERO;
	struct helper *h;
	size_t nhelp;
	uint64_t r;
	int rc = merge_begin(&m, total, &workers, &h, &nhelp, e);

	for (r = 0; r < m.nrange && rc == 0; r++) {
		struct keyent *v;

		if (r % workers > 0) {
			rc = take_made(&h[r % workers - 1], w, &b, e);
			continue;
		}
		v = make_range(&m, r, e);
		rc = v ? add_all(w, v, m.t.n, buf_bytes(&m.t.heap), e) : -1;
		free(v);
	}
	buf_fini(&b);
	return merge_end(&m, h, nhelp, rc, e);
}

int
keymerge_rows(struct firstrows_writer *w, bool one, struct key_run *run,
    size_t n, uint64_t total, const struct na_rule *skip, uint64_t workers,
    uint64_t *keys, struct err *e)
{
	struct keymerge m = {.run = run,
	    .n = n,
	    .skip = skip,
	    .help = help_rows,
	    .rows = w,
	    .one = one};
	struct helper *h;
	struct told told;
	size_t nhelp, i;
	int rc = -1;

	m.next = mmap(NULL, sizeof(*m.next), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m.next == MAP_FAILED)
		return err_sys(e, ERR_OUTPUT, "memory");
	rc = merge_begin(&m, total, &workers, &h, &nhelp, e);
	if (rc == 0)
		rc = mark_ranges(&m, keys, e);
	for (i = 0; i < nhelp && rc == 0; i++) {
		rc = helper_hear(&h[i], &told, e);
		*keys += rc == 0 ? told.n : 0;
	}
	munmap(m.next, sizeof(*m.next));
	return merge_end(&m, h, nhelp, rc, e);
}
