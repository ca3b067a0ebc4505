/*
 * each - a command that is run on every batch, with its result in a file:
 *
 *	struct each x = {.command = "wc -l {}", .out = "OUT"};
 *
 *	rc = each_batch(&x, gather, ntable, 12, &e);
 *
 * The result of batch 12 is OUT/_results/00012: all that the command and what
 * it started wrote to their standard output.  It gets its name when the command
 * has ended with status 0 and the result is on the disk.
 */
#ifndef SHARD_EACH_H
#define SHARD_EACH_H

#include "shred/gather.h"

struct each {
	const char *command; /* a shell reads it; see each_expand() */
	const char *out;
	const char *day; /* in messages, {day} and SHARD_DAY; may be NULL */
	bool keep;       /* the batch's files stay when its result is there */
};

/*
 * Makes the result of a batch unless it is there: gathers the batch of each of
 * the ntable tables, and runs the command.  Then the batch's files are marked
 * as used, unless they are to be kept.  Returns 0; 1 where OUT/_results/failed
 * is there, so that nothing more is to be begun; or -1, when the status that
 * ended the command, or 1, is in OUT/_results/failed.
 */
MUST_CHECK int each_batch(const struct each *x, struct gather *g, size_t ntable,
    uint32_t batch, struct err *e);
/*
 * Returns the command for a batch: {} is replaced by path[0], {id} by the
 * number, {day} by the day and {TABLE} by the path of that table, each as one
 * word for the shell.  Other braces stay.  The caller frees it.
 */
char *each_expand(const struct each *x, const struct gather *g,
    char *const *path, size_t ntable, uint32_t batch);
/* Returns "OUT/_results/00012"; the caller frees it. */
char *each_result(const char *out, uint32_t batch);

#endif
