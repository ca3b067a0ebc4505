/*
 * unpack - all files of an archive, in a new directory, or none of them.
 */
#ifndef SHARD_UNPACK_H
#define SHARD_UNPACK_H

#include "base/base.h"
#include "base/err.h"

/* Gets a message for each member that is left out. */
typedef void unpack_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * Unpacks the archive (archive.h) into dir, which must not be there or must
 * have no files in it.  The files get their names when the archive was read to
 * its end and found whole; before, they are temporary files that the clean-up
 * of commit.h removes.  Members that are no files are left out with a warning;
 * a shard that is a link, a path that leads out of dir and a name that occurs
 * twice are errors.
 */
MUST_CHECK int
unpack(const char *archive, const char *dir, unpack_warn *warn, struct err *e);

#endif
