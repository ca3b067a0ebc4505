/*
 * fit - chooses the value that fills each column, from the statistics of the
 * columns and the strategies of the options, and writes the artifacts.
 */
#ifndef SHARD_FIT_H
#define SHARD_FIT_H

#include "base/opt.h"
#include "pass1/colstats.h"

struct fit_opt {
	/* STRATEGY, constant:VALUE or STRATEGY,constant:VALUE (strategy.h);
	 * NULL: the default (mean, mode, text's) */
	const char *numeric, *text, *categorical;
	/* NAME=STRATEGY.  In the second list names match in any case, and _
	 * matches characters that the name of a variable cannot have. */
	struct opt_list column, column_nocase;
	const char *exclude, *label; /* A,B; COL */
	bool all_columns, allow_na_fill;
	bool need;           /* say which values the fit lacks */
	const char *values;  /* a file with the values that pass 1 collected */
	bool empty_is_value; /* --quoted-empty=value */
	double unique_ratio;
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

extern const struct opt_spec fit_specs[]; /* all of them but unique_ratio */
/* Returns true if an option was given that only a fit uses. */
bool fit_asked(const struct fit_opt *o);
/* Frees the lists. */
void fit_opt_fini(struct fit_opt *o);

/*
 * Fits the context at ctx and writes the artifacts to the directory out, or to
 * ctx if out is NULL.  With o->need it writes no file; it appends to `to` which
 * values pass 1 has still to collect, or nothing if it has collected them all.
 */
MUST_CHECK int fit_run(const struct fit_opt *o, const char *ctx,
    const char *out, struct buf *to, struct err *e);

struct fit_row {
	const char *column; /* the colstats' */
	const char *class;  /* numeric, bool, time, categorical, text; or none:
	                       no value in train */
	const char *strategy;
	char *value;
	bool number;
	uint64_t missing;
};

struct fit {
	struct fit_row *v;
	size_t n;
};

/* Checks the options as far as that is possible without data; the error is
 * ERR_USAGE.
 */
MUST_CHECK int fit_check(const struct fit_opt *o, struct err *e);
/*
 * Writes to the empty buffer `to` which values the fit uses, as TSV with the
 * header `column values`.  Sets *lacking to true if some of them have not been
 * collected.
 */
MUST_CHECK int fit_needs(const struct colstats *s, const struct fit_opt *o,
    struct buf *to, bool *lacking, struct err *e);
/* Fills f from the statistics.  na tells which fill values would count as
 * missing again.  The caller frees f with fit_fini(). */
MUST_CHECK int fit_make(struct fit *f, const struct colstats *s,
    const struct fit_opt *o, const struct na_rule *na, struct err *e);
/* Frees what f owns. */
void fit_fini(struct fit *f);
/* Writes impute.tsv, impute_dict.json and impute_dict.pkl to dir. */
MUST_CHECK int fit_write(const struct fit *f, const char *dir, struct err *e);

#endif
