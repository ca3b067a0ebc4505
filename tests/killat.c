/*
 * killat [-f] SIGNAL N command... - runs a command and sends the signal to all
 * of its processes when, among them, the Nth change of a name in the file
 * system has been made: a file created, renamed, linked or removed, a directory
 * made or removed.  That is where what a killed program leaves behind can
 * differ.
 *
 * -f: to the command's own process alone, when it has forked for the Nth time
 * and does not know yet whom.  That is where a shell can lose one.
 *
 * Exit status: 0 it was sent, 3 the command ended well before that moment, 4 it
 * ended otherwise, 77 nothing can be traced here; 6 it was told itself to end
 * (SIGTERM), which it does with a line on what each process was doing; 7 (-f) a
 * program was begun when the command had ended, so one it forked had gone on.
 *
 * Every process is stopped at these system calls (ptrace(2), with a filter of
 * seccomp(2) that lets the others through at full speed), so the moment is one
 * and the same in each run of a command that does one thing after another.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO /* Linux 5.3 */
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
/* The head of struct ptrace_syscall_info at the end of a system call, which
 * the C library names in two ways or none. */
struct call_end {
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long long ip, sp;
	long long rval;
	unsigned char is_error;
};

#define OPTIONS                                                                \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |    \
	    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | \
	    PTRACE_O_EXITKILL)

#define MAX_PROCESSES 256

/* Stops for the tracer at calls of this number: always, or where the low half
 * of its argument has one of these bits. */
#define STOP BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)
#define PASS BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER                                                                 \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define CALL(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), STOP
#define CALL_IF(nr, arg, bits)                                                 \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 4),                       \
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                 \
		offsetof(struct seccomp_data, args) + 8 * (arg) + LOW),        \
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), STOP, PASS
#define LOW (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)

static int
stop_at_names(void)
{
	struct sock_filter code[] = {
	    NUMBER,
#ifdef SYS_open
	    CALL_IF(SYS_open, 1, O_CREAT),
	    CALL(SYS_creat),
	    CALL(SYS_mkdir),
	    CALL(SYS_rmdir),
	    CALL(SYS_rename),
	    CALL(SYS_link),
	    CALL(SYS_unlink),
#endif
#ifdef SYS_renameat
	    CALL(SYS_renameat),
#endif
	    CALL_IF(SYS_openat, 2, O_CREAT),
	    CALL(SYS_mkdirat),
	    CALL(SYS_renameat2),
	    CALL(SYS_linkat),
	    CALL(SYS_unlinkat),
	    PASS,
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0
	    ? -1
	    : 0;
}

static pid_t process[MAX_PROCESSES];
static int nprocess;

static int
find_process(pid_t pid)
{
	int i;

	for (i = 0; i < nprocess && process[i] != pid; i++)
		;
	if (i == MAX_PROCESSES) {
		fprintf(stderr, "killat: too many processes\n");
		exit(5);
	}
	if (i == nprocess)
		process[nprocess++] = pid;
	return i;
}

static volatile sig_atomic_t told;

static void
tell(int sig)
{
	(void)sig;
	told = 1;
}

/* A word or line of /proc/PID/what. */
static void
print_about(pid_t pid, const char *what)
{
	char path[64], text[200];
	FILE *f;
	size_t n, i;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	f = fopen(path, "r");
	n = f ? fread(text, 1, sizeof(text), f) : 0;
	if (f)
		fclose(f);
	for (i = 0; i < n; i++)
		if (text[i] == '\0' || text[i] == '\n')
			text[i] = ' ';
	fprintf(stderr, " %s: %.*s", what, (int)n, text);
}

static void
print_processes(void)
{
	int i;

	for (i = 0; i < nprocess; i++) {
		fprintf(stderr, "killat: %d", (int)process[i]);
		print_about(process[i], "cmdline");
		print_about(process[i], "stat");
		print_about(process[i], "wchan");
		print_about(process[i], "syscall");
		fputc('\n', stderr);
	}
}

/* Has the system call that this process comes back from been done? */
static int
succeeded(pid_t pid)
{
	struct call_end end;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(end), &end) >
	    0 &&
	    !end.is_error;
}

int
main(int argc, char *argv[])
{
	long n, seen = 0;
	int sig, status, sent = 0, ended = 4, forks = 0, gone = 0, lost = 0, i;
	struct sigaction end = {.sa_handler = tell};
	pid_t command, pid;

	if (argc > 1 && strcmp(argv[1], "-f") == 0) {
		forks = 1;
		argc--;
		argv++;
	}
	if (argc < 4 || (sig = atoi(argv[1])) <= 0 ||
	    (n = atol(argv[2])) <= 0) {
		fprintf(stderr, "usage: killat [-f] SIGNAL N command...\n");
		return 2;
	}
	command = fork();
	if (command == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		raise(SIGSTOP);
		if (stop_at_names() < 0)
			_exit(77);
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	if (waitpid(command, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, command, NULL, (void *)OPTIONS) < 0)
		return 77;
	sigaction(SIGTERM, &end, NULL);
	ptrace(PTRACE_CONT, command, NULL, NULL);
	while (!told && (pid = waitpid(-1, &status, __WALL)) > 0) {
		int known = nprocess, at = find_process(pid);
		int event = status >> 16, deliver = 0;

		if (!WIFSTOPPED(status)) {
			if (pid == command && WIFEXITED(status))
				ended = WEXITSTATUS(status) == 0 ? 3
				    : WEXITSTATUS(status) == 77  ? 77
								 : 4;
			gone |= pid == command;
			process[at] = process[--nprocess];
			continue;
		}
		if (at == known && sent && !forks) /* made then, or later */
			kill(pid, sig);
		lost |= gone && forks && event == PTRACE_EVENT_EXEC;
		if (forks && !sent && pid == command &&
		    (event == PTRACE_EVENT_FORK ||
			event == PTRACE_EVENT_VFORK ||
			event == PTRACE_EVENT_CLONE) &&
		    ++seen == n) {
			kill(pid, sig);
			sent = 1;
		}
		if (event == PTRACE_EVENT_SECCOMP) { /* and stop behind it */
			ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (!sent && !forks && succeeded(pid) && ++seen == n) {
				for (i = 0; i < nprocess; i++)
					kill(process[i], sig);
				sent = 1;
			}
		} else if (event == 0 && WSTOPSIG(status) != SIGSTOP) {
			deliver = WSTOPSIG(status);
		}
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)deliver);
	}
	if (told) {
		print_processes();
		return 6;
	}
	return !sent ? ended : lost ? 7 : 0;
}
