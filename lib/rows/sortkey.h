/*
 * sortkey - the order of rows, as bytes: the columns of -k and their types
 * become one key per row, and rows order as their keys do under memcmp(), a
 * key before those it is the beginning of.
 *
 *	sortkey_init(&k);
 *	sortkey_add(&k, "Country", &e); sortkey_add(&k, "when:tr", &e);
 *	sortkey_find(&k, &schema, &e);
 *	sortkey_of(&k, block, row, &room, &key, &e);
 *	sortkey_fini(&k);
 *
 * A key is the keys of its columns behind each other.  None of these is the
 * beginning of another of the same column, so the first column that differs
 * decides; the last column alone may leave that out.
 *
 *	b	the value's bytes, 0 and 1 as 1 1 and 1 2; then 0, which is
 *		less than all of these.  In the last column, ascending: the
 *		bytes as they are.
 *	n	number_key() of the nearest double, big-endian.  From 2^53 up,
 *		where integers have doubles no longer, two bytes more: 2^15 +
 *		the integer's distance from that double, which is at most 1024
 *		(half the spacing of doubles below 2^64); 2^15 for other
 *		numbers.  Rounding keeps the order, so the distance only
 *		decides between integers of one double.
 *		Missing is 8 times 0: no number has that key, as -inf has
 *		00 0f ff ...
 *	t	hi of the instant, big-endian, then 1 + lo.  Missing is 9
 *		times 0.
 *
 * r turns all bits over, which turns the order round.
 */
#ifndef SHARD_SORTKEY_H
#define SHARD_SORTKEY_H

#include "base/instant.h"
#include "rows/block.h"

enum sort_type { SORT_BYTES, SORT_NUMBER, SORT_TIME };

struct sort_column {
	const char *spec; /* as it was given */
	char *name;
	enum sort_type type;
	bool descending, last;
	struct column col;
	/* the kind of the times so far, and the first of them */
	enum time_kind kind;
	char *first;
	size_t end; /* of this column's part of the key made last */
};

struct sortkey {
	struct sort_column *col;
	size_t ncol;
	struct buf scratch;
	/* How to ask for bytes, for messages: "-k" COL "" */
	const char *option, *as_bytes;
};

void sortkey_init(struct sortkey *k);
void sortkey_fini(struct sortkey *k);
/*
 * A column as -k names it: COL[:b|n|t][r].  What stands behind the last colon
 * counts only when it is b, n, t, br, nr, tr or r.  spec is borrowed.
 */
void sortkey_add(struct sortkey *k, const char *spec);
/* More bytes will follow the last column's. */
void sortkey_more(struct sortkey *k);
/* Finds the columns in the schema; schemas with the same columns give the same
 * keys. */
MUST_CHECK int sortkey_find(struct sortkey *k, struct schema *s, struct err *e);
/* The key of a row, made in room; or the value itself, in the block, where that
 * is the key. */
MUST_CHECK int sortkey_of(struct sortkey *k, const struct block *b,
    uint32_t row, struct buf *room, struct bytes *key, struct err *e);
/* Appends the key of a value of one column. */
MUST_CHECK int sortkey_value(struct sortkey *k, size_t col, struct bytes v,
    struct buf *key, struct err *e);
/* The column that decides between the key made last and another one. */
const struct sort_column *
sortkey_decides(const struct sortkey *k, struct bytes last, struct bytes other);

#endif
