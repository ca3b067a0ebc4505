/*
 * partset - partials that are merged: all of them mapped, their facts as one,
 * and which number each of their shards and columns has there.
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
	uint32_t **ordinal; /* per partial, of each of its shards */
	size_t *nordinal;
	uint32_t **column; /* per partial, of each of its columns */
	size_t *ncolumn;
	size_t npart;
	struct facts facts; /* of all shards */
	struct na_rule na;  /* the rule that the facts name */
};

/* Opens n partials and merges their facts.  Where headers differ, the message
 * blames the first shard that differs from the lowest-numbered one.  Also after
 * an error partset_fini() is due. */
MUST_CHECK int
partset_open(struct partset *s, char *const *paths, size_t n, struct err *e);
/* A set of zeros is empty. */
void partset_fini(struct partset *s);
/* Returns a run for each section of that type, which must hold keys or labels,
 * their number in *n and that of all their entries in *total; caller frees, and
 * s must outlive them. */
struct key_run *partset_runs(const struct partset *s, enum section_type type,
    size_t *n, uint64_t *total);

#endif
