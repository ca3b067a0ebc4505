/* shard-run - a chain of filters in one process, over one shard or many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * Replaces {} by the path and {n} by the shard's five-digit number; or mark,
 * where one was given, by the path.
 */
static char *
substitute(const char *word, const char *mark, const char *path)
{
	const char *self = mark ? mark : "{}";
	size_t n = strlen(self);
	struct buf b = BUF_ZERO;

	while (*word) {
		if (path && strncmp(word, self, n) == 0) {
			buf_puts(&b, path);
			word += n;
		} else if (path && !mark && strncmp(word, "{n}", 3) == 0) {
			buf_printf(&b, "%05llu",
			    (unsigned long long)shard_name_parse(path).number);
			word += 3;
		} else {
			buf_putc(&b, *word++);
		}
	}
	return buf_release(&b);
}

/* Parses one filter's words; the number of operands left, or -1. */
static int
parse_words(const char *name, const struct opt_spec *s, void *opt,
    const struct opt_group *more, int argc, char **argv, char ***operands,
    struct err *e)
{
	const struct opt_group groups[] = {{s, opt},
	    more ? *more : (struct opt_group){NULL, NULL}, {NULL, NULL}};
	char asked;
	int first = opt_parse(groups, argc, argv, false, &asked, e);

	if (first >= 0 && asked)
		return err_kind_set(
		    e, ERR_USAGE, "ask shard-%s for its --help", name);
	if (first < 0)
		return err_prefix(e, "%s: ", name);
	*operands = argv + first;
	return argc - first;
}

/*
 * Builds the chain of argv[0..argc), whose parts are separated by ":", for
 * one path (NULL: none to replace), and runs it.
 */
static int
run_one(int argc, char **argv, const char *mark, const char *path,
    struct session *session, struct err *e)
{
	struct chain c = {.link = NULL};
	char **word = xcalloc((size_t)argc + 1, sizeof(*word)), **operands;
	struct common_opt common = {0};
	const struct opt_group more = {files_specs, &common};
	struct cmd_files files = {NULL, 0};
	int i, k, n = 0, rc = -1;
	static char dash[] = "-";
	char *std[] = {dash};

	source_defaults(&c.source);
	for (i = 0; i < argc; i++)
		word[i] = substitute(argv[i], mark, path);
	if (strcmp(argv[argc - 1], ":") == 0) {
		err_kind_set(e, ERR_USAGE, "empty part at the chain's end");
		goto out;
	}
	for (i = 0; i < argc; i = k + 1) {
		const struct filter *f;
		void *opt;

		for (k = i; k < argc && strcmp(argv[k], ":") != 0; k++)
			;
		if (k == i) {
			err_kind_set(e, ERR_USAGE, "empty part in the chain");
			goto out;
		}
		if (i == 0) {
			if (strcmp(word[0], "cat") != 0) {
				err_kind_set(e, ERR_USAGE,
				    "a chain begins with cat, not %s",
				    err_quote(bytes_str(word[0])));
				goto out;
			}
			n = parse_words("cat", source_specs, &c.source, &more,
			    k, word, &operands, e);
			if (n < 0 ||
			    cmd_files(&common, n, operands, &files, e) < 0 ||
			    cmd_files_some(&common, &files, e) < 0)
				goto out;
			continue;
		}
		f = filter_named(word[i]);
		if (!f) {
			err_kind_set(e, ERR_USAGE,
			    "%s is no filter (map, dedup, split, impute, "
			    "sort, route, write, stats)",
			    err_quote(bytes_str(word[i])));
			goto out;
		}
		opt = xcalloc(1, f->opt_size);
		f->defaults(opt);
		if (chain_add(&c, f, opt) < 0) {
			free(opt);
			err_kind_set(e, ERR_USAGE,
			    "%s cannot stand behind the end of the chain",
			    f->name);
			goto out;
		}
		n = parse_words(f->name, f->specs, opt, NULL, k - i, word + i,
		    &operands, e);
		if (n > 0)
			err_kind_set(e, ERR_USAGE,
			    "%s: %s: in a chain only cat names files", f->name,
			    err_quote(bytes_str(operands[0])));
		if (n != 0)
			goto out;
		if (f->setup(opt, session, e) < 0 ||
		    (f->answer && f->answer(opt, true, e) < 0)) {
			if (e->kind == ERR_USAGE)
				err_prefix(e, "%s: ", f->name);
			goto out;
		}
	}
	c.source.rejects_begun = session->rejects_begun;
	cmd_end_markers(&common, &c);
	rc = chain_run(
	    &c, files.n ? files.v : std, files.n ? files.n : 1, session, e);
	session->rejects_begun = c.source.rejects_begun;
out:
	chain_fini(&c);
	cmd_files_free(&files);
	for (i = 0; i < argc; i++)
		free(word[i]);
	free(word);
	return rc;
}

static int
run_list(
    const struct run_opt *o, int argc, char **argv, struct session *session)
{
	struct cmd_files f;
	struct common_opt list = {.files_from = o->list, .zero = o->zero};
	struct err e = ERR_ZERO;
	int status = CMD_OK, i;
	bool marked = false;
	size_t k = SIZE_MAX;
	int more;

	for (i = 0; i < argc; i++)
		marked |=
		    strstr(argv[i], o->replace ? o->replace : "{}") != NULL;
	if (!marked)
		return cmd_usage("--list: the chain has no {} for the shard");
	if (cmd_files(&list, 0, NULL, &f, &e) < 0)
		return cmd_fail(&e);
	if (cmd_files_numbers(&f, &e) < 0) {
		cmd_files_free(&f);
		return cmd_fail(&e);
	}
	while ((more = cmd_turn(o->turns, f.n, &k, &e)) > 0) {
		if (run_one(argc, argv, o->replace, f.v[k], session, &e) == 0) {
			cmd_tell(o->progress, f.v[k]);
			continue;
		}
		status = cmd_fail(&e);
		/* a bad input fails its shard; a full disk or a wrong option
		 * would fail them all */
		if (e.kind != ERR_INPUT)
			goto out;
	}
	if (more < 0 || session_end(session, &e) < 0)
		status = cmd_fail(&e);
out:
	cmd_files_free(&f);
	return status;
}

int
main(int argc, char *argv[])
{
	struct run_opt o = {0};
	struct session session = {.tool = "shard-run", .warn = cmd_warn};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-run", "cat [FILE] : FILTER ... [: ...]",
	    "run a chain of filters in one process",
	    "shard-run cat part-00000.csv : dedup -c CTX : split -c CTX : "
	    "write -o OUT",
	    groups, true};
	struct err e = ERR_ZERO;
	int first, status = CMD_OK;

	cmd_start(cmd.name);
	cmd_keep_memory();
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(o.progress, "--progress-fd");
	cmd_check_fd(o.turns, "--turns");
	if (o.replace && !*o.replace)
		return cmd_usage("--replace needs a text");
	if (first == argc) {
		status = cmd_usage("no chain; it begins with cat");
	} else if (o.list) {
		status = run_list(&o, argc - first, argv + first, &session);
	} else if (run_one(argc - first, argv + first, NULL, NULL, &session,
		       &e) < 0 ||
	    session_end(&session, &e) < 0) {
		status = cmd_fail(&e);
	}
	session_fini(&session);
	return status;
}
