#include "chain/through.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/setting.h"
#include "io/out.h"
#include "rows/csv.h"

/* Reads the stream on standard input, which has an end marker if expect is
 * true, and hands its bytes to fd; 0 when it was whole. */
static int
copy(const struct through *t, bool expect, int fd, uint64_t *rows,
    struct account *account, struct err *e)
{
	struct csv_opt co = {
	    .max_record = t->max_record, .want_trailer = expect};
	struct in *in = in_open("-", 0, e);
	struct csv *csv = NULL;
	struct block b = BLOCK_ZERO;
	struct buf head = BUF_ZERO;
	const struct bytes *name;
	bool open = true;
	size_t n, i;
	int rc = -1;

	co.sep = co.out_sep = setting()->tabs ? '\t' : ',';
	if (!in || !(csv = csv_open(in, &co, e)))
		goto out;
	name = csv_names(csv, &n);
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(&head, co.sep);
		csv_put_field(&head, name[i], co.sep);
	}
	buf_putc(&head, '\n');
	rc = write_all(fd, "the command", head.p, head.n, e);
	for (;;) {
		/* A command may stop reading early, as head does: the rest
		 * is still read, to see that the stream is whole. */
		if (rc < 0 && errno == EPIPE) {
			open = false;
			rc = 0;
		}
		if (rc < 0)
			goto out;
		rc = csv_next(csv, &b, 0, e);
		if (rc <= 0)
			break;
		rc = 0;
		if (open) {
			struct bytes last = block_record(&b, b.nrow - 1);

			rc = write_all(fd, "the command", b.base,
			    (size_t)(last.p + last.n - b.base), e);
		}
	}
	*rows = csv_rows(csv);
	memset(account, 0, sizeof(*account));
	if (csv_trailer(csv))
		*account = *csv_trailer(csv);
	else
		account->in = *rows;
out:
	buf_fini(&head);
	block_fini(&b);
	csv_close(csv);
	in_close(in);
	return rc;
}

/* The process that feeds the command; says on report how it went. */
static int
feeder(const struct through *t, int to, int report)
{
	struct account a;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	uint64_t rows;

	signal(SIGPIPE, SIG_IGN);
	if (copy(t, t->expect, to, &rows, &a, &e) < 0)
		return t->fail(&e);
	close(to);
	trailer_format(&b, rows, &a);
	/* Nobody reads the report when the counter has ended, which says itself
	 * why it did. */
	return write_all(report, "report", b.p, b.n, &e) < 0;
}

/* Waits for a process: 0 when it ended well; else e says how it ended, and *sig
 * by which signal (0: by none). */
static int
wait_for(pid_t pid, const char *what, int *sig, struct err *e)
{
	int st;

	*sig = 0;
	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, ERR_INPUT, "%s: wait", what);
	if (WIFSIGNALED(st)) {
		*sig = WTERMSIG(st);
		return err_set(e, "%s was killed by signal %d", what, *sig);
	}
	if (WEXITSTATUS(st) != 0)
		return err_set(
		    e, "%s ended with status %d", what, WEXITSTATUS(st));
	return 0;
}

/* Writes the end marker of so many rows, from the feeder's report. */
static int
emit(uint64_t rows, int report, struct err *e)
{
	struct account a;
	struct buf b = BUF_ZERO;
	uint64_t before;
	char text[TRAILER_MAX];
	ssize_t n = read(report, text, sizeof(text));
	int rc;

	if (n < 2 || !trailer_parse(bytes_of(text, (size_t)n - 1), &before, &a))
		return err_set(e, "no word of how many rows the command got");
	a.drop[DROP_EXTERNAL] += before - rows;
	trailer_format(&b, rows, &a);
	rc = write_all(STDOUT_FILENO, "standard output", b.p, b.n, e);
	buf_fini(&b);
	return rc;
}

int
through(const struct through *t, char **argv, struct err *e)
{
	int to[2], from[2], report[2], rc, rc2, sig;
	struct account unused;
	struct err second = ERR_ZERO, third = ERR_ZERO;
	pid_t command, feed;
	uint64_t rows;

	if (pipe(to) < 0 || pipe(from) < 0 || pipe(report) < 0)
		return err_sys(e, ERR_INPUT, "pipe");
	command = fork();
	if (command == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[0]), close(to[1]), close(from[0]), close(from[1]);
		close(report[0]), close(report[1]);
		execvp(argv[0], argv);
		rc = errno == ENOENT ? 127 : 126;
		err_sys(e, ERR_INPUT, "%s", argv[0]);
		t->fail(e);
		_exit(rc);
	}
	feed = command < 0 ? -1 : fork();
	if (feed == 0) {
		close(to[0]), close(from[0]), close(from[1]);
		close(report[0]);
		_exit(feeder(t, to[1], report[1]));
	}
	if (feed < 0)
		return err_sys(e, ERR_INPUT, "fork");
	close(to[0]), close(to[1]), close(from[1]), close(report[1]);
	dup2(from[0], STDIN_FILENO);
	close(from[0]);
	rc = copy(t, false, STDOUT_FILENO, &rows, &unused, e);
	/* The command must not wait for a reader of what it still writes. */
	close(STDIN_FILENO);
	if (rc < 0)
		err_prefix(e, "%s: ", argv[0]);
	/*
	 * Of several failures the first cause is told: that of the stream
	 * before, then that of the command, unless our own failure cut the
	 * command off.
	 */
	rc2 = wait_for(feed, "the stream before", &sig, &second);
	if (wait_for(command, argv[0], &sig, &third) < 0 &&
	    !(rc < 0 && sig == SIGPIPE)) {
		*e = third;
		rc = -1;
	}
	if (rc2 < 0 && !(rc < 0 && e->kind == ERR_OUTPUT)) {
		*e = second;
		rc = -1;
	}
	if (rc == 0 && t->emit)
		rc = emit(rows, report[0], e);
	close(report[0]);
	return rc;
}
