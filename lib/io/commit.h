/*
 * commit - a file appears under its name only when it is whole.
 *
 *	struct commit *c = commit_new("OUT/train/part-00042.csv", &e);
 *	out = out_new(commit_fd(c), commit_temp(c), ...);
 *	... write, out_finish(out, true) ...
 *	if (commit_rename(c, &e) == 0)
 *		commit_sync_dir(path, &e);
 *	commit_free(c);            removes what was not renamed
 *
 * The temp file lies beside the target under `.tmp.<name>.<pid>.<random>`: a
 * name that no reader takes for a shard, unique, and known to
 * commit_is_temp().  Files not yet renamed are also removed when the program
 * ends by exit(), SIGINT, SIGPIPE, SIGTERM or SIGHUP (commit_init()); after
 * SIGKILL they stay until commit_sweep().
 */
#ifndef SHARD_COMMIT_H
#define SHARD_COMMIT_H

#include <signal.h>

#include "base/base.h"
#include "base/err.h"

struct commit;

/* Installs the clean-up at exit and on signals; once per program. */
void commit_init(void);

/* Creates the directories above path as needed and opens the temp file. */
struct commit *commit_new(const char *path, struct err *e);
/* The open descriptor; the caller owns it from the first call on. */
int commit_fd(struct commit *c);
const char *commit_temp(const struct commit *c);
const char *commit_path(const struct commit *c);
MUST_CHECK int commit_rename(struct commit *c, struct err *e);
void commit_free(struct commit *c);
/* A file of this name, which others make, is removed by commit_free(), or when
 * the program ends; it need not be there. */
struct commit *commit_scrap(const char *path);

/* Signals that end the program wait from hold to release: for steps of which
 * none should be the last one. */
void commit_hold(sigset_t *old);
void commit_release(const sigset_t *old);

/* fsync of the directory that holds path. */
MUST_CHECK int commit_sync_dir(const char *path, struct err *e);
/* All of a small file at once: temp, write, fsync, rename, directory.  A file
 * that holds these bytes already is left as it is; a device or a pipe is
 * written to, and so is what /dev/stdout or another descriptor is. */
MUST_CHECK int
commit_file(const char *path, const void *p, size_t n, struct err *e);
/* An output that is about to change is sealed no longer: OUT/_SUCCESS goes. */
MUST_CHECK int commit_unseal(const char *out, struct err *e);
MUST_CHECK int make_dirs(const char *dir, struct err *e);

/* A new temp name beside path; as commit_new() makes it, or for a file that
 * waits there while what it speaks of is replaced or removed.  Caller frees. */
char *commit_temp_path(const char *path);

bool commit_is_temp(const char *name);
/* Removes temp files left in dir itself; a dir that does not exist is fine. */
MUST_CHECK int commit_sweep(const char *dir, struct err *e);

#endif
