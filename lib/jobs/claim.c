#include "jobs/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/out.h"
#include "io/tsv.h"

#define WAIT_S 5
#define TRIES_PER_S 20

/* What the holder of a lock left in its file: the last line. */
static void
holder(const char *path, struct buf *b)
{
	struct buf text = BUF_ZERO;
	struct err ignored;
	size_t i;

	if (file_load(path, &text, &ignored) == 0) {
		while (text.n > 0 && text.p[text.n - 1] == '\n')
			text.n--;
		for (i = text.n; i > 0 && text.p[i - 1] != '\n'; i--)
			;
		buf_put(b, text.p + i, text.n - i);
	}
	buf_fini(&text);
}

int
claim_lock(const char *path, bool shared, const char *what, struct err *e)
{
	const struct timespec pause = {0, 1000000000 / TRIES_PER_S};
	int i, low = open(path, O_RDWR | O_CREAT | O_APPEND, 0666), fd = low;
	struct buf who = BUF_ZERO;

	/* numbers below 10 are the shell's */
	if (low >= 0) {
		fd = fcntl(low, F_DUPFD, 10);
		close(low);
	}
	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "%s", path);
	for (i = 0; flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0;
	     i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_sys(e, ERR_OUTPUT, "%s: cannot be locked", path);
			close(fd);
			return -1;
		}
		if (i == WAIT_S * TRIES_PER_S) {
			holder(path, &who);
			err_kind_set(e, ERR_OUTPUT,
			    "%s is in use by another run%s%s%s", what,
			    who.n ? " (" : "", who.n ? buf_cstr(&who) : "",
			    who.n ? ")" : "");
			buf_fini(&who);
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Leaves our name in the lock, for those who wait for it. */
static int
sign(int fd, const char *path, struct err *e)
{
	char host[256] = "", now[32];
	time_t t = time(NULL);
	struct tm tm;
	struct buf b = BUF_ZERO;
	int rc;

	gethostname(host, sizeof(host) - 1);
	gmtime_r(&t, &tm);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_printf(
	    &b, "process %ld on %s since %s\n", (long)getpid(), host, now);
	if (ftruncate(fd, 0) < 0)
		rc = err_sys(e, ERR_OUTPUT, "%s", path);
	else
		rc = write_all(fd, path, b.p, b.n, e);
	buf_fini(&b);
	return rc;
}

/* Is there nothing in the directory but our lock and temp files of killed runs?
 * *temp: there are some of these. */
static int
is_ours_to_take(const char *out, bool *temp, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, out, ERR_OUTPUT, e);

	*temp = false;
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0)
		if (commit_is_temp(f.name))
			*temp = true;
		else if (f.name[0] != '.' && strcmp(f.name, "_lock") != 0)
			rc = err_kind_set(e, ERR_OUTPUT,
			    "%s holds files that are not ours (%s/%s); choose "
			    "an empty directory",
			    out, out, f.name);
	dir_close(&d);
	return rc;
}

int
claim_output(struct claim *c, const char *out, const char *job,
    const char *type, struct err *e)
{
	struct buf lock = BUF_ZERO, path = BUF_ZERO, text = BUF_ZERO,
		   want = BUF_ZERO;
	bool temp;
	size_t i;
	int rc = -1, there;

	*c = CLAIM_ZERO;
	buf_printf(&lock, "%s/_lock", out);
	buf_printf(&path, "%s/_job.tsv", out);
	buf_printf(&want, "%s\t%s\n", job, type);
	if (make_dirs(out, e) < 0)
		goto out;
	c->fd = claim_lock(buf_cstr(&lock), false, out, e);
	if (c->fd < 0)
		goto out;
	there = path_exists(buf_cstr(&path), ERR_OUTPUT, e);
	if (there < 0)
		goto out;
	if (there) {
		if (file_load(path.p, &text, e) < 0)
			goto out;
		if (!bytes_eq(buf_bytes(&text), buf_bytes(&want))) {
			for (i = 0; i < text.n; i++)
				if (text.p[i] == '\t' || text.p[i] == '\n')
					text.p[i] = ' ';
			while (text.n > 0 && text.p[text.n - 1] == ' ')
				text.n--;
			err_kind_set(e, ERR_OUTPUT,
			    "%s belongs to another job: %s; choose another "
			    "output",
			    out, buf_cstr(&text));
			goto out;
		}
	} else {
		if (is_ours_to_take(out, &temp, e) < 0 ||
		    commit_file(path.p, want.p, want.n, e) < 0)
			goto out;
		c->fresh = !temp;
	}
	rc = commit_sweep(out, e);
	if (rc == 0)
		rc = sign(c->fd, buf_cstr(&lock), e);
out:
	if (rc < 0)
		claim_release(c);
	buf_fini(&lock);
	buf_fini(&path);
	buf_fini(&text);
	buf_fini(&want);
	return rc;
}

void
claim_release(struct claim *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
