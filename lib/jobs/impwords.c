/* The words of the recipe of impute. */
#include "jobs/impwords.h"

#include <stdlib.h>
#include <string.h>

#include "io/dir.h"

bool
impute_has_header(const struct job *j)
{
	return j->look.json || j->look.parquet;
}

const char *
impute_first(const struct job *j)
{
	return j->look.shards.v[0].path;
}

/* Sets *there to true if the artifacts have that file. */
static int
have(const struct job *j, const char *name, bool *there, struct err *e)
{
	char *path = path_join(option_value(&j->opt, "artifacts"), name);
	int rc = path_exists(path, ERR_INPUT, e);

	*there = rc > 0;
	free(path);
	return rc < 0 ? -1 : 0;
}

/* Looks at what saved artifacts have. */
static int
look_at_artifacts(struct job *j, struct err *e)
{
	struct impute *p = j->st;
	bool stats;

	if (p->training)
		return 0;
	if (have(j, "meta.tsv", &p->typed, e) < 0 ||
	    have(j, "stats.tsv", &stats, e) < 0)
		return -1;
	p->reported = p->typed && stats;
	return 0;
}

char *
impute_report_dir(const struct job *j)
{
	const struct impute *p = j->st;

	if (p->training)
		return xstrdup(option_value(&j->opt, "artifacts"));
	return p->reported ? xstrdup(p->run) : NULL;
}

/* The words of cat, without a file. */
static void
cat_words(struct job *j, bool pass2, struct buf *b)
{
	struct impute *p = j->st;

	words_put(b, "--header-of",
	    impute_has_header(j) ? p->header : impute_first(j), NULL);
	/* a CSV shard need not have the columns of its JSON neighbours */
	if (j->look.json && j->look.csv)
		words_put(b, "--header", "union", NULL);
	job_pass_on(&j->opt, b, "signature", NULL);
	job_pass_on(&j->opt, b, "nested", "refuse");
	if (pass2 && !option_flag(&j->opt, "piped") &&
	    look_is_large(j->look.bytes))
		words_put(b, "--drop-cache", NULL);
}

/* Words that name a file or directory below dir: "--name dir/file". */
static void
place(struct buf *b, const char *option, const char *dir, const char *file)
{
	char *path = path_join(dir, file);

	words_put(b, option, path, NULL);
	free(path);
}

static void
flag(const struct options *o, struct buf *b, const char *name)
{
	struct buf word = BUF_ZERO;

	if (!option_flag(o, name))
		return;
	buf_printf(&word, "--%s", name);
	words_put(b, buf_cstr(&word), NULL);
	buf_fini(&word);
}

static void
stats_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;

	words_put(b, "--moments", NULL);
	place(b, "-o", p->fit, "parts");
	cat_words(j, false, b);
	job_pass_on(o, b, "na", "auto");
	job_pass_on(o, b, "quoted-empty", "missing");
	job_pass_on(o, b, "memory", NULL);
	place(b, "--values", p->run, "guess.tsv");
	flag(o, b, "force");
	flag(o, b, "verify");
}

static void
update_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;

	place(b, "--update", p->fit, "parts");
	place(b, "--values", p->run, "need.tsv");
	place(b, "-o", p->fit, "full");
	job_pass_on(o, b, "memory", NULL);
	cat_words(j, false, b);
	flag(o, b, "force");
	flag(o, b, "verify");
}

static void
fit_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;
	char *ctx = path_join(p->fit, "ctx");
	size_t i;

	words_put(b, ctx, NULL);
	free(ctx);
	job_pass_on(o, b, "numeric", NULL);
	job_pass_on(o, b, "text", NULL);
	job_pass_on(o, b, "unique-ratio", NULL);
	for (i = 0; i < p->how.column.n; i++)
		words_put(b, "--column", p->how.column.v[i], NULL);
	for (i = 0; i < p->nnocase; i++)
		words_put(b, "--column-nocase", p->nocase[i], NULL);
	job_pass_on(o, b, "categorical", NULL);
	job_pass_on(o, b, "exclude", NULL);
	job_pass_on(o, b, "label", NULL);
	flag(o, b, "all-columns");
	flag(o, b, "allow-na-fill");
}

/* The filters of pass 2 between cat and write, each with its ":" in front; dir
 * stands for the split. */
static void
chain_words(struct job *j, const char *dir, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;
	struct buf counts = BUF_ZERO;

	buf_printf(&counts, "%s/%s/", p->counts, dir);
	words_put(b, ":", "impute", "-c", option_value(o, "artifacts"),
	    "--counts", buf_cstr(&counts), NULL);
	buf_fini(&counts);
	if (!p->training) {
		/* as the artifacts say, where nobody says something else */
		job_pass_on(o, b, "na", "auto");
		if (option_given(o, "quoted-empty"))
			job_pass_on(o, b, "quoted-empty", NULL);
	}
	flag(o, b, "indicator");
	if (!p->training) {
		job_pass_on(o, b, "label", NULL);
		job_pass_on(o, b, "exclude", NULL);
	}
}

static void
write_words(struct job *j, const char *dir, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;

	words_put(b, "-o", option_value(o, "output"), "--split", dir, "--scope",
	    dir, "--empty", "header", NULL);
	job_pass_on(o, b, "format", NULL);
	job_pass_on(o, b, "compress", NULL);
	job_pass_on(o, b, "level", NULL);
	if (p->types != TYPES_NONE && (p->training || p->typed))
		words_put(b, "--types", option_value(o, "artifacts"), NULL);
}

static void
report_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;
	char *dir = impute_report_dir(j);
	struct buf counts = BUF_ZERO;
	size_t i;

	if (dir) {
		words_put(b, option_value(o, "artifacts"), NULL);
		job_pass_on(o, b, "unique-ratio", NULL);
		if (!p->training)
			words_put(b, "-o", dir, NULL);
	}
	for (i = 0; i < p->nsplit && dir; i++) {
		buf_clear(&counts);
		buf_printf(&counts, "%s=%s/%s", p->split[i].name, p->counts,
		    p->split[i].name);
		words_put(b, "--counts", buf_cstr(&counts), NULL);
	}
	buf_fini(&counts);
	free(dir);
}

/* The lines' beginnings: over the shards of train, and over all. */
static void
each_words(struct job *j, struct buf *vars)
{
	struct impute *p = j->st;
	struct job_each *each;
	char *list;
	size_t i;

	if (p->training) {
		list = path_join(p->run, "train");
		each = job_each(
		    j, list, p->split[0].n, p->split[0].bytes, JOB_PIECE);
		words_put(&each->dirs, p->split[0].dir, NULL);
		buf_putc(&each->dirs, '\0');
		var_put(vars, "train", buf_cstr(&each->line));
		free(list);
	}
	list = path_join(p->run, "list");
	each = job_each(j, list, j->look.shards.n, j->look.bytes, JOB_PIECE);
	for (i = 0; i < p->nsplit; i++) {
		word_put(&each->dirs, p->split[i].dir);
		buf_putc(&each->dirs, '\0');
	}
	var_put(vars, "each", buf_cstr(&each->line));
	free(list);
}

/* A path below dir as a word. */
static void
path_var(struct buf *vars, const char *name, const char *dir, const char *file)
{
	char *path = path_join(dir, file);
	struct buf b = BUF_ZERO;

	word_put(&b, path);
	var_put(vars, name, buf_cstr(&b));
	buf_fini(&b);
	free(path);
}

/* The variables of the fit: stats is empty where nothing is fitted. */
static void
fit_vars(struct job *j, struct buf *vars)
{
	const char *artifacts = option_value(&j->opt, "artifacts");
	struct impute *p = j->st;
	struct buf b = BUF_ZERO;

	if (p->training)
		stats_words(j, &b);
	var_put(vars, "stats", buf_cstr(&b));
	buf_clear(&b);
	update_words(j, &b);
	var_put(vars, "update", buf_cstr(&b));
	buf_clear(&b);
	words_put(&b, "--merge", NULL);
	job_pass_on(&j->opt, &b, "workers", NULL);
	place(&b, "-o", p->fit, "ctx");
	var_put(vars, "merge", buf_cstr(&b));
	buf_clear(&b);
	fit_words(j, &b);
	var_put(vars, "fit", buf_cstr(&b));
	buf_clear(&b);
	word_put(&b, artifacts);
	var_put(vars, "artifacts", buf_cstr(&b));
	path_var(vars, "guess", p->run, "guess.tsv");
	path_var(vars, "need", p->run, "need.tsv");
	path_var(vars, "parts", p->run, "parts");
	path_var(vars, "full", p->run, "full");
	buf_fini(&b);
}

int
impute_vars(struct job *j, struct buf *vars, struct err *e)
{
	struct options *o = &j->opt;
	struct buf b = BUF_ZERO, mark = BUF_ZERO, dir = BUF_ZERO;

	if (look_at_artifacts(j, e) < 0)
		return -1;
	each_words(j, vars);
	fit_vars(j, vars);
#define VAR(name, make)                                                        \
	do {                                                                   \
		buf_clear(&b);                                                 \
		make;                                                          \
		var_put(vars, name, buf_cstr(&b));                             \
	} while (0)
	VAR("output", word_put(&b, option_value(o, "output")));
	VAR("report", report_words(j, &b));
	VAR("cat", cat_words(j, true, &b));
	/* What stands for the split, and for the shard: not {}, which GNU
	 * parallel has a meaning for, and nothing that is among the words. */
	buf_clear(&b);
	buf_put(&b, vars->p, vars->n);
	chain_words(j, "", &b);
	write_words(j, "", &b);
	job_mark(&b, '%', &dir);
	job_mark(&b, '@', &mark);
	var_put(vars, "mark", buf_cstr(&mark));
	VAR("chain", chain_words(j, buf_cstr(&dir), &b));
	VAR("write", write_words(j, buf_cstr(&dir), &b));
	VAR("run", {
		words_put(&b, "shard-run", "-I", buf_cstr(&mark),
		    "--replace-dir", buf_cstr(&dir), NULL);
		flag(o, &b, "piped");
		flag(o, &b, "force");
		flag(o, &b, "verify");
	});
	VAR("quick", if (!option_flag(o, "verify")) word_put(&b, "--quick"));
#undef VAR
	buf_fini(&dir);
	buf_fini(&mark);
	buf_fini(&b);
	return job_check_runner(o, buf_cstr(vars), e);
}
