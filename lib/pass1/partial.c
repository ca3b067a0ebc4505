#include "pass1/partial.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/out.h"
#include "pass1/factsfile.h"

#define HEAD "SHARDST2"
#define TAIL "SHARDEND"

struct footer {
	uint64_t table_off, nsec, digest;
	char tail[8];
};

/* The footer's first two fields count too. */
static uint64_t
footer_digest(const struct footer *f, uint64_t before)
{
	return digest_of_seeded(f, offsetof(struct footer, digest), before);
}

static int
damaged(struct partial *p, struct err *e)
{
	err_set(e,
	    "%s: damaged or truncated partial (remove it and run "
	    "pass 1 again)",
	    p->path);
	partial_close(p);
	return -1;
}

/* Bytes that a section of this kind must have. */
static uint64_t
expected_len(const struct section *s)
{
	switch (s->type) {
	case SECTION_FACTS: return s->len;
	case SECTION_STRATUM:
	case SECTION_NUMBERS:
	case SECTION_TIMES: return s->n * (s->aux ? 9 : 8);
	case SECTION_NUMBERS_RLE:
	case SECTION_TIMES_RLE: return s->n * (s->aux ? 17 : 16);
	case SECTION_COUNTS:
	case SECTION_GROUPS:
	case SECTION_KEYS:
	case SECTION_LABELS: return s->n * sizeof(struct keyent);
	case SECTION_TIES: return s->n * sizeof(uint64_t);
	}
	return UINT64_MAX;
}

int
partial_open(struct partial *p, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct footer f;
	struct stat sb;
	void *map;
	size_t i;

	memset(p, 0, sizeof(*p));
	if (fd < 0 || fstat(fd, &sb) < 0) {
		err_sys(e, ERR_INPUT, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	p->path = xstrdup(path);
	p->size = (size_t)sb.st_size;
	if (p->size < sizeof(HEAD) - 1 + sizeof(f)) {
		close(fd);
		return damaged(p, e);
	}
	map = mmap(NULL, p->size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		err_sys(e, ERR_INPUT, "%s: mmap", path);
		partial_close(p);
		return -1;
	}
	p->map = map;
	memcpy(&f, p->map + p->size - sizeof(f), sizeof(f));
	if (memcmp(p->map, HEAD, 8) != 0 || memcmp(f.tail, TAIL, 8) != 0 ||
	    footer_digest(&f, digest_of(p->map, p->size - sizeof(f))) !=
		f.digest ||
	    f.table_off > p->size - sizeof(f) || f.table_off % 8 ||
	    (p->size - sizeof(f) - f.table_off) / sizeof(*p->sec) != f.nsec)
		return damaged(p, e);
	partial_forget(p); /* all of it was read for the digest */
	p->sec = (const struct section *)(const void *)(p->map + f.table_off);
	p->nsec = f.nsec;
	for (i = 0; i < p->nsec; i++) {
		const struct section *s = &p->sec[i];

		if (s->off > f.table_off || s->len > f.table_off - s->off ||
		    s->off % 8 || s->heap_off > f.table_off ||
		    s->heap_len > f.table_off - s->heap_off || s->n > s->len ||
		    expected_len(s) != s->len)
			return damaged(p, e);
	}
	return 0;
}

void
partial_forget(const struct partial *p)
{
	if (p->map)
		(void)madvise(
		    (void *)(uintptr_t)p->map, p->size, MADV_DONTNEED);
}

void
partial_close(struct partial *p)
{
	if (p->map)
		munmap((void *)(uintptr_t)p->map, p->size);
	free(p->path);
	memset(p, 0, sizeof(*p));
}

struct bytes
partial_section(const struct partial *p, const struct section *s)
{
	return bytes_of(p->map + s->off, s->len);
}

struct bytes
partial_heap(const struct partial *p, const struct section *s)
{
	return bytes_of(p->map + s->heap_off, s->heap_len);
}

int
partial_facts(const struct partial *p, struct facts *f, struct err *e)
{
	size_t i;

	for (i = 0; i < p->nsec; i++)
		if (p->sec[i].type == SECTION_FACTS)
			return facts_load(
			    f, p->path, partial_section(p, &p->sec[i]), e);
	return err_set(e, "%s: partial without facts", p->path);
}

struct partial_writer {
	struct commit *c;
	struct out *out;
	uint64_t at;
	struct section *sec;
	size_t nsec;
};

static int
put(struct partial_writer *w, const void *p, size_t n, struct err *e)
{
	w->at += n;
	return out_write(w->out, p, n, e);
}

static int
pad(struct partial_writer *w, struct err *e)
{
	static const char zero[8];

	return put(w, zero, -w->at & 7, e);
}

static struct section *
begin(struct partial_writer *w, enum section_type type, uint64_t n)
{
	struct section *s;

	w->sec = xrealloc(w->sec, (w->nsec + 1) * sizeof(*w->sec));
	s = &w->sec[w->nsec++];
	memset(s, 0, sizeof(*s));
	s->type = type;
	s->n = n;
	s->off = s->heap_off = w->at;
	return s;
}

struct partial_writer *
partial_create(const char *path, struct err *e)
{
	struct partial_writer *w = xcalloc(1, sizeof(*w));

	w->c = commit_new(path, e);
	if (w->c)
		w->out = out_new(commit_fd(w->c), path, CODEC_NONE, 0, true, e);
	if (!w->out || put(w, HEAD, 8, e) < 0) {
		partial_writer_free(w);
		return NULL;
	}
	return w;
}

int
partial_put_facts(struct partial_writer *w, struct bytes text, struct err *e)
{
	struct section *s = begin(w, SECTION_FACTS, text.n);

	s->len = text.n;
	return put(w, text.p, text.n, e) < 0 ? -1 : pad(w, e);
}

/* A sorted run as type, or where values repeat, as rle. */
static int
put_run(struct partial_writer *w, enum section_type type, enum section_type rle,
    const uint64_t *hi, const uint8_t *lo, size_t n, struct err *e)
{
	size_t i, distinct = 0, d = 0;
	struct section *s;
	uint64_t *v;
	uint8_t *l;
	int rc;

#define SAME(i) (hi[i] == hi[(i)-1] && (!lo || lo[i] == lo[(i)-1]))
	for (i = 0; i < n; i++)
		distinct += i == 0 || !SAME(i);
	if (distinct * 2 >= n) {
		s = begin(w, type, n);
		s->aux = lo != NULL;
		s->len = expected_len(s);
		rc = put(w, hi, n * sizeof(*hi), e);
		return rc == 0 && lo ? put(w, lo, n, e) : rc;
	}
	v = xmalloc(distinct * 2 * sizeof(*v));
	l = xmalloc(distinct);
	for (i = 0; i < n; i++) {
		d += i > 0 && !SAME(i);
		v[d] = hi[i];
		v[distinct + d] = i + 1;
		l[d] = lo ? lo[i] : 0;
	}
#undef SAME
	s = begin(w, rle, distinct);
	s->aux = lo != NULL;
	s->len = expected_len(s);
	rc = put(w, v, distinct * 2 * sizeof(*v), e);
	if (rc == 0 && lo)
		rc = put(w, l, distinct, e);
	free(v);
	free(l);
	return rc;
}

int
partial_put_times(struct partial_writer *w, const uint64_t *hi,
    const uint8_t *lo, size_t n, struct err *e)
{
	if (put_run(w, SECTION_TIMES, SECTION_TIMES_RLE, hi, lo, n, e) < 0)
		return -1;
	return pad(w, e);
}

/* The section's heap, the last of it. */
static int
put_heap(struct partial_writer *w, struct bytes heap, struct err *e)
{
	struct section *s = &w->sec[w->nsec - 1];

	s->heap_off = w->at;
	s->heap_len = heap.n;
	return put(w, heap.p, heap.n, e) < 0 ? -1 : pad(w, e);
}

int
partial_put_numbers(struct partial_writer *w, struct bytes column,
    const uint64_t *key, size_t n, struct err *e)
{
	if (put_run(w, SECTION_NUMBERS, SECTION_NUMBERS_RLE, key, NULL, n, e) <
	    0)
		return -1;
	return put_heap(w, column, e);
}

int
partial_put_stratum(struct partial_writer *w, struct bytes value,
    const uint64_t *hash, size_t n, struct err *e)
{
	struct section *s = begin(w, SECTION_STRATUM, n);

	s->len = n * sizeof(*hash);
	return put(w, hash, s->len, e) < 0 ? -1 : put_heap(w, value, e);
}

int
partial_put_keys(struct partial_writer *w, enum section_type type,
    struct keytable *t, struct err *e)
{
	struct keyent *v = keytable_sorted(t);
	struct section *s = begin(w, type, t->n);
	struct buf heap = BUF_ZERO;
	struct bytes key;
	size_t i;
	int rc;

	/* the long keys in the entries' order, in which they will be read */
	buf_reserve(&heap, t->heap.n);
	for (i = 0; i < t->n; i++)
		if (!keyent_is_inline(&v[i]) &&
		    keyent_key(&v[i], buf_bytes(&t->heap), &key)) {
			keyent_move_heap(&v[i], heap.n);
			buf_putb(&heap, key);
		}
	s->len = t->n * sizeof(*v);
	rc = put(w, v, s->len, e);
	if (rc == 0)
		rc = put_heap(w, buf_bytes(&heap), e);
	buf_fini(&heap);
	free(v);
	keytable_clear(t);
	return rc;
}

int
partial_put_ties(
    struct partial_writer *w, const uint64_t *tie, size_t n, struct err *e)
{
	struct section *s = begin(w, SECTION_TIES, n);

	s->len = n * sizeof(*tie);
	return put(w, tie, s->len, e);
}

int
partial_copy(struct partial_writer *w, const struct partial *p,
    const struct section *s, uint32_t aux,
    void (*map)(void *arg, struct keyent *k), void *arg, struct err *e)
{
	struct section *to = begin(w, (enum section_type)s->type, s->n);
	struct bytes body = partial_section(p, s), heap = partial_heap(p, s);
	uint64_t i;

	to->aux = aux;
	to->len = s->len;
	if (map) {
		for (i = 0; i < s->n; i++) {
			struct keyent k;

			memcpy(&k, body.p + i * sizeof(k), sizeof(k));
			map(arg, &k);
			if (put(w, &k, sizeof(k), e) < 0)
				return -1;
		}
	} else if (put(w, body.p, body.n, e) < 0) {
		return -1;
	}
	return put_heap(w, heap, e);
}

int
partial_finish(struct partial_writer *w, struct err *e)
{
	struct footer f = {.table_off = w->at, .nsec = w->nsec};

	if (put(w, w->sec, w->nsec * sizeof(*w->sec), e) < 0)
		return -1;
	/* the digest of all that was written, some of it still in the buffer:
	 * flush, take it, write the footer */
	if (out_flush(w->out, e) < 0)
		return -1;
	f.digest = footer_digest(&f, out_digest(w->out));
	memcpy(f.tail, TAIL, 8);
	/* Not synced to the disk: a partial that the machine's end tore fails
	 * its digest, and pass 1 makes it again. */
	if (out_write(w->out, &f, sizeof(f), e) < 0 ||
	    out_finish(w->out, false, e) < 0)
		return -1;
	return commit_rename(w->c, e);
}

void
partial_writer_free(struct partial_writer *w)
{
	if (!w)
		return;
	out_free(w->out);
	commit_free(w->c);
	free(w->sec);
	free(w);
}

static bool
is_rle(const struct section *s)
{
	return s->type == SECTION_TIMES_RLE || s->type == SECTION_NUMBERS_RLE;
}

static const uint64_t *
times_hi(const struct partial *p, const struct section *s)
{
	return (const uint64_t *)(const void *)(p->map + s->off);
}

struct instant
times_at(const struct partial *p, const struct section *s, uint64_t i)
{
	struct instant t = {times_hi(p, s)[i], 0};
	uint64_t w = is_rle(s) ? 16 : 8;

	if (s->aux)
		t.lo = (uint8_t)p->map[s->off + s->n * w + i];
	return t;
}

uint64_t
times_total(const struct partial *p, const struct section *s)
{
	if (s->n == 0 || !is_rle(s))
		return s->n;
	return times_hi(p, s)[2 * s->n - 1];
}

uint64_t
times_rows(const struct partial *p, const struct section *s, uint64_t i)
{
	const uint64_t *upto = times_hi(p, s) + s->n;

	if (!is_rle(s))
		return 1;
	return upto[i] - (i ? upto[i - 1] : 0);
}

uint64_t
times_before(const struct partial *p, const struct section *s, struct instant t)
{
	uint64_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;

		if (instant_cmp(times_at(p, s, mid), t) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!is_rle(s) || lo == 0)
		return lo;
	return times_hi(p, s)[s->n + lo - 1];
}
