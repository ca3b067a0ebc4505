/* shard-plan - which groups go together in a batch: the batch map. */
#include <stdio.h>

#include "common.h"
#include "shred/planjob.h"

static void
say(void *arg, bool warning, const char *line)
{
	const struct planjob_opt *o = arg;

	if (warning)
		cmd_warn("%s", line);
	else if (!o->quiet)
		cmd_note("%s", line);
}

int
main(int argc, char *argv[])
{
	struct planjob_opt o = PLANJOB_DEFAULT;
	const struct opt_group groups[] = {{planjob_specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-plan", "--groups FILE",
	    "say which groups go together in a batch",
	    "shard-plan --groups CTX/groups.tsv --max-rows 1000000 -o "
	    "batches.tsv",
	    groups, false};
	struct buf out = BUF_ZERO;
	struct err e = ERR_ZERO;
	int status = CMD_OK;

	cmd_start(cmd.name);
	if (cmd_parse(&cmd, argc, argv) < argc)
		err_kind_set(&e, ERR_USAGE,
		    "no operands: files are --groups, --estimates or --only");
	else if (planjob_run(&o, &out, say, &o, &e) == 0)
		fwrite(out.p, 1, out.n, stdout); /* cmd_finish() checks it */
	if (e.kind)
		status = cmd_fail(&e);
	buf_fini(&out);
	planjob_fini(&o);
	return cmd_finish(status);
}
