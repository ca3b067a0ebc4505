/* shard-show - a context, or the groups of each shard, for a person to read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "fill/show.h"
#include "pass1/values.h"
struct show_opt {
	bool by_shard, zero;
	const char *files_from;
	double unique_ratio;
	uint64_t memory;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "by-shard", NULL, struct show_opt, by_shard,
	"print the groups of each shard, from partials"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct show_opt, memory,
	"--by-shard: for the groups of a shard, before they spill (1G)"),
    LIST_SPECS(struct show_opt),
    OPT(OPT_RATIO, 0, "unique-ratio", "R", struct show_opt, unique_ratio,
	"distinct texts per row below which they are categorical (0.1)"),
    OPT_END,
};

/* True if the terminal shows more than ASCII. */
static bool
utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	size_t i;

	for (i = 0; i < LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

static int
by_shard(const struct show_opt *o, struct file_list *f, struct err *e)
{
	int fd = dup(STDOUT_FILENO), rc = -1;
	struct out *out;

	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "standard output");
	out = out_new(fd, "standard output", CODEC_NONE, 0, false, e);
	if (out && show_groups(out, &f->v, &f->n, o->memory, e) == 0)
		rc = out_finish(out, false, e);
	out_free(out);
	return rc;
}

static int
contexts(const struct show_opt *o, const struct file_list *f, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->n && rc == 0; i++) {
		rc = show_context(
		    f->v[i], o->unique_ratio, utf8_locale(), &b, e);
		fwrite(buf_cstr(&b), 1, b.n, stdout);
		buf_clear(&b);
	}
	buf_fini(&b);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct show_opt o = {
	    .unique_ratio = 0.1, .memory = VALUES_MEMORY_DEFAULT};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-show", "CTX|PART ...",
	    "print a context for people, or the groups of each shard",
	    "shard-show CTX", groups, false};
	struct file_list f = {NULL, 0};
	struct err e = ERR_ZERO;
	int first, rc;

	cmd_start(cmd.name);
	first = cmd_parse(&cmd, argc, argv);
	rc = list_read(
	    &f, argv + first, (size_t)(argc - first), o.files_from, o.zero, &e);
	if (rc == 0 && f.n == 0)
		rc = err_kind_set(&e, ERR_USAGE, "name %s",
		    o.by_shard ? "partials" : "the directory of a context");
	if (rc == 0)
		rc = o.by_shard ? by_shard(&o, &f, &e) : contexts(&o, &f, &e);
	list_free(&f);
	return cmd_finish(rc < 0 ? cmd_fail(&e) : CMD_OK);
}
