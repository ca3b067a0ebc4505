/* write - routes rows to the files of their splits and commits them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/setting.h"
#include "chain/filter.h"
#include "io/tsv.h"
#include "keys/keytable.h"
#include "pass1/depend.h"
#include "rows/jsonout.h"
#include "rows/parquetout.h"
#include "rows/rowout.h"
#include "shards/committer.h"
#include "sort/extsort.h"

#define MEMORY_MIN ((uint64_t)1 << 20)
enum empty { EMPTY_SKIP, EMPTY_HEADER };

struct write_opt {
	const char *out, *like, *split, *scope, *format, *compress, *facts;
	const char *temp_dir, *types;
	struct context *ctx; /* with types */
	uint64_t level, memory;
	int empty;
	bool batch;
	uint64_t facts_digest;
	enum format fmt; /* FORMAT_UNKNOWN: the input's */
	int codec;       /* -1: the input's */
	struct committer *committer;
};

static const char *const empty_names[] = {"skip", "header", NULL};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "batch", NULL, struct write_opt, batch,
	"one file per split, SPLIT_processed_data, instead of shards"),
    OPT(OPT_STR, 0, "compress", "none|gz|zst|lz4|xz", struct write_opt,
	compress, "codec of the output (the input's)"),
    OPT_CHOICE(0, "empty", struct write_opt, empty, empty_names,
	"what to do where no row is left (skip)"),
    OPT(OPT_STR, 0, "facts", "FILE", struct write_opt, facts,
	"options and facts that the output depends on, for the record"),
    OPT(OPT_STR, 0, "format", "csv|tsv|jsonl|parquet", struct write_opt, format,
	"format of the output (the input's)"),
    OPT(OPT_U64, 0, "level", "N", struct write_opt, level,
	"compression level (the codec's fastest)"),
    OPT(OPT_STR, 0, "like", "FILE", struct write_opt, like,
	"the input shard: its number, format and codec"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct write_opt, memory,
	"for rows of splits beyond the first 32; more go to a temporary "
	"file (16M)"),
    OPT(OPT_STR, 'o', "output", "DIR", struct write_opt, out,
	"where the shards go (needed)"),
    OPT(OPT_STR, 0, "scope", "SPLIT", struct write_opt, scope,
	"whose shard the input is, where splits have the same numbers"),
    OPT(OPT_STR, 0, "split", "NAME", struct write_opt, split,
	"the split of all rows, instead of the column _split"),
    OPT(OPT_STR, 0, "temp-dir", "DIR", struct write_opt, temp_dir,
	"where the temporary file goes (TMPDIR, or /tmp)"),
    OPT(OPT_STR, 0, "types", "CTX", struct write_opt, types,
	"the columns' types are as in this context, which was made with "
	"--schema, or of inputs that declare them"),
    OPT_END,
};

static void
write_defaults(void *opt)
{
	struct write_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->memory = UINT64_C(16) << 20;
	o->temp_dir = setting()->temp_dir;
}

static int
end_commits(void *p, bool some_failed, struct err *e)
{
	(void)some_failed; /* the shards do not know of each other */
	return committer_flush(p, e);
}

static void
free_commits(void *p)
{
	committer_free(p);
}

static int
write_setup(void *opt, struct session *s, struct err *e)
{
	struct write_opt *o = opt;
	struct buf b = BUF_ZERO;

	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output DIR is needed");
	if (o->split && !split_name_ok(bytes_str(o->split)))
		return err_kind_set(e, ERR_USAGE,
		    "--split %s cannot be the name of a split",
		    err_quote(bytes_str(o->split)));
	if (o->scope && !split_name_ok(bytes_str(o->scope)))
		return err_kind_set(e, ERR_USAGE,
		    "--scope %s cannot be the name of a split",
		    err_quote(bytes_str(o->scope)));
	if (o->memory < MEMORY_MIN)
		return err_kind_set(
		    e, ERR_USAGE, "--memory must be at least 1M");
	o->fmt = FORMAT_UNKNOWN;
	if (o->format) {
		o->fmt = format_named(bytes_str(o->format));
		if (!format_writable(o->fmt))
			return err_kind_set(e, ERR_USAGE,
			    "--format %s: must be csv, tsv, jsonl or parquet",
			    err_quote(bytes_str(o->format)));
	}
	if (o->types) {
		o->ctx = session_context(s, o->types, e);
		if (!o->ctx)
			return -1;
		if (!context_has_types(o->ctx))
			return err_set(e,
			    "%s: no types here (pass 1 ran without --schema)",
			    o->types);
	}
	o->codec = -1;
	if (o->compress && codec_option(o->compress, &o->codec, e) < 0)
		return -1;
	if (o->facts) {
		if (file_load(o->facts, &b, e) < 0) {
			e->kind = ERR_OUTPUT; /* no shard could be written */
			return -1;
		}
		o->facts_digest = digest_of(b.p, b.n);
		buf_fini(&b);
	}
	if (!s->kept.p)
		s->kept =
		    (struct kept){committer_new(), end_commits, free_commits};
	o->committer = s->kept.p;
	return 0;
}

static const char *
write_like(const void *opt)
{
	return ((const struct write_opt *)opt)->like;
}

static bool
write_is_sink(const void *opt)
{
	(void)opt;
	return true;
}

static char
write_want_sep(const void *opt, const char *input)
{
	const struct write_opt *o = opt;
	enum format in = shard_name_parse(input).format;

	return in == FORMAT_TSV &&
		(o->fmt == FORMAT_TSV || o->fmt == FORMAT_UNKNOWN)
	    ? '\t'
	    : 0;
}

/* So many files are written at a time, but at most a quarter of the descriptors
 * there are: inputs, pipes and the caller have some. */
#define MAX_OPEN 32
/* Files of a shard that wait for the disk together with others. */
#define FEW 8
/* A record for sorting is no longer: a long row is several of them. */
#define PIECE_MAX ((size_t)256 << 10)

/*
 * Splits are numbered as they come.  The first max_open are written as their
 * rows come; rows of the others are sorted by the number of the split, and
 * written one file after the other at the end.
 */
struct dest {
	char *split;
	struct commit *c;
	struct out *out; /* NULL before and after it is written */
	uint32_t *sel;
	uint32_t nsel;
	uint64_t rows;
	int fd; /* these once it is written: to be synced, or -1 */
	uint64_t bytes, digest;
};

struct writer {
	const struct write_opt *o;
	struct pass *pass;
	struct column split;
	bool have_split;
	enum format fmt;
	enum codec codec;
	char sep;
	struct rowout *rows;
	struct schema schema; /* for the types */
	struct dest *dest;
	uint32_t ndest, dest_cap, max_open;
	struct keytable names;   /* row: the dest */
	uint32_t last;           /* the dest of the row before, or NO_DEST */
	uint32_t code_dest[256]; /* of a code column: its dest, or NO_DEST */
	struct extsort *late;    /* NULL: there are no rows for it yet */
	size_t sel_cap;
	struct buf scratch, row;
};
#define NO_DEST UINT32_MAX

/* Resolves format, codec and number of the output. */
static int
resolve(struct writer *w, struct err *e)
{
	const struct shard_name *sn = &w->pass->shard;
	const struct write_opt *o = w->o;

	w->fmt = o->fmt;
	if (w->fmt == FORMAT_UNKNOWN)
		w->fmt = w->pass->like && sn->format < FORMAT_UNKNOWN
		    ? sn->format
		    : FORMAT_CSV;
	if (w->fmt == FORMAT_JSON) /* rows as they come, not one array */
		w->fmt = FORMAT_JSONL;
	if (!format_writable(w->fmt))
		return err_kind_set(e, ERR_USAGE,
		    "cannot write %s: choose --format csv, tsv, jsonl or parquet",
		    format_name(w->fmt));
	w->codec = o->codec >= 0 ? (enum codec)o->codec
	    : w->pass->like      ? sn->codec
				 : CODEC_NONE;
	if (w->codec != CODEC_NONE && !codec_info(w->codec)->enc)
		return err_kind_set(e, ERR_USAGE,
		    "cannot write %s: choose --compress none, gz, zst, lz4 or xz",
		    codec_info(w->codec)->name);
	if (codec_level(w->codec, o->level, e) < 0)
		return -1;
	if (!o->batch && (!w->pass->like || !sn->is_part))
		return err_kind_set(e, ERR_USAGE,
		    "which shard is this? --like part-NNNNN.csv (or --batch)");
	w->sep = w->fmt == FORMAT_TSV ? '\t' : ',';
	return 0;
}

static uint32_t
max_open(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    files.rlim_cur / 4 >= MAX_OPEN)
		return MAX_OPEN;
	return files.rlim_cur < 4 ? 1 : (uint32_t)(files.rlim_cur / 4);
}

static int
write_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct writer *w = *st = xcalloc(1, sizeof(*w));
	bool *skip = xcalloc(s->ncol, sizeof(*skip));
	int at = schema_find(s, bytes_str("_split"));

	w->o = opt;
	w->pass = pass;
	w->max_open = max_open();
	w->last = NO_DEST;
	memset(w->code_dest, 0xff, sizeof(w->code_dest));
	keytable_init(&w->names, 0);
	if (!w->o->split && at >= 0) {
		w->have_split = true;
		w->split = s->col[at];
		skip[at] = true;
	}
	at = schema_find(s, bytes_str("_row"));
	if (at >= 0)
		skip[at] = true;
	w->rows = NULL;
	if (s->ncol == 0)
		err_set(e, "no column: no object has a name in it");
	else if (resolve(w, e) == 0)
		w->rows = rowout_new(s, skip, pass->out_sep, w->sep);
	if (w->fmt == FORMAT_PARQUET)
		schema_copy(&w->schema, s);
	free(skip);
	return w->rows ? 0 : -1;
}

/* True if the column is text in that context. */
static bool
is_text(void *arg, struct bytes column)
{
	const struct context *c = arg;
	const char *type = context_coltype(c, column);

	return type && strcmp(type, "VARCHAR") == 0;
}

/* The type of a column of the output, by who knows best. */
static const char *
output_type(void *arg, struct bytes column)
{
	const struct writer *w = arg;
	int at = schema_find(&w->schema, column);
	const struct column *c = at < 0 ? NULL : &w->schema.col[at];
	const char *type = NULL;

	if (c && !c->made && w->o->ctx)
		type = context_coltype(w->o->ctx, column);
	return type ? type : c ? c->type : NULL;
}

/* Opens the dest's file and writes the header. */
static int
open_dest(struct writer *w, struct dest *d, struct err *e)
{
	const struct write_opt *o = w->o;
	struct buf path = BUF_ZERO;
	bool split = d->split[0] != '\0';

	buf_printf(&path, "%s/", o->out);
	if (split)
		buf_printf(&path, "%s/", d->split);
	if (o->batch)
		buf_printf(&path, "%s_processed_data.%s%s",
		    split ? d->split : "all", format_name(w->fmt),
		    codec_info(w->codec)->ext);
	else
		shard_name_format(
		    &path, w->pass->shard.number, w->fmt, w->codec);
	d->c = commit_new(buf_cstr(&path), e);
	if (d->c)
		d->out = out_new(
		    commit_fd(d->c), path.p, w->codec, (int)o->level, true, e);
	if (d->out && w->fmt == FORMAT_JSONL) {
		bool typed = o->ctx && !shard_is_json(w->pass->shard.format);
		struct jsonout_opt jo = {
		    w->sep, path.p, typed ? is_text : NULL, o->ctx};

		jsonout_begin(d->out, &jo);
	}
	if (d->out && w->fmt == FORMAT_PARQUET) {
		struct parquetout_opt po = {
		    w->sep, path.p, o->temp_dir, output_type, w};

		parquetout_begin(d->out, &po);
	}
	buf_fini(&path);
	return d->out ? rowout_header(w->rows, d->out, e) : -1;
}

/* Ends the dest's file, which waits for the disk, if it is one of few, and for
 * its name then. */
static int
finish_dest(struct dest *d, bool few, struct err *e)
{
	d->fd = -1;
	if ((few ? out_release(d->out, &d->fd, e)
		 : out_finish(d->out, true, e)) < 0)
		return -1;
	d->bytes = out_bytes(d->out);
	d->digest = out_digest(d->out);
	out_free(d->out);
	d->out = NULL;
	return 0;
}

/* The number of the split's dest, opened when it is one of the first; or -1.
 */
static int64_t
dest_of(struct writer *w, struct bytes split, struct err *e)
{
	uint64_t hash = key_hash(split);
	const struct keyent *known = keytable_get(&w->names, split, hash);
	struct keyent k = {.hi = 0, .where = w->ndest};
	struct dest *d;

	if (known)
		return (int64_t)keyent_row(known);
	if (split.n && !split_name_ok(split))
		return err_set(
		    e, "%s cannot be the name of a split", err_quote(split));
	keytable_put(&w->names, split, hash, &k);
	if (w->ndest == w->dest_cap) {
		w->dest_cap = w->dest_cap * 2 + 8;
		w->dest = xrealloc(w->dest, w->dest_cap * sizeof(*w->dest));
	}
	d = &w->dest[w->ndest++];
	*d = (struct dest){.split = xstrndup(split.p, split.n), .fd = -1};
	if (keyent_row(&k) < w->max_open) {
		d->sel =
		    xmalloc((w->sel_cap ? w->sel_cap : 1) * sizeof(*d->sel));
		if (open_dest(w, d, e) < 0)
			return -1;
	}
	return (int64_t)keyent_row(&k);
}

static int64_t
row_dest(struct writer *w, struct block *b, uint32_t row, struct err *e)
{
	struct bytes split;
	int64_t d;

	if (w->split.slot >= 0 && b->slot[w->split.slot].code) {
		uint8_t code = b->slot[w->split.slot].code[row];

		if (w->code_dest[code] != NO_DEST)
			return w->code_dest[code];
		d = dest_of(w, bytes_str(w->split.code_names[code]), e);
		if (d >= 0)
			w->code_dest[code] = (uint32_t)d;
		return d;
	}
	split = csv_value(block_raw(b, &w->split, row), &w->scratch);
	if (w->last != NO_DEST &&
	    bytes_eq(bytes_str(w->dest[w->last].split), split))
		return w->last;
	d = split.n ? dest_of(w, split, e)
		    : err_set(e, "\"\" cannot be the name of a split");
	if (d >= 0)
		w->last = (uint32_t)d;
	return d < 0 && e->kind == ERR_INPUT ? pass_at(w->pass, b, row, e) : d;
}

/* Keeps a row of a split beyond the first ones. */
static int
put_late(struct writer *w, uint32_t dest, struct block *b, uint32_t row,
    struct err *e)
{
	struct bytes v = rowout_bytes(w->rows, b, row, &w->row);
	uint32_t number = __builtin_bswap32(dest);
	struct bytes key = bytes_of((const char *)&number, sizeof(number));
	size_t at, n;

	if (!w->late)
		w->late = extsort_new(w->o->memory, w->o->temp_dir);
	for (at = 0; at < v.n; at += n) {
		n = v.n - at < PIECE_MAX ? v.n - at : PIECE_MAX;
		if (extsort_add(w->late, key, bytes_of(v.p + at, n), e) < 0)
			return -1;
	}
	return 0;
}

/* The rows that were kept, one file after the other. */
static int
write_late(struct writer *w, struct err *e)
{
	struct dest *d = NULL;
	struct merge_record rec;
	struct bytes piece;
	int rc, more;

	if (extsort_finish(w->late, NULL, 0, e) < 0)
		return -1;
	while ((rc = extsort_next(w->late, &rec, e)) > 0) {
		uint32_t number;

		memcpy(&number, rec.key.p, sizeof(number));
		number = __builtin_bswap32(number);
		if (d != &w->dest[number]) {
			if (d && finish_dest(d, false, e) < 0)
				return -1;
			d = &w->dest[number];
			if (open_dest(w, d, e) < 0)
				return -1;
		}
		do {
			more = extsort_row(w->late, &piece, e);
			if (more < 0 || out_write(d->out, piece.p, piece.n, e))
				return -1;
		} while (more > 0);
	}
	if (rc < 0 || finish_dest(d, false, e) < 0)
		return -1;
	extsort_free(w->late);
	w->late = NULL;
	return 0;
}

static uint32_t
nopen(const struct writer *w)
{
	return w->ndest < w->max_open ? w->ndest : w->max_open;
}

/* Room for the rows of a block in each of the open dests. */
static void
room_for(struct writer *w, const struct block *b)
{
	uint32_t i, n = nopen(w);

	for (i = 0; i < n; i++)
		w->dest[i].nsel = 0;
	if (w->sel_cap >= b->nsel)
		return;
	w->sel_cap = b->row_cap;
	for (i = 0; i < n; i++)
		w->dest[i].sel = xrealloc(
		    w->dest[i].sel, w->sel_cap * sizeof(*w->dest[i].sel));
}

static int
write_process(void *st, struct block *b, struct err *e)
{
	struct writer *w = st;
	struct dest *d;
	uint32_t i;
	int64_t k;

	if (!w->have_split) {
		k = dest_of(w, bytes_str(w->o->split ? w->o->split : ""), e);
		if (k < 0)
			return -1;
		w->dest[k].rows += b->nsel;
		return rowout_rows(
		    w->rows, b, b->sel, b->nsel, w->dest[k].out, e);
	}
	room_for(w, b);
	for (i = 0; i < b->nsel; i++) {
		k = row_dest(w, b, b->sel[i], e);
		if (k < 0)
			return -1;
		d = &w->dest[k];
		d->rows++;
		if (k < w->max_open)
			d->sel[d->nsel++] = b->sel[i];
		else if (put_late(w, (uint32_t)k, b, b->sel[i], e) < 0)
			return -1;
	}
	for (i = 0; i < nopen(w); i++) {
		d = &w->dest[i];
		if (d->nsel &&
		    rowout_rows(w->rows, b, d->sel, d->nsel, d->out, e) < 0)
			return -1;
	}
	return 0;
}

static int
by_split(const void *a, const void *b)
{
	return strcmp(
	    ((const struct dest *)a)->split, ((const struct dest *)b)->split);
}

static void
fill_record(struct writer *w, struct record *r)
{
	size_t skip = strlen(w->o->out) + 1;
	uint32_t d;

	r->shard = w->o->batch
	    ? xstrdup("batch")
	    : record_shard(w->o->scope, w->pass->shard.number);
	r->account = w->pass->account;
	r->facts = w->o->facts_digest;
	if (!w->o->batch && pass_source(w->pass, &r->id, &r->input_digest))
		r->input = xstrdup(
		    w->pass->have_input ? w->pass->input : w->pass->like);
	for (d = 0; d < w->ndest; d++) {
		struct record_file *f = record_add_file(r);

		f->name = xstrdup(commit_path(w->dest[d].c) + skip);
		f->split = xstrdup(w->dest[d].split);
		f->rows = w->dest[d].rows;
		f->bytes = w->dest[d].bytes;
		f->digest = w->dest[d].digest;
	}
}

/* All files of the shard and its record. */
static int
commit_shard(struct writer *w, struct record *r, struct err *e)
{
	struct committer_file *file = xcalloc(w->ndest, sizeof(*file));
	uint32_t d;
	int rc;

	for (d = 0; d < w->ndest; d++) {
		file[d] = (struct committer_file){w->dest[d].c, w->dest[d].fd};
		w->dest[d].c = NULL;
	}
	rc = committer_add(w->o->committer, w->o->out, r, file, w->ndest, e);
	free(file);
	return rc;
}

static int
write_finish(void *st, struct err *e)
{
	struct writer *w = st;
	struct record r = {0};
	uint32_t d;
	int rc = -1;

	if (w->o->empty == EMPTY_HEADER && w->ndest == 0 &&
	    dest_of(w, bytes_str(w->o->split ? w->o->split : ""), e) < 0)
		return -1;
	for (d = 0; d < nopen(w); d++)
		if (finish_dest(&w->dest[d], w->ndest <= FEW, e) < 0)
			return -1;
	if (w->late && write_late(w, e) < 0)
		return -1;
	if (w->ndest)
		qsort(w->dest, w->ndest, sizeof(*w->dest), by_split);
	fill_record(w, &r);
	if (!account_closes(&r.account, record_rows(&r)))
		err_set(e,
		    "%s: rows do not add up: %llu in, %llu written "
		    "(is this a fault of a program in the pipe?)",
		    w->pass->input, (unsigned long long)r.account.in,
		    (unsigned long long)record_rows(&r));
	else
		rc = commit_shard(w, &r, e);
	record_fini(&r);
	return rc;
}

static void
write_free(void *st)
{
	struct writer *w = st;
	uint32_t d;

	if (!w)
		return;
	for (d = 0; d < w->ndest; d++) {
		out_free(w->dest[d].out);
		if (w->dest[d].c && w->dest[d].fd >= 0)
			close(w->dest[d].fd);
		commit_free(w->dest[d].c);
		free(w->dest[d].sel);
		free(w->dest[d].split);
	}
	free(w->dest);
	keytable_fini(&w->names);
	extsort_free(w->late);
	rowout_free(w->rows);
	schema_fini(&w->schema);
	buf_fini(&w->scratch);
	buf_fini(&w->row);
	free(w);
}

static const struct stage write_stage = {
    write_init, write_process, write_finish, write_free};

static void
write_depends(const void *opt, struct buf *b)
{
	const struct write_opt *o = opt;

	if (o->ctx)
		depend_types(o->ctx, b);
}

static bool
write_recorded(void *opt, const char *path, struct recorded *where)
{
	struct write_opt *o = opt;
	struct shard_name n = shard_name_parse(o->like ? o->like
		: path                                 ? path
						       : "");

	if (!o->batch && !n.is_part)
		return false;
	*where = (struct recorded){o->out,
	    o->batch ? xstrdup("batch") : record_shard(o->scope, n.number),
	    o->batch, &o->facts_digest};
	return true;
}

const struct filter filter_write = {
    .depends = write_depends,
    .recorded = write_recorded,
    .name = "write",
    .summary = "write rows to OUT/<split>/part-NNNNN, atomically, and keep "
	       "the account",
    .example = "shard-cat part-00000.csv | shard-split -c CTX | "
	       "shard-write -o OUT --like part-00000.csv",
    .specs = specs,
    .opt_size = sizeof(struct write_opt),
    .defaults = write_defaults,
    .setup = write_setup,
    .stage = &write_stage,
    .sink = write_is_sink,
    .like = write_like,
    .want_sep = write_want_sep,
};
