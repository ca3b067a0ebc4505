/*
 * jsonout - turns CSV text on its way to a file into JSON Lines; it is a filter
 * of out.
 *
 *	id,who.name,tags           {"id":1,"who.name":"ann","tags":null}
 *	1,"ann",
 *
 * A quoted field becomes a string and an empty one null.  A field spelled as
 * JSON spells numbers, true or false stays as it is; any other one becomes a
 * string.
 */
#ifndef SHARD_JSONOUT_H
#define SHARD_JSONOUT_H

#include "io/out.h"

struct jsonout_opt {
	char sep;         /* of the CSV text */
	const char *name; /* of the file, for messages; copied */
	/* Returns true if all values of the column are texts, however they are
	 * spelled.  If NULL, the spelling of each value decides. */
	bool (*is_text)(void *arg, struct bytes column);
	void *arg;
};

/* Sets the filter of o, to which CSV text is then written, a header line first.
 */
void jsonout_begin(struct out *o, const struct jsonout_opt *opt);

#endif
