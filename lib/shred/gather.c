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
#include "io/dir.h"
#include "shred/runfile.h"
#include "sort/extsort.h"

/* Descriptors that are no runs: standard ones, the batch, a lock, a codec's. */
#define OTHER_FILES 12
#define READ_MIN ((size_t)8 << 10)
#define READ_MAX ((size_t)256 << 10)
/* What an extent takes beside its buffer: its path, a digest, a leaf. */
#define EXTENT_COST ((size_t)1 << 10)

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

/* Takes the facts of the shards, which must be the same in all. */
static int
take_facts(struct gather *g, struct err *e)
{
	const struct units *u = &g->units;
	const struct record *first = NULL;
	size_t i, k;

	for (i = 0; i < u->n; i++)
		for (k = 0; k < u->v[i].nrec; k++) {
			const struct record *r = &u->v[i].rec[k];

			first = first ? first : r;
			if (r->facts != first->facts)
				return err_kind_set(e, ERR_OUTPUT,
				    "%s: shards %s and %s were routed by other "
				    "words or facts (shard-run --todo says "
				    "what is to be routed again)",
				    u->dir, first->shard, r->shard);
		}
	g->o.facts = first ? first->facts : 0;
	return 0;
}

/* Takes the form of the batches from the head of a run, as far as nobody asked
 * for another one. */
static int
take_form(struct gather *g, const struct runfile_head *h, struct err *e)
{
	struct batchfile_opt *o = &g->o;
	struct buf path = BUF_ZERO;

	if (o->format == FORMAT_UNKNOWN)
		o->format = (enum format)h->format;
	if (o->format != batchfile_format(o->format, (char)h->sep))
		return err_kind_set(e, ERR_USAGE,
		    "--format %s: the rows were routed as %s",
		    format_name(o->format),
		    format_name(batchfile_format(o->format, (char)h->sep)));
	if (o->codec < 0)
		o->codec = h->codec;
	if (o->level == 0 && o->codec == h->codec)
		o->level = h->level;
	if (codec_level((enum codec)o->codec, (uint64_t)o->level, e) < 0)
		return -1;
	if (o->format != FORMAT_PARQUET || o->types)
		return 0;
	buf_printf(&path, "%s/_context/%s", o->out, g->table);
	o->types = g->types = context_open(buf_cstr(&path), e);
	buf_fini(&path);
	return o->types ? 0 : -1;
}

/* Is a run gone?  Then gather_finish() had found everything done. */
static bool
is_finished(const struct gather *g)
{
	uint64_t gone;

	units_runs(&g->units, &gone);
	return gone > 0;
}

int
gather_open(struct gather *g, const struct batchfile_opt *o, uint64_t map,
    const char *table, struct err *e)
{
	struct runfile f;
	uint64_t gone;
	char *path;
	int rc;

	memset(g, 0, sizeof(*g));
	g->o = *o;
	g->table = table;
	g->map = map;
	if (units_load(&g->units, o->out, table, e) < 0)
		return -1;
	if (g->units.n == 0)
		return err_kind_set(e, ERR_OUTPUT,
		    "%s: no shard has been routed (shard-route)", g->units.dir);
	/* where only records are left units_join() may have left some twice */
	if ((units_runs(&g->units, &gone) > 0 &&
		check_once(&g->units, e) < 0) ||
	    take_facts(g, e) < 0)
		return -1;
	path = unit_run_path(g->units.dir, g->units.v[0].name, 0);
	rc = path_exists(path, ERR_OUTPUT, e);
	if (rc > 0) {
		rc = runfile_open(&f, path, e);
		if (rc == 0) {
			g->nbatch = f.head.nbatch;
			rc = take_form(g, &f.head, e);
		}
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
	context_close(g->types);
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
		rc = runfile_extent(&f,
		    batch == BATCH_UNPLANNED ? g->nbatch : batch, &run, &rows,
		    e);
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
put_rows(struct batchfile *t,
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
    struct batchfile *t, struct err *e)
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
    struct gather *g, struct extents *x, struct batchfile *t, struct err *e)
{
	struct extsort *s = extsort_new(g->o.memory, g->o.temp_dir);
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
	if (!may_open(x->n + OTHER_FILES) || keys >= g->o.memory)
		return 0;
	each = (g->o.memory - keys) / x->n;
	return each < READ_MIN ? 0 : each < READ_MAX ? each : READ_MAX;
}

static int
write_rows(
    struct gather *g, struct extents *x, struct batchfile *t, struct err *e)
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
	char *path = units_freed(g->o.out, g->table);
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
	struct batchfile f;
	int rc = batchfile_open(&f, &g->o, g->table, batch, (char)x->head.sep,
	    buf_bytes(&x->header), e);

	if (rc == 0)
		rc = write_rows(g, x, &f, e);
	if (rc == 0)
		rc = batchfile_commit(&f, e);
	if (rc == 0)
		rc = free_extents(g, x, e);
	batchfile_free(&f);
	return rc;
}

int
gather_batch(struct gather *g, uint32_t batch, struct err *e)
{
	char *shard = batchfile_shard(g->table, batch);
	struct extents x = {.v = NULL};
	struct record r;
	int rc = 0;

	if (batchfile_done(&g->o, shard, &r)) {
		record_fini(&r);
	} else if (batch != BATCH_UNPLANNED || !is_finished(g)) {
		rc = find_extents(g, &x, batch, e);
		if (rc == 0 && batch != BATCH_UNPLANNED && x.head.sorted)
			rc = err_kind_set(e, ERR_OUTPUT,
			    "batch %s is not done, and its rows are in no run: "
			    "route the sorted shards again",
			    shard);
		if (rc == 0 && (x.rows > 0 || batch != BATCH_UNPLANNED))
			rc = write_batch(g, batch, &x, e);
		extents_fini(&x);
	}
	free(shard);
	return rc;
}

int
gather_used(struct gather *g, uint32_t batch, struct err *e)
{
	char *shard = batchfile_shard(g->table, batch);
	char *path = batchfile_record(g->o.out, shard);
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
		char *file = batchfile_path(g->o.out, r.file[i].name);

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

/* Rows of no batch are lost with the runs, unless they have their file. */
static int
check_unplanned(struct gather *g, struct err *e)
{
	char *shard = batchfile_shard(g->table, BATCH_UNPLANNED);
	struct extents x = {.v = NULL};
	struct record r;
	int rc = 0;

	if (batchfile_done(&g->o, shard, &r))
		record_fini(&r);
	else if (!is_finished(g) &&
	    (rc = find_extents(g, &x, BATCH_UNPLANNED, e)) == 0 && x.rows > 0)
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
		char *shard = batchfile_shard(g->table, i);
		struct record r;
		bool done = batchfile_done(&g->o, shard, &r);

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
	if (g->o.join_units && units_join(&g->units, e) < 0)
		return -1;
	return units_settled(&g->units, e);
}
