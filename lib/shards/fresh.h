/*
 * fresh - which inputs an output directory is done with: those whose record
 * says that it was made from the bytes of the input with the facts of now.
 *
 *	struct fresh f = {.out = "OUT"};
 *
 *	if (fresh_begin(&f, "facts.txt", &e) < 0)
 *		...
 *	for (i = 0; i < n; i++)
 *		if (!fresh_is_done(&f, path[i], number[i]))
 *			work(path[i]);
 *
 * A record is read when its input is asked for, and not kept.  So a program
 * that is given 16 of 100,000 shards reads 16 records, and who asks for all of
 * them reads each once.
 */
#ifndef SHARD_FRESH_H
#define SHARD_FRESH_H

#include "shards/record.h"

struct fresh {
	const char *out; /* NULL: nothing is done */
	const char
	    *scope;     /* of the inputs, as record_shard() has it; or NULL */
	uint64_t facts; /* what a record must have; 0: none */
	bool verify;    /* read the inputs; trust no size and time */
};

/* Makes f->facts the digest of a file with the facts, unless facts is NULL.
 * Wrong usage: facts, a scope or verify without an output to ask about. */
MUST_CHECK int fresh_begin(struct fresh *f, const char *facts, struct err *e);

/*
 * True if the shard of that number is done: its record can be read, has these
 * facts and came from the bytes of path, and all files that it names have their
 * sizes.  What cannot be read or is not known is not done.
 */
bool fresh_is_done(const struct fresh *f, const char *path, uint64_t number);

/*
 * True if the record came from the bytes of path: it has its name, size, time
 * and inode, or, where these differ or verify is true, its digest, for which
 * path is read.
 */
bool fresh_input(const struct record *r, const char *path, bool verify);
/* True if all files of the record are in the directory out, with their sizes.
 */
bool fresh_files(const struct record *r, const char *out);

#endif
