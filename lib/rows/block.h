/*
 * block - complete records on its way through the stages.
 *
 *	base      "1,ann,5\n2,,7\n3,\"x,y\",9\n"   source records, LF
 *	end[-1]   -1                         (so that field 0 starts at 0)
 *	end[0..]  1 5 7  9 10 12  ...        nrow * nfield offsets
 *	sel[]     0 2                        rows still kept, ascending
 *	slot[]                               per-row replacements and
 *	                                     appended values
 *
 * Where the source was told that few fields are looked at, only their ends (and
 * those of the fields before them) are in end, and those of the records.
 *
 * Stages never touch base: they shorten sel, or put values into slots.  All
 * pointers hold until the source makes the next block.
 */
#ifndef SHARD_BLOCK_H
#define SHARD_BLOCK_H

#include "base/base.h"
#include "base/buf.h"
#include "rows/schema.h"

/* Per-row values of one slot; one of the two arrays is used. */
struct slot {
	struct bytes *cell; /* raw CSV bytes; p NULL: not replaced */
	uint8_t *code;      /* index into the column's code_names */
};

struct arena;

struct block {
	const char *base;
	const uint32_t *end;
	uint32_t nrow, nfield;
	uint32_t *sel;
	uint32_t nsel;
	uint64_t row0;        /* row number of record 0 in its shard, from 0 */
	uint64_t line0;       /* line number of record 0 */
	const uint64_t *line; /* of each record, where the source left some
	                         out; else NULL */
	uint64_t shard;       /* number of the input shard */
	struct slot *slot;
	int nslot;
	size_t row_cap, slot_cap;
	struct arena *arena;
};

#define BLOCK_ZERO ((struct block){.slot = NULL})

/* Called by the source: empties the slots and selects all nrow rows. */
void block_reset(struct block *b, int nslot);
void block_fini(struct block *b);
/* Memory that lives as long as the block. */
char *block_alloc(struct block *b, size_t n);
struct bytes *block_cells(struct block *b, int slot);
uint8_t *block_codes(struct block *b, int slot);

static inline struct bytes
block_field(const struct block *b, uint32_t row, uint32_t field)
{
	const uint32_t *p = b->end + (size_t)row * b->nfield + field;
	uint32_t start = p[-1] + 1; /* wraps to 0 for the very first */

	return bytes_of(b->base + start, p[0] - start);
}

/* One whole source record with its newline. */
static inline struct bytes
block_record(const struct block *b, uint32_t row)
{
	const uint32_t *p = b->end + (size_t)row * b->nfield;
	uint32_t start = p[-1] + 1;

	return bytes_of(b->base + start, p[b->nfield - 1] + 1 - start);
}

/* The raw CSV bytes of a column in a row, quotes and all. */
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

/* A column of a block, for whoever goes through its rows. */
struct block_column {
	const struct block *b;
	const struct column *c;
	const char *base;
	const uint32_t *end; /* of its field in record 0; NULL: in a slot */
	size_t nfield;
};

static inline struct block_column
block_column(const struct block *b, const struct column *c)
{
	return (struct block_column){b, c, b->base,
	    c->slot < 0 && c->src >= 0 ? b->end + c->src : NULL, b->nfield};
}

/* block_raw() of a row. */
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

/* The last place from where on there are eight bytes of records in a column
 * that is in the records; NULL: there is none. */
static inline const char *
block_column_wide(const struct block_column *x)
{
	size_t n = (size_t)x->b->nrow * x->nfield;

	return x->end && n && x->b->end[n - 1] >= 8
	    ? x->base + x->b->end[n - 1] - 7
	    : NULL;
}

/* The line of its file on which a row begins. */
uint64_t block_line(const struct block *b, uint32_t row);

/* The value that raw CSV bytes stand for; in scratch if it had to be built. */
struct bytes csv_unquote_slow(struct bytes raw, struct buf *scratch);
static inline struct bytes
csv_value(struct bytes raw, struct buf *scratch)
{
	if (LIKELY(raw.n < 2 || raw.p[0] != '"'))
		return raw;
	return csv_unquote_slow(raw, scratch);
}

/* The same, valid as long as the block. */
static inline struct bytes
block_value(struct block *b, struct bytes raw, struct buf *scratch)
{
	struct bytes v = csv_value(raw, scratch);

	if (UNLIKELY(v.p == scratch->p && v.n))
		v = bytes_of(memcpy(block_alloc(b, v.n), v.p, v.n), v.n);
	return v;
}

/* Is there a sep, a quote, CR or LF in it? */
bool csv_needs_quotes(struct bytes value, char sep);
/* Appends value as a CSV field, quoted only where that is needed. */
void csv_put_field(struct buf *b, struct bytes value, char sep);

/* The same, in quotes in any case. */
void csv_put_quoted(struct buf *b, struct bytes value);

/* Is the raw field empty, or the quoted empty string? */
static inline bool
csv_is_empty(struct bytes raw)
{
	return raw.n == 0 || (raw.n == 2 && raw.p[0] == '"' && raw.p[1] == '"');
}

#endif
