#include "rows/rowout.h"

#include <stdlib.h>
#include <string.h>

/* Consecutive source fields in one piece, or one column by itself. */
struct segment {
	uint32_t first, last; /* source fields, when col is NULL */
	const struct column *col;
};

struct rowout {
	const struct schema *s;
	bool *skip;
	struct segment *seg;
	size_t nseg;
	bool convert; /* separators differ: every field by itself */
	bool whole;   /* the columns are the source's fields, in order */
	const struct column **slot; /* those that may be replaced */
	size_t nslot, nfield;
	char sep;
	struct buf row;
	/* of each row which of slot[] are replaced, 64 to a word */
	uint64_t *mask;
	size_t mask_cap;
};

struct rowout *
rowout_new(const struct schema *s, const bool *skip, char in_sep, char out_sep)
{
	struct rowout *r = xcalloc(1, sizeof(*r));
	size_t i;

	r->s = s;
	r->sep = out_sep;
	r->convert = in_sep != out_sep;
	r->whole = !r->convert;
	r->slot = xcalloc(s->ncol, sizeof(struct column *));
	r->seg = xcalloc(s->ncol, sizeof(*r->seg));
	r->skip = xcalloc(s->ncol, sizeof(*r->skip));
	for (i = 0; i < s->ncol; i++) {
		const struct column *c = &s->col[i];
		struct segment *last = r->nseg ? &r->seg[r->nseg - 1] : NULL;

		r->skip[i] = skip && skip[i];
		if (r->skip[i])
			continue;
		r->whole &= c->src == (int)r->nfield++;
		if (c->slot >= 0)
			r->slot[r->nslot++] = c;
		if (c->slot >= 0 || c->src < 0 || r->convert)
			r->seg[r->nseg++] = (struct segment){0, 0, c};
		else if (last && !last->col &&
		    last->last + 1 == (uint32_t)c->src)
			last->last++;
		else
			r->seg[r->nseg++] = (struct segment){
			    (uint32_t)c->src, (uint32_t)c->src, NULL};
	}
	return r;
}

void
rowout_free(struct rowout *r)
{
	if (!r)
		return;
	buf_fini(&r->row);
	free(r->mask);
	free(r->seg);
	free(r->slot);
	free(r->skip);
	free(r);
}

struct bytes
rowout_names(struct rowout *r)
{
	bool first = true;
	size_t i, n = 0;

	buf_clear(&r->row);
	for (i = 0; i < r->s->ncol; i++) {
		if (r->skip[i])
			continue;
		if (!first)
			buf_putc(&r->row, r->sep);
		first = false;
		csv_put_field(&r->row, bytes_str(r->s->col[i].name), r->sep);
		n++;
	}
	/* one column: its name must not look like a blank line, nor a separator
	 * in it like the table's */
	if (n == 1 && r->row.n == 0)
		buf_puts(&r->row, "\"\"");
	else if (n == 1 && r->row.p[0] != '"' &&
	    strpbrk(buf_cstr(&r->row), ",;\t|")) {
		buf_putc(&r->row, '"');
		memmove(r->row.p + 1, r->row.p, r->row.n - 1);
		r->row.p[0] = '"';
		buf_putc(&r->row, '"');
	}
	buf_putc(&r->row, '\n');
	return buf_bytes(&r->row);
}

int
rowout_header(struct rowout *r, struct out *o, struct err *e)
{
	struct bytes names = rowout_names(r);

	return out_write(o, names.p, names.n, e);
}

void
rowout_row(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *to)
{
	size_t i;

	for (i = 0; i < r->nseg; i++) {
		const struct segment *g = &r->seg[i];
		struct bytes f;

		if (i)
			buf_putc(to, r->sep);
		if (g->col) {
			f = block_raw(b, g->col, row);
			if (r->convert && (f.n == 0 || f.p[0] != '"'))
				csv_put_field(to, f, r->sep);
			else
				buf_putb(to, f);
		} else {
			struct bytes l = block_field(b, row, g->last);

			f = block_field(b, row, g->first);
			buf_put(to, f.p, (size_t)(l.p + l.n - f.p));
		}
	}
	buf_putc(to, '\n');
}

/* Was a field of the row replaced? */
static bool
replaced(const struct rowout *r, const struct block *b, uint32_t row)
{
	size_t i;

	for (i = 0; i < r->nslot; i++) {
		const struct slot *s = &b->slot[r->slot[i]->slot];

		if (s->code || (s->cell && s->cell[row].p))
			return true;
	}
	return false;
}

#define BITS 64

/* Fills the masks of the rows sel[0..n). */
static void
find_replaced(
    struct rowout *r, const struct block *b, const uint32_t *sel, uint32_t n)
{
	size_t nword = (r->nslot + BITS - 1) / BITS, i;
	uint32_t k;

	if (r->mask_cap < n * nword) {
		r->mask_cap = n * nword;
		free(r->mask);
		r->mask = xmalloc(r->mask_cap * sizeof(*r->mask));
	}
	memset(r->mask, 0, n * nword * sizeof(*r->mask));
	for (i = 0; i < r->nslot; i++) {
		const struct slot *s = &b->slot[r->slot[i]->slot];
		uint64_t *mask = r->mask + i / BITS;
		unsigned bit = i % BITS;

		if (s->code)
			for (k = 0; k < n; k++)
				mask[k * nword] |= UINT64_C(1) << bit;
		else if (s->cell)
			for (k = 0; k < n; k++)
				mask[k * nword] |=
				    (uint64_t)(s->cell[sel[k]].p != NULL)
				    << bit;
	}
}

/* The row'th of those; false: nothing in it is replaced. */
static inline bool
is_masked(const struct rowout *r, uint32_t row)
{
	size_t nword = (r->nslot + BITS - 1) / BITS, i;

	for (i = 0; i < nword; i++)
		if (r->mask[row * nword + i])
			return true;
	return false;
}

/* A record with the replaced fields in place of its own; the k'th of those
 * that have masks. */
static void
splice(struct rowout *r, const struct block *b, uint32_t row, uint32_t k,
    struct buf *to)
{
	size_t nword = (r->nslot + BITS - 1) / BITS, i;
	struct bytes rec = block_record(b, row);
	const char *at = rec.p;

	for (i = 0; i < nword; i++) {
		uint64_t mask = r->mask[k * nword + i];

		for (; mask; mask &= mask - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(mask);
			const struct column *c = r->slot[i * BITS + bit];
			struct bytes f = block_field(b, row, (uint32_t)c->src);

			buf_put(to, at, (size_t)(f.p - at));
			buf_putb(to, block_raw(b, c, row));
			at = f.p + f.n;
		}
	}
	buf_put(to, at, (size_t)(rec.p + rec.n - at));
}

/* Are the records written as they stand, but for replaced fields? */
static bool
is_whole(const struct rowout *r, const struct block *b)
{
	return r->whole && r->nfield == b->nfield;
}

struct bytes
rowout_bytes(
    struct rowout *r, const struct block *b, uint32_t row, struct buf *scratch)
{
	if (is_whole(r, b) && !(r->nslot && replaced(r, b, row)))
		return block_record(b, row);
	buf_clear(scratch);
	rowout_row(r, b, row, scratch);
	return buf_bytes(scratch);
}

int
rowout_rows(struct rowout *r, const struct block *b, const uint32_t *sel,
    uint32_t n, struct out *o, struct err *e)
{
	uint32_t i, k;

	if (is_whole(r, b)) {
		if (r->nslot)
			find_replaced(r, b, sel, n);
		for (i = 0; i < n; i = k) {
			struct bytes a = block_record(b, sel[i]), z;

			k = i + 1;
			if (r->nslot && is_masked(r, i)) {
				buf_clear(&r->row);
				splice(r, b, sel[i], i, &r->row);
				if (out_write(o, r->row.p, r->row.n, e) < 0)
					return -1;
				continue;
			}
			while (k < n && sel[k] == sel[k - 1] + 1 &&
			    !(r->nslot && is_masked(r, k)))
				k++;
			z = block_record(b, sel[k - 1]);
			if (out_write(o, a.p, (size_t)(z.p + z.n - a.p), e) < 0)
				return -1;
		}
		return 0;
	}
	for (i = 0; i < n; i++) {
		buf_clear(&r->row);
		rowout_row(r, b, sel[i], &r->row);
		if (out_write(o, r->row.p, r->row.n, e) < 0)
			return -1;
	}
	return 0;
}
