#include "pass1/modes.h"

#include <stdlib.h>
#include <string.h>

#include "pass1/ranges.h"

/* So many bytes of long keys are in a range, about. */
#define RANGE_HEAP ((uint64_t)32 << 20)

/* The runs of counts, and what their columns are in the merged facts. */
struct counts {
	struct key_run *run;
	size_t nrun;
	uint32_t **column; /* per partial; owned */
	size_t npart;
	uint64_t *digest;     /* of each column's name */
	uint64_t total, heap; /* entries; bytes of long keys */
	uint64_t *zero;       /* of int columns: rows of 0 and -0 */
};

static void
counts_fini(struct counts *c)
{
	size_t i;

	for (i = 0; i < c->npart; i++)
		free(c->column[i]);
	free(c->column);
	free(c->run);
	free(c->digest);
	free(c->zero);
}

static int
counts_open(struct counts *c, const struct facts *f, const struct partial *part,
    size_t npart, struct err *e)
{
	size_t i, k;

	memset(c, 0, sizeof(*c));
	c->column = xcalloc(npart, sizeof(*c->column));
	c->digest = xcalloc(f->ncol, sizeof(*c->digest));
	c->zero = xcalloc(f->ncol, sizeof(*c->zero));
	for (i = 0; i < f->ncol; i++)
		c->digest[i] =
		    digest_of(f->col[i].name, strlen(f->col[i].name));
	for (i = 0; i < npart; i++) {
		struct facts own = {.nin = 0};

		c->npart = i + 1;
		for (k = 0; k < part[i].nsec; k++) {
			const struct section *s = &part[i].sec[k];

			if (s->type != SECTION_COUNTS)
				continue;
			if (!c->column[i]) {
				if (partial_facts(&part[i], &own, e) < 0)
					return -1;
				c->column[i] = facts_columns(&own, f);
			}
			if ((c->nrun & (c->nrun - 1)) == 0)
				c->run = xrealloc(c->run,
				    (c->nrun ? 2 * c->nrun : 1) *
					sizeof(*c->run));
			c->run[c->nrun++] = (struct key_run){
			    (const struct keyent *)(const void *)
				partial_section(&part[i], s)
				    .p,
			    0, s->n, partial_heap(&part[i], s), c->column[i],
			    own.ncol, &part[i]};
			c->total += s->n;
			c->heap += s->heap_len;
		}
		facts_fini(&own);
	}
	return 0;
}

/* Is a value, with all its rows, the mode so far? */
static void
take_mode(struct colstat *c, struct bytes value, uint64_t rows)
{
	if (c->mode && rows < c->mode_rows)
		return;
	if (c->mode && rows == c->mode_rows) {
		struct bytes mode = bytes_str(c->mode);

		/* the smallest: of whole numbers as such */
		if ((c->type[0] == 'i' ? int_cmp(value, mode)
				       : bytes_cmp(value, mode)) > 0)
			return;
	}
	free(c->mode);
	c->mode = xstrndup(value.p, value.n);
	c->mode_rows = rows;
}

static void
count_value(struct colstat *c, struct bytes value, uint64_t rows)
{
	c->distinct++;
	take_mode(c, value, rows);
}

/* The one whole number that has two spellings. */
static bool
is_zero(struct bytes s)
{
	return bytes_eq(s, bytes_str("0")) || bytes_eq(s, bytes_str("-0"));
}

/* Modes and distinct counts of texts: a range of hashes at a time, whose
 * entries of all runs fit a table; several processes have their ranges. */
struct texts {
	struct colstats *s;
	const struct mode_wanted *want;
	const struct na_rule *na;
	const struct partial *part;
	size_t npart;
	struct counts c;
	struct ranges x;
};

/* take_fn: the rows of each value that counts. */
static void
take_counts(void *arg, struct keytable *t, const struct key_batch *b)
{
	const struct texts *x = arg;
	size_t i;

	for (i = 0; i < b->n; i++) {
		uint32_t col = b->run->number[b->ent[i].where];

		if (x->want[col].texts &&
		    !(x->want[col].no_tokens && na_is_token(x->na, b->key[i])))
			keytable_count(
			    t, b->key[i], b->hash[i], col, b->ent[i].hi);
	}
}

static int
count_ranges(struct texts *x, uint64_t first, uint64_t step, struct err *e)
{
	const struct keytable *t = &x->x.t;
	uint64_t r;
	size_t i;

	for (r = first; r < x->x.nrange; r += step) {
		if (ranges_take(&x->x, r, take_counts, x, e) < 0)
			return -1;
		for (i = 0; i < t->n; i++) {
			const struct keyent *k = &t->slot[i];
			struct colstat *c = &x->s->v[k->where];
			struct bytes key;

			if (!keyent_key(k, buf_bytes(&t->heap), &key))
				continue;
			if (c->type[0] == 'i' && is_zero(key))
				x->c.zero[k->where] += k->hi;
			else
				count_value(c, key, k->hi);
		}
	}
	return 0;
}

/* What a process found of a column; the mode's bytes follow. */
struct found {
	uint64_t distinct, mode_rows, zero, mode_bytes;
};

/* A helper: the columns of texts in one record. */
static int
help_count(void *arg, int fd, uint64_t first, uint64_t step)
{
	struct texts *x = arg;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	size_t i;

	if (count_ranges(x, first, step, &e) < 0)
		return helper_failed(fd, &e);
	for (i = 0; i < x->s->n; i++) {
		const struct colstat *c = &x->s->v[i];
		size_t n = c->mode ? strlen(c->mode) : 0;
		struct found found = {
		    c->distinct, c->mode_rows, x->c.zero[i], n};

		if (!x->want[i].texts)
			continue;
		buf_put(&b, &found, sizeof(found));
		buf_put(&b, c->mode ? c->mode : "", n);
	}
	return helper_tell(fd, (struct told){0, b.n}, b.p, b.n, "", 0) < 0;
}

static int
add_found(struct texts *x, const struct helper *h, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct told told;
	const char *p;
	size_t i;
	int rc = helper_hear(h, &told, e);

	if (rc == 0) {
		buf_reserve(&b, told.bytes);
		rc = helper_read(h, b.p, told.bytes, e);
	}
	for (i = 0, p = b.p; rc == 0 && i < x->s->n; i++) {
		struct colstat *c = &x->s->v[i];
		struct found found;

		if (!x->want[i].texts)
			continue;
		memcpy(&found, p, sizeof(found));
		p += sizeof(found);
		c->distinct += found.distinct;
		x->c.zero[i] += found.zero;
		if (found.distinct)
			take_mode(
			    c, bytes_of(p, found.mode_bytes), found.mode_rows);
		p += found.mode_bytes;
	}
	buf_fini(&b);
	return rc;
}

int
modes_of_texts(struct colstats *s, const struct facts *f,
    const struct mode_wanted *want, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t workers, struct err *e)
{
	struct texts x = {
	    .s = s, .want = want, .na = na, .part = part, .npart = npart};
	struct helper *h;
	uint64_t nrange;
	size_t i, nhelp = 0;
	int rc = counts_open(&x.c, f, x.part, x.npart, e);

	if (rc < 0)
		goto out;
	nrange = ranges_number(x.c.total);
	if (x.c.heap / RANGE_HEAP + 1 > nrange)
		nrange = x.c.heap / RANGE_HEAP + 1;
	ranges_init(&x.x, x.c.run, x.c.nrun, nrange);
	x.x.seed = x.c.digest;
	rc = ranges_start(&x.x, help_count, &x, &workers, &h, &nhelp, e);
	if (rc == 0)
		rc = count_ranges(&x, 0, workers, e);
	for (i = 0; i < nhelp && rc == 0; i++)
		rc = add_found(&x, &h[i], e);
	rc = ranges_end(&x.x, h, nhelp, rc, e);
	for (i = 0; i < f->ncol && rc == 0; i++)
		if (x.c.zero[i])
			count_value(&x.s->v[i], bytes_str("0"), x.c.zero[i]);
out:
	counts_fini(&x.c);
	return rc;
}
