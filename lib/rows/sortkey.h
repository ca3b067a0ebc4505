/*
 * sortkey - makes keys of rows: the columns of -k and their types give one key
 * per row, and the rows are in the order of the bytes of their keys, in which a
 * prefix comes before what it begins.
 *
 *	sortkey_init(&k);
 *	sortkey_add(&k, "Country", &e); sortkey_add(&k, "when:tr", &e);
 *	sortkey_find(&k, &schema, &e);
 *	sortkey_of(&k, block, row, &room, &key, &e);
 *	sortkey_fini(&k);
 *
 * The key of a row is the keys of its columns one after the other.  The key of
 * a column is no prefix of another key of that column, so the first column that
 * differs decides; only the last column need not be so.
 *
 *	b	the value's bytes, with 0 and 1 as 1 1 and 1 2; then 0, which is
 *		less than all of these.  In the last column, if ascending, the
 *		bytes as they are.
 *	n	number_key() of the nearest double, big-endian.  From 2^53 on,
 *		where doubles do not hold all integers, two bytes follow: 2^15 +
 *		the distance of the integer from that double, which is at most
 *		1024 (half the spacing of doubles below 2^64); 2^15 for other
 *		numbers.  Rounding keeps the order, so the distance decides only
 *		between integers that have one double.
 *		Missing is eight bytes 0, which no number has: the key of -inf
 *		begins with 00 0f ff.
 *	t	hi of the instant, big-endian, then 1 + lo.  Missing is nine
 *		bytes 0.
 *
 * r inverts all bits, which reverses the order.
 */
#ifndef SHARD_SORTKEY_H
#define SHARD_SORTKEY_H

#include "base/instant.h"
#include "rows/block.h"

enum sort_type { SORT_BYTES, SORT_NUMBER, SORT_TIME };

struct sort_column {
	const char *spec; /* as -k has it */
	char *name;
	enum sort_type type;
	bool descending, last;
	struct column col;
	/* the kind of all times so far, and the first time */
	enum time_kind kind;
	char *first;
	size_t end; /* where its part of the last key ends */
};

struct sortkey {
	struct sort_column *col;
	size_t ncol;
	struct buf scratch;
	/* Messages ask for bytes by these: "-k" COL "" */
	const char *option, *as_bytes;
};

/* Makes k an empty list of columns. */
void sortkey_init(struct sortkey *k);
/* Frees the columns. */
void sortkey_fini(struct sortkey *k);
/*
 * Adds a column as -k names it: COL[:b|n|t][r].  The text after the last colon
 * is a part of the name unless it is b, n, t, br, nr, tr or r.  spec must
 * outlive k.
 */
void sortkey_add(struct sortkey *k, const char *spec);
/* Says that other bytes will follow the key of the last column. */
void sortkey_more(struct sortkey *k);
/* Finds the columns in the schema.  Rows with the same values have the same
 * keys, whatever the schema. */
MUST_CHECK int sortkey_find(struct sortkey *k, struct schema *s, struct err *e);
/* Sets *key to the key of a row, which is built in room; where the value itself
 * is the key, *key lies in the block. */
MUST_CHECK int sortkey_of(struct sortkey *k, const struct block *b,
    uint32_t row, struct buf *room, struct bytes *key, struct err *e);
/* Appends to key the key of value v of column col. */
MUST_CHECK int sortkey_value(struct sortkey *k, size_t col, struct bytes v,
    struct buf *key, struct err *e);
/* Returns the column that decides between last, the key made last, and other.
 */
const struct sort_column *
sortkey_decides(const struct sortkey *k, struct bytes last, struct bytes other);

#endif
