/*
 * claim - an output is one job's, and one run's at a time; a directory of
 * somebody else stays as it is.
 */
#include "jobs/claim.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "test.h"

/* Nothing here waits: a lock that is taken stays taken. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

static bool
is_there(const char *name)
{
	return access(test_path("%s", name), F_OK) == 0;
}

static int
claim(struct claim *c, const char *job, const char *type, struct err *e)
{
	return claim_output(c, test_path("out"), job, type, e);
}

static void
a_new_directory_is_made_and_is_the_jobs(void)
{
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct claim c;

	OK(claim_output(&c, test_path("a/b/out"), "shred", "days", &e) == 0, e);
	EQ_I(c.fresh, true);
	CHECK(c.fd >= 10); /* numbers below are the shell's */
	CHECK(test_read(test_path("a/b/out/_job.tsv"), &b));
	EQ_S(buf_cstr(&b), "shred\tdays\n");
	CHECK(test_read(test_path("a/b/out/_lock"), &b));
	HAS(buf_cstr(&b), " since ");
	claim_release(&c);
	EQ_I(c.fd, -1);
	claim_release(&c);
	buf_fini(&b);
}

static void
the_same_job_comes_again_and_sweeps_what_killed_ones_left(void)
{
	struct err e = ERR_ZERO;
	struct claim c;

	OK(claim(&c, "shred", "-", &e) == 0, e);
	claim_release(&c);
	test_write(test_path("out/part-1.csv"), "x", 1);
	test_write(test_path("out/.tmp.part-2.csv.1.0123456789abcdef"), "x", 1);
	if (OK(claim(&c, "shred", "-", &e) == 0, e))
		EQ_I(c.fresh, false);
	claim_release(&c);
	EQ_I(is_there("out/part-1.csv"), true);
	EQ_I(is_there("out/.tmp.part-2.csv.1.0123456789abcdef"), false);
}

static void
a_run_that_was_killed_before_it_signed_left_no_fresh_output(void)
{
	struct err e = ERR_ZERO;
	struct claim c;

	mkdir(test_path("out"), 0777);
	test_write(test_path("out/.tmp._job.tsv.1.0123456789abcdef"), "x", 1);
	if (OK(claim(&c, "shred", "-", &e) == 0, e))
		EQ_I(c.fresh, false);
	claim_release(&c);
}

static void
an_output_of_another_job_or_type_is_refused(void)
{
	static const char *const other[][2] = {{"impute", "one"},
	    {"shred", "two"}, {"shred", "on"}, {"shre", "one"}};
	struct err e = ERR_ZERO;
	struct claim c;
	size_t i;

	OK(claim(&c, "shred", "one", &e) == 0, e);
	claim_release(&c);
	test_write(test_path("out/.tmp.x.1.0123456789abcdef"), "x", 1);
	for (i = 0; i < LEN(other); i++) {
		EQ_I(claim(&c, other[i][0], other[i][1], &e), -1);
		EQ_I(c.fd, -1);
		EQ_U(e.kind, ERR_OUTPUT);
		HAS(e.msg, "belongs to another job: shred one;");
	}
	EQ_I(is_there("out/.tmp.x.1.0123456789abcdef"), true);
	/* and nobody holds it */
	OK(claim(&c, "shred", "one", &e) == 0, e);
	claim_release(&c);
}

static void
a_directory_with_other_files_stays_as_it_is(void)
{
	struct err e = ERR_ZERO;
	struct claim c;

	mkdir(test_path("out"), 0777);
	test_write(test_path("out/notes.txt"), "x", 1);
	test_write(test_path("out/.tmp.x.1.0123456789abcdef"), "x", 1);
	EQ_I(claim(&c, "shred", "-", &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	HAS(e.msg, "holds files that are not ours (");
	HAS(e.msg, "/out/notes.txt); choose an empty directory");
	EQ_I(is_there("out/_job.tsv"), false);
	EQ_I(is_there("out/.tmp.x.1.0123456789abcdef"), true);
	/* hidden files are nobody's */
	CHECK(rename(test_path("out/notes.txt"), test_path("out/.notes")) == 0);
	OK(claim(&c, "shred", "-", &e) == 0, e);
	EQ_I(is_there("out/.notes"), true);
	claim_release(&c);
}

static void
a_file_is_no_output(void)
{
	struct err e = ERR_ZERO;
	struct claim c;

	test_write(test_path("out"), "x", 1);
	EQ_I(claim(&c, "shred", "-", &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	HAS(e.msg, "/out");
	EQ_I(c.fd, -1);
}

/* Holds the lock of out in a process of its own, until it is killed. */
static pid_t
hold(void)
{
	int pipes[2];
	char c = 0;
	pid_t pid;

	(void)test_dir(); /* one for both */
	if (pipe(pipes) < 0 || (pid = fork()) < 0) {
		perror("fork");
		exit(2);
	}
	if (pid == 0) {
		struct err e = ERR_ZERO;
		struct claim k;

		if (claim(&k, "shred", "-", &e) == 0 &&
		    write(pipes[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(pipes[1]);
	CHECK(read(pipes[0], &c, 1) == 1);
	close(pipes[0]);
	return pid;
}

static void
a_lock_that_another_run_holds_is_told_with_its_process(void)
{
	struct err e = ERR_ZERO;
	struct claim c;
	pid_t pid = hold();
	char who[40];
	int fd;

	EQ_I(claim(&c, "shred", "-", &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	EQ_I(c.fd, -1);
	HAS(e.msg, "/out is in use by another run (process ");
	snprintf(who, sizeof(who), "(process %ld on ", (long)pid);
	HAS(e.msg, who);
	/* a shared one neither */
	EQ_I(claim_lock(test_path("out/_lock"), true, "it", &e), -1);
	HAS(e.msg, "it is in use by another run");
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	if (OK(claim(&c, "shred", "-", &e) == 0, e))
		EQ_I(c.fresh, false);
	claim_release(&c);
	fd = claim_lock(test_path("out/_lock"), true, "it", &e);
	CHECK(fd >= 10);
	close(fd);
}

static void
shared_locks_go_together(void)
{
	struct err e = ERR_ZERO;
	int a = claim_lock(test_path("l"), true, "it", &e);
	int b = claim_lock(test_path("l"), true, "it", &e);

	CHECK(a >= 10 && b >= 10);
	EQ_I(claim_lock(test_path("l"), false, "it", &e), -1);
	EQ_S(e.msg, "it is in use by another run"); /* nobody signed */
	close(a);
	EQ_I(claim_lock(test_path("l"), false, "it", &e), -1);
	close(b);
	a = claim_lock(test_path("l"), false, "it", &e);
	CHECK(a >= 10);
	close(a);
	EQ_I(claim_lock(test_path("none/l"), false, "it", &e), -1);
	HAS(e.msg, strerror(ENOENT));
}

int
main(void)
{
	RUN(a_new_directory_is_made_and_is_the_jobs);
	RUN(the_same_job_comes_again_and_sweeps_what_killed_ones_left);
	RUN(a_run_that_was_killed_before_it_signed_left_no_fresh_output);
	RUN(an_output_of_another_job_or_type_is_refused);
	RUN(a_directory_with_other_files_stays_as_it_is);
	RUN(a_file_is_no_output);
	RUN(a_lock_that_another_run_holds_is_told_with_its_process);
	RUN(shared_locks_go_together);
	return test_end();
}
