/*
 * unpack - puts all files of an archive into a new directory, or none of them.
 */
#ifndef SHARD_UNPACK_H
#define SHARD_UNPACK_H

#include "base/base.h"
#include "base/err.h"

/* A function that is told of each member that is left out. */
typedef void unpack_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * Unpacks the archive (archive.h) into dir, which must not exist or must have
 * no files.  The files get their names when the archive has been read to its
 * end and found whole; before that they are temp files, which commit.h removes
 * when anything fails.  A member that is not a file is left out with a warning.
 * A shard that is a link, a path that leads out of dir and a name that occurs
 * twice are errors.
 */
MUST_CHECK int
unpack(const char *archive, const char *dir, unpack_warn *warn, struct err *e);

#endif
