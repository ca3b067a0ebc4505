/*
 * kmerge - one sorted sequence out of several.
 *
 *	struct kmerge *m = kmerge_new(in, n);
 *	while ((rc = kmerge_next(m, &rec, &e)) > 0)
 *		do
 *			more = kmerge_row(m, &piece, &e);
 *		while (more > 0);	0: piece was the last
 *	kmerge_free(m);
 *
 * Records with equal keys come in the order of the inputs.  Nothing is copied,
 * and a row may be longer than what fits into memory: it comes in pieces.
 */
#ifndef SHARD_KMERGE_H
#define SHARD_KMERGE_H

#include "base/base.h"
#include "base/err.h"

/* A record without its row. */
struct merge_record {
	struct bytes key; /* holds until the row is asked for */
	uint64_t row_len;
};

/* A sorted sequence of records. */
struct kmerge_in {
	/* Goes on to the next record, whether or not all of the row was asked
	 * for: 1, 0 at the end, -1. */
	int (*next)(void *arg, struct merge_record *rec, struct err *e);
	/* The next piece of the record's row: 1 when more follow, 0 with the
	 * last, -1.  It holds until the next call. */
	int (*row)(void *arg, struct bytes *piece, struct err *e);
	void *arg;
};

struct kmerge;

/* in is copied; what its args stand for stays the caller's. */
struct kmerge *kmerge_new(const struct kmerge_in *in, size_t n);
MUST_CHECK int
kmerge_next(struct kmerge *m, struct merge_record *rec, struct err *e);
MUST_CHECK int kmerge_row(struct kmerge *m, struct bytes *piece, struct err *e);
void kmerge_free(struct kmerge *m);

#endif
