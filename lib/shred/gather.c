#include "shred/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/pages.h"
#include "io/dir.h"
#include "io/in.h"
#include "rows/jsonout.h"
#include "rows/parquetout.h"
#include "shards/find.h"
#include "shred/runfile.h"
#include "sort/extsort.h"

/* Descriptors that are no runs: standard ones, the batch, a lock, a codec's. */
#define OTHER_FILES 12
/* A first line of results that is longer is no header. */
#define JOIN_LINE ((size_t)1 << 20)
#define READ_MIN ((size_t)8 << 10)
#define READ_MAX ((size_t)256 << 10)
/* What an extent takes beside its buffer: its path, a digest, a leaf. */
#define EXTENT_COST ((size_t)1 << 10)

char *
batch_shard(const char *table, uint32_t batch)
{
	struct buf b = BUF_ZERO;

	if (batch == UNPLANNED)
		buf_printf(&b, "%s/unplanned", table);
	else
		buf_printf(&b, "%s/%05lu", table, (unsigned long)batch);
	return buf_release(&b);
}

char *
batch_record_path(const char *out, const char *shard)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/_batches/%s.tsv", out, shard);
	return buf_release(&b);
}

static char *
path_in(const char *dir, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", dir, name);
	return buf_release(&b);
}

static int
open_file(
    struct batch_file *f, const char *name, enum codec codec, struct err *e)
{
	char *path = path_in(f->o->out, name);

	f->name = xstrdup(name);
	f->c = commit_new(path, e);
	if (f->c)
		f->out =
		    out_new(commit_fd(f->c), path, codec, f->o->level, true, e);
	free(path);
	return f->out ? 0 : -1;
}

static const char *
type_of(void *arg, struct bytes column)
{
	return arg ? context_coltype(arg, column) : NULL;
}

int
batch_file_open(struct batch_file *f, const struct gather_opt *o,
    const char *table, uint32_t batch, char sep, struct bytes header,
    struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc;

	memset(f, 0, sizeof(*f));
	f->o = o;
	f->shard = batch_shard(table, batch);
	f->split = xstrdup(table);
	if (batch == UNPLANNED)
		buf_printf(&b, "batch-%s-unplanned", table);
	else
		buf_printf(&b, "batch-%s-%lu", table, (unsigned long)batch);
	buf_printf(&b, ".%s%s",
	    o->format > FORMAT_TSV ? format_name(o->format)
		: sep == '\t'      ? "tsv"
				   : "csv",
	    codec_info(o->codec)->ext);
	rc = open_file(f, buf_cstr(&b), o->codec, e);
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

int
batch_file_commit(struct batch_file *f, struct err *e)
{
	struct record r = {.facts = f->o->facts, .account = {.in = f->rows}};
	char *path = batch_record_path(f->o->out, f->shard);
	struct buf b = BUF_ZERO;
	struct record_file *to;
	int rc = out_finish(f->out, true, e);

	if (rc == 0)
		rc = commit_unseal(f->o->out, e);
	if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
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
batch_file_free(struct batch_file *f)
{
	out_free(f->out);
	commit_free(f->c);
	free(f->shard);
	free(f->name);
	free(f->split);
	memset(f, 0, sizeof(*f));
}

/* There once the first batch has been given back: then the runs alone are not
 * enough to make them all. */
static char *
freed_path(const char *out, const char *table)
{
	return units_path(out, table, "/freed");
}

/* A shard that was routed twice would have its rows twice. */
static int
check_once(const struct units *u, struct err *e)
{
	size_t n, i;
	const struct record **v = units_records(u, &n);
	int rc = 0;

	for (i = 1; i < n && rc == 0; i++)
		if (strcmp(v[i]->shard, v[i - 1]->shard) == 0)
			rc = err_kind_set(e, ERR_OUTPUT,
			    "%s: shard %s was routed twice", u->dir,
			    v[i]->shard);
	free(v);
	return rc;
}

/* How many runs of the units are there? */
static uint64_t
count_runs(const struct gather *g, uint64_t *gone)
{
	uint64_t there = 0, k;
	size_t i;

	*gone = 0;
	for (i = 0; i < g->units.n; i++)
		for (k = 0; k < g->units.v[i].nrun; k++) {
			char *path =
			    unit_run_path(g->units.dir, g->units.v[i].name, k);

			if (access(path, F_OK) == 0)
				there++;
			else
				++*gone;
			free(path);
		}
	return there;
}

/* Is a run gone?  Then gather_finish() had found everything done. */
static bool
is_finished(const struct gather *g)
{
	uint64_t gone;

	count_runs(g, &gone);
	return gone > 0;
}

int
gather_open(struct gather *g, const struct gather_opt *o, uint64_t map,
    const char *table, struct err *e)
{
	struct runfile f;
	uint64_t gone;
	char *path;
	int rc;

	memset(g, 0, sizeof(*g));
	g->o = o;
	g->table = table;
	g->map = map;
	if (units_load(&g->units, o->out, table, e) < 0)
		return -1;
	if (g->units.n == 0)
		return err_kind_set(e, ERR_OUTPUT,
		    "%s: no shard has been routed (shard-route)", g->units.dir);
	/* where only records are left units_join() may have left some twice */
	if (count_runs(g, &gone) > 0 && check_once(&g->units, e) < 0)
		return -1;
	path = unit_run_path(g->units.dir, g->units.v[0].name, 0);
	rc = 0;
	if (access(path, F_OK) == 0) {
		rc = runfile_open(&f, path, e);
		if (rc == 0)
			g->nbatch = f.head.nbatch;
		runfile_close(&f);
	}
	free(path);
	return rc;
}

void
gather_close(struct gather *g)
{
	pages_free(&g->room);
	units_fini(&g->units);
}

/* Is the file as its record says, or rightly gone? */
static bool
files_hold(const struct record *r, const char *out)
{
	size_t i;

	for (i = 0; i < r->nfile; i++) {
		char *path = path_in(out, r->file[i].name);
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

/* The batch's record, if it is one that holds. */
static bool
load_done(const struct gather_opt *o, const char *shard, struct record *r)
{
	char *path = batch_record_path(o->out, shard);
	struct err ignored;
	bool ok = record_load(r, path, &ignored) == 0;

	free(path);
	if (ok && r->facts == o->facts && files_hold(r, o->out))
		return true;
	if (ok)
		record_fini(r);
	return false;
}

/* Where a batch has rows in a run. */
struct extent {
	char *path;
	struct run_extent run;
};

struct extents {
	struct extent *v;
	size_t n;
	uint64_t rows;
	/* the same in all runs; of the first */
	struct runfile_head head;
	struct buf header;
	char *first;
	char *timed; /* the first with a time */
	uint8_t kind;
};

static void
extents_fini(struct extents *x)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		free(x->v[i].path);
	free(x->v);
	free(x->first);
	free(x->timed);
	buf_fini(&x->header);
}

/* Do the runs go together? */
static int
check_head(
    struct gather *g, struct extents *x, const struct runfile *f, struct err *e)
{
	const struct runfile_head *h = &f->head;

	if (h->map != g->map || h->nbatch != g->nbatch)
		return err_kind_set(e, ERR_OUTPUT,
		    "%s: was routed by another batch map", f->path);
	if (!x->first) {
		x->head = *h;
		x->first = xstrdup(f->path);
		buf_putb(&x->header, buf_bytes(&f->header));
	} else if (!bytes_eq(buf_bytes(&x->header), buf_bytes(&f->header))) {
		return err_kind_set(e, ERR_OUTPUT,
		    "%s and %s: the shards have different headers", x->first,
		    f->path);
	}
	if (h->kind == TIME_NONE)
		return 0;
	if (!x->timed) {
		x->timed = xstrdup(f->path);
		x->kind = h->kind;
	} else if (x->kind != h->kind) {
		return err_kind_set(e, ERR_OUTPUT,
		    "%s and %s: times are %s in one, %s in the other "
		    "(--order COL:b sorts by bytes)",
		    x->timed, f->path, time_kind_name((enum time_kind)x->kind),
		    time_kind_name((enum time_kind)h->kind));
	}
	return 0;
}

static int
find_in_run(struct gather *g, struct extents *x, char *path, uint32_t batch,
    struct err *e)
{
	struct runfile f;
	struct run_extent run;
	uint64_t rows = 0;
	int rc;

	if (runfile_open(&f, path, e) < 0)
		return -1;
	rc = check_head(g, x, &f, e);
	if (rc == 0)
		rc = runfile_extent(
		    &f, batch == UNPLANNED ? g->nbatch : batch, &run, &rows, e);
	runfile_close(&f);
	if (rc < 0 || rows == 0)
		return rc;
	if ((x->n & (x->n - 1)) == 0)
		x->v = xrealloc(x->v, (x->n ? 2 * x->n : 1) * sizeof(*x->v));
	x->v[x->n++] = (struct extent){xstrdup(path), run};
	x->rows += rows;
	return 0;
}

static int
find_extents(struct gather *g, struct extents *x, uint32_t batch, struct err *e)
{
	size_t i;
	uint64_t k;
	int rc = 0;

	for (i = 0; i < g->units.n && rc == 0; i++)
		for (k = 0; k < g->units.v[i].nrun && rc == 0; k++) {
			char *path =
			    unit_run_path(g->units.dir, g->units.v[i].name, k);

			rc = find_in_run(g, x, path, batch, e);
			free(path);
		}
	return rc;
}

/* An extent that is being read. */
struct reading {
	int fd;
	struct run_reader r;
};

static int
open_extent(struct reading *d, const struct extent *x, char *buf, size_t cap,
    struct err *e)
{
	d->fd = open(x->path, O_RDONLY | O_CLOEXEC);
	if (d->fd < 0)
		return err_sys(e, ERR_OUTPUT, "%s", x->path);
	spill_read_file(&d->r, d->fd, x->path, &x->run, buf, cap);
	return 0;
}

static void
close_extent(struct reading *d)
{
	spill_read_end(&d->r);
	if (d->fd >= 0)
		close(d->fd);
}

static int
put_rows(struct batch_file *t,
    int (*next)(void *, struct merge_record *, struct err *),
    int (*row)(void *, struct bytes *, struct err *), void *arg, struct err *e)
{
	struct merge_record rec;
	struct bytes piece;
	int rc, more;

	while ((rc = next(arg, &rec, e)) > 0) {
		t->rows++;
		do {
			more = row(arg, &piece, e);
			if (more < 0 ||
			    out_write(t->out, piece.p, piece.n, e) < 0)
				return -1;
		} while (more > 0);
	}
	return rc;
}

static int
next_merged(void *m, struct merge_record *rec, struct err *e)
{
	return kmerge_next(m, rec, e);
}

static int
merged_row(void *m, struct bytes *piece, struct err *e)
{
	return kmerge_row(m, piece, e);
}

static int
next_sorted(void *x, struct merge_record *rec, struct err *e)
{
	return extsort_next(x, rec, e);
}

static int
sorted_row(void *x, struct bytes *piece, struct err *e)
{
	return extsort_row(x, piece, e);
}

/* They are merged as they lie there: 0, -1, or 1 where no more files may be
 * open and nothing was done. */
static int
merge_extents(struct gather *g, struct extents *x, size_t each,
    struct batch_file *t, struct err *e)
{
	struct reading *d = xcalloc(x->n + 1, sizeof(*d));
	struct kmerge_in *in = xcalloc(x->n + 1, sizeof(*in));
	struct kmerge *m = NULL;
	size_t total = 0, n = 0, i;
	int rc = -1;
	char *p;

	for (i = 0; i < x->n; i++)
		total += each + spill_room(&x->v[i].run);
	if (!pages_reserve(&g->room, total + 1)) {
		err_kind_set(
		    e, ERR_OUTPUT, "no memory for merging (%zu bytes)", total);
		goto out;
	}
	for (p = g->room.p; n < x->n; n++) {
		size_t cap = each + spill_room(&x->v[n].run);

		if (open_extent(&d[n], &x->v[n], p, cap, e) < 0) {
			rc = errno == EMFILE ? 1 : -1;
			goto out;
		}
		in[n] = spill_in(&d[n].r);
		p += cap;
	}
	m = kmerge_new(in, n);
	rc = put_rows(t, next_merged, merged_row, m, e);
out:
	kmerge_free(m);
	while (n > 0)
		close_extent(&d[--n]);
	free(d);
	free(in);
	return rc;
}

/* All rows of one extent. */
static int
sort_extent(struct extsort *s, const struct extent *x, struct pages *room,
    struct buf *key, struct buf *row, struct err *e)
{
	size_t cap = READ_MAX + spill_room(&x->run);
	struct reading d = {.fd = -1};
	struct merge_record rec;
	struct kmerge_in in;
	int rc = -1;

	if (!pages_reserve(room, cap))
		return err_kind_set(
		    e, ERR_OUTPUT, "no memory for reading (%zu bytes)", cap);
	if (open_extent(&d, x, room->p, cap, e) < 0)
		return -1;
	in = spill_in(&d.r);
	while ((rc = in.next(in.arg, &rec, e)) > 0) {
		struct bytes piece;
		int more;

		buf_clear(key);
		buf_putb(key, rec.key);
		buf_clear(row);
		do {
			more = in.row(in.arg, &piece, e);
			if (more < 0)
				goto out;
			buf_putb(row, piece);
		} while (more > 0);
		if (extsort_add(s, buf_bytes(key), buf_bytes(row), e) < 0)
			goto out;
	}
out:
	close_extent(&d);
	return rc > 0 ? -1 : rc;
}

/* They are too many for that, each is small then: sorted anew, most often in
 * memory. */
static int
sort_extents(
    struct gather *g, struct extents *x, struct batch_file *t, struct err *e)
{
	struct extsort *s = extsort_new(g->o->memory, g->o->temp_dir);
	struct buf key = BUF_ZERO, row = BUF_ZERO;
	size_t i;
	int rc = 0;

	/* the sort has the memory now */
	pages_free(&g->room);
	for (i = 0; i < x->n && rc == 0; i++)
		rc = sort_extent(s, &x->v[i], &g->room, &key, &row, e);
	pages_free(&g->room);
	if (rc == 0)
		rc = extsort_finish(s, NULL, 0, e);
	if (rc == 0)
		rc = put_rows(t, next_sorted, sorted_row, s, e);
	buf_fini(&key);
	buf_fini(&row);
	extsort_free(s);
	return rc;
}

/* May so many files be open?  The soft limit is moved for that. */
static bool
may_open(size_t n)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return false;
	if (n <= files.rlim_cur)
		return true;
	files.rlim_cur = files.rlim_max;
	return n <= files.rlim_max && setrlimit(RLIMIT_NOFILE, &files) == 0;
}

/* What each of the extents gets of the memory, or 0: they are too many to be
 * merged. */
static size_t
merge_room(const struct gather *g, const struct extents *x)
{
	size_t keys = 0, each, i;

	if (x->n == 0)
		return READ_MIN;
	for (i = 0; i < x->n; i++)
		keys += spill_room(&x->v[i].run) + EXTENT_COST;
	if (!may_open(x->n + OTHER_FILES) || keys >= g->o->memory)
		return 0;
	each = (g->o->memory - keys) / x->n;
	return each < READ_MIN ? 0 : each < READ_MAX ? each : READ_MAX;
}

static int
write_rows(
    struct gather *g, struct extents *x, struct batch_file *t, struct err *e)
{
	size_t each = merge_room(g, x);
	int rc = each ? merge_extents(g, x, each, t, e) : 1;

	if (rc > 0)
		rc = sort_extents(g, x, t, e);
	if (rc < 0)
		return -1;
	if (t->rows == x->rows)
		return 0;
	return err_kind_set(e, ERR_OUTPUT,
	    "%s: %llu rows came out of the runs, %llu went in", g->units.dir,
	    (unsigned long long)t->rows, (unsigned long long)x->rows);
}

/* From here on the runs do not have all rows any more. */
static int
begin_freeing(struct gather *g, struct err *e)
{
	char *path = freed_path(g->o->out, g->table);
	int rc = g->begun ? 0 : commit_file(path, "", 0, e);

	free(path);
	g->begun = rc == 0;
	return rc;
}

static int
free_extents(struct gather *g, const struct extents *x, struct err *e)
{
	size_t i;

	if (begin_freeing(g, e) < 0)
		return -1;
	for (i = 0; i < x->n; i++)
		runfile_free_extent(x->v[i].path, &x->v[i].run);
	return 0;
}

static int
write_batch(struct gather *g, uint32_t batch, struct extents *x, struct err *e)
{
	struct batch_file f;
	int rc = batch_file_open(&f, g->o, g->table, batch, (char)x->head.sep,
	    buf_bytes(&x->header), e);

	if (rc == 0)
		rc = write_rows(g, x, &f, e);
	if (rc == 0)
		rc = batch_file_commit(&f, e);
	if (rc == 0)
		rc = free_extents(g, x, e);
	batch_file_free(&f);
	return rc;
}

int
gather_batch(struct gather *g, uint32_t batch, struct err *e)
{
	char *shard = batch_shard(g->table, batch);
	struct extents x = {.v = NULL};
	struct record r;
	int rc = 0;

	if (load_done(g->o, shard, &r)) {
		record_fini(&r);
	} else if (batch != UNPLANNED || !is_finished(g)) {
		rc = find_extents(g, &x, batch, e);
		if (rc == 0 && (x.rows > 0 || batch != UNPLANNED))
			rc = write_batch(g, batch, &x, e);
		extents_fini(&x);
	}
	free(shard);
	return rc;
}

int
gather_used(struct gather *g, uint32_t batch, struct err *e)
{
	char *shard = batch_shard(g->table, batch);
	char *path = batch_record_path(g->o->out, shard);
	struct buf b = BUF_ZERO;
	struct record r;
	size_t i;
	int rc = record_load(&r, path, e);

	if (rc < 0)
		goto out;
	for (i = 0; i < r.nfile; i++)
		r.file[i].used = true;
	record_save(&r, &b);
	rc = commit_file(path, b.p, b.n, e);
	for (i = 0; i < r.nfile && rc == 0; i++) {
		char *file = path_in(g->o->out, r.file[i].name);

		if (unlink(file) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", file);
		free(file);
	}
	record_fini(&r);
out:
	buf_fini(&b);
	free(path);
	free(shard);
	return rc;
}

/* What of a joined file comes next. */
struct join {
	struct batch_file to;
	struct buf head; /* the first line of all */
	bool begun, headed;
};

static int
join_file(struct join *j, const char *path, struct err *e)
{
	struct in *in = in_open(path, IN_RAW, e);
	bool first = true, ended = true;
	struct bytes v;
	int rc = -1;

	if (!in)
		return -1;
	for (;;) {
		const char *nl = NULL;
		size_t min = 1, seen = 0;

		if (in_peek(in, min, &v, e) < 0)
			goto out;
		if (v.n == 0)
			break;
		while (first && v.n < JOIN_LINE && !in_at_eof(in) &&
		    !(nl = memchr(v.p + seen, '\n', v.n - seen))) {
			seen = v.n;
			if (in_peek(in, v.n + IN_BLOCK, &v, e) < 0)
				goto out;
		}
		if (first && !nl)
			nl = memchr(v.p + seen, '\n', v.n - seen);
		if (first) {
			struct bytes line =
			    bytes_of(v.p, nl ? (size_t)(nl - v.p) : v.n);
			bool whole = nl || in_at_eof(in);

			first = false;
			if (!j->begun) {
				j->begun = true;
				j->headed = whole;
				if (whole)
					buf_putb(&j->head, line);
			} else if (whole && j->headed &&
			    bytes_eq(line, buf_bytes(&j->head))) {
				in_consume(in, line.n + (nl != NULL));
				continue;
			}
		}
		for (min = 0; min < v.n; min++)
			j->to.rows += v.p[min] == '\n';
		ended = v.p[v.n - 1] == '\n';
		if (out_write(j->to.out, v.p, v.n, e) < 0)
			goto out;
		in_consume(in, v.n);
	}
	if (!ended) {
		j->to.rows++;
		if (out_write(j->to.out, "\n", 1, e) < 0)
			goto out;
	}
	rc = 0;
out:
	in_close(in);
	return rc;
}

int
gather_join(
    const struct gather_opt *o, char *const *path, size_t n, struct err *e)
{
	struct join j = {.to = {.o = o}};
	size_t i;
	int rc;

	j.to.shard = xstrdup("result");
	j.to.split = xstrdup("result");
	rc = open_file(&j.to, "result.csv", CODEC_NONE, e);
	for (i = 0; i < n && rc == 0; i++)
		rc = join_file(&j, path[i], e);
	if (rc == 0)
		rc = batch_file_commit(&j.to, e);
	batch_file_free(&j.to);
	buf_fini(&j.head);
	return rc;
}

/* Records of the batches of a table, with their files. */
static int
remove_batches(const char *out, const char *table, struct err *e)
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
		size_t i;

		if (f.name[0] == '.')
			continue;
		rc = 0;
		path = path_in(b.p, f.name);
		if (record_load(&r, path, &ignored) < 0)
			memset(&r, 0, sizeof(r));
		for (i = 0; i < r.nfile && rc == 0; i++) {
			char *file = path_in(out, r.file[i].name);

			if (unlink(file) < 0 && errno != ENOENT)
				rc = err_sys(e, ERR_OUTPUT, "%s: remove", file);
			free(file);
		}
		record_fini(&r);
		if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
		free(path);
	}
	dir_close(&d);
	buf_fini(&b);
	return rc;
}

/* The place of the shard in the list, whose numbers ascend; -1. */
static ssize_t
find_shard(char *const *path, size_t n, const char *shard)
{
	size_t lo = 0, hi = n;
	uint64_t number = strtoull(shard, NULL, 10);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t k = shard_name_parse(path[mid]).number;

		if (k == number)
			return (ssize_t)mid;
		if (k < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

/* Was it routed from these bytes, with these facts? */
static bool
record_holds(const struct gather_opt *o, const struct record *r,
    const char *path, bool verify)
{
	struct identity id;
	struct err ignored;
	uint64_t digest;

	if (!r->input || r->facts != o->facts ||
	    identity_of(path, &id, &ignored) < 0)
		return false;
	if (!verify && strcmp(r->input, path) == 0 && identity_eq(id, r->id))
		return true;
	return in_digest_file(path, &digest, &ignored) == 0 &&
	    digest == r->input_digest;
}

static bool
unit_holds(const struct gather_opt *o, const struct units *u,
    const struct unit *v, char *const *path, size_t n, bool verify,
    bool runs_needed)
{
	uint64_t k;
	size_t i;

	for (i = 0; i < v->nrec; i++) {
		ssize_t at = find_shard(path, n, v->rec[i].shard);

		if (at < 0 || !record_holds(o, &v->rec[i], path[at], verify))
			return false;
	}
	for (k = 0; runs_needed && k < v->nrun; k++) {
		char *run = unit_run_path(u->dir, v->name, k);
		bool there = access(run, F_OK) == 0;

		free(run);
		if (!there)
			return false;
	}
	return true;
}

/* 1 if the records of the batches hold, as many as there are; 0; or -1. */
static int
batches_hold(const struct gather_opt *o, const char *table, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	bool ok = true;
	struct dir d;
	int rc;

	buf_printf(&b, "%s/_batches/%s", o->out, table);
	rc = dir_open_some(&d, buf_cstr(&b), ERR_OUTPUT, e);
	while (rc >= 0 && ok && (rc = dir_next(&d, &f, e)) > 0) {
		struct err ignored;
		struct record r;
		char *path;

		if (f.name[0] == '.')
			continue;
		path = path_in(b.p, f.name);
		ok = record_load(&r, path, &ignored) == 0;
		free(path);
		if (!ok)
			break;
		ok = r.facts == o->facts && files_hold(&r, o->out);
		record_fini(&r);
	}
	dir_close(&d);
	buf_fini(&b);
	return rc < 0 ? -1 : ok;
}

/* Any unit that is left counts as routed; removes those that do not hold, or
 * all of them. */
static int
keep_units(const struct gather_opt *o, struct units *u, char *const *path,
    size_t n, bool verify, bool all, bool runs_needed, bool *todo,
    bool *removed, struct err *e)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		todo[i] = true;
	for (i = 0; i < u->n; i++) {
		struct unit *v = &u->v[i];

		if (all || !unit_holds(o, u, v, path, n, verify, runs_needed)) {
			*removed = true;
			if (unit_remove(u, v, e) < 0)
				return -1;
			continue;
		}
		for (k = 0; k < v->nrec; k++)
			todo[find_shard(path, n, v->rec[k].shard)] = false;
	}
	return 0;
}

int
gather_todo(const struct gather_opt *o, const char *table, char *const *path,
    size_t n, bool verify, bool *todo, struct err *e)
{
	char *freed = freed_path(o->out, table);
	bool begun = access(freed, F_OK) == 0, changed = false;
	struct units u;
	size_t i;
	int hold, rc;

	rc = units_load(&u, o->out, table, e);
	if (rc < 0)
		goto out;
	rc = keep_units(
	    o, &u, path, n, verify, false, !begun, todo, &changed, e);
	for (i = 0; i < n; i++)
		changed |= todo[i];
	hold = rc == 0 ? batches_hold(o, table, e) : 1;
	changed |= hold == 0;
	rc = hold < 0 ? -1 : rc;
	if (rc == 0 && changed)
		rc = commit_unseal(o->out, e);
	/* rows that were given back must be routed again */
	if (rc == 0 && changed && begun)
		rc = keep_units(
		    o, &u, path, n, verify, true, true, todo, &changed, e);
	if (rc == 0 && changed)
		rc = remove_batches(o->out, table, e);
	if (rc == 0 && changed && begun && unlink(freed) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", freed);
	if (rc < 0)
		goto out;
	units_fini(&u);
	rc = units_load(&u, o->out, table, e);
	if (rc == 0)
		rc = units_sweep(&u, e);
out:
	units_fini(&u);
	free(freed);
	return rc;
}

/* Rows of no batch are lost with the runs, unless they have their file. */
static int
check_unplanned(struct gather *g, struct err *e)
{
	char *shard = batch_shard(g->table, UNPLANNED);
	struct extents x = {.v = NULL};
	struct record r;
	int rc = 0;

	if (load_done(g->o, shard, &r))
		record_fini(&r);
	else if (!is_finished(g) &&
	    (rc = find_extents(g, &x, UNPLANNED, e)) == 0 && x.rows > 0)
		rc = err_kind_set(e, ERR_OUTPUT, "%s is not done", shard);
	extents_fini(&x);
	free(shard);
	return rc;
}

int
gather_finish(struct gather *g, struct err *e)
{
	uint32_t i;
	size_t k;
	uint64_t n;

	for (i = 0; i < g->nbatch; i++) {
		char *shard = batch_shard(g->table, i);
		struct record r;
		bool done = load_done(g->o, shard, &r);

		if (done)
			record_fini(&r);
		else
			err_kind_set(
			    e, ERR_OUTPUT, "batch %s is not done", shard);
		free(shard);
		if (!done)
			return -1;
	}
	if (check_unplanned(g, e) < 0 || begin_freeing(g, e) < 0)
		return -1;
	for (k = 0; k < g->units.n; k++)
		for (n = 0; n < g->units.v[k].nrun; n++) {
			char *path =
			    unit_run_path(g->units.dir, g->units.v[k].name, n);
			int rc = 0;

			if (unlink(path) < 0 && errno != ENOENT)
				rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
			free(path);
			if (rc < 0)
				return -1;
		}
	if (g->o->join_units && units_join(&g->units, e) < 0)
		return -1;
	return units_settled(&g->units, e);
}
