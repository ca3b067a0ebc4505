/*
 * pickle - reads a flat dict from texts to numbers or texts in the format of
 * Python's pickle module, and nothing else of that format.
 *
 * A pickle is a program, which Python runs to load it.  The reader here runs
 * nothing: it accepts the opcodes that Python writes for such a dict, in
 * protocols 0 to 5 and in the orders that give a dict, and refuses every other
 * opcode by its name and place. It has no stack and no recursion: pairs go into
 * the dict as they are read.
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

/* The limits of what the reader accepts. */
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
	size_t at; /* offset of the key in the file */
};

struct pickle_dict {
	struct pickle_pair *v;
	size_t n;
	char *heap; /* texts that had escapes; all others lie in the file */
};

/*
 * Reads a whole pickle of a dict.  Keys and texts point into the bytes of file,
 * which must outlive d, or into d->heap.  Errors, `name: what`, are: opcodes
 * that could run code, which are reported before all else but a pickle that is
 * cut off; containers in the dict, None, bool and bytes; keys that are no text
 * or occur twice; nan, inf and integers that no double equals; text that is not
 * UTF-8; bytes after the end; and what is beyond the limits above.
 */
MUST_CHECK int pickle_parse(
    struct pickle_dict *d, const char *name, struct bytes file, struct err *e);
/* Frees what d owns. */
void pickle_fini(struct pickle_dict *d);

#endif
