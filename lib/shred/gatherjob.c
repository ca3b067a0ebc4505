#include "shred/gatherjob.h"

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "io/commit.h"
#include "io/in.h"
#include "shred/batchmap.h"
#include "shred/each.h"
#include "shred/gather.h"
#include "shred/join.h"
#include "shred/todo.h"

const struct opt_spec gatherjob_specs[] = {
    OPT(OPT_STR, 0, "batches", "FILE", struct gatherjob_opt, batches,
	"only write the numbers of the map's batches to FILE"),
    OPT(OPT_STR, 0, "compress", "none|gz|zst|lz4|xz", struct gatherjob_opt,
	compress, "codec of the batches (as they were routed)"),
    OPT(OPT_STR, 0, "day", "DAY", struct gatherjob_opt, day,
	"--each: of which day the batches are, for {day} and SHARD_DAY"),
    OPT(OPT_STR, 0, "each", "COMMAND", struct gatherjob_opt, each,
	"run COMMAND on every batch, with the result in OUT/_results"),
    OPT(OPT_STR, 0, "files-from", "FILE", struct gatherjob_opt, files_from,
	"the batches, in place of operands; --join: the results (those of "
	"--each)"),
    OPT(OPT_FLAG, 0, "finish", NULL, struct gatherjob_opt, finish,
	"only remove the runs, if every batch is done"),
    OPT(OPT_FLAG, 0, "forget", NULL, struct gatherjob_opt, forget,
	"only remove runs and batches of the tables (all)"),
    OPT(OPT_FLAG, 0, "forget-others", NULL, struct gatherjob_opt, forget_others,
	"only remove runs and batches of all other tables"),
    OPT(OPT_STR, 0, "format", "csv|tsv|jsonl|parquet", struct gatherjob_opt,
	format, "format of the batches (as they were routed)"),
    OPT(OPT_FLAG, 0, "join", NULL, struct gatherjob_opt, join,
	"only join results in OUT/result.csv, with one header line"),
    OPT(OPT_FLAG, 0, "join-units", NULL, struct gatherjob_opt, join_units,
	"--finish: leave one record of all routed shards, who routed them "
	"together does not matter then"),
    OPT(OPT_FLAG, 0, "keep", NULL, struct gatherjob_opt, keep,
	"--each: keep the batches that the command has worked on"),
    OPT(OPT_U64, 0, "level", "N", struct gatherjob_opt, level,
	"compression level (as the batches were routed)"),
    OPT(OPT_STR, 0, "map", "FILE", struct gatherjob_opt, map,
	"the batch map (OUT/batches.tsv)"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct gatherjob_opt, memory,
	"memory to merge in (64M)"),
    OPT(OPT_FLAG, '0', "null", NULL, struct gatherjob_opt, zero,
	"names in lists end with a NUL byte instead of a newline"),
    OPT(OPT_STR, 'o', "output", "DIR", struct gatherjob_opt, out,
	"where the runs are and the batches go (needed)"),
    OPT(OPT_LIST, 0, "table", "NAME", struct gatherjob_opt, tables,
	"of these tables (data)"),
    OPT(OPT_STR, 0, "temp-dir", "DIR", struct gatherjob_opt, temp_dir,
	"where a temporary file goes, if one is needed (OUT)"),
    OPT(OPT_STR, 0, "types", "CTX", struct gatherjob_opt, types,
	"Parquet: the columns' types are as in this context "
	"(OUT/_context/TABLE)"),
    OPT(OPT_FLAG, 0, "used", NULL, struct gatherjob_opt, used,
	"only remove the batches: they have been worked on"),
    OPT(OPT_U64, 0, "workers", "N", struct gatherjob_opt, workers,
	"--batches: write ranges of batches, some for each of N processes"),
    OPT_END,
};

static int
check_options(const struct gatherjob_opt *o, int noperands, struct err *e)
{
	size_t i;

	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (o->used + o->finish + o->join + (o->batches != NULL) + o->forget +
		o->forget_others + (o->each != NULL) >
	    1)
		return err_kind_set(e, ERR_USAGE,
		    "--used, --finish, --join, --batches, --forget, "
		    "--forget-others and --each exclude each other");
	if (!o->each && (o->keep || o->day))
		return err_kind_set(
		    e, ERR_USAGE, "--keep and --day are for --each");
	if (!o->batches && o->workers)
		return err_kind_set(e, ERR_USAGE, "--workers is for --batches");
	if ((o->batches || o->forget || o->forget_others) &&
	    (o->files_from || noperands || (o->batches && o->tables.n)))
		return err_kind_set(e, ERR_USAGE,
		    "--batches, --forget and --forget-others are about no "
		    "single batches");
	if (o->forget_others && o->tables.n == 0)
		return err_kind_set(
		    e, ERR_USAGE, "--forget-others: than which --table?");
	if (o->join && (noperands || o->tables.n))
		return err_kind_set(e, ERR_USAGE,
		    "--join is about no table and no single batches");
	if (o->finish && (o->files_from || o->zero))
		return err_kind_set(e, ERR_USAGE,
		    "--files-from and --null are not for --finish");
	if (!o->join && o->files_from && noperands)
		return err_kind_set(e, ERR_USAGE,
		    "batches are named by --files-from or as operands, not both");
	if (o->join_units && !o->finish)
		return err_kind_set(
		    e, ERR_USAGE, "--join-units is for --finish");
	if ((o->used || o->each) && noperands == 0 && !o->files_from)
		return err_kind_set(e, ERR_USAGE, "%s: which batches?",
		    o->used ? "--used" : "--each");
	if (o->finish && noperands)
		return err_kind_set(
		    e, ERR_USAGE, "--finish is about all batches");
	if (o->memory < GATHER_MEMORY_MIN)
		return err_kind_set(
		    e, ERR_USAGE, "--memory: 1M is the least that works");
	for (i = 0; i < o->tables.n; i++)
		if (!split_name_ok(bytes_str(o->tables.v[i])))
			return err_kind_set(e, ERR_USAGE,
			    "--table %s cannot be the name of a table",
			    err_quote(bytes_str(o->tables.v[i])));
	return 0;
}

static int
fill_opt(struct batchfile_opt *g, const struct gatherjob_opt *o, struct err *e)
{
	enum format format =
	    o->format ? format_named(bytes_str(o->format)) : FORMAT_UNKNOWN;
	int codec = -1;

	if (o->compress && codec_option(o->compress, &codec, e) < 0)
		return -1;
	/* zst has the most levels; the codec is known when a run was read */
	if (codec_level(
		codec < 0 ? CODEC_ZSTD : (enum codec)codec, o->level, e) < 0)
		return -1;
	if (o->format && !format_writable(format))
		return err_kind_set(e, ERR_USAGE,
		    "--format %s: must be csv, tsv, jsonl or parquet",
		    err_quote(bytes_str(o->format)));
	*g = (struct batchfile_opt){.out = o->out,
	    .format = format,
	    .codec = codec,
	    .level = (int)o->level,
	    .memory = o->memory,
	    .join_units = o->join_units,
	    .temp_dir = o->temp_dir ? o->temp_dir : o->out};
	if (o->types && !(g->types = context_open(o->types, e)))
		return -1;
	return 0;
}

/* Batches that one name stands for: from first to last. */
struct range {
	uint32_t first, last;
};

static int
parse_number(const char *name, struct bytes s, uint32_t n, uint32_t *batch,
    struct err *e)
{
	uint64_t v;

	if (!parse_u64(s, &v) || v >= BATCH_UNPLANNED)
		return err_kind_set(e, ERR_USAGE,
		    "%s: no batch; they have numbers, or are called unplanned",
		    err_quote(bytes_str(name)));
	if (n > 0 && v >= n)
		return err_kind_set(e, ERR_USAGE,
		    "%s: no batch; the last one is %lu",
		    err_quote(bytes_str(name)), (unsigned long)n - 1);
	*batch = (uint32_t)v;
	return 0;
}

/* A number below n, unless that is 0; two of them with a dash between; or
 * `unplanned`. */
static int
parse_range(const char *s, uint32_t n, struct range *r, struct err *e)
{
	const char *dash = *s ? strchr(s + 1, '-') : NULL;

	if (strcmp(s, "unplanned") == 0) {
		r->first = r->last = BATCH_UNPLANNED;
		return 0;
	}
	if (parse_number(s,
		dash ? bytes_of(s, (size_t)(dash - s)) : bytes_str(s), n,
		&r->first, e) < 0)
		return -1;
	r->last = r->first;
	if (dash && parse_number(s, bytes_str(dash + 1), n, &r->last, e) < 0)
		return -1;
	if (r->last < r->first)
		return err_kind_set(e, ERR_USAGE, "%s: ends before it begins",
		    err_quote(bytes_str(s)));
	return 0;
}

/* The tables that are at work, and what is done with their batches. */
struct work {
	const struct gatherjob *j;
	struct gather *g;
	size_t ntable;
};

static int
do_batch(const struct work *w, uint32_t batch, struct err *e)
{
	const struct gatherjob_opt *o = w->j->opt;
	const struct each each = {o->each, o->out, o->day, o->keep};
	int rc;

	if (o->each)
		rc = each_batch(&each, w->g, w->ntable, batch, e);
	else if (o->used)
		rc = gather_used(w->g, batch, e);
	else
		rc = gather_batch(w->g, batch, e);
	if (rc == 0)
		w->j->tell(w->j->arg);
	return rc;
}

/* The batches that were named; nothing is done where a name is wrong.  1: the
 * rest shall not be begun. */
static int
do_named(const struct work *w, char *const *name, size_t n, struct err *e)
{
	struct range *r = xcalloc(n, sizeof(*r));
	uint64_t batch;
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		rc = parse_range(name[i], w->g->nbatch, &r[i], e);
		if (rc == 0 && w->j->opt->each && r[i].first == BATCH_UNPLANNED)
			rc = err_kind_set(e, ERR_USAGE,
			    "--each is for the batches that have numbers");
	}
	for (i = 0; i < n && rc == 0; i++)
		for (batch = r[i].first; batch <= r[i].last && rc == 0; batch++)
			rc = do_batch(w, (uint32_t)batch, e);
	free(r);
	return rc;
}

/* All batches of a table, and what is left of it. */
static int
do_all(const struct work *w, struct err *e)
{
	uint32_t batch;
	int rc = 0;

	for (batch = 0; batch < w->g->nbatch && rc == 0; batch++)
		rc = do_batch(w, batch, e);
	return rc == 0 ? gather_batch(w->g, BATCH_UNPLANNED, e) : rc;
}

/* The work for one table; without names, all of it. */
static int
gather_table(const struct gatherjob *j, uint64_t map, const char *table,
    char *const *name, size_t n, struct err *e)
{
	struct gather g;
	const struct work w = {j, &g, 1};
	int rc = gather_open(&g, &j->batch, map, table, e);

	if (rc == 0 && n > 0)
		rc = do_named(&w, name, n, e);
	else if (rc == 0 && !j->opt->finish)
		rc = do_all(&w, e);
	if (rc == 0 && n == 0)
		rc = gather_finish(&g, e);
	gather_close(&g);
	return rc;
}

/* --each: the work for all tables together, batch by batch. */
static int
work_on_each(const struct gatherjob *j, uint64_t map, const char *const *table,
    size_t ntable, char *const *name, size_t n, struct err *e)
{
	const struct work w = {
	    j, xcalloc(ntable, sizeof(struct gather)), ntable};
	char *results = batchfile_path(j->batch.out, "_results");
	size_t nopen = 0;
	int rc = make_dirs(results, e);

	while (nopen < ntable && rc == 0) {
		rc = gather_open(&w.g[nopen], &j->batch, map, table[nopen], e);
		nopen++;
	}
	if (rc == 0)
		rc = do_named(&w, name, n, e);
	while (nopen > 0)
		gather_close(&w.g[--nopen]);
	free(w.g);
	free(results);
	return rc;
}

/* A worker gets so many ranges, as some take longer than others; and a range
 * has no more batches than these, as a worker that ends early leaves its. */
#define RANGES_EACH 8
#define RANGE_MAX 64

/* How many batches a range has; 0: the numbers themselves are wanted. */
static uint32_t
range_size(uint32_t nbatch, uint64_t workers)
{
	uint64_t n = workers * RANGES_EACH;

	if (workers == 0)
		return 0;
	n = workers >= nbatch ? 1 : (nbatch + n - 1) / n;
	return n > RANGE_MAX ? RANGE_MAX : (uint32_t)n;
}

/* --batches: their numbers, or ranges of them. */
static int
save_batches(const struct gatherjob *j, const char *map, struct err *e)
{
	const struct gatherjob_opt *o = j->opt;
	struct buf b = BUF_ZERO;
	struct batchmap m;
	uint32_t i, size, last;
	int rc = batchmap_load(&m, map, e);

	size = rc == 0 ? range_size(m.nbatch, o->workers) : 0;
	for (i = 0; rc == 0 && i < m.nbatch; i = last + 1) {
		last = size == 0 ? i : i + size - 1;
		if (last >= m.nbatch)
			last = m.nbatch - 1;
		buf_printf(&b, "%lu", (unsigned long)i);
		if (size > 0)
			buf_printf(&b, "-%lu", (unsigned long)last);
		buf_putc(&b, o->zero ? '\0' : '\n');
	}
	if (rc == 0)
		rc = commit_file(o->batches, b.p, b.n, e);
	batchmap_fini(&m);
	buf_fini(&b);
	return rc;
}

/* --join without a list: the results of all batches of the map. */
static int
join_map(const struct gatherjob *j, const char *map, struct err *e)
{
	struct batchmap m;
	int rc = batchmap_load(&m, map, e);

	if (rc == 0)
		rc = join_each(&j->batch, m.nbatch, e);
	batchmap_fini(&m);
	return rc;
}

/* --forget: these tables, or all that there are. */
static int
forget_tables(const struct gatherjob *j, struct err *e)
{
	const struct opt_list *l = &j->opt->tables;
	size_t i;
	int rc = 0;

	if (l->n == 0 || j->opt->forget_others)
		return todo_forget_others(j->batch.out, l->v, l->n, e);
	for (i = 0; i < l->n && rc == 0; i++)
		rc = todo_forget(j->batch.out, l->v[i], e);
	return rc;
}

/* Batches of all tables that are named. */
static int
gather_tables(const struct gatherjob *j, const char *map_path,
    const char *const *table, size_t ntable, char *const *name, size_t n,
    struct err *e)
{
	uint64_t map = 0;
	size_t i;
	int rc = in_digest_file(map_path, &map, e);

	if (rc == 0 && j->opt->each)
		return work_on_each(j, map, table, ntable, name, n, e);
	for (i = 0; i < ntable && rc == 0; i++)
		rc = gather_table(j, map, table[i], name, n, e);
	return rc;
}

int
gatherjob_begin(struct gatherjob *j, int noperands, struct err *e)
{
	if (check_options(j->opt, noperands, e) < 0)
		return -1;
	return fill_opt(&j->batch, j->opt, e);
}

int
gatherjob_run(struct gatherjob *j, char *const *name, size_t n, struct err *e)
{
	static const char *const data[] = {"data"};
	const struct gatherjob_opt *o = j->opt;
	const struct opt_list *l = &o->tables;
	const char *const *table = l->n ? l->v : data;
	struct buf map = BUF_ZERO;
	int rc;

	if (o->map)
		buf_puts(&map, o->map);
	else
		buf_printf(&map, "%s/batches.tsv", o->out);
	if (o->join && o->files_from)
		rc = join_results(&j->batch, name, n, e);
	else if (o->join)
		rc = join_map(j, buf_cstr(&map), e);
	else if (o->batches)
		rc = save_batches(j, buf_cstr(&map), e);
	else if (o->forget || o->forget_others)
		rc = forget_tables(j, e);
	else
		rc = gather_tables(
		    j, buf_cstr(&map), table, l->n ? l->n : 1, name, n, e);
	buf_fini(&map);
	return rc;
}

void
gatherjob_end(struct gatherjob *j)
{
	context_close(j->batch.types);
	j->batch.types = NULL;
}
