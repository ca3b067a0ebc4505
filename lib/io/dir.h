/*
 * dir - reads the entries of a directory.  An unreadable directory is an error
 * and never passes for an empty one.
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
 * After the loop rc is 0 if the whole directory was read, and -1 after an
 * error, including one of use().
 */
#ifndef SHARD_DIR_H
#define SHARD_DIR_H

#include "base/base.h"
#include "base/err.h"

struct dir {
	void *stream; /* a DIR; NULL when there are no entries */
	char *path;
	enum err_kind kind;
};

struct dir_entry {
	const char *name; /* valid until dir_next() or dir_close() */
	bool is_dir;      /* a directory; a link is neither */
	bool is_file;     /* a regular file */
};

/* Opens the directory.  Its errors, here and later, are of that kind and begin
 * with path.  When it cannot be opened, returns -1 with errno as open set it.
 */
MUST_CHECK int
dir_open(struct dir *d, const char *path, enum err_kind kind, struct err *e);
/* The same, but a directory that does not exist counts as empty. */
MUST_CHECK int dir_open_some(
    struct dir *d, const char *path, enum err_kind kind, struct err *e);
/*
 * Fills f with the next entry, in no order and without "." and "..", and
 * returns 1; returns 0 after the last.  Returns -1 when the directory cannot be
 * read, or the type of an entry where the file system does not tell it with the
 * name.  An entry that is removed meanwhile may be left out.
 */
MUST_CHECK int dir_next(struct dir *d, struct dir_entry *f, struct err *e);
/* Removes a directory that has no directory in it, and its files; one that does
 * not exist is fine. */
MUST_CHECK int dir_remove(const char *path, enum err_kind kind, struct err *e);
/* 1 if something is at path, 0 if nothing is, -1 if nobody can tell: where what
 * is not there is made, left out or removed, no error may pass for that. */
MUST_CHECK int path_exists(const char *path, enum err_kind kind, struct err *e);
/* Closes d; also to be called after a dir_open() that failed. */
void dir_close(struct dir *d);

#endif
