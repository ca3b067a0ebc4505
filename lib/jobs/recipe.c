#include "jobs/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

struct display {
	const struct recipe *r;
	char title[40];
	uint64_t shards, bytes;
	double began, shown;
	char line[256]; /* what was read of the next line */
	size_t n;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ten lines a second at most; a rate and the time to go when half a second has
 * passed. */
static void
show(struct display *d)
{
	const struct recipe *r = d->r;
	double t = now(), s = t - d->began;
	struct buf b = BUF_ZERO;

	if (t - d->shown < 0.1 && d->shards < r->shards)
		return;
	d->shown = t;
	buf_printf(&b, "\r%s %llu/%llu shards, %llu MB of %llu", d->title,
	    (unsigned long long)d->shards, (unsigned long long)r->shards,
	    (unsigned long long)d->bytes / 1000000,
	    (unsigned long long)r->bytes / 1000000);
	if (s > 0.5 && d->shards > 0)
		buf_printf(&b, ", %.0f MB/s, %.0f s to go",
		    (double)d->bytes / s / 1e6,
		    s * (double)(r->shards - d->shards) / (double)d->shards);
	buf_puts(&b, " \033[K");
	r->show(buf_cstr(&b));
	buf_fini(&b);
}

static void
take_line(struct display *d)
{
	if (d->line[0] == '=') {
		snprintf(d->title, sizeof(d->title), "%s", d->line + 1);
		d->shards = d->bytes = 0;
		d->began = now();
		d->shown = 0;
		d->r->show("\r\033[K");
		return;
	}
	d->shards += d->shards < d->r->shards;
	d->bytes += strtoull(d->line, NULL, 10);
	show(d);
}

/* What is there to read: 0 when nobody writes any more. */
static int
take(struct display *d, int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text)), i;

	for (i = 0; i < n; i++)
		if (text[i] != '\n') {
			if (d->n < sizeof(d->line) - 1)
				d->line[d->n++] = text[i];
		} else {
			d->line[d->n] = '\0';
			take_line(d);
			d->n = 0;
		}
	return n > 0;
}

/* In the child: never returns. */
static void
become(const struct recipe *r, const sigset_t *mask, int progress)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	/* nobody would go on with the recipe, whose lock we hold */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(126);
	if (progress >= 0) {
		/* a shell knows descriptors of one digit */
		if (dup2(progress, 9) < 0)
			_exit(126);
		setenv("SHARD_PROGRESS", "9", 1);
	} else {
		unsetenv("SHARD_PROGRESS");
	}
	execlp("sh", "sh", r->path, "--vars", r->vars, (char *)NULL);
	fprintf(stderr, "sh: %s\n", strerror(errno));
	_exit(127);
}

static int
status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* Waits for the child, reading the display's pipe and our signals. */
static int
attend(const struct recipe *r, pid_t pid, int sig, int progress, int *caught)
{
	struct display d = {.r = r, .began = now()};
	struct pollfd p[] = {{sig, POLLIN, 0}, {progress, POLLIN, 0}};
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && !take(&d, progress))
			p[1].fd = -1;
		if (!p[0].revents ||
		    read(sig, &info, sizeof(info)) != (ssize_t)sizeof(info) ||
		    info.ssi_signo == SIGCHLD)
			continue;
		*caught = (int)info.ssi_signo;
		kill(-pid, SIGTERM);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		break;
	}
	if (r->show)
		r->show("\r\033[K");
	return status_of(status);
}

int
recipe_run(const struct recipe *r, int *caught, struct err *e)
{
	sigset_t mask, old;
	int pipes[2] = {-1, -1}, sig, rc = -1;
	pid_t pid = -1;

	*caught = 0;
	if (r->show && pipe(pipes) < 0)
		return err_sys(e, ERR_OUTPUT, "pipe");
	if (r->show)
		fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &old);
	sig = signalfd(-1, &mask, SFD_CLOEXEC);
	if (sig >= 0)
		pid = fork();
	if (pid == 0)
		become(r, &old, pipes[1]);
	if (pid < 0)
		err_sys(e, ERR_OUTPUT, sig < 0 ? "signalfd" : "fork");
	if (r->show)
		close(pipes[1]);
	if (pid > 0) {
		setpgid(pid, pid);
		rc = attend(r, pid, sig, pipes[0], caught);
		/* xargs does not wait for the others where one was killed */
		if (rc != 0)
			kill(-pid, SIGTERM);
	}
	if (sig >= 0)
		close(sig);
	if (r->show)
		close(pipes[0]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int
recipe_line(const char *line)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return 126;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp("sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	return status_of(status);
}

int
recipe_plan(const struct recipe *r, struct buf *text, struct err *e)
{
	int pipes[2], status = -1;
	ssize_t n;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(e, ERR_OUTPUT, "pipe");
	pid = fork();
	if (pid < 0) {
		err_sys(e, ERR_OUTPUT, "fork");
		close(pipes[0]);
		close(pipes[1]);
		return -1;
	}
	if (pid == 0) {
		if (dup2(pipes[1], STDOUT_FILENO) < 0)
			_exit(126);
		execlp("sh", "sh", r->path, "--vars", r->vars, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	do {
		buf_reserve(text, 4096);
		n = read(pipes[0], text->p + text->n, 4096);
		if (n > 0)
			text->n += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(pipes[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, "%s: ended before its plan was whole", r->path);
}
