/*
 * list - the inputs that the operands of a program and a list in a file name.
 *
 *	struct file_list f = {NULL, 0};
 *	if (list_read(&f, operands, n, "shards.txt", false, &e) == 0)
 *		use(f.v, f.n);
 *	list_free(&f);
 */
#ifndef SHARD_LIST_H
#define SHARD_LIST_H

#include "base/base.h"
#include "base/err.h"
#include "base/opt.h"

/* The options that name a list, for a struct st with the members
 * const char *files_from and bool zero. */
#define LIST_SPECS(st)                                                         \
	OPT(OPT_STR, 0, "files-from", "FILE", st, files_from,                  \
	    "read the names of the inputs from FILE (- is standard input)"),   \
	    OPT(OPT_FLAG, '0', "null", NULL, st, zero,                         \
		"names in lists end with a NUL byte instead of a newline")

struct file_list {
	char **v; /* paths; the list owns them and the array */
	size_t n;
};

/*
 * Fills f with copies of the n operands and, behind them, of the names in the
 * file files_from ("-" is standard input; NULL: there is none).  Names there
 * end with a newline, or with a NUL byte if zero is true; empty ones are
 * ignored, and the last one may lack its end.  On error f is empty.  The caller
 * frees f with list_free().
 */
MUST_CHECK int list_read(struct file_list *f, char *const *operand, size_t n,
    const char *files_from, bool zero, struct err *e);
/* Appends path, which the list owns from now on. */
void list_add(struct file_list *f, char *path);
/* Writes those of the names whose place in chosen is true to the file at path,
 * each with the end that list_read() takes off. */
MUST_CHECK int list_save(const struct file_list *f, const bool *chosen,
    const char *path, bool zero, struct err *e);
/* Frees all that f owns and leaves it empty. */
void list_free(struct file_list *f);

/* Returns -1 if the list was read from files_from (not NULL) and is empty,
 * since the program must not read standard input instead. */
MUST_CHECK int
list_some(const struct file_list *f, const char *files_from, struct err *e);
/* Returns -1 if a name has no number of a shard (part-N...). */
MUST_CHECK int list_numbered(const struct file_list *f, struct err *e);
/* Returns -1 if two names have one number, where by_dir is true only in
 * directories of one name; names without a number are ignored. */
MUST_CHECK int
list_unique(const struct file_list *f, bool by_dir, struct err *e);

#endif
