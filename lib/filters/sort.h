/*
 * sortrows - what the two ways of shard-sort share: sorting a stream
 * (sortrows.c) and merging sorted files (sortmerge.c).
 */
#ifndef SHARD_SORTROWS_H
#define SHARD_SORTROWS_H

#include "chain/filter.h"
#include "chain/stream.h"
#include "rows/sortkey.h"
#include "sort/extsort.h"

#define SORT_MEMORY_MIN ((uint64_t)1 << 20)

struct sort_opt {
	struct opt_list keys;
	uint64_t memory;
	const char *temp_dir, *like;
	bool merge, check;
};

/* Of --memory what buffers for sorting may take. */
uint64_t sort_memory(const struct sort_opt *o);
/* The order that the options ask for, of columns of s. */
MUST_CHECK int sort_order(struct sortkey *k, const struct sort_opt *o,
    struct schema *s, struct err *e);
/* Writes what x has, in order, and ends the stream; *rows that many went in,
 * once all have come out. */
MUST_CHECK int sort_write(struct extsort *x, struct stream *t,
    const struct pass *pass, const uint64_t *rows, struct err *e);

/* The keys of rows that must be in order. */
struct in_order {
	struct buf key[2];
	int at;
	bool begun;
};

/* The row's key, when it is not below that of the row before. */
MUST_CHECK int in_order_next(struct in_order *o, struct sortkey *k,
    const struct batch *b, uint32_t row, struct bytes *key, struct err *e);
void in_order_fini(struct in_order *o);

/* sort_filter's, for --merge; see filter.h. */
int sort_inputs(const void *opt, struct chain *c, char *const *paths, size_t n,
    struct session *s, struct err *e);

#endif
