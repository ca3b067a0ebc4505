/* shard-stats - pass 1: collect facts of shards, merge them, show them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "fill/report.h"
#include "filters/stats.h"
#include "io/commit.h"
#include "io/machine.h"
#include "io/tsv.h"
#include "pass1/combine.h"
#include "pass1/groups.h"
#include "pass1/merge.h"

struct main_opt {
	bool merge, show, by_shard, force, need, no_cutoffs, optimize_types;
	const char *cutoffs, *fit, *report;
	struct opt_list counts;
	int first_rows; /* enum first_rows, from 1 on */
	double train_ratio, test_val_ratio;
	uint64_t progress, turns, workers;
	struct fit_opt how; /* to fit */
};

#define OPT_FIT(type, name, arg, field, help)                                  \
	OPT(type, 0, name, arg, struct main_opt, how.field, "--fit: " help)

static const char *const first_rows_names[] = {"no", "all", "one", NULL};

static const struct opt_spec specs[] = {
    OPT_FIT(OPT_FLAG, "all-columns", NULL, all_columns,
	"also columns without a missing cell"),
    OPT_FIT(OPT_FLAG, "allow-na-fill", NULL, allow_na_fill,
	"take values that read as missing again"),
    OPT(OPT_FLAG, 0, "by-shard", NULL, struct main_opt, by_shard,
	"--show: the groups of each shard, from partials"),
    OPT_FIT(OPT_STR, "categorical", "STRATEGY", categorical,
	"texts of few distinct values (as --text)"),
    OPT_FIT(OPT_STR, "categorical-constant", "V", categorical_constant,
	"what constant is of such texts (--text-constant's)"),
    OPT_FIT(OPT_LIST, "column", "NAME=STRATEGY", column,
	"the strategy of one column"),
    OPT_FIT(OPT_LIST, "column-nocase", "NAME=STRATEGY", column_nocase,
	"the same, upper and lower case alike"),
    OPT(OPT_LIST, 0, "counts", "SPLIT=DIR", struct main_opt, counts,
	"--report: what shard-impute --counts left of a split"),
    OPT(OPT_STR, 0, "cutoffs", "A,B", struct main_opt, cutoffs,
	"--merge: these cutoffs instead of ratios"),
    OPT_FIT(OPT_STR, "exclude", "A,B", exclude, "leave these columns alone"),
    OPT_CHOICE(0, "first-rows", struct main_opt, first_rows, first_rows_names,
	"--merge: write first.rows, with all rows at a key's first time or "
	"one, and first.idx only of few keys (no)"),
    OPT(OPT_STR, 0, "fit", "CTX", struct main_opt, fit,
	"choose fill values from CTX, write impute.tsv and impute_dict.*"),
    OPT(OPT_FLAG, 0, "force", NULL, struct main_opt, force,
	"read shards again whose partial is fresh"),
    OPT(OPT_FLAG, 'm', "merge", NULL, struct main_opt, merge,
	"merge partials (or directories of them) to a context, or to one "
	"partial where --output ends with .st"),
    OPT(OPT_FLAG, 0, "need", NULL, struct main_opt, need,
	"--fit: print which values pass 1 still has to collect"),
    OPT(OPT_FLAG, 0, "no-cutoffs", NULL, struct main_opt, no_cutoffs,
	"--merge: the times are for first occurrences only"),
    OPT_FIT(OPT_STR, "numeric", "STRATEGY", numeric,
	"mean, median, constant[:V] (mean)"),
    OPT_FIT(OPT_STR, "numeric-constant", "V", numeric_constant,
	"what constant is of numbers (0)"),
    OPT(OPT_FLAG, 0, "optimize-types", NULL, struct main_opt, optimize_types,
	"--merge: the types of Parquet are the narrowest that hold all "
	"values"),
    OPT(OPT_U64, 0, "progress-fd", "N", struct main_opt, progress,
	"write the bytes of each finished shard, a line each, to N"),
    OPT(OPT_STR, 0, "report", "CTX", struct main_opt, report,
	"write imputation_report.json and imputation_summary.txt"),
    OPT(OPT_FLAG, 0, "show", NULL, struct main_opt, show,
	"print a context for people"),
    OPT(OPT_RATIO, 0, "test-val-ratio", "R", struct main_opt, test_val_ratio,
	"--merge: share of the rest that goes to val (0.5)"),
    OPT_FIT(
	OPT_STR, "text", "STRATEGY", text, "mode, constant[:V], empty (mode)"),
    OPT_FIT(OPT_STR, "text-constant", "V", text_constant,
	"what constant is of texts (Unknown)"),
    OPT(OPT_RATIO, 0, "train-ratio", "R", struct main_opt, train_ratio,
	"--merge: share of the rows that go to train (0.7)"),
    OPT(OPT_U64, 0, "turns", "N", struct main_opt, turns,
	"share --files-from with other processes: take the files whose places "
	"in it are read from N"),
    OPT_FIT(OPT_RATIO, "unique-ratio", "R", unique_ratio,
	"distinct texts per row below which they are categorical (0.1)"),
    OPT(OPT_U64, 0, "workers", "N", struct main_opt, workers,
	"--merge: processes that merge keys (the cores it may use, up to 8)"),
    OPT_END,
};

/* Does every file make a partial of its own? */
static int
check_numbers(
    const struct stats_opt *so, const struct cmd_files *f, struct err *e)
{
	size_t n = strlen(so->out);

	if (n > 3 && strcmp(so->out + n - 3, ".st") == 0)
		return f->n < 2
		    ? 0
		    : err_kind_set(e, ERR_USAGE,
			  "--output %s is one partial, but %zu files are "
			  "named",
			  so->out, f->n);
	return cmd_files_numbers(f, e);
}

/* A partial per file; a bad file does not keep the others from theirs. */
static int
collect(struct chain *c, const struct stats_opt *so, const struct main_opt *mo,
    const struct cmd_files *f, struct session *s)
{
	static char dash[] = "-";
	char *std[] = {dash};
	struct err e = ERR_ZERO;
	uint64_t print = source_fingerprint(&c->source);
	size_t len = strlen(so->out);
	bool one = len > 3 && strcmp(so->out + len - 3, ".st") == 0;
	int rc, more, status = CMD_OK;
	size_t i = SIZE_MAX;

	if (f->n == 0)
		return chain_run(c, std, 1, s, &e) < 0 ? cmd_fail(&e) : CMD_OK;
	if (check_numbers(so, f, &e) < 0)
		return cmd_fail(&e);
	while ((more = cmd_turn(mo->turns, f->n, &i, &e)) > 0) {
		if (!mo->force && stats_fresh(so, print, f->v[i])) {
			cmd_tell(mo->progress, f->v[i]);
			continue;
		}
		if (!one && !(so->like && f->n == 1) &&
		    !shard_name_parse(f->v[i]).is_part)
			rc = err_set(&e,
			    "%s: no shard number in the name (part-N...)",
			    f->v[i]);
		else
			rc = chain_run(c, f->v + i, 1, s, &e);
		if (rc == 0) {
			cmd_tell(mo->progress, f->v[i]);
			continue;
		}
		status = cmd_fail(&e);
		if (e.kind != ERR_INPUT)
			return status;
	}
	return more < 0 ? cmd_fail(&e) : status;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
append(struct cmd_files *f, char *name)
{
	if ((f->n & (f->n - 1)) == 0)
		f->v = xrealloc(f->v, (f->n ? 2 * f->n : 1) * sizeof(*f->v));
	f->v[f->n++] = name;
}

/* Appends the files in dir whose names end so, in byte order. */
static int
list_dir(const char *dir, const char *end, struct cmd_files *f, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	size_t n = strlen(end), first = f->n;

	if (!d)
		return err_sys(e, ERR_INPUT, "%s", dir);
	while ((de = readdir(d))) {
		size_t len = strlen(de->d_name);
		struct buf b = BUF_ZERO;

		if (de->d_name[0] == '.' || len <= n ||
		    strcmp(de->d_name + len - n, end) != 0)
			continue;
		buf_printf(&b, "%s/%s", dir, de->d_name);
		append(f, buf_release(&b));
	}
	closedir(d);
	if (f->n > first)
		qsort(f->v + first, f->n - first, sizeof(*f->v), by_name);
	return 0;
}

/* Replaces directories in the list by the partials in them. */
static int
expand(struct cmd_files *f, struct err *e)
{
	struct cmd_files out = {NULL, 0};
	struct stat sb;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->n && rc == 0; i++)
		if (stat(f->v[i], &sb) == 0 && S_ISDIR(sb.st_mode))
			rc = list_dir(f->v[i], ".st", &out, e);
		else
			append(&out, xstrdup(f->v[i]));
	cmd_files_free(f);
	*f = out;
	if (rc == 0 && f->n == 0)
		rc = err_set(e, "no partial found (pass 1 writes NNNNN.st)");
	return rc;
}

/* Cores, each with so much memory as merging keys takes. */
static uint64_t
merge_workers(void)
{
	struct machine m;
	uint64_t n;

	machine_look(&m, "");
	n = machine_jobs(&m, (uint64_t)16 << 20);
	return n < 8 ? n : 8;
}

static int
merge(const struct stats_opt *so, const struct main_opt *mo,
    struct cmd_files *f, struct err *e)
{
	struct merge_opt opt = {mo->train_ratio, mo->test_val_ratio,
	    mo->cutoffs, mo->no_cutoffs, (enum first_rows)mo->first_rows,
	    cmd_warn, mo->optimize_types, so->memory,
	    mo->workers ? mo->workers : merge_workers()};
	size_t n;

	if (!so->out)
		return err_kind_set(e, ERR_USAGE, "--merge needs --output CTX");
	if (!mo->cutoffs && (mo->train_ratio <= 0 || mo->train_ratio >= 1))
		return err_kind_set(
		    e, ERR_USAGE, "--train-ratio must be above 0 and below 1");
	if (stats_check_memory(so, e) < 0 || expand(f, e) < 0)
		return -1;
	n = strlen(so->out);
	if (n > 3 && strcmp(so->out + n - 3, ".st") == 0)
		return partials_combine(so->out, f->v, f->n, e);
	return context_merge(so->out, f->v, f->n, &opt, e);
}

/* Options of --fit without it, or of --report, would do nothing. */
static int
check_modes(const struct main_opt *mo, struct err *e)
{
	const struct fit_opt *f = &mo->how;
	bool how = f->numeric || f->text || f->categorical || f->column.n ||
	    f->column_nocase.n || f->exclude || f->all_columns ||
	    f->allow_na_fill || f->numeric_constant || f->text_constant ||
	    f->categorical_constant || mo->need;

	if (how && !mo->fit)
		return err_kind_set(
		    e, ERR_USAGE, "strategies and --need are for --fit CTX");
	if (mo->counts.n && !mo->report)
		return err_kind_set(
		    e, ERR_USAGE, "--counts is for --report CTX");
	if (mo->by_shard && !mo->show)
		return err_kind_set(
		    e, ERR_USAGE, "--by-shard is for --show PART");
	if (mo->merge + mo->show + (mo->fit != NULL) + (mo->report != NULL) > 1)
		return err_kind_set(e, ERR_USAGE,
		    "--merge, --fit, --report, --show: one at a time");
	return 0;
}

/* --need: the values to collect, if any are lacking; with the list of those
 * that were, also if others were. */
static int
print_needs(const struct colstats *s, const struct fit_opt *how,
    const char *collected, struct err *e)
{
	struct buf need = BUF_ZERO, had = BUF_ZERO;
	bool lacking;
	int rc = fit_needs(s, how, &need, &lacking, e);

	if (rc == 0 && collected) {
		rc = file_load(collected, &had, e);
		lacking |= !bytes_eq(buf_bytes(&need), buf_bytes(&had));
	}
	if (rc == 0 && lacking)
		fwrite(need.p, 1, need.n, stdout);
	buf_fini(&need);
	buf_fini(&had);
	return rc;
}

static int
fit(const struct stats_opt *so, struct main_opt *mo, struct err *e)
{
	struct context *c = NULL;
	struct colstats s = {NULL, 0};
	struct fit f = {NULL, 0};
	struct buf b = BUF_ZERO;
	int rc = -1;

	mo->how.label = so->label;
	mo->how.warn = cmd_warn;
	if (fit_check(&mo->how, e) < 0 || !(c = context_open(mo->fit, e)) ||
	    context_colstats(c, &s, e) < 0)
		goto out;
	if (mo->need) {
		rc = print_needs(&s, &mo->how, so->values, e);
		goto out;
	}
	mo->how.empty_is_value = c->facts.quoted_value;
	rc = fit_make(&f, &s, &mo->how, &c->na, e);
	if (rc == 0)
		rc = fit_write(&f, so->out ? so->out : mo->fit, e);
out:
	fit_fini(&f);
	colstats_fini(&s);
	context_close(c);
	buf_fini(&b);
	return rc;
}

/* Adds up all files of "SPLIT=DIR". */
static int
load_counts(const char *spec, struct split_counts *s, struct err *e)
{
	const char *eq = strchr(spec, '=');
	struct cmd_files f = {NULL, 0};
	size_t i;
	int rc = 0;

	if (!eq || eq == spec || !eq[1])
		return err_kind_set(e, ERR_USAGE,
		    "--counts %s: expected SPLIT=DIR",
		    err_quote(bytes_str(spec)));
	s->name = xstrndup(spec, (size_t)(eq - spec));
	if (list_dir(eq + 1, ".tsv", &f, e) < 0)
		return -1;
	for (i = 0; i < f.n && rc == 0; i++)
		rc = counts_add(s, f.v[i], e);
	cmd_files_free(&f);
	return rc;
}

static int
commit_in(const char *dir, const char *name, const struct buf *b, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc;

	buf_printf(&path, "%s/%s", dir, name);
	rc = commit_file(buf_cstr(&path), b->p, b->n, e);
	buf_fini(&path);
	return rc;
}

/* impute.tsv of a context, if it has one. */
static int
load_fit(const char *dir, struct tsv *t, bool *have, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc = 0;

	buf_printf(&path, "%s/impute.tsv", dir);
	*have = access(buf_cstr(&path), F_OK) == 0;
	if (*have)
		rc = tsv_load(t, path.p, "column\tstrategy\tvalue\tmissing", e);
	buf_fini(&path);
	return rc;
}

static int
report(const struct stats_opt *so, const struct main_opt *mo, struct err *e)
{
	struct report r = {.unique_ratio = mo->how.unique_ratio};
	struct split_counts *split = xcalloc(mo->counts.n, sizeof(*split));
	const char *out = so->out ? so->out : mo->report;
	struct colstats s = {NULL, 0};
	struct tsv t = TSV_ZERO;
	struct context *c = context_open(mo->report, e);
	struct buf b = BUF_ZERO;
	bool have;
	size_t i;
	int rc = -1;

	if (!c || context_colstats(c, &s, e) < 0 ||
	    load_fit(mo->report, &t, &have, e) < 0)
		goto out;
	for (i = 0; i < mo->counts.n; i++)
		if (load_counts(mo->counts.v[i], &split[i], e) < 0)
			goto out;
	r.stats = &s;
	r.impute = have ? &t : NULL;
	r.split = split;
	r.nsplit = mo->counts.n;
	report_json(&r, &b);
	rc = commit_in(out, "imputation_report.json", &b, e);
	buf_clear(&b);
	report_text(&r, true, &b);
	if (rc == 0)
		rc = commit_in(out, "imputation_summary.txt", &b, e);
out:
	for (i = 0; i < mo->counts.n; i++)
		counts_fini(&split[i]);
	free(split);
	tsv_fini(&t);
	colstats_fini(&s);
	context_close(c);
	buf_fini(&b);
	return rc;
}

/* Does the terminal show more than ASCII? */
static bool
utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	size_t i;

	for (i = 0; i < LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

/* The columns' statistics and, where something is fitted, the fills. */
static int
show_stats(const struct context *c, double unique_ratio, struct err *e)
{
	struct report r = {.unique_ratio = unique_ratio};
	struct colstats s = {NULL, 0};
	struct tsv t = TSV_ZERO;
	struct buf b = BUF_ZERO;
	bool have;
	int rc = -1;

	if (context_colstats(c, &s, e) == 0 &&
	    load_fit(c->dir, &t, &have, e) == 0) {
		r.stats = &s;
		r.impute = have ? &t : NULL;
		report_text(&r, utf8_locale(), &b);
		fwrite(b.p, 1, b.n, stdout);
		rc = 0;
	}
	tsv_fini(&t);
	colstats_fini(&s);
	buf_fini(&b);
	return rc;
}

/* Columns of a TSV table, aligned; numbers to the right. */
static void
show_table(const struct tsv *t, const char *header)
{
	size_t width[16] = {0}, r, c, n = t->ncol < 16 ? t->ncol : 16;
	struct buf head = BUF_ZERO;
	struct tsv h;
	struct err ignored;

	buf_printf(&head, "%s\n%s\n", header, header);
	if (tsv_parse(&h, "", buf_bytes(&head), NULL, &ignored) < 0)
		return;
	for (c = 0; c < n; c++) {
		width[c] = tsv_cell(&h, 0, c).n;
		for (r = 0; r < t->nrow; r++)
			if (tsv_cell(t, r, c).n > width[c])
				width[c] = tsv_cell(t, r, c).n;
		if (width[c] > 40)
			width[c] = 40;
	}
	for (r = 0; r <= t->nrow; r++) {
		for (c = 0; c < n; c++) {
			struct bytes v =
			    r ? tsv_cell(t, r - 1, c) : tsv_cell(&h, 0, c);
			int k = (int)(v.n < 40 ? v.n : 40);

			printf(c ? "  %*s%.*s" : "%.*s%*s",
			    c ? (int)width[c] - k : k, c ? "" : v.p,
			    c ? k : (int)width[c] - k, c ? v.p : "");
		}
		putchar('\n');
	}
	tsv_fini(&h);
	buf_fini(&head);
}

static int
show(const char *dir, double unique_ratio, struct err *e)
{
	static const char schema_header[] =
	    "column\ttype\trows\tmissing\tna\tmin\tmax\tstorage\tevidence";
	struct context *c = context_open(dir, e);
	struct buf b = BUF_ZERO;
	struct tsv t;
	size_t i;

	if (!c)
		return -1;
	printf("context  %s\nshards   %zu\nrows     %llu\n", dir, c->facts.nin,
	    (unsigned long long)facts_rows(&c->facts));
	if (c->have_split) {
		instant_format(&b, c->time_kind, c->train_cutoff);
		printf("train    %s < %s\n", c->time_column, buf_cstr(&b));
		buf_clear(&b);
		instant_format(&b, c->time_kind, c->test_cutoff);
		printf("val      then < %s\ntest     the rest\n", buf_cstr(&b));
		buf_fini(&b);
	}
	if (c->facts.key && c->facts.time) {
		if (context_rows(c, e) < 0 ||
		    (!c->rows && !context_index(c, e))) {
			context_close(c);
			return -1;
		}
		printf("keys     %llu (%s; %llu rows without)\n",
		    (unsigned long long)(c->rows ? firstrows_keys(c->rows)
						 : keyindex_keys(c->index)),
		    c->facts.key, (unsigned long long)c->facts.key_missing);
	}
	if (c->facts.groups)
		printf("groups   %llu (%s%s%s; %llu rows without)\n",
		    (unsigned long long)c->facts.ngroup, c->facts.groups,
		    c->facts.table ? ", table " : "",
		    c->facts.table ? c->facts.table : "",
		    (unsigned long long)facts_ungrouped(&c->facts, &c->na));
	for (i = 0; i < c->labels.n; i++)
		printf("label    %zu = %s\n", i, err_quote(c->labels.label[i]));
	if (c->facts.moments) {
		int rc;

		putchar('\n');
		rc = show_stats(c, unique_ratio, e);
		context_close(c);
		return rc;
	}
	context_close(c);
	buf_printf(&b, "%s/schema.tsv", dir);
	if (tsv_load(&t, buf_cstr(&b), schema_header, e) < 0) {
		buf_fini(&b);
		return -1;
	}
	putchar('\n');
	show_table(&t, schema_header);
	tsv_fini(&t);
	buf_fini(&b);
	return 0;
}

/* The groups of each shard, from partials or directories of them. */
static int
show_by_shard(const struct stats_opt *so, struct cmd_files *f, struct err *e)
{
	struct out *out;
	int fd, rc = -1;

	if (stats_check_memory(so, e) < 0 || expand(f, e) < 0)
		return -1;
	fd = dup(STDOUT_FILENO);
	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "standard output");
	out = out_new(fd, "standard output", CODEC_NONE, 0, false, e);
	if (out && groups_list(out, f->v, f->n, so->memory, e) == 0)
		rc = out_finish(out, false, e);
	out_free(out);
	return rc;
}

static int
show_all(const struct stats_opt *so, const struct main_opt *mo,
    struct cmd_files *f, struct err *e)
{
	size_t i;

	if (f->n == 0)
		return err_kind_set(e, ERR_USAGE,
		    mo->by_shard ? "--show --by-shard needs partials"
				 : "--show needs the context's directory");
	if (mo->by_shard)
		return show_by_shard(so, f, e);
	for (i = 0; i < f->n; i++)
		if (show(f->v[i], mo->how.unique_ratio, e) < 0)
			return -1;
	return 0;
}

int
main(int argc, char *argv[])
{
	const struct filter *fs = &filter_stats;
	struct stats_opt *so = xcalloc(1, fs->opt_size);
	struct main_opt mo = {.train_ratio = 0.7,
	    .test_val_ratio = 0.5,
	    .how = {.unique_ratio = 0.1}};
	struct common_opt common = {0};
	struct chain chain = {.link = NULL};
	struct session session = {.tool = "shard-stats", .warn = cmd_warn};
	const struct opt_group groups[] = {{specs, &mo}, {stats_specs, so},
	    {source_specs, &chain.source}, {common_specs, &common},
	    {NULL, NULL}};
	const struct cmd cmd = {"shard-stats", "[FILE ...]", fs->summary,
	    fs->example, groups, false};
	struct cmd_files files = {NULL, 0};
	struct err e = ERR_ZERO;
	int first, status = CMD_OK;

	cmd_start(cmd.name);
	cmd_keep_memory();
	source_defaults(&chain.source);
	fs->defaults(so);
	chain_add(&chain, fs, so);
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(mo.progress, "--progress-fd");
	cmd_check_fd(mo.turns, "--turns");
	cmd_end_markers(&common, &chain);
	if (check_modes(&mo, &e) < 0 ||
	    cmd_files(&common, argc - first, argv + first, &files, &e) < 0) {
		status = cmd_fail(&e);
	} else if (mo.merge) {
		if (merge(so, &mo, &files, &e) < 0)
			status = cmd_fail(&e);
	} else if (mo.fit) {
		if (files.n)
			err_kind_set(
			    &e, ERR_USAGE, "--fit reads a context, no files");
		if (files.n || fit(so, &mo, &e) < 0)
			status = cmd_fail(&e);
	} else if (mo.report) {
		if (report(so, &mo, &e) < 0)
			status = cmd_fail(&e);
	} else if (mo.show) {
		if (show_all(so, &mo, &files, &e) < 0)
			status = cmd_fail(&e);
	} else if (chain.source.row_column) {
		err_kind_set(&e, ERR_USAGE,
		    "--row-column is for streams, not for pass 1");
		status = cmd_fail(&e);
	} else if (fs->setup(so, &session, &e) < 0) {
		status = cmd_fail(&e);
	} else if (common.files_from && files.n == 0) {
		status = CMD_OK; /* nothing is to do */
	} else {
		status = collect(&chain, so, &mo, &files, &session);
	}
	opt_list_free(&mo.counts);
	opt_list_free(&mo.how.column);
	opt_list_free(&mo.how.column_nocase);
	chain_fini(&chain);
	session_fini(&session);
	cmd_files_free(&files);
	return cmd_finish(status);
}
