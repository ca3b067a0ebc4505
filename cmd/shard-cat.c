/* shard-cat - decode shards of any dialect and codec into one row stream. */
#include "cmd.h"

int
main(int argc, char *argv[])
{
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	struct session session = {.tool = "shard-cat", .warn = cmd_warn};
	struct cmd_files files;
	struct err e = ERR_ZERO;
	const struct opt_group groups[] = {{source_specs, &chain.source},
	    {common_specs, &common}, {NULL, NULL}};
	const struct cmd cmd = {"shard-cat", "[FILE ...]",
	    "decode shards into one row stream",
	    "shard-cat part-00042.csv.gz part-00043.tsv | head", groups,
	    false};
	static char dash[] = "-";
	char *std[] = {dash};
	int first, rc;

	cmd_start(cmd.name);
	source_defaults(&chain.source);
	first = cmd_parse(&cmd, argc, argv);
	if (cmd_files(&common, argc - first, argv + first, &files, &e) < 0)
		return cmd_fail(&e);
	cmd_end_markers(&common, &chain);
	rc = chain_run(&chain, files.n ? files.v : std,
	    files.n ? files.n : 1, &session, &e);
	session_fini(&session);
	cmd_files_free(&files);
	return rc < 0 ? cmd_fail(&e) : CMD_OK;
}
