/*
 * block - the complete records that go through the stages together.
 *
 *	base      "1,ann,5\n2,,7\n3,\"x,y\",9\n"   records of the source
 *	end[-1]   -1                         so that field 0 starts at 0
 *	end[0..]  1 5 7  9 10 12  ...        where the fields end: nrow * nfield
 *	sel[]     0 2                        the rows still kept, ascending
 *	slot[]                               values that replace fields of rows
 *	                                     or are appended to them
 *
 * Where the source was told that only a few fields are needed, end has only
 * their ends, those of the fields before them, and those of the records.
 *
 * Stages never change base: they shorten sel or put values into slots.  All
 * pointers are valid until the source makes the next block.
 */
#ifndef SHARD_BLOCK_H
#define SHARD_BLOCK_H

#include "base/base.h"
#include "base/buf.h"
#include "rows/schema.h"

/* The values of one slot, one per row; one of the two arrays is used. */
struct slot {
	struct bytes *cell; /* raw CSV bytes; p is NULL if not replaced */
	uint8_t *code;      /* index into the column's code_names */
};

struct arena;

struct block {
	const char *base;
	const uint32_t *end;
	uint32_t nrow, nfield;
	uint32_t *sel;
	uint32_t nsel;
	uint64_t row0;        /* number of row 0 in its shard, from 0 */
	uint64_t line0;       /* line on which record 0 begins */
	const uint64_t *line; /* line of each record, where the source left
	                         records out; else NULL */
	uint64_t shard;       /* number of the input shard */
	struct slot *slot;
	int nslot;
	size_t row_cap, slot_cap;
	struct arena *arena;
};

#define BLOCK_ZERO ((struct block){.slot = NULL})

/* For the source, when it has set the records: empties nslot slots and selects
 * all nrow rows. */
void block_reset(struct block *b, int nslot);
/* Frees the memory of the block. */
void block_fini(struct block *b);
/* Returns n bytes, aligned for any type, that are valid until block_reset(). */
char *block_alloc(struct block *b, size_t n);
/* Returns the cells of a slot, one per row; at the first call none is replaced.
 */
struct bytes *block_cells(struct block *b, int slot);
/* Returns the codes of a slot, one per row; at the first call all are 0. */
uint8_t *block_codes(struct block *b, int slot);

/* Returns the raw bytes of a field of a record. */
static inline struct bytes
block_field(const struct block *b, uint32_t row, uint32_t field)
{
	const uint32_t *p = b->end + (size_t)row * b->nfield + field;
	uint32_t start = p[-1] + 1; /* wraps to 0 for the very first */

	return bytes_of(b->base + start, p[0] - start);
}

/* Returns a whole record of the source, with its newline. */
static inline struct bytes
block_record(const struct block *b, uint32_t row)
{
	const uint32_t *p = b->end + (size_t)row * b->nfield;
	uint32_t start = p[-1] + 1;

	return bytes_of(b->base + start, p[b->nfield - 1] + 1 - start);
}

/* Returns the raw CSV bytes of a column in a row, with any quotes. */
static inline struct bytes
block_raw(const struct block *b, const struct column *c, uint32_t row)
{
	if (c->slot >= 0) {
		const struct slot *s = &b->slot[c->slot];

		if (s->code)
			return bytes_str(c->code_names[s->code[row]]);
		if (s->cell && s->cell[row].p)
			return s->cell[row];
	}
	return c->src >= 0 ? block_field(b, row, (uint32_t)c->src)
			   : bytes_of("", 0);
}

/* A column of a block, for loops over rows. */
struct block_column {
	const struct block *b;
	const struct column *c;
	const char *base;
	const uint32_t *end; /* of its field in record 0; NULL if it has a
	                        slot */
	size_t nfield;
};

/* Returns a column of the block, valid as long as the block. */
static inline struct block_column
block_column(const struct block *b, const struct column *c)
{
	return (struct block_column){b, c, b->base,
	    c->slot < 0 && c->src >= 0 ? b->end + c->src : NULL, b->nfield};
}

/* Returns what block_raw() returns. */
static inline struct bytes
block_column_raw(const struct block_column *x, uint32_t row)
{
	const uint32_t *p;
	uint32_t start;

	if (UNLIKELY(!x->end))
		return block_raw(x->b, x->c, row);
	p = x->end + row * x->nfield;
	start = p[-1] + 1;
	return bytes_of(x->base + start, p[0] - start);
}

/* For a column that lies in the records, returns the last place at which eight
 * bytes can be read; NULL if there is none. */
static inline const char *
block_column_wide(const struct block_column *x)
{
	size_t n = (size_t)x->b->nrow * x->nfield;

	return x->end && n && x->b->end[n - 1] >= 8
	    ? x->base + x->b->end[n - 1] - 7
	    : NULL;
}

/* Returns the line of its file on which a row begins. */
uint64_t block_line(const struct block *b, uint32_t row);

/* Returns the value of a field that begins with a quote; callers use
 * csv_value().
 */
struct bytes csv_unquote_slow(struct bytes raw, struct buf *scratch);
/* Returns the value of a field without its quotes: as part of raw, or in
 * scratch where it has doubled quotes. */
static inline struct bytes
csv_value(struct bytes raw, struct buf *scratch)
{
	if (LIKELY(raw.n < 2 || raw.p[0] != '"'))
		return raw;
	return csv_unquote_slow(raw, scratch);
}

/* The same, but the value is valid as long as the block. */
static inline struct bytes
block_value(struct block *b, struct bytes raw, struct buf *scratch)
{
	struct bytes v = csv_value(raw, scratch);

	if (UNLIKELY(v.p == scratch->p && v.n))
		v = bytes_of(memcpy(block_alloc(b, v.n), v.p, v.n), v.n);
	return v;
}

/* Returns true if value has a separator, a quote, CR or LF. */
bool csv_needs_quotes(struct bytes value, char sep);
/* Appends value as a CSV field, in quotes only if it needs them. */
void csv_put_field(struct buf *b, struct bytes value, char sep);

/* Appends value as a CSV field in quotes. */
void csv_put_quoted(struct buf *b, struct bytes value);

/* Returns true if the raw field is empty or two quotes. */
static inline bool
csv_is_empty(struct bytes raw)
{
	return raw.n == 0 || (raw.n == 2 && raw.p[0] == '"' && raw.p[1] == '"');
}

#endif
