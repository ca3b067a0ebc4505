#include "io/out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"

struct out {
	int fd;
	char *name;
	const struct encoder *enc;
	void *enc_st;
	const struct out_filter *filter;
	void *filter_st;
	struct digest *digest;
	uint64_t nbytes, written_back;
	bool no_writeback;
	size_t n;
	char buf[OUT_BLOCK];
};

int
write_all(int fd, const char *name, const void *p, size_t n, struct err *e)
{
	const char *s = p;

	while (n > 0) {
		ssize_t k = write(fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_sys(e, ERR_OUTPUT, "%s: write", name);
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

int
out_nameless(const char *dir)
{
	struct buf path = BUF_ZERO;
	sigset_t all, old;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), saved;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	buf_printf(&path, "%s/.tmp.shardkit.XXXXXX", dir);
	buf_cstr(&path);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	fd = mkostemp(path.p, O_CLOEXEC);
	saved = errno;
	if (fd >= 0)
		unlink(path.p);
	sigprocmask(SIG_SETMASK, &old, NULL);
	buf_fini(&path);
	errno = saved;
	return fd;
}

struct out *
out_new(int fd, const char *name, enum codec codec, int level, bool digest,
    struct err *e)
{
	struct out *o = xmalloc(sizeof(*o));
	const struct codec_info *ci = codec_info(codec);

	memset(o, 0, offsetof(struct out, buf));
	o->fd = fd;
	o->name = xstrdup(name);
	if (digest)
		o->digest = digest_new();
	o->enc = ci->enc;
	if (codec != CODEC_NONE) {
		if (!ci->enc) {
			err_kind_set(e, ERR_USAGE, "cannot write %s", ci->name);
			goto fail;
		}
		o->enc_st = ci->enc->open(level ? level : ci->default_level, e);
		if (!o->enc_st)
			goto fail;
	}
	return o;
fail:
	out_free(o);
	return NULL;
}

/* So many bytes go to the disk at a time, while the next are made: the fsync at
 * the end then waits for the last of them only. */
#define WRITEBACK ((uint64_t)8 << 20)

static void
write_back(struct out *o)
{
	uint64_t n = o->nbytes - o->written_back;

	if (n < WRITEBACK || o->no_writeback)
		return;
	/* what is no file, or a file system that cannot, waits at the end */
	o->no_writeback = sync_file_range(o->fd, (off_t)o->written_back,
			      (off_t)n, SYNC_FILE_RANGE_WRITE) < 0;
	o->written_back = o->nbytes;
}

static int
sink(void *arg, const void *p, size_t n, struct err *e)
{
	struct out *o = arg;

	if (o->digest)
		digest_add(o->digest, p, n);
	o->nbytes += n;
	if (write_all(o->fd, o->name, p, n, e) < 0)
		return -1;
	write_back(o);
	return 0;
}

static int
flush(struct out *o, const void *p, size_t n, bool last, struct err *e)
{
	if (o->enc)
		return o->enc->write(o->enc_st, p, n, last, sink, o, e);
	return n ? sink(o, p, n, e) : 0;
}

static int
put(void *arg, const void *p, size_t n, struct err *e)
{
	struct out *o = arg;
	const char *s = p;

	while (o->n + n >= OUT_BLOCK) {
		size_t k = OUT_BLOCK - o->n;

		if (o->n == 0) { /* a whole block: no need to copy it */
			if (flush(o, s, OUT_BLOCK, false, e) < 0)
				return -1;
		} else {
			memcpy(o->buf + o->n, s, k);
			o->n = 0;
			if (flush(o, o->buf, OUT_BLOCK, false, e) < 0)
				return -1;
		}
		s += k;
		n -= k;
	}
	if (n > 0)
		memcpy(o->buf + o->n, s, n);
	o->n += n;
	return 0;
}

void
out_filter(struct out *o, const struct out_filter *f, void *st)
{
	o->filter = f;
	o->filter_st = st;
}

int
out_write(struct out *o, const void *p, size_t n, struct err *e)
{
	if (n == 0)
		return 0;
	return o->filter
	    ? o->filter->write(o->filter_st, p, n, false, put, o, e)
	    : put(o, p, n, e);
}

void
out_lazy(struct out *o)
{
	o->no_writeback = true;
}

int
out_flush(struct out *o, struct err *e)
{
	size_t n = o->n;

	o->n = 0;
	return flush(o, o->buf, n, false, e);
}

static int
end(struct out *o, struct err *e)
{
	size_t n;

	if (o->filter &&
	    o->filter->write(o->filter_st, "", 0, true, put, o, e) < 0)
		return -1;
	n = o->n;
	o->n = 0;
	return flush(o, o->buf, n, true, e);
}

int
out_release(struct out *o, int *fd, struct err *e)
{
	if (end(o, e) < 0)
		return -1;
	(void)sync_file_range(
	    o->fd, (off_t)o->written_back, 0, SYNC_FILE_RANGE_WRITE);
	*fd = o->fd;
	o->fd = -1;
	return 0;
}

int
out_finish(struct out *o, bool sync, struct err *e)
{
	int fd = o->fd;

	if (end(o, e) < 0)
		return -1;
	if (sync && fsync(fd) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: fsync", o->name);
	o->fd = -1;
	if (close(fd) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: close", o->name);
	return 0;
}

uint64_t
out_bytes(const struct out *o)
{
	return o->nbytes;
}

uint64_t
out_digest(const struct out *o)
{
	return digest_value(o->digest);
}

void
out_free(struct out *o)
{
	if (!o)
		return;
	if (o->enc_st)
		o->enc->free(o->enc_st);
	if (o->filter_st)
		o->filter->free(o->filter_st);
	if (o->fd > STDERR_FILENO)
		close(o->fd);
	digest_free(o->digest);
	free(o->name);
	free(o);
}
