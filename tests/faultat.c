/*
 * faultat [-o FILE] [-p PROGRAM] [-t SECONDS] CLASS ERROR N command... - runs a
 * command and fails the Nth system call of a class, counted over all of its
 * processes, with an error of that name: the call is not made.  With N = 0 no
 * call fails, and those of every class are counted, each class for itself.
 *
 * FILE gets a line for each call that counted (N = 0), or for the one that
 * failed: its number, class, name, the program and what it was about.  -p
 * counts the calls of one program only.  -t ends all that still runs after so
 * many seconds.
 *
 * Exit status: that of the command, 128 + N where signal N ended it, 124 it was
 * ended after -t, 77 nothing can be watched here, 2 the words are wrong.
 *
 * A filter of seccomp(2) asks us before each such call and lets the others
 * through at full speed; we answer "go on" or an error, so no
 * process is stopped and no register is written, and a machine needs no part of
 * its own here.  What the dynamic loader does is not counted: a process counts
 * from where it has threads (set_robust_list(2)), the last thing of the loader.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* What its argument tells: a path there, or a descriptor; or nothing. */
enum about { NOTHING, PATH0, PATH1, FD0, FD4 };

static const struct call {
	const char *class, *name;
	int nr;
	enum about about;
} calls[] = {
#define CALL(class, name, about)                                               \
	{                                                                      \
		class, #name, SYS_##name, about                                \
	}
#ifdef SYS_open /* the machines of old have names without "at" */
    CALL("open", open, PATH0),
    CALL("rename", rename, PATH0),
    CALL("unlink", unlink, PATH0),
    CALL("unlink", rmdir, PATH0),
    CALL("mkdir", mkdir, PATH0),
    CALL("link", link, PATH0),
    CALL("link", symlink, PATH0),
    CALL("list", getdents, FD0),
    CALL("stat", stat, PATH0),
    CALL("stat", lstat, PATH0),
    CALL("stat", access, PATH0),
    CALL("fork", fork, NOTHING),
    CALL("fork", vfork, NOTHING),
    CALL("pipe", pipe, NOTHING),
    CALL("pipe", dup2, FD0),
    CALL("wait", poll, NOTHING),
#endif
#ifdef SYS_renameat
    CALL("rename", renameat, PATH1),
#endif
#ifdef SYS_newfstatat
    CALL("stat", newfstatat, PATH1),
#endif
    CALL("open", openat, PATH1),
    CALL("read", read, FD0),
    CALL("read", readv, FD0),
    CALL("read", pread64, FD0),
    CALL("write", write, FD0),
    CALL("write", writev, FD0),
    CALL("write", pwrite64, FD0),
    CALL("copy", copy_file_range, FD0),
    CALL("copy", sendfile, FD0),
    CALL("sync", fsync, FD0),
    CALL("sync", fdatasync, FD0),
    CALL("rename", renameat2, PATH1),
    CALL("unlink", unlinkat, PATH1),
    CALL("mkdir", mkdirat, PATH1),
    CALL("link", linkat, PATH1),
    CALL("link", symlinkat, PATH0),
    CALL("list", getdents64, FD0),
    CALL("stat", fstat, FD0),
    CALL("stat", statx, PATH1),
    CALL("stat", faccessat, PATH1),
    CALL("map", mmap, FD4),
    CALL("map", mremap, NOTHING),
    CALL("lock", flock, FD0),
    CALL("size", ftruncate, FD0),
    CALL("size", fallocate, FD0),
    CALL("seek", lseek, FD0),
    CALL("time", utimensat, PATH1),
    CALL("time", fchmodat, PATH1),
    CALL("fork", clone, NOTHING),
    CALL("fork", clone3, NOTHING),
    CALL("exec", execve, PATH0),
    CALL("pipe", pipe2, NOTHING),
    CALL("pipe", dup, FD0),
    CALL("pipe", dup3, FD0),
    CALL("random", getrandom, NOTHING),
    CALL("wait", ppoll, NOTHING),
    CALL("wait", wait4, NOTHING),
    CALL("wait", signalfd4, NOTHING),
};

static const struct {
	const char *name;
	int value;
} errors[] = {{"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EBUSY", EBUSY},
    {"EDQUOT", EDQUOT}, {"EINTR", EINTR}, {"EIO", EIO}, {"EMFILE", EMFILE},
    {"ENFILE", ENFILE}, {"ENOENT", ENOENT}, {"ENOLCK", ENOLCK},
    {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"EPERM", EPERM}, {"EROFS", EROFS},
    {"ESTALE", ESTALE}};

static const char *wanted, *program;
static long n, seen[LEN(calls)]; /* a class counts at its first call there */
static int error;
static FILE *list;

/* Processes in the hands of the loader. */
static pid_t loading[256];
static size_t nloading;

static int
is_loading(pid_t pid, int take)
{
	size_t i;

	for (i = 0; i < nloading; i++)
		if (loading[i] == pid) {
			if (take)
				loading[i] = loading[--nloading];
			return 1;
		}
	return 0;
}

static int
is_wanted(const struct call *c)
{
	return n == 0 || strcmp(c->class, wanted) == 0;
}

/* Asks at the calls that count, and at those that begin and end loading; -1, or
 * the descriptor of the questions. */
static int
ask(void)
{
	struct sock_filter code[2 * LEN(calls) + 8];
	struct sock_fprog filter = {0, code};
	size_t i, k = 0;
	long fd;

#define ADD(...) code[k++] = (struct sock_filter)__VA_ARGS__
#define ASK(nr)                                                                \
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1));                    \
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF))
	ADD(BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	ASK(SYS_set_robust_list);
	ASK(SYS_execve);
	for (i = 0; i < LEN(calls); i++)
		if (is_wanted(&calls[i])) {
			ASK((unsigned)calls[i].nr);
		}
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	filter.len = (unsigned short)k;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	/* 32: a question that was taken is not asked again after a signal */
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | 32, &filter);
	if (fd < 0)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	return (int)fd;
}

/* A descriptor through a socket: sent where it is given, else received; -1
 * where there is none. */
static int
pass(int via, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = room,
	    .msg_controllen = sizeof(room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (fd >= 0) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		return sendmsg(via, &m, 0) == 1 ? 0 : -1;
	}
	if (recvmsg(via, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* The program that a process runs. */
static void
find_program(pid_t pid, char *to, size_t room)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	*to = '\0';
	if (!(f = fopen(path, "re")))
		return;
	if (fgets(to, (int)room, f))
		to[strcspn(to, "\n")] = '\0';
	fclose(f);
}

/* What the call is about, as far as it can be told, in one line. */
static void
find_about(
    const struct call *c, const struct seccomp_notif *q, char *to, size_t room)
{
	unsigned long long at = q->data.args[c->about == PATH1];
	char path[64];
	ssize_t k = 0;
	int fd;

	*to = '\0';
	if (c->about == PATH0 || c->about == PATH1) {
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)q->pid);
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			return;
		/* it may end with its page */
		k = pread(fd, to, room - 1, (off_t)at);
		if (k < 0)
			k = pread(fd, to, 4096 - at % 4096, (off_t)at);
		close(fd);
	} else if (c->about != NOTHING) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)q->pid,
		    (int)q->data.args[c->about == FD4 ? 4 : 0]);
		k = readlink(path, to, room - 1);
	}
	to[k > 0 ? k : 0] = '\0';
	for (; *to; to++)
		if ((unsigned char)*to < ' ')
			*to = '?';
}

/* Does this call fail? */
static int
fails(const struct call *c, const struct seccomp_notif *q)
{
	char name[64], about[4097];
	size_t i = 0;

	find_program((pid_t)q->pid, name, sizeof(name));
	if (program && strcmp(program, name) != 0)
		return 0;
	while (strcmp(calls[i].class, c->class) != 0)
		i++;
	if (++seen[i] != n && n != 0)
		return 0;
	if (list) {
		find_about(c, q, about, sizeof(about));
		fprintf(list, "%ld\t%s\t%s\t%s\t%s\n", seen[i], c->class,
		    c->name, name, about);
		fflush(list);
	}
	return n != 0;
}

static void
answer(int fd)
{
	/* the kernel's may be larger than the headers say */
	static union {
		struct seccomp_notif notif;
		char room[1024];
	} q;
	static union {
		struct seccomp_notif_resp resp;
		char room[1024];
	} a;
	const struct call *c = NULL;
	size_t i;
	int fail = 0;

	memset(&q, 0, sizeof(q));
	memset(&a, 0, sizeof(a));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0)
		return;
	for (i = 0; i < LEN(calls) && !c; i++)
		if (calls[i].nr == q.notif.data.nr && is_wanted(&calls[i]))
			c = &calls[i];
	if (c && !is_loading((pid_t)q.notif.pid, 0))
		fail = fails(c, &q.notif);
	if (q.notif.data.nr == SYS_set_robust_list)
		is_loading((pid_t)q.notif.pid, 1);
	else if (q.notif.data.nr == SYS_execve && !fail &&
	    !is_loading((pid_t)q.notif.pid, 0) && nloading < LEN(loading))
		loading[nloading++] = (pid_t)q.notif.pid;
	a.resp.id = q.notif.id;
	a.resp.error = fail ? -error : 0;
	a.resp.flags = fail ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &a);
}

/* Kills our children: those of theirs are ours when they are gone. */
static void
kill_children(pid_t command)
{
	char path[64];
	long pid;
	FILE *f;

	snprintf(
	    path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	if (!f)
		kill(command, SIGKILL);
	while (f && fscanf(f, "%ld", &pid) == 1)
		kill((pid_t)pid, SIGKILL);
	if (f)
		fclose(f);
}

/* Answers until no process is left; returns the command's status. */
static int
attend(pid_t command, int questions, int signals, long limit)
{
	struct pollfd p[] = {{signals, POLLIN, 0}, {questions, POLLIN, 0}};
	struct signalfd_siginfo info;
	time_t begun = time(NULL);
	int status, rc = 77, late = 0;
	pid_t pid;

	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid == command)
				rc = WIFEXITED(status) ? WEXITSTATUS(status)
						       : 128 + WTERMSIG(status);
			is_loading(pid, 1);
		}
		if (pid < 0)
			return late ? 124 : rc;
		if (limit > 0 && time(NULL) - begun >= limit) {
			late = 1;
			kill_children(command);
		}
		if (poll(p, 2, late ? 10 : 1000) <= 0)
			continue;
		if (p[1].revents & POLLIN)
			answer(questions);
		else if (p[1].revents)
			p[1].fd = -1;
		if (p[0].revents && read(signals, &info, sizeof(info)) < 0)
			return 77;
	}
}

/* In the child: never returns. */
static void
become(char *command[], const sigset_t *mask, int via)
{
	int questions = ask();

	if (questions < 0 || pass(via, questions) < 0)
		_exit(77);
	close(questions);
	close(via);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	_exit(127);
}

int
main(int argc, char *argv[])
{
	int c, via[2], questions, signals;
	const char *file = NULL;
	sigset_t mask, old;
	long limit = 0;
	size_t i;
	pid_t pid;

	while ((c = getopt(argc, argv, "+o:p:t:")) != -1)
		if (c == 'o')
			file = optarg;
		else if (c == 'p')
			program = optarg;
		else if (c == 't')
			limit = atol(optarg);
		else
			return 2;
	argv += optind;
	if (argc - optind < 4) {
		fprintf(stderr,
		    "usage: faultat [-o FILE] [-p PROGRAM] [-t SECONDS] CLASS "
		    "ERROR N command...\n");
		return 2;
	}
	wanted = argv[0];
	n = atol(argv[2]);
	for (i = 0; i < LEN(errors); i++)
		if (strcmp(errors[i].name, argv[1]) == 0)
			error = errors[i].value;
	for (i = 0; i < LEN(calls) && strcmp(calls[i].class, wanted) != 0; i++)
		;
	if (!error || i == LEN(calls) ||
	    (file && !(list = fopen(file, "we")))) {
		fprintf(stderr, "faultat: no such class, error or file\n");
		return 2;
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &old);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (signals < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, via) < 0)
		return 77;
	pid = fork();
	if (pid == 0)
		become(argv + 3, &old, via[1]);
	loading[nloading++] = pid;
	close(via[1]);
	questions = pid < 0 ? -1 : pass(via[0], -1);
	return questions < 0 ? 77 : attend(pid, questions, signals, limit);
}
