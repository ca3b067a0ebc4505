/*
 * opt - options from a table: the parser, the --help text and the checks of
 * the man pages all come from it.
 *
 *	static const struct opt_spec specs[] = {
 *	    OPT(OPT_STR, 'k', "key", "COL", struct my_opt, key,
 *		"the key column"),
 *	    OPT_END};
 *
 * Values are stored in the caller's struct, which holds the defaults before.
 */
#ifndef SHARD_OPT_H
#define SHARD_OPT_H

#include <stdio.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

enum opt_type {
	OPT_STOP,
	OPT_FLAG,  /* bool */
	OPT_STR,   /* const char * (points into argv) */
	OPT_LIST,  /* struct opt_list: may be given several times */
	OPT_U64,   /* uint64_t */
	OPT_BYTES, /* uint64_t, with suffix K M G T */
	OPT_RATIO, /* double, 0 to 1 */
	OPT_ENUM,  /* int, index into choices */
};

struct opt_list {
	const char **v;
	size_t n;
};

struct opt_spec {
	enum opt_type type;
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL for flags */
	size_t off;
	const char *help;           /* one line, with the default */
	const char *const *choices; /* NULL-terminated */
};

/* A row of the table: an option whose value goes to a field of struct st. */
#define OPT(type, letter, name, arg, st, field, help)                          \
	{                                                                      \
		type, letter, name, arg, offsetof(st, field), help, NULL       \
	}
/* The same for an option that takes one of several words. */
#define OPT_CHOICE(letter, name, st, field, choices, help)                     \
	{                                                                      \
		OPT_ENUM, letter, name, "WORD", offsetof(st, field), help,     \
		    choices                                                    \
	}
/* The words of options that say what a cell of two quotes is: missing, value.
 */
extern const char *const quoted_empty_names[];

/* The end of the table. */
#define OPT_END                                                                \
	{                                                                      \
		OPT_STOP, 0, NULL, NULL, 0, NULL, NULL                         \
	}

/* One of several tables, with the object that its values are stored in. */
struct opt_group {
	const struct opt_spec *specs; /* NULL ends the array of groups */
	void *obj;
};

/*
 * Parses the options in argv[1..], which end at "--".  With stop_early they
 * also end at the first operand; without it options and operands may be mixed,
 * and the operands are moved to the end of argv.  Returns the index of the
 * first operand, or -1 with ERR_USAGE.  For --help and --version it sets *asked
 * to 'h' or 'v' and returns 0.
 */
MUST_CHECK int opt_parse(const struct opt_group *groups, int argc, char **argv,
    bool stop_early, char *asked, struct err *e);
/* Prints the help of each option, in one line or more. */
void opt_help(const struct opt_group *groups, FILE *f);
/* Prints the options of a synopsis, each in brackets: first the flags, then the
 * options that take an argument. */
void opt_synopsis(const struct opt_group *groups, FILE *f);
/*
 * Appends a line for each option whose value in obj differs from the one in
 * defaults, an object of the same type.  Options that take a DIR, a FILE or a
 * CTX are left out, since they name a place and not its content, and so is
 * --memory, on which no output depends.
 */
void opt_text(const struct opt_spec *specs, const void *obj,
    const void *defaults, struct buf *b);
/* Frees the array of l; the strings are argv's. */
void opt_list_free(struct opt_list *l);

#endif
