#include "shred/runfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/out.h"

static const char magic[8] = "shrdrun2";

struct entry {
	uint64_t off, len, rows, digest, key_max, check;
};
_Static_assert(sizeof(struct entry) == 48, "as runfile.h says");

struct runfile_writer {
	struct commit *c;
	struct out *out;
	struct entry *table;
	uint32_t nbatch, at; /* the batch being written */
	uint64_t off;
	struct digest *digest;
	struct buf buf;  /* what is not written yet */
	size_t digested; /* of it */
	bool sync;
};

/* Records are put together in blocks, as the output has them, but large ones.
 */
#define RUN_SMALL ((size_t)64 << 10)

/* An entry is good for its own batch only. */
static uint64_t
entry_check(const struct entry *x, uint32_t batch)
{
	return digest_of_seeded(x, offsetof(struct entry, check), batch);
}

static uint64_t
head_check(const struct runfile_head *h, struct bytes header)
{
	return digest_of_seeded(header.p, header.n,
	    digest_of(h, offsetof(struct runfile_head, check)));
}

struct runfile_writer *
runfile_new(const char *path, const struct runfile_head *head,
    struct bytes header, bool sync, struct err *e)
{
	struct runfile_writer *w = xcalloc(1, sizeof(*w));
	struct runfile_head h = *head;

	memcpy(h.magic, magic, sizeof(magic));
	h.header = (uint32_t)header.n;
	h.check = head_check(&h, header);
	w->nbatch = h.nbatch;
	w->table = xcalloc((size_t)w->nbatch + 1, sizeof(*w->table));
	w->digest = digest_new();
	buf_reserve(&w->buf, OUT_BLOCK + RUN_SMALL);
	w->off = sizeof(h) + header.n;
	w->table[0].off = w->off;
	w->c = commit_new(path, e);
	if (w->c)
		w->out =
		    out_new(commit_fd(w->c), path, CODEC_NONE, 0, false, e);
	w->sync = sync;
	if (w->out && !sync)
		out_lazy(w->out);
	if (!w->out) {
		runfile_free(w);
		return NULL;
	}
	buf_put(&w->buf, &h, sizeof(h));
	buf_putb(&w->buf, header);
	w->digested = w->buf.n;
	return w;
}

/* Small pieces would take the digest longer than the copying here. */
static void
digest_rest(struct runfile_writer *w)
{
	digest_add(w->digest, w->buf.p + w->digested, w->buf.n - w->digested);
	w->digested = w->buf.n;
}

/* The first n bytes go to the output: a whole block is not copied there. */
static int
flush(struct runfile_writer *w, size_t n, struct err *e)
{
	digest_rest(w);
	if (out_write(w->out, w->buf.p, n, e) < 0)
		return -1;
	w->buf.n -= n;
	w->digested = w->buf.n;
	memmove(w->buf.p, w->buf.p + n, w->buf.n);
	return 0;
}

/* Ends the batches before this one. */
static void
advance(struct runfile_writer *w, uint32_t batch)
{
	for (; w->at < batch; w->at++) {
		struct entry *x = &w->table[w->at];

		digest_rest(w);
		x->len = w->off - x->off;
		x->digest = digest_value(w->digest);
		x->check = entry_check(x, w->at);
		digest_reset(w->digest);
		if (w->at < w->nbatch)
			x[1].off = w->off;
	}
}

int
runfile_put(struct runfile_writer *w, uint32_t batch, struct bytes record,
    size_t nkey, struct err *e)
{
	struct entry *x = &w->table[batch];

	assert(batch >= w->at && batch <= w->nbatch);
	advance(w, batch);
	x->rows++;
	if (nkey > x->key_max)
		x->key_max = nkey;
	w->off += record.n;
	if (LIKELY(record.n <= RUN_SMALL)) {
		buf_putb(&w->buf, record);
		return w->buf.n < OUT_BLOCK ? 0 : flush(w, OUT_BLOCK, e);
	}
	if (flush(w, w->buf.n, e) < 0)
		return -1;
	digest_add(w->digest, record.p, record.n);
	return out_write(w->out, record.p, record.n, e);
}

int
runfile_finish(struct runfile_writer *w, struct err *e)
{
	advance(w, w->nbatch + 1);
	if (flush(w, w->buf.n, e) < 0 ||
	    out_write(w->out, w->table,
		((size_t)w->nbatch + 1) * sizeof(*w->table), e) < 0 ||
	    out_finish(w->out, w->sync, e) < 0)
		return -1;
	out_free(w->out);
	w->out = NULL;
	free(w->table);
	w->table = NULL;
	buf_fini(&w->buf);
	return 0;
}

int
runfile_rename(struct runfile_writer *w, struct err *e)
{
	return commit_rename(w->c, e);
}

void
runfile_free(struct runfile_writer *w)
{
	if (!w)
		return;
	out_free(w->out);
	buf_fini(&w->buf);
	commit_free(w->c);
	digest_free(w->digest);
	free(w->table);
	free(w);
}

/* n bytes at off, all of them. */
static int
read_at(
    const struct runfile *f, void *to, size_t n, uint64_t off, struct err *e)
{
	char *p = to;

	while (n > 0) {
		ssize_t k = pread(f->fd, p, n, (off_t)off);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, ERR_OUTPUT, "%s: read", f->path);
		if (k == 0)
			return err_kind_set(
			    e, ERR_OUTPUT, "%s: truncated run", f->path);
		p += k;
		off += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

static int
damaged(const struct runfile *f, const char *what, struct err *e)
{
	return err_kind_set(
	    e, ERR_OUTPUT, "%s: damaged run: %s", f->path, what);
}

static uint64_t
table_size(const struct runfile *f)
{
	return ((uint64_t)f->head.nbatch + 1) * sizeof(struct entry);
}

int
runfile_open(struct runfile *f, const char *path, struct err *e)
{
	struct stat sb;

	memset(f, 0, sizeof(*f));
	f->path = xstrdup(path);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &sb) < 0) {
		err_sys(e, ERR_OUTPUT, "%s", path);
		goto fail;
	}
	f->size = (uint64_t)sb.st_size;
	if (read_at(f, &f->head, sizeof(f->head), 0, e) < 0)
		goto fail;
	if (memcmp(f->head.magic, magic, sizeof(magic)) != 0 ||
	    sizeof(f->head) + f->head.header + table_size(f) > f->size) {
		damaged(f, "its head", e);
		goto fail;
	}
	buf_reserve(&f->header, f->head.header + 1);
	f->header.n = f->head.header;
	if (read_at(f, f->header.p, f->header.n, sizeof(f->head), e) < 0)
		goto fail;
	if (f->head.check == head_check(&f->head, buf_bytes(&f->header)))
		return 0;
	damaged(f, "its header", e);
fail:
	runfile_close(f);
	return -1;
}

void
runfile_close(struct runfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	buf_fini(&f->header);
	*f = RUNFILE_CLOSED;
}

int
runfile_extent(const struct runfile *f, uint32_t batch, struct run_extent *x,
    uint64_t *rows, struct err *e)
{
	uint64_t table = f->size - table_size(f);
	struct entry v;

	assert(batch <= f->head.nbatch);
	if (read_at(f, &v, sizeof(v), table + batch * sizeof(v), e) < 0)
		return -1;
	if (v.check != entry_check(&v, batch) || v.off > table ||
	    v.len > table - v.off || v.key_max > v.len)
		return damaged(f, "its table", e);
	*x = (struct run_extent){v.off, v.len, v.digest, (size_t)v.key_max};
	*rows = v.rows;
	return 0;
}

void
runfile_free_extent(const char *path, const struct run_extent *x)
{
	int fd = x->len ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	/* where it cannot be done the space is free when the run is removed */
	(void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    (off_t)x->off, (off_t)x->len);
	close(fd);
}
