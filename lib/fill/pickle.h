/*
 * pickle - a flat dict of text to numbers or text in the format of Python's
 * pickle module, and of that format nothing else.
 *
 * A pickle is a program; loading one runs it.  The reader here runs nothing:
 * it takes the opcodes that Python writes for such a dict, in protocols 0 to
 * 5, in the orders that give a dict, and refuses every other opcode by its
 * name and place.  There is no stack to overflow and no recursion: pairs go
 * into the dict as they are read.
 *
 *	struct pickle_dict d;
 *	if (pickle_parse(&d, "impute_dict.pkl", bytes, &e) < 0)
 *		...
 *	use(d.v, d.n);          in the order of the dict
 *	pickle_fini(&d);
 */
#ifndef SHARD_PICKLE_H
#define SHARD_PICKLE_H

#include "base/base.h"
#include "base/err.h"

/* What the reader holds is bounded by these. */
#define PICKLE_MAX_BYTES ((size_t)64 << 20)
#define PICKLE_MAX_PAIRS ((size_t)1 << 20)

enum pickle_kind {
	PICKLE_TEXT,
	PICKLE_FLOAT, /* finite */
	PICKLE_INT,   /* whole, and number is exactly that */
};

struct pickle_pair {
	struct bytes key,
	    text; /* UTF-8, may hold NUL; text: PICKLE_TEXT only */
	double number;
	enum pickle_kind kind;
	size_t at; /* of the key, in the file */
};

struct pickle_dict {
	struct pickle_pair *v;
	size_t n;
	char *heap; /* text that had escapes; all other lies in the file */
};

/*
 * Reads a whole pickle of a dict; keys and texts point into the file's bytes,
 * which must stay, or into heap.  Refused, as `name: what`: opcodes that could
 * run code (wherever they stand, before anything else but a pickle that is
 * cut), containers inside of the dict, None, bool, bytes, keys that are no
 * text or come twice, nan and inf, integers that no double is exactly, text
 * that is not UTF-8, bytes behind the end, and what is larger than the limits
 * above.
 */
MUST_CHECK int pickle_parse(
    struct pickle_dict *d, const char *name, struct bytes file, struct err *e);
void pickle_fini(struct pickle_dict *d);

#endif
