/*
 * commit - gives a file its name only when it is whole.
 *
 *	struct commit *c = commit_new("OUT/train/part-00042.csv", &e);
 *	out = out_new(commit_fd(c), commit_temp(c), ...);
 *	... write, out_finish(out, true) ...
 *	if (commit_rename(c, &e) == 0)
 *		commit_sync_dir(path, &e);
 *	commit_free(c);            removes a file not renamed
 *
 * The temp file lies beside the target and is called
 * `.tmp.<name>.<pid>.<random>`.  No other file has this name, no reader takes
 * it for a shard, and commit_is_temp() recognises it.  A temp file that was not
 * renamed is also removed when the program ends by exit(), SIGINT, SIGPIPE,
 * SIGTERM or SIGHUP (commit_init()); after SIGKILL it stays until
 * commit_sweep().
 */
#ifndef SHARD_COMMIT_H
#define SHARD_COMMIT_H

#include <signal.h>

#include "base/base.h"
#include "base/err.h"

struct commit;

/* Installs the removal of temp files at exit and on signals.  A program calls
 * it once. */
void commit_init(void);

/* Creates the directories above path that are missing and opens a temp file for
 * path.  Returns NULL on error; the caller frees it with commit_free(). */
struct commit *commit_new(const char *path, struct err *e);
/* Hands over the open descriptor of the temp file: the caller closes it, and a
 * second call returns -1. */
int commit_fd(struct commit *c);
/* Returns the name of the temp file, valid as long as c. */
const char *commit_temp(const struct commit *c);
/* Returns the name that the file will get, valid as long as c. */
const char *commit_path(const struct commit *c);
/* Renames the temp file; the caller has written and synced it. */
MUST_CHECK int commit_rename(struct commit *c, struct err *e);
/* Frees c, which may be NULL, and removes the temp file unless it was renamed.
 */
void commit_free(struct commit *c);
/* Returns a commit for a file at path that someone else may make:
 * commit_free(), or the end of the program, removes the file if it is there. */
struct commit *commit_scrap(const char *path);

/* From commit_hold() to commit_release() the signals that end the program wait:
 * for steps of which all must be done or none.  old keeps the mask. */
void commit_hold(sigset_t *old);
void commit_release(const sigset_t *old);

/* Syncs the directory that holds path. */
MUST_CHECK int commit_sync_dir(const char *path, struct err *e);
/* Commits a file of n bytes in all steps: temp file, write, sync, rename, sync
 * of the directory.  A file that already holds these bytes is left as it is; a
 * device or a pipe, and what /dev/stdout or another descriptor is, is written
 * to directly. */
MUST_CHECK int
commit_file(const char *path, const void *p, size_t n, struct err *e);
/* Directories in which files were made, renamed or removed: a path in each. */
struct commit_dirs {
	char **v;
	size_t n;
};
#define COMMIT_DIRS_ZERO ((struct commit_dirs){NULL, 0})
/* Adds the directory that holds path, if d does not have it yet. */
void commit_dirs_add(struct commit_dirs *d, const char *path);
/* Syncs them all, unless rc, what was done until then, is an error; d is empty
 * afterwards.  Returns rc, or -1. */
MUST_CHECK int commit_dirs_sync(struct commit_dirs *d, int rc, struct err *e);
/* Removes OUT/_SUCCESS, the seal of an output that is about to change, and has
 * it off the disk before anything changes. */
MUST_CHECK int commit_unseal(const char *out, struct err *e);
/* Creates the directory and those above it that are missing. */
MUST_CHECK int make_dirs(const char *dir, struct err *e);

/* Returns a new name of a temp file beside path; the caller frees it.  Besides
 * commit_new() it serves a file that waits while what it describes is replaced
 * or removed. */
char *commit_temp_path(const char *path);

/* Returns true if name, the last component of a path, is that of a temp file.
 */
bool commit_is_temp(const char *name);
/* Removes the temp files in dir, but not below; dir need not exist. */
MUST_CHECK int commit_sweep(const char *dir, struct err *e);

#endif
