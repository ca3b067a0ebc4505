#include "jobs/shredwords.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/in.h"
#include "io/tsv.h"
#include "jobs/shredtable.h"

/* Words of options that are given as they are: "--name value". */
static void
pass_on(
    const struct options *o, struct buf *b, const char *name, const char *as)
{
	const char *value = option_value(o, name);

	if (value)
		option_words(b, as, value);
}

static void
path_words(struct buf *b, const char *option, const char *dir, const char *name)
{
	char *path = path_join(dir, name);

	if (option)
		words_put(b, option, path, NULL);
	else
		words_put(b, path, NULL);
	free(path);
}

char *
shred_list_path(
    const struct shred *s, const char *what, const struct shred_table *t)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s-%s", s->run, what, t->name);
	return buf_release(&b);
}

void
shred_plan_words(struct job *j, struct buf *b)
{
	static const char *const same[][2] = {{"key", "--key"},
	    {"max-rows", "--max-rows"}, {"max-bytes", "--max-bytes"},
	    {"memory", "--memory"}, {"fixed", "--fixed"}, {"groups", "--only"},
	    {"estimates", "--estimates"}, {"rate", "--rate"}};
	size_t i;

	for (i = 0; i < LEN(same); i++)
		pass_on(&j->opt, b, same[i][0], same[i][1]);
	if (!option_is(&j->opt, "pack", "next"))
		pass_on(&j->opt, b, "pack", "--pack");
}

void
shred_cat_words(struct job *j, struct shred_table *t, struct buf *b)
{
	words_put(b, "--header-of", t->first, NULL);
	/* a CSV shard need not have the columns of its JSON neighbours */
	if (t->look.json && t->look.csv)
		words_put(b, "--header", "union", NULL);
	pass_on(&j->opt, b, "signature", "--signature");
	if (option_is(&j->opt, "nested", "json"))
		pass_on(&j->opt, b, "nested", "--nested");
}

static void
day_words(struct job *j, struct shred_table *t, struct buf *b)
{
	words_put(b, ":", "split", "--by", "day", NULL);
	option_words(b, "--time", t->column);
	pass_on(&j->opt, b, "epoch", "--epoch");
}

void
shred_chain_words(struct job *j, struct shred_table *t, struct buf *b)
{
	struct shred *s = j->st;

	if (s->timed && !s->copied) {
		day_words(j, t, b);
		words_put(b, "--take", s->name, NULL);
	}
	if (option_value(&j->opt, "where"))
		words_put(b, ":", "map", NULL);
	pass_on(&j->opt, b, "where", "--where");
	if (t->select) {
		words_put(b, ":", "map", NULL);
		option_words(b, "--select", t->select);
	}
}

/* "cat ... @ : ... :", of which a sink is to follow. */
static void
source_words(struct job *j, struct shred_table *t, bool dropped,
    const char *mark, struct buf *b)
{
	words_put(b, "cat", NULL);
	shred_cat_words(j, t, b);
	if (dropped)
		words_put(b, "--drop-cache", NULL);
	words_put(b, mark, NULL);
	shred_chain_words(j, t, b);
	words_put(b, ":", NULL);
}

/* xargs over a list of shards of the table, with pieces as of job_each(). */
static void
put_each(struct job *j, const struct shred_table *t, const char *list,
    uint64_t piece, struct buf *b)
{
	struct job_each *each =
	    job_each(j, list, t->look.shards.n, t->look.bytes, piece);

	buf_puts(b, buf_cstr(&each->line));
}

/* True if what is routed is not to stay in memory: nobody reads it again,
 * unless other days do. */
static bool
drops_cache(struct job *j)
{
	struct shred *s = j->st;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		bytes += s->table[i].look.bytes;
	return !(s->timed && !s->copied) && look_is_large(bytes);
}

static void
route_words(
    struct job *j, struct shred_table *t, const char *mark, struct buf *b)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;

	source_words(j, t, drops_cache(j), mark, b);
	words_put(b, "route", "-o", s->out, "--table", t->name, NULL);
	pass_on(o, b, "key", "--key");
	option_words(b, "--order", t->order);
	words_put(b, "--format", format_name(t->format), NULL);
	if (t->codec != CODEC_NONE)
		words_put(b, "--compress", codec_info(t->codec)->name, NULL);
	pass_on(o, b, "level", "--level");
	pass_on(o, b, "unplanned", "--unplanned");
	pass_on(o, b, "buffer", "--memory");
	if (option_flag(o, "sorted"))
		words_put(b, "--sorted", NULL);
	if (!option_value(o, "estimates"))
		path_words(b, "-c", s->ctx, t->name);
}

/* The command that counts the groups of shards, which are to follow it. */
static void
count_words(
    struct job *j, struct shred_table *t, const char *mark, struct buf *b)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;
	struct buf chain = BUF_ZERO, parts = BUF_ZERO;

	shred_chain_words(j, t, &chain);
	if (chain.n) {
		words_put(b, "shard-run", "-I", mark, NULL);
		source_words(j, t, false, mark, b);
		words_put(b, "stats", NULL);
	} else { /* the fastest way, which knows what was counted before */
		words_put(b, "shard-stats", NULL);
		shred_cat_words(j, t, b);
		if (option_flag(o, "force"))
			words_put(b, "--force", NULL);
		if (option_flag(o, "verify"))
			words_put(b, "--verify", NULL);
	}
	buf_printf(&parts, "%s/%s/parts", s->ctx, t->name);
	words_put(b, "-o", buf_cstr(&parts), "--table", t->name, NULL);
	pass_on(o, b, "key", "--groups");
	if (!option_is(o, "na", "auto"))
		pass_on(o, b, "na", "--na");
	if (t->types)
		words_put(b, "--schema", NULL);
	if (chain.n)
		words_put(b, ":::", NULL);
	buf_fini(&chain);
	buf_fini(&parts);
}

static void
merge_words(struct job *j, struct shred_table *t, struct buf *b)
{
	struct shred *s = j->st;
	char *list = shred_list_path(s, "parts", t);

	words_put(b, "shard-stats", "--merge", NULL);
	path_words(b, "-o", s->ctx, t->name);
	if (option_flag(&j->opt, "optimize-types") &&
	    t->format == FORMAT_PARQUET)
		words_put(b, "--optimize-types", NULL);
	pass_on(&j->opt, b, "workers", "--workers");
	words_put(b, "--null", "--files-from", list, NULL);
	free(list);
}

static void
plan_words(struct job *j, struct buf *b)
{
	struct shred *s = j->st;
	struct buf path = BUF_ZERO;
	size_t i;

	words_put(b, "shard-plan", NULL);
	if (s->daily)
		words_put(b, "--quiet", NULL);
	shred_plan_words(j, b);
	for (i = 0; i < s->n && !option_value(&j->opt, "estimates"); i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%s/groups.tsv", s->ctx, s->table[i].name);
		words_put(b, "--groups", buf_cstr(&path), NULL);
	}
	path_words(b, "-o", s->out, "batches.tsv");
	buf_fini(&path);
}

/* shard-run, as it routes the shards of the table. */
static void
run_words(struct job *j, const char *mark, struct buf *b)
{
	words_put(b, "shard-run", "-I", mark, NULL);
	if (option_flag(&j->opt, "verify"))
		words_put(b, "--verify", NULL);
}

/* The words of all lines that run over shards. */
static void
all_words(struct job *j, struct buf *b)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++) {
		route_words(j, &s->table[i], "", b);
		count_words(j, &s->table[i], "", b);
	}
}

/* What stands for a shard's name: nothing that is among the words. */
static void
mark_for(struct job *j, struct buf *mark)
{
	struct buf b = BUF_ZERO;

	all_words(j, &b);
	job_mark(&b, '@', mark);
	buf_fini(&b);
}

/* What is to be routed, in a list. */
static void
todo_words(
    struct job *j, struct shred_table *t, const char *mark, struct buf *b)
{
	struct shred *s = j->st;
	char *todo = shred_list_path(s, "todo", t),
	     *list = shred_list_path(s, "list", t);

	run_words(j, mark, b);
	words_put(b, "--todo", todo, "--null", "--list", list, NULL);
	route_words(j, t, mark, b);
	free(todo);
	free(list);
}

void
shred_todo_words(struct job *j, struct shred_table *t, struct buf *b)
{
	struct buf mark = BUF_ZERO;

	mark_for(j, &mark);
	todo_words(j, t, buf_cstr(&mark), b);
	buf_fini(&mark);
}

/* A process that routes leaves runs, which are the better the larger they are,
 * and its last one is not full. */
#define ROUTE_PIECE (2 * JOB_PIECE)

/* Sorted shards go one after the other, through one process. */
static void
route_line(
    struct job *j, struct shred_table *t, const char *mark, struct buf *b)
{
	struct shred *s = j->st;
	char *todo = shred_list_path(s, "todo", t);

	if (option_flag(&j->opt, "sorted")) {
		run_words(j, mark, b);
		words_put(b, "--skip-done", "--null", "--list", todo, NULL);
		route_words(j, t, mark, b);
	} else {
		put_each(j, t, todo, ROUTE_PIECE, b);
		run_words(j, mark, b);
		route_words(j, t, mark, b);
		words_put(b, ":::", NULL);
	}
	free(todo);
}

/* xargs over the ranges of batches. */
static void
batches_words(struct job *j, struct buf *b)
{
	struct shred *s = j->st;
	char *list = path_join(s->run, "batches");

	words_put(b, "xargs", "-r", "-0", "-a", list, "-P",
	    option_value(&j->opt, "workers"), "-n", "1", NULL);
	free(list);
}

static void
gather_words(struct job *j, struct buf *b)
{
	struct shred *s = j->st;

	words_put(b, "shard-gather", "-o", s->out, NULL);
	pass_on(&j->opt, b, "buffer", "--memory");
}

static void
table_words(struct job *j, struct buf *b)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++)
		words_put(b, "--table", s->table[i].name, NULL);
}

/* A table without a shard on the day has its header there: of no row the key
 * both is "-" and is not. */
static void
empty_words(struct job *j, struct shred_table *t, struct buf *b)
{
	const char *key = option_value(&j->opt, "key");
	struct shred *s = j->st;
	struct buf to = BUF_ZERO, like = BUF_ZERO, is = BUF_ZERO,
		   is_not = BUF_ZERO;

	words_put(b, "shard-run", "--force", "--skip-done", "cat", NULL);
	pass_on(&j->opt, b, "signature", "--signature");
	if (option_is(&j->opt, "nested", "json"))
		pass_on(&j->opt, b, "nested", "--nested");
	buf_printf(&is, "%s == -", key);
	buf_printf(&is_not, "%s != -", key);
	buf_printf(&to, "%s/empty/%s", s->run, t->name);
	shred_empty_name(t, &like);
	words_put(b, t->found.v[0].path, ":", "map", "--where", buf_cstr(&is),
	    ":", "map", "--where", buf_cstr(&is_not), ":", "write", "-o",
	    buf_cstr(&to), "--split", t->name, "--like", buf_cstr(&like),
	    "--empty", "header", NULL);
	buf_fini(&to);
	buf_fini(&like);
	buf_fini(&is);
	buf_fini(&is_not);
}

/* Appends NAME_I=... */
static void
put(struct buf *vars, const char *name, size_t i, struct buf *b)
{
	struct buf all = BUF_ZERO;

	buf_printf(&all, "%s_%zu", name, i);
	var_put(vars, buf_cstr(&all), buf_cstr(b));
	buf_fini(&all);
	buf_clear(b);
}

/* The lines of one table that make batches. */
static void
table_vars(struct job *j, size_t i, const char *mark, struct buf *vars)
{
	struct shred *s = j->st;
	struct shred_table *t = &s->table[i];
	char *list = shred_list_path(s, "list", t);
	struct buf b = BUF_ZERO;

	if (t->absent)
		empty_words(j, t, &b);
	put(vars, "empty", i, &b);
	if (!s->routed && !option_value(&j->opt, "estimates")) {
		put_each(j, t, list, JOB_PIECE, &b);
		count_words(j, t, mark, &b);
	}
	put(vars, "count", i, &b);
	if (!s->routed && !option_value(&j->opt, "estimates"))
		merge_words(j, t, &b);
	put(vars, "merge", i, &b);
	if (!s->routed)
		todo_words(j, t, mark, &b);
	put(vars, "todo", i, &b);
	if (!s->routed)
		route_line(j, t, mark, &b);
	put(vars, "route", i, &b);
	if (!s->gathered && !option_value(&j->opt, "each")) {
		batches_words(j, &b);
		gather_words(j, &b);
		words_put(&b, "--table", t->name, NULL);
	}
	put(vars, "gather", i, &b);
	buf_fini(&b);
	free(list);
}

/* The lines that are about all tables. */
static void
batches_vars(struct job *j, struct buf *vars)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;
	struct buf b = BUF_ZERO;

#define VAR(name, make)                                                        \
	do {                                                                   \
		buf_clear(&b);                                                 \
		make;                                                          \
		var_put(vars, name, buf_cstr(&b));                             \
	} while (0)
	VAR("planning", if (!s->routed) plan_words(j, &b));
	VAR(
	    "batches", if (!s->gathered) {
		    words_put(&b, "shard-gather", "-o", s->out, NULL);
		    path_words(&b, "--batches", s->run, "batches");
		    words_put(&b, "--null", NULL);
		    if (!option_value(o, "each"))
			    pass_on(o, &b, "workers", "--workers");
	    });
	VAR(
	    "unplanned",
	    if (!s->gathered && option_is(o, "unplanned", "keep")) {
		    gather_words(j, &b);
		    table_words(j, &b);
		    words_put(&b, "unplanned", NULL);
	    });
	VAR(
	    "command", if (!s->gathered && option_value(o, "each")) {
		    batches_words(j, &b);
		    buf_putc(&b, ' ');
		    gather_words(j, &b);
		    pass_on(o, &b, "each", "--each");
		    if (option_flag(o, "keep"))
			    words_put(&b, "--keep", NULL);
		    if (s->daily)
			    words_put(&b, "--day", s->name, NULL);
		    table_words(j, &b);
	    });
	VAR(
	    "finish", if (!s->gathered) {
		    words_put(&b, "shard-gather", "--finish", "--join-units",
			"-o", s->out, NULL);
		    table_words(j, &b);
	    });
	VAR("join",
	    if (!s->gathered && option_value(o, "each"))
		words_put(&b, "shard-gather", "--join", "-o", s->out, NULL));
	VAR("check", {
		words_put(&b, "shard-check", "--build", NULL);
		if (!option_flag(o, "verify"))
			words_put(&b, "--quick", NULL);
		words_put(&b, s->out, NULL);
	});
#undef VAR
	buf_fini(&b);
}

/* The lines of a table that tell its days, and that make its copy. */
static void
day_vars(struct job *j, size_t i, const char *mark, struct buf *vars)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;
	struct shred_table *t = &s->table[i];
	char *list = shred_list_path(s, "list", t);
	struct buf b = BUF_ZERO, to = BUF_ZERO;
	if (s->phase == SHRED_COPY && !t->copy) {
		put(vars, "copy", i, &b);
		put(vars, "seal", i, &b);
		free(list);
		return;
	}
	put_each(j, t, list, JOB_PIECE, &b);
	words_put(&b, "shard-run", "-I", mark, "cat", NULL);
	shred_cat_words(j, t, &b);
	words_put(&b, mark, NULL);
	day_words(j, t, &b);
	if (s->phase == SHRED_DAYS) {
		buf_printf(&to, "%s/days-%s", s->ctx, t->name);
		words_put(&b, ":", "stats", "--groups", "_split", "-o",
		    buf_cstr(&to), ":::", NULL);
		put(vars, "days", i, &b);
	} else {
		buf_printf(
		    &to, "%s/_presplit/%s", option_value(o, "output"), t->name);
		words_put(&b, ":", "write", "-o", buf_cstr(&to), ":::", NULL);
		put(vars, "copy", i, &b);
		words_put(&b, "shard-check", "--build", "--quick",
		    buf_cstr(&to), NULL);
		put(vars, "seal", i, &b);
	}
	buf_fini(&b);
	buf_fini(&to);
	free(list);
}

/* What is done once the last day is. */
static void
join_vars(struct job *j, struct buf *vars)
{
	struct shred *s = j->st;
	struct buf b = BUF_ZERO;
	char *list = path_join(s->run, "results");

	if (!s->gathered && option_value(&j->opt, "each"))
		words_put(&b, "shard-gather", "--join", "-o", s->out, "--null",
		    "--files-from", list, NULL);
	var_put(vars, "join", buf_cstr(&b));
	buf_clear(&b);
	words_put(&b, "shard-check", "--build", "--quick", s->out, NULL);
	var_put(vars, "check", buf_cstr(&b));
	buf_fini(&b);
	free(list);
}

int
shred_vars(struct job *j, struct buf *vars, struct err *e)
{
	static const char *const phases[] = {
	    "days", "copy", "batches", "join", "done"};
	struct shred *s = j->st;
	struct buf mark = BUF_ZERO, b = BUF_ZERO;
	size_t i;
	int rc;

	var_put(vars, "phase", phases[s->phase]);
	var_put(vars, "day", s->name);
	if (s->phase < SHRED_JOIN)
		mark_for(j, &mark);
	for (i = 0; i < s->n; i++) {
		buf_printf(&b, "%s%zu", i ? " " : "", i);
		if (s->phase == SHRED_BATCHES)
			table_vars(j, i, buf_cstr(&mark), vars);
		else if (s->phase < SHRED_JOIN)
			day_vars(j, i, buf_cstr(&mark), vars);
	}
	var_put(vars, "tables", buf_cstr(&b));
	for (i = 0; i < s->n; i++) {
		buf_clear(&b);
		buf_puts(&b, s->table[i].name);
		put(vars, "table", i, &b);
	}
	if (s->phase == SHRED_BATCHES)
		batches_vars(j, vars);
	if (s->phase == SHRED_JOIN)
		join_vars(j, vars);
	buf_clear(&b);
	if (s->phase < SHRED_JOIN)
		all_words(j, &b);
	rc = job_check_runner(&j->opt, buf_cstr(&b), e);
	buf_fini(&mark);
	buf_fini(&b);
	return rc;
}
