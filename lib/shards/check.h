/*
 * check - verifies that an output directory is what its records say, no more
 * and no less, and seals it.
 *
 *	struct complaints c = {.say = show};
 *	struct check_opt o = {.build = true};
 *
 *	if (check_output("OUT", &o, &c, &e) < 0 || c.n > 0)
 *		... OUT is not sealed ...
 */
#ifndef SHARD_CHECK_H
#define SHARD_CHECK_H

#include "shards/list.h"
#include "shards/output.h"

struct check_opt {
	/* The inputs that must have their records, whose names have numbers
	 * (list_numbered()); NULL: any. */
	const struct file_list *inputs;
	const char
	    *scope; /* of the inputs, as record_shard() has it; or NULL */
	bool quick; /* compare sizes; do not read the files */
	bool build; /* write the tables and the seal (manifest.h) */
};

/*
 * Checks that
 *   - each record can be read, and its account closes;
 *   - each file that a record names has its size and, unless o->quick, its
 *     digest, and each that was used is gone;
 *   - there is no file that no record names;
 *   - what was routed to a table is in its batches;
 *   - each day of an output by days has its seal, and all this holds in it;
 *   - each of o->inputs has a record;
 *   - the tables, if they are there, agree with the records.
 * Each fault is a complaint.  With o->build, the seal is removed first, the
 * tables are not compared, and if no fault was found, the tables and the seal
 * are written.
 *
 * Returns 0 when all was looked at, whatever was found (c->n), and -1 when out
 * has no records, or could not be read or written.
 */
MUST_CHECK int check_output(const char *out, const struct check_opt *o,
    struct complaints *c, struct err *e);

#endif
