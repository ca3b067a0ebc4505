/*
 * colstats - the file stats.tsv: exact statistics of each column, which the
 * merge makes and which fill values are fitted from.
 *
 * A column of numbers has sums with --moments, and a median if its numbers were
 * collected (--values).  Any other column has a mode if its texts were
 * collected.  A cell of the file is "-" where a value is not known or does not
 * apply; whether a mode is known shows in the cell `distinct`.
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

/* Returns true for a column of numbers. */
static inline bool
colstat_is_number(const struct colstat *c)
{
	return c->type[0] == 'i' || c->type[0] == 'f'; /* int, float */
}

/* Makes the statistics from merged facts and from the runs of values in the
 * partials of these facts, with at most workers processes.  Each holds a range
 * of the distinct values at a time.  The caller frees s with colstats_fini().
 */
MUST_CHECK int colstats_make(struct colstats *s, const struct facts *f,
    const struct na_rule *na, const struct partial *part, size_t npart,
    uint64_t workers, struct err *e);
/* Appends the text of stats.tsv. */
void colstats_save(const struct colstats *s, struct buf *to);
/* Reads such a text; name is for messages. */
MUST_CHECK int colstats_parse(
    struct colstats *s, const char *name, struct bytes text, struct err *e);
/* Reads the file at path. */
MUST_CHECK int
colstats_load(struct colstats *s, const char *path, struct err *e);
/* Frees what s owns. */
void colstats_fini(struct colstats *s);
/* Returns the statistics of the column of that name, or NULL. */
const struct colstat *
colstats_find(const struct colstats *s, struct bytes name);

#endif
