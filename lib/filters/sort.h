/*
 * sort - the filter of shard-sort, which sorts a stream, and what it shares
 * with sortmerge.c, which merges sorted files.
 */
#ifndef SHARD_SORT_FILTER_H
#define SHARD_SORT_FILTER_H

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

/* Returns how many bytes of --memory the buffers for sorting may take. */
uint64_t sort_memory(const struct sort_opt *o);
/* Initialises k with the order that the options ask for, of columns of s; a
 * column that s lacks is an error.  The caller frees k with sortkey_fini(),
 * after an error too. */
MUST_CHECK int sort_order(struct sortkey *k, const struct sort_opt *o,
    struct schema *s, struct err *e);
/* Writes the rows of x in order and ends the stream.  *rows is the number of
 * rows that went into x.  It is read after the last row, and if the number
 * written differs, that is an error. */
MUST_CHECK int sort_write(struct extsort *x, struct stream *t,
    const struct pass *pass, const uint64_t *rows, struct err *e);

/* Checks that rows are in order; it has the keys of the last two rows. */
struct in_order {
	struct buf key[2];
	int at;
	bool begun;
};

/* Sets *key to the key of the row.  A key below that of the row before is an
 * error.  *key is valid until the next call but one. */
MUST_CHECK int in_order_next(struct in_order *o, struct sortkey *k,
    const struct block *b, uint32_t row, struct bytes *key, struct err *e);
/* Frees what o owns. */
void in_order_fini(struct in_order *o);

#endif
