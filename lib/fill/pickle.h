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
 *
 *	pickle_put_dict_begin(&b);
 *	pickle_put_dict_number(&b, bytes_str("age"), 33.5);
 *	pickle_put_dict_text(&b, bytes_str("city"), bytes_str("Paris"));
 *	pickle_put_dict_end(&b);
 */
#ifndef SHARD_PICKLE_H
#define SHARD_PICKLE_H

#include "base/base.h"
#include "base/buf.h"
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

/*
 * Protocol 2, which every Python since 2.3 loads.  Keys and texts must be
 * valid UTF-8 of less than 4 GiB, keys must differ, numbers be finite; they
 * become Python's float and str (unicode in Python 2).
 */
void pickle_put_dict_begin(struct buf *b);
void pickle_put_dict_number(struct buf *b, struct bytes key, double number);
void pickle_put_dict_text(struct buf *b, struct bytes key, struct bytes text);
void pickle_put_dict_end(struct buf *b);

#endif
