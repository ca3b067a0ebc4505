/* shard-unpack - the files of an archive, in a directory, when all are whole.
 */
#include "common.h"
#include "io/unpack.h"

int
main(int argc, char *argv[])
{
	const struct opt_group groups[] = {{NULL, NULL}};
	const struct cmd cmd = {"shard-unpack", "ARCHIVE DIR",
	    "unpack a tar or zip into a new directory",
	    "shard-unpack shards.tar.zst shards", groups, false};
	struct err e = ERR_ZERO;
	int i;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	if (argc - i != 2)
		err_kind_set(&e, ERR_USAGE, "needs an archive and a directory");
	else if (unpack(argv[i], argv[i + 1], cmd_warn, &e) == 0)
		return cmd_finish(CMD_OK);
	return cmd_finish(cmd_fail(&e));
}
