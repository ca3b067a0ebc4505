/* shard-ls - find the shards of some roots, in number order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/instant.h"
#include "base/parse.h"
#include "common.h"
#include "io/tsv.h"
#include "shards/record.h"

struct ls_opt {
	bool zero, detail, verify, days;
	const char *pattern, *todo, *part, *facts, *scope;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "days", NULL, struct ls_opt, days,
	"in front the day in the file's or directory's name, and a tab"),
    OPT(OPT_STR, 0, "facts", "FILE", struct ls_opt, facts,
	"--todo: what the outputs must have been made with"),
    OPT(OPT_FLAG, 'l', "long", NULL, struct ls_opt, detail,
	"number, format, codec, bytes, path; tab-separated"),
    OPT(OPT_FLAG, '0', "null", NULL, struct ls_opt, zero,
	"end names with a NUL byte instead of a newline"),
    OPT(OPT_STR, 'p', "part", "I/N|auto", struct ls_opt, part,
	"only the I-th of N parts; auto asks the scheduler's variables"),
    OPT(OPT_STR, 0, "pattern", "REGEX", struct ls_opt, pattern,
	"names of shards; the first group is the number (part-N...)"),
    OPT(OPT_STR, 0, "scope", "SPLIT", struct ls_opt, scope,
	"--todo: whose shards these are (shard-write --scope)"),
    OPT(OPT_STR, 0, "todo", "OUT", struct ls_opt, todo,
	"only shards that OUT has no fresh record of"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct ls_opt, verify,
	"--todo: read the inputs; trust no size and time"),
    OPT_END,
};

struct part {
	uint64_t i, n; /* the shards k with k % n == i */
};

static bool
env_u64(const char *name, uint64_t *v)
{
	const char *s = getenv(name);

	return s && parse_u64(bytes_str(s), v);
}

/* SageMaker: the rank of this host in a JSON list of names. */
static bool
sagemaker(struct part *p)
{
	const char *hosts = getenv("SM_HOSTS"), *me = getenv("SM_CURRENT_HOST");
	bool found = false;
	const char *q, *end;

	if (!hosts || !me)
		return false;
	p->i = p->n = 0;
	for (q = hosts; (q = strchr(q, '"')); q = end + 1) {
		end = strchr(++q, '"');
		if (!end)
			return false;
		if (bytes_eq(bytes_of(q, (size_t)(end - q)), bytes_str(me))) {
			p->i = p->n;
			found = true;
		}
		p->n++;
	}
	return found;
}

static int
auto_part(struct part *p, struct err *e)
{
	static const struct {
		const char *index, *count, *first, *step;
		const char *hint; /* what to do without a count */
	} vars[] = {
	    {"SHARD_PART_INDEX", "SHARD_PART_COUNT", NULL, NULL, ""},
	    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT",
		"SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP", ""},
	    {"SLURM_PROCID", "SLURM_NTASKS", NULL, NULL, ""},
	    {"AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", NULL,
		NULL, ""},
	    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", NULL, NULL,
		" (Kubernetes does not: give it the Job's completions, under "
		"env in the pod template)"},
	};
	uint64_t first = 0, step = 1;
	size_t i;

	for (i = 0; i < LEN(vars); i++) {
		if (!getenv(vars[i].index))
			continue;
		if (!getenv(vars[i].count))
			return err_kind_set(e, ERR_USAGE,
			    "--part auto: %s is set, but %s is not: set it to "
			    "the number of parts%s",
			    vars[i].index, vars[i].count, vars[i].hint);
		if (!env_u64(vars[i].index, &p->i) ||
		    !env_u64(vars[i].count, &p->n) ||
		    (vars[i].first && getenv(vars[i].first) &&
			!env_u64(vars[i].first, &first)) ||
		    (vars[i].step && getenv(vars[i].step) &&
			!env_u64(vars[i].step, &step)) ||
		    step == 0 || p->i < first || (p->i - first) % step ||
		    (p->i - first) / step >= p->n)
			return err_kind_set(e, ERR_USAGE,
			    "--part auto: %s and %s do not make a part of a "
			    "whole",
			    vars[i].index, vars[i].count);
		p->i = (p->i - first) / step;
		return 0;
	}
	if (sagemaker(p))
		return 0;
	return err_kind_set(e, ERR_USAGE,
	    "--part auto: no scheduler's variables here (Slurm, AWS Batch, "
	    "Kubernetes, SageMaker; or SHARD_PART_INDEX, SHARD_PART_COUNT)");
}

static int
parse_part(const char *s, struct part *p, struct err *e)
{
	const char *slash = strchr(s, '/');

	if (strcmp(s, "auto") == 0)
		return auto_part(p, e);
	if (!slash || !parse_u64(bytes_of(s, (size_t)(slash - s)), &p->i) ||
	    !parse_u64(bytes_str(slash + 1), &p->n) || p->i < 1 || p->i > p->n)
		return err_kind_set(e, ERR_USAGE,
		    "--part %s: expected I/N with 1 <= I <= N, or auto",
		    err_quote(bytes_str(s)));
	p->i--;
	return 0;
}

/* Do the record's files exist with their sizes? */
static bool
files_there(const struct record *r, const char *out)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < r->nfile && ok; i++) {
		struct buf b = BUF_ZERO;
		struct stat sb;

		buf_printf(&b, "%s/%s", out, r->file[i].name);
		ok = stat(buf_cstr(&b), &sb) == 0 &&
		    (uint64_t)sb.st_size == r->file[i].bytes;
		buf_fini(&b);
	}
	return ok;
}

/* Was this shard's output made from these bytes with these facts? */
static bool
is_done(const struct shard *s, const struct ls_opt *o, uint64_t facts)
{
	char *name = record_shard(o->scope, s->name.number);
	struct record r;
	struct identity id;
	struct err ignored;
	uint64_t digest;
	char *path;
	bool ok;

	path = record_path(o->todo, name);
	free(name);
	ok = record_load(&r, path, &ignored) == 0;
	free(path);
	if (!ok)
		return false;
	ok = r.input && r.facts == facts && files_there(&r, o->todo) &&
	    identity_of(s->path, &id, &ignored) == 0;
	/* another name or another time, but the same bytes: still done */
	if (ok &&
	    (o->verify || strcmp(r.input, s->path) != 0 ||
		!identity_eq(id, r.id)))
		ok = in_digest_file(s->path, &digest, &ignored) == 0 &&
		    digest == r.input_digest;
	record_fini(&r);
	return ok;
}

static void
print(const struct ls_opt *o, const struct shard *s)
{
	char end = o->zero ? '\0' : '\n', day[DAY_LEN];

	if (o->days) {
		day_format(day, s->day);
		printf("%.*s\t", DAY_LEN, day);
	}
	if (o->detail)
		printf("%05llu\t%s\t%s\t%llu\t",
		    (unsigned long long)s->name.number,
		    format_name(s->name.format),
		    codec_info(s->name.codec)->name,
		    (unsigned long long)s->bytes);
	printf("%s%c", s->path, end);
}

int
main(int argc, char *argv[])
{
	struct ls_opt o = {0};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-ls", "DIR|FILE ...",
	    "find shards, in number order",
	    "shard-ls -0 raw | xargs -0 -P 8 -n 1 shard-cat", groups, false};
	struct shards shards = SHARDS_ZERO;
	struct shards_opt so = {.warn = cmd_warn};
	struct part part = {0, 1};
	struct buf facts = BUF_ZERO;
	struct err e = ERR_ZERO;
	uint64_t digest = 0;
	int i, status = CMD_OK;
	size_t k;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	so.pattern = o.pattern;
	so.days = o.days;
	if (i == argc) {
		err_kind_set(&e, ERR_USAGE, "where? name a directory");
		goto fail;
	}
	if (o.part && parse_part(o.part, &part, &e) < 0)
		goto fail;
	if (!o.todo && (o.facts || o.verify || o.scope)) {
		err_kind_set(&e, ERR_USAGE,
		    "%s asks what is done: it needs --todo OUT",
		    o.facts       ? "--facts"
			: o.scope ? "--scope"
				  : "--verify");
		goto fail;
	}
	if (o.todo && o.days) {
		err_kind_set(&e, ERR_USAGE,
		    "--days and --todo: records are of numbers, which days "
		    "may share");
		goto fail;
	}
	if (o.facts) {
		if (file_load(o.facts, &facts, &e) < 0)
			goto fail;
		digest = digest_of(facts.p, facts.n);
	}
	for (; i < argc; i++)
		if (shards_find(&shards, argv[i], &so, &e) < 0)
			goto fail;
	if (shards_order(&shards, &e) < 0)
		goto fail;
	for (k = 0; k < shards.n; k++)
		if (k % part.n == part.i &&
		    !(o.todo && is_done(&shards.v[k], &o, digest)))
			print(&o, &shards.v[k]);
	goto out;
fail:
	status = cmd_fail(&e);
out:
	buf_fini(&facts);
	shards_fini(&shards);
	return cmd_finish(status);
}
