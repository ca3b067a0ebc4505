/*
 * jsonout - CSV text on its way to a file becomes JSON Lines: a filter of out.
 *
 *	id,who.name,tags           {"id":1,"who.name":"ann","tags":null}
 *	1,"ann",
 *
 * A quoted field is a string, an empty one null; what is spelled as JSON spells
 * numbers, true and false is that, and anything else a string.
 */
#ifndef SHARD_JSONOUT_H
#define SHARD_JSONOUT_H

#include "io/out.h"

struct jsonout_opt {
	char sep;         /* of the CSV text */
	const char *name; /* of the file, for messages; copied */
	/* Does the column hold texts, whatever they are spelled like?  NULL:
	 * each value tells for itself. */
	bool (*is_text)(void *arg, struct bytes column);
	void *arg;
};

/* From now on what is written to o is CSV text, a header line first. */
void jsonout_begin(struct out *o, const struct jsonout_opt *opt);

#endif
