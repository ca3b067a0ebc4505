/* out - every byte that was written, or an error. */
#include "io/out.h"

#include "base/digest.h"
#include "io/in.h"
#include "test.h"

static int
create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

/* Text that compresses, with numbers that do not repeat. */
static void
fill(struct buf *b, size_t n)
{
	buf_clear(b);
	while (b->n < n)
		buf_printf(b,
		    "%" PRIu64 ",some text that repeats,%" PRIu64 "\n", rnd(),
		    rnd() % 10);
	b->n = n;
}

/* Writes content to path, a call of `chunk` bytes at a time; 0 random. */
static bool
write_in(
    const char *path, struct bytes s, size_t chunk, enum codec codec, int level)
{
	struct err e = ERR_ZERO;
	struct out *o = out_new(create(path), path, codec, level, true, &e);
	struct buf raw = BUF_ZERO;
	bool ok = OK(o != NULL, e);
	size_t at = 0;

	while (ok && at < s.n) {
		size_t k = chunk ? chunk
		    : one_in(3)  ? below(600000)
				 : below(99);

		if (k > s.n - at)
			k = s.n - at;
		ok = OK(out_write(o, s.p + at, k, &e) == 0, e);
		at += k;
	}
	ok = ok && OK(out_finish(o, one_in(2), &e) == 0, e);
	if (ok && CHECK(test_read(path, &raw))) {
		EQ_U(out_bytes(o), raw.n);
		EQ_U(out_digest(o), digest_of(raw.p, raw.n));
	}
	out_free(o);
	buf_fini(&raw);
	return ok;
}

static void
plain_content_is_as_written(void)
{
	static const size_t sizes[] = {0, 1, 1000, OUT_BLOCK - 1, OUT_BLOCK,
	    OUT_BLOCK + 1, 2 * OUT_BLOCK, 2 * OUT_BLOCK + 1, 1000000};
	struct buf b = BUF_ZERO, got = BUF_ZERO;
	size_t i;
	int pass;

	for (i = 0; i < LEN(sizes); i++)
		for (pass = 0; pass < 4; pass++) {
			const char *path = test_path("x");

			fill(&b, sizes[i]);
			if (!write_in(path, buf_bytes(&b),
				pass == 0       ? 0
				    : pass == 1 ? OUT_BLOCK
				    : pass == 2 ? 100
						: 3 * OUT_BLOCK,
				CODEC_NONE, 0))
				continue;
			test_read(path, &got);
			test_about("%zu bytes, pass %d", sizes[i], pass);
			EQ_B(buf_bytes(&got), buf_bytes(&b));
		}
	buf_fini(&b);
	buf_fini(&got);
}

/* What the calls were must not be seen in the file. */
static void
compressed_bytes_depend_on_the_content_alone(void)
{
	static const struct {
		enum codec c;
		int level;
	} codecs[] = {{CODEC_GZIP, 0}, {CODEC_GZIP, 1}, {CODEC_GZIP, 6},
	    {CODEC_GZIP, 9}, {CODEC_ZSTD, 0}, {CODEC_ZSTD, 3},
	    {CODEC_ZSTD, 19}};
	static const size_t sizes[] = {
	    0, 1, 70000, OUT_BLOCK, OUT_BLOCK + 1, 700000};
	struct buf b = BUF_ZERO, got = BUF_ZERO, first = BUF_ZERO;
	size_t i, k;
	int pass;

	for (i = 0; i < LEN(codecs); i++)
		for (k = 0; k < LEN(sizes); k++) {
			if (codecs[i].level > 9 && sizes[k] > 70000)
				continue;
			fill(&b, sizes[k]);
			for (pass = 0; pass < 5; pass++) {
				const char *path = test_path("x");

				test_about("%s level %d, %zu bytes, pass %d",
				    codec_info(codecs[i].c)->name,
				    codecs[i].level, sizes[k], pass);
				if (!write_in(path, buf_bytes(&b),
					pass == 0       ? sizes[k] + 1
					    : pass == 1 ? 1000
					    : pass == 2 ? OUT_BLOCK - 1
							: 0,
					codecs[i].c, codecs[i].level))
					continue;
				test_read(path, pass ? &got : &first);
				if (pass)
					EQ_B(
					    buf_bytes(&got), buf_bytes(&first));
			}
		}
	buf_fini(&b);
	buf_fini(&got);
	buf_fini(&first);
}

static void
compressed_content_reads_back(void)
{
	static const enum codec codecs[] = {CODEC_GZIP, CODEC_ZSTD};
	static const size_t sizes[] = {0, 1, 100, OUT_BLOCK, 1200000};
	struct buf b = BUF_ZERO, got = BUF_ZERO;
	size_t i, k;
	int level;

	for (i = 0; i < LEN(codecs); i++)
		for (level = 0; level <= 9; level++)
			for (k = 0; k < LEN(sizes); k++) {
				struct err e = ERR_ZERO;
				const char *path = test_path(
				    "x%s", codec_info(codecs[i])->ext);
				struct bytes v;
				struct in *in;

				if (level > 1 && sizes[k] > OUT_BLOCK)
					continue;
				fill(&b, sizes[k]);
				buf_clear(&got);
				test_about("%s level %d, %zu bytes", path,
				    level, sizes[k]);
				if (!write_in(path, buf_bytes(&b), 0, codecs[i],
					level) ||
				    !OK((in = in_open(path, 0, &e)) != NULL, e))
					continue;
				while (
				    OK(in_peek(in, 1, &v, &e) == 0, e) && v.n) {
					buf_putb(&got, v);
					in_consume(in, v.n);
				}
				in_close(in);
				EQ_B(buf_bytes(&got), buf_bytes(&b));
			}
	buf_fini(&b);
	buf_fini(&got);
}

static void
a_full_disk_is_an_output_error(void)
{
	static const enum codec codecs[] = {CODEC_NONE, CODEC_GZIP, CODEC_ZSTD};
	struct buf b = BUF_ZERO;
	size_t i, n;

	if (access("/dev/full", W_OK) < 0) {
		test_skip("needs /dev/full");
		return;
	}
	fill(&b, 3000000);
	for (i = 0; i < LEN(codecs); i++)
		for (n = 0; n <= b.n; n += 1 + b.n / 4) {
			struct err e = ERR_ZERO;
			struct out *o = out_new(open("/dev/full", O_WRONLY),
			    "full", codecs[i], 0, true, &e);
			int rc;

			if (!OK(o != NULL, e))
				continue;
			rc = out_write(o, b.p, n, &e);
			if (rc == 0)
				rc = out_finish(o, false, &e);
			test_about("codec %d, %zu bytes", codecs[i], n);
			if (n == 0 && codecs[i] == CODEC_NONE) {
				EQ_I(rc, 0);
			} else {
				EQ_I(rc, -1);
				EQ_U(e.kind, ERR_OUTPUT);
				EQ_S(e.msg,
				    "full: write: No space left on "
				    "device");
			}
			out_free(o);
		}
	buf_fini(&b);
}

static void
a_flush_writes_what_is_buffered(void)
{
	struct err e = ERR_ZERO;
	struct buf got = BUF_ZERO;
	const char *path = test_path("x");
	struct out *o = out_new(create(path), path, CODEC_NONE, 0, true, &e);

	if (!OK(o != NULL, e))
		return;
	EQ_I(out_write(o, "abc", 3, &e), 0);
	EQ_U(out_bytes(o), 0);
	EQ_I(out_flush(o, &e), 0);
	EQ_U(out_bytes(o), 3);
	test_read(path, &got);
	EQ_B(buf_bytes(&got), bytes_str("abc"));
	EQ_I(out_write(o, "de", 2, &e), 0);
	EQ_I(out_flush(o, &e), 0);
	EQ_I(out_flush(o, &e), 0);
	EQ_U(out_digest(o), digest_of("abcde", 5));
	EQ_I(out_finish(o, true, &e), 0);
	out_free(o);
	test_read(path, &got);
	EQ_B(buf_bytes(&got), bytes_str("abcde"));
	buf_fini(&got);
}

static void
codecs_that_are_read_only_are_refused(void)
{
	static const enum codec codecs[] = {CODEC_LZ4, CODEC_BZIP2, CODEC_XZ};
	size_t i;

	for (i = 0; i < LEN(codecs); i++) {
		struct err e = ERR_ZERO;
		const struct codec_info *ci = codec_info(codecs[i]);
		int fd = create(test_path("x"));
		struct out *o;

		if (ci->enc) /* it has learnt to */
			continue;
		o = out_new(fd, "x", codecs[i], 0, false, &e);
		CHECK(o == NULL);
		EQ_U(e.kind, ERR_USAGE);
		HAS(e.msg, ci->name);
		EQ_I(fcntl(fd, F_GETFD), -1); /* it was closed */
	}
}

static void
freeing_closes_without_a_word(void)
{
	struct err e = ERR_ZERO;
	int fd = create(test_path("x"));
	struct out *o = out_new(fd, "x", CODEC_GZIP, 0, false, &e);

	if (OK(o != NULL, e))
		EQ_I(out_write(o, "abc", 3, &e), 0);
	out_free(o);
	EQ_I(fcntl(fd, F_GETFD), -1);
	out_free(NULL);
}

int
main(void)
{
	RUN(plain_content_is_as_written);
	RUN(compressed_bytes_depend_on_the_content_alone);
	RUN(compressed_content_reads_back);
	RUN(a_full_disk_is_an_output_error);
	RUN(a_flush_writes_what_is_buffered);
	RUN(codecs_that_are_read_only_are_refused);
	RUN(freeing_closes_without_a_word);
	return test_end();
}
