/*
 * extsort - sorts any number of records by their keys in bounded memory.
 *
 *	x = extsort_new(memory, "/tmp");
 *	extsort_add(x, key, row, &e) ...;
 *	extsort_finish(x, NULL, 0, &e);
 *	while ((rc = extsort_next(x, &rec, &e)) > 0)
 *		do
 *			more = extsort_row(x, &piece, &e);
 *		while (more > 0);
 *	extsort_free(x);
 *
 * Keys are compared as bytes; records with equal keys keep the order in which
 * they were added.  Records that fit into the memory are sorted there.  When
 * they do not fit, each full buffer becomes a sorted run in a temporary file
 * (spill.h), and the runs are merged, at most 48 at a time.
 *
 * A record may be as large as the memory, and its key half as large.
 */
#ifndef SHARD_EXTSORT_H
#define SHARD_EXTSORT_H

#include "sort/kmerge.h"

#define EXTSORT_MEMORY_MIN ((uint64_t)64 << 10) /* bytes */
#define EXTSORT_FAN_IN ((size_t)48)

struct extsort;

/* Returns an empty sorter, which the caller frees with extsort_free().  memory
 * is the bytes of all its buffers, at least EXTSORT_MEMORY_MIN.  temp_dir,
 * which must outlive the sorter, is used only when a run must be written. */
struct extsort *extsort_new(uint64_t memory, const char *temp_dir);
/* Adds a record, which it copies.  The error is ERR_INPUT when the record is
 * too large for the memory, else ERR_OUTPUT. */
MUST_CHECK int extsort_add(
    struct extsort *x, struct bytes key, struct bytes row, struct err *e);
/* Merges n sorted inputs into one run, which counts as added after what was
 * added before.  The memory of the inputs is not part of the sorter's. */
MUST_CHECK int extsort_add_sorted(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e);
/*
 * Ends the adding.  The n sorted inputs, of which there may be none, take part
 * in the last merge and count as added last.  There may be EXTSORT_FAN_IN of
 * them if nothing was added, else one less.
 */
MUST_CHECK int extsort_finish(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e);
/* These give the records in order, as kmerge_next() and kmerge_row() do. */
MUST_CHECK int
extsort_next(struct extsort *x, struct merge_record *rec, struct err *e);
MUST_CHECK int
extsort_row(struct extsort *x, struct bytes *piece, struct err *e);
/* The work done so far, for tests and reports. */
struct extsort_stats {
	uint64_t runs;    /* runs written, including those of merges */
	uint64_t merges;  /* merges, including the last one */
	uint64_t spilled; /* bytes written to runs */
};
/* Returns this work. */
struct extsort_stats extsort_stats(const struct extsort *x);
/* Frees the sorter, which may be NULL, and its temporary file. */
void extsort_free(struct extsort *x);

#endif
