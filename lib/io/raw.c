#include "io/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much that was read is given back to the page cache at a time. */
#define DROP_BYTES ((uint64_t)4 << 20)

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

int
raw_open(struct raw *r, const char *path, struct identity *id, struct err *e)
{
	bool std = strcmp(path, "-") == 0;
	struct stat sb;

	r->fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &sb) < 0)
		return err_sys(e, ERR_INPUT, "%s", r->name);
	if (S_ISDIR(sb.st_mode))
		return err_set(e, "%s: is a directory", r->name);
	*id = identity_from(&sb);
	if (!std)
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void
raw_close(struct raw *r)
{
	if (r->drop)
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	digest_free(r->digest);
	free(r->buf);
}

ssize_t
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
		ssize_t k = raw_read(r, r->buf, RAW_BLOCK, e);

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
