/*
 * dir - the entries of a directory, so that one that cannot be read is never
 * taken for an empty one.
 *
 *	struct dir d;
 *	struct dir_entry f;
 *	int rc = dir_open(&d, "OUT/_shards", ERR_INPUT, &e);
 *
 *	while (rc >= 0 && (rc = dir_next(&d, &f, &e)) > 0)
 *		if (!f.is_dir)
 *			rc = use(f.name);
 *	dir_close(&d);
 *
 * Behind the loop rc is 0 at the end of the directory, and -1 on an error, of
 * use() too.
 */
#ifndef SHARD_DIR_H
#define SHARD_DIR_H

#include "base/base.h"
#include "base/err.h"

struct dir {
	void *stream; /* a DIR; NULL: no entry comes */
	char *path;
	enum err_kind kind;
};

struct dir_entry {
	const char *name; /* until the next dir_next() or dir_close() */
	bool is_dir;      /* of the entry itself: a link is neither */
	bool is_file;     /* a regular file */
};

/* Opens the directory; its errors are of that kind and begin with path.
 * Returns -1, with errno as the system left it, where it cannot be opened. */
MUST_CHECK int
dir_open(struct dir *d, const char *path, enum err_kind kind, struct err *e);
/* The same, but a directory that does not exist has no entries. */
MUST_CHECK int dir_open_some(
    struct dir *d, const char *path, enum err_kind kind, struct err *e);
/*
 * The next entry, in no order, without "." and "..": 1; 0 when there is none
 * left; -1 when the directory, or the type of the entry where the file system
 * does not give it with the name, cannot be read.  An entry that is removed
 * meanwhile may be left out.
 */
MUST_CHECK int dir_next(struct dir *d, struct dir_entry *f, struct err *e);
/* Removes a directory that has no directory in it, and its files; one that does
 * not exist is fine. */
MUST_CHECK int dir_remove(const char *path, enum err_kind kind, struct err *e);
/* Also behind a dir_open() that failed. */
void dir_close(struct dir *d);

#endif
