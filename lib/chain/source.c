#include "chain/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/parse.h"
#include "base/setting.h"
#include "chain/header.h"
#include "io/archive.h"
#include "io/out.h"
#include "io/tsv.h"
#include "rows/csvscan.h"
#include "rows/jsonin.h"
#include "rows/parquetin.h"

static const char *const policy_names[] = {"strict", "reorder", "union", NULL};
static const char *const dialect_names[] = {
    "auto", "csv", "tsv", "tsv-plain", "json", NULL};
static const char *const nested_names[] = {"refuse", "json", NULL};
static const char *const ragged_names[] = {"error", "pad", "reject", NULL};

const struct opt_spec source_specs[] = {
    OPT(OPT_STR, 'C', "columns", "LIST", struct source_opt, columns,
	"only these columns, in this order (a,b,c)"),
    OPT(OPT_STR, 'c', "context", "CTX", struct source_opt, context,
	"obey the header, dialect and digests in this context"),
    OPT_CHOICE(0, "dialect", struct source_opt, dialect, dialect_names,
	"how the input is written (auto)"),
    OPT(OPT_FLAG, 0, "drop-cache", NULL, struct source_opt, drop_cache,
	"files will not be read again: keep no memory for them"),
    OPT_CHOICE(0, "header", struct source_opt, header, policy_names,
	"when headers differ: refuse, match names, add missing (strict)"),
    OPT(OPT_STR, 0, "header-of", "FILE", struct source_opt, header_of,
	"the shard whose header all must have"),
    OPT(OPT_FLAG, 0, "keep-names", NULL, struct source_opt, keep_names,
	"do not turn __DOT__ in column names into a dot"),
    OPT(OPT_BYTES, 0, "max-record", "SIZE", struct source_opt, max_record,
	"longest record allowed (SHARD_MAX_RECORD, or 20M)"),
    OPT(OPT_FLAG, 'N', "names", NULL, struct source_opt, names,
	"shard-cat: print the column names, a line each, and no rows"),
    OPT_CHOICE(0, "nested", struct source_opt, nested, nested_names,
	"nested columns of Parquet: refuse them, or take their JSON text "
	"(refuse)"),
    OPT(OPT_FLAG, 0, "row-column", NULL, struct source_opt, row_column,
	"append _row, the row's number in its shard, for dedup --ties=one"),
    OPT_CHOICE(0, "ragged", struct source_opt, ragged, ragged_names,
	"rows with a wrong number of fields: refuse, fill, leave out (error)"),
    OPT(OPT_STR, 0, "rejects", "FILE", struct source_opt, rejects,
	"where the rows go that --ragged=reject leaves out"),
    OPT(OPT_STR, 0, "signature", "FILE", struct source_opt, signature,
	"column names that replace the header's (a,b,c in a file)"),
    OPT_END,
};

void
source_defaults(struct source_opt *o)
{
	const char *limit = setting()->max_record;

	memset(o, 0, sizeof(*o));
	o->max_record = CSV_MAX_RECORD;
	o->head = UINT64_MAX;
	if (limit && !parse_size(bytes_str(limit), &o->max_record))
		o->max_record = 0; /* refused when a source is opened */
}

struct source {
	const struct source_opt *opt;
	struct context *ctx;
	struct pass *pass;
	char *const *path;
	size_t npath, at;
	bool expect;
	char want_sep;
	struct schema signature;
	struct schema canon; /* the header that all inputs must have */
	char *canon_of;      /* the file it comes from */
	struct in *in;
	struct csv *csv; /* one of these reads it */
	struct jsonin *json;
	struct parquetin *parquet;
	bool drop;         /* files are given back to the page cache */
	bool open;         /* other shards may have other columns */
	char spooled[32];  /* what can be read as a file: /dev/fd/N */
	int spool_fd;      /* 0: none */
	const char *again; /* what JSON is read from a second time */
	int *map;          /* canonical column -> field, when they differ */
	struct buf moved;  /* a block with its fields in canonical order */
	uint32_t *idx;
	size_t idx_cap;
	struct out *rejects;
	int row_slot;  /* of _row; -1: none */
	uint64_t rows; /* handed out */
};

uint64_t
source_fingerprint(const struct source_opt *o)
{
	struct schema names = SCHEMA_ZERO;
	struct buf b = BUF_ZERO;
	struct err ignored;
	uint64_t d = 0;
	size_t i;

	if (o->signature && signature_load(o->signature, &names, &ignored) < 0)
		goto out;
	buf_printf(&b, "%d %d %d %d %d %llu ", o->header, o->dialect, o->ragged,
	    o->nested, o->keep_names, (unsigned long long)o->max_record);
	tsv_put(&b, bytes_str(o->columns ? o->columns : ""));
	for (i = 0; i < names.ncol; i++) {
		buf_putc(&b, '\t');
		tsv_put(&b, bytes_str(names.col[i].name));
	}
	d = digest_of(b.p, b.n);
out:
	buf_fini(&b);
	schema_fini(&names);
	return d;
}

static int
put_reject(void *arg, const char *name, uint64_t line, const char *reason,
    struct bytes rec, struct err *e)
{
	struct source *s = arg;
	struct buf b = BUF_ZERO;
	int rc;

	if (!s->rejects)
		return 0;
	tsv_put(&b, bytes_str(name));
	buf_printf(&b, "\t%llu\t%s\t", (unsigned long long)line, reason);
	tsv_put(&b, rec);
	buf_putc(&b, '\n');
	rc = out_write(s->rejects, b.p, b.n, e);
	buf_fini(&b);
	return rc;
}

/* What it is: said to be, by its name, or, where that says nothing, by its
 * beginning.  FORMAT_CSV is for all that csv reads. */
static int
find_format(struct source *s, struct in *in, const char *path,
    enum format *format, struct err *e)
{
	struct shard_name sn = shard_name_parse(path);
	struct bytes head;

	*format = s->opt->dialect == DIALECT_JSON ? FORMAT_JSON : FORMAT_CSV;
	/* standard input is rows from a program of ours, as a rule */
	if (s->opt->dialect != DIALECT_AUTO || strcmp(path, "-") == 0)
		return 0;
	if (sn.format < FORMAT_UNKNOWN) {
		*format = sn.format == FORMAT_JSONL ? FORMAT_JSON
		    : sn.format == FORMAT_TSV       ? FORMAT_CSV
						    : sn.format;
		return 0;
	}
	if (in_peek(in, 4096, &head, e) < 0)
		return -1;
	if (head.n > 4 && memcmp(head.p, "PAR1", 4) == 0)
		*format = FORMAT_PARQUET;
	else if (jsonin_begins(head))
		*format = FORMAT_JSON;
	return 0;
}

/* The input again, to find its columns; a stream through a file, which errors
 * call by the stream's name. */
static struct in *
open_again(void *arg, struct err *e)
{
	const struct source *s = arg;
	struct in *in = in_open(s->again, 0, e);

	if (in)
		in_rename(in, in_name(s->in));
	return in;
}

/* The input goes to a file without a name, which is read in its place. */
static int
spool(struct source *s, struct err *e)
{
	if (s->spool_fd)
		close(s->spool_fd);
	s->spool_fd = in_spool(s->in, setting()->temp_dir, e);
	if (s->spool_fd < 0) {
		s->spool_fd = 0;
		return -1;
	}
	snprintf(s->spooled, sizeof(s->spooled), "/dev/fd/%d", s->spool_fd);
	return 0;
}

/* The input is read from the file that it is spooled to. */
static int
read_from_file(struct source *s, struct err *e)
{
	struct in *stream = s->in;

	if (spool(s, e) < 0)
		return -1;
	s->again = s->spooled;
	s->in = in_open(s->spooled, IN_DIGEST, e);
	if (s->in)
		in_rename(s->in, in_name(stream));
	in_close(stream);
	return s->in ? 0 : -1;
}

static int
open_json(struct source *s, struct schema *names, struct err *e)
{
	struct jsonin_opt o = {
	    .want = s->canon_of ? &s->canon : NULL,
	    .want_of = s->canon_of,
	    .again = open_again,
	    .again_arg = s,
	    .keep_names = s->opt->keep_names,
	    .max_record = s->opt->max_record,
	    .out_sep = s->pass->out_sep,
	};
	const struct bytes *name;
	size_t n, i;

	s->again = s->path[s->at];
	/* a first reading finds the names, a second one the rows */
	if (!o.want && (strcmp(s->again, "-") == 0 || !in_is_file(s->in)) &&
	    read_from_file(s, e) < 0)
		return -1;
	s->open = !o.want;
	if (s->open && s->pass->header == HEADER_STRICT)
		s->pass->header = HEADER_UNION;
	s->json = jsonin_open(s->in, &o, e);
	if (!s->json)
		return -1;
	name = jsonin_names(s->json, &n);
	for (i = 0; i < n; i++)
		schema_add(names, name[i], (int)i, -1);
	s->pass->in_sep = ',';
	return 0;
}

/* DuckDB reads a plain file: this one, or a copy of what is compressed. */
static int
open_parquet(struct source *s, struct schema *names, struct err *e)
{
	const char *path = s->path[s->at];
	struct parquetin_opt o = {
	    .nested_json = s->opt->nested == 1,
	    .max_record = s->opt->max_record,
	    .out_sep = s->pass->out_sep,
	};
	const struct bytes *name;
	size_t n, i;
	bool *skip, *late, in_place;

	if (in_fd(s->in) >= 0) /* the very file that is digested */
		snprintf(
		    s->spooled, sizeof(s->spooled), "/dev/fd/%d", in_fd(s->in));
	else if (spool(s, e) < 0)
		return -1;
	s->parquet = parquetin_open(s->spooled, path, &o, e);
	if (!s->parquet)
		return -1;
	name = parquetin_names(s->parquet, &n);
	s->pass->in_sep = ',';
	if (header_names(
		name, n, &s->signature, s->opt->keep_names, path, names, e) < 0)
		return -1;
	in_place = !s->canon_of ||
	    (n == s->canon.ncol && header_differs_at(names, &s->canon) == n);
	skip = xcalloc(n + 1, sizeof(*skip));
	late = xcalloc(n + 1, sizeof(*late));
	for (i = 0; i < n; i++) {
		struct column *c = &names->col[i];

		c->type = parquetin_type(s->parquet, i);
		skip[i] = s->opt->needed &&
		    schema_find(s->opt->needed, bytes_str(c->name)) < 0;
		/* fields that are to be moved are so at once */
		late[i] = s->opt->early && in_place &&
		    schema_find(s->opt->early, bytes_str(c->name)) < 0;
	}
	parquetin_choose(s->parquet, skip, late);
	free(skip);
	free(late);
	return 0;
}

/* What Parquet did not read is read for its digest. */
static int
drain(struct source *s, struct err *e)
{
	struct bytes v;

	do {
		if (in_peek(s->in, IN_BLOCK, &v, e) < 0)
			return -1;
		in_consume(s->in, v.n);
	} while (v.n > 0);
	return 0;
}

static struct csv *
open_csv(struct source *s, struct in *in, const char *path, struct err *e)
{
	struct csv_opt co = {
	    .ragged = (enum ragged)s->opt->ragged,
	    .max_record = s->opt->max_record,
	    .reject = put_reject,
	    .reject_arg = s,
	};
	bool std = strcmp(path, "-") == 0;
	struct shard_name sn = shard_name_parse(path);

	switch (s->opt->dialect) {
	case DIALECT_CSV: co.sep = ','; break;
	case DIALECT_TSV: co.sep = '\t'; break;
	case DIALECT_TSV_PLAIN:
		co.sep = '\t';
		co.no_quotes = true;
		break;
	default:
		if (std && setting()->tabs)
			co.sep = '\t';
		else if (std && s->expect)
			co.sep = ',';
		else if (s->ctx && sn.format < FORMAT_UNKNOWN)
			co.sep = s->ctx->facts.sep[sn.format];
	}
	co.want_trailer = std && s->expect;
	co.out_sep = s->pass->out_sep;

	return csv_open(in, &co, e);
}

/* Is the file the very one that pass 1 saw? */
static int
check_digest(struct source *s, const char *path, struct err *e)
{
	struct shard_name sn = shard_name_parse(path);
	const struct input *in;

	if (!s->ctx || !s->pass->have_input || s->npath != 1)
		return 0;
	in = facts_input(
	    &s->ctx->facts, s->pass->like ? s->pass->shard.number : sn.number);
	/* another file than pass 1's (a new one, with an old context) */
	if (!in || strcmp(in->path, path) != 0)
		return 0;
	if (in->digest != s->pass->digest)
		return err_set(e,
		    "%s: input changed during the run (its "
		    "bytes differ from what pass 1 read)",
		    path);
	return 0;
}

/* Tells the reader of CSV which fields anybody looks at. */
static void
use_fields(struct source *s)
{
	const struct schema *few = s->opt->needed;
	bool *used;
	size_t i;

	if (!s->csv || !few || s->map)
		return;
	used = xcalloc(s->canon.ncol + 1, sizeof(*used));
	for (i = 0; i < few->ncol; i++) {
		int at = schema_find(&s->canon, bytes_str(few->col[i].name));

		if (at >= 0)
			used[at] = true;
	}
	csv_use(s->csv, used);
	free(used);
}

static int
open_next(struct source *s, struct err *e)
{
	const char *path = s->path[s->at];
	struct schema names = SCHEMA_ZERO;
	const struct bytes *name;
	enum format format;
	size_t n;
	int rc = -1;

	s->pass->input = strcmp(path, "-") == 0 ? "standard input" : path;
	if (archive_refuse(path, e) < 0)
		return -1;
	s->in = in_open(path, IN_DIGEST | (s->drop ? IN_DROP : 0), e);
	if (!s->in)
		return -1;
	if (find_format(s, s->in, path, &format, e) < 0)
		return -1;
	if (format == FORMAT_JSON) {
		if (open_json(s, &names, e) < 0)
			goto out;
	} else if (format == FORMAT_PARQUET) {
		if (open_parquet(s, &names, e) < 0)
			goto out;
	} else {
		s->csv = open_csv(s, s->in, path, e);
		if (!s->csv)
			goto out;
		s->pass->in_sep = csv_sep(s->csv);
		name = csv_names(s->csv, &n);
		if (header_names(name, n, &s->signature, s->opt->keep_names,
			s->pass->input, &names, e) < 0)
			goto out;
	}
	if (!s->canon_of) {
		s->canon = names;
		s->canon_of = xstrdup(s->pass->input);
		use_fields(s);
		return 0;
	}
	rc = header_map(&names, s->pass->input, &s->canon, s->canon_of,
	    (enum header_policy)s->opt->header, &s->map, e);
	header_types(&s->canon, &names);
	if (rc == 0)
		use_fields(s);
out:
	schema_fini(&names);
	return rc;
}

/* Closes the input that is open, if there is one. */
static void
close_input(struct source *s)
{
	csv_close(s->csv);
	jsonin_close(s->json);
	parquetin_close(s->parquet);
	in_close(s->in);
	s->csv = NULL;
	s->json = NULL;
	s->parquet = NULL;
	s->in = NULL;
}

/* Takes the header of another file for the canonical one. */
static int
names_in(struct source *s, const char *path, struct err *e)
{
	char *const of[] = {xstrdup(path)};
	struct source other = {.opt = s->opt,
	    .path = of,
	    .npath = 1,
	    .signature = s->signature,
	    .pass = s->pass};
	int header = s->pass->header, rc = open_next(&other, e);

	s->pass->header = header;
	close_input(&other);
	if (other.spool_fd)
		close(other.spool_fd);
	s->canon = other.canon;
	s->canon_of = other.canon_of;
	free(of[0]);
	return rc;
}

/* The header that --header-of or the context prescribes. */
static int
prescribe(struct source *s, struct err *e)
{
	size_t i;

	if (s->opt->header_of)
		return names_in(s, s->opt->header_of, e);
	if (s->ctx && strcmp(s->path[0], "-") != 0 && s->opt->context) {
		for (i = 0; i < s->ctx->facts.ncol; i++)
			schema_add(&s->canon,
			    bytes_str(s->ctx->facts.col[i].name), (int)i, -1);
		s->canon_of = xstrdup(s->ctx->facts.in[0].path);
	}
	return 0;
}

struct source *
source_open(struct source_opt *o, char *const *paths, size_t npaths,
    char want_sep, bool expect, struct context *ctx, struct schema *schema,
    struct pass *pass, struct err *e)
{
	struct source *s = xcalloc(1, sizeof(*s));

	if (o->max_record == 0) {
		err_kind_set(e, ERR_USAGE, "SHARD_MAX_RECORD is not a size");
		goto fail;
	}
	if (o->rejects && o->ragged != RAGGED_REJECT) {
		err_kind_set(e, ERR_USAGE,
		    "--rejects %s: rows are left out only with "
		    "--ragged=reject",
		    o->rejects);
		goto fail;
	}
	s->opt = o;
	s->drop = o->drop_cache;
	s->ctx = ctx;
	s->pass = pass;
	s->path = paths;
	s->npath = npaths;
	s->expect = expect;
	s->want_sep = want_sep;
	pass->header = o->header;
	pass->named = strcmp(paths[0], "-") != 0;
	pass->alone = pass->named && npaths == 1;
	pass->fingerprint = source_fingerprint(o);
	/* a stream is comma-separated, unless both ends want tabs */
	pass->out_sep = want_sep ? want_sep : ',';
	if (o->signature && signature_load(o->signature, &s->signature, e) < 0)
		goto fail;
	if (o->rejects) {
		FILE *f = fopen(o->rejects, o->rejects_begun ? "ae" : "we");

		if (!f) {
			err_sys(e, ERR_OUTPUT, "%s", o->rejects);
			goto fail;
		}
		s->rejects = out_new(
		    dup(fileno(f)), o->rejects, CODEC_NONE, 0, false, e);
		fclose(f);
		o->rejects_begun = true;
		if (!s->rejects)
			goto fail;
	}
	if (prescribe(s, e) < 0 || open_next(s, e) < 0 ||
	    header_project(
		&s->canon, o->columns, s->open, pass->input, schema, e) < 0)
		goto fail;
	schema->open = s->open;
	s->row_slot = -1;
	if (o->row_column) {
		s->row_slot = schema->nslot++;
		schema_add(schema, bytes_str("_row"), -1, s->row_slot);
	}
	return s;
fail:
	source_close(s);
	return NULL;
}

/* Rewrites the block with its fields in canonical order. */
static int
move_fields(struct source *s, struct block *b, int nslot, struct err *e)
{
	uint32_t n = (uint32_t)s->canon.ncol, row, i;
	struct scan sc;

	buf_clear(&s->moved);
	for (row = 0; row < b->nrow; row++)
		for (i = 0; i < n; i++) {
			if (s->map[i] >= 0)
				buf_putb(&s->moved,
				    block_field(b, row, (uint32_t)s->map[i]));
			buf_putc(
			    &s->moved, i + 1 < n ? s->pass->out_sep : '\n');
		}
	if (s->idx_cap < s->moved.n + SCAN_PAD + 1) {
		s->idx_cap = s->moved.n * 2 + SCAN_PAD + 1;
		free(s->idx);
		s->idx = xmalloc(s->idx_cap * sizeof(*s->idx));
		s->idx[0] = UINT32_MAX;
	}
	csvscan(s->moved.p, s->moved.n, s->pass->out_sep, s->idx + 1, &sc);
	if (sc.nidx_rec != (uint64_t)b->nrow * n)
		return err_set(
		    e, "%s: cannot reorder its columns", s->pass->input);
	b->base = s->moved.p;
	b->end = s->idx + 1;
	b->nfield = n;
	block_reset(b, nslot);
	return 0;
}

static int
end_of_file(struct source *s, struct err *e)
{
	struct account *a = &s->pass->account;
	const struct account *t = s->csv ? csv_trailer(s->csv) : NULL;
	uint64_t rejected = s->csv ? csv_rejected(s->csv) : 0;
	const char *path = s->path[s->at];
	int i;

	if (t) {
		a->in += t->in;
		for (i = 0; i < DROP_COUNT; i++)
			a->drop[i] += t->drop[i];
		a->have_digest = t->have_digest && s->npath == 1;
		a->digest = t->digest;
		a->size = t->size;
	} else {
		a->in += s->csv ? csv_rows(s->csv) + rejected
		    : s->json   ? jsonin_rows(s->json)
				: parquetin_rows(s->parquet);
	}
	a->drop[DROP_REJECTED] += rejected;
	if (s->parquet && drain(s, e) < 0)
		return -1;
	s->pass->have_input = strcmp(path, "-") != 0;
	s->pass->id = in_identity(s->in);
	s->pass->digest = in_digest(s->in);
	if (s->pass->have_input && s->npath == 1) {
		a->have_digest = true;
		a->digest = s->pass->digest;
		a->size = in_raw_bytes(s->in);
	}
	if (check_digest(s, path, e) < 0)
		return -1;
	close_input(s);
	return 0;
}

static void
number_rows(struct source *s, struct block *b)
{
	struct bytes *cell = block_cells(b, s->row_slot);
	uint32_t i;

	for (i = 0; i < b->nrow; i++) {
		char *p = block_alloc(b, 24);
		int n =
		    snprintf(p, 24, "%llu", (unsigned long long)(b->row0 + i));

		cell[i] = bytes_of(p, (size_t)n);
	}
}

int
source_next(struct source *s, struct block *b, int nslot, struct err *e)
{
	while (s->rows < s->opt->head) {
		int rc = s->csv ? csv_next(s->csv, b, nslot, e)
		    : s->json   ? jsonin_next(s->json, b, nslot, e)
				: parquetin_next(s->parquet, b, nslot, e);

		if (rc < 0)
			return -1;
		if (rc > 0) {
			b->shard = s->npath == 1 && s->pass->like
			    ? s->pass->shard.number
			    : shard_name_parse(s->path[s->at]).number;
			if (s->map && move_fields(s, b, nslot, e) < 0)
				return -1;
			if (s->row_slot >= 0)
				number_rows(s, b);
			if (b->nsel > s->opt->head - s->rows)
				b->nsel = (uint32_t)(s->opt->head - s->rows);
			s->rows += b->nsel;
			return 1;
		}
		if (end_of_file(s, e) < 0)
			return -1;
		if (++s->at == s->npath)
			break;
		if (open_next(s, e) < 0)
			return -1;
	}
	if (s->rejects && out_finish(s->rejects, false, e) < 0)
		return -1;
	return 0;
}

int
source_rest(struct source *s, struct block *b, struct err *e)
{
	if (!s->parquet || parquetin_rest(s->parquet, b, e) == 0)
		return 0;
	return -1;
}

void
source_close(struct source *s)
{
	if (!s)
		return;
	close_input(s);
	if (s->spool_fd)
		close(s->spool_fd);
	out_free(s->rejects);
	schema_fini(&s->signature);
	schema_fini(&s->canon);
	buf_fini(&s->moved);
	free(s->canon_of);
	free(s->map);
	free(s->idx);
	free(s);
}
