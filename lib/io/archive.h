/*
 * archive - the files in a tar or zip, in turn, for shard-unpack; all other
 * programs refuse archives.
 *
 *	struct members *m = members_open("shards.tar.zst", &e);
 *	while ((rc = members_next(m, &v, &e)) > 0)
 *		while ((n = members_read(m, p, sizeof(p), &e)) > 0)
 *			use(p, n);
 *	members_close(m);
 *
 * Archives are known by their names: .tar, with the ending of a codec too,
 * .tgz, .tbz2, .txz, .tzst, .zip.
 *
 * The codecs are those of in.h; libarchive reads the archives.  A tar has no
 * count of its members and no digest of them: the empty block that ends it
 *shows that none is missing.  members_next() takes a tar without this block, or
 *with something behind it, for damaged.
 */
#ifndef SHARD_ARCHIVE_H
#define SHARD_ARCHIVE_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

/* An open archive, at one of its members. */
struct members;

struct member {
	const char *name; /* holds until the next member; no ./ in front */
	uint64_t bytes;
	const char *link; /* the name that a link stands for, else NULL */
	bool regular;     /* it is a file, and no link */
};

/* True if the path is named as an archive is. */
bool archive_named(const char *path);
/*
 * Refuses a path that is named as an archive is, or that would lie in one
 * ("x.tar:a.csv", "x.tar/a.csv"), where the archive is there and no directory:
 * the message names shard-unpack.
 */
MUST_CHECK int archive_refuse(const char *path, struct err *e);

/* Opens the archive at path; NULL on error.  The caller frees it with
 * members_close(). */
struct members *members_open(const char *path, struct err *e);
/* Refuses a member that is no file, as it has nothing to read. */
MUST_CHECK int
member_is_file(const char *archive, const struct member *v, struct err *e);
/* Goes to the next member and fills v: 1; 0 behind the last, when the archive
 * is known to be whole; -1 on error. */
MUST_CHECK int members_next(struct members *m, struct member *v, struct err *e);
/* Reads up to n bytes of the member to p: their number, 0 at its end, -1 on
 * error. */
MUST_CHECK ssize_t members_read(
    struct members *m, char *p, size_t n, struct err *e);
/* Frees m; NULL will do. */
void members_close(struct members *m);

#endif
