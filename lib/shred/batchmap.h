/*
 * batchmap - which batch each group goes to: a batches.tsv in memory.
 *
 *	struct batchmap m;
 *	if (batchmap_load(&m, "batches.tsv", &e) == 0) {
 *		i = batchmap_find(&m, key, key_hash(key));
 *		use i < 0 ? none : m.batch[i];
 *	}
 *	batchmap_fini(&m);
 *
 * Memory: a group takes 70 to 140 bytes, and its key where that is longer than
 * 15 bytes; half as much again while the file is read, and its longest line.
 * Look-ups change nothing: any number of threads may do them at once.
 */
#ifndef SHARD_BATCHMAP_H
#define SHARD_BATCHMAP_H

#include "base/err.h"
#include "keys/keytable.h"

#define BATCHMAP_MAX_GROUPS (UINT32_C(1) << 26)

struct batchmap {
	char *column;    /* of the keys */
	uint32_t n;      /* groups: the lines behind the header, from 0 */
	uint32_t nbatch; /* batches 0 to nbatch - 1, none of them empty */
	uint32_t *batch; /* of the group in line i */
	/* The lines are in the order of their keys as integers; else in that of
	 * their bytes.  Where they are in both, as integers. */
	bool ints;
	uint64_t digest;      /* XXH3-64 of the file */
	struct keytable keys; /* row: the line */
};

/* Reads a batches.tsv as shard-context(5) has it, perhaps without a group;
 * anything else is an error `FILE:LINE: what`.  batchmap_fini() in any case. */
MUST_CHECK int
batchmap_load(struct batchmap *m, const char *path, struct err *e);
void batchmap_fini(struct batchmap *m);
/* The group whose key has these bytes, as a line from 0, or -1; hash is
 * key_hash(key). */
static inline int64_t
batchmap_find(const struct batchmap *m, struct bytes key, uint64_t hash)
{
	const struct keyent *k = keytable_get(&m->keys, key, hash);

	return k ? (int64_t)keyent_row(k) : -1;
}

#endif
