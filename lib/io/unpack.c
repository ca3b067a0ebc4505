#include "io/unpack.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/archive.h"
#include "io/commit.h"
#include "io/name.h"
#include "io/out.h"

/* The files unpacked so far, none under its name yet. */
struct unpack {
	struct commit **v;
	size_t n;
	const char *dir;
	char *block;
	unpack_warn *warn;
};
#define BLOCK ((size_t)256 << 10)

/* True if the path leads out of the directory that it is put into. */
static bool
leaves(const char *p)
{
	for (;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n;
		if (*p == '\0')
			return false;
	}
}

static int
is_file(const char *path, const struct stat *sb, int type, struct FTW *at)
{
	(void)path, (void)sb, (void)at;
	return type != FTW_D;
}

/* Refuses a directory with files in it.  One that is not there will do, and one
 * that holds directories only, as a run that was stopped leaves them. */
static int
check_empty(const char *dir, struct err *e)
{
	struct stat sb;

	if (lstat(dir, &sb) < 0 && errno == ENOENT)
		return 0;
	switch (nftw(dir, is_file, 16, FTW_PHYS)) {
	case 0: return 0;
	case 1:
		return err_kind_set(e, ERR_OUTPUT,
		    "%s: there are files in it: name a new directory", dir);
	default: return err_sys(e, ERR_OUTPUT, "%s", dir);
	}
}

/* Copies the member to a temporary file beside its place. */
static int
copy(struct unpack *u, struct members *m, const char *path, struct err *e)
{
	struct commit *c = commit_new(path, e);
	struct out *o;
	ssize_t n = -1;

	if (!c)
		return -1;
	if ((u->n & (u->n - 1)) == 0)
		u->v = xrealloc(u->v, (u->n ? 2 * u->n : 1) * sizeof(*u->v));
	u->v[u->n++] = c;
	o = out_new(commit_fd(c), commit_temp(c), CODEC_NONE, 0, false, e);
	if (!o)
		return -1;
	while ((n = members_read(m, u->block, BLOCK, e)) > 0)
		if (out_write(o, u->block, (size_t)n, e) < 0) {
			n = -1;
			break;
		}
	if (n == 0 && out_finish(o, true, e) < 0)
		n = -1;
	out_free(o);
	return n < 0 ? -1 : 0;
}

/* Unpacks the member if it is a file. */
static int
take(struct unpack *u, struct members *m, const struct member *v,
    const char *archive, struct err *e)
{
	const char *name = v->name + strspn(v->name, "/");
	char *path;
	int rc;

	if (!v->regular) {
		if (*name == '\0' || name[strlen(name) - 1] == '/')
			return 0; /* a directory */
		if (shard_name_parse(name).is_part)
			return member_is_file(archive, v, e);
		u->warn(
		    "%s:%s: not a regular file, left out", archive, v->name);
		return 0;
	}
	if (*name == '\0' || leaves(name))
		return err_set(e, "%s: member %s would lie outside of %s",
		    archive, err_quote(bytes_str(v->name)), u->dir);
	path = xmalloc(strlen(u->dir) + strlen(name) + 2);
	sprintf(path, "%s/%s", u->dir, name);
	rc = copy(u, m, path, e);
	free(path);
	return rc;
}

/* True if file i is the last one of its directory to be named. */
static bool
is_last_there(const struct unpack *u, size_t i)
{
	const char *p = commit_path(u->v[i]), *slash = strrchr(p, '/');
	size_t n = (size_t)(slash - p) + 1;

	return i == 0 || strncmp(commit_path(u->v[i - 1]), p, n) != 0 ||
	    strchr(commit_path(u->v[i - 1]) + n, '/');
}

/* Gives all files their names, or none of them. */
static int
name_all(struct unpack *u, const char *archive, struct err *e)
{
	struct stat sb;
	size_t i, k;
	int rc = 0;

	for (i = u->n; rc == 0 && i-- > 0;) { /* the last one is found first */
		const char *path = commit_path(u->v[i]);

		if (lstat(path, &sb) == 0)
			rc = err_set(e, "%s: %s is in it twice", archive,
			    path + strlen(u->dir) + 1);
		else
			rc = commit_rename(u->v[i], e);
		if (rc < 0)
			for (k = i + 1; k < u->n; k++)
				unlink(commit_path(u->v[k]));
		else if (is_last_there(u, i))
			rc = commit_sync_dir(path, e);
	}
	return rc;
}

int
unpack(const char *archive, const char *dir, unpack_warn *warn, struct err *e)
{
	struct unpack u = {.dir = dir, .warn = warn};
	struct members *m;
	struct member v;
	int rc;

	if (!archive_named(archive))
		return err_set(e,
		    "%s: not named as an archive is: .tar, .tar.gz, .tgz, "
		    ".zip ...",
		    archive);
	u.block = xmalloc(BLOCK);
	m = members_open(archive, e);
	rc = m ? check_empty(dir, e) : -1;
	while (rc == 0 && (rc = members_next(m, &v, e)) > 0)
		rc = take(&u, m, &v, archive, e);
	if (rc == 0)
		rc = make_dirs(dir, e);
	if (rc == 0)
		rc = name_all(&u, archive, e);
	while (u.n > 0)
		commit_free(u.v[--u.n]);
	free(u.v);
	free(u.block);
	members_close(m);
	return rc;
}
