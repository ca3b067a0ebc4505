#include "jobs/drive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "jobs/recipe.h"

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The shell program of the job beside the programs, as in the source tree or
 * under a PREFIX; freed by the caller. */
static char *
find_recipe(const struct drive *d, struct err *e)
{
	static const char *const places[] = {
	    "../pipelines", "../libexec/shardkit"};
	struct buf b = BUF_ZERO;
	size_t i;

	if (d->recipe) {
		if (access(d->recipe, R_OK) == 0)
			return xstrdup(d->recipe);
		err_sys(e, ERR_INPUT, "%s", d->recipe);
		return NULL;
	}
	for (i = 0; i < LEN(places) && d->bin; i++) {
		buf_clear(&b);
		buf_printf(
		    &b, "%s/%s/%s", d->bin, places[i], d->type->table->name);
		if (access(buf_cstr(&b), R_OK) == 0)
			return buf_release(&b);
	}
	buf_fini(&b);
	err_set(e, "no recipe of this job beside the programs in %s",
	    d->bin ? d->bin : "?");
	return NULL;
}

/* Is the first program of that name in PATH the one in bin? */
static bool
path_finds(const char *path, const char *bin, const char *name)
{
	struct buf b = BUF_ZERO;
	struct stat ours, theirs;
	bool found = false;

	buf_printf(&b, "%s/%s", bin, name);
	if (stat(buf_cstr(&b), &ours) < 0)
		found = true; /* there is nothing better */
	while (path && !found) {
		size_t n = strcspn(path, ":");

		buf_clear(&b);
		buf_printf(&b, "%.*s/%s", (int)n, n ? path : ".", name);
		if (access(buf_cstr(&b), X_OK) == 0 &&
		    stat(b.p, &theirs) == 0) {
			found = ours.st_dev == theirs.st_dev &&
			    ours.st_ino == theirs.st_ino;
			break;
		}
		path = path[n] ? path + n + 1 : NULL;
	}
	buf_fini(&b);
	return found;
}

/* What the recipe's programs run with. */
static void
set_environment(const struct drive *d)
{
	const char *path = d->path;
	struct buf b = BUF_ZERO;

	if (d->bin) {
		buf_printf(&b, "%s:%s", d->bin, path ? path : "");
		setenv("PATH", buf_cstr(&b), 1);
		buf_fini(&b);
	}
	unsetenv("SHARD_DELIM");
	unsetenv("SHARD_STRICT");
}

/* The options that somebody gave, as words. */
static void
given_words(const struct job *j, struct buf *b)
{
	const struct job_option *opt = j->type->table->option;
	struct buf name = BUF_ZERO;
	size_t i, k;

	for (i = 0; opt[i].name; i++) {
		const struct job_value *v = &j->opt.value[i];

		if (!v->value || !option_given(&j->opt, opt[i].name))
			continue;
		buf_clear(&name);
		buf_printf(&name, "--%s", opt[i].name);
		words_put(b, buf_cstr(&name), NULL);
		for (k = 0; k < v->ngiven; k++) {
			if (k > 0 && opt[i].kind == JOB_REPEAT)
				words_put(b, name.p, NULL);
			words_put(b, v->list[k], NULL);
		}
		if (!v->ngiven && opt[i].kind != JOB_FLAG)
			words_put(b, v->value, NULL);
	}
	buf_fini(&name);
}

/* The plan's first lines: what comes before the recipe's. */
static void
print_head(const struct drive *d, struct job *j, FILE *f)
{
	const char *workers = option_value(&j->opt, "workers");
	struct buf b = BUF_ZERO;

	fprintf(f, "# %llu shard%s, %s worker%s, from %s to ",
	    (unsigned long long)j->shards, j->shards == 1 ? "" : "s", workers,
	    strcmp(workers, "1") == 0 ? "" : "s", buf_cstr(&j->from));
	word_put(&b, option_value(&j->opt, "output"));
	fprintf(f, "%s\n", buf_cstr(&b));
	if (d->bin && !path_finds(d->path, d->bin, "shard-ls")) {
		buf_clear(&b);
		word_put(&b, d->bin);
		fprintf(f, "export PATH=%s:\"$PATH\" &&\n", buf_cstr(&b));
	}
	buf_clear(&b);
	words_put(&b, "shard-job", "begin", d->type->table->name, NULL);
	given_words(j, &b);
	fputs(buf_cstr(&b), f);
	fflush(f);
	buf_fini(&b);
}

/* The other forms of a line that runs a command over a list of shards. */
static void
print_others(struct job_each *each, const char *command, FILE *f)
{
	const char *parallel = buf_cstr(&each->parallel);
	struct buf line = BUF_ZERO, wrap = BUF_ZERO;
	size_t at;

	if (strcmp(buf_cstr(&each->line), parallel) != 0 &&
	    job_parallel_takes(command))
		fprintf(f, "# or: %s%s\n", parallel, command);
	for (at = 0; at < each->dirs.n; at += strlen(each->dirs.p + at) + 1) {
		buf_clear(&line);
		buf_clear(&wrap);
		/* a task of an array may have no shard */
		buf_printf(
		    &line, "shard-ls -0 --part auto %s | ", each->dirs.p + at);
		buf_printf(&line, "xargs -0 -r -n 64%.*s",
		    (int)strcspn(command, "\n"), command);
		while (line.n > 3 && memcmp(line.p + line.n - 3, " &&", 3) == 0)
			line.n -= 3;
		word_put(&wrap, buf_cstr(&line));
		fprintf(f, "# or: sbatch --wait --array=1-16 --wrap %s &&\n",
		    buf_cstr(&wrap));
	}
	buf_fini(&line);
	buf_fini(&wrap);
}

/* A line of the plan, and its other forms. */
static void
print_line(struct job *j, const char *line, FILE *f)
{
	size_t i, n;

	fprintf(f, "%s\n", line);
	for (i = 0; i < j->neach; i++) {
		n = strlen(buf_cstr(&j->each[i].line));
		if (strncmp(line, j->each[i].line.p, n) == 0 &&
		    line[n] == ' ') {
			print_others(&j->each[i], line + n, f);
			return;
		}
	}
}

/* The recipe's lines as they would run, each pass in its other forms, too. */
static void
print_plan(struct drive *d, struct job *j, struct buf *text, FILE *f)
{
	char *p, *end;

	print_head(d, j, f);
	buf_putc(text, '\n');
	(void)buf_cstr(text);
	for (p = text->p; *p; p = end + 1) {
		end = strchr(p, '\n');
		*end = '\0';
		print_line(j, p, f);
	}
}

static void
forget_each(struct job *j)
{
	while (j->neach > 0) {
		struct job_each *each = &j->each[--j->neach];

		buf_fini(&each->line);
		buf_fini(&each->parallel);
		buf_fini(&each->dirs);
	}
	free(j->each);
	j->each = NULL;
}

/* The recipe, with what was decided: once, or for each part of the job. */
static int
run(struct drive *d, struct job *j, FILE *f, struct err *e)
{
	struct recipe r = {.name = d->type->table->name, .show = d->show};
	struct buf vars = BUF_ZERO, text = BUF_ZERO;
	char *path = find_recipe(d, e);
	int rc = path ? 0 : -1, more = 1;

	while (rc == 0 && more > 0) {
		buf_clear(&vars);
		rc = d->type->vars(j, &vars, e);
		if (rc < 0)
			break;
		var_put(&vars, "plan", j->opt.plan ? "1" : "");
		r.path = path;
		r.vars = buf_cstr(&vars);
		r.shards = j->shards;
		r.bytes = j->bytes;
		rc = j->opt.plan ? recipe_plan(&r, &text, e)
				 : recipe_run(&r, &d->caught, e);
		if (rc > 0 && d->type->failed)
			rc = d->type->failed(j, rc);
		more = rc == 0 && d->type->next ? d->type->next(j, e) : 0;
		if (more < 0)
			rc = -1;
		if (more > 0 && !j->opt.plan)
			forget_each(j);
	}
	if (rc == 0 && j->opt.plan)
		print_plan(d, j, &text, f);
	free(path);
	buf_fini(&vars);
	buf_fini(&text);
	return rc > 125 ? 1 : rc;
}

/* What the recipe works on, where the job does not say. */
static void
describe(struct job *j)
{
	const struct job_value *in = option_of(&j->opt, "input");
	size_t i;

	if (j->from.n)
		return;
	j->shards = j->look.shards.n;
	j->bytes = j->look.bytes;
	for (i = 0; i < in->nlist; i++)
		words_put(&j->from, in->list[i], NULL);
	if (!in->nlist && in->value)
		words_put(&j->from, in->value, NULL);
}

static int
work(struct drive *d, struct job *j, FILE *f, struct err *e)
{
	double start = seconds();
	struct buf text = BUF_ZERO;
	int rc;

	if (j->opt.show) {
		rc = d->type->resolve(j, e);
		options_print(&j->opt, f);
		return rc;
	}
	set_environment(d);
	if (d->type->prepare(j, e) < 0)
		return -1;
	describe(j);
	if (!j->opt.plan && d->type->begin(j, e) < 0)
		return -1;
	if (d->only_begin)
		return 0;
	rc = run(d, j, f, e);
	if (rc != 0 || j->opt.plan)
		return rc;
	rc = d->type->summary(j, seconds() - start, &text, e);
	if (rc == 0)
		fputs(buf_cstr(&text), f);
	buf_fini(&text);
	return rc;
}

int
drive(struct drive *d, FILE *f, struct err *e)
{
	struct job j = {.type = d->type,
	    .look = LOOK_ZERO,
	    .claim = CLAIM_ZERO,
	    .warn = d->warn,
	    .note = d->note,
	    .env = d->env};
	int rc;

	rc = options_parse(&j.opt, d->type->table, d->argc, d->argv, d->env, e);
	if (rc == 0 && j.opt.help) {
		options_help(d->type->table, f);
	} else if (rc == 0 && j.opt.complete) {
		options_complete(d->type->table, f);
	} else if (rc == 0) {
		options_retired(d->type->table, d->env, d->note);
		rc = work(d, &j, f, e);
	}
	d->type->free(&j);
	look_fini(&j.look);
	forget_each(&j);
	buf_fini(&j.from);
	claim_release(&j.claim);
	options_fini(&j.opt);
	return rc;
}
