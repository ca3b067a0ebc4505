/*
 * archive - reads the members of a tar or zip one after the other, for
 * shard-unpack; all other programs refuse archives.
 *
 *	struct members *m = members_open("shards.tar.zst", &e);
 *	while ((rc = members_next(m, &v, &e)) > 0)
 *		while ((n = members_read(m, p, sizeof(p), &e)) > 0)
 *			use(p, n);
 *	members_close(m);
 *
 * An archive is recognised by its name: .tar, also with the extension of a
 * codec, .tgz, .tbz2, .txz, .tzst, .zip.
 *
 * The codecs are those of in.h; libarchive reads the archives.  A tar has
 * neither a count nor a digest of its members: only the empty block that ends
 * it shows that none is missing.  members_next() reports a tar without this
 * block, or with something after it, as damaged.
 */
#ifndef SHARD_ARCHIVE_H
#define SHARD_ARCHIVE_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

/* An open archive, at one of its members. */
struct members;

struct member {
	const char *name; /* valid until the next member; without a ./ */
	uint64_t bytes;
	const char *link; /* the name that a link points to, else NULL */
	bool regular;     /* it is a file, and no link */
};

/* Returns true if the path has the name of an archive. */
bool archive_named(const char *path);
/*
 * Returns -1, with a message that names shard-unpack, if the path has the name
 * of an archive or lies in one ("x.tar:a.csv", "x.tar/a.csv"), and that archive
 * exists and is not a directory; else 0.
 */
MUST_CHECK int archive_refuse(const char *path, struct err *e);

/* Opens the archive at path; NULL on error.  The caller frees it with
 * members_close(). */
struct members *members_open(const char *path, struct err *e);
/* Returns 0 if the member is a file, else -1: it has nothing to read. */
MUST_CHECK int
member_is_file(const char *archive, const struct member *v, struct err *e);
/* Goes to the next member, fills v and returns 1.  Returns 0 after the last,
 * when the archive is known to be whole, and -1 on error. */
MUST_CHECK int members_next(struct members *m, struct member *v, struct err *e);
/* Reads up to n bytes of the member to p and returns their number: 0 at its
 * end, -1 on error. */
MUST_CHECK ssize_t members_read(
    struct members *m, char *p, size_t n, struct err *e);
/* Frees m, which may be NULL. */
void members_close(struct members *m);

#endif
