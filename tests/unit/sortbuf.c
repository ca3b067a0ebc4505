/*
 * sortbuf - marks: what came before one is sorted, taken out or kept alone,
 * and what came behind it is as if nothing had been there before.
 */
#include "sort/sortbuf.h"

#include "test.h"

struct rec {
	char key[40];
	size_t nkey, place;
};

/* What the buffer should hold. */
struct model {
	struct rec v[2000];
	size_t n, added;
};

static int
by_key(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;
	int c = bytes_cmp(bytes_of(x->key, x->nkey), bytes_of(y->key, y->nkey));

	return c ? c : x->place < y->place ? -1 : 1;
}

/* Keys with long beginnings in common, and many that are equal. */
static bool
add(struct sortbuf *b, struct model *m)
{
	struct rec *r = &m->v[m->n];
	char row[300];
	size_t i, nrow = sizeof(r->place) + below(sizeof(row) - 8);

	r->place = m->added;
	r->nkey = below(sizeof(r->key) + 1);
	for (i = 0; i < r->nkey; i++)
		r->key[i] = i < 14 ? "prefix of keys"[i] : (char)below(3);
	if (one_in(4) && r->nkey)
		r->key[below(r->nkey)] = (char)rnd();
	memset(row, (int)r->place, sizeof(row));
	memcpy(row, &r->place, sizeof(r->place));
	if (!sortbuf_add(b, bytes_of(r->key, r->nkey), bytes_of(row, nrow)))
		return false;
	m->n++;
	m->added++;
	return true;
}

/* The records at places 0 to n are these. */
static void
compare(struct sortbuf *b, const struct rec *v, size_t n)
{
	size_t i, place;

	for (i = 0; i < n; i++) {
		struct bytes key, row;

		record_split(sortbuf_record(b, i), &key, &row);
		if (!EQ_B(key, bytes_of(v[i].key, v[i].nkey)))
			return;
		memcpy(&place, row.p, sizeof(place));
		if (!EQ_U(place, v[i].place) ||
		    !EQ_U((unsigned char)row.p[row.n - 1],
			row.n > 8 ? place & 255
				  : (unsigned char)row.p[row.n - 1]))
			return;
	}
}

static void
take_out(struct sortbuf *b, struct model *m, struct sortbuf_mark mark)
{
	qsort(m->v, mark.n, sizeof(*m->v), by_key);
	if (!EQ_I(sortbuf_sort_to(b, mark), true))
		return;
	compare(b, m->v, mark.n);
	sortbuf_remove_to(b, mark);
	m->n -= mark.n;
	memmove(m->v, m->v + mark.n, m->n * sizeof(*m->v));
	EQ_U(b->n, m->n);
}

static void
any_use_of_marks_is_as_the_model_says(void)
{
	struct model *m = xcalloc(1, sizeof(*m));
	unsigned round, step;

	for (round = 0; round < 150; round++) {
		struct sortbuf_mark mark = {0, 0};
		struct sortbuf b;

		test_about("round %u", round);
		sortbuf_init(&b, 2000 + below(60000));
		m->n = m->added = 0;
		for (step = 0; step < 400; step++) {
			switch (below(24)) {
			case 0: /* a shard is complete */
				mark = sortbuf_mark(&b);
				break;
			case 1: /* the shard failed */
				sortbuf_rollback(&b, mark);
				m->n = mark.n;
				break;
			case 2: /* a run of the complete shards */
				take_out(&b, m, mark);
				mark = (struct sortbuf_mark){0, 0};
				break;
			default:
				if (add(&b, m))
					break;
				take_out(
				    &b, m, mark.n ? mark : sortbuf_mark(&b));
				mark = (struct sortbuf_mark){0, 0};
			}
			if (!EQ_U(b.n, m->n) || test.failures)
				break;
		}
		take_out(&b, m, sortbuf_mark(&b));
		EQ_U(b.n, 0);
		EQ_U(b.used, 0);
		sortbuf_fini(&b);
		if (test.failures)
			break;
	}
	free(m);
}

static void
a_mark_of_nothing_sorts_and_removes_nothing(void)
{
	struct model *m = xcalloc(1, sizeof(*m));
	struct sortbuf_mark none;
	struct sortbuf b;
	unsigned i;

	sortbuf_init(&b, 1 << 20);
	none = sortbuf_mark(&b);
	EQ_I(sortbuf_sort_to(&b, none), true);
	sortbuf_remove_to(&b, none);
	for (i = 0; i < 50; i++)
		add(&b, m);
	EQ_I(sortbuf_sort_to(&b, none), true);
	sortbuf_remove_to(&b, none);
	compare(&b, m->v, m->n); /* in the order they came */
	sortbuf_rollback(&b, none);
	EQ_U(b.n, 0);
	EQ_U(b.used, 0);
	sortbuf_fini(&b);
	free(m);
}

static void
what_was_taken_out_makes_room(void)
{
	struct model *m = xcalloc(1, sizeof(*m));
	struct sortbuf b;
	struct sortbuf_mark half;
	size_t full;

	sortbuf_init(&b, 20000);
	while (add(&b, m))
		if (m->n == 20)
			half = sortbuf_mark(&b);
	full = b.used + b.n * SORTBUF_ENTRY;
	EQ_I(full <= 20000, true);
	take_out(&b, m, half);
	EQ_I(add(&b, m), true);
	while (add(&b, m))
		;
	EQ_I(b.used + b.n * SORTBUF_ENTRY <= 20000, true);
	take_out(&b, m, sortbuf_mark(&b));
	sortbuf_fini(&b);
	free(m);
}

/* How keys may come: few bits that differ, here or there, in order or nearly,
 * of a few groups or of all kinds. */
enum order { RANDOM, ASCENDING, NEARLY, DESCENDING, ONE_VALUE, ORDERS };

static void
make_keys(struct rec *v, size_t n, enum order order)
{
	size_t at = below(10), groups = 1 + below(one_in(2) ? 4 : 5000), i;
	unsigned noise = 1 + (unsigned)below(40);

	for (i = 0; i < n; i++) {
		struct rec *r = &v[i];
		uint32_t group = __builtin_bswap32((uint32_t)below(groups));
		uint64_t place = order == ASCENDING ? i
		    : order == NEARLY               ? i + below(noise)
		    : order == DESCENDING           ? n - i
		    : order == ONE_VALUE            ? 7
						    : rnd();

		memset(r->key, 'x', sizeof(r->key));
		if (groups > 1)
			memcpy(r->key, &group, sizeof(group));
		place = __builtin_bswap64(place);
		memcpy(r->key + at, &place, sizeof(place));
		r->nkey = at + sizeof(place) - (one_in(9) && order == RANDOM);
		r->place = i;
	}
}

static void
any_order_of_any_keys(void)
{
	static const size_t sizes[] = {2, 31, 33, 100, 3000, 60000};
	size_t max = sizes[LEN(sizes) - 1], s, i;
	struct rec *v = xcalloc(max, sizeof(*v));
	unsigned round, order;
	struct sortbuf b;

	for (round = 0; round < 8; round++)
		for (s = 0; s < LEN(sizes); s++)
			for (order = 0; order < ORDERS; order++) {
				test_about("%zu, order %u", sizes[s], order);
				make_keys(v, sizes[s], (enum order)order);
				sortbuf_init(&b, (size_t)16 << 20);
				for (i = 0; i < sizes[s]; i++)
					CHECK(sortbuf_add(&b,
					    bytes_of(v[i].key, v[i].nkey),
					    bytes_of((char *)&v[i].place,
						sizeof(v[i].place))));
				CHECK(sortbuf_sort(&b));
				qsort(v, sizes[s], sizeof(*v), by_key);
				compare(&b, v, sizes[s]);
				sortbuf_fini(&b);
			}
	free(v);
}

int
main(void)
{
	RUN(any_use_of_marks_is_as_the_model_says);
	RUN(a_mark_of_nothing_sorts_and_removes_nothing);
	RUN(what_was_taken_out_makes_room);
	RUN(any_order_of_any_keys);
	return test_end();
}
