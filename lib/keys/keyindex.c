#include "keys/keyindex.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/commit.h"
#include "io/out.h"

#define MAGIC "SHARDIX1"
#define PAGE ((uint64_t)65536)
#define DATA PAGE
/* So few keys, at most, that a look-up reads one line of memory or two; then
 * the directory takes two to four bytes for each. */
#define PER_BUCKET 2

struct header {
	char magic[8];
	uint64_t nkeys, nbuckets, shift, nshards, heap_len;
	uint64_t dir_off, shard_off, heap_off, page_off, end;
	uint64_t pages_digest; /* over the page digests: so over everything */
	uint64_t digest;       /* over the fields before */
};

struct keyindex {
	const char *map;
	size_t size;
	char *path;
	const struct header *h;
	const struct keyent *ent;
	const uint32_t *dir;
	const uint64_t *shard;
	const uint64_t *page_digest;
	struct bytes heap;
	unsigned char *checked; /* per page */
};

static uint64_t
round8(uint64_t n)
{
	return (n + 7) & ~UINT64_C(7);
}

/* Is [off, off + len) as it was written?  Checks each page once. */
static bool
page_ok(struct keyindex *x, uint64_t off, uint64_t len)
{
	uint64_t p = (off - DATA) / PAGE, last;

	if (len == 0)
		return true;
	for (last = (off + len - 1 - DATA) / PAGE; p <= last; p++) {
		uint64_t at = DATA + p * PAGE, n = x->h->page_off - at;

		if (LIKELY(x->checked[p]))
			continue;
		if (digest_of(x->map + at, n < PAGE ? n : PAGE) !=
		    x->page_digest[p])
			return false;
		x->checked[p] = 1;
	}
	return true;
}

static int
damaged(const struct keyindex *x, const char *what, struct err *e)
{
	return err_set(e,
	    "%s: damaged key index: %s (make it again: "
	    "shard-stats --merge)",
	    x->path, what);
}

struct keyindex *
keyindex_open(const char *path, struct err *e)
{
	struct keyindex *x = xcalloc(1, sizeof(*x));
	const struct header *h;
	struct stat sb;
	uint64_t npages, i;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	x->path = xstrdup(path);
	if (fd < 0 || fstat(fd, &sb) < 0) {
		err_sys(e, ERR_INPUT, "%s", path);
		goto fail;
	}
	x->size = (size_t)sb.st_size;
	if (x->size < DATA) {
		damaged(x, "too short", e);
		goto fail;
	}
	map = mmap(NULL, x->size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		err_sys(e, ERR_INPUT, "%s: mmap", path);
		goto fail;
	}
	x->map = map;
	x->h = h = (const struct header *)map;
	if (memcmp(h->magic, MAGIC, 8) != 0 ||
	    digest_of(h, offsetof(struct header, digest)) != h->digest) {
		damaged(x, "bad header", e);
		goto fail;
	}
	if (h->end != x->size) {
		damaged(x, "wrong size", e);
		goto fail;
	}
	/* the header is whole, so the sections are where they were put */
	x->ent = (const struct keyent *)(const void *)(x->map + DATA);
	x->dir = (const uint32_t *)(const void *)(x->map + h->dir_off);
	x->shard = (const uint64_t *)(const void *)(x->map + h->shard_off);
	x->heap = bytes_of(x->map + h->heap_off, h->heap_len);
	x->page_digest = (const uint64_t *)(const void *)(x->map + h->page_off);
	npages = (h->end - h->page_off) / 8;
	if (digest_of(x->page_digest, npages * 8) != h->pages_digest) {
		damaged(x, "bad page table", e);
		goto fail;
	}
	x->checked = xcalloc(npages + 1, 1);
	if (!page_ok(x, h->shard_off, h->nshards * 8)) {
		damaged(x, "bad shard table", e);
		goto fail;
	}
	for (i = 1; i < h->nshards; i++)
		if (x->shard[i - 1] >= x->shard[i]) {
			damaged(x, "shards out of order", e);
			goto fail;
		}
	close(fd);
	return x;
fail:
	if (fd >= 0)
		close(fd);
	keyindex_close(x);
	return NULL;
}

void
keyindex_close(struct keyindex *x)
{
	if (!x)
		return;
	if (x->map)
		munmap((void *)(uintptr_t)x->map, x->size);
	free(x->checked);
	free(x->path);
	free(x);
}

uint64_t
keyindex_keys(const struct keyindex *x)
{
	return x->h->nkeys;
}

uint64_t
keyindex_shard(const struct keyindex *x, uint32_t ordinal)
{
	return ordinal < x->h->nshards ? x->shard[ordinal] : UINT64_MAX;
}

int64_t
keyindex_ordinal(const struct keyindex *x, uint64_t number)
{
	uint64_t lo = 0, hi = x->h->nshards;

	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;

		if (x->shard[mid] < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < x->h->nshards && x->shard[lo] == number ? (int64_t)lo : -1;
}

/* The entries among which a hash is, and a word to the cache that they will be
 * read soon. */
static inline int
locate(struct keyindex *x, uint64_t hash, uint32_t *first, uint32_t *end,
    struct err *e)
{
	const struct header *h = x->h;
	uint64_t bucket = hash >> h->shift;
	uint32_t i, n;

	if (UNLIKELY(!page_ok(x, h->dir_off + bucket * 4, 8)))
		return damaged(x, "bad directory", e);
	i = x->dir[bucket];
	n = x->dir[bucket + 1];
	if (UNLIKELY(i > n || n > h->nkeys))
		return damaged(x, "bad directory", e);
	*first = i;
	*end = n;
	/* two to a line, which is where buckets seldom end */
	for (; i < n; i += 2)
		__builtin_prefetch(&x->ent[i]);
	return 0;
}

static int
find_among(struct keyindex *x, struct bytes key, uint64_t hash, uint32_t i,
    uint32_t end, const struct keyent **found, struct err *e)
{
	struct keyent want;

	*found = NULL;
	if (i == end)
		return 0;
	if (UNLIKELY(!page_ok(
		x, DATA + i * sizeof(*x->ent), (end - i) * sizeof(*x->ent))))
		return damaged(x, "bad entries", e);
	if (key.n <= KEYENT_INLINE) {
		keyent_set_inline(&want, key);
		for (; i < end; i++)
			if (memcmp(x->ent[i].key, want.key, 16) == 0) {
				*found = &x->ent[i];
				return 0;
			}
		return 0;
	}
	for (; i < end; i++) {
		struct bytes have;

		if (keyent_is_inline(&x->ent[i]) ||
		    memcmp(x->ent[i].key + 12, &hash, 3) != 0)
			continue;
		if (!keyent_key(&x->ent[i], x->heap, &have) ||
		    !page_ok(x, x->h->heap_off + (uint64_t)(have.p - x->heap.p),
			have.n))
			return damaged(x, "bad long key", e);
		if (bytes_eq(have, key)) {
			*found = &x->ent[i];
			return 0;
		}
	}
	return 0;
}

/*
 * One look-up waits for two lines of memory in turn, the directory's and the
 * entries'; a group of them waits for all first lines, then for all others.
 */
int
keyindex_find_all(struct keyindex *x, const struct bytes *key,
    const uint64_t *hash, size_t n, const struct keyent **found, struct err *e)
{
	uint32_t first[KEYINDEX_GROUP], end[KEYINDEX_GROUP];
	size_t i;

	assert(n <= KEYINDEX_GROUP);
	for (i = 0; i < n; i++)
		__builtin_prefetch(&x->dir[hash[i] >> x->h->shift]);
	for (i = 0; i < n; i++)
		if (locate(x, hash[i], &first[i], &end[i], e) < 0)
			return -1;
	for (i = 0; i < n; i++)
		if (find_among(
			x, key[i], hash[i], first[i], end[i], &found[i], e) < 0)
			return -1;
	return 0;
}

int
keyindex_find(struct keyindex *x, struct bytes key, uint64_t hash,
    struct keyent *found, struct err *e)
{
	const struct keyent *k;

	if (keyindex_find_all(x, &key, &hash, 1, &k, e) < 0)
		return -1;
	if (k)
		*found = *k;
	return k != NULL;
}

/*
 * The writer streams everything: entries into the final temp file, directory
 * and heap into unlinked files beside it, which are copied behind.
 */
struct keyindex_writer {
	struct commit *c;
	int fd;
	uint64_t at;     /* bytes written from DATA on */
	struct buf page; /* the unfinished page */
	struct buf digests;
	int dir_fd, heap_fd;
	struct buf dir, heap;
	uint64_t next_bucket;
	struct header h;
	const uint64_t *shards;
};

static int
put(struct keyindex_writer *w, const void *p, size_t n, struct err *e)
{
	const char *s = p;

	w->at += n;
	while (n > 0) {
		size_t k = PAGE - w->page.n < n ? PAGE - w->page.n : n;
		uint64_t d;

		buf_put(&w->page, s, k);
		s += k;
		n -= k;
		if (w->page.n < PAGE)
			break;
		d = digest_of(w->page.p, PAGE);
		buf_put(&w->digests, &d, 8);
		if (write_all(w->fd, commit_path(w->c), w->page.p, PAGE, e) < 0)
			return -1;
		buf_clear(&w->page);
	}
	return 0;
}

/* A file without a name beside the index. */
static int
temp_fd(struct keyindex_writer *w, struct err *e)
{
	const char *temp = commit_temp(w->c);
	char *dir = xstrndup(temp, (size_t)(strrchr(temp, '/') - temp));
	int fd = out_nameless(dir);

	if (fd < 0)
		err_sys(e, ERR_OUTPUT, "%s: create a temporary file", dir);
	free(dir);
	return fd;
}

struct keyindex_writer *
keyindex_create(const char *path, uint64_t max_keys, const uint64_t *shards,
    size_t nshards, struct err *e)
{
	struct keyindex_writer *w = xcalloc(1, sizeof(*w));
	char zero[4096] = {0};
	uint64_t bits = 1, i;

	w->fd = w->dir_fd = w->heap_fd = -1;
	w->shards = shards;
	while (bits < 28 && (UINT64_C(1) << bits) * PER_BUCKET < max_keys)
		bits++;
	w->h.nbuckets = UINT64_C(1) << bits;
	w->h.shift = 64 - bits;
	w->h.nshards = nshards;
	w->c = commit_new(path, e);
	if (!w->c)
		goto fail;
	w->fd = commit_fd(w->c);
	if ((w->dir_fd = temp_fd(w, e)) < 0 || (w->heap_fd = temp_fd(w, e)) < 0)
		goto fail;
	for (i = 0; i < DATA; i += sizeof(zero))
		if (write_all(w->fd, path, zero, sizeof(zero), e) < 0)
			goto fail;
	return w;
fail:
	keyindex_writer_free(w);
	return NULL;
}

static int
side(struct keyindex_writer *w, struct buf *b, int fd, size_t limit,
    struct err *e)
{
	if (b->n <= limit)
		return 0;
	if (write_all(fd, commit_path(w->c), b->p, b->n, e) < 0)
		return -1;
	buf_clear(b);
	return 0;
}

int
keyindex_add(struct keyindex_writer *w, const struct keyent *k,
    struct bytes key, uint64_t hash, struct err *e)
{
	struct keyent out = *k;
	uint32_t at = (uint32_t)w->h.nkeys;

	if (w->h.nkeys == UINT32_MAX)
		return err_set(e,
		    "over %u keys: more than one key index "
		    "holds",
		    UINT32_MAX);
	for (; w->next_bucket <= hash >> w->h.shift; w->next_bucket++)
		buf_put(&w->dir, &at, 4);
	if (side(w, &w->dir, w->dir_fd, OUT_BLOCK, e) < 0)
		return -1;
	if (key.n > KEYENT_INLINE) {
		keyent_set_heap(&out, w->h.heap_len, (uint32_t)key.n, hash);
		buf_putb(&w->heap, key);
		w->h.heap_len += key.n;
		if (side(w, &w->heap, w->heap_fd, OUT_BLOCK, e) < 0)
			return -1;
	}
	w->h.nkeys++;
	return put(w, &out, sizeof(out), e);
}

/* Copies a side file behind what is written, padded to 8. */
static int
append_side(struct keyindex_writer *w, struct buf *b, int fd, struct err *e)
{
	char tmp[65536];
	static const char zero[8];
	ssize_t k;

	if (side(w, b, fd, 0, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_OUTPUT, "%s", commit_path(w->c));
	while ((k = read(fd, tmp, sizeof(tmp))) > 0)
		if (put(w, tmp, (size_t)k, e) < 0)
			return -1;
	if (k < 0)
		return err_sys(e, ERR_OUTPUT, "%s", commit_path(w->c));
	return put(w, zero, round8(w->at) - w->at, e);
}

int
keyindex_finish(struct keyindex_writer *w, struct err *e)
{
	struct header *h = &w->h;
	uint32_t at = (uint32_t)h->nkeys;
	const char *path = commit_path(w->c);
	uint64_t d;

	for (; w->next_bucket <= h->nbuckets; w->next_bucket++)
		buf_put(&w->dir, &at, 4);
	h->dir_off = DATA + w->at;
	if (append_side(w, &w->dir, w->dir_fd, e) < 0)
		return -1;
	h->shard_off = DATA + w->at;
	if (put(w, w->shards, h->nshards * 8, e) < 0)
		return -1;
	h->heap_off = DATA + w->at;
	if (append_side(w, &w->heap, w->heap_fd, e) < 0)
		return -1;
	if (w->page.n > 0) {
		d = digest_of(w->page.p, w->page.n);
		buf_put(&w->digests, &d, 8);
		if (write_all(w->fd, path, w->page.p, w->page.n, e) < 0)
			return -1;
	}
	h->page_off = DATA + w->at;
	h->end = h->page_off + w->digests.n;
	memcpy(h->magic, MAGIC, 8);
	h->pages_digest = digest_of(w->digests.p, w->digests.n);
	h->digest = digest_of(h, offsetof(struct header, digest));
	if (write_all(w->fd, path, w->digests.p, w->digests.n, e) < 0)
		return -1;
	if (pwrite(w->fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h) ||
	    fsync(w->fd) < 0 || close(w->fd) < 0) {
		w->fd = -1;
		return err_sys(e, ERR_OUTPUT, "%s: write", path);
	}
	w->fd = -1;
	if (commit_rename(w->c, e) < 0)
		return -1;
	return commit_sync_dir(path, e);
}

void
keyindex_writer_free(struct keyindex_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	if (w->heap_fd >= 0)
		close(w->heap_fd);
	commit_free(w->c);
	buf_fini(&w->page);
	buf_fini(&w->digests);
	buf_fini(&w->dir);
	buf_fini(&w->heap);
	free(w);
}
