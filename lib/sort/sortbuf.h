/*
 * sortbuf - records with keys, sorted in memory: what a run is made of.
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
 * Records come out in byte order of their keys (a key before those it is the
 * beginning of), those of one key in the order in which they came.  Keys and
 * rows are any bytes.  A record lies in the arena as it lies in a run:
 *
 *	length of the key, length of the row, key, row
 *
 * the lengths as LEB128.
 */
#ifndef SHARD_SORTBUF_H
#define SHARD_SORTBUF_H

#include "base/base.h"
#include "base/pages.h"

/* Bytes that a record takes beside its key and row, at most. */
#define RECORD_HEAD 20
/* And in the buffer: its entry, and as much again while it is sorted. */
#define SORTBUF_ENTRY 32

/*
 * A record's place and ten bytes of its key:
 *
 *	hi   bytes 0 to 7 of the key, from some depth on; zero padded
 *	lo   bytes 8 and 9 | how many bytes there are, 11 for more | place 40
 *
 * Entries of one depth compare as their keys do, as far as they reach: where
 * the padded bytes are equal, the shorter key is a beginning of the other.
 */
struct sort_entry {
	uint64_t hi, lo;
};

struct sortbuf {
	size_t memory; /* of records and entries, when full */
	struct pages arena, entry, spare;
	size_t used; /* of the arena */
	size_t n;
	size_t key_max; /* the longest key */
};

void sortbuf_init(struct sortbuf *b, size_t memory);
/* Does such a record fit into an empty buffer? */
bool sortbuf_fits(const struct sortbuf *b, struct bytes key, struct bytes row);
/* False when it is full. */
MUST_CHECK bool
sortbuf_add(struct sortbuf *b, struct bytes key, struct bytes row);
/* False when the system gives no memory for it. */
MUST_CHECK bool sortbuf_sort(struct sortbuf *b);
/* The record at place i of the order, whole; then its parts. */
struct bytes sortbuf_record(const struct sortbuf *b, size_t i);
void record_split(struct bytes record, struct bytes *key, struct bytes *row);
void sortbuf_clear(struct sortbuf *b);

/* How far it is filled; and back to there, before anything was sorted. */
struct sortbuf_mark {
	size_t n, used;
};
struct sortbuf_mark sortbuf_mark(const struct sortbuf *b);
void sortbuf_rollback(struct sortbuf *b, struct sortbuf_mark m);
/* Sorts only what was there at the mark: the records at places 0 to m.n; then
 * takes them out, so that the others are all there is. */
MUST_CHECK bool sortbuf_sort_to(struct sortbuf *b, struct sortbuf_mark m);
void sortbuf_remove_to(struct sortbuf *b, struct sortbuf_mark m);
/* Gives the memory back; may be used on. */
void sortbuf_fini(struct sortbuf *b);

/* A length at p, which ends at e: the bytes it takes, 0 when it is cut or no
 * length. */
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

/* The reverse; p has room for RECORD_HEAD / 2 bytes. */
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
