#include "sort/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/out.h"
#include "sort/sortbuf.h"

/* Runs begin at multiples of this, so that they can be given back whole. */
#define BLOCK ((uint64_t)4096)
/* So much is given back at a time. */
#define FREE_STEP ((uint64_t)1 << 20)

struct spill {
	int fd;
	char *name; /* for messages */
	uint64_t end;
	bool can_free;
	/* the run being written */
	struct run_extent run;
	struct digest *digest;
	char *buf;
	size_t n, cap;
};

struct spill *
spill_open(const char *dir, struct err *e)
{
	struct spill *s = xcalloc(1, sizeof(*s));
	struct buf name = BUF_ZERO;

	buf_printf(&name,
	    "temporary file in %s (--temp-dir names another directory)", dir);
	s->name = buf_release(&name);
	s->digest = digest_new();
	s->can_free = true;
	s->fd = out_nameless(dir);
	if (s->fd < 0) {
		err_sys(e, ERR_OUTPUT, "%s", s->name);
		spill_close(s);
		return NULL;
	}
	return s;
}

void
spill_close(struct spill *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	digest_free(s->digest);
	free(s->name);
	free(s);
}

void
spill_begin(struct spill *s, char *buf, size_t cap)
{
	s->end = (s->end + BLOCK - 1) / BLOCK * BLOCK;
	s->run = (struct run_extent){.off = s->end};
	s->buf = buf;
	s->cap = cap;
	s->n = 0;
	digest_reset(s->digest);
}

static int
write_out(struct spill *s, const char *p, size_t n, struct err *e)
{
	digest_add(s->digest, p, n);
	while (n > 0) {
		ssize_t k = pwrite(s->fd, p, n, (off_t)s->end);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, ERR_OUTPUT, "%s: write", s->name);
		s->end += (uint64_t)k;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
spill_put(struct spill *s, const void *p, size_t n, struct err *e)
{
	s->run.len += n;
	if (n > s->cap - s->n) {
		if (write_out(s, s->buf, s->n, e) < 0)
			return -1;
		s->n = 0;
		if (n >= s->cap)
			return write_out(s, p, n, e);
	}
	memcpy(s->buf + s->n, p, n);
	s->n += n;
	return 0;
}

int
spill_end(
    struct spill *s, size_t key_max, struct run_extent *run, struct err *e)
{
	if (write_out(s, s->buf, s->n, e) < 0)
		return -1;
	s->run.digest = digest_value(s->digest);
	s->run.key_max = key_max;
	*run = s->run;
	return 0;
}

size_t
spill_room(const struct run_extent *run)
{
	return run->key_max + RECORD_HEAD;
}

void
spill_read(struct run_reader *r, struct spill *s, const struct run_extent *run,
    char *buf, size_t cap)
{
	spill_read_file(r, s->fd, s->name, run, buf, cap);
	r->can_free = &s->can_free;
}

void
spill_read_file(struct run_reader *r, int fd, const char *name,
    const struct run_extent *run, char *buf, size_t cap)
{
	assert(cap >= spill_room(run));
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->name = name;
	r->run = run;
	r->digest = digest_new();
	r->buf = buf;
	r->cap = cap;
	r->at = r->freed = run->off;
}

void
spill_read_end(struct run_reader *r)
{
	digest_free(r->digest);
	r->digest = NULL;
}

static int
damaged(const struct run_reader *r, struct err *e)
{
	return err_kind_set(e, ERR_OUTPUT,
	    "%s: damaged: what is read is not what was written", r->name);
}

/* Gives back what was read; all of it when last. */
static void
give_back(struct run_reader *r, bool last)
{
	uint64_t end =
	    last ? (r->at + BLOCK - 1) / BLOCK * BLOCK : r->at / BLOCK * BLOCK;

	if (!r->can_free || !*r->can_free ||
	    (!last && end - r->freed < FREE_STEP))
		return;
	/* a file system that cannot keeps it until the end */
	if (end > r->freed &&
	    fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		(off_t)r->freed, (off_t)(end - r->freed)) < 0)
		*r->can_free = false;
	r->freed = end;
}

/* Reads on behind what is in the buffer. */
static int
fill(struct run_reader *r, struct err *e)
{
	uint64_t left = r->run->off + r->run->len - r->at;
	size_t n;
	ssize_t k;

	memmove(r->buf, r->buf + r->pos, r->end - r->pos);
	r->end -= r->pos;
	r->pos = 0;
	n = r->cap - r->end;
	if (n > left)
		n = (size_t)left;
	while (n > 0) {
		k = pread(r->fd, r->buf + r->end, n, (off_t)r->at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, ERR_OUTPUT, "%s: read", r->name);
		if (k == 0)
			return damaged(r, e);
		digest_add(r->digest, r->buf + r->end, (size_t)k);
		r->at += (uint64_t)k;
		r->end += (size_t)k;
		n -= (size_t)k;
	}
	give_back(r, r->at == r->run->off + r->run->len);
	return 0;
}

/* A piece of the row that the reader stands in. */
static int
reader_row(void *arg, struct bytes *piece, struct err *e)
{
	struct run_reader *r = arg;
	size_t n;

	if (r->pos == r->end && r->row_left > 0 && fill(r, e) < 0)
		return -1;
	n = r->end - r->pos;
	if (n > r->row_left)
		n = (size_t)r->row_left;
	*piece = bytes_of(r->buf + r->pos, n);
	r->pos += n;
	r->row_left -= n;
	if (n == 0 && r->row_left > 0)
		return damaged(r, e);
	return r->row_left > 0;
}

static int
reader_next(void *arg, struct merge_record *rec, struct err *e)
{
	struct run_reader *r = arg;
	uint64_t end = r->run->off + r->run->len, nkey, nrow;
	struct bytes skipped;
	const char *p, *last;
	size_t a, b;

	while (r->row_left > 0)
		if (reader_row(r, &skipped, e) < 0)
			return -1;
	for (;;) {
		p = r->buf + r->pos;
		last = r->buf + r->end;
		a = length_get(p, last, &nkey);
		b = a ? length_get(p + a, last, &nrow) : 0;
		if (b && nkey <= (uint64_t)(last - p) - a - b)
			break;
		if (r->at == end) {
			if (p == last &&
			    digest_value(r->digest) == r->run->digest)
				return 0;
			return damaged(r, e);
		}
		if (r->pos == 0 && r->end == r->cap)
			return damaged(r, e);
		if (fill(r, e) < 0)
			return -1;
	}
	*rec = (struct merge_record){bytes_of(p + a + b, nkey), nrow};
	r->pos += a + b + nkey;
	r->row_left = nrow;
	return 1;
}

struct kmerge_in
spill_in(struct run_reader *r)
{
	return (struct kmerge_in){reader_next, reader_row, r};
}
