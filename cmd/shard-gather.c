/* shard-gather - one sorted file per batch, out of the runs of shard-route. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "common.h"
#include "io/in.h"
#include "shred/gather.h"
#include "shred/join.h"
#include "shred/todo.h"

struct opts {
	const char *out, *map, *facts, *format, *compress, *temp_dir;
	const char *files_from, *types;
	struct opt_list tables;
	uint64_t memory, level, progress, turns;
	bool todo, used, finish, join, join_units, verify, zero;
};

static const struct opt_spec specs[] = {
    OPT(OPT_STR, 0, "compress", "none|gz|zst|lz4|xz", struct opts, compress,
	"codec of the batches (none)"),
    OPT(OPT_STR, 0, "facts", "FILE", struct opts, facts,
	"options and facts that the output depends on, for the record"),
    OPT(OPT_STR, 0, "files-from", "FILE", struct opts, files_from,
	"the batches, in place of operands; --todo: the input shards, in number "
	"order; --join: the results"),
    OPT(OPT_FLAG, 0, "finish", NULL, struct opts, finish,
	"only remove the runs, if every batch is done"),
    OPT(OPT_STR, 0, "format", "jsonl|parquet", struct opts, format,
	"format of the batches (csv or tsv, as the rows were routed)"),
    OPT(OPT_FLAG, 0, "join", NULL, struct opts, join,
	"only join results in OUT/result.csv, with one header line"),
    OPT(OPT_FLAG, 0, "join-units", NULL, struct opts, join_units,
	"--finish: leave one record of all routed shards, who routed them "
	"together does not matter then"),
    OPT(OPT_U64, 0, "level", "N", struct opts, level,
	"compression level (the codec's fastest)"),
    OPT(OPT_STR, 0, "map", "FILE", struct opts, map,
	"the batch map (OUT/batches.tsv)"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct opts, memory,
	"memory to merge in (64M)"),
    OPT(OPT_FLAG, '0', "null", NULL, struct opts, zero,
	"names in the list and in the answer end with a NUL byte"),
    OPT(OPT_STR, 'o', "output", "DIR", struct opts, out,
	"where the runs are and the batches go (needed)"),
    OPT(OPT_U64, 0, "progress-fd", "N", struct opts, progress,
	"write a line to N for each batch that is done"),
    OPT(OPT_LIST, 0, "table", "NAME", struct opts, tables,
	"of these tables (data)"),
    OPT(OPT_STR, 0, "temp-dir", "DIR", struct opts, temp_dir,
	"where a temporary file goes, if one is needed (OUT)"),
    OPT(OPT_U64, 0, "turns", "N", struct opts, turns,
	"share the batches with other processes: take those whose places in "
	"the list are read from N"),
    OPT(OPT_STR, 0, "types", "CTX", struct opts, types,
	"--format parquet: the columns' types are as in this context"),
    OPT(OPT_FLAG, 0, "todo", NULL, struct opts, todo,
	"only print the shards to be routed; forget those that changed"),
    OPT(OPT_FLAG, 0, "used", NULL, struct opts, used,
	"only remove the batches: they have been worked on"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct opts, verify,
	"--todo: trust no file time, digest every shard"),
    OPT_END,
};

static int
check_options(const struct opts *o, int noperands, struct err *e)
{
	size_t i;

	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (o->todo + o->used + o->finish + o->join > 1)
		return err_kind_set(e, ERR_USAGE,
		    "--todo, --used, --finish and --join exclude each other");
	if (o->join && (!o->files_from || noperands || o->tables.n))
		return err_kind_set(e, ERR_USAGE,
		    "--join needs --files-from, no table and no batches");
	if (o->todo && (!o->files_from || noperands || o->tables.n > 1))
		return err_kind_set(e, ERR_USAGE,
		    "--todo needs --files-from, one table and no batches");
	if (o->finish && (o->files_from || o->zero))
		return err_kind_set(e, ERR_USAGE,
		    "--files-from and --null are not for --finish");
	if (!o->todo && !o->join && o->files_from && noperands)
		return err_kind_set(e, ERR_USAGE,
		    "batches are named by --files-from or as operands, not both");
	if (o->turns &&
	    (o->todo || o->used || o->join || !o->files_from ||
		o->tables.n > 1))
		return err_kind_set(e, ERR_USAGE,
		    "--turns needs --files-from with batches of one table");
	if (!o->todo && o->verify)
		return err_kind_set(e, ERR_USAGE, "--verify is for --todo");
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
fill_opt(struct batchfile_opt *g, const struct opts *o, struct err *e)
{
	int codec = CODEC_NONE;

	if (o->compress && codec_option(o->compress, &codec, e) < 0)
		return -1;
	if (o->format && strcmp(o->format, "jsonl") != 0 &&
	    strcmp(o->format, "parquet") != 0)
		return err_kind_set(e, ERR_USAGE,
		    "--format %s: must be jsonl or parquet; batches are csv or "
		    "tsv as their rows were routed",
		    err_quote(bytes_str(o->format)));
	if (o->level > (uint64_t)codec_info((enum codec)codec)->max_level)
		return err_kind_set(e, ERR_USAGE,
		    "--level %llu: %s goes up to %d",
		    (unsigned long long)o->level,
		    codec_info((enum codec)codec)->name,
		    codec_info((enum codec)codec)->max_level);
	*g = (struct batchfile_opt){.out = o->out,
	    .format =
		o->format ? format_named(bytes_str(o->format)) : FORMAT_CSV,
	    .codec = (enum codec)codec,
	    .level = (int)o->level,
	    .memory = o->memory,
	    .join_units = o->join_units,
	    .temp_dir = o->temp_dir ? o->temp_dir : o->out};
	if (o->types && !(g->types = context_open(o->types, e)))
		return -1;
	return o->facts ? in_digest_file(o->facts, &g->facts, e) : 0;
}

static int
print_todo(const struct batchfile_opt *g, const struct opts *o,
    const char *table, struct err *e)
{
	struct common_opt list = {.files_from = o->files_from, .zero = o->zero};
	struct cmd_files f;
	bool *todo;
	size_t i;
	int rc;

	if (cmd_files(&list, 0, NULL, &f, e) < 0)
		return -1;
	todo = xcalloc(f.n + 1, sizeof(*todo));
	rc = cmd_files_numbers(&f, e);
	if (rc == 0)
		rc = units_mend(g->out, table, e);
	if (rc == 0)
		rc = todo_shards(g, table, f.v, f.n, o->verify, todo, e);
	for (i = 0; i < f.n && rc == 0; i++)
		if (todo[i])
			printf("%s%c", f.v[i], o->zero ? '\0' : '\n');
	free(todo);
	cmd_files_free(&f);
	return rc;
}

static int
join_listed(const struct batchfile_opt *g, const struct opts *o, struct err *e)
{
	struct common_opt list = {.files_from = o->files_from, .zero = o->zero};
	struct cmd_files f;
	int rc;

	if (cmd_files(&list, 0, NULL, &f, e) < 0)
		return -1;
	rc = join_results(g, f.v, f.n, e);
	cmd_files_free(&f);
	return rc;
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
gather_named(
    struct gather *g, const struct opts *o, char **id, size_t n, struct err *e)
{
	uint32_t batch = 0;
	size_t i = SIZE_MAX;
	int more;

	while ((more = cmd_turn(o->turns, n, &i, e)) > 0) {
		if (parse_batch(id[i], g, &batch, e) < 0 ||
		    (o->used ? gather_used(g, batch, e)
			     : gather_batch(g, batch, e)) < 0)
			return -1;
		cmd_tell(o->progress, NULL);
	}
	return more;
}

/* The work for one table; without names, all of it. */
static int
gather_table(const struct batchfile_opt *go, const struct opts *o, uint64_t map,
    const char *table, char **id, size_t n, struct err *e)
{
	struct gather g;
	uint32_t batch;
	int rc = gather_open(&g, go, map, table, e);

	if (rc == 0 && n > 0)
		rc = gather_named(&g, o, id, n, e);
	if (n == 0 && !o->finish && rc == 0) {
		for (batch = 0; batch < g.nbatch && rc == 0; batch++) {
			rc = gather_batch(&g, batch, e);
			if (rc == 0)
				cmd_tell(o->progress, NULL);
		}
		if (rc == 0)
			rc = gather_batch(&g, BATCH_UNPLANNED, e);
	}
	if (rc == 0 && n == 0)
		rc = gather_finish(&g, e);
	gather_close(&g);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = {.memory = (uint64_t)64 << 20};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-gather", "[BATCH ...]",
	    "make one sorted file per batch out of the runs of shard-route",
	    "shard-gather -o OUT", groups, false};
	static const char *const data[] = {"data"};
	uint64_t map = 0;
	struct batchfile_opt g = {.types = NULL};
	struct err e = ERR_ZERO;
	struct buf path = BUF_ZERO;
	const char *const *table = data;
	size_t ntable = 1, i;
	struct cmd_files ids = {.v = NULL};
	struct common_opt list = {.files_from = NULL};
	int first, rc;

	cmd_start(cmd.name);
	first = cmd_parse(&cmd, argc, argv);
	cmd_check_fd(o.progress, "--progress-fd");
	cmd_check_fd(o.turns, "--turns");
	if (o.tables.n) {
		table = o.tables.v;
		ntable = o.tables.n;
	}
	rc = check_options(&o, argc - first, &e);
	if (rc == 0)
		rc = fill_opt(&g, &o, &e);
	if (rc == 0 && o.todo) {
		rc = print_todo(&g, &o, table[0], &e);
	} else if (rc == 0 && o.join) {
		rc = join_listed(&g, &o, &e);
	} else if (rc == 0) {
		if (!o.map) {
			buf_printf(&path, "%s/batches.tsv", o.out);
			o.map = buf_cstr(&path);
		}
		list.files_from = o.files_from;
		list.zero = o.zero;
		rc = cmd_files(&list, argc - first, argv + first, &ids, &e);
		if (rc == 0)
			rc = cmd_files_some(&list, &ids, &e);
		if (rc == 0)
			rc = in_digest_file(o.map, &map, &e);
		for (i = 0; i < ntable && rc == 0; i++)
			rc = gather_table(
			    &g, &o, map, table[i], ids.v, ids.n, &e);
	}
	cmd_files_free(&ids);
	buf_fini(&path);
	context_close(g.types);
	opt_list_free(&o.tables);
	return rc < 0 ? cmd_fail(&e) : cmd_finish(CMD_OK);
}
