#include "io/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/codec.h"
#include "io/dl.h"
#include "io/in.h"

#define TAR_BLOCK 512

struct libarchive {
	void *lib;
	FUNC(archive_read_new);
	FUNC(archive_read_free);
	FUNC(archive_read_support_format_tar);
	FUNC(archive_read_support_format_gnutar);
	FUNC(archive_read_support_format_zip_seekable);
	FUNC(archive_read_open);
	FUNC(archive_read_open_fd);
	FUNC(archive_read_next_header);
	FUNC(archive_read_header_position);
	FUNC(archive_read_data);
	FUNC(archive_error_string);
	FUNC(archive_entry_filetype);
	FUNC(archive_entry_hardlink);
	FUNC(archive_entry_pathname);
	FUNC(archive_entry_pathname_utf8);
	FUNC(archive_entry_size);
	FUNC(archive_entry_sparse_count);
	FUNC(archive_entry_symlink);
};

struct members {
	char *path;
	struct libarchive a;
	struct archive *ar;
	int fd;        /* of a plain tar or a zip */
	struct in *in; /* of a compressed tar */
	struct err in_err;
	bool zip, sparse;
	locale_t utf8; /* what names are written in, for libarchive; or 0 */
	uint64_t left; /* of the member, as its header says */
	/* Of the unpacked tar: what was handed out, and where its last byte is
	 * that is not zero. */
	size_t handed;
	uint64_t total, nonzero;
};

/* The end of a name that is an archive's, longest first: ".tar.gz". */
static size_t
archive_ext(const char *p, size_t n)
{
	static const char *const ends[] = {
	    ".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".zip"};
	size_t i, k;
	int c;

	for (i = 0; i < LEN(ends); i++) {
		k = strlen(ends[i]);
		if (n > k && memcmp(p + n - k, ends[i], k) == 0 &&
		    p[n - k - 1] != '/')
			return k;
	}
	for (c = CODEC_GZIP; c < CODEC_COUNT; c++) {
		const char *ext = codec_info((enum codec)c)->ext;

		k = strlen(ext);
		if (n > k + 4 && memcmp(p + n - k, ext, k) == 0 &&
		    memcmp(p + n - k - 4, ".tar", 4) == 0 &&
		    p[n - k - 5] != '/')
			return k + 4;
	}
	return 0;
}

bool
archive_named(const char *path)
{
	return archive_ext(path, strlen(path)) > 0;
}

/* Refuses the n bytes of path that name an archive, unless there is a directory
 * or nothing. */
static int
refuse(const char *path, size_t n, struct err *e)
{
	char *archive;
	struct stat sb;
	int rc = 0;

	if (archive_ext(path, n) == 0)
		return 0;
	archive = xstrndup(path, n);
	if (stat(archive, &sb) == 0 && !S_ISDIR(sb.st_mode))
		rc = err_set(e,
		    "%s: an archive: shard-unpack %s DIR takes it apart", path,
		    archive);
	free(archive);
	return rc;
}

int
archive_refuse(const char *path, struct err *e)
{
	struct stat sb;
	const char *p;

	if (refuse(path, strlen(path), e) < 0)
		return -1;
	if (!strpbrk(path, ":/") || stat(path, &sb) == 0)
		return 0;
	for (p = path; (p = strpbrk(p, ":/")); p++)
		if (refuse(path, (size_t)(p - path), e) < 0)
			return -1;
	return 0;
}

static int
load(struct libarchive *a, struct err *e)
{
	a->lib = dl_load("libarchive.so.13", e);
	if (!a->lib || NEED(a, archive_read_new) < 0 ||
	    NEED(a, archive_read_free) < 0 ||
	    NEED(a, archive_read_support_format_tar) < 0 ||
	    NEED(a, archive_read_support_format_gnutar) < 0 ||
	    NEED(a, archive_read_support_format_zip_seekable) < 0 ||
	    NEED(a, archive_read_open) < 0 ||
	    NEED(a, archive_read_open_fd) < 0 ||
	    NEED(a, archive_read_next_header) < 0 ||
	    NEED(a, archive_read_header_position) < 0 ||
	    NEED(a, archive_read_data) < 0 ||
	    NEED(a, archive_error_string) < 0 ||
	    NEED(a, archive_entry_filetype) < 0 ||
	    NEED(a, archive_entry_hardlink) < 0 ||
	    NEED(a, archive_entry_pathname) < 0 ||
	    NEED(a, archive_entry_pathname_utf8) < 0 ||
	    NEED(a, archive_entry_size) < 0 ||
	    NEED(a, archive_entry_sparse_count) < 0 ||
	    NEED(a, archive_entry_symlink) < 0)
		return -1;
	return 0;
}

/* What libarchive, or the codec below it, has to say. */
static int
refused(struct members *m, struct err *e)
{
	const char *why = m->a.archive_error_string(m->ar);

	if (m->in_err.kind != ERR_NONE) {
		*e = m->in_err;
		return -1;
	}
	return err_set(e, "%s: %s", m->path, why ? why : "not an archive");
}

/* The next bytes of the unpacked tar. */
static int
hand_out(struct members *m, struct bytes *v, struct err *e)
{
	size_t n;

	in_consume(m->in, m->handed);
	m->handed = 0;
	if (in_peek(m->in, 1, v, e) < 0)
		return -1;
	m->handed = v->n;
	for (n = v->n; n > 0 && v->p[n - 1] == 0; n--)
		;
	if (n > 0)
		m->nonzero = m->total + n;
	m->total += v->n;
	return 0;
}

static la_ssize_t
read_cb(struct archive *ar, void *arg, const void **p)
{
	struct members *m = arg;
	struct bytes v;

	(void)ar;
	if (hand_out(m, &v, &m->in_err) < 0)
		return -1;
	*p = v.p;
	return (la_ssize_t)v.n;
}

/* The rest of the tar, for its codec's checks and to see what is in it. */
static int
drain(struct members *m, struct err *e)
{
	struct bytes v;

	do
		if (hand_out(m, &v, e) < 0)
			return -1;
	while (v.n > 0);
	return 0;
}

/* The same of a file; from is where what we have not seen begins. */
static int
drain_file(struct members *m, uint64_t from, struct err *e)
{
	char buf[16 << 10];
	ssize_t n;
	size_t k;

	m->nonzero = m->total = from;
	for (;;) {
		n = pread(m->fd, buf, sizeof(buf), (off_t)m->total);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_INPUT, "%s: read", m->path);
		if (n == 0)
			return 0;
		for (k = (size_t)n; k > 0 && buf[k - 1] == 0; k--)
			;
		if (k > 0)
			m->nonzero = m->total + k;
		m->total += (uint64_t)n;
	}
}

/* A tar ends with a block of zeros, and nothing but zeros behind it. */
static int
check_end(struct members *m, struct err *e)
{
	la_int64_t at = m->a.archive_read_header_position(m->ar);
	uint64_t from = at < 0 ? 0 : (uint64_t)at;

	if (m->zip) /* the directory at its end says what is in it */
		return 0;
	if ((m->in ? drain(m, e) : drain_file(m, from, e)) < 0)
		return -1;
	if (m->total < from + TAR_BLOCK)
		return err_set(e,
		    "%s: cut short: a tar ends with an empty block", m->path);
	if (m->nonzero > from)
		return err_set(e,
		    "%s: something lies behind the tar's end, at byte %llu "
		    "(several tars in one file?)",
		    m->path, (unsigned long long)from);
	return 0;
}

static int
open_file(struct members *m, struct err *e)
{
	struct libarchive *a = &m->a;
	int rc;

	m->fd = open(m->path, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0)
		return err_sys(e, ERR_INPUT, "%s", m->path);
	rc = m->zip ? a->archive_read_support_format_zip_seekable(m->ar)
		    : a->archive_read_support_format_tar(m->ar);
	if (rc != ARCHIVE_OK ||
	    a->archive_read_open_fd(m->ar, m->fd, IN_BLOCK) != ARCHIVE_OK)
		return refused(m, e);
	return 0;
}

struct members *
members_open(const char *path, struct err *e)
{
	struct members *m = xcalloc(1, sizeof(*m));
	size_t n = strlen(path);
	enum codec codec;

	m->path = xstrdup(path);
	m->fd = -1;
	m->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	m->zip = n > 4 && strcmp(path + n - 4, ".zip") == 0;
	m->in = in_open(path, 0, e);
	if (!m->in)
		goto fail;
	if (load(&m->a, e) < 0) {
		err_prefix(e, "%s: ", path);
		goto fail;
	}
	m->ar = m->a.archive_read_new();
	if (!m->ar) {
		err_set(e, "%s: no memory", path);
		goto fail;
	}
	codec = in_codec(m->in);
	if (m->zip || codec == CODEC_NONE) { /* members are sought there */
		in_close(m->in);
		m->in = NULL;
		if (open_file(m, e) < 0)
			goto fail;
	} else if (m->a.archive_read_support_format_tar(m->ar) != ARCHIVE_OK ||
	    m->a.archive_read_open(m->ar, m, NULL, read_cb, NULL) !=
		ARCHIVE_OK) {
		refused(m, e);
		goto fail;
	}
	return m;
fail:
	members_close(m);
	return NULL;
}

static int
next_header(struct members *m, struct member *v, struct err *e)
{
	struct archive_entry *x;
	int rc = m->a.archive_read_next_header(m->ar, &x);
	bool plain;

	if (rc == ARCHIVE_EOF)
		return check_end(m, e);
	/* warnings are of names that this locale cannot write */
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return refused(m, e);
	v->name = m->a.archive_entry_pathname(x);
	if (!v->name)
		v->name = m->a.archive_entry_pathname_utf8(x);
	if (!v->name)
		return err_set(e, "%s: a member without a name", m->path);
	while (strncmp(v->name, "./", 2) == 0)
		v->name += 2;
	v->link = m->a.archive_entry_hardlink(x);
	if (!v->link)
		v->link = m->a.archive_entry_symlink(x);
	plain = m->a.archive_entry_filetype(x) == AE_IFREG;
	v->regular = plain && !v->link;
	v->bytes = plain ? (uint64_t)m->a.archive_entry_size(x) : 0;
	m->left = v->bytes;
	m->sparse = m->a.archive_entry_sparse_count(x) > 0;
	return 1;
}

int
members_next(struct members *m, struct member *v, struct err *e)
{
	locale_t before = uselocale(m->utf8);
	int rc = next_header(m, v, e);

	uselocale(before);
	return rc;
}

int
member_is_file(const char *archive, const struct member *v, struct err *e)
{
	if (v->link)
		return err_set(e,
		    "%s:%s: a link to %s: shards in an archive are files (tar "
		    "--dereference --hard-dereference)",
		    archive, v->name, err_quote(bytes_str(v->link)));
	if (!v->regular)
		return err_set(
		    e, "%s:%s: not a regular file", archive, v->name);
	return 0;
}

ssize_t
members_read(struct members *m, char *p, size_t n, struct err *e)
{
	la_ssize_t k = m->a.archive_read_data(m->ar, p, n);

	if (k == 0 && m->sparse &&
	    m->left > 0) /* a hole comes at a second call */
		k = m->a.archive_read_data(m->ar, p, n);
	if (k < 0)
		return refused(m, e);
	if ((uint64_t)k > m->left || (k == 0 && n > 0 && m->left > 0))
		return err_set(e, "%s: a member is %s than its header says",
		    m->path, k ? "longer" : "shorter");
	m->left -= (uint64_t)k;
	return k;
}

void
members_close(struct members *m)
{
	if (!m)
		return;
	if (m->ar)
		m->a.archive_read_free(m->ar);
	in_close(m->in);
	if (m->fd >= 0)
		close(m->fd);
	if (m->utf8)
		freelocale(m->utf8);
	free(m->path);
	free(m);
}
