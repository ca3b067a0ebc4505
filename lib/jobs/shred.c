/* shred - tables too big for memory to batches of whole groups, sorted. */
#include "jobs/shred.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filters/condition.h"
#include "io/commit.h"
#include "io/out.h"
#include "io/tsv.h"
#include "jobs/shredday.h"
#include "jobs/shreddays.h"
#include "jobs/shredtable.h"
#include "jobs/shredwords.h"
#include "jobs/shredwork.h"
#include "jobs/summary.h"
#include "jobs/tidy.h"
#include "shred/batchmap.h"
#include "shred/planjob.h"

static const struct job_option options[] = {
    {"input", JOB_TEXT, "DIR", "INPUT_DIR", NULL, NULL,
	"where the shards are, or an archive"},
    {"output", JOB_TEXT, "DIR", "OUTPUT_DIR", NULL, NULL,
	"gets batches.tsv, batch-TABLE-N.csv ..."},
    {"key", JOB_TEXT, "COL", "GROUP_COLUMN", NULL, NULL,
	"the column whose values are the groups"},
    {"order", JOB_TEXT, "COL[:TYPE]", "ORDER_COLUMN", NULL, NULL,
	"sort each group by COL as t times, n numbers or b bytes, r downwards "
	"(t)"},
    {"table", JOB_REPEAT, "NAME[=DIR:COL[:TYPE]]", NULL, NULL, NULL,
	"what the table is called in file names (data); or one of several "
	"tables, in place of --input and --order"},
    {"max-rows", JOB_ADD, "[TABLE=]N,...", "MAX_ROWS_PER_BATCH", NULL, NULL,
	"rows of a batch, of each table"},
    {"max-bytes", JOB_ADD, "[TABLE=]SIZE,...", "SHARDKIT_MAX_BYTES", NULL, NULL,
	"bytes of a batch, of each table"},
    {"memory", JOB_TEXT, "SIZE", "SHARDKIT_BATCH_MEMORY", NULL, NULL,
	"memory that the work on a batch may take, 6 bytes for each of the "
	"batch"},
    {"pack", JOB_WORD, "next|best", "SHARDKIT_PACK", "next", "next|best",
	"in key order, or few and even batches (next)"},
    {"fixed", JOB_TEXT, "N", "SHARDKIT_FIXED", NULL, NULL,
	"N groups to a batch (100, where there is no limit)"},
    {"estimates", JOB_TEXT, "FILE", "SHARDKIT_ESTIMATES", NULL, NULL,
	"rows of groups: key, table, estimated_rows; no pass 1"},
    {"rate", JOB_ADD, "TABLE=F,...", "SHARDKIT_RATE", NULL, NULL,
	"rows of these tables for each one estimated"},
    {"groups", JOB_TEXT, "FILE", "SHARDKIT_GROUPS", NULL, NULL,
	"the universe: no other groups than those of this list"},
    {"columns", JOB_TEXT, "A,B", "SHARDKIT_COLUMNS", NULL, NULL,
	"only these columns, and key and order"},
    {"where", JOB_TEXT, "'COL OP VALUE'", "SHARDKIT_WHERE", NULL, NULL,
	"only such rows"},
    {"unplanned", JOB_WORD, "drop|keep", "SHARDKIT_UNPLANNED", "drop",
	"drop|keep", "rows whose group is missing or not planned for (drop)"},
    {"sorted", JOB_FLAG, NULL, NULL, NULL, NULL,
	"each table is sorted by key and order already: check that, and write "
	"batches without temporary copies"},
    {"by-day", JOB_MAYBE, "[name|time]", "SHARDKIT_BY_DAY", NULL,
	"auto|name|time",
	"one day after the other, each in OUT/YYYY-MM-DD; days by names of "
	"directories or files, or by the order column"},
    {"from", JOB_TEXT, "DAY", "SHARDKIT_FROM", NULL, NULL,
	"only from this day on"},
    {"to", JOB_TEXT, "DAY", "SHARDKIT_TO", NULL, NULL,
	"only up to this day, which is included"},
    {"exclude-weekends", JOB_FLAG, NULL, NULL, NULL, NULL,
	"no Saturdays and Sundays"},
    {"presplit", JOB_FLAG, NULL, NULL, NULL, NULL,
	"--by-day time: one more copy of the input, cut by day"},
    {"epoch", JOB_WORD, "s|ms|us|ns", "SHARDKIT_EPOCH", NULL, "s|ms|us|ns",
	"--by-day time: unit of integer times"},
    {"each", JOB_TEXT, "COMMAND", "SHARDKIT_EACH", NULL, NULL,
	"run on every batch; {} {id} {day} {TABLE} are replaced, the outputs "
	"joined in OUT/result.csv"},
    {"keep", JOB_FLAG, NULL, NULL, NULL, NULL,
	"keep batches that --each has worked on"},
    {"na", JOB_TEXT, "RULE", "NA_RULE", "auto", NULL,
	"auto|pandas|A,B: what is a missing key besides empty (auto)"},
    {"signature", JOB_TEXT, "FILE|DIR", "SHARDKIT_SIGNATURE", NULL, NULL,
	"column names in place of the header's"},
    {"format", JOB_WORD, "csv|tsv|jsonl|parquet", "OUTPUT_FORMAT", NULL,
	"csv|tsv|jsonl|parquet", "format of the batches (the input's)"},
    {"compress", JOB_WORD, "none|gz|zst|lz4|xz", "OUTPUT_COMPRESSION", NULL,
	"none|gz|zst|lz4|xz",
	"codec of the batches (none for --each, else the input's)"},
    {"optimize-types", JOB_FLAG, NULL, NULL, NULL, NULL,
	"in Parquet, the narrowest type that holds all values of a column "
	"exactly; not by day"},
    {"level", JOB_TEXT, "N", "SHARDKIT_LEVEL", NULL, NULL, "of the codec (1)"},
    {"nested", JOB_WORD, "refuse|json", "SHARDKIT_NESTED", "refuse",
	"refuse|json", "nested columns of Parquet (refuse)"},
    {"buffer", JOB_SIZE, "SIZE", "SHARDKIT_BUFFER", "64M", NULL,
	"memory of each worker for rows (64M)"},
    {"workers", JOB_COUNT, "N", "MAX_WORKERS", NULL, NULL, "processes (cores)"},
    {"runner", JOB_WORD, "xargs|parallel", "SHARD_RUNNER", "xargs",
	"xargs|parallel|auto", "what runs the processes over shards (xargs)"},
    {"force", JOB_FLAG, NULL, NULL, NULL, NULL, "do everything again"},
    {"verify", JOB_FLAG, NULL, NULL, NULL, NULL,
	"trust no file time: digest all inputs and outputs"},
    {NULL, JOB_FLAG, NULL, NULL, NULL, NULL, NULL},
};

static const struct job_table table = {
    .name = "shred",
    .purpose = "cut big tables into batches of whole groups, sorted, that fit "
	       "into memory",
    .usage = "shred --input DIR --output DIR --key COL --order COL[:TYPE] "
	     "[--option value ...]\n"
	     "       shred --table NAME=DIR:ORDERCOL[:TYPE] ... --output DIR "
	     "--key COL [--option ...]",
    .example = "shred --input raw --output out --key Symbol --order Time "
	       "--max-rows 1000000 --each 'vwap {}'",
    .option = options,
    .retired = "SHARDKIT_EXPAND",
};

static struct shred *
state(struct job *j)
{
	if (!j->st)
		j->st = xcalloc(1, sizeof(struct shred));
	return j->st;
}

static void
shred_free(struct job *j)
{
	struct shred *s = j->st;
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++)
		shred_table_fini(&s->table[i]);
	free(s->table);
	free(s->out);
	free(s->run);
	free(s->ctx);
	free(s->day);
	free(s->used);
	buf_fini(&s->whole);
	buf_fini(&s->text);
	free(s);
	j->st = NULL;
}

static int
shred_resolve(struct job *j, struct err *e)
{
	char number[24];

	(void)e;
	snprintf(
	    number, sizeof(number), "%llu", (unsigned long long)look_cores());
	option_found(&j->opt, "workers", number, "cores");
	option_found(&j->opt, "fixed",
	    option_value(&j->opt, "max-rows") ||
		    option_value(&j->opt, "max-bytes") ||
		    option_value(&j->opt, "memory")
		? NULL
		: "100",
	    "default");
	return 0;
}

/* Which options go together. */
static int
check_together(struct job *j, struct err *e)
{
	static const char *const daily[] = {
	    "from", "to", "exclude-weekends", "presplit", "epoch"};
	struct options *o = &j->opt;
	const char *each = option_value(o, "each"), *what = NULL;
	const char *from = option_value(o, "from"), *to = option_value(o, "to");
	uint32_t day;
	size_t i;

	for (i = 0; i < 2; i++)
		if (option_value(o, daily[i]) &&
		    (strlen(option_value(o, daily[i])) != DAY_LEN ||
			!day_parse(bytes_str(option_value(o, daily[i])), &day)))
			return err_kind_set(e, ERR_USAGE,
			    "--%s %s: must be a day, YYYY-MM-DD", daily[i],
			    option_value(o, daily[i]));
	for (i = 0; i < LEN(daily) && !option_value(o, "by-day"); i++)
		if (option_value(o, daily[i]))
			what = "--from, --to, --exclude-weekends, --presplit "
			       "and --epoch are for --by-day";
	if (from && to && strcmp(from, to) > 0)
		return err_kind_set(
		    e, ERR_USAGE, "--from %s is after --to %s", from, to);
	if (option_value(o, "by-day") && option_flag(o, "optimize-types"))
		what = "--optimize-types: each day would have types of its "
		       "own; leave it out with --by-day";
	if (option_flag(o, "keep") && !each)
		what = "--keep is for --each";
	if (option_flag(o, "sorted") && option_is(o, "pack", "best"))
		what = "--sorted writes batches in key order: not with --pack "
		       "best";
	if (option_value(o, "rate") && !option_value(o, "estimates"))
		what = "--rate is for --estimates";
	if (option_value(o, "estimates") && !option_is(o, "na", "auto"))
		what = "--na: with --estimates no pass 1 finds out what is "
		       "missing beside empty cells";
	if (what)
		return err_kind_set(e, ERR_USAGE, "%s", what);
	if (each && !strchr(each, '{') && !strchr(each, '$'))
		j->note("--each %s: {} would be the batch's file; the command "
			"does not ask for it",
		    each);
	return 0;
}

static void
hush(void *arg, bool warning, const char *line)
{
	(void)arg;
	(void)warning;
	(void)line;
}

/* The words of shard-plan, tried on sizes of one group of each table. */
static int
try_plan(struct job *j, const char *sizes, struct err *e)
{
	struct planjob_opt o = PLANJOB_DEFAULT;
	const struct opt_group groups[] = {{planjob_specs, &o}, {NULL, NULL}};
	char *word[32], asked;
	const char *name[] = {"key", "max-rows", "max-bytes", "memory", "fixed",
	    "groups", "estimates", "rate", "pack"};
	struct buf map = BUF_ZERO;
	size_t n = 0, i;
	int rc;

	word[n++] = xstrdup("plan");
	for (i = 0; i < LEN(name); i++) {
		const char *value = option_value(&j->opt, name[i]);
		struct buf b = BUF_ZERO;

		if (!value)
			continue;
		buf_printf(&b, "--%s",
		    strcmp(name[i], "groups") == 0 ? "only" : name[i]);
		word[n++] = buf_release(&b);
		word[n++] = xstrdup(value);
	}
	if (sizes) {
		word[n++] = xstrdup("--groups");
		word[n++] = xstrdup(sizes);
	}
	rc = opt_parse(groups, (int)n, word, false, &asked, e) < 0 ? -1 : 0;
	if (rc == 0)
		rc = planjob_run(&o, &map, hush, NULL, e);
	if (rc < 0 && e->kind != ERR_USAGE)
		e->kind = ERR_INPUT;
	buf_fini(&map);
	planjob_fini(&o);
	while (n > 0)
		free(word[--n]);
	return rc;
}

/* Wrong words are found before anything is read. */
static int
check_plan(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf path = BUF_ZERO, text = BUF_ZERO;
	size_t i;
	int fd, rc;

	if (option_value(&j->opt, "estimates"))
		return try_plan(j, NULL, e);
	tsv_put(&text, bytes_str(option_value(&j->opt, "key")));
	buf_puts(&text, "\trows\tbytes\ttable\n");
	for (i = 0; i < s->n; i++)
		buf_printf(&text, "x\t1\t1\t%s\n", s->table[i].name);
	fd = memfd_create("sizes", MFD_CLOEXEC);
	buf_printf(&path, "/proc/self/fd/%d", fd);
	if (fd < 0)
		rc = err_sys(e, ERR_OUTPUT, "sizes");
	else
		rc = write_all(fd, "sizes", text.p, text.n, e);
	if (rc == 0)
		rc = try_plan(j, buf_cstr(&path), e);
	if (fd >= 0)
		close(fd);
	buf_fini(&path);
	buf_fini(&text);
	return rc;
}

/* What the words alone say, before anything is read. */
static int
check_words(struct job *j, struct err *e)
{
	static const char *const files[] = {"estimates", "groups", "signature"};
	struct options *o = &j->opt;
	struct shred *s = state(j);
	struct condition where;
	char **dir;
	size_t i;
	int rc;

	if (shred_tables(j, e) < 0)
		return -1;
	if (!option_value(o, "output"))
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (!option_value(o, "key"))
		return err_kind_set(e, ERR_USAGE, "--key COL is needed");
	if (option_value(o, "where") &&
	    condition_parse(option_value(o, "where"), &where, e) < 0)
		return -1;
	if (options_check(o, e) < 0 || check_together(j, e) < 0 ||
	    job_check_level(o, e) < 0)
		return -1;
	job_trim(o, "output");
	for (i = 0; i < LEN(files); i++)
		if (option_value(o, files[i]) &&
		    access(option_value(o, files[i]), F_OK) < 0)
			return err_set(e, "--%s %s: no such file", files[i],
			    option_value(o, files[i]));
	dir = xcalloc(s->n, sizeof(*dir));
	for (i = 0; i < s->n; i++)
		dir[i] = s->table[i].dir;
	rc = job_check_inputs(dir, s->n, option_value(o, "output"), e);
	free(dir);
	return rc < 0 ? -1 : check_plan(j, e);
}

/* An archive becomes the directory in it that has the shards, or if they are in
 * several, one with links to all; by day it is one with days in its names. */
static int
unpack(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct shred_table *t = &s->table[i];
		char *archive = t->dir, *dir;
		bool whole;

		if (!job_is_archive(archive))
			continue;
		if (tidy_unpack_one(j, archive, i, &dir, e) < 0)
			return -1;
		t->dir = dir;
		whole = option_value(&j->opt, "by-day") && shred_is_dated(j, t);
		if (!whole && tidy_flatten(&t->dir, archive, e) < 0) {
			free(archive);
			return -1;
		}
		free(archive);
	}
	return 0;
}

/* What the recipe works on, for people. */
static void
describe(struct job *j)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++)
		words_put(&j->from, s->table[i].dir, NULL);
	j->shards = s->shards;
	j->bytes = s->bytes;
}

static int
look(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct shred_table *t = &s->table[i];

		if (look_shards(&t->look, &t->dir, 1, j->warn, e) < 0) {
			if (shred_is_dated(j, t))
				j->note("there are shards of days in %s: "
					"--by-day takes them",
				    t->dir);
			return -1;
		}
		if (shred_look(j, t, e) < 0)
			return -1;
		s->bytes += t->look.bytes;
		s->shards += t->look.shards.n;
	}
	return 0;
}

static int
shred_prepare(struct job *j, struct err *e)
{
	struct shred *s = state(j);

	if (check_words(j, e) < 0)
		return -1;
	(void)shred_resolve(j, e);
	s->out = xstrdup(option_value(&j->opt, "output"));
	s->run = path_join(s->out, "_run");
	s->ctx = path_join(s->out, "_context");
	s->phase = SHRED_BATCHES;
	s->fresh = true;
	if (unpack(j, e) < 0)
		return -1;
	if (option_value(&j->opt, "by-day") ? shred_find_days(j, e) < 0
					    : look(j, e) < 0)
		return -1;
	describe(j);
	return j->opt.plan && s->daily ? shred_begin_days(j, e) : 0;
}

static int
shred_begin(struct job *j, struct err *e)
{
	struct shred *s = j->st;

	if (tidy_claim(j, e) < 0)
		return -1;
	s->fresh = j->claim.fresh;
	if (s->daily)
		return shred_begin_days(j, e);
	if (!s->fresh && shred_forget_days(j, e) < 0)
		return -1;
	return shred_begin_batches(j, e);
}

/* The status of a command of --each that failed is the job's. */
static int
shred_failed(struct job *j, int status)
{
	struct shred *s = j->st;
	char *path = path_join(s->out, "_results/failed");
	struct buf b = BUF_ZERO;
	struct err ignored = ERR_ZERO;

	if (access(path, F_OK) == 0 && file_load(path, &b, &ignored) == 0)
		status = atoi(buf_cstr(&b));
	buf_fini(&b);
	free(path);
	return status >= 1 && status <= 125 ? status : 1;
}

static int
count_batches(struct shred *s, struct err *e)
{
	char *path = path_join(s->out, "batches.tsv");
	struct batchmap m;
	int rc = batchmap_load(&m, path, e);

	if (rc == 0)
		s->batches = m.nbatch;
	batchmap_fini(&m);
	free(path);
	return rc;
}

static int
shred_summary(struct job *j, double seconds, struct buf *text, struct err *e)
{
	const char *output = option_value(&j->opt, "output");
	struct shred *s = j->st;
	int rc = summary_tables(output, text, e);

	if (rc == 0 && !s->daily)
		rc = count_batches(s, e);
	if (rc == 0)
		rc = tidy_unpacked(output, e);
	if (s->daily)
		buf_printf(
		    text, "%zu day%s, ", s->nday, s->nday == 1 ? "" : "s");
	else
		buf_printf(text, "%llu batch%s, ",
		    (unsigned long long)s->batches,
		    s->batches == 1 ? "" : "es");
	summary_speed(s->shards, s->bytes, seconds, text);
	if (option_value(&j->opt, "each"))
		buf_printf(text, "results in %s/result.csv\n", output);
	else
		buf_printf(text, "batches in %s%s/batch-%s-0 ...\n", output,
		    s->daily ? "/YYYY-MM-DD" : "", s->table[0].name);
	return rc;
}

const struct job_type job_shred = {
    .table = &table,
    .resolve = shred_resolve,
    .prepare = shred_prepare,
    .begin = shred_begin,
    .vars = shred_vars,
    .summary = shred_summary,
    .free = shred_free,
    .next = shred_next,
    .failed = shred_failed,
};
