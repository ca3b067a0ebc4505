/*
 * drive - a job from its command line to its summary.
 */
#ifndef SHARD_DRIVE_H
#define SHARD_DRIVE_H

#include <stdio.h>

#include "jobs/job.h"

struct drive {
	const struct job_type *type;
	int argc;
	char **argv; /* the words behind the job's name */
	char **env;
	const char *path;   /* the variable PATH, or NULL */
	char *bin;          /* the directory of the programs */
	const char *recipe; /* the shell program; NULL: found from bin */
	bool only_begin;    /* do not run it */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	void (*note)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	void (*show)(const char *text); /* NULL: nobody looks */
	int caught; /* the signal that ended the run, or 0 */
};

/*
 * Does what the words ask for: help, the configuration, the plan or the run,
 * with its answer to f.  Returns the exit status; or -1, or another status than
 * 0 and a message in e, for the caller to print.
 */
MUST_CHECK int drive(struct drive *d, FILE *f, struct err *e);

#endif
