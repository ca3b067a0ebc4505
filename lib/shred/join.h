/*
 * join - one file out of the results of all batches.
 */
#ifndef SHARD_JOIN_H
#define SHARD_JOIN_H

#include "shred/batchfile.h"

/*
 * Joins n files, results of batches in their order, in OUT/result.csv, with a
 * record OUT/_batches/result.tsv.  The first line of a later file is left out
 * where it is the first line of the first file that has any; a newline that a
 * last line lacks is added.  Returns -1 where a file cannot be read or the
 * result cannot be written.
 */
MUST_CHECK int join_results(
    const struct batchfile_opt *o, char *const *path, size_t n, struct err *e);
/*
 * Joins the results of --each, OUT/_results/NNNNN of the batches 0 to nbatch -
 * 1, and removes OUT/_results.  Where some are not there and the joined file
 * has its record, they were joined before: then they are only removed.
 */
MUST_CHECK int
join_each(const struct batchfile_opt *o, uint32_t nbatch, struct err *e);

#endif
