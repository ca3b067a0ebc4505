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
 * Keys are compared as bytes; records of one key keep the order in which they
 * were added.  Records that fit into the memory are sorted there.  Else each
 * full buffer becomes a sorted run in a temporary file (spill.h), and the runs
 * are merged, at most 48 at a time.
 *
 * A record may be as large as the memory, its key half as large.
 */
#ifndef SHARD_EXTSORT_H
#define SHARD_EXTSORT_H

#include "sort/kmerge.h"

#define EXTSORT_MEMORY_MIN ((uint64_t)64 << 10)
#define EXTSORT_FAN_IN ((size_t)48)

struct extsort;

/* memory: of all buffers, at least EXTSORT_MEMORY_MIN.  temp_dir (borrowed) is
 * touched only when a run must be written. */
struct extsort *extsort_new(uint64_t memory, const char *temp_dir);
/* ERR_INPUT when the record is too large for the memory, else ERR_OUTPUT. */
MUST_CHECK int extsort_add(
    struct extsort *x, struct bytes key, struct bytes row, struct err *e);
/* Merges inputs that are sorted already into one run, as if it came behind
 * what was added before.  Their own memory is not counted here. */
MUST_CHECK int extsort_add_sorted(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e);
/*
 * Ends the adding.  The inputs in (n may be 0) are sorted already and take
 * part in the last merge, behind what was added: at most EXTSORT_FAN_IN, and
 * one less where something was.
 */
MUST_CHECK int extsort_finish(
    struct extsort *x, const struct kmerge_in *in, size_t n, struct err *e);
/* As kmerge_next() and kmerge_row(). */
MUST_CHECK int
extsort_next(struct extsort *x, struct merge_record *rec, struct err *e);
MUST_CHECK int
extsort_row(struct extsort *x, struct bytes *piece, struct err *e);
/* What it took so far, for tests and reports. */
struct extsort_stats {
	uint64_t runs;    /* written, those of merges among them */
	uint64_t merges;  /* the last one among them */
	uint64_t spilled; /* bytes written to runs */
};
struct extsort_stats extsort_stats(const struct extsort *x);
void extsort_free(struct extsort *x);

#endif
