/*
 * gatherjob - what shard-gather does: batches out of runs, and the small things
 * around that.
 *
 *	struct gatherjob_opt o = GATHERJOB_DEFAULT;
 *	struct gatherjob j = {.opt = &o, .tell = ...};
 *	if (gatherjob_begin(&j, noperands, &e) == 0)
 *		rc = gatherjob_run(&j, names, n, &e);
 *	gatherjob_end(&j);
 *	opt_list_free(&o.tables);
 */
#ifndef SHARD_GATHERJOB_H
#define SHARD_GATHERJOB_H

#include "base/opt.h"
#include "shred/batchfile.h"

/* The options, as gatherjob_specs has them. */
struct gatherjob_opt {
	const char *out, *map, *format, *compress, *temp_dir;
	const char *files_from, *types, *batches, *each, *day;
	struct opt_list tables;
	uint64_t memory, level, workers;
	bool used, finish, join, join_units, zero, keep;
	bool forget, forget_others;
};

#define GATHERJOB_DEFAULT ((struct gatherjob_opt){.memory = (uint64_t)64 << 20})

extern const struct opt_spec gatherjob_specs[];

struct gatherjob {
	const struct gatherjob_opt *opt;
	/* Hears of each batch that is done. */
	void (*tell)(void *arg);
	void *arg;
	struct batchfile_opt batch; /* made by gatherjob_begin() */
};

/* Checks the options, of which ERR_USAGE speaks, and opens what they name.  The
 * caller calls gatherjob_end() in any case. */
MUST_CHECK int
gatherjob_begin(struct gatherjob *j, int noperands, struct err *e);
/* Does the work.  The n names are those of the operands and of the list: the
 * batches and ranges of batches, or with --join the results.  Returns 0; 1
 * where
 * --each was ended by another process, which has said why; or -1. */
MUST_CHECK int
gatherjob_run(struct gatherjob *j, char *const *name, size_t n, struct err *e);
/* Frees what gatherjob_begin() opened. */
void gatherjob_end(struct gatherjob *j);

#endif
