/* shard-gather - one sorted file per batch, out of the runs of shard-route. */
#include "common.h"
#include "shred/gatherjob.h"

static void
tell(void *arg)
{
	const uint64_t *progress = arg;

	cmd_tell(*progress, NULL);
}

int
main(int argc, char *argv[])
{
	struct gatherjob_opt o = GATHERJOB_DEFAULT;
	const struct opt_group groups[] = {{gatherjob_specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-gather", "[BATCH|FIRST-LAST ...]",
	    "make one sorted file per batch out of the runs of shard-route",
	    "shard-gather -o OUT", groups, false};
	uint64_t progress = cmd_progress();
	struct gatherjob j = {&o, tell, &progress, {.types = NULL}};
	struct common_opt list = {.files_from = NULL};
	struct file_list names = {.v = NULL};
	struct err e = ERR_ZERO;
	int first, rc;

	cmd_start(cmd.name);
	first = cmd_parse(&cmd, argc, argv);
	rc = gatherjob_begin(&j, argc - first, &e);
	list.files_from = o.files_from;
	list.zero = o.zero;
	if (rc == 0)
		rc = cmd_list(&list, argc - first, argv + first, &names, &e);
	if (rc == 0 && !o.join)
		rc = list_some(&names, list.files_from, &e);
	if (rc == 0)
		rc = gatherjob_run(&j, names.v, names.n, &e);
	list_free(&names);
	gatherjob_end(&j);
	opt_list_free(&o.tables);
	if (rc < 0)
		return cmd_fail(&e);
	return cmd_finish(rc == 0 ? CMD_OK : CMD_FAILED);
}
