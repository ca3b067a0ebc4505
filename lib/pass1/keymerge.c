#include "pass1/keymerge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pass1/ranges.h"

struct keymerge {
	struct ranges x;
	const struct na_rule *skip;
	struct firstrows_writer *rows; /* NULL: an index is made */
	uint64_t *next; /* range of these rows that nobody has taken; shared */
	bool one;
	struct buf slots; /* for rows: of each entry of the range, in x.t */
};

#define SKIPPED UINT32_MAX /* the slot of a token */

/* take_fn: the earliest entry of each key. */
static void
take_keys(void *arg, struct keytable *t, const struct key_batch *b)
{
	struct keymerge *m = arg;
	uint32_t slot[AHEAD];
	size_t i;

	for (i = 0; i < b->n; i++) {
		struct keyent k = b->ent[i];
		const struct keyent *kept;

		slot[i] = SKIPPED;
		if (m->skip && na_is_token(m->skip, b->key[i]))
			continue;
		k.where = keyent_where(keyent_time(&k),
		    b->run->number[keyent_ordinal(&k)], keyent_row(&k));
		/* the table may move: only then where it is */
		kept = keytable_put(t, b->key[i], b->hash[i], &k);
		slot[i] = (uint32_t)(kept - t->slot);
	}
	if (m->rows)
		buf_put(&m->slots, slot, b->n * sizeof(*slot));
}

int
keymerge_all(struct key_run *run, size_t n, const struct na_rule *skip,
    struct keytable *t, struct err *e)
{
	struct keymerge m = {.skip = skip};
	size_t i;

	for (i = 0; i < n; i++)
		if (key_run_take(&run[i], NULL, 0, true, t, take_keys, &m, e) <
		    0)
			return -1;
	return 0;
}

/* The keys of a range, in m->x.t. */
static int
take_range(struct keymerge *m, uint64_t r, struct err *e)
{
	buf_clear(&m->slots);
	return ranges_take(&m->x, r, take_keys, m, e);
}

/* The entries of a range; NULL for an error.  Caller frees. */
static struct keyent *
make_range(struct keymerge *m, uint64_t r, struct err *e)
{
	return take_range(m, r, e) < 0 ? NULL : keytable_sorted(&m->x.t);
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
		uint32_t ord = c->number[keyent_ordinal(k)];
		uint64_t row = keyent_row(k);

		if (i + AHEAD < n && slot[i + AHEAD] != SKIPPED)
			__builtin_prefetch(&m->x.t.slot[slot[i + AHEAD]]);
		if (slot[i] == SKIPPED)
			continue;
		found = &m->x.t.slot[slot[i]];
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
	    m->x.nrange) {
		if (take_range(m, r, e) < 0)
			return -1;
		*keys += m->x.t.n;
		slot = (const uint32_t *)(const void *)m->slots.p;
		for (k = 0; k < m->x.nrun; k++) {
			if (mark_run(m, &m->x.run[k], m->x.from[k], slot, e) <
			    0)
				return -1;
			slot += m->x.run[k].at - m->x.from[k];
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

/* helper_fn: of each range how many entries and bytes of long keys, and
 * both. */
static int
help_index(void *arg, int fd, uint64_t first, uint64_t step)
{
	struct keymerge *m = arg;
	struct err e = ERR_ZERO;
	int rc = 0;

	for (; first < m->x.nrange && rc == 0; first += step) {
		struct keyent *v = make_range(m, first, &e);

		if (!v)
			return helper_failed(fd, &e);
		rc = helper_tell(fd, (struct told){m->x.t.n, m->x.t.heap.n}, v,
		    m->x.t.n * sizeof(*v), m->x.t.heap.p, m->x.t.heap.n);
		free(v);
	}
	return rc < 0;
}

/* helper_fn: the number of the keys, in the end. */
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

int
keymerge(struct keyindex_writer *w, struct key_run *run, size_t n,
    uint64_t total, const struct na_rule *skip, uint64_t workers, struct err *e)
{
	struct keymerge m = {.skip = skip};
	struct buf b = BUF_ZERO;
	struct helper *h;
	size_t nhelp;
	uint64_t r;
	int rc;

	ranges_init(&m.x, run, n, ranges_number(total));
	rc = ranges_start(&m.x, help_index, &m, &workers, &h, &nhelp, e);
	for (r = 0; r < m.x.nrange && rc == 0; r++) {
		struct keyent *v;

		if (r % workers > 0) {
			rc = take_made(&h[r % workers - 1], w, &b, e);
			continue;
		}
		v = make_range(&m, r, e);
		rc = v ? add_all(w, v, m.x.t.n, buf_bytes(&m.x.t.heap), e) : -1;
		free(v);
	}
	buf_fini(&b);
	return ranges_end(&m.x, h, nhelp, rc, e);
}

int
keymerge_rows(struct firstrows_writer *w, bool one, struct key_run *run,
    size_t n, uint64_t total, const struct na_rule *skip, uint64_t workers,
    uint64_t *keys, struct err *e)
{
	struct keymerge m = {.skip = skip, .rows = w, .one = one};
	struct helper *h;
	struct told told;
	size_t nhelp, i;
	int rc = -1;

	m.next = mmap(NULL, sizeof(*m.next), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m.next == MAP_FAILED)
		return err_sys(e, ERR_OUTPUT, "memory");
	ranges_init(&m.x, run, n, ranges_number(total));
	rc = ranges_start(&m.x, help_rows, &m, &workers, &h, &nhelp, e);
	if (rc == 0)
		rc = mark_ranges(&m, keys, e);
	for (i = 0; i < nhelp && rc == 0; i++) {
		rc = helper_hear(&h[i], &told, e);
		*keys += rc == 0 ? told.n : 0;
	}
	munmap(m.next, sizeof(*m.next));
	buf_fini(&m.slots);
	return ranges_end(&m.x, h, nhelp, rc, e);
}
