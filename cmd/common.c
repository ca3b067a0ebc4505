#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/setting.h"
#include "io/commit.h"

static const char *tool = "shardkit";
static const struct cmd *program; /* for the usage line, once parsed */

static const char *const end_names[] = {"none", "emit", "expect", "both", NULL};

#define END_SPEC                                                               \
	OPT_CHOICE(0, "end", struct common_opt, end, end_names,                \
	    "end markers (none; both when SHARD_STRICT=1)")

const struct opt_spec end_specs[] = {END_SPEC, OPT_END};
const struct opt_spec common_specs[] = {
    END_SPEC, LIST_SPECS(struct common_opt), OPT_END};

const struct opt_spec record_specs[] = {
    OPT(OPT_BYTES, 0, "max-record", "SIZE", struct source_opt, max_record,
	"longest record allowed (SHARD_MAX_RECORD, or 20M)"),
    OPT_END,
};

/* One write per message, so that those of parallel workers do not mix. */
static void
say(const char *mark, const char *fmt, va_list ap)
{
	struct buf b = BUF_ZERO;
	char msg[1400];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	buf_printf(&b, "%s: %s%s\n", tool, mark, msg);
	if (write(STDERR_FILENO, b.p, b.n) < 0)
		(void)0; /* nowhere left to say it */
	buf_fini(&b);
}

void
cmd_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void
cmd_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void
cmd_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

static void
usage_line(const struct cmd *c, FILE *f)
{
	fprintf(f, "usage: %s", c->name);
	opt_synopsis(c->groups, f);
	fprintf(f, " %s\n", c->operands);
}

int
cmd_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
	if (program)
		usage_line(program, stderr);
	return CMD_USAGE;
}

int
cmd_fail(const struct err *e)
{
	if (e->kind == ERR_USAGE)
		return cmd_usage("%s", e->msg);
	cmd_error("%s", e->msg);
	return CMD_FAILED;
}

static const char *
non_empty(const char *s)
{
	return s && *s ? s : NULL;
}

/* What the library may know of the environment. */
static void
read_environment(void)
{
	const char *temp_dir = non_empty(getenv("TMPDIR"));
	const char *delim = getenv("SHARD_DELIM");
	struct setting s = {
	    .temp_dir = temp_dir ? temp_dir : "/tmp",
	    .max_record = getenv("SHARD_MAX_RECORD"),
	    .simd = getenv("SHARD_SIMD"),
	    .duckdb = non_empty(getenv("SHARDKIT_DUCKDB")),
	    .tabs = delim && strcmp(delim, "tab") == 0,
	};

	setting_set(&s);
}

void
cmd_start(const char *name)
{
	int fd;

	tool = name;
	/* 0, 1 and 2 must be ours, or a data file could become "stdout" */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
	if (fd > 2)
		close(fd);
	commit_init();
	read_environment();
}

void
cmd_keep_memory(void)
{
	const uintptr_t huge = (uintptr_t)2 << 20;
	uintptr_t from = ((uintptr_t)sbrk(0) + huge - 1) / huge * huge, end;

	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 32 << 20); /* what the heap grows by at once */
	free(xmalloc(1 << 20));
	end = (uintptr_t)sbrk(0) / huge * huge;
	if (from < end) /* small pages, where huge ones are not to be had */
		(void)madvise((void *)from, end - from, MADV_HUGEPAGE);
}

static void
help(const struct cmd *c)
{
	printf("%s - %s\n\n", c->name, c->summary);
	usage_line(c, stdout);
	putchar('\n');
	opt_help(c->groups, stdout);
	printf("\nexample:\n  %s\n\n%s(1) says more.\n", c->example, c->name);
}

static void
version(void)
{
	printf("%s (shardkit) %s\n", tool, SHARDKIT_VERSION);
#ifdef HAVE_ISAL
	puts("gzip by ISA-L and zlib; zstd; lz4, bzip2 and xz when met");
#else
	puts("gzip by zlib; zstd; lz4, bzip2 and xz when met");
#endif
}

int
cmd_finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		cmd_error("standard output: %s", strerror(errno));
		return status ? status : CMD_FAILED;
	}
	return status;
}

int
cmd_parse(const struct cmd *c, int argc, char **argv)
{
	struct err e = ERR_ZERO;
	char asked;
	int first = opt_parse(c->groups, argc, argv, c->stop_early, &asked, &e);

	program = c;
	if (first < 0)
		exit(cmd_fail(&e));
	if (asked) {
		if (asked == 'h')
			help(c);
		else
			version();
		exit(cmd_finish(CMD_OK));
	}
	return first;
}

int
cmd_list(const struct common_opt *o, int n, char **operands,
    struct file_list *f, struct err *e)
{
	return list_read(f, operands, (size_t)n, o->files_from, o->zero, e);
}

void
cmd_tell(uint64_t fd, const char *path)
{
	struct identity id = {.size = 0};
	struct err ignored;
	char line[40];
	int n;

	if (fd == 0 || (path && identity_of(path, &id, &ignored) < 0))
		return;
	n = snprintf(line, sizeof(line), "%llu\n", (unsigned long long)id.size);
	if (write((int)fd, line, (size_t)n) < 0)
		return;
}

uint64_t
cmd_progress(void)
{
	const char *s = getenv("SHARD_PROGRESS");
	uint64_t fd;

	if (!s || !parse_u64(bytes_str(s), &fd) || fd > 9 ||
	    fcntl((int)fd, F_GETFD) < 0)
		return 0;
	return fd;
}

void
cmd_die(int sig)
{
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

bool
cmd_strict(void)
{
	const char *strict = getenv("SHARD_STRICT");

	return strict && strcmp(strict, "1") == 0;
}

void
cmd_end_markers(const struct common_opt *o, struct chain *c)
{
	bool on = cmd_strict();

	c->emit = on || o->end == 1 || o->end == 3;
	c->expect = on || o->end == 2 || o->end == 3;
}

int
filter_main(const struct filter *f, int argc, char **argv)
{
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	struct session session = {.warn = cmd_warn};
	struct file_list files = {NULL, 0};
	struct buf answer = BUF_ZERO;
	struct err e = ERR_ZERO;
	void *opt = xcalloc(1, f->opt_size);
	const struct opt_group groups[] = {{f->specs, opt},
	    {record_specs, &chain.source}, {common_specs, &common},
	    {NULL, NULL}};
	static char dash[] = "-";
	char *std[] = {dash}, name[40];
	struct cmd cmd = {
	    name, "[FILE ...]", f->summary, f->example, groups, false};
	int first, rc, status = CMD_FAILED;

	snprintf(name, sizeof(name), "shard-%s", f->name);
	cmd_start(name);
	session.tool = name;
	source_defaults(&chain.source);
	f->defaults(opt);
	first = cmd_parse(&cmd, argc, argv);
	chain_add(&chain, f, opt);
	if (cmd_list(&common, argc - first, argv + first, &files, &e) < 0 ||
	    list_some(&files, common.files_from, &e) < 0 ||
	    f->setup(opt, &session, &e) < 0)
		goto out;
	cmd_end_markers(&common, &chain);
	if (f->answer && (rc = f->answer(opt, files.n > 0, &answer, &e)) != 0) {
		if (rc > 0) {
			fputs(buf_cstr(&answer), stdout);
			status = cmd_finish(CMD_OK);
		}
		goto out;
	}
	rc = f->inputs ? f->inputs(opt, &chain, files.n ? files.v : std,
			     files.n ? files.n : 1, &session, &e)
		       : 0;
	if (rc == 0)
		rc = chain_run(&chain, files.n ? files.v : std,
		    files.n ? files.n : 1, &session, &e);
	if (rc >= 0 && session_end(&session, &e) == 0)
		status = CMD_OK;
out:
	if (e.kind)
		status = cmd_fail(&e);
	chain_fini(&chain);
	session_fini(&session);
	buf_fini(&answer);
	list_free(&files);
	return status;
}
