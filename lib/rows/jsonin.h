/*
 * jsonin - reads JSON Lines, any other sequence of JSON objects, or an array of
 * objects, as blocks of clean records: a row for each object.
 *
 *	{"id": 1, "who": {"name": "ann"}, "tags": ["a", 2]}
 *
 * has the columns id, who.name and tags, with the CSV fields 1, "ann" and
 * "[""a"",2]": what lies in an object is a column of its own, an array is its
 * JSON text.  Strings come quoted, numbers as they are spelled, true and false
 * bare; null, and what an object does not have, is an empty field.
 *
 *	j = jsonin_open(in, &opt, &e);
 *	use jsonin_names(j)
 *	while ((rc = jsonin_next(j, &block, nslot, &e)) > 0)
 *		...                          block valid until the next call
 *	jsonin_close(j);                       the in stays the caller's
 *
 * A name that stands twice in one object is an error, and so is all that
 * jsontext.h refuses.
 */
#ifndef SHARD_JSONIN_H
#define SHARD_JSONIN_H

#include "io/in.h"
#include "rows/block.h"
#include "rows/schema.h"

#define JSONIN_MAX_DEPTH 100
#define JSONIN_MAX_COLUMNS 16384

struct jsonin_opt {
	/* The columns, in their order; another one is an error that names
	 * want_of.  NULL: those that the input has, in the order in which they
	 * first appear; it is read once more for them. */
	const struct schema *want;
	const char *want_of;
	/* The input again, from its beginning; for want NULL. */
	struct in *(*again)(void *arg, struct err *e);
	void *again_arg;
	bool keep_names; /* leave __DOT__ in names */
	uint64_t max_record;
	char out_sep;
};

struct jsonin;

struct jsonin *
jsonin_open(struct in *in, const struct jsonin_opt *opt, struct err *e);
const struct bytes *jsonin_names(const struct jsonin *j, size_t *n);
/* 1 and a block with at least one row; 0 at the end; -1. */
MUST_CHECK int
jsonin_next(struct jsonin *j, struct block *b, int nslot, struct err *e);
uint64_t jsonin_rows(const struct jsonin *j);
void jsonin_close(struct jsonin *j);

/* Does it begin as JSON does, with an object or an array of them? */
bool jsonin_begins(struct bytes head);

#endif
