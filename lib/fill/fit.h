/*
 * fit - from the statistics of the columns to the value that fills each of
 * them: strategies, their rules, and the artifacts.
 */
#ifndef SHARD_FIT_H
#define SHARD_FIT_H

#include "base/opt.h"
#include "pass1/colstats.h"

struct fit_opt {
	/* STRATEGY, constant:VALUE or STRATEGY,constant:VALUE (strategy.h);
	 * NULL: the default (mean, mode, text's) */
	const char *numeric, *text, *categorical;
	/* NAME=STRATEGY; the second with names that are matched without regard
	 * to case, and where what no variable's name can hold is _ */
	struct opt_list column, column_nocase;
	const char *exclude, *label; /* A,B; COL */
	bool all_columns, allow_na_fill;
	bool need;           /* print which values the fit lacks */
	const char *publish; /* a directory that gets the context, too */
	const char *values;  /* a file with those that pass 1 collected */
	bool empty_is_value; /* --quoted-empty=value */
	double unique_ratio;
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

extern const struct opt_spec fit_specs[]; /* all of them but unique_ratio */
/* True if an option was given that only a fit looks at. */
bool fit_asked(const struct fit_opt *o);
/* Frees the lists. */
void fit_opt_fini(struct fit_opt *o);

/*
 * The whole fit of the context at ctx: writes the artifacts to the directory
 * out, or to ctx where it is NULL, and publishes both where o->publish says so
 * (artifact.h).  With o->need it writes no artifact: which values pass 1 has to
 * collect, and nothing where it has them, goes to the file out, or is appended
 * to `to` where that is NULL.
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

/* Checks what can be checked without any data: ERR_USAGE. */
MUST_CHECK int fit_check(const struct fit_opt *o, struct err *e);
/*
 * The values that the fit looks at, put to the empty buffer as TSV `column
 * values`, with its header; and whether any of them has not been collected.
 */
MUST_CHECK int fit_needs(const struct colstats *s, const struct fit_opt *o,
    struct buf *to, bool *lacking, struct err *e);
/* The NA rule says which fill values would be taken for missing again. */
MUST_CHECK int fit_make(struct fit *f, const struct colstats *s,
    const struct fit_opt *o, const struct na_rule *na, struct err *e);
void fit_fini(struct fit *f);
/* impute.tsv, impute_dict.json and impute_dict.pkl in dir. */
MUST_CHECK int fit_write(const struct fit *f, const char *dir, struct err *e);

#endif
