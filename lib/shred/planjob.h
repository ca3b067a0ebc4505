/*
 * planjob - what shard-plan does: a batch map out of sizes of groups and the
 * limits of a batch, or the number of workers that a machine allows.
 *
 *	struct planjob_opt o = PLANJOB_DEFAULT;
 *	struct buf out = BUF_ZERO;
 *	planjob_run(&o, &out, say, NULL, &e)
 *	write out to standard output
 *	planjob_fini(&o);
 */
#ifndef SHARD_PLANJOB_H
#define SHARD_PLANJOB_H

#include "base/buf.h"
#include "base/opt.h"

/* The options, as planjob_specs has them. */
struct planjob_opt {
	struct opt_list groups, estimates, rate, max_rows, max_bytes;
	const char *only, *out, *key;
	uint64_t memory, fixed, memory_per_job;
	int pack, key_order;
	bool jobs, quiet;
};

#define PLANJOB_NOT_GIVEN UINT64_MAX
#define PLANJOB_DEFAULT ((struct planjob_opt){.fixed = PLANJOB_NOT_GIVEN})

extern const struct opt_spec planjob_specs[];

/* Gets each line for people, without a newline, and whether it is a warning;
 * o->quiet asks for no others. */
typedef void planjob_say(void *arg, bool warning, const char *line);

/*
 * Makes the plan that the options ask for.  The map is committed to the file
 * o->out; without one it is added to `out`, as is the number of workers.
 * Returns -1 with ERR_USAGE where options do not go together.
 */
MUST_CHECK int planjob_run(const struct planjob_opt *o, struct buf *out,
    planjob_say *say, void *arg, struct err *e);
/* Frees the lists of the options. */
void planjob_fini(struct planjob_opt *o);

#endif
