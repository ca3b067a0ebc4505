/*
 * lz4, bzip2 and xz, each through its own library, which is loaded when the
 * first such file is met: most runs never pay for them.
 *
 * Not through libarchive: it takes foreign bytes, or a second stream whose
 * first byte was damaged, for the end of the data.
 */
#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "io/codec_impl.h"
#include "io/dl.h"

struct unlz4 {
	void *lib;
	LZ4F_dctx *z;
	bool inside;
	FUNC(LZ4F_createDecompressionContext);
	FUNC(LZ4F_freeDecompressionContext);
	FUNC(LZ4F_decompress);
	FUNC(LZ4F_isError);
	FUNC(LZ4F_getErrorName);
};

static void
unlz4_free(void *st)
{
	struct unlz4 *u = st;

	if (u->z)
		u->LZ4F_freeDecompressionContext(u->z);
	if (u->lib)
		dlclose(u->lib);
	free(u);
}

static void *
unlz4_open(struct err *e)
{
	struct unlz4 *u = xcalloc(1, sizeof(*u));

	u->lib = dl_load("liblz4.so.1", e);
	if (!u->lib || NEED(u, LZ4F_createDecompressionContext) < 0 ||
	    NEED(u, LZ4F_freeDecompressionContext) < 0 ||
	    NEED(u, LZ4F_decompress) < 0 || NEED(u, LZ4F_isError) < 0 ||
	    NEED(u, LZ4F_getErrorName) < 0)
		goto fail;
	if (u->LZ4F_isError(
		u->LZ4F_createDecompressionContext(&u->z, LZ4F_VERSION))) {
		err_set(e, "lz4: cannot start");
		goto fail;
	}
	return u;
fail:
	unlz4_free(u);
	return NULL;
}

static ssize_t
unlz4_read(void *st, struct raw *r, char *out, size_t cap, struct err *e)
{
	struct unlz4 *u = st;
	struct bytes v;

	for (;;) {
		size_t nin, nout = cap, rc;

		if (raw_peek(r, &v, e) < 0)
			return -1;
		if (v.n == 0 && !u->inside)
			return 0;
		nin = v.n;
		rc = u->LZ4F_decompress(u->z, out, &nout, v.p, &nin, NULL);
		if (u->LZ4F_isError(rc))
			return err_set(e, "damaged lz4 data: %s",
			    u->LZ4F_getErrorName(rc));
		raw_consume(r, nin);
		u->inside = rc != 0;
		if (nout > 0)
			return (ssize_t)nout;
		if (v.n == 0 && u->inside)
			return err_set(e,
			    "truncated lz4 data: the file "
			    "ends inside a frame");
	}
}

const struct decoder lz4_decoder = {unlz4_open, unlz4_read, unlz4_free};

struct unbzip2 {
	void *lib;
	bz_stream z;
	bool inside, started;
	FUNC(BZ2_bzDecompressInit);
	FUNC(BZ2_bzDecompress);
	FUNC(BZ2_bzDecompressEnd);
};

static void
unbzip2_free(void *st)
{
	struct unbzip2 *u = st;

	if (u->started)
		u->BZ2_bzDecompressEnd(&u->z);
	if (u->lib)
		dlclose(u->lib);
	free(u);
}

static void *
unbzip2_open(struct err *e)
{
	struct unbzip2 *u = xcalloc(1, sizeof(*u));

	u->lib = dl_load("libbz2.so.1.0", e);
	if (!u->lib || NEED(u, BZ2_bzDecompressInit) < 0 ||
	    NEED(u, BZ2_bzDecompress) < 0 || NEED(u, BZ2_bzDecompressEnd) < 0) {
		unbzip2_free(u);
		return NULL;
	}
	return u;
}

static ssize_t
unbzip2_read(void *st, struct raw *r, char *out, size_t cap, struct err *e)
{
	struct unbzip2 *u = st;
	struct bytes v;

	for (;;) {
		size_t nout;
		int rc;

		if (raw_peek(r, &v, e) < 0)
			return -1;
		if (v.n == 0 && !u->inside)
			return 0;
		if (!u->inside) {
			if (u->started)
				u->BZ2_bzDecompressEnd(&u->z);
			memset(&u->z, 0, sizeof(u->z));
			if (u->BZ2_bzDecompressInit(&u->z, 0, 0) != BZ_OK)
				return err_set(e, "bzip2: cannot start");
			u->started = u->inside = true;
		}
		u->z.next_in = (char *)(uintptr_t)v.p;
		u->z.avail_in = (unsigned)v.n;
		u->z.next_out = out;
		u->z.avail_out = (unsigned)cap;
		rc = u->BZ2_bzDecompress(&u->z);
		if (rc != BZ_OK && rc != BZ_STREAM_END)
			return err_set(e, "damaged bzip2 data (%d)", rc);
		raw_consume(r, v.n - u->z.avail_in);
		nout = cap - u->z.avail_out;
		u->inside = rc != BZ_STREAM_END;
		if (nout > 0)
			return (ssize_t)nout;
		if (v.n == 0 && u->inside)
			return err_set(e,
			    "truncated bzip2 data: the file "
			    "ends inside a stream");
	}
}

const struct decoder bzip2_decoder = {unbzip2_open, unbzip2_read, unbzip2_free};

#define XZ_MEMORY ((uint64_t)1 << 30)

struct unxz {
	void *lib;
	lzma_stream z;
	bool started, done;
	FUNC(lzma_stream_decoder);
	FUNC(lzma_code);
	FUNC(lzma_end);
};

static void
unxz_free(void *st)
{
	struct unxz *u = st;

	if (u->started)
		u->lzma_end(&u->z);
	if (u->lib)
		dlclose(u->lib);
	free(u);
}

static void *
unxz_open(struct err *e)
{
	struct unxz *u = xcalloc(1, sizeof(*u));

	u->lib = dl_load("liblzma.so.5", e);
	if (!u->lib || NEED(u, lzma_stream_decoder) < 0 ||
	    NEED(u, lzma_code) < 0 || NEED(u, lzma_end) < 0)
		goto fail;
	u->started = true;
	if (u->lzma_stream_decoder(&u->z, XZ_MEMORY, LZMA_CONCATENATED) !=
	    LZMA_OK) {
		err_set(e, "xz: cannot start");
		goto fail;
	}
	return u;
fail:
	unxz_free(u);
	return NULL;
}

static ssize_t
unxz_read(void *st, struct raw *r, char *out, size_t cap, struct err *e)
{
	struct unxz *u = st;
	struct bytes v;

	while (!u->done) {
		size_t nout;
		lzma_ret rc;

		if (raw_peek(r, &v, e) < 0)
			return -1;
		u->z.next_in = (const uint8_t *)v.p;
		u->z.avail_in = v.n;
		u->z.next_out = (uint8_t *)out;
		u->z.avail_out = cap;
		rc = u->lzma_code(&u->z, v.n ? LZMA_RUN : LZMA_FINISH);
		raw_consume(r, v.n - u->z.avail_in);
		nout = cap - u->z.avail_out;
		if (rc == LZMA_STREAM_END)
			u->done = true;
		else if (rc == LZMA_BUF_ERROR)
			return err_set(e,
			    "truncated xz data: the file ends "
			    "inside a stream");
		else if (rc == LZMA_MEMLIMIT_ERROR)
			return err_set(e,
			    "xz data needs over 1 GiB of "
			    "memory to read");
		else if (rc != LZMA_OK)
			return err_set(e, "damaged xz data (%d)", (int)rc);
		if (nout > 0)
			return (ssize_t)nout;
	}
	return 0;
}

const struct decoder xz_decoder = {unxz_open, unxz_read, unxz_free};

struct lz4 {
	void *lib;
	LZ4F_cctx *z;
	LZ4F_preferences_t prefs;
	bool begun;
	char *out;
	size_t cap;
	FUNC(LZ4F_createCompressionContext);
	FUNC(LZ4F_freeCompressionContext);
	FUNC(LZ4F_compressBound);
	FUNC(LZ4F_compressBegin);
	FUNC(LZ4F_compressUpdate);
	FUNC(LZ4F_compressEnd);
	FUNC(LZ4F_isError);
	FUNC(LZ4F_getErrorName);
};

static void
lz4_free(void *st)
{
	struct lz4 *u = st;

	if (u->z)
		u->LZ4F_freeCompressionContext(u->z);
	if (u->lib)
		dlclose(u->lib);
	free(u->out);
	free(u);
}

static void *
lz4_open(int level, struct err *e)
{
	struct lz4 *u = xcalloc(1, sizeof(*u));

	u->lib = dl_load("liblz4.so.1", e);
	if (!u->lib || NEED(u, LZ4F_createCompressionContext) < 0 ||
	    NEED(u, LZ4F_freeCompressionContext) < 0 ||
	    NEED(u, LZ4F_compressBound) < 0 ||
	    NEED(u, LZ4F_compressBegin) < 0 ||
	    NEED(u, LZ4F_compressUpdate) < 0 || NEED(u, LZ4F_compressEnd) < 0 ||
	    NEED(u, LZ4F_isError) < 0 || NEED(u, LZ4F_getErrorName) < 0)
		goto fail;
	if (u->LZ4F_isError(
		u->LZ4F_createCompressionContext(&u->z, LZ4F_VERSION))) {
		err_set(e, "lz4: cannot start");
		goto fail;
	}
	u->prefs.compressionLevel = level;
	u->prefs.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	return u;
fail:
	lz4_free(u);
	return NULL;
}

static int
lz4_write(void *st, const void *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	struct lz4 *u = st;
	size_t need =
	    u->LZ4F_compressBound(n, &u->prefs) + LZ4F_HEADER_SIZE_MAX;
	size_t at = 0, k;

	if (u->cap < need) {
		u->cap = need;
		free(u->out);
		u->out = xmalloc(need);
	}
	if (!u->begun) {
		at = u->LZ4F_compressBegin(u->z, u->out, u->cap, &u->prefs);
		if (u->LZ4F_isError(at))
			goto fail;
		u->begun = true;
	}
	k = u->LZ4F_compressUpdate(u->z, u->out + at, u->cap - at, p, n, NULL);
	if (u->LZ4F_isError(k)) {
		at = k;
		goto fail;
	}
	at += k;
	if (at && sink(arg, u->out, at, e) < 0)
		return -1;
	if (!last)
		return 0;
	at = u->LZ4F_compressEnd(u->z, u->out, u->cap, NULL);
	if (!u->LZ4F_isError(at))
		return sink(arg, u->out, at, e);
fail:
	return err_set(e, "lz4: %s", u->LZ4F_getErrorName(at));
}

const struct encoder lz4_encoder = {lz4_open, lz4_write, lz4_free};

struct xz {
	void *lib;
	lzma_stream z;
	char out[(size_t)64 << 10];
	FUNC(lzma_easy_encoder);
	FUNC(lzma_code);
	FUNC(lzma_end);
};

static void
xz_free(void *st)
{
	struct xz *u = st;

	if (u->lib && u->lzma_end)
		u->lzma_end(&u->z);
	if (u->lib)
		dlclose(u->lib);
	free(u);
}

static void *
xz_open(int level, struct err *e)
{
	struct xz *u = xcalloc(1, sizeof(*u));

	u->z = (lzma_stream)LZMA_STREAM_INIT;
	u->lib = dl_load("liblzma.so.5", e);
	if (u->lib && NEED(u, lzma_end) == 0 && NEED(u, lzma_code) == 0 &&
	    NEED(u, lzma_easy_encoder) == 0) {
		if (u->lzma_easy_encoder(
			&u->z, (uint32_t)level, LZMA_CHECK_CRC64) == LZMA_OK)
			return u;
		err_set(e, "xz: cannot start at level %d", level);
	}
	xz_free(u);
	return NULL;
}

static int
xz_write(void *st, const void *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	struct xz *u = st;
	lzma_ret rc;

	u->z.next_in = p;
	u->z.avail_in = n;
	do {
		u->z.next_out = (uint8_t *)u->out;
		u->z.avail_out = sizeof(u->out);
		rc = u->lzma_code(&u->z, last ? LZMA_FINISH : LZMA_RUN);
		if (rc != LZMA_OK && rc != LZMA_STREAM_END)
			return err_set(e, "xz: error %d", (int)rc);
		if (u->z.avail_out < sizeof(u->out) &&
		    sink(arg, u->out, sizeof(u->out) - u->z.avail_out, e) < 0)
			return -1;
	} while (last ? rc != LZMA_STREAM_END
		      : u->z.avail_in > 0 || u->z.avail_out == 0);
	return 0;
}

const struct encoder xz_encoder = {xz_open, xz_write, xz_free};
