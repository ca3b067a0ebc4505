#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static int
open_dir(struct dir *d, const char *path, enum err_kind kind, bool missing_ok,
    struct err *e)
{
	int error;

	d->stream = opendir(path);
	d->path = xstrdup(path);
	d->kind = kind;
	if (d->stream || (missing_ok && errno == ENOENT))
		return 0;
	error = errno;
	err_sys(e, kind, "%s", path);
	errno = error;
	return -1;
}

int
dir_open(struct dir *d, const char *path, enum err_kind kind, struct err *e)
{
	return open_dir(d, path, kind, false, e);
}

int
dir_open_some(
    struct dir *d, const char *path, enum err_kind kind, struct err *e)
{
	return open_dir(d, path, kind, true, e);
}

/* Takes the type of an entry: 1; 0 when it is not there any more; -1. */
static int
take_type(
    struct dir *d, const struct dirent *de, struct dir_entry *f, struct err *e)
{
	struct stat sb;

	f->is_dir = de->d_type == DT_DIR;
	f->is_file = de->d_type == DT_REG;
	if (de->d_type != DT_UNKNOWN)
		return 1;
	if (fstatat(dirfd(d->stream), de->d_name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
		    ? 0
		    : err_sys(e, d->kind, "%s/%s", d->path, de->d_name);
	f->is_dir = S_ISDIR(sb.st_mode);
	f->is_file = S_ISREG(sb.st_mode);
	return 1;
}

int
dir_next(struct dir *d, struct dir_entry *f, struct err *e)
{
	struct dirent *de;
	int rc;

	/* readdir() returns NULL at the end and on error; errno tells */
	while (d->stream && (errno = 0, de = readdir(d->stream))) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		f->name = de->d_name;
		rc = take_type(d, de, f, e);
		if (rc != 0)
			return rc;
	}
	if (d->stream && errno)
		return err_sys(e, d->kind, "%s: readdir", d->path);
	return 0;
}

int
dir_remove(const char *path, enum err_kind kind, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, path, kind, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		buf_clear(&b);
		buf_printf(&b, "%s/%s", path, f.name);
		if (unlink(buf_cstr(&b)) < 0 && errno != ENOENT)
			rc = err_sys(e, kind, "%s: remove", b.p);
	}
	dir_close(&d);
	if (rc == 0 && rmdir(path) < 0 && errno != ENOENT)
		rc = err_sys(e, kind, "%s: remove", path);
	buf_fini(&b);
	return rc;
}

int
path_exists(const char *path, enum err_kind kind, struct err *e)
{
	if (access(path, F_OK) == 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_sys(e, kind, "%s", path);
}

void
dir_close(struct dir *d)
{
	if (d->stream)
		closedir(d->stream);
	free(d->path);
	*d = (struct dir){.stream = NULL};
}
