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

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 0, "recipe", "FILE", struct drive, recipe,
	"run this shell program (the job's own)"),
    OPT_END,
};

/* The directory by which this program was called, else the one it lies in,
 * freed by the caller; or NULL. */
static char *
own_dir(const char *called)
{
	const bool named = strchr(called, '/') != NULL;
	char *exe = named ? xstrdup(called) : realpath("/proc/self/exe", NULL);
	char *slash = exe ? strrchr(exe, '/') : NULL;

	if (slash)
		*slash = '\0';
	slash = exe ? realpath(*exe ? exe : "/", NULL) : NULL;
	free(exe);
	return slash;
}

int
main(int argc, char *argv[])
{
	struct drive d = {.env = environ,
	    .path = getenv("PATH"),
	    .warn = cmd_warn,
	    .note = note,
	    .show = isatty(STDERR_FILENO) ? show : NULL};
	const struct opt_group groups[] = {{specs, &d}, {NULL, NULL}};
	const struct cmd cmd = {"shard-job", "[begin] JOB [OPTION ...]",
	    "decide a job from its options and inputs, and run its recipe",
	    "shard-job preprocess --job-type training --input raw --output out",
	    groups, true};
	struct err e = ERR_ZERO;
	int status, i;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	if (i < argc && strcmp(argv[i], "begin") == 0) {
		d.only_begin = true;
		i++;
	}
	d.type = i < argc ? job_named(argv[i]) : NULL;
	if (!d.type)
		return cmd_usage(i < argc
			? "%s: no such job (preprocess, impute, shred)"
			: "which job? preprocess, impute or shred",
		    argv[i]);
	cmd_start(d.type->table->name);
	d.bin = own_dir(argv[0]);
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
