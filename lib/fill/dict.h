/*
 * dict - the dictionary of fill values: for each column, what fills its missing
 * cells.  It is read from impute.tsv, a JSON object or a Python pickle of a
 * dict, and written as JSON or pickle.
 *
 *	struct filldict d;
 *	if (filldict_load(&d, "impute_dict.pkl", &e) < 0)
 *		...
 *	for (i = 0; i < d.n; i++)
 *		use(d.v[i].column, d.v[i].value);
 *	filldict_fini(&d);
 *
 * Loading keeps the order of the file.  Numbers of JSON and pickle are
 * spelled by number_format(), floats with a point (3.0), integers without (3);
 * values of impute.tsv keep their bytes.
 */
#ifndef SHARD_FILLDICT_H
#define SHARD_FILLDICT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* Larger files are refused; loading the largest takes about 400 MiB. */
#define FILLDICT_MAX_BYTES ((size_t)64 << 20)
#define FILLDICT_MAX_COLUMNS ((size_t)1 << 20)

struct fill {
	char *column;
	bool number; /* the value is a number (parse_double()) */
	char *value; /* what is written into a cell */
};

struct filldict {
	struct fill *v;
	size_t n;
};

#define FILLDICT_ZERO ((struct filldict){NULL, 0})

/*
 * Reads a file, compressed or not, in the form that its content shows; "-" is
 * standard input.  After an error, `path: what` or `path:LINE: what`, the dict
 * is empty.  Errors are
 *   - in all forms: a column that occurs twice, and NUL in a text;
 *   - in JSON and pickle: a value that is neither a finite number nor a text,
 *     a text that is not UTF-8, and an integer beyond 64 bits (JSON) or one
 *     that no double equals (pickle);
 *   - in impute.tsv: a strategy other than mean, median, constant, mode and
 *     empty, and a mean or median that is no number.
 *
 * A constant is a number unless only a text is spelled so, like 007.
 */
MUST_CHECK int
filldict_load(struct filldict *d, const char *path, struct err *e);
/* Reads the bytes of such a file; name is for messages. */
MUST_CHECK int filldict_parse(
    struct filldict *d, const char *name, struct bytes file, struct err *e);

/*
 * These append the dict to b: as a JSON object with one column per line, and as
 * a pickle of protocol 2, in which every number is a float.  They return -1,
 * with b as it was, when a column occurs twice or a name or value is not UTF-8;
 * for the pickle also when no float equals an integer.
 */
MUST_CHECK int
filldict_save_json(const struct filldict *d, struct buf *b, struct err *e);
MUST_CHECK int
filldict_save_pickle(const struct filldict *d, struct buf *b, struct err *e);

/* Frees what d owns and leaves it empty. */
void filldict_fini(struct filldict *d);

#endif
