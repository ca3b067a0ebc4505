#include "shred/gatherjob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "io/in.h"
#include "shards/units.h"
#include "shred/batchmap.h"
#include "shred/gather.h"
#include "shred/join.h"
#include "shred/todo.h"

const struct opt_spec gatherjob_specs[] = {
    OPT(OPT_FLAG, 0, "batches", NULL, struct gatherjob_opt, batches,
	"only print the numbers of the batches of the map"),
    OPT(OPT_STR, 0, "compress", "none|gz|zst|lz4|xz", struct gatherjob_opt,
	compress, "codec of the batches (as they were routed)"),
    OPT(OPT_STR, 0, "files-from", "FILE", struct gatherjob_opt, files_from,
	"the batches, in place of operands; --join: the results"),
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
    OPT(OPT_U64, 0, "level", "N", struct gatherjob_opt, level,
	"compression level (as the batches were routed)"),
    OPT(OPT_STR, 0, "map", "FILE", struct gatherjob_opt, map,
	"the batch map (OUT/batches.tsv)"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct gatherjob_opt, memory,
	"memory to merge in (64M)"),
    OPT(OPT_FLAG, '0', "null", NULL, struct gatherjob_opt, zero,
	"names in the list and in the answer end with a NUL byte"),
    OPT(OPT_STR, 'o', "output", "DIR", struct gatherjob_opt, out,
	"where the runs are and the batches go (needed)"),
    OPT(OPT_U64, 0, "progress-fd", "N", struct gatherjob_opt, progress,
	"write a line to N for each batch that is done"),
    OPT(OPT_LIST, 0, "table", "NAME", struct gatherjob_opt, tables,
	"of these tables (data)"),
    OPT(OPT_STR, 0, "temp-dir", "DIR", struct gatherjob_opt, temp_dir,
	"where a temporary file goes, if one is needed (OUT)"),
    OPT(OPT_U64, 0, "turns", "N", struct gatherjob_opt, turns,
	"share the batches with other processes: take those whose places in "
	"the list are read from N"),
    OPT(OPT_STR, 0, "types", "CTX", struct gatherjob_opt, types,
	"Parquet: the columns' types are as in this context "
	"(OUT/_context/TABLE)"),
    OPT(OPT_FLAG, 0, "used", NULL, struct gatherjob_opt, used,
	"only remove the batches: they have been worked on"),
    OPT_END,
};

static int
check_options(const struct gatherjob_opt *o, int noperands, struct err *e)
{
	size_t i;

	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (o->used + o->finish + o->join + o->batches + o->forget +
		o->forget_others >
	    1)
		return err_kind_set(e, ERR_USAGE,
		    "--used, --finish, --join, --batches, --forget and "
		    "--forget-others exclude each other");
	if ((o->batches || o->forget || o->forget_others) &&
	    (o->files_from || noperands || (o->batches && o->tables.n)))
		return err_kind_set(e, ERR_USAGE,
		    "--batches, --forget and --forget-others are about no "
		    "single batches");
	if (o->forget_others && o->tables.n == 0)
		return err_kind_set(
		    e, ERR_USAGE, "--forget-others: than which --table?");
	if (o->join && (!o->files_from || noperands || o->tables.n))
		return err_kind_set(e, ERR_USAGE,
		    "--join needs --files-from, no table and no batches");
	if (o->finish && (o->files_from || o->zero))
		return err_kind_set(e, ERR_USAGE,
		    "--files-from and --null are not for --finish");
	if (!o->join && o->files_from && noperands)
		return err_kind_set(e, ERR_USAGE,
		    "batches are named by --files-from or as operands, not both");
	if (o->turns &&
	    (o->used || o->join || !o->files_from || o->tables.n > 1))
		return err_kind_set(e, ERR_USAGE,
		    "--turns needs --files-from with batches of one table");
	if (o->join_units && !o->finish)
		return err_kind_set(
		    e, ERR_USAGE, "--join-units is for --finish");
	if (o->used && noperands == 0 && !o->files_from)
		return err_kind_set(e, ERR_USAGE, "--used: which batches?");
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

/* Batch numbers, or `unplanned`. */
static int
parse_batch(
    const char *s, const struct gather *g, uint32_t *batch, struct err *e)
{
	uint64_t v;

	if (strcmp(s, "unplanned") == 0) {
		*batch = BATCH_UNPLANNED;
		return 0;
	}
	if (!parse_u64(bytes_str(s), &v) || v >= BATCH_UNPLANNED)
		return err_kind_set(e, ERR_USAGE,
		    "%s: no batch; they have numbers, or are called unplanned",
		    err_quote(bytes_str(s)));
	if (g->nbatch > 0 && v >= g->nbatch)
		return err_kind_set(e, ERR_USAGE,
		    "%s: no batch; the last one is %lu",
		    err_quote(bytes_str(s)), (unsigned long)g->nbatch - 1);
	*batch = (uint32_t)v;
	return 0;
}

/* The batches that were named. */
static int
gather_named(struct gather *g, const struct gatherjob *j, char *const *id,
    size_t n, struct err *e)
{
	uint32_t batch = 0;
	size_t i = SIZE_MAX;
	int more;

	while ((more = j->turn(j->arg, n, &i, e)) > 0) {
		if (parse_batch(id[i], g, &batch, e) < 0 ||
		    (j->opt->used ? gather_used(g, batch, e)
				  : gather_batch(g, batch, e)) < 0)
			return -1;
		j->tell(j->arg);
	}
	return more;
}

/* The work for one table; without names, all of it. */
static int
gather_table(const struct gatherjob *j, uint64_t map, const char *table,
    char *const *id, size_t n, struct err *e)
{
	struct gather g;
	uint32_t batch;
	int rc = gather_open(&g, &j->batch, map, table, e);

	if (rc == 0 && n > 0)
		rc = gather_named(&g, j, id, n, e);
	if (n == 0 && !j->opt->finish && rc == 0) {
		for (batch = 0; batch < g.nbatch && rc == 0; batch++) {
			rc = gather_batch(&g, batch, e);
			if (rc == 0)
				j->tell(j->arg);
		}
		if (rc == 0)
			rc = gather_batch(&g, BATCH_UNPLANNED, e);
	}
	if (rc == 0 && n == 0)
		rc = gather_finish(&g, e);
	gather_close(&g);
	return rc;
}

/* --batches: their numbers. */
static int
say_batches(const struct gatherjob *j, const char *map, struct err *e)
{
	struct batchmap m;
	char number[16];
	uint32_t i;
	int rc = batchmap_load(&m, map, e);

	for (i = 0; rc == 0 && i < m.nbatch; i++) {
		snprintf(number, sizeof(number), "%lu", (unsigned long)i);
		j->answer(j->arg, number);
	}
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
    const char *const *table, size_t ntable, char *const *id, size_t n,
    struct err *e)
{
	uint64_t map = 0;
	size_t i;
	int rc = in_digest_file(map_path, &map, e);

	for (i = 0; i < ntable && rc == 0; i++)
		rc = gather_table(j, map, table[i], id, n, e);
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
	if (o->join)
		rc = join_results(&j->batch, name, n, e);
	else if (o->batches)
		rc = say_batches(j, buf_cstr(&map), e);
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
