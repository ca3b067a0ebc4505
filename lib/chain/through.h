/*
 * through - runs any other command as a filter of a row stream.
 *
 *	stdin --> feeder --> COMMAND --> counter --> stdout
 *
 * The feeder removes the end marker of the stream.  The counter, which is the
 * calling process, writes a new one, but only if the stream before was whole
 * and COMMAND ended well.
 */
#ifndef SHARD_THROUGH_H
#define SHARD_THROUGH_H

#include "base/base.h"
#include "base/err.h"

struct through {
	uint64_t max_record; /* longest record allowed, in bytes */
	bool emit, expect;   /* end markers on standard output and input */
	/* Shows an error, in a process that was forked, and returns the exit
	 * status of that process. */
	int (*fail)(const struct err *e);
};

/*
 * Runs the command argv, which NULL ends, between standard input and standard
 * output, both of which it uses up.  Returns 0 if the stream was whole and the
 * command and all writes ended well, else -1.
 */
MUST_CHECK int through(const struct through *t, char **argv, struct err *e);

#endif
