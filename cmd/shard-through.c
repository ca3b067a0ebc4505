/* shard-through - run any other command as a filter inside a safe pipe. */
#include "chain/through.h"
#include "common.h"

int
main(int argc, char *argv[])
{
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	const struct opt_group groups[] = {
	    {end_specs, &common}, {record_specs, &chain.source}, {NULL, NULL}};
	const struct cmd cmd = {"shard-through", "COMMAND [ARG ...]",
	    "run another command inside a safe pipe",
	    "shard-cat a.csv | shard-through mlr --csv filter '$amount > 0' | "
	    "shard-map --text",
	    groups, true};
	struct through t = {.fail = cmd_fail};
	struct err e = ERR_ZERO;
	int first;

	cmd_start(cmd.name);
	source_defaults(&chain.source);
	first = cmd_parse(&cmd, argc, argv);
	if (first == argc)
		return cmd_usage("which command?");
	if (chain.source.max_record == 0)
		return cmd_usage("SHARD_MAX_RECORD is not a size");
	cmd_end_markers(&common, &chain);
	t.max_record = chain.source.max_record;
	t.emit = chain.emit;
	t.expect = chain.expect;
	return through(&t, argv + first, &e) < 0 ? cmd_fail(&e) : CMD_OK;
}
