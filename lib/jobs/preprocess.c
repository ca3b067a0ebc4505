/* preprocess - raw table shards to train, val and test shards. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "jobs/prewords.h"
#include "jobs/summary.h"
#include "jobs/tidy.h"
#include "pass1/context.h"

static const struct job_option options[] = {
    {"job-type", JOB_WORD, "TYPE", "JOB_TYPE", NULL,
	"training|validation|testing|calibration",
	"training|validation|testing|calibration: training splits and dedups; "
	"the others keep all rows"},
    {"input", JOB_DIRS, "DIR...", NULL, NULL, NULL,
	"where the shards are: part-N.csv, .tsv, .jsonl or .parquet, also "
	"compressed (.gz, .zst, ...); an archive (.tar, .tar.gz, .zip ...) is "
	"a directory"},
    {"output", JOB_TEXT, "DIR", "OUTPUT_DIR", NULL, NULL,
	"gets train/ val/ test/ (or TYPE/), _manifest.tsv, ..."},
    {"context", JOB_TEXT, "DIR", "CONTEXT_DIR", NULL, NULL,
	"global facts; others than training read the training run's labels "
	"here (OUT/_context)"},
    {"label", JOB_TEXT, "COL", "LABEL_FIELD", NULL, NULL,
	"drop rows without label, map text labels"},
    {"time", JOB_TEXT, "COL", "TIME_FIELD", NULL, NULL,
	"time column (transactionDate, else orderDate)"},
    {"key", JOB_TEXT, "COL|none", "KEY_FIELD", NULL, NULL,
	"customer column (customerId, if there is one): only the rows at a "
	"customer's first time are kept"},
    {"null-key", JOB_WORD, "keep|drop", "SHARDKIT_NULL_KEY", "keep",
	"keep|drop", "rows without key (keep)"},
    {"dedup", JOB_WORD, "yes|no", "SHARDKIT_DEDUP", "yes", "yes|no",
	"no: keep all rows, also with a key (yes)"},
    {"ties", JOB_WORD, "all|one", "SHARDKIT_TIES", "all", "all|one",
	"rows at a customer's first time (all)"},
    {"split", JOB_WORD, "WORD", "SHARDKIT_SPLIT", "temporal",
	"temporal|hash|group|stratified|group+time|none",
	"temporal|hash|group|stratified|group+time|none (temporal)"},
    {"cutoffs", JOB_TEXT, "A,B", "SHARDKIT_CUTOFFS", NULL, NULL,
	"times instead of ratios"},
    {"train-ratio", JOB_INNER, "R", "TRAIN_RATIO", "0.7", NULL,
	"share of train (0.7)"},
    {"test-val-ratio", JOB_SHARE, "R", "TEST_VAL_RATIO", "0.5", NULL,
	"share of the rest that goes to val (0.5)"},
    {"missing-time", JOB_WORD, "WORD", "SHARDKIT_MISSING_TIME", NULL,
	"train|val|test|drop",
	"train|val|test|drop for rows without a time (error); where the split "
	"is not by time all but drop keep them"},
    {"seed", JOB_WHOLE, "N", "SHARDKIT_SEED", "0", NULL,
	"for hash and group (0)"},
    {"signature", JOB_TEXT, "FILE|DIR", "SHARDKIT_SIGNATURE", NULL, NULL,
	"column names in place of the header's"},
    {"columns", JOB_TEXT, "A,B,...", "COLUMNS_TO_KEEP", NULL, NULL,
	"only these columns"},
    {"header", JOB_WORD, "WORD", "SHARDKIT_HEADER_POLICY", "strict",
	"strict|reorder|union",
	"strict|reorder|union: when headers differ (strict)"},
    {"ragged", JOB_WORD, "WORD", "SHARDKIT_RAGGED", "error", "error|pad|reject",
	"error|pad|reject: rows of wrong width (error)"},
    {"unseen-label", JOB_WORD, "WORD", "SHARDKIT_UNSEEN_LABEL", "error",
	"error|drop", "error|drop (error)"},
    {"na", JOB_TEXT, "RULE", "NA_RULE", "auto", NULL,
	"auto|pandas|A,B: what is missing besides empty (auto)"},
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
    {"batch", JOB_FLAG, NULL, "ENABLE_TRUE_STREAMING=false", NULL, NULL,
	"one file per split"},
    {"piped", JOB_FLAG, NULL, NULL, NULL, NULL,
	"as programs in pipes instead of one process per worker"},
    {"optimize-types", JOB_FLAG, NULL, "OPTIMIZE_MEMORY=true", NULL, NULL,
	"in Parquet, the narrowest type that holds all values of a column "
	"exactly"},
    {"force", JOB_FLAG, NULL, NULL, NULL, NULL, "do everything again"},
    {"verify", JOB_FLAG, NULL, NULL, NULL, NULL,
	"trust no file time: digest all inputs and outputs"},
    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL},
};

static const struct job_table table = {
    .name = "preprocess",
    .purpose = "raw table shards to train/val/test shards, exactly, in "
	       "parallel",
    .usage = "preprocess --job-type training|validation|testing|calibration\n"
	     "           --input DIR... --output DIR [--option value ...]",
    .example =
	"preprocess --job-type training --input raw --output out --label label",
    .option = options,
    .retired = "BATCH_SIZE STREAMING_BATCH_SIZE CONSOLIDATE_SHARDS "
	       "ENABLE_BATCH_PROCESSING SHARD_SIZE",
};

static struct preprocess *
state(struct job *j)
{
	struct preprocess *p = j->st;

	if (!p) {
		p = j->st = xcalloc(1, sizeof(*p));
		p->lock = -1;
	}
	return p;
}

static void
preprocess_free(struct job *j)
{
	struct preprocess *p = j->st;

	if (!p)
		return;
	if (p->lock >= 0)
		close(p->lock);
	free(p->run);
	free(p->own);
	free(p->header);
	free(p);
	j->st = NULL;
}

/* The shards and the names of their columns. */
static int
look(struct job *j, struct err *e)
{
	static const char *const ragged[] = {"error", "pad", "reject"};
	const struct job_value *in = option_of(&j->opt, "input");
	struct preprocess *p = state(j);
	uint64_t workers = look_cores();
	size_t i;

	source_defaults(&p->source);
	p->source.signature = option_value(&j->opt, "signature");
	p->source.nested = option_is(&j->opt, "nested", "json");
	for (i = 0; i < LEN(ragged); i++)
		if (option_is(&j->opt, "ragged", ragged[i]))
			p->source.ragged = (int)i;
	if (look_shards(&j->look, in->list, in->nlist, j->warn, e) < 0)
		return -1;
	p->first = j->look.shards.v[0].path;
	if (j->look.json && p->source.signature)
		return err_set(e,
		    "--signature names the columns of a CSV header: JSON has "
		    "its own");
	/* a CSV shard need not have the columns of its JSON neighbours */
	if (j->look.json && j->look.csv && !option_given(&j->opt, "header"))
		option_set(&j->opt, "header", "union");
	if (look_names(&j->look, &p->source, workers, e) < 0)
		return -1;
	p->looked = true;
	return 0;
}

/* Unique words of the shards, in byte order, with commas between. */
static void
words_of(struct job *j, bool codecs, size_t n, struct buf *b)
{
	const char *seen[CODEC_COUNT + FORMAT_UNKNOWN];
	size_t i, k, nseen = 0;

	for (i = 0; i < n; i++) {
		const struct shard_name *s = &j->look.shards.v[i].name;
		const char *word = codecs ? codec_info(s->codec)->name
					  : format_name(s->format);

		for (k = 0; k < nseen && strcmp(seen[k], word) < 0; k++)
			;
		if (k < nseen && strcmp(seen[k], word) == 0)
			continue;
		memmove(&seen[k + 1], &seen[k], (nseen - k) * sizeof(*seen));
		seen[k] = word;
		nseen++;
	}
	for (k = 0; k < nseen; k++)
		buf_printf(b, "%s%s", k ? "," : "", seen[k]);
}

/* What nobody gave, and the shards and the machine decide. */
static void
find_defaults(struct job *j)
{
	struct options *o = &j->opt;
	struct preprocess *p = state(j);
	struct buf b = BUF_ZERO;
	const char *output = option_value(o, "output");
	const char *type = option_value(o, "job-type");

	job_find_workers(j);
	if (output) {
		buf_printf(&b, "%s/_context", output);
		option_found(o, "context", buf_cstr(&b), "output");
	}
	if (!type || strcmp(type, "training") == 0) {
		buf_clear(&b);
		if (p->source.signature)
			buf_printf(&b, "signature %s", p->source.signature);
		else
			buf_printf(&b, "header of %s", p->first);
		if (look_has(&j->look, "transactionDate"))
			option_found(
			    o, "time", "transactionDate", buf_cstr(&b));
		if (look_has(&j->look, "orderDate"))
			option_found(o, "time", "orderDate", buf_cstr(&b));
		if (look_has(&j->look, "customerId"))
			option_found(o, "key", "customerId", buf_cstr(&b));
		option_found(o, "key", "none", buf_cstr(&b));
	}
	buf_fini(&b);
}

static int
preprocess_resolve(struct job *j, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t n;

	job_trim(&j->opt, "output");
	if (option_of(&j->opt, "input")->nlist == 0)
		return 0;
	if (look(j, e) < 0)
		return -1;
	find_defaults(j);
	/* one file per split is written as the first shard is */
	n = option_flag(&j->opt, "batch") ? 1 : j->look.shards.n;
	words_of(j, false, n, &b);
	option_found(&j->opt, "format", buf_cstr(&b), "input");
	buf_clear(&b);
	words_of(j, true, n, &b);
	option_found(&j->opt, "compress", buf_cstr(&b), "input");
	buf_fini(&b);
	return 0;
}

static int
check_cutoffs(const char *s, struct err *e)
{
	const char *comma = strchr(s, ',');
	struct instant a, b;
	enum time_kind k, l;

	if (comma &&
	    cutoff_parse(bytes_of(s, (size_t)(comma - s)), &k, &a) == 0 &&
	    cutoff_parse(bytes_str(comma + 1), &l, &b) == 0 &&
	    (k == l || instant_is_inf(a) || instant_is_inf(b)) &&
	    instant_cmp(a, b) <= 0)
		return 0;
	return err_kind_set(
	    e, ERR_USAGE, "--cutoffs %s: expected two times in order, A,B", s);
}

/* What the words alone say, before anything is read. */
static int
check_words(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	const struct job_value *in = option_of(o, "input");
	const char *output = option_value(o, "output"), *cutoffs, *context;
	char *meta;
	int there;

	if (!option_value(o, "job-type"))
		return err_kind_set(e, ERR_USAGE, "--job-type is needed");
	if (in->nlist == 0)
		return err_kind_set(e, ERR_USAGE, "--input is needed");
	if (!output)
		return err_kind_set(e, ERR_USAGE, "--output is needed");
	if (options_check(o, e) < 0 || job_check_level(o, e) < 0)
		return -1;
	if (option_flag(o, "piped") && option_flag(o, "batch") &&
	    option_is(o, "ties", "one"))
		return err_kind_set(e, ERR_USAGE,
		    "--ties one knows no rows behind a pipe of many shards: "
		    "leave --piped out");
	job_trim(o, "output");
	if (job_check_inputs(
		in->list, in->nlist, option_value(o, "output"), e) < 0)
		return -1;
	context = option_value(o, "context");
	if (context && !option_is(o, "job-type", "training")) {
		meta = path_join(context, "meta.tsv");
		there = path_exists(meta, ERR_INPUT, e);
		free(meta);
		if (there < 0)
			return -1;
		if (!there)
			return err_set(e,
			    "--context %s: no context there (training writes "
			    "one to OUT/_context)",
			    context);
	}
	cutoffs = option_value(o, "cutoffs");
	return cutoffs ? check_cutoffs(cutoffs, e) : 0;
}

static int
no_column(struct job *j, struct err *e, const char *fmt, const char *where,
    const char *name, const char *option)
{
	struct buf list = BUF_ZERO;

	look_list(&j->look.names, &list);
	if (name)
		err_set(e, fmt, where, name, option, buf_cstr(&list));
	else
		err_set(e, fmt, where, buf_cstr(&list));
	buf_fini(&list);
	return -1;
}

/* Which key and time there are, and what is made of them. */
static int
decide_training(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	const char *split = option_value(o, "split");
	bool by_key = strncmp(split, "group", 5) == 0;
	bool dedup = option_is(o, "dedup", "yes");

	p->timed =
	    strcmp(split, "temporal") == 0 || strcmp(split, "group+time") == 0;
	p->deduped = dedup && !preprocess_is_none(o, "key");
	if (!option_value(o, "time")) {
		if (p->timed ||
		    (p->deduped &&
			(option_given(o, "key") || option_given(o, "dedup"))))
			return no_column(j, e,
			    "%s: no column transactionDate or orderDate; name "
			    "the time column with --time. The header has: %s",
			    p->first, NULL, NULL);
		p->deduped = false; /* hash and group splits need no time */
	}
	if (strcmp(split, "stratified") == 0 && !option_value(o, "label"))
		return err_set(
		    e, "--split stratified needs a label: --label COL");
	if (by_key && preprocess_is_none(o, "key"))
		return err_set(e, "--split %s needs a key: --key COL", split);
	if (!dedup || option_given(o, "key"))
		return 0;
	if (preprocess_is_none(o, "key"))
		j->note("no column customerId: no duplicates are dropped; name "
			"the key with --key COL, or say --key none");
	else if (!p->deduped)
		j->note("no column transactionDate or orderDate: no duplicates "
			"are dropped; name the time with --time COL, or say "
			"--dedup no");
	return 0;
}

static bool
makes_text(struct job *j)
{
	return look_has(&j->look, "emailAddress") &&
	    look_has(&j->look, "billingAddressName") &&
	    look_has(&j->look, "customerName") &&
	    look_has(&j->look, "paymentAccountHolderName");
}

/* The columns of --columns are among the names, or text where it is made. */
static int
check_columns(struct job *j, struct err *e)
{
	const char *list = option_value(&j->opt, "columns");
	const struct job_value *in = option_of(&j->opt, "input");
	struct preprocess *p = j->st;
	struct schema names = SCHEMA_ZERO;
	struct buf where = BUF_ZERO, all = BUF_ZERO;
	struct bytes name;
	size_t i;
	int rc = 0;

	if (!list)
		return 0;
	if (option_is(&j->opt, "header", "union")) {
		for (i = 0; i < in->nlist; i++)
			buf_printf(&where, "%s%s", i ? " " : "", in->list[i]);
		rc = look_all_names(
		    &j->look, &p->source, look_cores(), &names, e);
	} else {
		buf_puts(&where, p->first);
		schema_copy(&names, &j->look.names);
	}
	if (makes_text(j) && schema_find(&names, bytes_str("text")) < 0)
		schema_add(&names, bytes_str("text"), -1, -1);
	while (rc == 0 && name_next(&list, &name))
		if (schema_find(&names, name) < 0) {
			look_list(&names, &all);
			rc = err_set(e,
			    "%s: no column %.*s (--columns). There are: %s",
			    buf_cstr(&where), (int)name.n, name.p,
			    buf_cstr(&all));
		}
	buf_fini(&where);
	buf_fini(&all);
	schema_fini(&names);
	return rc;
}

/* The columns that options name are there. */
static int
check_names(struct job *j, struct err *e)
{
	static const char *const option[] = {"label", "time", "key"};
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	size_t i;

	for (i = 0; i < LEN(option); i++) {
		if ((i > 0 && !p->training) ||
		    preprocess_is_none(o, option[i]) ||
		    look_has(&j->look, option_value(o, option[i])))
			continue;
		return no_column(j, e,
		    "%s: no column %s (--%s). The header has: %s", p->first,
		    option_value(o, option[i]), option[i]);
	}
	if (look_has(&j->look, "text") && makes_text(j))
		return err_set(e,
		    "%s: has a column text already, which is to be made of "
		    "emailAddress and the names; rename it or drop it first "
		    "(shard-map --drop text)",
		    p->first);
	if (option_value(o, "missing-time") && !p->timed && !p->deduped) {
		if (strcmp(option_of(o, "missing-time")->origin, "option") == 0)
			return err_kind_set(e, ERR_USAGE,
			    "--missing-time %s: no time is read for --job-type "
			    "%s%s%s%s%s%s%s",
			    option_value(o, "missing-time"),
			    option_value(o, "job-type"),
			    p->training ? ", --split " : "",
			    p->training ? option_value(o, "split") : "",
			    p->training ? ", --key " : "",
			    p->training ? option_value(o, "key") : "",
			    p->training ? ", --dedup " : "",
			    p->training ? option_value(o, "dedup") : "");
		option_set(o, "missing-time", NULL);
	}
	return check_columns(j, e);
}

static int
preprocess_prepare(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct preprocess *p = state(j);
	const char *output, *format;

	if (check_words(j, e) < 0)
		return -1;
	output = option_value(o, "output");
	p->training = option_is(o, "job-type", "training");
	if (tidy_unpack(j, e) < 0 || look(j, e) < 0)
		return -1;
	find_defaults(j);
	if (p->training && decide_training(j, e) < 0)
		return -1;
	if (check_names(j, e) < 0)
		return -1;
	p->run = path_join(output, "_run");
	p->own = p->training ? xstrdup(option_value(o, "context"))
			     : path_join(p->run, "context");
	p->header = path_join(p->run, "header.csv");
	format = option_value(o, "format");
	p->types = look_types(&j->look, format);
	if (option_flag(o, "optimize-types")) {
		if ((format && strcmp(format, "parquet") == 0) ||
		    (!format && p->types == TYPES_DECLARED))
			p->types = TYPES_SCHEMA;
		else if (strncmp(option_of(o, "optimize-types")->origin,
			     "environment", 11) != 0)
			j->note("--optimize-types is for Parquet; what is "
				"written here has no types");
	}
	p->pass1 = p->training || p->types != TYPES_NONE ||
	    option_is(o, "header", "union");
	return 0;
}

/* True if the output has records of single shards. */
static bool
has_shards(const char *output)
{
	char *dir = path_join(output, "_shards");
	struct dir_entry f;
	struct err ignored;
	struct dir d;
	bool some = false;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, &ignored);

	while (rc >= 0 && (rc = dir_next(&d, &f, &ignored)) > 0)
		some |= f.name[0] != '.' && strcmp(f.name, "batch.tsv") != 0;
	dir_close(&d);
	free(dir);
	return some;
}

/* One training at a time changes a context that was named, and none while
 * others read it; a context of its own lies in the output, which is locked. */
static int
lock_context(struct job *j, struct err *e)
{
	const char *context = option_value(&j->opt, "context");
	struct preprocess *p = j->st;
	char *path;

	if (!option_given(&j->opt, "context"))
		return 0;
	if (p->training && make_dirs(context, e) < 0)
		return -1;
	path = path_join(context, "_lock");
	if (p->training || access(path, W_OK) == 0)
		p->lock = claim_lock(path, !p->training, context, e);
	else
		p->lock = -1;
	free(path);
	return p->lock < 0 && e->kind != ERR_NONE ? -1 : 0;
}

static int
preprocess_begin(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	const char *output = option_value(o, "output");
	char *list = path_join(p->run, "list"),
	     *parts = path_join(p->own, "parts"),
	     *names = path_join(p->run, "parts");
	struct buf header = BUF_ZERO;
	enum tidy keep = KEEP_LISTED;
	int rc = -1;

	if (option_flag(o, "force"))
		keep = KEEP_NONE;
	else if (option_flag(o, "batch"))
		keep = has_shards(output) ? KEEP_NONE : KEEP_ALL;
	if (tidy_claim(j, e) < 0 || lock_context(j, e) < 0 ||
	    tidy_output(j, output, NULL, keep, e) < 0 ||
	    make_dirs(p->run, e) < 0)
		goto out;
	if (j->look.json) {
		look_header(&j->look.names, &header);
		if (tidy_header(p->header, &header, parts, e) < 0)
			goto out;
	}
	if (p->pass1 &&
	    (make_dirs(parts, e) < 0 || tidy_temps(p->own, e) < 0 ||
		job_write_list(&j->look.shards, names, parts, ".st", e) < 0))
		goto out;
	/* one file of all shards has their rows in this order */
	rc = option_flag(&j->opt, "batch")
	    ? job_write_list(&j->look.shards, list, NULL, NULL, e)
	    : job_write_turns(j, &j->look.shards, list, e);
out:
	buf_fini(&header);
	free(list);
	free(parts);
	free(names);
	return rc;
}

/* What the rows were kept by: the first line of the summary. */
static void
policy(struct job *j, struct buf *b)
{
	struct options *o = &j->opt;
	struct preprocess *p = j->st;
	const char *time = option_value(o, "time");

	if (!p->training) {
		buf_printf(b, "%s, every row", option_value(o, "job-type"));
		if (option_value(o, "label"))
			buf_puts(b,
			    option_is(o, "unseen-label", "drop")
				? " with a known label"
				: " with a label");
		buf_puts(b, " kept");
		if (option_is(o, "ragged", "reject"))
			buf_puts(b, " but ragged ones");
		return;
	}
	buf_printf(
	    b, "key %s, time %s", option_value(o, "key"), time ? time : "none");
	if (p->deduped)
		buf_printf(b, ", ties %s, rows without key: %s",
		    option_value(o, "ties"), option_value(o, "null-key"));
	else if (!preprocess_is_none(o, "key"))
		buf_puts(b, ", no duplicates dropped");
	buf_printf(b, ", split %s", option_value(o, "split"));
}

static int
preprocess_summary(
    struct job *j, double seconds, struct buf *text, struct err *e)
{
	struct options *o = &j->opt;
	const char *output = option_value(o, "output");
	int rc;

	policy(j, text);
	rc = summary_rows(output, j->look.shards.n, text, e);
	if (rc == 0 && option_value(o, "label"))
		rc = summary_labels(option_value(o, "context"), text, e);
	if (rc == 0)
		rc = tidy_unpacked(output, e);
	summary_speed(j->look.shards.n, j->look.bytes, seconds, text);
	return rc;
}

const struct job_type job_preprocess = {
    .table = &table,
    .resolve = preprocess_resolve,
    .prepare = preprocess_prepare,
    .begin = preprocess_begin,
    .vars = preprocess_vars,
    .summary = preprocess_summary,
    .free = preprocess_free,
};
