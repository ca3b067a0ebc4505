/* shard-job - decides a job from its options and inputs, and runs its recipe.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "jobs/drive.h"

extern char **environ;

static void
show(const char *text)
{
	fputs(text, stderr);
}

static void
note(const char *fmt, ...)
{
	char msg[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	cmd_note("note: %s", msg);
}

static int
usage(FILE *f, int status)
{
	fputs("usage: shard-job [--recipe FILE] JOB [--option value ...]\n"
	      "       shard-job begin JOB [--option value ...]\n"
	      "       JOB is preprocess; its --help lists the options\n",
	    f);
	return status;
}

/* The directory that this program lies in, freed by the caller; or NULL. */
static char *
own_dir(void)
{
	char *exe = realpath("/proc/self/exe", NULL), *slash;

	slash = exe ? strrchr(exe, '/') : NULL;
	if (slash)
		*slash = '\0';
	return exe;
}

int
main(int argc, char *argv[])
{
	struct drive d = {.env = environ,
	    .path = getenv("PATH"),
	    .warn = cmd_warn,
	    .note = note,
	    .show = isatty(STDERR_FILENO) ? show : NULL};
	struct err e = ERR_ZERO;
	int status, i = 1;

	cmd_start("shard-job");
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, cmd_finish(CMD_OK));
	if (argc > 2 && strcmp(argv[1], "--recipe") == 0) {
		d.recipe = argv[2];
		i = 3;
	} else if (argc > 1 && strcmp(argv[1], "begin") == 0) {
		d.only_begin = true;
		i = 2;
	}
	d.type = i < argc ? job_named(argv[i]) : NULL;
	if (!d.type)
		return usage(stderr, CMD_USAGE);
	cmd_start(d.type->table->name);
	d.bin = own_dir();
	d.argc = argc - i - 1;
	d.argv = argv + i + 1;
	status = drive(&d, stdout, &e);
	if (status < 0 || e.kind != ERR_NONE) {
		cmd_error("%s", e.msg);
		status = e.kind == ERR_USAGE ? CMD_USAGE : CMD_FAILED;
	}
	if (e.kind == ERR_USAGE) {
		options_usage(d.type->table, stderr);
		fprintf(stderr, "try %s --help\n",
		    d.recipe ? d.recipe : d.type->table->name);
	}
	free(d.bin);
	if (d.caught)
		cmd_die(d.caught);
	return cmd_finish(status);
}
