/*
 * firstrows - first.rows: which rows of each shard are first occurrences of
 * their keys, a bit for each row.  What a shard needs of it is the shard's own
 * bits, however many keys there are over all.
 *
 *	0      header, 4 KiB
 *	4 KiB  bits of each shard in turn, u64 words; row r is bit r % 64 of
 *	       word r / 64
 *	...    shard table: number, rows, offset of its bits, digest of them
 *
 * Numbers are little-endian.  The header holds a digest of the shard table, so
 * a shard's bits are checked, against the table, when they are asked for.
 */
#ifndef SHARD_FIRSTROWS_H
#define SHARD_FIRSTROWS_H

#include "base/base.h"
#include "base/err.h"

struct firstrows;

struct firstrows *firstrows_open(const char *path, struct err *e);
void firstrows_close(struct firstrows *f);
uint64_t firstrows_keys(const struct firstrows *f);
/* Is of the rows at a key's first time only the first one in it? */
bool firstrows_one(const struct firstrows *f);

/* The bits of a shard; valid until the file is closed. */
struct rowbits {
	const uint64_t *word;
	uint64_t rows;
};
static inline bool
rowbits_get(const struct rowbits *b, uint64_t row)
{
	return b->word[row / 64] >> row % 64 & 1;
}
/* 0, or -1 when the shard is not there or its bits are damaged. */
MUST_CHECK int firstrows_find(
    struct firstrows *f, uint64_t number, struct rowbits *bits, struct err *e);

/*
 * Writing.  The bits are shared with the processes that are forked afterwards.
 */
struct firstrows_writer;
struct firstrows_writer *
firstrows_create(const char *path, bool one, const uint64_t *shards,
    const uint64_t *rows, size_t nshards, struct err *e);
/* False: there is no such row. */
MUST_CHECK bool
firstrows_set(struct firstrows_writer *w, uint32_t ordinal, uint64_t row);
bool
firstrows_get(const struct firstrows_writer *w, uint32_t ordinal, uint64_t row);
/* Ends and commits the file. */
MUST_CHECK int
firstrows_finish(struct firstrows_writer *w, uint64_t keys, struct err *e);
void firstrows_writer_free(struct firstrows_writer *w);

#endif
