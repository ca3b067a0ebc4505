/* shard-cat - decode shards of any dialect and codec into one row stream. */
#include <stdio.h>

#include "common.h"

/* The column names as the stream would have them. */
static int
print_names(struct chain *c, char *const *paths, size_t n, struct err *e)
{
	struct pass pass = {.warn = cmd_warn};
	struct schema s = SCHEMA_ZERO;
	struct source *src =
	    source_open(&c->source, paths, n, 0, c->expect, NULL, &s, &pass, e);
	size_t i;

	for (i = 0; src && i < s.ncol; i++)
		puts(s.col[i].name);
	source_close(src);
	schema_fini(&s);
	return src ? 0 : -1;
}

static const struct opt_spec specs[] = {
    OPT(OPT_U64, 0, "head", "N", struct source_opt, head,
	"stop after so many rows"),
    OPT_END,
};

int
main(int argc, char *argv[])
{
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	struct session session = {.tool = "shard-cat", .warn = cmd_warn};
	struct file_list files;
	struct err e = ERR_ZERO;
	const struct opt_group groups[] = {{specs, &chain.source},
	    {source_specs, &chain.source}, {common_specs, &common},
	    {NULL, NULL}};
	const struct cmd cmd = {"shard-cat", "[FILE ...]",
	    "decode shards into one row stream",
	    "shard-cat part-00042.csv.gz part-00043.tsv | head", groups, false};
	static char dash[] = "-";
	char *std[] = {dash};
	int first, rc;

	cmd_start(cmd.name);
	source_defaults(&chain.source);
	first = cmd_parse(&cmd, argc, argv);
	if (cmd_list(&common, argc - first, argv + first, &files, &e) < 0 ||
	    list_some(&files, common.files_from, &e) < 0)
		return cmd_fail(&e);
	cmd_end_markers(&common, &chain);
	rc = chain.source.names ? print_names(&chain, files.n ? files.v : std,
				      files.n ? files.n : 1, &e)
				: chain_run(&chain, files.n ? files.v : std,
				      files.n ? files.n : 1, &session, &e);
	session_fini(&session);
	list_free(&files);
	return cmd_finish(rc < 0 ? cmd_fail(&e) : CMD_OK);
}
