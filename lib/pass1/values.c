#include "pass1/values.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "sort/radix.h"

/*
 * How the memory is shared: half for the table of texts (slots, their hashes
 * and the heap), a quarter for what sorting the table takes, a quarter for
 * the numbers, of which a fifth is what sorting takes.
 */
#define NUMBERS_FIRST ((size_t)512) /* keys that a column begins with */

struct numbers {
	uint64_t *v;
	size_t n, cap;
};

/* A text on its way into the table. */
struct pending {
	struct bytes value;
	uint64_t hash;
	size_t column;
};

#define PENDING 32 /* so many slots are fetched while the first is awaited */

struct values {
	struct pending pending[PENDING];
	size_t npending;
	const struct facts *f;
	struct partial_writer *w;
	unsigned *kinds; /* of each column, those still collected */
	uint64_t *digest;
	struct numbers *num;
	size_t ncol;
	uint64_t num_caps, num_limit, num_column; /* in keys */
	struct keytable texts;
	struct keytable_limit limit;
};

bool
values_none(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size == 0;
}

uint64_t
value_hash(struct bytes value, uint64_t column_digest)
{
	uint64_t h = digest_of_seeded(value.p, value.n, column_digest);

	return h ? h : 1;
}

struct values *
values_new(const struct facts *f, const unsigned *wanted, uint64_t memory,
    struct partial_writer *w)
{
	struct values *v = xcalloc(1, sizeof(*v));
	size_t i;

	v->f = f;
	v->w = w;
	v->ncol = f->ncol;
	v->kinds = xmalloc(f->ncol * sizeof(*v->kinds));
	v->digest = xmalloc(f->ncol * sizeof(*v->digest));
	v->num = xcalloc(f->ncol, sizeof(*v->num));
	for (i = 0; i < f->ncol; i++) {
		const char *name = f->col[i].name;

		v->kinds[i] = wanted[i];
		v->digest[i] = digest_of(name, strlen(name));
	}
	v->limit = keytable_limit(memory / 4 * 3);
	v->num_limit = memory / 5 / sizeof(uint64_t);
	v->num_column = memory / 20 / sizeof(uint64_t);
	keytable_init(&v->texts, 64);
	return v;
}

static int
flush_column(struct values *v, size_t i, uint64_t *tmp, struct err *e)
{
	struct numbers *x = &v->num[i];
	size_t n = x->n;

	x->n = 0;
	if (n == 0)
		return 0;
	sort_u64(x->v, tmp, n);
	return partial_put_numbers(
	    v->w, bytes_str(v->f->col[i].name), x->v, n, e);
}

/* Every column's numbers as a run each. */
static int
flush_numbers(struct values *v, struct err *e)
{
	uint64_t *tmp = NULL;
	size_t i, most = 0;
	int rc = 0;

	for (i = 0; i < v->ncol; i++)
		if (v->num[i].n > most)
			most = v->num[i].n;
	if (most == 0)
		return 0;
	tmp = xmalloc(most * sizeof(*tmp));
	for (i = 0; i < v->ncol && rc == 0; i++)
		rc = flush_column(v, i, tmp, e);
	free(tmp);
	return rc;
}

static int
add_number(struct values *v, size_t i, double d, struct err *e)
{
	struct numbers *x = &v->num[i];

	if (UNLIKELY(x->n == x->cap)) {
		size_t more = x->cap ? x->cap : NUMBERS_FIRST;

		/* the first keys of every column are given, so that each has
		 * room for some; the rest is shared */
		if (x->cap &&
		    (v->num_caps + more > v->num_limit ||
			x->cap + more > v->num_column)) {
			if (flush_numbers(v, e) < 0)
				return -1;
		} else {
			v->num_caps += more;
			x->cap += more;
			x->v = xrealloc(x->v, x->cap * sizeof(*x->v));
		}
	}
	x->v[x->n++] = number_key(d);
	return 0;
}

int
values_settle(struct values *v, struct err *e)
{
	size_t i;

	for (i = 0; i < v->npending; i++)
		keytable_prefetch_slot(&v->texts, v->pending[i].hash);
	for (i = 0; i < v->npending; i++) {
		const struct pending *p = &v->pending[i];

		if (keytable_full(&v->texts, v->limit, p->value.n) &&
		    partial_put_keys(v->w, SECTION_COUNTS, &v->texts, e) < 0)
			return -1;
		keytable_count(&v->texts, p->value, p->hash, p->column, 1);
	}
	v->npending = 0;
	return 0;
}

int
values_add_text(struct values *v, size_t i, struct bytes value, struct err *e)
{
	uint64_t hash = value_hash(value, v->digest[i]);

	keytable_prefetch(&v->texts, hash);
	v->pending[v->npending++] = (struct pending){value, hash, i};
	return v->npending == PENDING ? values_settle(v, e) : 0;
}

int
values_add(struct values *v, size_t i, const struct cell *cell,
    struct bytes value, struct err *e)
{
	unsigned *k = &v->kinds[i];

	if (*k & VALUES_NUMBERS) {
		if (!cell_is_number(cell)) {
			/* no column of numbers: what was kept is void */
			*k &= ~(unsigned)VALUES_NUMBERS;
			v->num[i].n = 0;
		} else if (add_number(v, i, cell->num.d, e) < 0) {
			return -1;
		}
	}
	return *k & VALUES_TEXTS ? values_add_text(v, i, value, e) : 0;
}

int
values_add_token(struct values *v, size_t i, struct bytes value, struct err *e)
{
	return v->kinds[i] & VALUES_TEXTS ? values_add_text(v, i, value, e) : 0;
}

int
values_finish(struct values *v, unsigned *kinds, struct err *e)
{
	memcpy(kinds, v->kinds, v->ncol * sizeof(*kinds));
	if (values_settle(v, e) < 0 || flush_numbers(v, e) < 0)
		return -1;
	return v->texts.n ? partial_put_keys(v->w, SECTION_COUNTS, &v->texts, e)
			  : 0;
}

void
values_free(struct values *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->ncol; i++)
		free(v->num[i].v);
	free(v->num);
	free(v->kinds);
	free(v->digest);
	keytable_fini(&v->texts);
	free(v);
}
