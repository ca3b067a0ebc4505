/*
 * gzip: ISA-L where it was found at build time (HAVE_ISAL), zlib else; zlib
 * for the levels above 1.  Both check CRC-32 and ISIZE of each member.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "io/codec_impl.h"

enum member { MEMBER_FIRST, MEMBER_INSIDE, MEMBER_NEXT, MEMBER_PADDING };

struct gunzip {
	enum member at;
#ifdef HAVE_ISAL
	struct inflate_state z;
#else
	z_stream z;
#endif
};

#ifdef HAVE_ISAL

static void *
gunzip_open(struct err *e)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));

	(void)e;
	isal_inflate_init(&g->z);
	g->z.crc_flag = ISAL_GZIP;
	return g;
}

static void
gunzip_free(void *st)
{
	free(st);
}

static void
member_start(struct gunzip *g)
{
	isal_inflate_reset(&g->z);
	g->z.crc_flag = ISAL_GZIP;
}

/* Feeds in[0..nin) once; 1 at the end of a member, 0 go on, -1. */
static int
step(struct gunzip *g, struct bytes in, char *out, size_t cap, size_t *used,
    size_t *made, struct err *e)
{
	int rc;

	g->z.next_in = (uint8_t *)(uintptr_t)in.p;
	g->z.avail_in = (uint32_t)in.n;
	g->z.next_out = (uint8_t *)out;
	g->z.avail_out = (uint32_t)cap;
	rc = isal_inflate(&g->z);
	*used = in.n - g->z.avail_in;
	*made = cap - g->z.avail_out;
	if (rc == ISAL_INCORRECT_CHECKSUM)
		return err_set(
		    e, "damaged gzip data: wrong checksum or length");
	if (rc == ISAL_INVALID_WRAPPER || rc == ISAL_UNSUPPORTED_METHOD)
		return err_set(e, "damaged gzip data: bad header");
	if (rc < 0 || rc == ISAL_NEED_DICT)
		return err_set(e, "damaged gzip data: bad block");
	return g->z.block_state == ISAL_BLOCK_FINISH;
}

#else

static void *
gunzip_open(struct err *e)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));

	if (inflateInit2(&g->z, 15 + 16) != Z_OK) {
		err_set(e, "zlib: cannot start");
		free(g);
		return NULL;
	}
	return g;
}

static void
gunzip_free(void *st)
{
	struct gunzip *g = st;

	inflateEnd(&g->z);
	free(g);
}

static void
member_start(struct gunzip *g)
{
	inflateReset(&g->z);
}

static int
step(struct gunzip *g, struct bytes in, char *out, size_t cap, size_t *used,
    size_t *made, struct err *e)
{
	int rc;

	g->z.next_in = (Bytef *)(uintptr_t)in.p;
	g->z.avail_in = (uInt)in.n;
	g->z.next_out = (Bytef *)out;
	g->z.avail_out = (uInt)cap;
	rc = inflate(&g->z, Z_NO_FLUSH);
	*used = in.n - g->z.avail_in;
	*made = cap - g->z.avail_out;
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return err_set(e, "damaged gzip data: %s",
		    g->z.msg ? g->z.msg : "zlib error");
	return rc == Z_STREAM_END;
}

#endif

/*
 * At a member's border: 1 another member follows, 0 the data ends here (zero
 * padding allowed), -1 something else follows.
 */
static int
border(struct gunzip *g, struct raw *r, struct err *e)
{
	struct bytes v;

	for (;;) {
		size_t i = 0;

		if (raw_peek(r, &v, e) < 0)
			return -1;
		if (v.n == 0)
			return 0;
		if (g->at == MEMBER_NEXT && (unsigned char)v.p[0] == 0x1f) {
			member_start(g);
			g->at = MEMBER_INSIDE;
			return 1;
		}
		while (i < v.n && v.p[i] == '\0')
			i++;
		g->at = MEMBER_PADDING; /* and nothing else behind it */
		raw_consume(r, i);
		if (i < v.n)
			return err_set(e, "foreign bytes behind the gzip data");
	}
}

static ssize_t
gunzip_read(void *st, struct raw *r, char *out, size_t cap, struct err *e)
{
	struct gunzip *g = st;
	struct bytes v;
	size_t used, made;
	int rc;

	if (cap > INT_MAX)
		cap = INT_MAX;
	if (g->at == MEMBER_FIRST) {
		member_start(g);
		g->at = MEMBER_INSIDE;
	}
	for (;;) {
		if (g->at >= MEMBER_NEXT && (rc = border(g, r, e)) <= 0)
			return rc;
		if (raw_peek(r, &v, e) < 0)
			return -1;
		rc = step(g, v, out, cap, &used, &made, e);
		if (rc < 0)
			return -1;
		raw_consume(r, used);
		if (rc == 1)
			g->at = MEMBER_NEXT;
		if (made > 0)
			return (ssize_t)made;
		if (rc == 0 && v.n == 0)
			return err_set(e,
			    "truncated gzip data: the file "
			    "ends inside a member");
	}
}

const struct decoder gzip_decoder = {gunzip_open, gunzip_read, gunzip_free};

#define CHUNK ((size_t)64 << 10)

/*
 * The first bytes are flushed, so that all bytes depend on the text alone.  At
 * the start of the text the fast loop of ISA-L (2.30 to 2.32 at least:
 * igzip_icf_body_h1_gr_bt.asm, write_first_byte) hashes bits of the state's
 * address in place of the text, and now and then finds other matches at
 * another address.  It does not take so few bytes: another loop does.
 */
#define FIRST ((size_t)16)

struct gzip {
	bool isal;
	unsigned char out[CHUNK];
	z_stream z;
#ifdef HAVE_ISAL
	char first[FIRST];
	size_t nfirst;
	bool begun;
	struct isal_zstream iz;
	unsigned char level_buf[ISAL_DEF_LVL1_DEFAULT];
#endif
};

static void *
gzip_open(int level, struct err *e)
{
	struct gzip *g = xcalloc(1, sizeof(*g));

#ifdef HAVE_ISAL
	g->isal = level == 1;
	if (g->isal) {
		isal_deflate_init(&g->iz);
		g->iz.level = 1;
		g->iz.level_buf = g->level_buf;
		g->iz.level_buf_size = sizeof(g->level_buf);
		g->iz.gzip_flag = IGZIP_GZIP;
		return g;
	}
#endif
	/* zlib's default header carries neither name nor time */
	if (deflateInit2(&g->z, level, Z_DEFLATED, 15 + 16, 8,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		err_set(e, "zlib: cannot start at level %d", level);
		free(g);
		return NULL;
	}
	return g;
}

#ifdef HAVE_ISAL

static int
isal_step(struct gzip *g, const void *p, size_t n, bool last, unsigned flush,
    codec_sink *sink, void *arg, struct err *e)
{
	size_t made;

	g->iz.next_in = (uint8_t *)(uintptr_t)p;
	g->iz.avail_in = (uint32_t)n;
	g->iz.end_of_stream = last;
	g->iz.flush = (uint16_t)flush;
	do {
		g->iz.next_out = g->out;
		g->iz.avail_out = CHUNK;
		if (isal_deflate(&g->iz) != COMP_OK)
			return err_set(e, "igzip: cannot compress");
		made = CHUNK - g->iz.avail_out;
		if (made && sink(arg, g->out, made, e) < 0)
			return -1;
	} while (g->iz.avail_out == 0);
	return 0;
}

static int
isal_write(struct gzip *g, const char *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	size_t take = n < FIRST - g->nfirst ? n : FIRST - g->nfirst;

	if (!g->begun) {
		memcpy(g->first + g->nfirst, p, take);
		g->nfirst += take;
		if (g->nfirst < FIRST && !last)
			return 0;
		g->begun = true;
		if (g->nfirst > 0 &&
		    isal_step(g, g->first, g->nfirst, false, SYNC_FLUSH, sink,
			arg, e) < 0)
			return -1;
	}
	return isal_step(g, p + take, n - take, last, NO_FLUSH, sink, arg, e);
}

#endif

static int
gzip_write(void *st, const void *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	struct gzip *g = st;
	size_t made;

#ifdef HAVE_ISAL
	if (g->isal)
		return isal_write(g, p, n, last, sink, arg, e);
#endif
	g->z.next_in = (Bytef *)(uintptr_t)p;
	g->z.avail_in = (uInt)n;
	do {
		g->z.next_out = g->out;
		g->z.avail_out = CHUNK;
		if (deflate(&g->z, last ? Z_FINISH : Z_NO_FLUSH) ==
		    Z_STREAM_ERROR)
			return err_set(e, "zlib: cannot compress");
		made = CHUNK - g->z.avail_out;
		if (made && sink(arg, g->out, made, e) < 0)
			return -1;
	} while (g->z.avail_out == 0);
	return 0;
}

static void
gzip_free(void *st)
{
	struct gzip *g = st;

	if (!g->isal)
		deflateEnd(&g->z);
	free(g);
}

const struct encoder gzip_encoder = {gzip_open, gzip_write, gzip_free};
