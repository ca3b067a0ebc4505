#include "shred/each.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/word.h"
#include "io/dir.h"

#define COPY_BLOCK ((size_t)64 << 10)
/* The highest status that says what a command said itself. */
#define STATUS_MAX 125

char *
each_result(const char *out, uint32_t batch)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/_results/%05lu", out, (unsigned long)batch);
	return buf_release(&b);
}

/* What stands for the name between braces; NULL: nothing does. */
static const char *
value_of(const struct each *x, const struct gather *g, char *const *path,
    size_t ntable, const char *id, struct bytes name)
{
	size_t i;

	if (name.n == 0)
		return path[0];
	if (bytes_eq(name, bytes_str("id")))
		return id;
	if (bytes_eq(name, bytes_str("day")))
		return x->day ? x->day : "";
	for (i = 0; i < ntable; i++)
		if (bytes_eq(name, bytes_str(g[i].table)))
			return path[i];
	return NULL;
}

char *
each_expand(const struct each *x, const struct gather *g, char *const *path,
    size_t ntable, uint32_t batch)
{
	const char *s = x->command;
	struct buf b = BUF_ZERO;
	char id[16];

	snprintf(id, sizeof(id), "%lu", (unsigned long)batch);
	for (; *s; s++) {
		const char *end = *s == '{' ? strchr(s, '}') : NULL;
		const char *value = end
		    ? value_of(x, g, path, ntable, id,
			  bytes_of(s + 1, (size_t)(end - s) - 1))
		    : NULL;

		if (value) {
			word_put(&b, value);
			s = end;
		} else {
			buf_putc(&b, *s);
		}
	}
	return buf_release(&b);
}

/* The path of the batch's file, as its record says; NULL on an error.  The
 * caller frees it. */
static char *
path_of(const struct gather *g, uint32_t batch, struct err *e)
{
	char *shard = batchfile_shard(g->table, batch);
	char *record = batchfile_record(g->o.out, shard), *path = NULL;
	struct record r;

	if (record_load(&r, record, e) == 0) {
		if (r.nfile != 1)
			err_kind_set(
			    e, ERR_OUTPUT, "%s: names no batch", record);
		else if (r.file[0].used)
			err_kind_set(e, ERR_OUTPUT,
			    "batch %s was used, and its result is gone (forget "
			    "the table to make both again)",
			    shard);
		else
			path = batchfile_path(g->o.out, r.file[0].name);
		record_fini(&r);
	}
	free(record);
	free(shard);
	return path;
}

static void
close_others(void)
{
	int fd, max = (int)sysconf(_SC_OPEN_MAX);

	if (close_range(3, ~0U, 0) == 0)
		return;
	for (fd = 3; fd < max; fd++)
		close(fd);
}

/* In the child: never returns. */
static void
become(const struct each *x, char *const *argv, uint32_t batch, int to)
{
	int null = open("/dev/null", O_RDONLY);
	char id[16];

	/* nobody would read what it writes */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(to, STDOUT_FILENO) < 0)
		_exit(126);
	close_others();
	snprintf(id, sizeof(id), "%lu", (unsigned long)batch);
	setenv("SHARD_BATCH", id, 1);
	setenv("SHARD_DAY", x->day ? x->day : "", 1);
	unsetenv("SHARD_PROGRESS");
	execvp(argv[0], argv);
	_exit(127);
}

/* Copies all that comes until nobody can write any more. */
static int
copy_all(int from, int to, const char *path, struct err *e)
{
	char *block = xmalloc(COPY_BLOCK);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(from, block, COPY_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? err_sys(e, ERR_OUTPUT, "pipe: read")
			   : write_all(to, path, block, (size_t)n, e);
	}
	free(block);
	return rc;
}

/* Runs the words with their output to fd; the status that the command ended
 * with, as a shell counts it, in *status.  -1: not all of it was written. */
static int
run_words(const struct each *x, char *const *argv, uint32_t batch, int fd,
    const char *path, int *status, struct err *e)
{
	int pipes[2], rc, ended = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(e, ERR_OUTPUT, "pipe");
	pid = fork();
	if (pid == 0)
		become(x, argv, batch, pipes[1]);
	close(pipes[1]);
	if (pid < 0) {
		close(pipes[0]);
		return err_sys(e, ERR_OUTPUT, "fork");
	}
	rc = copy_all(pipes[0], fd, path, e);
	close(pipes[0]);
	while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
		;
	*status =
	    WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
	return rc;
}

/* Runs the command for the batch with its output to the file temp. */
static int
run_command(const struct each *x, const struct gather *g, char *const *path,
    size_t ntable, uint32_t batch, const char *temp, int *status, struct err *e)
{
	static char sh[] = "sh", c[] = "-c";
	char **argv = xcalloc(ntable + 5, sizeof(*argv));
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int rc = fd < 0 ? err_sys(e, ERR_OUTPUT, "%s", temp) : 0;

	argv[0] = argv[3] = sh;
	argv[1] = c;
	argv[2] = each_expand(x, g, path, ntable, batch);
	memcpy(argv + 4, path, ntable * sizeof(*argv));
	if (rc == 0)
		rc = run_words(x, argv, batch, fd, temp, status, e);
	if (fd >= 0) {
		if (rc == 0 && *status == 0 && fsync(fd) < 0)
			rc = err_sys(e, ERR_OUTPUT, "%s: sync", temp);
		if (close(fd) < 0 && rc == 0)
			rc = err_sys(e, ERR_OUTPUT, "%s", temp);
	}
	free(argv[2]);
	free(argv);
	if (rc < 0) {
		*status = 0;
		err_prefix(e,
		    "batch %lu is kept, as its result cannot be written: ",
		    (unsigned long)batch);
	} else if (*status != 0)
		rc = err_kind_set(e, ERR_OUTPUT,
		    "batch %lu: the command of --each ended with status %d; the "
		    "batch is kept",
		    (unsigned long)batch, *status);
	if (rc < 0 && x->day)
		err_prefix(e, "%s: ", x->day);
	return rc < 0 ? -1 : 0;
}

/* The results are about to be others than those that were joined. */
static int
unjoin(const char *out, struct err *e)
{
	char *path = batchfile_record(out, "result");
	int rc = commit_unseal(out, e);

	if (rc < 0)
		;
	else if (unlink(path) == 0)
		rc = commit_sync_dir(path, e);
	else if (errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
	free(path);
	return rc;
}

static int
commit_result(const struct each *x, const struct gather *g, char *const *path,
    size_t ntable, uint32_t batch, const char *result, int *status,
    struct err *e)
{
	struct buf temp = BUF_ZERO;
	struct commit *scrap;
	int rc;

	buf_printf(
	    &temp, "%s/_results/.tmp.%05lu", x->out, (unsigned long)batch);
	scrap = commit_scrap(buf_cstr(&temp));
	rc = run_command(x, g, path, ntable, batch, temp.p, status, e);
	if (rc == 0 && rename(temp.p, result) < 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: rename", result);
	if (rc == 0)
		rc = commit_sync_dir(result, e);
	commit_free(scrap);
	buf_fini(&temp);
	return rc;
}

static int
make_result(const struct each *x, struct gather *g, size_t ntable,
    uint32_t batch, const char *result, int *status, struct err *e)
{
	char **path = xcalloc(ntable + 1, sizeof(*path));
	size_t i;
	int rc = 0;

	for (i = 0; i < ntable && rc == 0; i++) {
		rc = gather_batch(&g[i], batch, e);
		pages_free(&g[i].room); /* the command has the memory now */
		if (rc == 0 && !(path[i] = path_of(&g[i], batch, e)))
			rc = -1;
	}
	if (rc == 0)
		rc = unjoin(x->out, e);
	if (rc == 0)
		rc =
		    commit_result(x, g, path, ntable, batch, result, status, e);
	for (i = 0; i < ntable; i++)
		free(path[i]);
	free(path);
	return rc;
}

/* Leaves the status for those who would begin more; the first one counts. */
static void
stop_all(const char *failed, int status)
{
	int fd = open(failed, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct err ignored;
	char text[8];

	if (fd < 0)
		return;
	snprintf(text, sizeof(text), "%d\n",
	    status < 1 || status > STATUS_MAX ? 1 : status);
	if (write_all(fd, failed, text, strlen(text), &ignored) < 0)
		unlink(failed);
	close(fd);
}

int
each_batch(const struct each *x, struct gather *g, size_t ntable,
    uint32_t batch, struct err *e)
{
	char *result = each_result(x->out, batch);
	char *failed = batchfile_path(x->out, "_results/failed");
	int status = 0, rc = path_exists(failed, ERR_OUTPUT, e);
	size_t i;

	if (rc != 0)
		goto out;
	rc = path_exists(result, ERR_OUTPUT, e);
	if (rc > 0)
		rc = 0; /* made by an earlier run */
	else if (rc == 0)
		rc = make_result(x, g, ntable, batch, result, &status, e);
	for (i = 0; i < ntable && rc == 0 && !x->keep; i++)
		rc = gather_used(&g[i], batch, e);
	if (rc < 0)
		stop_all(failed, status);
out:
	free(failed);
	free(result);
	return rc;
}
