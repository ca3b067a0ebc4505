#include "pass1/modes.h"

#include <stdlib.h>
#include <string.h>

#include "io/procs.h"
#include "pass1/values.h"
#include "sort/radix.h"

/* What a range of hashes holds in memory, about. */
#define RANGE_ENTRIES ((uint64_t)64 << 10)
#define RANGE_HEAP ((uint64_t)32 << 20)
#define FORGET 4 /* ranges, after which what was read is given back */

/* A run of counts in hash order, and its columns in the merged facts. */
struct cursor {
	const struct keyent *ent;
	uint64_t at, n;
	struct bytes heap;
	const struct partial *p;
	uint32_t *column; /* shared by the runs of one partial */
	size_t ncolumn;
};

struct counts {
	struct cursor *cur;
	size_t ncur;
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
	free(c->cur);
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
			if ((c->ncur & (c->ncur - 1)) == 0)
				c->cur = xrealloc(c->cur,
				    (c->ncur ? 2 * c->ncur : 1) *
					sizeof(*c->cur));
			c->cur[c->ncur++] = (struct cursor){
			    (const struct keyent *)(const void *)
				partial_section(&part[i], s)
				    .p,
			    0, s->n, partial_heap(&part[i], s), &part[i],
			    c->column[i], own.ncol};
			c->total += s->n;
			c->heap += s->heap_len;
		}
		facts_fini(&own);
	}
	return 0;
}

/* A cursor's entry: its key and hash. */
static inline int
entry(const struct cursor *c, const struct counts *all, uint64_t at,
    struct bytes *key, uint64_t *hash, struct err *e)
{
	const struct keyent *k = &c->ent[at];

	if (k->where >= c->ncolumn || c->column[k->where] == UINT32_MAX ||
	    !keyent_key(k, c->heap, key))
		return err_set(e, "%s: damaged partial", c->p->path);
	*hash = value_hash(*key, all->digest[c->column[k->where]]);
	return 0;
}

/* Moves a cursor's entries with hash <= last into the table. */
static int
take(struct cursor *c, const struct counts *all, uint64_t last, bool rest,
    const struct mode_wanted *want, const struct na_rule *na,
    struct keytable *t, struct err *e)
{
	for (; c->at < c->n; c->at++) {
		const struct keyent *k = &c->ent[c->at];
		struct bytes key;
		uint64_t hash = 0;
		uint32_t col;

		if (entry(c, all, c->at, &key, &hash, e) < 0)
			return -1;
		if (!rest && hash > last)
			break;
		col = c->column[k->where];
		if (want[col].texts &&
		    !(want[col].no_tokens && na_is_token(na, key)))
			keytable_count(t, key, hash, col, k->hi);
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
	uint64_t nrange;
};

/* A cursor, and the last hash of the range before. */
struct border {
	const struct cursor *cur;
	const struct counts *all;
	uint64_t last;
};

static int
is_before(void *arg, uint64_t i, struct err *e)
{
	const struct border *b = arg;
	struct bytes key;
	uint64_t hash = 0;

	if (entry(b->cur, b->all, i, &key, &hash, e) < 0)
		return -1;
	return hash <= b->last;
}

/* Puts a cursor where the range behind this hash begins. */
static int
seek(struct cursor *c, const struct counts *all, uint64_t last, struct err *e)
{
	return search_near(
	    &c->at, c->n, is_before, &(struct border){c, all, last}, e);
}

static int
count_ranges(struct texts *x, uint64_t first, uint64_t step, struct err *e)
{
	uint64_t width = UINT64_MAX / x->nrange, r, n = 0;
	struct keytable t;
	size_t i;
	int rc = 0;

	keytable_init(&t, 1024);
	for (r = first; r < x->nrange && rc == 0; r += step) {
		for (i = 0; i < x->npart && n % FORGET == 0; i++)
			partial_forget(&x->part[i]);
		n++;
		for (i = 0; i < x->c.ncur && rc == 0; i++)
			if ((r > 0 &&
				seek(&x->c.cur[i], &x->c, width * r, e) < 0) ||
			    take(&x->c.cur[i], &x->c, width * (r + 1),
				r + 1 == x->nrange, x->want, x->na, &t, e) < 0)
				rc = -1;
		for (i = 0; i < t.n && rc == 0; i++) {
			const struct keyent *k = &t.slot[i];
			struct colstat *c = &x->s->v[k->where];
			struct bytes key;

			if (!keyent_key(k, buf_bytes(&t.heap), &key))
				continue;
			if (c->type[0] == 'i' && is_zero(key))
				x->c.zero[k->where] += k->hi;
			else
				count_value(c, key, k->hi);
		}
		keytable_clear(&t);
	}
	keytable_fini(&t);
	return rc;
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
	struct helper *h = NULL;
	size_t i, nhelp = 0;
	int rc = counts_open(&x.c, f, x.part, x.npart, e);

	if (rc < 0)
		goto out;
	x.nrange = x.c.total / RANGE_ENTRIES + 1;
	if (x.c.heap / RANGE_HEAP + 1 > x.nrange)
		x.nrange = x.c.heap / RANGE_HEAP + 1;
	if (workers > x.nrange)
		workers = x.nrange;
	h = xcalloc(workers, sizeof(*h));
	rc = helpers_start(h, workers - 1, &nhelp, help_count, &x, e);
	if (rc == 0)
		rc = count_ranges(&x, 0, workers, e);
	for (i = 0; i < nhelp && rc == 0; i++)
		rc = add_found(&x, &h[i], e);
	rc = helpers_end(h, nhelp, rc, e);
	for (i = 0; i < f->ncol && rc == 0; i++)
		if (x.c.zero[i])
			count_value(&x.s->v[i], bytes_str("0"), x.c.zero[i]);
	free(h);
out:
	counts_fini(&x.c);
	return rc;
}
