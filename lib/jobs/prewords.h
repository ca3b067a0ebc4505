/*
 * prewords - what the job of that name decided, and the words that its recipe
 * is told.
 */
#ifndef SHARD_PREWORDS_H
#define SHARD_PREWORDS_H

#include "jobs/job.h"

/* What was decided, beside the options; j->st. */
struct preprocess {
	struct source_opt source;
	bool looked;
	bool training, timed, deduped, pass1;
	bool context; /* pass 2 has one; set by preprocess_vars() */
	enum look_types types;
	const char *first; /* the first shard's path */
	char *run;         /* OUT/_run */
	char *own;         /* the context that pass 1 writes */
	char *header;      /* OUT/_run/header.csv, where JSON is read */
	int lock;          /* of the context, or -1 */
};

/* True if the option is unset, or "none". */
bool preprocess_is_none(const struct options *o, const char *name);
/* Appends the variables of pipelines/preprocess. */
MUST_CHECK int preprocess_vars(struct job *j, struct buf *vars, struct err *e);

#endif
