#include "keys/firstrows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "io/commit.h"
#include "io/out.h"

#define MAGIC "SHARDFR1"
#define DATA ((uint64_t)4096)

struct header {
	char magic[8];
	uint64_t one, nshards, keys;
	uint64_t table_off, table_digest;
	uint64_t digest; /* over the fields before */
};

struct entry {
	uint64_t number, rows, off, digest;
};

struct firstrows {
	char *path;
	const char *map;
	size_t size;
	const struct header *h;
	const struct entry *shard; /* by number */
};

static uint64_t
bits_len(uint64_t rows)
{
	return (rows + 63) / 64 * 8;
}

static int
damaged(const struct firstrows *f, const char *what, struct err *e)
{
	return err_set(e,
	    "%s: damaged: %s (make it again: shard-stats --merge)", f->path,
	    what);
}

struct firstrows *
firstrows_open(const char *path, struct err *e)
{
	struct firstrows *f = xcalloc(1, sizeof(*f));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct header *h;
	struct stat sb;
	void *map;

	f->path = xstrdup(path);
	if (fd < 0 || fstat(fd, &sb) < 0) {
		err_sys(e, ERR_INPUT, "%s", path);
		goto fail;
	}
	f->size = (size_t)sb.st_size;
	if (f->size < DATA) {
		damaged(f, "too short", e);
		goto fail;
	}
	map = mmap(NULL, f->size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		err_sys(e, ERR_INPUT, "%s: mmap", path);
		goto fail;
	}
	close(fd);
	fd = -1;
	f->map = map;
	f->h = h = map;
	if (memcmp(h->magic, MAGIC, 8) != 0 ||
	    digest_of(h, offsetof(struct header, digest)) != h->digest) {
		damaged(f, "bad header", e);
		goto fail;
	}
	/* its digest says that it is whole, not who made it */
	if (h->table_off > f->size || h->table_off % 8 != 0 ||
	    (f->size - h->table_off) % sizeof(*f->shard) != 0 ||
	    (f->size - h->table_off) / sizeof(*f->shard) != h->nshards) {
		damaged(f, "wrong size", e);
		goto fail;
	}
	f->shard = (const struct entry *)(const void *)(f->map + h->table_off);
	if (digest_of(f->shard, h->nshards * sizeof(*f->shard)) !=
	    h->table_digest) {
		damaged(f, "bad shard table", e);
		goto fail;
	}
	return f;
fail:
	if (fd >= 0)
		close(fd);
	firstrows_close(f);
	return NULL;
}

void
firstrows_close(struct firstrows *f)
{
	if (!f)
		return;
	if (f->map)
		munmap((void *)(uintptr_t)f->map, f->size);
	free(f->path);
	free(f);
}

uint64_t
firstrows_keys(const struct firstrows *f)
{
	return f->h->keys;
}

bool
firstrows_one(const struct firstrows *f)
{
	return f->h->one != 0;
}

int
firstrows_find(
    struct firstrows *f, uint64_t number, struct rowbits *bits, struct err *e)
{
	uint64_t lo = 0, hi = f->h->nshards;
	const struct entry *s;

	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;

		if (f->shard[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	s = &f->shard[lo];
	if (lo == f->h->nshards || s->number != number)
		return err_set(e, "%s: shard %llu is not in it", f->path,
		    (unsigned long long)number);
	if (s->off % 8 != 0 || s->off > f->h->table_off ||
	    s->rows > (f->h->table_off - s->off) * 8)
		return damaged(f, "bits outside of it", e);
	bits->word = (const uint64_t *)(const void *)(f->map + s->off);
	bits->rows = s->rows;
	return digest_of(bits->word, bits_len(s->rows)) == s->digest
	    ? 0
	    : damaged(f, "bad bits", e);
}

struct firstrows_writer {
	struct commit *c;
	int fd;
	char *map;
	struct header h;
	struct entry *shard;
};

struct firstrows_writer *
firstrows_create(const char *path, bool one, const uint64_t *shards,
    const uint64_t *rows, size_t nshards, struct err *e)
{
	struct firstrows_writer *w = xcalloc(1, sizeof(*w));
	uint64_t off = DATA;
	size_t i;
	void *map;
	int rc;

	w->shard = xcalloc(nshards + 1, sizeof(*w->shard));
	for (i = 0; i < nshards; i++) {
		w->shard[i] = (struct entry){shards[i], rows[i], off, 0};
		off += bits_len(rows[i]);
	}
	memcpy(w->h.magic, MAGIC, 8);
	w->h.one = one;
	w->h.nshards = nshards;
	w->h.table_off = off;
	w->fd = -1;
	w->c = commit_new(path, e);
	if (!w->c)
		goto fail;
	w->fd = commit_fd(w->c);
	/* a full disk is seen here, not as a signal at some bit */
	rc = posix_fallocate(w->fd, 0, (off_t)off);
	if (rc != 0) {
		errno = rc;
		err_sys(e, ERR_OUTPUT, "%s: write", path);
		goto fail;
	}
	map = mmap(NULL, off, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	if (map == MAP_FAILED) {
		err_sys(e, ERR_OUTPUT, "%s: mmap", path);
		goto fail;
	}
	w->map = map;
	return w;
fail:
	firstrows_writer_free(w);
	return NULL;
}

static uint64_t *
word_of(const struct firstrows_writer *w, uint32_t ordinal, uint64_t row)
{
	return (uint64_t *)(void *)(w->map + w->shard[ordinal].off) + row / 64;
}

bool
firstrows_set(struct firstrows_writer *w, uint32_t ordinal, uint64_t row)
{
	if (ordinal >= w->h.nshards || row >= w->shard[ordinal].rows)
		return false;
	/* other processes set bits of the same word */
	__atomic_fetch_or(word_of(w, ordinal, row), UINT64_C(1) << row % 64,
	    __ATOMIC_RELAXED);
	return true;
}

bool
firstrows_get(const struct firstrows_writer *w, uint32_t ordinal, uint64_t row)
{
	return ordinal < w->h.nshards && row < w->shard[ordinal].rows &&
	    (*word_of(w, ordinal, row) >> row % 64 & 1);
}

int
firstrows_finish(struct firstrows_writer *w, uint64_t keys, struct err *e)
{
	struct header *h = &w->h;
	uint64_t size = h->nshards * sizeof(*w->shard);
	size_t i;

	for (i = 0; i < h->nshards; i++)
		w->shard[i].digest = digest_of(
		    w->map + w->shard[i].off, bits_len(w->shard[i].rows));
	h->keys = keys;
	h->table_digest = digest_of(w->shard, size);
	h->digest = digest_of(h, offsetof(struct header, digest));
	memcpy(w->map, h, sizeof(*h));
	if (lseek(w->fd, (off_t)h->table_off, SEEK_SET) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: write", commit_path(w->c));
	if (write_all(w->fd, commit_path(w->c), w->shard, size, e) < 0)
		return -1;
	if (msync(w->map, h->table_off, MS_SYNC) < 0 || fsync(w->fd) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: write", commit_path(w->c));
	if (commit_rename(w->c, e) < 0)
		return -1;
	return commit_sync_dir(commit_path(w->c), e);
}

void
firstrows_writer_free(struct firstrows_writer *w)
{
	if (!w)
		return;
	if (w->map)
		munmap(w->map, w->h.table_off);
	if (w->fd >= 0)
		close(w->fd);
	commit_free(w->c);
	free(w->shard);
	free(w);
}
