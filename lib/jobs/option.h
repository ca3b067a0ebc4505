/*
 * option - the options of a job, from one table: the parser, the environment
 * names, the checks of single values, --help, --print-config and the completion
 * of shells all come from it.
 *
 *	static const struct job_option options[] = {
 *	    {"label", JOB_TEXT, "COL", "LABEL_FIELD", NULL, NULL,
 *		"drop rows without label"},
 *	    {NULL}};
 *	struct options o;
 *	if (options_parse(&o, &table, argc, argv, env, &e) < 0 ||
 *	    options_check(&o, &e) < 0)
 *		... e.kind is ERR_USAGE
 *	label = option_value(&o, "label");
 *	options_fini(&o);
 */
#ifndef SHARD_OPTION_H
#define SHARD_OPTION_H

#include <stdio.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

enum job_kind {
	JOB_FLAG,
	JOB_TEXT,   /* any text */
	JOB_WORD,   /* one of choices, in any case of letters */
	JOB_WHOLE,  /* a whole number */
	JOB_COUNT,  /* a whole number from 1 up */
	JOB_INNER,  /* a decimal between 0 and 1, without these */
	JOB_SHARE,  /* a decimal from 0 to 1 */
	JOB_SIZE,   /* bytes from 1M up, with K, M, G or T */
	JOB_DIRS,   /* several words, up to the next option */
	JOB_REPEAT, /* one word, and the option may be repeated */
	JOB_ADD,    /* the same, and the words are one value, with commas */
	JOB_MAYBE,  /* as JOB_WORD; left out, it is the first choice */
};

/* One row of a job's table. */
struct job_option {
	const char *name; /* without the dashes; NULL ends the table */
	enum job_kind kind;
	const char *arg; /* how help calls the value; NULL for flags */
	/* Names of environment variables with blanks between; the first one
	 * that is set counts, and an empty value or None is as if unset.  For
	 * a flag NAME=VALUE is what turns it on.  For a JOB_REPEAT PREFIX_*
	 * stands for all variables that begin so: each adds REST=VALUE. */
	const char *env;
	const char *def;     /* the value where nobody gave one, or NULL */
	const char *choices; /* of a JOB_WORD: "a|b|c" */
	const char *help;
};

struct job_table {
	const char *name;    /* "preprocess" */
	const char *purpose; /* one line */
	const char *usage;   /* the synopsis without "usage: " */
	const char *example;
	const struct job_option *option;
	const char *retired; /* variables that mean nothing any more */
};

/* What became of one option. */
struct job_value {
	char *value;  /* NULL: unset; of a flag "yes" where it is given */
	char *origin; /* "option", "environment NAME", "default", ... */
	char **list;  /* of JOB_DIRS and JOB_REPEAT */
	size_t nlist;
	size_t ngiven; /* so many of them are words; others the environment's */
};

struct options {
	const struct job_table *table;
	struct job_value *value;         /* in the order of the table */
	bool help, plan, show, complete; /* -h, -n, --print-config, ... */
};

/*
 * Takes the words argv[0..argc), then the environment, then the defaults.
 * Returns 0, or -1 with ERR_USAGE for a word that is no option or an option
 * without its value; the values are not looked at yet.  Call options_fini()
 * whatever is returned.
 */
MUST_CHECK int options_parse(struct options *o, const struct job_table *t,
    int argc, char *const *argv, char *const *env, struct err *e);
/* Checks each value by its kind: 0, or -1 with ERR_USAGE.  A message names the
 * option, or the variable where the value came from the environment. */
MUST_CHECK int options_check(struct options *o, struct err *e);
void options_fini(struct options *o);

/* True if the table has the option. */
bool option_exists(const struct options *o, const char *name);
/* The value of the option, which the table must have; NULL: unset. */
const char *option_value(const struct options *o, const char *name);
/* True if the value is this word. */
bool option_is(const struct options *o, const char *name, const char *word);
/* True if the flag is given. */
bool option_flag(const struct options *o, const char *name);
/* True if the user chose the value: it is no default, and was not found out. */
bool option_given(const struct options *o, const char *name);
const struct job_value *option_of(const struct options *o, const char *name);
/* Sets an option that is unset to what was found out, and says where. */
void option_found(
    struct options *o, const char *name, const char *value, const char *origin);
/* Sets a value, or unsets it (NULL), and keeps where it came from. */
void option_set(struct options *o, const char *name, const char *value);
/* Sets a value, and where it comes from. */
void option_put(
    struct options *o, const char *name, const char *value, const char *origin);
/* The value of a variable of the environment, or NULL where it is unset, empty
 * or None. */
const char *option_variable(char *const *env, const char *name);

void options_usage(const struct job_table *t, FILE *f);
void options_help(const struct job_table *t, FILE *f);
/* A line per option: its name, its value and where that came from. */
void options_print(const struct options *o, FILE *f);
/* A line for bash that completes the options of the job, and their words. */
void options_complete(const struct job_table *t, FILE *f);
/* Calls note for each retired variable that is set. */
void options_retired(const struct job_table *t, char *const *env,
    void (*note)(const char *fmt, ...) PRINTF_LIKE(1, 2));

#endif
