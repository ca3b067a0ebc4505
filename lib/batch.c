#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

/* Bump allocation in a list of chunks; all but the first go at reset. */
struct arena {
	struct arena *next;
	size_t n, cap;
	char mem[];
};

static struct arena *
arena_chunk(size_t n, struct arena *next)
{
	size_t cap = n > CHUNK ? n : CHUNK;
	struct arena *a = xmalloc(sizeof(*a) + cap);

	a->next = next;
	a->n = 0;
	a->cap = cap;
	return a;
}

static void
arena_free(struct arena *a)
{
	while (a) {
		struct arena *next = a->next;

		free(a);
		a = next;
	}
}

char *
batch_alloc(struct batch *b, size_t n)
{
	char *p;

	n = (n + 15) & ~(size_t)15;
	if (!b->arena || b->arena->cap - b->arena->n < n)
		b->arena = arena_chunk(n, b->arena);
	p = b->arena->mem + b->arena->n;
	b->arena->n += n;
	return p;
}

void
batch_reset(struct batch *b, int nslot)
{
	uint32_t i;

	if (b->arena && b->arena->next) {
		arena_free(b->arena);
		b->arena = NULL;
	} else if (b->arena) {
		b->arena->n = 0;
	}
	if (b->row_cap < b->nrow) {
		b->row_cap = b->nrow + b->nrow / 2;
		free(b->sel);
		b->sel = xmalloc(b->row_cap * sizeof(*b->sel));
	}
	for (i = 0; i < b->nrow; i++)
		b->sel[i] = i;
	b->nsel = b->nrow;
	if (b->slot_cap < (size_t)nslot) {
		b->slot_cap = (size_t)nslot;
		b->slot = xrealloc(b->slot, b->slot_cap * sizeof(*b->slot));
	}
	b->nslot = nslot;
	for (i = 0; i < (uint32_t)nslot; i++)
		b->slot[i] = (struct slot){NULL, NULL};
}

struct bytes *
batch_cells(struct batch *b, int slot)
{
	struct slot *s = &b->slot[slot];

	if (!s->cell) {
		size_t n = (size_t)b->nrow * sizeof(*s->cell);

		s->cell = (struct bytes *)(void *)batch_alloc(b, n);
		memset(s->cell, 0, n);
	}
	return s->cell;
}

uint8_t *
batch_codes(struct batch *b, int slot)
{
	struct slot *s = &b->slot[slot];

	if (!s->code) {
		s->code = (uint8_t *)batch_alloc(b, b->nrow);
		memset(s->code, 0, b->nrow);
	}
	return s->code;
}

uint64_t
batch_line(const struct batch *b, uint32_t row)
{
	const char *p = b->base, *end;
	uint64_t line = b->line0;

	if (b->line)
		return b->line[row];
	for (end = batch_record(b, row).p;
	     p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		line++;
	return line;
}

void
batch_fini(struct batch *b)
{
	arena_free(b->arena);
	free(b->sel);
	free(b->slot);
	*b = BATCH_ZERO;
}

struct bytes
csv_unquote_slow(struct bytes raw, struct buf *scratch)
{
	const char *p = raw.p + 1, *e = raw.p + raw.n - 1, *q;

	if (*e != '"')
		return raw;
	q = memchr(p, '"', (size_t)(e - p));
	if (!q)
		return bytes_of(p, (size_t)(e - p));
	buf_clear(scratch);
	while (q) {
		buf_put(scratch, p, (size_t)(q - p) + 1);
		p = q + 2;
		q = p < e ? memchr(p, '"', (size_t)(e - p)) : NULL;
	}
	if (p < e)
		buf_put(scratch, p, (size_t)(e - p));
	return buf_bytes(scratch);
}

void
csv_put_field(struct buf *b, struct bytes v, char sep)
{
	const char *p = v.p, *e = v.p + v.n;

	for (; p < e; p++)
		if (*p == sep || *p == '"' || *p == '\n' || *p == '\r')
			break;
	if (p == e) {
		buf_putb(b, v);
		return;
	}
	buf_reserve(b, v.n + 2);
	buf_putc(b, '"');
	for (p = v.p; p < e; p++) {
		if (*p == '"')
			buf_putc(b, '"');
		buf_putc(b, *p);
	}
	buf_putc(b, '"');
}
