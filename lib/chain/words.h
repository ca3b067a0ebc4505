/*
 * words - a chain as words of a command line, as shard-run has them:
 *
 *	cat [OPTION] [FILE ...] : FILTER [OPTION ...] [: FILTER ...]
 *
 * The words may hold a mark that stands for a path; a chain is built anew from
 * them for each path.
 */
#ifndef SHARD_WORDS_H
#define SHARD_WORDS_H

#include "chain/filter.h"
#include "shards/list.h"

struct words {
	int n; /* at least 1 */
	char **v;
	/* The text that is replaced by the path.  If NULL that is {}, and {n}
	 * is replaced by the shard's number in five digits. */
	const char *mark;
	/* What stands for the name of the directory that the path lies in, as
	 * "train" of "out/train/part-0.csv"; NULL: nothing does. */
	const char *dir_mark;
	/* The filters that a chain may have; NULL ends the array. */
	const struct filter *const *table;
	bool emit, expect; /* end markers, as in struct chain */
	/* skip passes over inputs that are done by these words (skip.h), unless
	 * force is true; verify reads inputs that look done. */
	bool skip, force, verify;
	bool piped; /* run the filters as programs in pipes (pipes.h) */
	/* Only write the names of the inputs that are not done to this file. */
	const char *todo;
};

/* The options of shard-run that a struct words holds. */
extern const struct opt_spec words_specs[];

/* Sets w->n to the number of words before ":::" among the n words of w->v;
 * returns true if there is a ":::". */
bool words_operands(struct words *w, int n);
/* Returns true if the mark (or {}) is in one of the words. */
bool words_marked(const struct words *w);
/*
 * Builds the chain of the words and runs it, over the files that cat names or
 * over standard input.  path replaces the mark; for NULL nothing is replaced.
 * Words that make no chain are ERR_USAGE.
 */
MUST_CHECK int words_run(
    const struct words *w, const char *path, struct session *s, struct err *e);
/*
 * Says which of the n inputs are not done by these words: todo[i] becomes true
 * for these.  Nothing is run, but what the last filter keeps of inputs together
 * and no longer holds is removed, as its hook `todo` says.  With force none is
 * done.  A chain that leaves no record is ERR_USAGE.
 */
MUST_CHECK int words_todo(const struct words *w, char *const *path, size_t n,
    bool *todo, struct session *s, struct err *e);
/* Does the same for the inputs of a list, and writes the names to w->todo, with
 * a NUL byte behind each if zero is true. */
MUST_CHECK int words_save_todo(const struct words *w, const struct file_list *f,
    bool zero, struct session *s, struct err *e);

#endif
