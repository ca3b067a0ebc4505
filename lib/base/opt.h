/*
 * opt - options from a table: the parser, the --help text and the checks of
 * the man pages all come from it.
 *
 *	static const struct opt_spec specs[] = {
 *	    OPT(OPT_STR, 'k', "key", "COL", struct my_opt, key,
 *		"the key column"),
 *	    OPT_END};
 *
 * Values land in the caller's struct, which holds the defaults before.
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

#define OPT(type, letter, name, arg, st, field, help)                          \
	{                                                                      \
		type, letter, name, arg, offsetof(st, field), help, NULL       \
	}
#define OPT_CHOICE(letter, name, st, field, choices, help)                     \
	{                                                                      \
		OPT_ENUM, letter, name, "WORD", offsetof(st, field), help,     \
		    choices                                                    \
	}
/* missing, value: what a cell of two quotes is. */
extern const char *const quoted_empty_names[];

#define OPT_END                                                                \
	{                                                                      \
		OPT_STOP, 0, NULL, NULL, 0, NULL, NULL                         \
	}

/* Several tables, each with the object its values go to. */
struct opt_group {
	const struct opt_spec *specs; /* NULL ends the array of groups */
	void *obj;
};

/*
 * Parses argv[1..] up to the first operand or "--" (no permutation: operands
 * end the options when stop_early, else they may be mixed).  Returns the
 * index of the first operand (they are moved to the end), or -1 with
 * ERR_USAGE.  "help" and "version" set *asked to 'h' or 'v' and return 0.
 */
MUST_CHECK int opt_parse(const struct opt_group *groups, int argc, char **argv,
    bool stop_early, char *asked, struct err *e);
/* One line per option. */
void opt_help(const struct opt_group *groups, FILE *f);
/* The bracketed options of a synopsis: flags first, then those with an
 * argument. */
void opt_synopsis(const struct opt_group *groups, FILE *f);
/*
 * Appends a line for each option whose value is not that of defaults, an object
 * of the same type.  Options that take a DIR, a FILE or a CTX are left out:
 * they say where something lies, not what is in it.  So is --memory: the same
 * comes out in more time.
 */
void opt_text(const struct opt_spec *specs, const void *obj,
    const void *defaults, struct buf *b);
void opt_list_free(struct opt_list *l);

#endif
