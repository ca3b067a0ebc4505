/*
 * zstd: frames behind each other, each checked where it carries a checksum.
 * Ours always do.
 */
#include <stdlib.h>
#include <zstd.h>

#include "io/codec_impl.h"

struct unzstd {
	ZSTD_DStream *z;
	bool inside; /* a frame has begun and not ended */
};

static void *
unzstd_open(struct err *e)
{
	struct unzstd *u = xcalloc(1, sizeof(*u));

	u->z = ZSTD_createDStream();
	if (!u->z) {
		err_set(e, "zstd: cannot start");
		free(u);
		return NULL;
	}
	return u;
}

static ssize_t
unzstd_read(void *st, struct raw *r, char *out, size_t cap, struct err *e)
{
	struct unzstd *u = st;
	ZSTD_outBuffer o = {out, cap, 0};
	struct bytes v;

	for (;;) {
		ZSTD_inBuffer i;
		size_t rc;

		if (raw_peek(r, &v, e) < 0)
			return -1;
		if (v.n == 0 && !u->inside)
			return 0;
		i = (ZSTD_inBuffer){v.p, v.n, 0};
		rc = ZSTD_decompressStream(u->z, &o, &i);
		if (ZSTD_isError(rc))
			return err_set(
			    e, "damaged zstd data: %s", ZSTD_getErrorName(rc));
		raw_consume(r, i.pos);
		u->inside = rc != 0;
		if (o.pos > 0)
			return (ssize_t)o.pos;
		if (v.n == 0 && u->inside)
			return err_set(e,
			    "truncated zstd data: the file "
			    "ends inside a frame");
	}
}

static void
unzstd_free(void *st)
{
	struct unzstd *u = st;

	ZSTD_freeDStream(u->z);
	free(u);
}

const struct decoder zstd_decoder = {unzstd_open, unzstd_read, unzstd_free};

struct zstd {
	ZSTD_CCtx *z;
	char out[(size_t)128 << 10];
};

static void *
zstd_open(int level, struct err *e)
{
	struct zstd *s = xmalloc(sizeof(*s));

	s->z = ZSTD_createCCtx();
	if (!s->z ||
	    ZSTD_isError(
		ZSTD_CCtx_setParameter(s->z, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(
		ZSTD_CCtx_setParameter(s->z, ZSTD_c_checksumFlag, 1))) {
		err_set(e, "zstd: cannot start at level %d", level);
		ZSTD_freeCCtx(s->z);
		free(s);
		return NULL;
	}
	return s;
}

static int
zstd_write(void *st, const void *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	struct zstd *s = st;
	ZSTD_inBuffer i = {p, n, 0};
	size_t rc;

	do {
		ZSTD_outBuffer o = {s->out, sizeof(s->out), 0};

		rc = ZSTD_compressStream2(
		    s->z, &o, &i, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(rc))
			return err_set(e, "zstd: %s", ZSTD_getErrorName(rc));
		if (o.pos && sink(arg, s->out, o.pos, e) < 0)
			return -1;
	} while (last ? rc != 0 : i.pos < i.size);
	return 0;
}

static void
zstd_free(void *st)
{
	struct zstd *s = st;

	ZSTD_freeCCtx(s->z);
	free(s);
}

const struct encoder zstd_encoder = {zstd_open, zstd_write, zstd_free};
