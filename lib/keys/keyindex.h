/*
 * keyindex - first.idx: every key's first occurrence over all shards, in a
 * file that is mapped read-only and shared by all workers.
 *
 *	0      header, 4 KiB
 *	64 KiB entries, 32 bytes each, in (hash, key) order
 *	...    bucket directory: for bucket h >> shift the index of its first
 *	       entry, u32; one more at the end
 *	...    shard numbers, u64 each, by ordinal
 *	...    heap: the keys longer than 15 bytes
 *	...    digests, u64: one per 64 KiB of all the above but the header
 *
 * All sections begin at a multiple of 8.  Numbers are little-endian.  Opening
 * costs nothing that grows with the file: each 64 KiB page is checked against
 * its digest when a look-up first touches it, so a damaged file is an error
 * and never a wrong answer.
 */
#ifndef SHARD_KEYINDEX_H
#define SHARD_KEYINDEX_H

#include "base/err.h"
#include "keys/keyent.h"

struct keyindex;

struct keyindex *keyindex_open(const char *path, struct err *e);
uint64_t keyindex_keys(const struct keyindex *x);
/* A digest of the whole content, from the header. */
uint64_t keyindex_digest(const struct keyindex *x);
/* Ordinal of a shard number, or -1. */
int64_t keyindex_ordinal(const struct keyindex *x, uint64_t number);
/* 1 and the entry, 0 when the key is not there, -1 when the file is bad. */
MUST_CHECK int keyindex_find(struct keyindex *x, struct bytes key,
    uint64_t hash, struct keyent *found, struct err *e);
/* The same for n keys at once, which takes a fraction of the time each: their
 * entries, NULL for keys that are not there, valid until the index is closed.
 * 0, or -1 when the file is bad. */
#define KEYINDEX_GROUP 64 /* the most keys at once, and a good number */
MUST_CHECK int keyindex_find_all(struct keyindex *x, const struct bytes *key,
    const uint64_t *hash, size_t n, const struct keyent **found, struct err *e);
/* Shard number by ordinal. */
uint64_t keyindex_shard(const struct keyindex *x, uint32_t ordinal);
void keyindex_close(struct keyindex *x);

/* Writing, in (hash, key) order; entries with heap keys are given the key. */
struct keyindex_writer;
struct keyindex_writer *keyindex_create(const char *path, uint64_t max_keys,
    const uint64_t *shards, size_t nshards, struct err *e);
MUST_CHECK int keyindex_add(struct keyindex_writer *w, const struct keyent *k,
    struct bytes key, uint64_t hash, struct err *e);
/* Ends and commits the file. */
MUST_CHECK int keyindex_finish(struct keyindex_writer *w, struct err *e);
void keyindex_writer_free(struct keyindex_writer *w);

#endif
