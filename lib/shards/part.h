/*
 * part - which shards are the share of one of several machines.
 *
 *	struct part p;
 *	if (part_parse(&p, "2/8", getenv, &e) == 0)
 *		for (k = 0; k < n; k++)
 *			if (part_has(&p, k))
 *				use(shard[k]);
 */
#ifndef SHARD_PART_H
#define SHARD_PART_H

#include "base/base.h"
#include "base/err.h"

struct part {
	uint64_t i, n; /* i from 0, below n */
};

#define PART_WHOLE ((struct part){0, 1})

/* True if shard number k of the list, from 0, is in the part. */
static inline bool
part_has(const struct part *p, uint64_t k)
{
	return k % p->n == p->i;
}

/*
 * Reads "I/N", with 1 <= I <= N, or "auto": then env is asked for the variables
 * of a scheduler.  env is getenv(), or another function that returns the value
 * of a variable or NULL; it is not asked for anything else.
 */
MUST_CHECK int part_parse(struct part *p, const char *text,
    char *(*env)(const char *name), struct err *e);

#endif
