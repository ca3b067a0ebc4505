/*
 * sortbuf - sorts records by their keys in memory; a run is made of these.
 *
 *	struct sortbuf b;
 *	sortbuf_init(&b, memory);
 *	while (there are records)
 *		if (!sortbuf_add(&b, key, row))
 *			... full: sort, use, clear
 *	if (!sortbuf_sort(&b)) ...
 *	for (i = 0; i < b.n; i++)
 *		use(sortbuf_record(&b, i));
 *	sortbuf_fini(&b);
 *
 * Records come in byte order of their keys, in which a prefix comes before what
 * it begins; records with equal keys come in the order in which they were
 * added. Keys and rows may have any bytes.  In the arena and in a run a record
 * is
 *
 *	length of the key, length of the row, key, row
 *
 * with the lengths in LEB128.
 */
#ifndef SHARD_SORTBUF_H
#define SHARD_SORTBUF_H

#include "base/base.h"
#include "base/pages.h"

/* The most bytes that a record takes besides its key and row. */
#define RECORD_HEAD 20
/* The bytes it takes in the buffer besides: its entry, twice while sorting. */
#define SORTBUF_ENTRY 32

/*
 * The place of a record in the arena, and ten bytes of its key from some depth:
 *
 *	hi   bytes 0 to 7, padded with zeros
 *	lo   bytes 8 and 9 | number of bytes, 11 if there are more than 10 |
 *	     place, 40 bits
 *
 * Entries of one depth compare as these bytes of their keys do: where the
 * padded bytes are equal, the shorter key is a prefix of the longer one.
 */
struct sort_entry {
	uint64_t hi, lo;
};

struct sortbuf {
	size_t memory; /* bytes of records and entries when it is full */
	struct pages arena, entry, spare;
	size_t used;    /* bytes of the arena */
	size_t n;       /* records */
	size_t key_max; /* length of the longest key */
};

/* Makes b an empty buffer of so many bytes, which are taken as it fills. */
void sortbuf_init(struct sortbuf *b, size_t memory);
/* Returns true if the record fits into b when b is empty. */
bool sortbuf_fits(const struct sortbuf *b, struct bytes key, struct bytes row);
/* Adds a record, which it copies; returns false when the record does not fit.
 */
MUST_CHECK bool
sortbuf_add(struct sortbuf *b, struct bytes key, struct bytes row);
/* Sorts the records; returns false when there is no memory for it. */
MUST_CHECK bool sortbuf_sort(struct sortbuf *b);
/* Returns record i of the order, with its lengths, as a run has it; it is valid
 * until b changes. */
struct bytes sortbuf_record(const struct sortbuf *b, size_t i);
/* Sets key and row to the parts of such a record. */
void record_split(struct bytes record, struct bytes *key, struct bytes *row);
/* Removes all records and keeps the memory. */
void sortbuf_clear(struct sortbuf *b);

/* How far a buffer is filled. */
struct sortbuf_mark {
	size_t n, used;
};
/* Returns how far b is filled now. */
struct sortbuf_mark sortbuf_mark(const struct sortbuf *b);
/* Removes the records added since the mark; nothing may have been sorted since.
 */
void sortbuf_rollback(struct sortbuf *b, struct sortbuf_mark m);
/* Sorts only the records that were there at the mark, which are then records 0
 * to m.n - 1; returns false when there is no memory for it. */
MUST_CHECK bool sortbuf_sort_to(struct sortbuf *b, struct sortbuf_mark m);
/* Removes these records, so that those added since the mark are all there are.
 */
void sortbuf_remove_to(struct sortbuf *b, struct sortbuf_mark m);
/* Frees the memory; b is empty afterwards and may be used again. */
void sortbuf_fini(struct sortbuf *b);

/* Reads a length at p into *n; the bytes end at e.  Returns how many bytes the
 * length takes, or 0 when it is cut off or is no length. */
static inline size_t
length_get(const char *p, const char *e, uint64_t *n)
{
	unsigned shift = 0;
	const char *s = p;

	if (LIKELY(p < e && (unsigned char)*p < 0x80)) {
		*n = (unsigned char)*p;
		return 1;
	}
	for (*n = 0; s < e && shift < 63; shift += 7) {
		unsigned char c = (unsigned char)*s++;

		*n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return (size_t)(s - p);
	}
	return 0;
}

/* Writes a length to p, which must have room for RECORD_HEAD / 2 bytes, and
 * returns how many bytes it takes. */
static inline size_t
length_put(char *p, uint64_t n)
{
	char *s = p;

	for (; n >= 0x80; n >>= 7)
		*s++ = (char)(n | 0x80);
	*s++ = (char)n;
	return (size_t)(s - p);
}

#endif
