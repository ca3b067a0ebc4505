/* shard-run - a chain of filters in one process, over one shard or many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "chain/pipes.h"
#include "chain/skip.h"
#include "common.h"
#include "shards/find.h"

struct run_opt {
	const char *list;
	bool zero;

	uint64_t progress, turns;
	const char *replace;
	bool force, verify, piped, skip;
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
    OPT(OPT_FLAG, 0, "force", NULL, struct run_opt, force,
	"do shards behind ::: again that are done"),
    OPT(OPT_FLAG, 0, "piped", NULL, struct run_opt, piped,
	"run each filter as a program of its own, joined by pipes"),
    OPT(OPT_FLAG, 0, "skip-done", NULL, struct run_opt, skip,
	"do nothing where all inputs are done, as is the rule behind :::"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct run_opt, verify,
	"trust no file time: read shards that look done again"),
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
 * 1 where the record of the inputs says that they are done by these words, 0
 * where they are to be done, with the facts that their record is to have; -1.
 */
static int
pass_over(struct chain *c, const struct cmd_files *f, const struct run_opt *o,
    struct buf *facts, struct err *e)
{
	const struct link *last = c->nlink ? &c->link[c->nlink - 1] : NULL;
	uint64_t digest;

	if (f->n == 0 || !last || !last->filter->recorded)
		return 0;
	if (chain_facts(c, facts, e) < 0 ||
	    (f->n > 1 && skip_inputs(f->v, f->n, facts, e) < 0))
		return -1;
	digest = digest_of(facts->p, facts->n);
	last->filter->set_facts(last->opt, digest);
	if (o->force)
		return 0;
	return chain_is_done(c, f->v, f->n, digest, o->verify, e);
}

/*
 * Builds the chain of argv[0..argc), whose parts are separated by ":", for
 * one path (NULL: none to replace), and runs it.
 */
static int
run_one(int argc, char **argv, const struct run_opt *o, bool skip,
    const char *path, struct session *session, struct err *e)
{
	struct chain c = {.link = NULL};
	char **word = xcalloc((size_t)argc + 1, sizeof(*word)), **operands;
	struct common_opt common = {0};
	const struct opt_group more = {files_specs, &common};
	struct cmd_files files = {NULL, 0};
	int i, k, n = 0, rc = -1;
	static char dash[] = "-";
	char *std[] = {dash};
	struct buf facts = BUF_ZERO;

	source_defaults(&c.source);
	for (i = 0; i < argc; i++)
		word[i] = substitute(argv[i], o->replace, path);
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
	if (skip && (rc = pass_over(&c, &files, o, &facts, e)) != 0) {
		rc = rc < 0 ? -1 : 0;
		goto out;
	}
	rc = o->piped ? pipes_run(word, argc, files.n ? files.v[0] : NULL,
			    buf_bytes(&facts), e)
		      : chain_run(&c, files.n ? files.v : std,
			    files.n ? files.n : 1, session, e);
	session->rejects_begun = c.source.rejects_begun;
out:
	buf_fini(&facts);
	chain_fini(&c);
	cmd_files_free(&files);
	for (i = 0; i < argc; i++)
		free(word[i]);
	free(word);
	return rc;
}

/* The chain for each of the shards in turn. */
static int
run_files(const struct run_opt *o, const struct cmd_files *f, bool skip,
    int argc, char **argv, struct session *session)
{
	struct err e = ERR_ZERO;
	int status = CMD_OK, i, more;
	bool marked = false;
	size_t k = SIZE_MAX;

	for (i = 0; i < argc; i++)
		marked |=
		    strstr(argv[i], o->replace ? o->replace : "{}") != NULL;
	if (!marked)
		return cmd_usage("%s: the chain has no {} for the shard",
		    skip ? ":::" : "--list");
	if (cmd_files_numbers(f, &e) < 0)
		return cmd_fail(&e);
	while ((more = cmd_turn(o->turns, f->n, &k, &e)) > 0) {
		if (run_one(argc, argv, o, skip, f->v[k], session, &e) == 0) {
			cmd_tell(o->progress, f->v[k]);
			continue;
		}
		status = cmd_fail(&e);
		/* a bad input fails its shard; a full disk or a wrong option
		 * would fail them all */
		if (e.kind != ERR_INPUT)
			return status;
	}
	if (more < 0 || session_end(session, &e) < 0)
		status = cmd_fail(&e);
	return status;
}

/* The chain for the shards of --list, or for the operands behind ":::", of
 * which those that are done are skipped. */
static int
run_all(const struct run_opt *o, int argc, char **argv, struct session *session)
{
	struct cmd_files f;
	struct common_opt list = {.files_from = o->list, .zero = o->zero};
	struct err e = ERR_ZERO;
	int i, status;

	for (i = 0; i < argc && strcmp(argv[i], ":::") != 0; i++)
		;
	if (o->list && i < argc)
		return cmd_usage("--list and ::: both name shards");
	if (cmd_files(
		&list, i < argc ? argc - i - 1 : 0, argv + i + 1, &f, &e) < 0)
		return cmd_fail(&e);
	status = run_files(o, &f, !o->list, i, argv, session);
	cmd_files_free(&f);
	return status;
}

/* True if ":::" stands among the words. */
static bool
has_operands(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], ":::") == 0)
			return true;
	return false;
}

int
main(int argc, char *argv[])
{
	struct run_opt o = {0};
	struct session session = {.tool = "shard-run", .warn = cmd_warn};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-run",
	    "cat [FILE] : FILTER ... [: ...] [::: SHARD ...]",
	    "run a chain of filters in one process",
	    "shard-run cat {} : dedup -c CTX : split -c CTX : write -o OUT ::: "
	    "raw/part-*.csv",
	    groups, true};
	struct err e = ERR_ZERO;
	int first, status = CMD_OK;

	cmd_start(cmd.name);
	cmd_keep_memory();
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(o.progress, "--progress-fd");
	cmd_check_fd(o.turns, "--turns");
	if (!o.progress)
		o.progress = cmd_progress();
	if (o.replace && !*o.replace)
		return cmd_usage("--replace needs a text");
	argc -= first;
	argv += first;
	if (argc == 0)
		status = cmd_usage("no chain; it begins with cat");
	else if (o.list || has_operands(argc, argv))
		status = run_all(&o, argc, argv, &session);
	else if (run_one(argc, argv, &o, o.skip, NULL, &session, &e) < 0 ||
	    session_end(&session, &e) < 0)
		status = cmd_fail(&e);
	session_fini(&session);
	return status;
}
