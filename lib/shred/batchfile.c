#include "shred/batchfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/dir.h"
#include "rows/jsonout.h"
#include "rows/parquetout.h"

char *
batchfile_shard(const char *table, uint32_t batch)
{
	struct buf b = BUF_ZERO;

	if (batch == BATCH_UNPLANNED)
		buf_printf(&b, "%s/unplanned", table);
	else
		buf_printf(&b, "%s/%05lu", table, (unsigned long)batch);
	return buf_release(&b);
}

char *
batchfile_record(const char *out, const char *shard)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/_batches/%s.tsv", out, shard);
	return buf_release(&b);
}

char *
batchfile_path(const char *dir, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", dir, name);
	return buf_release(&b);
}

bool
batchfile_hold(const struct record *r, const char *out)
{
	size_t i;

	for (i = 0; i < r->nfile; i++) {
		char *path = batchfile_path(out, r->file[i].name);
		struct stat sb;
		bool ok = stat(path, &sb) == 0
		    ? (uint64_t)sb.st_size == r->file[i].bytes
		    : r->file[i].used;

		free(path);
		if (!ok)
			return false;
	}
	return true;
}

/* Are the files in the format and codec that are asked for?  Their names tell.
 */
static bool
is_formed(const struct batchfile_opt *o, const struct record *r)
{
	size_t i;

	for (i = 0; i < r->nfile; i++) {
		struct shard_name n = shard_name_parse(r->file[i].name);

		if ((o->format != FORMAT_UNKNOWN && n.format != o->format) ||
		    (o->codec >= 0 && (int)n.codec != o->codec))
			return false;
	}
	return true;
}

bool
batchfile_done(
    const struct batchfile_opt *o, const char *shard, struct record *r)
{
	char *path = batchfile_record(o->out, shard);
	struct err ignored;
	bool ok = record_load(r, path, &ignored) == 0;

	free(path);
	if (ok && r->facts == o->facts && is_formed(o, r) &&
	    batchfile_hold(r, o->out))
		return true;
	if (ok)
		record_fini(r);
	return false;
}

int
batchfile_create(
    struct batchfile *f, const char *name, enum codec codec, struct err *e)
{
	char *path = batchfile_path(f->o->out, name);

	f->name = xstrdup(name);
	f->c = commit_new(path, e);
	if (f->c)
		f->out =
		    out_new(commit_fd(f->c), path, codec, f->o->level, true, e);
	free(path);
	return f->out ? 0 : -1;
}

enum format
batchfile_format(enum format asked, char sep)
{
	if (asked == FORMAT_JSONL || asked == FORMAT_PARQUET)
		return asked;
	return sep == '\t' ? FORMAT_TSV : FORMAT_CSV;
}

static const char *
type_of(void *arg, struct bytes column)
{
	return arg ? context_coltype(arg, column) : NULL;
}

int
batchfile_open(struct batchfile *f, const struct batchfile_opt *o,
    const char *table, uint32_t batch, char sep, struct bytes header,
    struct err *e)
{
	enum codec codec = o->codec < 0 ? CODEC_NONE : (enum codec)o->codec;
	struct buf b = BUF_ZERO;
	int rc;

	memset(f, 0, sizeof(*f));
	f->o = o;
	f->shard = batchfile_shard(table, batch);
	f->split = xstrdup(table);
	if (batch == BATCH_UNPLANNED)
		buf_printf(&b, "batch-%s-unplanned", table);
	else
		buf_printf(&b, "batch-%s-%lu", table, (unsigned long)batch);
	buf_printf(&b, ".%s%s", format_name(batchfile_format(o->format, sep)),
	    codec_info(codec)->ext);
	rc = batchfile_create(f, buf_cstr(&b), codec, e);
	if (rc == 0 && o->format == FORMAT_JSONL)
		jsonout_begin(
		    f->out, &(struct jsonout_opt){.sep = sep, .name = b.p});
	if (rc == 0 && o->format == FORMAT_PARQUET)
		parquetout_begin(f->out,
		    &(struct parquetout_opt){
			sep, b.p, o->temp_dir, type_of, o->types});
	buf_fini(&b);
	return rc < 0 ? -1 : out_write(f->out, header.p, header.n, e);
}

/* Removes the record of the batch as it was before, and its files that have
 * other names. */
static int
remove_former(const struct batchfile *f, const char *record, struct err *e)
{
	struct err ignored;
	struct record r;
	size_t i;
	int rc = 0;

	if (record_load(&r, record, &ignored) == 0) {
		for (i = 0; i < r.nfile && rc == 0; i++) {
			char *path = batchfile_path(f->o->out, r.file[i].name);

			if (strcmp(r.file[i].name, f->name) != 0 &&
			    unlink(path) < 0 && errno != ENOENT)
				rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
			free(path);
		}
		record_fini(&r);
	}
	if (rc == 0 && unlink(record) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", record);
	return rc;
}

int
batchfile_commit(struct batchfile *f, struct err *e)
{
	struct record r = {.facts = f->o->facts, .account = {.in = f->rows}};
	char *path = batchfile_record(f->o->out, f->shard);
	struct buf b = BUF_ZERO;
	struct record_file *to;
	int rc = out_finish(f->out, true, e);

	if (rc == 0)
		rc = commit_unseal(f->o->out, e);
	if (rc == 0)
		rc = remove_former(f, path, e);
	if (rc == 0)
		rc = commit_rename(f->c, e);
	if (rc == 0)
		rc = commit_sync_dir(commit_path(f->c), e);
	if (rc == 0) { /* the last thing that is committed */
		to = record_add_file(&r);
		r.shard = xstrdup(f->shard);
		to->name = xstrdup(f->name);
		to->split = xstrdup(f->split);
		to->rows = f->rows;
		to->bytes = out_bytes(f->out);
		to->digest = out_digest(f->out);
		record_save(&r, &b);
		rc = commit_file(path, b.p, b.n, e);
	}
	buf_fini(&b);
	record_fini(&r);
	free(path);
	return rc;
}

void
batchfile_free(struct batchfile *f)
{
	out_free(f->out);
	commit_free(f->c);
	free(f->shard);
	free(f->name);
	free(f->split);
	memset(f, 0, sizeof(*f));
}

int
batchfile_each(const char *out, const char *table, batchfile_fn *fn, void *arg,
    struct err *e)
{
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	struct dir d;
	int rc;

	buf_printf(&b, "%s/_batches/%s", out, table);
	rc = dir_open_some(&d, buf_cstr(&b), ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct err ignored;
		struct record r;
		char *path;
		bool ok;

		if (f.name[0] == '.')
			continue;
		path = batchfile_path(b.p, f.name);
		ok = record_load(&r, path, &ignored) == 0;
		rc = fn(arg, path, ok ? &r : NULL, e);
		if (ok)
			record_fini(&r);
		free(path);
	}
	dir_close(&d);
	buf_fini(&b);
	return rc;
}

uint32_t
batchfile_have(const char *out, const char *table, uint32_t n, bool *there)
{
	uint32_t i, have = 0;

	for (i = 0; i < n; i++) {
		char *shard = batchfile_shard(table, i);
		char *path = batchfile_record(out, shard);
		bool is_there = access(path, F_OK) == 0;

		if (there)
			there[i] = is_there;
		have += is_there;
		free(path);
		free(shard);
	}
	return have;
}

/* Takes the first of these words off s, or else nothing. */
static bool
take_word(const char **s, const char *const *word)
{
	for (; *word; word++) {
		size_t n = strlen(*word);

		if (strncmp(*s, *word, n) == 0) {
			*s += n;
			return true;
		}
	}
	return false;
}

bool
batchfile_is_name(const char *name, const char *table)
{
	static const char *const formats[] = {
	    ".csv", ".tsv", ".jsonl", ".parquet", NULL};
	static const char *const codecs[] = {
	    ".gz", ".zst", ".lz4", ".xz", NULL};
	static const char *const unplanned[] = {"unplanned", NULL};
	size_t n = strlen(table), digits;

	if (strncmp(name, "batch-", 6) != 0 ||
	    strncmp(name + 6, table, n) != 0 || name[6 + n] != '-')
		return false;
	name += 7 + n;
	digits = strspn(name, "0123456789");
	name += digits;
	if (digits == 0 && !take_word(&name, unplanned))
		return false;
	if (!take_word(&name, formats))
		return false;
	(void)take_word(&name, codecs);
	return *name == '\0';
}

/* Names of files. */
struct names {
	char **v;
	size_t n;
};

static void
names_add(struct names *x, const char *name)
{
	if ((x->n & (x->n - 1)) == 0)
		x->v = xrealloc(x->v, (x->n ? 2 * x->n : 1) * sizeof(*x->v));
	x->v[x->n++] = xstrdup(name);
}

static void
names_fini(struct names *x)
{
	while (x->n > 0)
		free(x->v[--x->n]);
	free(x->v);
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_files(void *arg, const char *path, const struct record *r, struct err *e)
{
	size_t i;

	(void)path;
	(void)e;
	for (i = 0; r && i < r->nfile; i++)
		names_add(arg, r->file[i].name);
	return 0;
}

int
batchfile_sweep(const char *out, const char *table, struct err *e)
{
	struct names known = {NULL, 0};
	struct dir_entry f;
	struct dir d = {.stream = NULL};
	int rc = batchfile_each(out, table, add_files, &known, e);

	if (rc == 0)
		rc = dir_open_some(&d, out, ERR_OUTPUT, e);
	if (known.n > 1)
		qsort(known.v, known.n, sizeof(*known.v), names_compare);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		const char *name = f.name;
		char *path;

		rc = 0;
		if (!batchfile_is_name(name, table) ||
		    (known.n &&
			bsearch(&name, known.v, known.n, sizeof(*known.v),
			    names_compare)))
			continue;
		path = batchfile_path(out, name);
		if (unlink(path) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
		free(path);
	}
	dir_close(&d);
	names_fini(&known);
	return rc;
}
