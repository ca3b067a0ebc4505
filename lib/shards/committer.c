#include "shards/committer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/dir.h"
#include "io/out.h"

/* So many files wait at most, and no more than a quarter of the descriptors
 * that a process may have; and so many bytes, of which the disk has most by
 * then. */
#define FILES_MAX 24
#define BYTES_MAX ((uint64_t)32 << 20)

struct waiting {
	struct record rec, old;
	char *out, *path; /* of the record */
	char *aside;      /* where the old one is; NULL: there was none */
	struct committer_file *file; /* and the record, in the end */
	size_t nfile;
};

struct committer {
	struct waiting *v;
	size_t n, cap, nfile, max_files;
	uint64_t bytes;
};

struct committer *
committer_new(void)
{
	struct committer *k = xcalloc(1, sizeof(*k));
	struct rlimit files;

	k->max_files = FILES_MAX;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur / 4 < k->max_files)
		k->max_files = (size_t)files.rlim_cur / 4;
	return k;
}

static void
waiting_fini(struct waiting *w)
{
	size_t i;

	for (i = 0; i < w->nfile; i++) {
		if (w->file[i].fd >= 0)
			close(w->file[i].fd);
		commit_free(w->file[i].c);
	}
	free(w->file);
	free(w->out);
	free(w->path);
	free(w->aside);
	record_fini(&w->rec);
	record_fini(&w->old);
}

static void
drop_all(struct committer *k)
{
	while (k->n > 0)
		waiting_fini(&k->v[--k->n]);
	k->nfile = 0;
	k->bytes = 0;
}

void
committer_free(struct committer *k)
{
	if (!k)
		return;
	drop_all(k);
	free(k->v);
	free(k);
}

static int
sync_files(struct waiting *w, struct err *e)
{
	size_t i;

	for (i = 0; i < w->nfile; i++) {
		struct committer_file *f = &w->file[i];
		int fd = f->fd;

		if (fd < 0)
			continue;
		f->fd = -1;
		if (fsync(fd) < 0) {
			err_sys(e, ERR_OUTPUT, "%s: fsync", commit_path(f->c));
			close(fd);
			return -1;
		}
		if (close(fd) < 0)
			return err_sys(
			    e, ERR_OUTPUT, "%s: close", commit_path(f->c));
	}
	return 0;
}

/* The record that is there is one no longer; what it said is kept. */
static int
put_aside(struct waiting *w, struct commit_dirs *d, struct err *e)
{
	struct err ignored;

	int rc = path_exists(w->path, ERR_OUTPUT, e);

	if (rc <= 0)
		return rc;
	/* a damaged old record names nothing that could be removed */
	if (record_load(&w->old, w->path, &ignored) < 0)
		memset(&w->old, 0, sizeof(w->old));
	w->aside = commit_temp_path(w->path);
	if (rename(w->path, w->aside) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: rename", w->path);
	commit_dirs_add(d, w->path);
	return 0;
}

/* The files, or the record, which is the last. */
static int
rename_some(struct waiting *w, size_t from, size_t end, struct commit_dirs *d,
    struct err *e)
{
	size_t i;

	for (i = from; i < end; i++) {
		if (commit_rename(w->file[i].c, e) < 0)
			return -1;
		commit_dirs_add(d, commit_path(w->file[i].c));
	}
	return 0;
}

static bool
names(const struct record *r, const char *file)
{
	size_t i;

	for (i = 0; i < r->nfile; i++)
		if (strcmp(r->file[i].name, file) == 0)
			return true;
	return false;
}

/* Removes the files that r names, but those that but does (or NULL). */
static int
remove_files(const struct waiting *w, const struct record *r,
    const struct record *but, struct commit_dirs *d, struct err *e)
{
	size_t i;

	for (i = 0; i < r->nfile; i++) {
		struct buf b = BUF_ZERO;
		int rc = 0;

		if (but && names(but, r->file[i].name))
			continue;
		buf_printf(&b, "%s/%s", w->out, r->file[i].name);
		if (unlink(buf_cstr(&b)) == 0)
			commit_dirs_add(d, b.p);
		else if (errno != ENOENT && errno != ENOTDIR)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", b.p);
		buf_fini(&b);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* A shard that did not come to its end has no record: nor has it files. */
static void
take_back(const struct waiting *w)
{
	struct commit_dirs d = COMMIT_DIRS_ZERO;
	struct err ignored;
	int rc = path_exists(w->path, ERR_OUTPUT, &ignored);

	if (rc == 0) {
		rc = remove_files(w, &w->rec, NULL, &d, &ignored);
		if (rc == 0)
			rc = remove_files(w, &w->old, NULL, &d, &ignored);
		rc = commit_dirs_sync(&d, rc, &ignored);
	}
	/* where it failed, the old record still tells of them */
	if (rc >= 0 && w->aside)
		unlink(w->aside);
}

/* The record in a temp file, behind the others. */
static int
write_record(struct waiting *w, struct err *e)
{
	struct committer_file *f = &w->file[w->nfile];
	struct buf b = BUF_ZERO;
	int rc;

	f->c = commit_new(w->path, e);
	if (!f->c)
		return -1;
	w->nfile++;
	f->fd = commit_fd(f->c);
	record_save(&w->rec, &b);
	rc = write_all(f->fd, w->path, b.p, b.n, e);
	buf_fini(&b);
	if (rc == 0)
		(void)sync_file_range(f->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return rc;
}

/* From files under temp names to shards that are done. */
static int
put_in_place(struct committer *k, struct err *e)
{
	struct commit_dirs d = COMMIT_DIRS_ZERO;
	size_t i;
	int rc = 0;

	for (i = 0; i < k->n && rc == 0; i++)
		rc = put_aside(&k->v[i], &d, e);
	rc = commit_dirs_sync(&d, rc, e);
	for (i = 0; i < k->n && rc == 0; i++)
		rc = rename_some(&k->v[i], 0, k->v[i].nfile - 1, &d, e);
	for (i = 0; i < k->n && rc == 0; i++)
		rc = remove_files(&k->v[i], &k->v[i].old, &k->v[i].rec, &d, e);
	rc = commit_dirs_sync(&d, rc, e);
	for (i = 0; i < k->n && rc == 0; i++)
		rc = rename_some(
		    &k->v[i], k->v[i].nfile - 1, k->v[i].nfile, &d, e);
	rc = commit_dirs_sync(&d, rc, e);
	for (i = 0; i < k->n; i++)
		if (rc < 0)
			take_back(&k->v[i]);
		else if (k->v[i].aside)
			unlink(k->v[i].aside);
	return rc;
}

int
committer_flush(struct committer *k, struct err *e)
{
	sigset_t signals;
	size_t i;
	int rc = 0;

	if (k->n == 0)
		return 0;
	for (i = 0; i < k->n && rc == 0; i++)
		rc = sync_files(&k->v[i], e);
	for (i = 0; i < k->n && rc == 0; i++)
		rc = write_record(&k->v[i], e);
	for (i = 0; i < k->n && rc == 0; i++)
		rc = sync_files(&k->v[i], e);
	for (i = 0; i < k->n && rc == 0; i++)
		if (i == 0 || strcmp(k->v[i].out, k->v[i - 1].out) != 0)
			rc = commit_unseal(k->v[i].out, e);
	if (rc == 0) {
		commit_hold(&signals);
		rc = put_in_place(k, e);
		commit_release(&signals);
	}
	drop_all(k);
	return rc;
}

int
committer_add(struct committer *k, const char *out, struct record *rec,
    const struct committer_file *file, size_t n, struct err *e)
{
	char *path = record_path(out, rec->shard);
	struct waiting *w;
	size_t i;
	int rc = 0;

	/* two that are one shard go one after the other */
	for (i = 0; i < k->n; i++)
		if (strcmp(k->v[i].path, path) == 0) {
			rc = committer_flush(k, e);
			break;
		}
	if (k->n == k->cap) {
		k->cap = 2 * k->cap + 8;
		k->v = xrealloc(k->v, k->cap * sizeof(*k->v));
	}
	w = &k->v[k->n++];
	memset(w, 0, sizeof(*w));
	w->rec = *rec;
	memset(rec, 0, sizeof(*rec));
	w->out = xstrdup(out);
	w->path = path;
	w->file = xcalloc(n + 1, sizeof(*w->file));
	memcpy(w->file, file, n * sizeof(*file));
	w->nfile = n;
	k->nfile += n + 1;
	for (i = 0; i < w->rec.nfile; i++)
		k->bytes += w->rec.file[i].bytes;
	if (rc == 0 && (k->nfile >= k->max_files || k->bytes >= BYTES_MAX))
		rc = committer_flush(k, e);
	return rc;
}
