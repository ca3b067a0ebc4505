/*
 * keyindex - the file first.idx: the first occurrence of each key in all
 * shards. The file is mapped read-only, and all workers share its pages.
 *
 *	0      header, 4 KiB
 *	64 KiB entries, 32 bytes each, in (hash, key) order
 *	...    bucket directory, u32: the index of the first entry of each
 *	       bucket h >> shift, and one more at the end
 *	...    shard numbers, u64 each, by ordinal
 *	...    heap: the keys longer than 15 bytes
 *	...    digests, u64: one for each 64 KiB of the above, without the
 *	       header
 *
 * All sections begin at a multiple of 8.  Numbers are little-endian.  The
 * time to open the file does not grow with its size: each 64 KiB are checked
 * against their digest when a look-up first needs them, so a damaged file gives
 * an error and never a wrong answer.
 */
#ifndef SHARD_KEYINDEX_H
#define SHARD_KEYINDEX_H

#include "base/err.h"
#include "keys/keyent.h"

struct keyindex;

/* Opens the file; NULL on error.  The caller frees it with keyindex_close(). */
struct keyindex *keyindex_open(const char *path, struct err *e);
/* Returns the number of keys. */
uint64_t keyindex_keys(const struct keyindex *x);
/* Returns the ordinal of a shard by its number, or -1. */
int64_t keyindex_ordinal(const struct keyindex *x, uint64_t number);
/* Looks up a key, with its key_hash().  Returns 1 and copies the entry to
 * *found; 0 when the file does not have the key, -1 when the file is damaged.
 */
MUST_CHECK int keyindex_find(struct keyindex *x, struct bytes key,
    uint64_t hash, struct keyent *found, struct err *e);
/* Looks up n keys at once, at most KEYINDEX_GROUP, in a fraction of the time of
 * single look-ups.  Sets found[i] to the entry of key i, valid until the index
 * is closed, or to NULL.  Returns -1 when the file is damaged. */
#define KEYINDEX_GROUP 64
MUST_CHECK int keyindex_find_all(struct keyindex *x, const struct bytes *key,
    const uint64_t *hash, size_t n, const struct keyent **found, struct err *e);
/* Returns the number of a shard by its ordinal. */
uint64_t keyindex_shard(const struct keyindex *x, uint32_t ordinal);
/* Closes the file and frees x. */
void keyindex_close(struct keyindex *x);

/* A writer of the file. */
struct keyindex_writer;
/* Begins the file for at most max_keys keys of shards with these numbers; NULL
 * on error.  The caller frees it with keyindex_writer_free(). */
struct keyindex_writer *keyindex_create(const char *path, uint64_t max_keys,
    const uint64_t *shards, size_t nshards, struct err *e);
/* Adds an entry, with its key and the key's hash; entries come in (hash, key)
 * order. */
MUST_CHECK int keyindex_add(struct keyindex_writer *w, const struct keyent *k,
    struct bytes key, uint64_t hash, struct err *e);
/* Writes the rest of the file and commits it. */
MUST_CHECK int keyindex_finish(struct keyindex_writer *w, struct err *e);
/* Frees w, and removes a file that was not committed. */
void keyindex_writer_free(struct keyindex_writer *w);

#endif
