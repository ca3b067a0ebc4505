/* impute - fill missing values: fit on the train shards once, fill any shard.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/tsv.h"
#include "jobs/impbegin.h"
#include "jobs/summary.h"
#include "jobs/tidy.h"

static const struct job_option options[] = {
    {"job-type", JOB_WORD, "TYPE", "JOB_TYPE", NULL,
	"training|validation|testing|calibration",
	"training fits on IN/train and fills train, val, test; validation, "
	"testing and calibration fill IN/TYPE as the artifacts say"},
    {"input", JOB_TEXT, "DIR", "INPUT_DIR", NULL, NULL,
	"what preprocess wrote: DIR/train/part-N.csv ..., or an archive of it"},
    {"output", JOB_TEXT, "DIR", "OUTPUT_DIR", NULL, NULL,
	"gets the same layout, every missing cell filled"},
    {"artifacts", JOB_TEXT, "DIR", "ARTIFACTS_DIR", NULL, NULL,
	"impute.tsv, impute_dict.json, impute_dict.pkl, reports"},
    {"label", JOB_TEXT, "COL", "LABEL_FIELD", NULL, NULL, "never filled"},
    {"exclude", JOB_TEXT, "A,B", "EXCLUDE_COLUMNS", NULL, NULL,
	"not filled either"},
    {"numeric", JOB_TEXT, "STRATEGY", "DEFAULT_NUMERICAL_STRATEGY", "mean",
	NULL,
	"mean|median|constant[:V] (mean); constant without :V is 0, or what "
	"NUMERICAL_CONSTANT_VALUE says"},
    {"text", JOB_TEXT, "STRATEGY", "DEFAULT_TEXT_STRATEGY", "mode", NULL,
	"mode|constant[:V]|empty (mode); constant without :V is Unknown, or "
	"what TEXT_CONSTANT_VALUE says"},
    {"categorical", JOB_TEXT, "STRATEGY", "DEFAULT_CATEGORICAL_STRATEGY", NULL,
	NULL,
	"texts of few distinct values (--text's); constant without :V may be "
	"what CATEGORICAL_CONSTANT_VALUE says"},
    {"column", JOB_REPEAT, "NAME=STRATEGY", "COLUMN_STRATEGY_*", NULL, NULL,
	"of one column; may be repeated"},
    {"unique-ratio", JOB_SHARE, "R", "CATEGORICAL_UNIQUE_RATIO_THRESHOLD",
	"0.1", NULL,
	"distinct per cell with a value below which a text is categorical "
	"(0.1)"},
    {"all-columns", JOB_FLAG, NULL, NULL, NULL, NULL,
	"also columns that miss nothing in train"},
    {"indicator", JOB_FLAG, NULL, NULL, NULL, NULL,
	"append COL_missing, 0 or 1"},
    {"allow-na-fill", JOB_FLAG, NULL, "VALIDATE_FILL_VALUES=false", NULL, NULL,
	"fill even with what reads as missing"},
    {"allow-incomplete", JOB_FLAG, NULL, NULL, NULL, NULL,
	"read an input whose run did not finish"},
    {"na", JOB_TEXT, "RULE", "NA_RULE", "auto", NULL,
	"auto|pandas|A,B: what is missing besides empty (auto)"},
    {"quoted-empty", JOB_WORD, "missing|value", "SHARDKIT_QUOTED_EMPTY",
	"missing", "missing|value", "what a cell \"\" is (missing)"},
    {"signature", JOB_TEXT, "FILE|DIR", "SHARDKIT_SIGNATURE", NULL, NULL,
	"column names in place of the header's"},
    {"memory", JOB_SIZE, "SIZE", "SHARDKIT_MEMORY", "1G", NULL,
	"for values, before they spill to disk (1G)"},
    {"nested", JOB_WORD, "refuse|json", "SHARDKIT_NESTED", "refuse",
	"refuse|json", "nested columns of Parquet (refuse)"},
    {"format", JOB_WORD, "csv|tsv|jsonl|parquet", "OUTPUT_FORMAT", NULL,
	"csv|tsv|jsonl|parquet", "format of the output (the input's)"},
    {"compress", JOB_WORD, "none|gz|zst|lz4|xz", "OUTPUT_COMPRESSION", NULL,
	"none|gz|zst|lz4|xz", "codec of the output (the input's)"},
    {"level", JOB_TEXT, "N", "SHARDKIT_LEVEL", NULL, NULL, "of the codec (1)"},
    {"workers", JOB_COUNT, "N", "MAX_WORKERS", NULL, NULL, "processes (cores)"},
    {"runner", JOB_WORD, "xargs|parallel", "SHARD_RUNNER", "xargs",
	"xargs|parallel|auto", "what runs the processes (xargs)"},
    {"piped", JOB_FLAG, NULL, NULL, NULL, NULL,
	"as programs in pipes instead of one process per worker"},
    {"force", JOB_FLAG, NULL, NULL, NULL, NULL, "do everything again"},
    {"verify", JOB_FLAG, NULL, NULL, NULL, NULL,
	"trust no file time: digest all inputs and outputs"},
    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL},
};

static const struct job_table table = {
    .name = "impute",
    .purpose = "fill missing values: fit on train shards once, fill any shard",
    .usage = "impute --job-type training|validation|testing|calibration\n"
	     "           --input DIR --output DIR --artifacts DIR "
	     "[--option value ...]",
    .example =
	"impute --job-type training --input out --output filled --artifacts "
	"model\n"
	"  impute --job-type validation --input new --output filled-new "
	"--artifacts model",
    .option = options,
    .retired = "BATCH_SIZE STREAMING_BATCH_SIZE ENABLE_TRUE_STREAMING "
	       "OPTIMIZE_MEMORY AUTO_DETECT_CATEGORICAL "
	       "CATEGORICAL_PRESERVE_DTYPE",
};

static struct impute *
state(struct job *j)
{
	struct impute *p = j->st;

	if (!p) {
		p = j->st = xcalloc(1, sizeof(*p));
		p->lock = -1;
	}
	return p;
}

static void
impute_free(struct job *j)
{
	struct impute *p = j->st;
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->nnocase; i++)
		free(p->nocase[i]);
	for (i = 0; i < p->nsplit; i++)
		free(p->split[i].dir);
	free(p->nocase);
	fit_opt_fini(&p->how);
	free(p->input);
	free(p->archive);
	free(p->run);
	free(p->fit);
	free(p->counts);
	free(p->header);
	if (p->lock >= 0)
		close(p->lock);
	free(p);
	j->st = NULL;
}

/* The text with the strategy, which ends at a colon, in lower case. */
static char *
lower_strategy(const char *text, size_t from)
{
	char *s = xstrdup(text);
	size_t i;

	for (i = from; s[i] && s[i] != ':'; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (char)(s[i] - 'A' + 'a');
	return s;
}

/* Puts what constant without a value is behind a strategy that has none. */
static void
constant_from(struct job *j, const char *name, const char *variable)
{
	const char *constant = option_variable(j->env, variable);
	const char *value = option_value(&j->opt, name);
	struct buf text = BUF_ZERO, origin = BUF_ZERO;

	if (!constant || !value || strchr(value, ':'))
		return;
	buf_printf(&text, "%s,constant:%s", value, constant);
	buf_printf(&origin, "%s and environment %s",
	    option_of(&j->opt, name)->origin, variable);
	option_put(&j->opt, name, buf_cstr(&text), buf_cstr(&origin));
	buf_fini(&text);
	buf_fini(&origin);
}

/* The strategies as the environment says them: its words have any case of
 * letters, and the constants have variables of their own. */
static void
settle_strategies(struct job *j)
{
	static const char *const kind[] = {"numeric", "text", "categorical"};
	const struct job_value *column = option_of(&j->opt, "column");
	struct impute *p = state(j);
	size_t i;

	for (i = 0; i < LEN(kind); i++) {
		const struct job_value *v = option_of(&j->opt, kind[i]);
		char *lower = v->value ? lower_strategy(v->value, 0) : NULL;

		if (lower && strncmp(v->origin, "environment", 11) == 0)
			option_set(&j->opt, kind[i], lower);
		free(lower);
	}
	constant_from(j, "numeric", "NUMERICAL_CONSTANT_VALUE");
	/* as it is without a strategy of its own */
	if (!option_value(&j->opt, "categorical") &&
	    option_variable(j->env, "CATEGORICAL_CONSTANT_VALUE"))
		option_set(
		    &j->opt, "categorical", option_value(&j->opt, "text"));
	constant_from(j, "categorical", "CATEGORICAL_CONSTANT_VALUE");
	constant_from(j, "text", "TEXT_CONSTANT_VALUE");
	p->nocase =
	    xcalloc(column->nlist - column->ngiven + 1, sizeof(*p->nocase));
	for (i = column->ngiven; i < column->nlist; i++)
		p->nocase[p->nnocase++] = lower_strategy(
		    column->list[i], strcspn(column->list[i], "="));
}

static int
impute_resolve(struct job *j, struct err *e)
{
	(void)e;
	settle_strategies(j);
	return 0;
}

/* What the fit is to be told. */
static void
make_fit(struct job *j)
{
	const struct options *o = &j->opt;
	const struct job_value *column = option_of(o, "column");
	struct impute *p = j->st;
	size_t i;

	p->how = (struct fit_opt){.numeric = option_value(o, "numeric"),
	    .text = option_value(o, "text"),
	    .categorical = option_value(o, "categorical"),
	    .exclude = option_value(o, "exclude"),
	    .label = option_value(o, "label"),
	    .all_columns = option_flag(o, "all-columns"),
	    .allow_na_fill = option_flag(o, "allow-na-fill")};
	(void)parse_double(
	    bytes_str(option_value(o, "unique-ratio")), &p->how.unique_ratio);
	p->how.column.v = xcalloc(column->ngiven + 1, sizeof(*p->how.column.v));
	p->how.column_nocase.v =
	    xcalloc(p->nnocase + 1, sizeof(*p->how.column_nocase.v));
	for (i = 0; i < column->ngiven; i++)
		p->how.column.v[p->how.column.n++] = column->list[i];
	for (i = 0; i < p->nnocase; i++)
		p->how.column_nocase.v[p->how.column_nocase.n++] = p->nocase[i];
}

/* True if the path is the input, or among what it holds. */
static bool
is_of_input(const char *path, const char *input, const char *type)
{
	const char *const held[] = {
	    "train", "val", "test", type, "_shards", "_run", "_context"};
	const char *rest;
	size_t i, n;

	if (strcmp(path, input) == 0)
		return true;
	if (!job_is_below(path, input))
		return false;
	rest = path + strlen(input);
	rest += strspn(rest, "/");
	n = strcspn(rest, "/");
	for (i = 0; i < LEN(held); i++)
		if (strlen(held[i]) == n && memcmp(rest, held[i], n) == 0)
			return true;
	return false;
}

/* None of the three directories is where it would be taken for another's. */
static int
check_places(struct job *j, struct err *e)
{
	const char *input = option_value(&j->opt, "input"),
		   *output = option_value(&j->opt, "output"),
		   *artifacts = option_value(&j->opt, "artifacts"),
		   *type = option_value(&j->opt, "job-type");
	char *in = job_real_path(input), *out = job_real_path(output),
	     *art = job_real_path(artifacts);
	const char *rest = art + strlen(out);
	int rc = 0;

	rest += strspn(rest, "/");
	if (is_of_input(out, in, type) || job_is_below(in, out))
		rc = err_set(e,
		    "--output %s and the input %s are in one another: name "
		    "another directory",
		    output, input);
	else if (is_of_input(art, in, type))
		rc = err_set(e,
		    "--artifacts %s lies in the input %s: name another "
		    "directory",
		    artifacts, input);
	else if (strcmp(art, out) == 0 ||
	    (job_is_below(art, out) &&
		(rest[0] != '_' || rest[1] == '/' || !rest[1])))
		rc = err_set(e,
		    "--artifacts %s: inside the output only names that begin "
		    "with _ are no split",
		    artifacts);
	free(in);
	free(out);
	free(art);
	return rc;
}

/* What the words alone say, before anything is read. */
static int
check_words(struct job *j, struct err *e)
{
	static const char *const needed[] = {
	    "job-type", "input", "output", "artifacts"};
	struct options *o = &j->opt;
	const char *path;
	struct stat sb;
	size_t i;

	for (i = 0; i < LEN(needed); i++)
		if (!option_value(o, needed[i]))
			return err_kind_set(
			    e, ERR_USAGE, "--%s is needed", needed[i]);
	if (options_check(o, e) < 0 || job_check_level(o, e) < 0)
		return -1;
	for (i = 1; i < LEN(needed); i++)
		job_trim(o, needed[i]);
	path = option_value(o, "input");
	if ((stat(path, &sb) < 0 || !S_ISDIR(sb.st_mode)) &&
	    !job_is_archive(path))
		return err_set(e, "%s: no such directory", path);
	if (check_places(j, e) < 0)
		return -1;
	make_fit(j);
	if (option_is(o, "job-type", "training"))
		return fit_check(&((struct impute *)j->st)->how, e);
	path = option_value(o, "artifacts");
	if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
		return 0;
	return err_set(e,
	    "--artifacts %s: no such directory (training writes them)", path);
}

/* 1 if it is a directory, 0 if it is none, -1 if nobody can tell. */
static int
is_dir(const char *dir, const char *name, struct err *e)
{
	char *path = path_join(dir, name);
	struct stat sb;
	int rc = path_exists(path, ERR_INPUT, e);

	if (rc > 0)
		rc = stat(path, &sb) < 0 ? err_sys(e, ERR_INPUT, "%s", path)
					 : S_ISDIR(sb.st_mode);
	free(path);
	return rc;
}

/* The directories at dir and below that have one of that name: how many, and
 * the last of them. */
static int
with_split(
    const char *dir, const char *split, char **found, size_t *n, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *below;

		if (!f.is_dir || f.name[0] == '_' || f.name[0] == '.')
			continue;
		if (strcmp(f.name, split) == 0) {
			free(*found);
			*found = xstrdup(dir);
			(*n)++;
		}
		below = path_join(dir, f.name);
		rc = with_split(below, split, found, n, e);
		free(below);
	}
	dir_close(&d);
	return rc;
}

/* The directory of the splits: the input, or where an archive has them. */
static int
find_input(struct job *j, struct err *e)
{
	const char *input = option_value(&j->opt, "input");
	struct impute *p = j->st;
	const char *split =
	    p->training ? "train" : option_value(&j->opt, "job-type");
	char *dir = NULL;
	size_t n = 0;
	int rc;

	if (!job_is_archive(input)) {
		p->input = xstrdup(input);
		return 0;
	}
	p->archive = xstrdup(input);
	rc = tidy_unpack_one(j, input, 0, &dir, e);
	if (rc == 0)
		rc = with_split(dir, split, &p->input, &n, e);
	if (rc == 0 && n != 1)
		rc = err_set(e, "%s: must have one directory named %s, has %zu",
		    input, split, n);
	free(dir);
	return rc;
}

/* True if a file in dir has a name as a shard has one. */
static int
has_parts(const char *dir, bool *some, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	*some = false;
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0)
		*some |= strncmp(f.name, "part-", 5) == 0;
	dir_close(&d);
	return rc;
}

/* The shards of a split; of val and test there need be none. */
static int
look_split(struct job *j, const char *name, bool optional, struct err *e)
{
	struct impute *p = j->st;
	struct impute_split *s = &p->split[p->nsplit];
	char *dir = path_join(p->input, name);
	bool some = false;
	int rc = is_dir(p->input, name, e);

	if (rc <= 0) {
		if (rc == 0 && !optional)
			rc = err_set(e, "%s: no such directory", dir);
		else if (rc == 0)
			j->warn("%s: no such directory: nothing to fill there",
			    dir);
		free(dir);
		return rc;
	}
	rc = optional ? has_parts(dir, &some, e) : 0;
	if (rc < 0 || (optional && !some)) {
		if (rc == 0)
			j->warn("%s: no shard: nothing to fill there", dir);
		free(dir);
		return rc;
	}
	*s = (struct impute_split){name, dir, j->look.shards.n, 0, 0};
	p->nsplit++;
	s->bytes = j->look.bytes;
	if (look_shards(&j->look, &s->dir, 1, j->warn, e) < 0)
		return -1;
	s->n = j->look.shards.n - s->first;
	s->bytes = j->look.bytes - s->bytes;
	return 0;
}

/* The shards of all splits, and what they say of columns and types. */
static int
look(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;
	int rc = option_flag(o, "allow-incomplete")
	    ? 0
	    : is_dir(p->input, "_shards", e);

	if (rc < 0)
		return -1;
	if (rc > 0) {
		char *done = path_join(p->input, "_SUCCESS");

		rc = path_exists(done, ERR_INPUT, e);
		free(done);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e,
			    "%s: its run did not finish (no _SUCCESS): run it "
			    "again, or say --allow-incomplete",
			    p->input);
	}
	if (!p->training) {
		if (look_split(j, option_value(o, "job-type"), false, e) < 0)
			return -1;
	} else if (look_split(j, "train", false, e) < 0 ||
	    look_split(j, "val", true, e) < 0 ||
	    look_split(j, "test", true, e) < 0) {
		return -1;
	}
	job_find_workers(j);
	source_defaults(&p->source);
	p->source.signature = option_value(o, "signature");
	p->source.nested = option_is(o, "nested", "json");
	if (j->look.json && p->source.signature)
		return err_set(e,
		    "--signature names the columns of a CSV header: JSON has "
		    "its own");
	if (impute_has_header(j) &&
	    look_names(&j->look, &p->source, look_cores(), e) < 0)
		return -1;
	p->types = look_types(&j->look, option_value(o, "format"));
	return 0;
}

static int
impute_prepare(struct job *j, struct err *e)
{
	struct impute *p = state(j);
	const char *output;

	settle_strategies(j);
	if (check_words(j, e) < 0)
		return -1;
	output = option_value(&j->opt, "output");
	p->training = option_is(&j->opt, "job-type", "training");
	p->run = path_join(output, "_run");
	p->fit = path_join(p->run, "fit");
	p->counts = path_join(p->run, "counts");
	p->header = path_join(p->run, "header.csv");
	return find_input(j, e) < 0 ? -1 : look(j, e);
}

/* The first paragraph of the report, indented; *path is the report, or NULL. */
static int
first_paragraph(struct job *j, char **path, struct buf *text, struct err *e)
{
	char *dir = impute_report_dir(j);
	struct buf report = BUF_ZERO;
	size_t i, n;
	int rc = 0;

	*path = dir ? path_join(dir, "imputation_summary.txt") : NULL;
	free(dir);
	if (*path)
		rc = file_load(*path, &report, e);
	for (i = 0; rc == 0 && i < report.n && report.p[i] != '\n'; i += n) {
		const char *end = memchr(report.p + i, '\n', report.n - i);

		n = end ? (size_t)(end - report.p) + 1 - i : report.n - i;
		buf_puts(text, "  ");
		buf_put(text, report.p + i, n);
	}
	buf_fini(&report);
	return rc;
}

static int
impute_summary(struct job *j, double seconds, struct buf *text, struct err *e)
{
	struct options *o = &j->opt;
	struct impute *p = j->st;
	const char *few = option_value(o, "categorical");
	char *report;
	int rc;

	if (p->training)
		buf_printf(text, "numeric %s, text %s%s%s, fitted on %s%s\n",
		    option_value(o, "numeric"), option_value(o, "text"),
		    few ? ", categorical " : "", few ? few : "",
		    p->archive ? p->archive : p->input,
		    p->archive ? "" : "/train");
	else
		buf_printf(text, "%s, filled as %s says\n",
		    option_value(o, "job-type"), option_value(o, "artifacts"));
	rc = first_paragraph(j, &report, text, e);
	if (rc == 0)
		rc = tidy_unpacked(option_value(o, "output"), e);
	summary_speed(j->look.shards.n, j->look.bytes, seconds, text);
	if (report)
		buf_printf(text, "more in %s\n", report);
	free(report);
	return rc;
}

const struct job_type job_impute = {
    .table = &table,
    .resolve = impute_resolve,
    .prepare = impute_prepare,
    .begin = impute_begin,
    .vars = impute_vars,
    .summary = impute_summary,
    .free = impute_free,
};
