/*
 * sizes - how large groups are, by table: what a plan is made from.
 *
 *	struct sizes s;
 *	sizes_init(&s);
 *	sizes_only(&s, "symbols.tsv", &e)		before the others
 *	sizes_groups(&s, "CTX/groups.tsv", &e)
 *	sizes_estimates(&s, "estimates.csv", &e)
 *	sizes_rate(&s, names, factors, n, &e)		behind them
 *	sizes_finish(&s, KEY_ORDER_AUTO, &e)
 *	use s.key[i], s.table[k].rows[i] for i in [0, s.n), in key order
 *	sizes_fini(&s);
 *
 * All files are tables with a header line: CSV where the name ends so, or
 * where the header has commas and no tab; else as all files of a context are,
 * tab-separated with escapes.  They are read row by row; a group takes about
 * 200 bytes, its key, and 16 per table.
 */
#ifndef SHARD_SIZES_H
#define SHARD_SIZES_H

#include "base/buf.h"
#include "base/err.h"
#include "keys/keytable.h"

#define SIZES_MAX_GROUPS (UINT32_C(1) << 26)
#define SIZES_MAX_TABLES 64
#define SIZES_MAX_TOTAL (UINT64_C(1) << 56) /* of a table */

struct sizes_table {
	char *name; /* "data" where there is but one */
	char *from; /* the file */
	/* of each group; SIZES_UNKNOWN before sizes_finish(), then 0 */
	uint64_t *rows, *bytes;
	bool have_bytes;
	uint64_t total_rows, total_bytes;
};
#define SIZES_UNKNOWN UINT64_MAX

/* A few names, for messages, and how many there are. */
struct sizes_some {
	uint64_t n;
	struct buf names; /* quoted, with commas */
};
void sizes_note(struct sizes_some *s, struct bytes name);
void sizes_some_fini(struct sizes_some *s);

struct sizes {
	char *column; /* of the keys; NULL: no file said */
	uint32_t n, cap;
	struct keytable keys; /* row: the number */
	struct sizes_table *table;
	size_t ntable;
	char *universe; /* no other groups than those of this file */
	bool ints;      /* all keys met are integers */
	struct buf odd; /* the first that is none */
	/* groups that the last file had and the universe has not */
	struct keytable strange;
	struct sizes_some left_out;
	/* by sizes_finish() */
	struct bytes *key;
	struct sizes_some unsized; /* groups without a size in any table */
};

enum key_order { KEY_ORDER_AUTO, KEY_ORDER_INT, KEY_ORDER_BYTES };

void sizes_init(struct sizes *s);
void sizes_fini(struct sizes *s);
/* The name of the column of the keys, as an option gave it. */
void sizes_column(struct sizes *s, const char *name);
/* The universe: the first column of a table. */
MUST_CHECK int sizes_only(struct sizes *s, const char *path, struct err *e);
/* As pass 1 left them; in a context it must be as it was left there. */
MUST_CHECK int sizes_groups(struct sizes *s, const char *path, struct err *e);
/* A column estimated_rows, perhaps a column table, and the keys in a column
 * that is called `key` or comes first. */
MUST_CHECK int
sizes_estimates(struct sizes *s, const char *path, struct err *e);
/* Replaces the one table there is by n others, with so many rows for each of
 * its rows, rounded up, and bytes that nobody knows. */
MUST_CHECK int sizes_rate(struct sizes *s, const struct bytes *name,
    const double *factor, size_t n, struct err *e);
/* Puts the tables in the order of their names, and the groups in that of their
 * keys: as integers if all keys met are such, even those left out, or as told.
 */
MUST_CHECK int
sizes_finish(struct sizes *s, enum key_order order, struct err *e);
/* Which table, or -1. */
int sizes_find(const struct sizes *s, struct bytes table);

#endif
