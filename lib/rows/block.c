#include "rows/block.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define KEPT ((size_t)4 << 20)

/* Bump allocation in a list of chunks.  At reset one takes the place of all,
 * as large as they were together: a block is like the one before it. */
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
block_alloc(struct block *b, size_t n)
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
block_reset(struct block *b, int nslot)
{
	uint32_t i;

	if (b->arena && b->arena->next) {
		struct arena *a = b->arena;
		size_t cap = 0;

		for (; a; a = a->next)
			cap += a->cap;
		arena_free(b->arena);
		b->arena = cap > KEPT ? NULL : arena_chunk(cap, NULL);
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
block_cells(struct block *b, int slot)
{
	struct slot *s = &b->slot[slot];

	if (!s->cell) {
		size_t n = (size_t)b->nrow * sizeof(*s->cell);

		s->cell = (struct bytes *)(void *)block_alloc(b, n);
		memset(s->cell, 0, n);
	}
	return s->cell;
}

uint8_t *
block_codes(struct block *b, int slot)
{
	struct slot *s = &b->slot[slot];

	if (!s->code) {
		s->code = (uint8_t *)block_alloc(b, b->nrow);
		memset(s->code, 0, b->nrow);
	}
	return s->code;
}

uint64_t
block_line(const struct block *b, uint32_t row)
{
	const char *p = b->base, *end;
	uint64_t line = b->line0;

	if (b->line)
		return b->line[row];
	for (end = block_record(b, row).p;
	     p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		line++;
	return line;
}

void
block_fini(struct block *b)
{
	arena_free(b->arena);
	free(b->sel);
	free(b->slot);
	*b = BLOCK_ZERO;
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

/* Eight bytes at a time: a byte of x is zero where (x - 0x01..) & ~x has its
 * top bit; so is then one below it, or none is. */
bool
csv_needs_quotes(struct bytes v, char sep)
{
	static const uint64_t low = UINT64_C(0x0101010101010101);
	uint64_t seps = low * (unsigned char)sep, x, found = 0;
	const char *p = v.p;
	size_t n = v.n;

#define IS_ZERO(v) (((v)-low) & ~(v))
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&x, p, 8);
		found |= IS_ZERO(x ^ seps) | IS_ZERO(x ^ low * '"') |
		    IS_ZERO(x ^ low * '\n') | IS_ZERO(x ^ low * '\r');
	}
	if (found & low << 7)
		return true;
#undef IS_ZERO
	for (; n; p++, n--)
		if (*p == sep || *p == '"' || *p == '\n' || *p == '\r')
			return true;
	return false;
}

void
csv_put_quoted(struct buf *b, struct bytes v)
{
	const char *p = v.p, *e = v.p + v.n, *q;

	buf_reserve(b, v.n + 2);
	buf_putc(b, '"');
	for (; p < e && (q = memchr(p, '"', (size_t)(e - p))); p = q + 1) {
		buf_put(b, p, (size_t)(q + 1 - p));
		buf_putc(b, '"');
	}
	buf_put(b, p, (size_t)(e - p));
	buf_putc(b, '"');
}

void
csv_put_field(struct buf *b, struct bytes v, char sep)
{
	if (csv_needs_quotes(v, sep))
		csv_put_quoted(b, v);
	else
		buf_putb(b, v);
}
