#include "chain/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/out.h"

/* One program of the pipe, its words to be. */
struct program {
	char *name;
	char **argv;
	int argc;
	pid_t pid;
	int status; /* of waitpid(); 0 before */
};

static bool
is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static void
add(struct program *p, const char *word)
{
	p->argv = xrealloc(p->argv, ((size_t)p->argc + 2) * sizeof(*p->argv));
	p->argv[p->argc++] = xstrdup(word);
	p->argv[p->argc] = NULL;
}

/* Separators of the stream are tabs where a TSV shard stays one. */
static bool
keeps_tabs(const char *path, char *const *word, int n)
{
	const char *base = path ? strrchr(path, '/') : NULL;
	const char *tsv;
	int i;

	base = base ? base + 1 : path;
	tsv = base ? strstr(base, ".tsv") : NULL;
	if (!tsv || (tsv[4] && tsv[4] != '.'))
		return false;
	for (i = 0; i + 1 < n; i++)
		if (strcmp(word[i], "--format") == 0 &&
		    strcmp(word[i + 1], "tsv") != 0)
			return false;
	return true;
}

/* The programs of the words, n of them in p. */
static int
programs(
    char *const *word, int n, const char *path, int facts, struct program *p)
{
	static const char *const like[] = {
	    "dedup", "impute", "stats", "write", NULL};
	struct buf b = BUF_ZERO;
	int i, k = -1;

	for (i = 0; i < n; i++) {
		bool first = i == 0 || strcmp(word[i - 1], ":") == 0;

		if (strcmp(word[i], ":") == 0)
			continue;
		if (!first) {
			add(&p[k], word[i]);
			continue;
		}
		k++;
		buf_clear(&b);
		buf_printf(&b, "shard-%s", word[i]);
		p[k].name = xstrdup(buf_cstr(&b));
		add(&p[k], p[k].name);
		if (path && is_one_of(word[i], like)) {
			add(&p[k], "--like");
			add(&p[k], path);
		}
		if (facts >= 0 && strcmp(word[i], "write") == 0) {
			buf_clear(&b);
			buf_printf(&b, "/dev/fd/%d", facts);
			add(&p[k], "--facts");
			add(&p[k], buf_cstr(&b));
		}
	}
	buf_fini(&b);
	return k + 1;
}

/* The statuses of a shell for what could not be started; a program of ours ends
 * with 0, 1 or 2. */
enum { NOT_RUN = 126, NOT_FOUND = 127 };

static pid_t
start(const struct program *p, int in, int out, bool tabs)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) ||
	    (out >= 0 && dup2(out, STDOUT_FILENO) < 0))
		_exit(NOT_RUN);
	setenv("SHARD_STRICT", "1", 1);
	setenv("SHARD_DELIM", tabs ? "tab" : "comma", 1);
	unsetenv("SHARD_PROGRESS");
	execvp(p->name, p->argv);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_RUN);
}

/* Starts all, each reading what the one before writes. */
static int
start_all(struct program *p, int n, bool tabs, struct err *e)
{
	int i, in = -1, pipes[2], rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		pipes[0] = pipes[1] = -1;
		if (i + 1 < n && pipe2(pipes, O_CLOEXEC) < 0) {
			rc = err_sys(e, ERR_OUTPUT, "pipe");
			break;
		}
		p[i].pid = start(&p[i], in, pipes[1], tabs);
		if (p[i].pid < 0)
			rc = err_sys(e, ERR_OUTPUT, "%s: fork", p[i].name);
		if (in >= 0)
			close(in);
		if (pipes[1] >= 0)
			close(pipes[1]);
		in = pipes[0];
	}
	if (in >= 0)
		close(in);
	return rc;
}

/* Says how a program ended, unless it ended well. */
static int
tell(const struct program *p, struct err *e)
{
	if (WIFSIGNALED(p->status))
		return err_kind_set(e, ERR_INPUT, "%s was ended by signal %d",
		    p->name, WTERMSIG(p->status));
	switch (WEXITSTATUS(p->status)) {
	case 0: return 0;
	case NOT_FOUND:
		return err_kind_set(
		    e, ERR_INPUT, "%s: no such program in PATH", p->name);
	case NOT_RUN:
		return err_kind_set(e, ERR_INPUT, "%s cannot be run", p->name);
	default:
		return err_kind_set(e, ERR_INPUT, "%s ended with status %d",
		    p->name, WEXITSTATUS(p->status));
	}
}

/* Waits for all.  One that did not start is told before those that failed for
 * want of it, and these in their order. */
static int
wait_all(struct program *p, int n, int rc, struct err *e)
{
	int i;

	for (i = 0; i < n; i++)
		while (p[i].pid > 0 && waitpid(p[i].pid, &p[i].status, 0) < 0 &&
		    errno == EINTR)
			;
	for (i = 0; i < n && rc == 0; i++)
		if (WIFEXITED(p[i].status) &&
		    WEXITSTATUS(p[i].status) >= NOT_RUN)
			rc = tell(&p[i], e);
	for (i = 0; i < n && rc == 0; i++)
		rc = tell(&p[i], e);
	return rc;
}

/* The facts as a file that only descriptors name, or -1. */
static int
facts_file(struct bytes facts, struct err *e)
{
	int fd = memfd_create("facts", 0);

	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "memfd_create");
	if (write_all(fd, "facts", facts.p, facts.n, e) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
pipes_run(char *const *word, int n, const char *path, struct bytes facts,
    struct err *e)
{
	struct program *p = xcalloc((size_t)n, sizeof(*p));
	int fd = -1, i, k, count = 0, rc = -1;

	if (facts.n > 0 && (fd = facts_file(facts, e)) < 0)
		goto out;
	count = programs(word, n, path, fd, p);
	rc = start_all(p, count, keeps_tabs(path, word, n), e);
	rc = wait_all(p, count, rc, e);
	if (rc < 0 && path)
		err_prefix(e, "%s: ", path);
out:
	if (fd >= 0)
		close(fd);
	for (i = 0; i < count; i++) {
		for (k = 0; k < p[i].argc; k++)
			free(p[i].argv[k]);
		free(p[i].argv);
		free(p[i].name);
	}
	free(p);
	return rc;
}
