/*
 * colstats - stats.tsv: what pass 1 knows of each column, exactly, after the
 * merge; what imputation is fitted from.
 *
 * A column of numbers has sums where --moments was asked for, and a median
 * where its numbers were collected (--values); any other column has a mode
 * where its texts were.  A cell that is not known or does not apply is "-";
 * of a mode, the cell `distinct` says whether it is known.
 */
#ifndef SHARD_COLSTATS_H
#define SHARD_COLSTATS_H

#include "pass1/facts.h"
#include "pass1/partial.h"

struct colstat {
	char *name;
	const char *type;       /* as in schema.tsv */
	uint64_t rows, missing; /* cells by the NA rule */
	uint64_t empty, inf;    /* cells without a byte; infinite numbers */
	char *min, *max, *sum;  /* as text; "-" */
	bool moments;           /* the next three are known: there are numbers,
	                           all finite */
	double mean, variance, skewness;
	bool values; /* the rest is known */
	uint64_t distinct, mode_rows;
	char *mode;              /* NULL: no value */
	bool quartiles;          /* the next three are known */
	double q25, median, q75; /* linear interpolation; may be infinite */
};

struct colstats {
	struct colstat *v; /* in the order of the columns */
	size_t n;
};

static inline bool
colstat_is_number(const struct colstat *c)
{
	return c->type[0] == 'i' || c->type[0] == 'f'; /* int, float */
}

/* From merged facts and the runs of values in the partials they come from, in
 * that many processes at most.  Memory of each: a range of the distinct values
 * at a time. */
MUST_CHECK int colstats_make(struct colstats *s, const struct facts *f,
    const struct na_rule *na, const struct partial *part, size_t npart,
    uint64_t workers, struct err *e);
void colstats_save(const struct colstats *s, struct buf *to);
/* name is for messages. */
MUST_CHECK int colstats_parse(
    struct colstats *s, const char *name, struct bytes text, struct err *e);
MUST_CHECK int
colstats_load(struct colstats *s, const char *path, struct err *e);
void colstats_fini(struct colstats *s);
/* Which column, or NULL. */
const struct colstat *
colstats_find(const struct colstats *s, struct bytes name);

#endif
