/*
 * recipe - runs the shell program of a job, and shows how far it is.
 *
 * The program runs as `sh RECIPE --vars TEXT` in a process group of its own,
 * which a signal to us ends as one.  It says what it does on the descriptor
 * that SHARD_PROGRESS names: "=TITLE" begins a step, and the programs write a
 * line with the bytes of each shard that is done.
 */
#ifndef SHARD_RECIPE_H
#define SHARD_RECIPE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct recipe {
	const char *path; /* of the shell program */
	const char *vars; /* what it is told */
	const char *name; /* of the job, for the display */
	uint64_t shards, bytes;
	/* Called with a line of the display, ended by "\r"; NULL: nobody
	 * looks. */
	void (*show)(const char *text);
};

/*
 * Returns the exit status of the program, 128 and the number of the signal that
 * ended it; or -1 where it could not be run.  *caught is the signal that ended
 * us, after which the group was told to end, else 0.
 */
MUST_CHECK int recipe_run(const struct recipe *r, int *caught, struct err *e);

/* Runs one line of the shell, and returns its exit status. */
MUST_CHECK int recipe_line(const char *line);
/* Appends what the program prints as its plan; -1 where it fails. */
MUST_CHECK int
recipe_plan(const struct recipe *r, struct buf *text, struct err *e);

#endif
