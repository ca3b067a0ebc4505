/*
 * peak MAX-KIB command... - runs a command and measures the most anonymous
 * memory that any one process of this toolkit (its name begins with "shard-")
 * had below it.
 *
 * Every process is looked at once every 10 ms, and once more when it ends,
 * while the kernel still holds its memory (ptrace(2), PTRACE_EVENT_EXIT).  So
 * each process is seen, however short it lives and however busy the machine is.
 *
 * Exit status: 0 such a process was seen and the peak was at most MAX-KIB, 1 it
 * was not, or the command failed, 77 nothing can be traced here.  Standard
 * error gets a line with the figures.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |      \
	    PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

#define MAX_PROCESSES 256

static pid_t pids[MAX_PROCESSES];
static int npids;
static long top;

static int
is_ours(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fgets(name, sizeof name, f) == NULL)
		name[0] = '\0';
	fclose(f);
	return strncmp(name, "shard-", 6) == 0;
}

static void
look(pid_t pid)
{
	char path[64], line[256];
	long kib;
	FILE *f;

	if (!is_ours(pid))
		return;
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "Anonymous: %ld", &kib) == 1 && kib > top)
			top = kib;
	fclose(f);
}

static void
add(pid_t pid)
{
	int i;

	for (i = 0; i < npids; i++)
		if (pids[i] == pid)
			return;
	if (npids == MAX_PROCESSES) {
		fprintf(stderr, "peak: more than %d processes\n", npids);
		exit(1);
	}
	pids[npids++] = pid;
}

static void
forget(pid_t pid)
{
	int i;

	for (i = 0; i < npids; i++)
		if (pids[i] == pid)
			pids[i--] = pids[--npids];
}

static void
tick(int sig)
{
	(void)sig;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = tick}; /* waitpid is interrupted */
	struct itimerval every = {{0, 10000}, {0, 10000}};
	int status, i, event, sig, rc = -1;
	pid_t first, pid;
	long max;

	if (argc < 3 || (max = strtol(argv[1], NULL, 10)) <= 0) {
		fprintf(stderr, "usage: peak MAX-KIB command...\n");
		return 2;
	}
	if ((first = fork()) < 0) {
		perror("peak: fork");
		return 1;
	}
	if (first == 0) {
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		fprintf(stderr, "peak: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (waitpid(first, &status, WUNTRACED) != first ||
	    ptrace(PTRACE_SEIZE, first, NULL, OPTIONS) < 0) {
		perror("peak: ptrace");
		kill(first, SIGKILL);
		return 77;
	}
	add(first);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	kill(first, SIGCONT);
	while (npids > 0) {
		if ((pid = waitpid(-1, &status, __WALL)) < 0) {
			if (errno != EINTR)
				break;
			for (i = 0; i < npids; i++)
				look(pids[i]);
			continue;
		}
		if (!WIFSTOPPED(status)) {
			forget(pid);
			if (pid == first)
				rc = WIFEXITED(status) ? WEXITSTATUS(status)
						       : 128 + WTERMSIG(status);
			continue;
		}
		add(pid);
		event = status >> 16;
		sig = 0;
		if (event == PTRACE_EVENT_EXIT)
			look(pid);
		else if (event == 0)
			sig = WSTOPSIG(status);
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)sig);
	}
	fprintf(
	    stderr, "peak %ld KiB, bound %ld KiB, status %d:", top, max, rc);
	for (i = 2; i < argc; i++)
		fprintf(stderr, " %s", argv[i]);
	fprintf(stderr, "\n");
	return rc != 0 || top <= 0 || top > max;
}
