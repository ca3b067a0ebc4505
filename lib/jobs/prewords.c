/* The words of the recipe of preprocess. */
#include <stdlib.h>
#include <string.h>

#include "io/dir.h"
#include "jobs/prewords.h"

bool
preprocess_is_none(const struct options *o, const char *name)
{
	return !option_value(o, name) || option_is(o, name, "none");
}

/* The words of cat, without a file. */
static void
cat_words(struct job *j, bool pass2, struct buf *b)
{
	struct preprocess *p = j->st;

	job_pass_on(&j->opt, b, "signature", NULL);
	job_pass_on(&j->opt, b, "ragged", "error");
	job_pass_on(&j->opt, b, "nested", "refuse");
	if (j->look.json)
		words_put(b, "--header-of", p->header, NULL);
	job_pass_on(&j->opt, b, "header", NULL);
	if (!pass2)
		return;
	if (p->pass1)
		words_put(b, "-c", p->own, NULL);
	else if (!j->look.json)
		words_put(b, "--header-of", p->first, NULL);
	if (p->deduped && option_flag(&j->opt, "piped") &&
	    option_is(&j->opt, "ties", "one"))
		words_put(b, "--row-column", NULL);
	else if (!option_flag(&j->opt, "piped") &&
	    !option_flag(&j->opt, "batch") && look_is_large(j->look.bytes))
		words_put(b, "--drop-cache", NULL);
}

static void
stats_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	char *parts = path_join(p->own, "parts");

	words_put(b, "-o", parts, NULL);
	free(parts);
	cat_words(j, false, b);
	if (p->timed || p->deduped)
		job_pass_on(o, b, "time", NULL);
	if (p->deduped)
		job_pass_on(o, b, "key", NULL);
	if (p->training)
		job_pass_on(o, b, "label", NULL);
	if (p->training && option_is(o, "split", "stratified")) {
		option_words(b, "--strata", option_value(o, "label"));
		job_pass_on(o, b, "seed", NULL);
	}
	job_pass_on(o, b, "na", "auto");
	job_pass_on(o, b, "missing-time", NULL);
	if (p->types == TYPES_SCHEMA)
		words_put(b, "--schema", NULL);
	if (option_flag(o, "force"))
		words_put(b, "--force", NULL);
	if (option_flag(o, "verify"))
		words_put(b, "--verify", NULL);
}

static void
merge_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;

	words_put(b, "--merge", "-o", p->own, NULL);
	job_pass_on(o, b, "workers", NULL);
	if (p->types == TYPES_SCHEMA && option_flag(o, "optimize-types"))
		words_put(b, "--optimize-types", NULL);
	/* A process that reads a shard by name needs only to know which of its
	 * rows stay; rows that come through a pipe, or of many shards, are
	 * known by their keys. */
	if (p->deduped && !option_flag(o, "piped") && !option_flag(o, "batch"))
		words_put(b, "--first-rows", option_value(o, "ties"), NULL);
	if (p->timed && option_value(o, "cutoffs")) {
		job_pass_on(o, b, "cutoffs", NULL);
		return;
	}
	job_pass_on(o, b, "train-ratio", NULL);
	job_pass_on(o, b, "test-val-ratio", NULL);
	if (!p->timed)
		words_put(b, "--no-cutoffs", NULL);
}

static void
split_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	const char *split = option_value(o, "split");
	struct preprocess *p = j->st;
	bool group = strncmp(split, "group", 5) == 0;

	words_put(b, ":", "split", "--by", split, NULL);
	if (group || strcmp(split, "hash") == 0) {
		job_pass_on(o, b, "seed", NULL);
		job_pass_on(o, b, "train-ratio", NULL);
		job_pass_on(o, b, "test-val-ratio", NULL);
	}
	if (p->timed || strcmp(split, "stratified") == 0)
		words_put(b, "-c", option_value(o, "context"), NULL);
	if (group)
		job_pass_on(o, b, "key", NULL);
}

static void
map_words(struct job *j, bool context, struct buf *b)
{
	job_pass_on(&j->opt, b, "na", "auto");
	if (context)
		words_put(b, "-c", option_value(&j->opt, "context"), NULL);
}

/* The filters of pass 2 between cat and write, each with its ":" in front.  A
 * split by the row's bytes comes first, while they are the input's. */
static void
chain_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	const char *columns = option_value(o, "columns");
	bool splits = p->training && !option_is(o, "split", "none");
	bool by_bytes = option_is(o, "split", "hash") ||
	    option_is(o, "split", "stratified");
	struct buf word = BUF_ZERO;

	if (splits && by_bytes)
		split_words(j, b);
	if (option_value(o, "label")) {
		words_put(b, ":", "map", NULL);
		job_pass_on(o, b, "label", NULL);
		job_pass_on(o, b, "unseen-label", NULL);
		map_words(j, p->context, b);
	}
	if (p->deduped) {
		words_put(
		    b, ":", "dedup", "-c", option_value(o, "context"), NULL);
		job_pass_on(o, b, "null-key", NULL);
		job_pass_on(o, b, "ties", NULL);
	} else if (p->training && !preprocess_is_none(o, "key") &&
	    option_is(o, "null-key", "drop")) {
		buf_printf(&word, "%s != ", option_value(o, "key"));
		words_put(b, ":", "map", "--where", buf_cstr(&word), NULL);
		job_pass_on(o, b, "na", "auto");
	}
	if (splits && !by_bytes)
		split_words(j, b);
	/* the text only of rows that stay */
	words_put(b, ":", "map", "--text", NULL);
	map_words(j, p->context, b);
	if (columns) {
		buf_clear(&word);
		buf_printf(&word, "%s%s", columns, splits ? ",_split" : "");
		words_put(b, ":", "map", NULL);
		option_words(b, "--select", buf_cstr(&word));
	}
	buf_fini(&word);
}

/* Training makes the context; of the others some have one. */
static int
find_context(struct job *j, struct err *e)
{
	struct preprocess *p = j->st;
	char *meta = path_join(option_value(&j->opt, "context"), "meta.tsv");
	int there = p->training ? 1 : path_exists(meta, ERR_INPUT, e);

	free(meta);
	p->context = there > 0;
	return there < 0 ? -1 : 0;
}

static void
write_words(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;

	words_put(b, "-o", option_value(o, "output"), NULL);
	if (!p->training)
		words_put(b, "--split", option_value(o, "job-type"), "--empty",
		    "header", NULL);
	else if (option_is(o, "split", "none"))
		words_put(b, "--split", "train", NULL);
	job_pass_on(o, b, "format", NULL);
	job_pass_on(o, b, "compress", NULL);
	job_pass_on(o, b, "level", NULL);
	if (p->types != TYPES_NONE)
		words_put(b, "--types", p->own, NULL);
	if (option_flag(o, "batch"))
		words_put(b, "--batch", "--like", p->first, NULL);
}

int
preprocess_vars(struct job *j, struct buf *vars, struct err *e)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	const struct job_value *in = option_of(o, "input");
	struct buf b = BUF_ZERO, mark = BUF_ZERO;
	struct job_each *each;
	char *path;
	size_t i;

	if (find_context(j, e) < 0)
		return -1;
#define VAR(name, make)                                                        \
	do {                                                                   \
		buf_clear(&b);                                                 \
		make;                                                          \
		var_put(vars, name, buf_cstr(&b));                             \
	} while (0)
	path = path_join(p->run, "list");
	VAR("list", word_put(&b, path));
	each = job_each(j, path, j->look.shards.n, j->look.bytes, JOB_PIECE);
	for (i = 0; i < in->nlist; i++)
		words_put(&each->dirs, in->list[i], NULL);
	buf_putc(&each->dirs, '\0');
	VAR("each", buf_puts(&b, buf_cstr(&each->line)));
	free(path);
	path = path_join(p->run, "parts");
	VAR("parts", word_put(&b, path));
	free(path);
	VAR("output", word_put(&b, option_value(o, "output")));
	VAR("stats", if (p->pass1) stats_words(j, &b));
	VAR("merge", if (p->pass1) merge_words(j, &b));
	VAR("cat", cat_words(j, true, &b));
	VAR("chain", chain_words(j, &b));
	VAR("write", write_words(j, &b));
	/* What stands for the shard: not {}, which GNU parallel has a meaning
	 * for, and nothing that is among the words. */
	job_mark(vars, '@', &mark);
	var_put(vars, "mark", buf_cstr(&mark));
	VAR("run", {
		words_put(&b, "shard-run", NULL);
		words_put(&b, "-I", buf_cstr(&mark), NULL);
		if (option_flag(o, "piped"))
			words_put(&b, "--piped", NULL);
		if (option_flag(o, "force"))
			words_put(&b, "--force", NULL);
		if (option_flag(o, "batch"))
			words_put(&b, "--skip-done", NULL);
		if (option_flag(o, "verify"))
			words_put(&b, "--verify", NULL);
	});
	VAR("quick", if (!option_flag(o, "verify")) word_put(&b, "--quick"));
	var_put(vars, "batch", option_flag(o, "batch") ? "1" : "");
#undef VAR
	buf_fini(&mark);
	buf_fini(&b);
	return job_check_runner(o, buf_cstr(vars), e);
}
