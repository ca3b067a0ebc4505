/* shard-check - verify an output against its records, and seal it. */
#include "common.h"
#include "io/commit.h"
#include "shards/check.h"
#include "shards/clean.h"

struct options {
	bool build, clean, prune, zero, quick;
	const char *files_from, *scope;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "build", NULL, struct options, build,
	"write _manifest.tsv, _account.tsv and, last, _SUCCESS"),
    OPT(OPT_FLAG, 0, "clean", NULL, struct options, clean,
	"only remove _SUCCESS and the temp files of killed runs"),
    OPT(OPT_STR, 0, "files-from", "FILE", struct options, files_from,
	"the input shards: each must have its record"),
    OPT(OPT_FLAG, '0', "null", NULL, struct options, zero,
	"names in the list end with a NUL byte instead of a newline"),
    OPT(OPT_FLAG, 0, "prune", NULL, struct options, prune,
	"only remove the outputs of shards that the list does not name"),
    OPT(OPT_FLAG, 'q', "quick", NULL, struct options, quick,
	"compare sizes; do not read the files"),
    OPT(OPT_STR, 0, "scope", "SPLIT", struct options, scope,
	"whose shards the list names (shard-write --scope)"),
    OPT_END,
};

#define MAX_COMPLAINTS 20 /* shown; a damaged disk has one for each file */

static void
complain(void *arg, const char *text)
{
	const struct complaints *c = arg;

	if (c->n <= MAX_COMPLAINTS)
		cmd_error("%s", text);
}

/* Verifies, and with --build seals. */
static int
check(const char *out, const struct options *o, const struct file_list *inputs,
    struct complaints *c, struct err *e)
{
	const struct check_opt opt = {inputs, o->scope, o->quick, o->build};
	int rc = check_output(out, &opt, c, e);

	if (rc == 0 && c->n > MAX_COMPLAINTS)
		cmd_error("... and %zu complaints more", c->n - MAX_COMPLAINTS);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct options o = {0};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-check", "OUT",
	    "verify an output: records, digests, account", "shard-check OUT",
	    groups, false};
	struct file_list inputs = {NULL, 0};
	struct complaints c = {.say = complain, .arg = &c};
	struct err e = ERR_ZERO;
	int i, rc = 0, status;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	if (i != argc - 1)
		rc = err_kind_set(&e, ERR_USAGE, "name one output directory");
	else if (o.prune && !o.files_from)
		rc = err_kind_set(&e, ERR_USAGE, "--prune needs --files-from");
	if (rc == 0)
		rc = list_read(&inputs, NULL, 0, o.files_from, o.zero, &e);
	if (rc == 0)
		rc = list_numbered(&inputs, &e);
	if (rc == 0 && o.clean)
		rc = clean_output(argv[i], &e);
	else if (rc == 0 && o.prune)
		rc = clean_prune(argv[i], o.scope, &inputs, &c, &e);
	else if (rc == 0)
		rc = check(argv[i], &o, &inputs, &c, &e);
	status = rc < 0 ? cmd_fail(&e) : c.n ? CMD_FAILED : CMD_OK;
	list_free(&inputs);
	return status;
}
