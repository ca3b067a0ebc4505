/*
 * firstrows - the file first.rows: for each row of each shard, a bit that is
 * set where the row is the first occurrence of its key.  A shard needs only its
 * own bits, however many keys there are in all.
 *
 *	0      header, 4 KiB
 *	4 KiB  bits of each shard in turn, u64 words; row r is bit r % 64 of
 *	       word r / 64
 *	...    shard table: number, rows, offset of its bits, digest of them
 *
 * Numbers are little-endian.  The header has a digest of the shard table, and
 * the table a digest of each shard's bits, which is checked when they are asked
 * for.
 */
#ifndef SHARD_FIRSTROWS_H
#define SHARD_FIRSTROWS_H

#include "base/base.h"
#include "base/err.h"

struct firstrows;

/* Opens the file; NULL on error.  The caller frees it with firstrows_close().
 */
struct firstrows *firstrows_open(const char *path, struct err *e);
/* Closes the file and frees f. */
void firstrows_close(struct firstrows *f);
/* Returns the number of keys. */
uint64_t firstrows_keys(const struct firstrows *f);
/* Returns true if only one row of each key is marked, and false if all rows at
 * the key's first time are. */
bool firstrows_one(const struct firstrows *f);

/* The bits of a shard, valid until the file is closed. */
struct rowbits {
	const uint64_t *word;
	uint64_t rows;
};
/* Returns the bit of a row, counted from 0 and less than b->rows. */
static inline bool
rowbits_get(const struct rowbits *b, uint64_t row)
{
	return b->word[row / 64] >> row % 64 & 1;
}
/* Sets *bits to those of the shard with that number.  Returns -1 when the file
 * does not have the shard or its bits are damaged. */
MUST_CHECK int firstrows_find(
    struct firstrows *f, uint64_t number, struct rowbits *bits, struct err *e);

/* A writer of the file.  Processes that are forked later share its bits. */
struct firstrows_writer;
/* Begins the file for nshards shards, of which shards has the numbers and rows
 * the numbers of rows; one is what firstrows_one() is to return.  NULL on
 * error; the caller frees it with firstrows_writer_free(). */
struct firstrows_writer *
firstrows_create(const char *path, bool one, const uint64_t *shards,
    const uint64_t *rows, size_t nshards, struct err *e);
/* Sets the bit of a row of the shard at that index; false if it has no such
 * row.
 */
MUST_CHECK bool
firstrows_set(struct firstrows_writer *w, uint32_t ordinal, uint64_t row);
/* Returns the bit of such a row. */
bool
firstrows_get(const struct firstrows_writer *w, uint32_t ordinal, uint64_t row);
/* Writes the rest of the file, with the number of keys, and commits it. */
MUST_CHECK int
firstrows_finish(struct firstrows_writer *w, uint64_t keys, struct err *e);
/* Frees w, and removes a file that was not committed. */
void firstrows_writer_free(struct firstrows_writer *w);

#endif
