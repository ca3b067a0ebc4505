#include "io/in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "io/out.h"

/* So much that was read is given back to the page cache at a time. */
#define DROP_BYTES ((uint64_t)4 << 20)

struct raw {
	int fd;
	const char *name;
	char *buf;
	size_t pos, end;
	uint64_t total;
	bool eof;
	bool drop;
	uint64_t dropped;
	struct digest *digest;
};

struct in {
	char *name;
	struct raw raw;
	enum codec codec;
	const struct decoder *dec;
	void *dec_st;
	struct identity id;
	char *buf;
	size_t pos, end, cap;
	bool eof, file;
};

/* Reads once into p; a count, 0 at the end, -1. */
static ssize_t
raw_read(struct raw *r, char *p, size_t n, struct err *e)
{
	ssize_t k;

	do
		k = read(r->fd, p, n);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return err_sys(e, ERR_INPUT, "%s: read", r->name);
	if (k == 0)
		r->eof = true;
	r->total += (uint64_t)k;
	if (r->digest && k > 0)
		digest_add(r->digest, p, (size_t)k);
	if (r->drop && r->total - r->dropped >= DROP_BYTES) {
		posix_fadvise(r->fd, (off_t)r->dropped,
		    (off_t)(r->total - r->dropped), POSIX_FADV_DONTNEED);
		r->dropped = r->total;
	}
	return k;
}

int
raw_peek(struct raw *r, struct bytes *avail, struct err *e)
{
	if (r->pos == r->end && !r->eof) {
		ssize_t k = raw_read(r, r->buf, IN_BLOCK, e);

		if (k < 0)
			return -1;
		r->pos = 0;
		r->end = (size_t)k;
	}
	*avail = bytes_of(r->buf + r->pos, r->end - r->pos);
	return 0;
}

void
raw_consume(struct raw *r, size_t n)
{
	r->pos += n;
}

static int
name_codec(const char *path)
{
	size_t n = strlen(path);
	int c;

	for (c = CODEC_GZIP; c < CODEC_COUNT; c++) {
		const char *ext = codec_info((enum codec)c)->ext;

		if (n > strlen(ext) && strcmp(path + n - strlen(ext), ext) == 0)
			return c;
	}
	return CODEC_NONE;
}

/* Reads the first bytes and takes the codec from them. */
static int
detect(struct in *in, struct err *e)
{
	struct raw *r = &in->raw;
	int named = name_codec(in->name);

	while (r->end < 16 && !r->eof) {
		ssize_t k = raw_read(r, r->buf + r->end, IN_BLOCK - r->end, e);

		if (k < 0)
			return -1;
		r->end += (size_t)k;
	}
	in->codec = codec_of_magic(bytes_of(r->buf, r->end));
	if (named != CODEC_NONE && r->end == 0)
		return err_set(e, "%s: empty: no %s data", in->name,
		    codec_info((enum codec)named)->name);
	if (named != CODEC_NONE && (int)in->codec != named)
		return err_set(e, "%s: named %s but is not %s data", in->name,
		    codec_info((enum codec)named)->ext,
		    codec_info((enum codec)named)->name);
	in->dec = codec_info(in->codec)->dec;
	if (in->dec) {
		in->dec_st = in->dec->open(e);
		if (!in->dec_st)
			return err_prefix(e, "%s: ", in->name);
	}
	return 0;
}

static struct identity
identity_from(const struct stat *sb)
{
	return (struct identity){
	    .size = (uint64_t)sb->st_size,
	    .inode = (uint64_t)sb->st_ino,
	    .mtime_ns =
		(int64_t)sb->st_mtim.tv_sec * 1000000000 + sb->st_mtim.tv_nsec,
	};
}

/* Opens the file at path; close_raw() frees what r has, after an error too. */
static int
open_raw(struct raw *r, const char *path, struct identity *id, bool *file,
    struct err *e)
{
	bool std = strcmp(path, "-") == 0;
	struct stat sb;

	r->fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &sb) < 0)
		return err_sys(e, ERR_INPUT, "%s", r->name);
	if (S_ISDIR(sb.st_mode))
		return err_set(e, "%s: is a directory", r->name);
	*id = identity_from(&sb);
	*file = S_ISREG(sb.st_mode);
	if (!std)
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

static void
close_raw(struct raw *r)
{
	if (r->drop)
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	digest_free(r->digest);
	free(r->buf);
}

struct in *
in_open(const char *path, int flags, struct err *e)
{
	struct in *in = xcalloc(1, sizeof(*in));

	in->name = xstrdup(strcmp(path, "-") == 0 ? "standard input" : path);
	in->raw.name = in->name;
	if (open_raw(&in->raw, path, &in->id, &in->file, e) < 0)
		goto fail;
	in->raw.drop = flags & IN_DROP && in->raw.fd > STDIN_FILENO;
	in->raw.buf = xmalloc(IN_BLOCK);
	if (flags & IN_DIGEST)
		in->raw.digest = digest_new();
	in->cap = IN_BLOCK;
	in->buf = xmalloc(in->cap + IN_SLACK);
	if (!(flags & IN_RAW) && detect(in, e) < 0)
		goto fail;
	return in;
fail:
	in_close(in);
	return NULL;
}

/* Some more bytes behind end; sets eof. */
static int
fill(struct in *in, size_t room, struct err *e)
{
	struct raw *r = &in->raw;
	ssize_t k;

	if (in->dec) {
		k = in->dec->read(in->dec_st, r, in->buf + in->end, room, e);
		if (k < 0)
			return err_prefix(e, "%s: ", in->name);
	} else if (r->pos < r->end) { /* what detect() read */
		k = (ssize_t)(r->end - r->pos < room ? r->end - r->pos : room);
		memcpy(in->buf + in->end, r->buf + r->pos, (size_t)k);
		r->pos += (size_t)k;
	} else {
		k = r->eof ? 0 : raw_read(r, in->buf + in->end, room, e);
		if (k < 0)
			return -1;
	}
	in->end += (size_t)k;
	in->eof = k == 0;
	return 0;
}

int
in_peek(struct in *in, size_t min, struct bytes *v, struct err *e)
{
	size_t have = in->end - in->pos;

	if (have < min && !in->eof) {
		if (in->cap - in->pos < min) {
			memmove(in->buf, in->buf + in->pos, have);
			in->pos = 0;
			in->end = have;
		}
		if (in->cap < min) {
			in->cap = min;
			in->buf = xrealloc(in->buf, in->cap + IN_SLACK);
		}
		while (in->end - in->pos < min && !in->eof) {
			size_t room = in->cap - in->end;

			if (fill(in, room < IN_BLOCK ? room : IN_BLOCK, e) < 0)
				return -1;
		}
	}
	*v = bytes_of(in->buf + in->pos, in->end - in->pos);
	return 0;
}

void
in_consume(struct in *in, size_t n)
{
	in->pos += n;
	if (in->pos == in->end)
		in->pos = in->end = 0;
}

bool
in_end_line(struct in *in, struct bytes *v)
{
	bool lacks = in->end > in->pos && in->buf[in->end - 1] != '\n';

	if (lacks)
		in->buf[in->end++] = '\n'; /* the slack has room */
	*v = bytes_of(in->buf + in->pos, in->end - in->pos);
	return lacks;
}

bool
in_at_eof(const struct in *in)
{
	return in->eof;
}

void
in_rename(struct in *in, const char *name)
{
	free(in->name);
	in->name = xstrdup(name);
	in->raw.name = in->name;
}

const char *
in_name(const struct in *in)
{
	return in->name;
}

enum codec
in_codec(const struct in *in)
{
	return in->codec;
}

int
in_fd(const struct in *in)
{
	return in->codec == CODEC_NONE && in->file ? in->raw.fd : -1;
}

bool
in_is_file(const struct in *in)
{
	return in->file;
}

uint64_t
in_digest(const struct in *in)
{
	return digest_value(in->raw.digest);
}

uint64_t
in_raw_bytes(const struct in *in)
{
	return in->raw.total;
}

struct identity
in_identity(const struct in *in)
{
	return in->id;
}

void
in_close(struct in *in)
{
	if (!in)
		return;
	if (in->dec_st)
		in->dec->free(in->dec_st);
	close_raw(&in->raw);
	free(in->buf);
	free(in->name);
	free(in);
}

int
identity_of(const char *path, struct identity *id, struct err *e)
{
	struct stat sb;

	if (stat(path, &sb) < 0)
		return err_sys(e, ERR_INPUT, "%s", path);
	*id = identity_from(&sb);
	return 0;
}

bool
identity_eq(struct identity a, struct identity b)
{
	return a.size == b.size && a.inode == b.inode &&
	    a.mtime_ns == b.mtime_ns;
}

int
in_spool(struct in *in, const char *dir, struct err *e)
{
	int fd = out_nameless(dir);
	struct bytes v;

	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "temporary file in %s", dir);
	do {
		if (in_peek(in, IN_BLOCK, &v, e) < 0 ||
		    write_all(fd, "temporary file", v.p, v.n, e) < 0) {
			close(fd);
			return -1;
		}
		in_consume(in, v.n);
	} while (v.n > 0);
	return fd;
}

int
in_digest_file(const char *path, uint64_t *digest, struct err *e)
{
	struct raw r = {.name = path};
	struct identity id;
	ssize_t k = -1;
	bool file;

	r.buf = xmalloc(IN_BLOCK);
	r.digest = digest_new();
	if (open_raw(&r, path, &id, &file, e) == 0)
		do
			k = raw_read(&r, r.buf, IN_BLOCK, e);
		while (k > 0);
	if (k == 0)
		*digest = digest_value(r.digest);
	close_raw(&r);
	return k < 0 ? -1 : 0;
}
