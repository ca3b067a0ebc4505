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
	setenv("LC_ALL", "C", 1);
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
print_head(const struct drive *d, const struct job *j, FILE *f)
{
	const struct job_value *in = option_of(&j->opt, "input");
	const char *workers = option_value(&j->opt, "workers");
	struct buf b = BUF_ZERO;
	size_t i;

	fprintf(f, "# %zu shard%s, %s worker%s, from", j->look.shards.n,
	    j->look.shards.n == 1 ? "" : "s", workers,
	    strcmp(workers, "1") == 0 ? "" : "s");
	for (i = 0; i < in->nlist; i++)
		words_put(&b, in->list[i], NULL);
	if (!in->nlist)
		words_put(&b, in->value, NULL);
	fprintf(f, " %s to ", buf_cstr(&b));
	buf_clear(&b);
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

/* The other forms of a line that runs a command over all shards. */
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

/* The recipe's lines as they would run, each pass in its other forms, too. */
static int
print_plan(struct drive *d, struct job *j, const struct recipe *r, FILE *f,
    struct err *e)
{
	struct buf text = BUF_ZERO;
	char *p, *end;
	size_t i;

	print_head(d, j, f);
	if (recipe_plan(r, &text, e) < 0) {
		buf_fini(&text);
		return -1;
	}
	buf_putc(&text, '\n');
	(void)buf_cstr(&text);
	for (p = text.p; *p; p = end + 1) {
		end = strchr(p, '\n');
		fprintf(f, "%.*s\n", (int)(end - p), p);
		*end = '\0';
		for (i = 0; i < j->neach; i++) {
			size_t n = strlen(buf_cstr(&j->each[i].line));

			if (strncmp(p, j->each[i].line.p, n) == 0)
				print_others(&j->each[i], p + n, f);
		}
	}
	buf_fini(&text);
	return 0;
}

/* The recipe, with what was decided. */
static int
run(struct drive *d, struct job *j, FILE *f, struct err *e)
{
	struct recipe r = {.name = d->type->table->name,
	    .shards = j->look.shards.n,
	    .bytes = j->look.bytes,
	    .show = d->show};
	struct buf vars = BUF_ZERO;
	char *path = find_recipe(d, e);
	int rc = -1;

	if (path && d->type->vars(j, &vars, e) == 0) {
		var_put(&vars, "plan", j->opt.plan ? "1" : "");
		r.path = path;
		r.vars = buf_cstr(&vars);
		rc = j->opt.plan ? print_plan(d, j, &r, f, e)
				 : recipe_run(&r, &d->caught, e);
	}
	free(path);
	buf_fini(&vars);
	return rc > 125 ? 1 : rc;
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
	size_t i;
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
	for (i = 0; i < j.neach; i++) {
		buf_fini(&j.each[i].line);
		buf_fini(&j.each[i].parallel);
		buf_fini(&j.each[i].dirs);
	}
	claim_release(&j.claim);
	options_fini(&j.opt);
	return rc;
}
