#include "sort/sortbuf.h"

#include <string.h>
#include <sys/resource.h>

#define TEN ((size_t)10) /* key bytes in an entry */
#define PLACE_BITS 40
#define PLACE_MAX ((UINT64_C(1) << PLACE_BITS) - 1)
#define COUNT(lo) ((unsigned)((lo) >> PLACE_BITS) & 255)
#define MORE 11

#define FEW 32      /* entries that insertion sorts soonest */
#define STEPS 2     /* for each of more that are nearly in order */
#define BITS_MAX 13 /* by which entries are dealt out at first */
#define BITS_FEW 8  /* and again */
#define AHEAD 16

static struct sort_entry *
entries(const struct sortbuf *b)
{
	return (struct sort_entry *)(void *)b->entry.p;
}

void
sortbuf_init(struct sortbuf *b, size_t memory)
{
	memset(b, 0, sizeof(*b));
	if (memory > PAGES_HUGE / 2) {
		b->arena.huge = b->entry.huge = true;
		memory -= 2 * PAGES_ROUND;
	}
	b->memory = memory < PLACE_MAX ? memory : PLACE_MAX;
}

bool
sortbuf_fits(const struct sortbuf *b, struct bytes key, struct bytes row)
{
	size_t head = RECORD_HEAD + SORTBUF_ENTRY;

	return b->memory >= head && key.n <= b->memory - head &&
	    row.n <= b->memory - head - key.n;
}

static uint64_t
big_endian(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

/* The entry of a record at place whose key, from the entry's depth on, is
 * key. */
static struct sort_entry
entry_of(struct bytes key, uint64_t place)
{
	char ten[16] = {0};
	uint64_t low;

	if (key.n >= 16) {
		low = big_endian(key.p + 8) >> 48 << 48;
		return (struct sort_entry){big_endian(key.p),
		    low | (uint64_t)MORE << PLACE_BITS | place};
	}
	if (key.n > 0)
		memcpy(ten, key.p, key.n < TEN ? key.n : TEN);
	low = big_endian(ten + 8);
	return (struct sort_entry){big_endian(ten),
	    low | (uint64_t)(key.n > TEN ? MORE : key.n) << PLACE_BITS | place};
}

/* The first pages of a large buffer are huge ones, so that few are faulted in;
 * not where address space is short. */
static bool
arena_grow(struct sortbuf *b, size_t n)
{
	size_t first = b->memory < PAGES_HUGE ? b->memory : PAGES_HUGE;
	struct rlimit space;

	if (b->arena.cap > 0 || n > first || getrlimit(RLIMIT_AS, &space) < 0 ||
	    space.rlim_cur != RLIM_INFINITY || !pages_grow(&b->arena, first))
		return pages_grow(&b->arena, n);
	return true;
}

bool
sortbuf_add(struct sortbuf *b, struct bytes key, struct bytes row)
{
	size_t need = RECORD_HEAD + key.n + row.n;
	char *p;

	if (!sortbuf_fits(b, key, row) ||
	    b->used + need + (b->n + 1) * SORTBUF_ENTRY > b->memory ||
	    (b->used + need > b->arena.cap && !arena_grow(b, b->used + need)) ||
	    !pages_reserve(&b->entry, (b->n + 1) * sizeof(struct sort_entry)))
		return false;
	entries(b)[b->n++] = entry_of(key, b->used);
	p = b->arena.p + b->used;
	p += length_put(p, key.n);
	p += length_put(p, row.n);
	if (key.n > 0)
		memcpy(p, key.p, key.n);
	if (row.n > 0)
		memcpy(p + key.n, row.p, row.n);
	b->used = (size_t)(p - b->arena.p) + key.n + row.n;
	if (key.n > b->key_max)
		b->key_max = key.n;
	return true;
}

void
record_split(struct bytes record, struct bytes *key, struct bytes *row)
{
	const char *p = record.p, *e = p + record.n;
	uint64_t nkey, nrow;

	p += length_get(p, e, &nkey);
	p += length_get(p, e, &nrow);
	*key = bytes_of(p, nkey);
	*row = bytes_of(p + nkey, nrow);
}

static inline const char *
record_at(const struct sortbuf *b, const struct sort_entry *v)
{
	return b->arena.p + (v->lo & PLACE_MAX);
}

/* The key's bytes from depth on. */
static struct bytes
key_from(const struct sortbuf *b, const struct sort_entry *v, size_t depth)
{
	const char *p = record_at(b, v);
	const char *e = b->arena.p + b->used;
	uint64_t nkey, nrow;

	p += length_get(p, e, &nkey);
	p += length_get(p, e, &nrow);
	return bytes_of(p + depth, nkey - depth);
}

static bool
same_prefix(const struct sort_entry *a, const struct sort_entry *b)
{
	return a->hi == b->hi && (a->lo ^ b->lo) >> PLACE_BITS == 0;
}

static bool
before(const struct sort_entry *a, const struct sort_entry *b)
{
	return a->hi != b->hi ? a->hi < b->hi
			      : a->lo >> PLACE_BITS < b->lo >> PLACE_BITS;
}

/* Puts from[0..n) into to, in order; stable.  False when that takes more than
 * limit steps, to is void then. */
static bool
insertion(const struct sort_entry *from, struct sort_entry *to, size_t n,
    size_t limit)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		struct sort_entry x = from[i];

		for (k = i; k > 0 && before(&x, &to[k - 1]); k--)
			to[k] = to[k - 1];
		to[k] = x;
		limit -= i - k;
		if (UNLIKELY(limit > SIZE_MAX / 2))
			return false;
	}
	return true;
}

/* In which bits entries differ. */
struct differ {
	uint64_t hi, lo;
	bool sorted;
};

static struct differ
differ(const struct sort_entry *v, size_t n)
{
	struct differ d = {0, 0, true};
	size_t i;

	for (i = 1; i < n; i++) {
		d.hi |= v[i].hi ^ v[0].hi;
		d.lo |= v[i].lo ^ v[0].lo;
		d.sorted &= !before(&v[i], &v[i - 1]);
	}
	d.lo = d.lo >> PLACE_BITS << PLACE_BITS;
	return d;
}

/*
 * Sorts by what the entries hold; stable.  They are dealt out by the topmost
 * bits in which they differ, at most so many, to places of which each gets few
 * or those with a group in common, which as a rule are nearly in order.  A
 * place where that is not so is dealt out again; each time a bit less differs.
 * at has room for as many places and one.
 */
static void
deal(struct sort_entry *v, struct sort_entry *spare, size_t n, struct differ d,
    size_t *at, unsigned bits_max)
{
	size_t few[(1 << BITS_FEW) + 1];
	uint64_t diff = d.hi ? d.hi : d.lo;
	unsigned top = 64 - (unsigned)__builtin_clzll(diff), shift, bits = 61;
	size_t mask, i, k;

	bits -= (unsigned)__builtin_clzll(n);
	bits = bits < bits_max ? bits : bits_max;
	shift = top > bits ? top - bits : 0;
	if (!d.hi && shift < PLACE_BITS)
		shift = PLACE_BITS;
	mask = ((size_t)1 << (top - shift)) - 1;
	memset(at, 0, (mask + 2) * sizeof(*at));
#define PLACE(x) ((d.hi ? (x).hi : (x).lo) >> shift & mask)
	for (i = 0; i < n; i++)
		at[PLACE(v[i]) + 1]++;
	for (i = 0; i < mask; i++)
		at[i + 1] += at[i];
	for (i = 0; i < n; i++)
		spare[at[PLACE(v[i])]++] = v[i];
#undef PLACE
	/* at[i] is now where place i ends */
	for (i = k = 0; i <= mask; k = at[i++]) {
		size_t m = at[i] - k;

		if (insertion(spare + k, v + k, m,
			m <= FEW ? SIZE_MAX / 2 : STEPS * m))
			continue;
		memcpy(v + k, spare + k, m * sizeof(*v));
		deal(v + k, spare + k, m, differ(v + k, m), few, BITS_FEW);
	}
}

/* Sorts by what the entries hold; stable.  False when nothing differs. */
static bool
sort_held(struct sort_entry *v, struct sort_entry *spare, size_t n)
{
	size_t at[(1 << BITS_MAX) + 1];
	struct differ d = differ(v, n);

	if (d.sorted)
		return (d.hi | d.lo) != 0;
	if (n <= FEW) {
		memcpy(spare, v, n * sizeof(*v));
		return insertion(spare, v, n, SIZE_MAX / 2);
	}
	deal(v, spare, n, d, at, BITS_MAX);
	return true;
}

/* Fills the entries with what their keys have from depth on. */
static void
load(const struct sortbuf *b, struct sort_entry *v, size_t n, size_t depth)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(record_at(b, &v[i + AHEAD]));
		v[i] = entry_of(key_from(b, &v[i], depth), v[i].lo & PLACE_MAX);
	}
}

/* How many bytes from depth on all these keys have in common. */
static size_t
common(
    const struct sortbuf *b, const struct sort_entry *v, size_t n, size_t depth)
{
	struct bytes first = key_from(b, &v[0], depth);
	size_t i, k, most = first.n;

	for (i = 1; i < n && most > 0; i++) {
		struct bytes key = key_from(b, &v[i], depth);

		if (key.n < most)
			most = key.n;
		if (memcmp(first.p, key.p, most) == 0)
			continue;
		for (k = 0; first.p[k] == key.p[k]; k++)
			;
		most = k;
	}
	return most;
}

/* Is this entry's key one that several have, as far as entries reach? */
static bool
is_tied(const struct sort_entry *v)
{
	return COUNT(v->lo) == MORE &&
	    (same_prefix(v, v - 1) || same_prefix(v, v + 1));
}

/*
 * Sorts entries whose keys are equal up to depth and which hold what follows.
 * Where more than the entries hold is equal, they are filled with what
 * follows that and sorted again: the "caching" of key bytes of W. Ng and
 * K. Kakehi, "Cache efficient radix sort for string sorting" (2007).
 *
 * The largest of the groups left to do is done in the same call, so that the
 * calls nest at most log2(n) deep.
 */
static void
sort_from(const struct sortbuf *b, struct sort_entry *v,
    struct sort_entry *spare, size_t n, size_t depth)
{
	while (n > 1) {
		struct sort_entry *rest = v;
		size_t nrest = 0, i, k;

		if (!sort_held(v, spare, n)) {
			if (COUNT(v[0].lo) != MORE)
				return; /* all of one key */
			depth += TEN;
			depth += common(b, v, n, depth);
			load(b, v, n, depth);
			continue;
		}
		for (i = 0; i < n; i = k) {
			for (k = i + 1;; k++) {
				/* keys that will be asked for */
				if (k + AHEAD < n && is_tied(&v[k + AHEAD - 1]))
					__builtin_prefetch(
					    record_at(b, &v[k + AHEAD - 1]));
				if (k == n || !same_prefix(&v[i], &v[k]))
					break;
			}
			if (k - i == 1 || COUNT(v[i].lo) != MORE)
				continue;
			load(b, v + i, k - i, depth + TEN);
			if (k - i > nrest) {
				sort_from(b, rest, spare, nrest, depth + TEN);
				rest = v + i;
				nrest = k - i;
			} else {
				sort_from(b, v + i, spare, k - i, depth + TEN);
			}
		}
		v = rest;
		n = nrest;
		depth += TEN;
	}
}

struct sortbuf_mark
sortbuf_mark(const struct sortbuf *b)
{
	return (struct sortbuf_mark){b->n, b->used};
}

void
sortbuf_rollback(struct sortbuf *b, struct sortbuf_mark m)
{
	b->n = m.n;
	b->used = m.used;
}

bool
sortbuf_sort_to(struct sortbuf *b, struct sortbuf_mark m)
{
	if (!pages_reserve(&b->spare, m.n * sizeof(struct sort_entry)))
		return false;
	sort_from(
	    b, entries(b), (struct sort_entry *)(void *)b->spare.p, m.n, 0);
	return true;
}

bool
sortbuf_sort(struct sortbuf *b)
{
	return sortbuf_sort_to(b, sortbuf_mark(b));
}

void
sortbuf_remove_to(struct sortbuf *b, struct sortbuf_mark m)
{
	struct sort_entry *v = entries(b);
	size_t i;

	if (m.n == 0)
		return;
	b->n -= m.n;
	b->used -= m.used;
	memmove(v, v + m.n, b->n * sizeof(*v));
	memmove(b->arena.p, b->arena.p + m.used, b->used);
	for (i = 0; i < b->n; i++)
		v[i].lo -= m.used;
}

struct bytes
sortbuf_record(const struct sortbuf *b, size_t i)
{
	const struct sort_entry *v = entries(b);
	const char *p = record_at(b, &v[i]), *s = p;
	const char *e = b->arena.p + b->used;
	uint64_t nkey, nrow;

	if (i + AHEAD < b->n) {
		const char *next = record_at(b, &v[i + AHEAD]);

		__builtin_prefetch(next);
		__builtin_prefetch(next + 64);
	}
	s += length_get(s, e, &nkey);
	s += length_get(s, e, &nrow);
	return bytes_of(p, (size_t)(s - p) + nkey + nrow);
}

void
sortbuf_clear(struct sortbuf *b)
{
	b->used = 0;
	b->n = 0;
	b->key_max = 0;
}

void
sortbuf_fini(struct sortbuf *b)
{
	pages_free(&b->arena);
	pages_free(&b->entry);
	pages_free(&b->spare);
	sortbuf_clear(b);
}
