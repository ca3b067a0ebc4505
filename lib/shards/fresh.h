/*
 * fresh - tells which inputs are done: those whose record in an output
 * directory was made from the bytes that the input has now, with the same
 * facts.
 *
 *	struct fresh f = {.out = "OUT"};
 *
 *	if (fresh_begin(&f, "facts.txt", &e) < 0)
 *		...
 *	for (i = 0; i < n; i++)
 *		if (!fresh_is_done(&f, path[i], number[i]))
 *			work(path[i]);
 *
 * A record is read when its input is asked for, and is not kept.  So a program
 * that is given 16 of 100,000 shards reads 16 records.
 */
#ifndef SHARD_FRESH_H
#define SHARD_FRESH_H

#include "shards/record.h"

struct fresh {
	const char *out; /* NULL: nothing is done */
	const char
	    *scope;     /* of the inputs, as record_shard() has it; or NULL */
	uint64_t facts; /* digest that a record must have; 0: none */
	bool verify;    /* read the inputs, whatever their sizes and times */
};

/* Sets f->facts to the digest of the file facts, unless that is NULL.  The
 * error is ERR_USAGE if facts, scope or verify is given without an output. */
MUST_CHECK int fresh_begin(struct fresh *f, const char *facts, struct err *e);

/*
 * Returns true if the shard of that number is done: its record can be read, has
 * these facts and came from the bytes of path, and all files that it names
 * exist with their sizes.
 */
bool fresh_is_done(const struct fresh *f, const char *path, uint64_t number);

/*
 * Returns true if the record came from the bytes of path: it has the name,
 * size, time and inode of path, or, where these differ or verify is true, its
 * digest, for which path is read.
 */
bool fresh_input(const struct record *r, const char *path, bool verify);
/* Returns true if all files of the record are in the directory out, with their
 * sizes. */
bool fresh_files(const struct record *r, const char *out);

#endif
