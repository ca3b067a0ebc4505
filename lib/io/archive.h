/*
 * members - the files in a tar or zip, in turn.
 *
 *	struct members *m = members_open("shards.tar.zst", &e);
 *	while ((rc = members_next(m, &v, &e)) > 0)
 *		while ((n = members_read(m, p, sizeof(p), &e)) > 0)
 *			use(p, n);
 *	members_close(m);
 *
 * Archives are known by their names: .tar, with the ending of a codec too,
 * .tgz, .tbz2, .txz, .tzst, .zip.  "shards.tar.zst:dir/part-00042.csv" is the
 * path of a member; in_open() takes it as that of a file.
 *
 * Codecs are ours (in.h), the archives libarchive's.  A tar has no count of its
 * members and no digest of them: what shows that none is missing is the empty
 * block that ends it.  For members_next() and members_end() a tar without one,
 * or with something behind it, is damaged.
 */
#ifndef SHARD_MEMBERS_H
#define SHARD_MEMBERS_H

#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

struct members;

struct member {
	const char *name; /* until the next one; no ./ in front */
	uint64_t bytes;
	const char *link; /* the name it stands for, when it has no bytes */
	bool regular;
};

bool archive_named(const char *path);
/* The name of the member in the path of one; NULL when it is none.  Looks at
 * the path alone. */
const char *member_name(const char *path);

/* NULL on error. */
struct members *members_open(const char *path, struct err *e);
/* At a member, by its path; ERR_INPUT and NULL when there is none. */
struct members *members_at(const char *path, struct member *v, struct err *e);
/* Refuses one that is no file, which has nothing to read. */
MUST_CHECK int
member_is_file(const char *archive, const struct member *v, struct err *e);
/* 1; 0 behind the last, when the archive is known to be whole; -1. */
MUST_CHECK int members_next(struct members *m, struct member *v, struct err *e);
/* Some bytes of the member; 0 at its end, -1. */
MUST_CHECK ssize_t members_read(
    struct members *m, char *p, size_t n, struct err *e);
/* The member has been read: now what a codec knows of the whole, which takes
 * reading it.  0 or -1. */
MUST_CHECK int members_end(struct members *m, struct err *e);
void members_close(struct members *m);

#endif
