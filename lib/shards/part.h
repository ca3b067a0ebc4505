/*
 * part - tells which shards are for one of several machines.
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

/* Returns true if the part has shard k of the list, counted from 0. */
static inline bool
part_has(const struct part *p, uint64_t k)
{
	return k % p->n == p->i;
}

/*
 * Reads "I/N", with 1 <= I <= N, or "auto", which stands for what the variables
 * of a scheduler say.  env, which is called only then, returns the value of a
 * variable or NULL, as getenv() does.
 */
MUST_CHECK int part_parse(struct part *p, const char *text,
    char *(*env)(const char *name), struct err *e);

#endif
