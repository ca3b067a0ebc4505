/*
 * partset - the partials of a merge: all of them mapped, their merged facts,
 * and the index there of each of their shards and columns.
 *
 *	partset_open(&s, paths, n, &e);
 *	runs = partset_runs(&s, SECTION_KEYS, &n, &total);
 *	free(runs);
 *	partset_fini(&s);
 */
#ifndef SHARD_PARTSET_H
#define SHARD_PARTSET_H

#include "pass1/facts.h"
#include "pass1/keymerge.h"
#include "pass1/partial.h"

struct partset {
	struct partial *part;
	uint32_t **ordinal; /* per partial: the index of each of its shards */
	size_t *nordinal;
	uint32_t **column; /* per partial: the index of each of its columns */
	size_t *ncolumn;
	size_t npart;
	struct facts facts; /* of all shards */
	struct na_rule na;  /* the rule that the facts name */
};

/* Opens n partials and merges their facts.  When headers differ, the message
 * names the first shard that differs from the lowest-numbered one.  The caller
 * calls partset_fini(), also after an error. */
MUST_CHECK int
partset_open(struct partset *s, char *const *paths, size_t n, struct err *e);
/* Frees what s owns; s may be all zero. */
void partset_fini(struct partset *s);
/* Returns one run for each section of that type, which must have keys or
 * labels, and sets *n to the number of runs and *total to that of their
 * entries.  The caller frees the array; s must outlive it. */
struct key_run *partset_runs(const struct partset *s, enum section_type type,
    size_t *n, uint64_t *total);

#endif
