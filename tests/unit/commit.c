/* commit - a file is there whole, or it is not there. */
#include "io/commit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "test.h"

/* Entries of a directory, . and .. apart; the last one's name. */
static unsigned
entries(const char *dir, char name[256])
{
	DIR *d = opendir(dir);
	struct dirent *de;
	unsigned n = 0;

	while (d && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0) {
			snprintf(name, 256, "%s", de->d_name);
			n++;
		}
	if (d)
		closedir(d);
	return n;
}

static void
the_name_appears_with_the_rename(void)
{
	const char *path = test_path("part-00001.csv");
	struct err e = ERR_ZERO;
	struct commit *c = commit_new(path, &e);
	struct buf b = BUF_ZERO;
	char name[256];
	int fd;

	if (!OK(c != NULL, e))
		return;
	EQ_S(commit_path(c), path);
	fd = commit_fd(c);
	CHECK(access(path, F_OK) < 0);
	EQ_I(write(fd, "abc", 3), 3);
	CHECK(access(path, F_OK) < 0);
	/* one file, hidden, known as a temp, in the same directory */
	EQ_U(entries(test_dir(), name), 1);
	EQ_U((unsigned char)name[0], '.');
	CHECK(commit_is_temp(name));
	EQ_S(commit_temp(c), test_path("%s", name));
	HAS(name, "part-00001.csv");
	close(fd);
	EQ_I(commit_rename(c, &e), 0);
	EQ_I(commit_sync_dir(path, &e), 0);
	CHECK(test_read(path, &b));
	EQ_B(buf_bytes(&b), bytes_str("abc"));
	commit_free(c);
	EQ_U(entries(test_dir(), name), 1);
	EQ_S(name, "part-00001.csv");
	buf_fini(&b);
}

static void
what_was_not_renamed_is_removed(void)
{
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct commit *c = commit_new(path, &e);
	char name[256];

	if (!OK(c != NULL, e))
		return;
	commit_free(c); /* the descriptor was never taken: closed too */
	EQ_U(entries(test_dir(), name), 0);
	c = commit_new(path, &e);
	close(commit_fd(c));
	commit_free(c);
	EQ_U(entries(test_dir(), name), 0);
	commit_free(NULL);
}

static void
the_old_file_stays_until_the_rename(void)
{
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct commit *c;
	int fd;

	test_write(path, "old", 3);
	c = commit_new(path, &e);
	if (!OK(c != NULL, e))
		return;
	fd = commit_fd(c);
	EQ_I(write(fd, "new!", 4), 4);
	test_read(path, &b);
	EQ_B(buf_bytes(&b), bytes_str("old"));
	close(fd);
	EQ_I(commit_rename(c, &e), 0);
	commit_free(c);
	test_read(path, &b);
	EQ_B(buf_bytes(&b), bytes_str("new!"));
	buf_fini(&b);
}

static void
two_for_one_name_do_not_meet(void)
{
	const char *path = test_path("x");
	struct err e = ERR_ZERO;
	struct commit *a = commit_new(path, &e), *b = commit_new(path, &e);

	if (OK(a && b, e))
		CHECK(strcmp(commit_temp(a), commit_temp(b)) != 0);
	commit_free(a);
	CHECK(access(commit_temp(b), F_OK) == 0);
	commit_free(b);
}

static void
directories_are_made(void)
{
	const char *path = test_path("a/b/c/x");
	struct err e = ERR_ZERO;
	struct commit *c = commit_new(path, &e);

	OK(c != NULL, e);
	commit_free(c);
	EQ_I(access(test_path("a/b/c"), F_OK), 0);
	EQ_I(make_dirs(test_path("a/b/c"), &e), 0);
	EQ_I(make_dirs(test_path("a//d/"), &e), 0);
	EQ_I(access(test_path("a/d"), F_OK), 0);
	test_write(test_path("file"), "", 0);
	EQ_I(make_dirs(test_path("file/x"), &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	c = commit_new(test_path("file/x"), &e);
	CHECK(c == NULL);
	EQ_U(e.kind, ERR_OUTPUT);
	HAS(e.msg, "file");
}

static void
long_and_odd_names_work(void)
{
	char name[256];
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	size_t n;

	memset(name, 'n', sizeof(name));
	for (n = 190; n <= 255; n++) {
		const char *path;

		name[n] = '\0';
		path = test_path("%s", name);
		test_about("%zu bytes", n);
		if (OK(commit_file(path, "x", 1, &e) == 0, e))
			CHECK(test_read(path, &b));
		name[n] = 'n';
	}
	OK(commit_file(test_path("a b\n\xff%%s"), "x", 1, &e) == 0, e);
	buf_fini(&b);
}

static void
a_small_file_at_once(void)
{
	const char *path = test_path("sub/x");
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	char name[256];

	OK(commit_file(path, "hello\n", 6, &e) == 0, e);
	test_read(path, &b);
	EQ_B(buf_bytes(&b), bytes_str("hello\n"));
	OK(commit_file(path, "", 0, &e) == 0, e);
	CHECK(test_read(path, &b));
	EQ_U(b.n, 0);
	EQ_U(entries(test_path("sub"), name), 1);
	/* a directory is in the way: an error, and no temp left */
	mkdir(test_path("sub/d"), 0777);
	EQ_I(commit_file(test_path("sub/d"), "x", 1, &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	EQ_U(entries(test_path("sub"), name), 2);
	buf_fini(&b);
}

static void
temps_are_told_by_their_name(void)
{
	static const char *const no[] = {"", ".", "..", "x", ".x", "tmp",
	    ".tmp", "x.tmp.y", "part-1.csv", "_tmp.x", "tmp.x", ".tmpx"};
	size_t i;

	CHECK(commit_is_temp(".tmp.part-00001.csv.12.0123456789abcdef"));
	for (i = 0; i < LEN(no); i++) {
		test_about("%s", no[i]);
		CHECK(!commit_is_temp(no[i]));
	}
}

static void
a_sweep_removes_temps_only(void)
{
	static const char *const keep[] = {
	    "part-1.csv", ".hidden", "x.tmp.y", ".tmp", "_SUCCESS"};
	struct err e = ERR_ZERO;
	char name[256];
	size_t i;

	for (i = 0; i < LEN(keep); i++)
		test_write(test_path("%s", keep[i]), "x", 1);
	mkdir(test_path("sub"), 0777);
	test_write(test_path("sub/.tmp.x.1.2"), "x", 1);
	test_write(test_path(".tmp.part-1.csv.1.0123456789abcdef"), "x", 1);
	test_write(test_path(".tmp.x.1.2"), "x", 1);
	OK(commit_sweep(test_dir(), &e) == 0, e);
	EQ_U(entries(test_dir(), name), LEN(keep) + 1);
	for (i = 0; i < LEN(keep); i++)
		EQ_I(access(test_path("%s", keep[i]), F_OK), 0);
	EQ_I(access(test_path("sub/.tmp.x.1.2"), F_OK), 0);
	OK(commit_sweep(test_path("none"), &e) == 0, e);
	EQ_I(commit_sweep(test_path("part-1.csv"), &e), -1);
}

/*
 * The clean-up at exit is the program's that made the file: a child that it
 * forked and that ends by exit() must leave it alone.
 */
static void
a_child_that_exits_leaves_the_parents_files(void)
{
	struct err e = ERR_ZERO;
	struct commit *c = commit_new(test_path("x"), &e);
	int status = 0;
	pid_t pid;

	if (!OK(c != NULL, e))
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		exit(0);
	waitpid(pid, &status, 0);
	CHECK(access(commit_temp(c), F_OK) == 0);
	commit_free(c);
}

/* Ends as how says while a file is open: 0 exit, else the signal. */
static void
end_with_an_open_file(int how)
{
	struct err e = ERR_ZERO;
	char name[256];
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct commit *a, *b, *c;

		/* as if started anew, and not under nohup */
		if (how)
			signal(how, SIG_DFL);
		commit_init();
		a = commit_new(test_path("a"), &e);
		b = commit_new(test_path("b"), &e);
		c = commit_new(test_path("c"), &e);
		if (!a || !b || !c || commit_rename(b, &e) < 0)
			_exit(3);
		commit_free(b);
		if (how)
			raise(how);
		exit(7);
	}
	waitpid(pid, &status, 0);
	test_about("signal %d", how);
	if (how)
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == how);
	else
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	EQ_U(entries(test_dir(), name), how == SIGKILL ? 3 : 1);
	EQ_I(access(test_path("b"), F_OK), 0);
	if (how == SIGKILL) {
		OK(commit_sweep(test_dir(), &e) == 0, e);
		EQ_U(entries(test_dir(), name), 1);
	}
	unlink(test_path("b"));
}

static void
exit_and_signals_remove_open_files(void)
{
	test_dir(); /* made here, not by the children */
	end_with_an_open_file(0);
	end_with_an_open_file(SIGTERM);
	end_with_an_open_file(SIGINT);
	end_with_an_open_file(SIGHUP);
	end_with_an_open_file(SIGKILL);
}

int
main(void)
{
	commit_init();
	RUN(the_name_appears_with_the_rename);
	RUN(what_was_not_renamed_is_removed);
	RUN(the_old_file_stays_until_the_rename);
	RUN(two_for_one_name_do_not_meet);
	RUN(directories_are_made);
	RUN(long_and_odd_names_work);
	RUN(a_small_file_at_once);
	RUN(temps_are_told_by_their_name);
	RUN(a_sweep_removes_temps_only);
	RUN(a_child_that_exits_leaves_the_parents_files);
	RUN(exit_and_signals_remove_open_files);
	return test_end();
}
