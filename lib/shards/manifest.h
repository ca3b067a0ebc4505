/*
 * manifest - makes the tables of a whole output from its records, and the seal:
 *
 *	OUT/_manifest.tsv  each file: shard, split, path, rows, bytes, xxh3
 *	OUT/_account.tsv   what became of the rows of each input shard
 *	OUT/_SUCCESS       empty; written last, it says that OUT is whole
 *
 *	struct manifest m;
 *	manifest_init(&m);
 *	manifest_add(&m, &output, "");
 *	manifest_end(&m);
 *	if (manifest_seal(&m, "OUT", &e) < 0)
 *		...
 *	manifest_fini(&m);
 *
 * Both tables depend on the records alone.
 */
#ifndef SHARD_MANIFEST_H
#define SHARD_MANIFEST_H

#include "shards/output.h"

struct manifest_row; /* a row of the account, see manifest.c */

struct manifest {
	struct buf files; /* the bytes of _manifest.tsv */
	struct buf
	    account; /* the bytes of _account.tsv, from manifest_end() on */
	struct manifest_row *row;
	size_t nrow, cap;
};

/* Makes m an empty manifest, which the caller frees with manifest_fini(). */
void manifest_init(struct manifest *m);
/* Adds the records of o; prefix ("" or "DAY/") is put in front of the paths of
 * its files. */
void
manifest_add(struct manifest *m, const struct output *o, const char *prefix);
/* After the last manifest_add(): makes the bytes of the account, sorted, with
 * lines of one shard, kind and name added up. */
void manifest_end(struct manifest *m);
/* Commits both tables to the directory out, then _SUCCESS.  The caller has
 * removed an old seal (commit_unseal()) and knows that the files are whole
 * (check_output() does both). */
MUST_CHECK int
manifest_seal(const struct manifest *m, const char *out, struct err *e);
/* Frees what m owns. */
void manifest_fini(struct manifest *m);

#endif
