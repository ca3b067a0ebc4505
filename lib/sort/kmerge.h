/*
 * kmerge - merges sorted sequences of records into one.
 *
 *	struct kmerge *m = kmerge_new(in, n);
 *	while ((rc = kmerge_next(m, &rec, &e)) > 0)
 *		do
 *			more = kmerge_row(m, &piece, &e);
 *		while (more > 0);	0: piece was the last
 *	kmerge_free(m);
 *
 * Records with equal keys come in the order of the inputs.  Nothing is copied.
 * A row comes in pieces, so it may be longer than what fits into memory.
 */
#ifndef SHARD_KMERGE_H
#define SHARD_KMERGE_H

#include "base/base.h"
#include "base/err.h"

/* A record without its row. */
struct merge_record {
	struct bytes key; /* valid until the row is asked for */
	uint64_t row_len;
};

/* A sorted sequence of records. */
struct kmerge_in {
	/* Goes to the next record, whether or not all of the last row was
	 * read, and returns 1; 0 at the end, -1 on error. */
	int (*next)(void *arg, struct merge_record *rec, struct err *e);
	/* Gives the next piece of the record's row, which is valid until the
	 * next call, and returns 1 if more follow; 0 with the last piece, -1
	 * on error. */
	int (*row)(void *arg, struct bytes *piece, struct err *e);
	void *arg;
};

struct kmerge;

/* Returns a merge of n inputs, which the caller frees with kmerge_free().  The
 * array is copied; what the args point to stays the caller's. */
struct kmerge *kmerge_new(const struct kmerge_in *in, size_t n);
/* Goes to the next record of all inputs: returns 1, 0 at the end, -1 on error.
 */
MUST_CHECK int
kmerge_next(struct kmerge *m, struct merge_record *rec, struct err *e);
/* Gives the next piece of that record's row, as the row of an input does. */
MUST_CHECK int kmerge_row(struct kmerge *m, struct bytes *piece, struct err *e);
/* Frees m, which may be NULL. */
void kmerge_free(struct kmerge *m);

#endif
