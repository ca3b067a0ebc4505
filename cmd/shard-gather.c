/* shard-gather - one sorted file per batch, out of the runs of shard-route. */
#include <stdio.h>

#include "common.h"
#include "shred/gatherjob.h"

static int
turn(void *arg, size_t n, size_t *k, struct err *e)
{
	const struct gatherjob_opt *o = arg;

	return cmd_turn(o->turns, n, k, e);
}

static void
tell(void *arg)
{
	const struct gatherjob_opt *o = arg;

	cmd_tell(o->progress, NULL);
}

static void
answer(void *arg, const char *line)
{
	const struct gatherjob_opt *o = arg;

	printf("%s%c", line, o->zero ? '\0' : '\n');
}

int
main(int argc, char *argv[])
{
	struct gatherjob_opt o = GATHERJOB_DEFAULT;
	const struct opt_group groups[] = {{gatherjob_specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-gather", "[BATCH ...]",
	    "make one sorted file per batch out of the runs of shard-route",
	    "shard-gather -o OUT", groups, false};
	struct gatherjob j = {&o, turn, tell, answer, &o, {.types = NULL}};
	struct common_opt list = {.files_from = NULL};
	struct cmd_files names = {.v = NULL};
	struct err e = ERR_ZERO;
	int first, rc;

	cmd_start(cmd.name);
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(o.progress, "--progress-fd");
	cmd_check_fd(o.turns, "--turns");
	rc = gatherjob_begin(&j, argc - first, &e);
	list.files_from = o.files_from;
	list.zero = o.zero;
	if (rc == 0)
		rc = cmd_files(&list, argc - first, argv + first, &names, &e);
	if (rc == 0 && !o.join)
		rc = cmd_files_some(&list, &names, &e);
	if (rc == 0)
		rc = gatherjob_run(&j, names.v, names.n, &e);
	cmd_files_free(&names);
	gatherjob_end(&j);
	opt_list_free(&o.tables);
	return rc < 0 ? cmd_fail(&e) : cmd_finish(CMD_OK);
}
