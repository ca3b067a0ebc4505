/*
 * limits - what a batch may have of each table, as options say it, and the
 * dimensions of a plan that are made of it.
 *
 *	struct limits rows = {"max-rows", "expected ...", parse_u64, {NULL, 0}};
 *	struct dims d = {.n = 0};
 *	limits_check(&rows, &opt->max_rows, &e)
 *	dims_make(&d, &sizes, &rows, &bytes, 1 << 30, &e)
 *	dims_plan(&plan, &d, sizes.n, PLAN_NEXT);
 *	dims_fini(&d); limits_fini(&rows);
 */
#ifndef SHARD_LIMITS_H
#define SHARD_LIMITS_H

#include "base/opt.h"
#include "shred/plan.h"
#include "shred/sizes.h"

/* Words of options: NAME=VALUE, or a VALUE for all. */
struct word {
	struct bytes name, value; /* name.p NULL: all */
};

struct words {
	struct word *v;
	size_t n;
};

/* Cuts the values of an option at commas.  The words point into the values;
 * the caller frees w->v.  ERR_USAGE where a name is there twice. */
MUST_CHECK int words_parse(struct words *w, const struct opt_list *l,
    const char *option, struct err *e);
/* Sets ERR_USAGE for a word of the option, with what is wanted in its place;
 * returns -1. */
int words_bad(
    const char *option, const struct word *w, const char *want, struct err *e);

/* A limit per table in one unit. */
struct limits {
	const char *option, *want;
	bool (*parse)(struct bytes s, uint64_t *v);
	struct words words;
};

/* Takes the values of the option; ERR_USAGE unless each is from 1 to
 * SIZES_MAX_TOTAL. */
MUST_CHECK int
limits_check(struct limits *l, const struct opt_list *list, struct err *e);
void limits_fini(struct limits *l);

/* What a plan is made with, and how it is called in the report. */
struct dims {
	struct plan_dim *v;
	char **name; /* "rows of trades" */
	size_t n;
	uint64_t **own; /* sizes that were made here */
	size_t nown;
};

/*
 * Makes the limits of rows and bytes into dimensions, and the rows of each
 * table without a limit too, for the report.  `all` is a limit for the bytes of
 * all tables together (--memory); 0 is none.
 * ERR_USAGE where a limit is of a table that s does not have, or of bytes that
 * nobody knows.  The caller frees d with dims_fini() in any case; s must live
 * as long as d does.
 */
MUST_CHECK int
dims_make(struct dims *d, const struct sizes *s, const struct limits *rows,
    const struct limits *bytes, uint64_t all, struct err *e);
/* Makes the plan of n groups by the dimensions that have a limit. */
void
dims_plan(struct plan *p, const struct dims *d, uint32_t n, enum plan_pack how);
void dims_fini(struct dims *d);

#endif
