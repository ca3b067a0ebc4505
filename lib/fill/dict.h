/*
 * filldict - the imputation dictionary: what fills the missing values of which
 * column.  It comes as impute.tsv, as a JSON object or as a Python pickle of a
 * dict, is one thing in memory, and goes out as JSON or pickle.
 *
 *	struct filldict d;
 *	if (filldict_load(&d, "impute_dict.pkl", &e) < 0)
 *		...
 *	for (i = 0; i < d.n; i++)
 *		use(d.v[i].column, d.v[i].value);
 *	filldict_fini(&d);
 *
 * Loading keeps the order of the file.  A number of the dict is spelled by
 * number_format(): floats with a point (3.0), integers without (3); the values
 * of impute.tsv are its very bytes.
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
	bool number; /* value is one, as parse_double() takes it */
	char *value; /* what is written into a cell */
};

struct filldict {
	struct fill *v;
	size_t n;
};

#define FILLDICT_ZERO ((struct filldict){NULL, 0})

/*
 * Reads a file in whichever form its content shows, compressed or not; "-" is
 * standard input.  On an error, `path: what` or `path:LINE: what`, the dict is
 * empty.  Refused: a column that comes twice; in JSON and pickle whatever is
 * neither a finite number nor text, NUL in text, text that is not UTF-8, and
 * integers beyond 64 bits (JSON) or that no double is exactly (pickle); in
 * impute.tsv strategies other than mean, median, constant, mode and empty, a
 * mean or median that is no number, NUL.  A constant counts as a number
 * unless it is spelled as only text is, like 007.
 */
MUST_CHECK int
filldict_load(struct filldict *d, const char *path, struct err *e);
/* The same from memory; name is for messages. */
MUST_CHECK int filldict_parse(
    struct filldict *d, const char *name, struct bytes file, struct err *e);

/*
 * Append the dict to b: as JSON, an object with a column a line; or as a
 * pickle, protocol 2, in which every number is a float.  -1 and b as it was
 * when a column comes twice, when a name or a value is not UTF-8, and, for the
 * pickle, when an integer would not be the same as a float.
 */
MUST_CHECK int
filldict_save_json(const struct filldict *d, struct buf *b, struct err *e);
MUST_CHECK int
filldict_save_pickle(const struct filldict *d, struct buf *b, struct err *e);

void filldict_fini(struct filldict *d);

#endif
