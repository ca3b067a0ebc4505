#include "io/procs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/out.h"

static int
start(struct helper *h, helper_fn *work, void *arg, uint64_t first,
    uint64_t step, struct err *e)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_sys(e, ERR_OUTPUT, "pipe");
	h->pid = fork();
	if (h->pid == 0) {
		close(fd[0]);
		_exit(work(arg, fd[1], first, step));
	}
	close(fd[1]);
	if (h->pid < 0) {
		close(fd[0]);
		return err_sys(e, ERR_OUTPUT, "fork");
	}
	h->fd = fd[0];
	/* as much as the system allows; less only makes it wait more often */
	(void)fcntl(h->fd, F_SETPIPE_SZ, 1 << 20);
	return 0;
}

int
helpers_start(struct helper *helper, size_t n, size_t *started, helper_fn *work,
    void *arg, struct err *e)
{
	for (*started = 0; *started < n; ++*started)
		if (start(&helper[*started], work, arg, *started + 1, n + 1,
			e) < 0)
			return -1;
	return 0;
}

int
helper_tell(
    int fd, struct told told, const void *p, size_t n, const void *q, size_t m)
{
	struct err ignored; /* who reads is gone, and has its own */

	return write_all(fd, "pipe", &told, sizeof(told), &ignored) < 0 ||
		write_all(fd, "pipe", p, n, &ignored) < 0 ||
		write_all(fd, "pipe", q, m, &ignored) < 0
	    ? -1
	    : 0;
}

int
helper_failed(int fd, const struct err *e)
{
	struct told failed = {HELPER_FAILED, strlen(e->msg)};

	(void)!helper_tell(fd, failed, e->msg, failed.bytes, "", 0);
	return 1;
}

static int
ended_early(struct err *e)
{
	return err_kind_set(
	    e, ERR_OUTPUT, "a process that helped to merge ended early");
}

int
helper_read(const struct helper *h, void *p, size_t n, struct err *e)
{
	char *s = p;

	while (n > 0) {
		ssize_t k = read(h->fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return ended_early(e);
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

int
helper_hear(const struct helper *h, struct told *told, struct err *e)
{
	struct buf b = BUF_ZERO;

	if (helper_read(h, told, sizeof(*told), e) < 0)
		return -1;
	if (told->n != HELPER_FAILED)
		return 0;
	buf_reserve(&b, told->bytes + 1);
	if (helper_read(h, b.p, told->bytes, e) == 0) {
		b.n = told->bytes;
		err_set(e, "%s", buf_cstr(&b));
	}
	buf_fini(&b);
	return -1;
}

int
helpers_end(struct helper *helper, size_t n, int rc, struct err *e)
{
	size_t i;
	int status;

	for (i = 0; i < n; i++) {
		close(helper[i].fd);
		if (rc < 0)
			kill(helper[i].pid, SIGKILL);
		while (waitpid(helper[i].pid, &status, 0) < 0 && errno == EINTR)
			;
		if (rc == 0 && status != 0)
			rc = ended_early(e);
	}
	return rc;
}
