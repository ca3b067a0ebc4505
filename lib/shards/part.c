#include "shards/part.h"

#include <string.h>

#include "base/parse.h"

static bool
variable_u64(char *(*env)(const char *), const char *name, uint64_t *v)
{
	const char *s = env(name);

	return s && parse_u64(bytes_str(s), v);
}

/* SageMaker: the rank of this host in a JSON list of names. */
static bool
sagemaker(struct part *p, char *(*env)(const char *))
{
	const char *hosts = env("SM_HOSTS"), *me = env("SM_CURRENT_HOST");
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
auto_part(struct part *p, char *(*env)(const char *), struct err *e)
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
		if (!env(vars[i].index))
			continue;
		if (!env(vars[i].count))
			return err_kind_set(e, ERR_USAGE,
			    "--part auto: %s is set, but %s is not: set it to "
			    "the number of parts%s",
			    vars[i].index, vars[i].count, vars[i].hint);
		if (!variable_u64(env, vars[i].index, &p->i) ||
		    !variable_u64(env, vars[i].count, &p->n) ||
		    (vars[i].first && env(vars[i].first) &&
			!variable_u64(env, vars[i].first, &first)) ||
		    (vars[i].step && env(vars[i].step) &&
			!variable_u64(env, vars[i].step, &step)) ||
		    step == 0 || p->i < first || (p->i - first) % step ||
		    (p->i - first) / step >= p->n)
			return err_kind_set(e, ERR_USAGE,
			    "--part auto: %s and %s do not make a part of a "
			    "whole",
			    vars[i].index, vars[i].count);
		p->i = (p->i - first) / step;
		return 0;
	}
	if (sagemaker(p, env))
		return 0;
	return err_kind_set(e, ERR_USAGE,
	    "--part auto: no scheduler's variables here (Slurm, AWS Batch, "
	    "Kubernetes, SageMaker; or SHARD_PART_INDEX, SHARD_PART_COUNT)");
}

int
part_parse(
    struct part *p, const char *text, char *(*env)(const char *), struct err *e)
{
	const char *slash = strchr(text, '/');

	if (strcmp(text, "auto") == 0)
		return auto_part(p, env, e);
	if (!slash ||
	    !parse_u64(bytes_of(text, (size_t)(slash - text)), &p->i) ||
	    !parse_u64(bytes_str(slash + 1), &p->n) || p->i < 1 || p->i > p->n)
		return err_kind_set(e, ERR_USAGE,
		    "--part %s: expected I/N with 1 <= I <= N, or auto",
		    err_quote(bytes_str(text)));
	p->i--;
	return 0;
}
