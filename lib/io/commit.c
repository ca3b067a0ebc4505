#include "io/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/dir.h"
#include "io/out.h"

#define TEMP_PREFIX ".tmp."

struct commit {
	char *path, *temp;
	int fd;
	bool renamed;
	pid_t owner; /* a forked child that exits leaves our files alone */
	struct commit *next;
};

/*
 * The one piece of file-scope state in the library: a signal handler has no
 * argument.  The list changes only while the signals are blocked.
 */
static struct commit *pending;

static const int fatal_signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};

static void
remove_pending(void)
{
	struct commit *c;

	for (c = pending; c; c = c->next)
		if (c->owner == getpid())
			unlink(c->temp);
}

static void
on_signal(int sig)
{
	remove_pending();
	/* SA_RESETHAND put the default back: end as the signal says */
	raise(sig);
}

void
commit_init(void)
{
	struct sigaction sa, old;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESETHAND;
	sigfillset(&sa.sa_mask);
	for (i = 0; i < LEN(fatal_signals); i++)
		if (sigaction(fatal_signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(fatal_signals[i], &sa, NULL);
	atexit(remove_pending);
}

void
commit_hold(sigset_t *old)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < LEN(fatal_signals); i++)
		sigaddset(&set, fatal_signals[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

void
commit_release(const sigset_t *old)
{
	sigprocmask(SIG_SETMASK, old, NULL);
}

static void
unlink_from_list(struct commit *c)
{
	struct commit **at;

	for (at = &pending; *at; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			return;
		}
}

int
make_dirs(const char *dir, struct err *e)
{
	char *path = xstrdup(dir), *p;
	int rc = 0;

	for (p = path + 1; rc == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			rc = err_sys(e, ERR_OUTPUT, "%s: mkdir", path);
		*p = c;
		if (c == '\0')
			break;
	}
	free(path);
	return rc;
}

/* The directory part of path, "." if it has none. */
static char *
dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

char *
commit_temp_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = dir_of(path);
	struct buf b = BUF_ZERO;
	uint64_t salt = 0;

	if (getrandom(&salt, sizeof(salt), 0) < 0)
		salt = (uint64_t)(uintptr_t)dir;
	buf_printf(&b, "%s/" TEMP_PREFIX "%.200s.%ld.%016llx", dir,
	    slash ? slash + 1 : path, (long)getpid(), (unsigned long long)salt);
	free(dir);
	return buf_release(&b);
}

struct commit *
commit_new(const char *path, struct err *e)
{
	struct commit *c = xcalloc(1, sizeof(*c));
	char *dir = dir_of(path);
	sigset_t old;

	c->path = xstrdup(path);
	c->temp = commit_temp_path(path);
	commit_hold(&old);
	c->fd = open(c->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (c->fd < 0 && errno == ENOENT && make_dirs(dir, e) == 0)
		c->fd =
		    open(c->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (c->fd >= 0) {
		c->owner = getpid();
		c->next = pending;
		pending = c;
	}
	commit_release(&old);
	free(dir);
	if (c->fd < 0) {
		err_sys(e, ERR_OUTPUT, "%s: create", path);
		free(c->path);
		free(c->temp);
		free(c);
		return NULL;
	}
	return c;
}

struct commit *
commit_scrap(const char *path)
{
	struct commit *c = xcalloc(1, sizeof(*c));
	sigset_t old;

	c->path = xstrdup(path);
	c->temp = xstrdup(path);
	c->fd = -1;
	c->owner = getpid();
	commit_hold(&old);
	c->next = pending;
	pending = c;
	commit_release(&old);
	return c;
}

int
commit_fd(struct commit *c)
{
	int fd = c->fd;

	c->fd = -1;
	return fd;
}

const char *
commit_temp(const struct commit *c)
{
	return c->temp;
}

const char *
commit_path(const struct commit *c)
{
	return c->path;
}

int
commit_rename(struct commit *c, struct err *e)
{
	sigset_t old;
	int rc = 0;

	commit_hold(&old);
	if (rename(c->temp, c->path) < 0) {
		rc = err_sys(e, ERR_OUTPUT, "%s: rename", c->path);
	} else {
		c->renamed = true;
		unlink_from_list(c);
	}
	commit_release(&old);
	return rc;
}

void
commit_free(struct commit *c)
{
	sigset_t old;

	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	if (!c->renamed) {
		commit_hold(&old);
		unlink(c->temp);
		unlink_from_list(c);
		commit_release(&old);
	}
	free(c->path);
	free(c->temp);
	free(c);
}

int
commit_sync_dir(const char *path, struct err *e)
{
	char *dir = dir_of(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	/* EINVAL: a file system without directory sync has nothing to do */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		rc = err_sys(e, ERR_OUTPUT, "%s: fsync", dir);
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

static size_t
dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

void
commit_dirs_add(struct commit_dirs *d, const char *path)
{
	size_t i, n = dir_len(path);

	for (i = d->n; i-- > 0;)
		if (dir_len(d->v[i]) == n && memcmp(d->v[i], path, n) == 0)
			return;
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n++] = xstrdup(path);
}

int
commit_dirs_sync(struct commit_dirs *d, int rc, struct err *e)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (rc == 0)
			rc = commit_sync_dir(d->v[i], e);
		free(d->v[i]);
	}
	free(d->v);
	*d = COMMIT_DIRS_ZERO;
	return rc;
}

/* Has the file these n bytes? */
static bool
holds(const char *path, const void *p, size_t n)
{
	struct buf b = BUF_ZERO;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t k = fd < 0 ? -1 : 0;

	buf_reserve(&b, n + 1);
	while (
	    fd >= 0 && b.n <= n && (k = read(fd, b.p + b.n, n + 1 - b.n)) > 0)
		b.n += (size_t)k;
	if (fd >= 0)
		close(fd);
	k = k == 0 && b.n == n && memcmp(b.p, p, n) == 0;
	buf_fini(&b);
	return k;
}

/* Is it the name of a descriptor?  It may lead to a file, but stands for what
 * was opened. */
static bool
is_descriptor(const char *path)
{
	return strcmp(path, "/dev/stdout") == 0 ||
	    strcmp(path, "/dev/stderr") == 0 ||
	    strncmp(path, "/dev/fd/", 8) == 0 ||
	    strncmp(path, "/proc/self/fd/", 14) == 0;
}

/* A device or a pipe is written to, never replaced by a file. */
static int
write_through(const char *path, const void *p, size_t n, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), rc;

	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "%s", path);
	rc = write_all(fd, path, p, n, e);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: close", path);
	return rc;
}

int
commit_file(const char *path, const void *p, size_t n, struct err *e)
{
	struct commit *c;
	struct stat sb;
	int fd, rc = -1;

	if (is_descriptor(path))
		return write_through(path, p, n, e);
	if (stat(path, &sb) == 0 && !S_ISDIR(sb.st_mode)) {
		if (!S_ISREG(sb.st_mode))
			return write_through(path, p, n, e);
		if ((size_t)sb.st_size == n && holds(path, p, n))
			return 0;
	}
	c = commit_new(path, e);
	if (!c)
		return -1;
	fd = commit_fd(c);
	if (write_all(fd, path, p, n, e) < 0) {
		close(fd);
		goto out;
	}
	if (fsync(fd) < 0) {
		err_sys(e, ERR_OUTPUT, "%s: fsync", path);
		close(fd);
		goto out;
	}
	if (close(fd) < 0) {
		err_sys(e, ERR_OUTPUT, "%s: close", path);
		goto out;
	}
	if (commit_rename(c, e) == 0)
		rc = commit_sync_dir(path, e);
out:
	commit_free(c);
	return rc;
}

int
commit_unseal(const char *out, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = 0;

	buf_printf(&b, "%s/_SUCCESS", out);
	if (unlink(buf_cstr(&b)) == 0)
		rc = commit_sync_dir(b.p, e);
	else if (errno != ENOENT && errno != ENOTDIR)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", b.p);
	buf_fini(&b);
	return rc;
}

bool
commit_is_temp(const char *name)
{
	return strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) == 0;
}

int
commit_sweep(const char *dir, struct err *e)
{
	struct buf path = BUF_ZERO;
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, e), bad = 0;

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!commit_is_temp(f.name))
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, f.name);
		/* the others go nevertheless */
		if (unlink(buf_cstr(&path)) < 0 && errno != ENOENT)
			bad = err_sys(e, ERR_OUTPUT, "%s: remove", path.p);
	}
	dir_close(&d);
	buf_fini(&path);
	return rc < 0 ? rc : bad;
}
