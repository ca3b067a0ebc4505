/* shard-run - a chain of filters in one process, over one shard or many. */
#include "chain/words.h"
#include "common.h"
#include "filters/table.h"

struct run_opt {
	const char *list;
	bool zero;
	uint64_t progress; /* a descriptor; 0: nobody is told */
};

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 'L', "list", "FILE", struct run_opt, list,
	"run for every shard named in FILE (- is standard input)"),
    OPT(OPT_FLAG, '0', "null", NULL, struct run_opt, zero,
	"names in the list end with a NUL byte instead of a newline"),
    OPT_END,
};

/* The chain for each shard of a list; or only what of them is to be done. */
static int
run_all(const struct run_opt *o, struct words *w, int n, char **operands,
    struct session *s)
{
	struct common_opt list = {.files_from = o->list, .zero = o->zero};
	struct err e = ERR_ZERO;
	struct file_list f;
	int status = CMD_OK, rc = -1;
	size_t k;

	if (!words_marked(w))
		return cmd_usage("%s: the chain has no {} for the shard",
		    o->list ? "--list" : ":::");
	if (cmd_list(&list, n, operands, &f, &e) < 0 ||
	    list_unique(&f, w->dir_mark != NULL, &e) < 0)
		goto out;
	rc = w->todo ? words_save_todo(w, &f, o->zero, s, &e) : 0;
	for (k = 0; !w->todo && k < f.n; k++) {
		if (words_run(w, f.v[k], s, &e) == 0) {
			cmd_tell(o->progress, f.v[k]);
			continue;
		}
		status = cmd_fail(&e);
		if (e.kind != ERR_INPUT) /* the next would fail, too */
			goto end;
	}
out:
	if (rc < 0 || session_end(s, &e) < 0)
		status = cmd_fail(&e);
end:
	list_free(&f);
	return status;
}

int
main(int argc, char *argv[])
{
	struct run_opt o = {0};
	struct words w = {.table = filter_table};
	struct session s = {.tool = "shard-run", .warn = cmd_warn};
	const struct opt_group groups[] = {
	    {specs, &o}, {words_specs, &w}, {NULL, NULL}};
	const struct cmd cmd = {"shard-run",
	    "cat [FILE] : FILTER ... [: ...] [::: SHARD ...]",
	    "run a chain of filters in one process",
	    "shard-run cat {} : dedup -c CTX : write -o OUT ::: raw/part-*.csv",
	    groups, true};
	struct err e = ERR_ZERO;
	int first, n, status = CMD_OK;

	cmd_start(cmd.name);
	cmd_keep_memory();
	first = cmd_parse(&cmd, argc, argv);
	o.progress = cmd_progress();
	w.v = argv + first;
	n = argc - first;
	w.emit = w.expect = cmd_strict();
	w.skip |= words_operands(&w, n);
	if ((w.mark && !*w.mark) || (w.dir_mark && !*w.dir_mark))
		return cmd_usage("--replace needs a text");
	if (o.list && w.n < n)
		return cmd_usage("--list and ::: both name shards");
	if (w.n == 0)
		status = cmd_usage("no chain; it begins with cat");
	else if (o.list || w.n < n)
		status = run_all(
		    &o, &w, n - w.n - (w.n < n), w.v + w.n + (w.n < n), &s);
	else if (words_run(&w, NULL, &s, &e) < 0 || session_end(&s, &e) < 0)
		status = cmd_fail(&e);
	session_fini(&s);
	return status;
}
