/* shard-run - a chain of filters in one process, over one shard or many. */
#include "chain/words.h"
#include "common.h"
#include "filters/table.h"

struct run_opt {
	const char *list;
	bool zero;
	uint64_t progress, turns;
	const char *replace;
};

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 'L', "list", "FILE", struct run_opt, list,
	"run for every shard named in FILE (- is standard input)"),
    OPT(OPT_STR, 'I', "replace", "TEXT", struct run_opt, replace,
	"what stands for the shard in the chain ({}; then {n} is nothing "
	"special)"),
    OPT(OPT_FLAG, '0', "null", NULL, struct run_opt, zero,
	"names in the list end with a NUL byte instead of a newline"),
    OPT(OPT_U64, 0, "progress-fd", "N", struct run_opt, progress,
	"write the bytes of each finished shard, a line each, to N"),
    OPT(OPT_U64, 0, "turns", "N", struct run_opt, turns,
	"share the list with other processes: take the shards whose places in "
	"it are read from N"),
    OPT_END,
};

/* Runs the chain for every shard in the list. */
static int
run_list(const struct run_opt *o, const struct words *w, struct session *s)
{
	struct common_opt list = {.files_from = o->list, .zero = o->zero};
	struct err e = ERR_ZERO;
	struct cmd_files f;
	int status = CMD_OK, more;
	size_t k = SIZE_MAX;

	if (!words_marked(w))
		return cmd_usage("--list: the chain has no {} for the shard");
	if (cmd_files(&list, 0, NULL, &f, &e) < 0)
		return cmd_fail(&e);
	if (cmd_files_numbers(&f, &e) < 0) {
		cmd_files_free(&f);
		return cmd_fail(&e);
	}
	while ((more = cmd_turn(o->turns, f.n, &k, &e)) > 0) {
		if (words_run(w, f.v[k], s, &e) == 0) {
			cmd_tell(o->progress, f.v[k]);
			continue;
		}
		status = cmd_fail(&e);
		/* A bad input fails its shard; a full disk or a wrong option
		 * would fail all shards. */
		if (e.kind != ERR_INPUT)
			goto out;
	}
	if (more < 0 || session_end(s, &e) < 0)
		status = cmd_fail(&e);
out:
	cmd_files_free(&f);
	return status;
}

int
main(int argc, char *argv[])
{
	struct run_opt o = {0};
	struct session s = {.tool = "shard-run", .warn = cmd_warn};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-run", "cat [FILE] : FILTER ... [: ...]",
	    "run a chain of filters in one process",
	    "shard-run cat part-00000.csv : dedup -c CTX : split -c CTX : "
	    "write -o OUT",
	    groups, true};
	struct err e = ERR_ZERO;
	struct words w = {.table = filter_table};
	int first, status = CMD_OK;

	cmd_start(cmd.name);
	cmd_keep_memory();
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(o.progress, "--progress-fd");
	cmd_check_fd(o.turns, "--turns");
	if (o.replace && !*o.replace)
		return cmd_usage("--replace needs a text");
	w.n = argc - first;
	w.v = argv + first;
	w.mark = o.replace;
	w.emit = w.expect = cmd_strict();
	if (w.n == 0)
		status = cmd_usage("no chain; it begins with cat");
	else if (o.list)
		status = run_list(&o, &w, &s);
	else if (words_run(&w, NULL, &s, &e) < 0 || session_end(&s, &e) < 0)
		status = cmd_fail(&e);
	session_fini(&s);
	return status;
}
