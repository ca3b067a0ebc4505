/*
 * jsonin - reads JSON Lines, any other sequence of JSON objects, or an array of
 * objects, as blocks of clean records: a row for each object.
 *
 *	{"id": 1, "who": {"name": "ann"}, "tags": ["a", 2]}
 *
 * has the columns id, who.name and tags, with the CSV fields 1, "ann" and
 * "[""a"",2]": each member of an inner object is a column of its own, an array
 * is its JSON text.  Strings are quoted, numbers stay as they are spelled, true
 * and false are not quoted; null and a missing member are an empty field.
 *
 *	j = jsonin_open(in, &opt, &e);
 *	use jsonin_names(j)
 *	while ((rc = jsonin_next(j, &block, nslot, &e)) > 0)
 *		...                          block valid until the next call
 *	jsonin_close(j);                       the in stays the caller's
 *
 * An object with two members of one name is an error, as is all that jsontext.h
 * refuses.
 */
#ifndef SHARD_JSONIN_H
#define SHARD_JSONIN_H

#include "io/in.h"
#include "rows/block.h"
#include "rows/schema.h"

#define JSONIN_MAX_DEPTH 100
#define JSONIN_MAX_COLUMNS 16384

struct jsonin_opt {
	/* The columns, in their order; any other one is an error that names the
	 * file want_of.  If NULL, the columns are those of the input, in the
	 * order in which they first occur; the input is read twice then. */
	const struct schema *want;
	const char *want_of;
	/* Opens the input again at its beginning, where want is NULL. */
	struct in *(*again)(void *arg, struct err *e);
	void *again_arg;
	bool keep_names; /* leave __DOT__ in names */
	uint64_t max_record;
	char out_sep;
};

struct jsonin;

/* Opens the input and finds its columns; NULL on error.  The caller frees it
 * with jsonin_close(); in must outlive it. */
struct jsonin *
jsonin_open(struct in *in, const struct jsonin_opt *opt, struct err *e);
/* Returns the *n names of the columns, valid as long as j. */
const struct bytes *jsonin_names(const struct jsonin *j, size_t *n);
/* Fills b with a block of at least one row, with nslot empty slots, and returns
 * 1; returns 0 at the end, -1 on error. */
MUST_CHECK int
jsonin_next(struct jsonin *j, struct block *b, int nslot, struct err *e);
/* Returns the number of rows handed out. */
uint64_t jsonin_rows(const struct jsonin *j);
/* Frees j, which may be NULL; the in stays the caller's. */
void jsonin_close(struct jsonin *j);

/* Returns true if head, the first bytes of an input, begins an object or an
 * array of objects. */
bool jsonin_begins(struct bytes head);

#endif
