/* shard-stats - pass 1: collect facts of shards, and merge them. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "filters/collect.h"
#include "pass1/mergejob.h"

/* Ends the program at an option that is another program now. */
static void
refuse_moved(char **arg)
{
	static const char *const moved[][2] = {{"--fit", "shard-fit"},
	    {"--report", "shard-fit --report"}, {"--show", "shard-show"}};
	size_t i;

	for (; *arg && strcmp(*arg, "--") != 0; arg++)
		for (i = 0; i < LEN(moved); i++)
			if (strncmp(*arg, moved[i][0], strlen(moved[i][0])) ==
			    0)
				exit(cmd_usage("%s is now: %s CTX", moved[i][0],
				    moved[i][1]));
}

static void
ended(void *arg, const char *path, const struct err *e)
{
	if (e)
		(void)cmd_fail(e);
	else
		cmd_tell(*(const uint64_t *)arg, path);
}

int
main(int argc, char *argv[])
{
	struct stats_opt *so = xcalloc(1, sizeof(*so));
	uint64_t progress = cmd_progress();
	struct mergejob merge = MERGEJOB_DEFAULT(cmd_warn);
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	struct session session = {.tool = "shard-stats", .warn = cmd_warn};
	struct collect c = {&chain, so, ended, &progress, false, false};
	const struct opt_group groups[] = {{collect_specs, &c},
	    {mergejob_specs, &merge}, {stats_specs, so},
	    {source_specs, &chain.source}, {common_specs, &common},
	    {NULL, NULL}};
	const struct cmd cmd = {"shard-stats", "[FILE ...]",
	    filter_stats.summary, filter_stats.example, groups, false};
	struct file_list f = {NULL, 0};
	struct err e = ERR_ZERO;
	int first, rc;

	cmd_start(cmd.name);
	cmd_keep_memory();
	refuse_moved(argv + 1);
	source_defaults(&chain.source);
	filter_stats.defaults(so);
	chain_add(&chain, &filter_stats, so);
	first = cmd_parse(&cmd, argc, argv);
	cmd_end_markers(&common, &chain);
	rc = cmd_list(&common, argc - first, argv + first, &f, &e);
	if (rc == 0 && merge.merge) {
		merge.out = so->out;
		merge.memory = so->memory;
		rc = mergejob_run(&merge, &f.v, &f.n, &e);
	} else if (rc == 0) {
		rc = collect_setup(&c, f.n, &session, &e);
		if (rc == 0 && !c.one)
			rc = list_unique(&f, false, &e);
		if (rc == 0 && (f.n > 0 || !common.files_from))
			rc = collect_run(&c, f.v, f.n, &session, &e);
	}
	chain_fini(&chain);
	session_fini(&session);
	list_free(&f);
	return cmd_finish(rc < 0 ? cmd_fail(&e) : rc);
}
