/*
 * codec - compressed files read back whole; cut, damaged or followed by
 * foreign bytes they are refused.
 */
#include "io/codec.h"

#include <zlib.h>
#include <zstd.h>

#include "io/in.h"
#include "io/out.h"
#include "test.h"

/* A way to make compressed bytes: one of ours, or a program. */
static const struct maker {
	enum codec codec;
	const char *name;    /* for messages; the program if there is one */
	const char *command; /* NULL: our writer */
	bool no_checksum;    /* damage may not be seen */
} makers[] = {
    {CODEC_GZIP, "our gz", NULL, false},
    {CODEC_ZSTD, "our zst", NULL, false},
    {CODEC_GZIP, "gzip", "gzip -c", false},
    {CODEC_GZIP, "gzip -9", "gzip -9 -c", false},
    {CODEC_ZSTD, "zstd", "zstd -q -c", false},
    {CODEC_ZSTD, "zstd -19", "zstd -q -19 -c", false},
    {CODEC_ZSTD, "zstd --no-check", "zstd -q --no-check -c", true},
    {CODEC_LZ4, "lz4", "lz4 -q -c", false},
    {CODEC_LZ4, "lz4 -9", "lz4 -q -9 -B4 -BX -c", false},
    {CODEC_BZIP2, "bzip2", "bzip2 -c", false},
    {CODEC_XZ, "xz", "xz -c", false},
    {CODEC_XZ, "xz --check=crc32", "xz --check=crc32 -c", false},
    {CODEC_XZ, "xz --block-size", "xz --block-size=2000 -c", false},
};

static void
text(struct buf *b, size_t n)
{
	buf_clear(b);
	while (b->n < n)
		buf_printf(b, "%" PRIu64 ",x%s,%" PRIu64 "\n", rnd(),
		    one_in(2) ? "yes and so on" : "no", below(100));
	b->n = n;
}

static void
noise(struct buf *b, size_t n)
{
	buf_clear(b);
	while (b->n < n)
		buf_putc(b, (char)(rnd() >> 20));
}

static bool
have(const char *program)
{
	char cmd[200];

	snprintf(cmd, sizeof(cmd), "command -v %.*s >/dev/null 2>&1",
	    (int)strcspn(program, " "), program);
	return system(cmd) == 0;
}

/* Appends s, compressed, to `to`; false when the program is not there. */
static bool
make(const struct maker *m, struct bytes s, struct buf *to)
{
	const char *plain = test_path("plain"), *packed = test_path("packed");
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	char cmd[1200];
	bool ok;

	if (m->command) {
		if (!have(m->command)) {
			/* no skip in CI: it would look green */
			if (getenv("CI"))
				(void)CHECK(!"the program is installed");
			return false;
		}
		test_write(plain, s.p, s.n);
		snprintf(cmd, sizeof(cmd), "%s <'%s' >'%s'", m->command, plain,
		    packed);
		ok = CHECK(system(cmd) == 0);
	} else {
		int fd = open(packed, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		struct out *o = out_new(fd, packed, m->codec, 0, false, &e);

		ok = OK(o && out_write(o, s.p, s.n, &e) == 0 &&
			out_finish(o, false, &e) == 0,
		    e);
		out_free(o);
	}
	ok = ok && CHECK(test_read(packed, &b));
	buf_putb(to, buf_bytes(&b));
	buf_fini(&b);
	return ok;
}

/* Reads the bytes as a file of that codec: 0 and the content, or -1. */
static int
unpack(enum codec c, struct bytes packed, struct buf *got, struct err *e)
{
	const char *path = test_path("in%s", codec_info(c)->ext);
	struct bytes v;
	struct in *in;
	int rc;

	test_write(path, packed.p, packed.n);
	buf_clear(got);
	*e = ERR_ZERO;
	in = in_open(path, 0, e);
	if (!in)
		return -1;
	while ((rc = in_peek(in, 1, &v, e)) == 0 && v.n > 0) {
		buf_putb(got, v);
		in_consume(in, v.n);
	}
	in_close(in);
	return rc;
}

static void
refused(enum codec c, struct bytes packed)
{
	struct buf got = BUF_ZERO;
	struct err e;

	if (CHECK(unpack(c, packed, &got, &e) < 0)) {
		EQ_U(e.kind, ERR_INPUT);
		HAS(e.msg, "/in."); /* the file's name */
	}
	buf_fini(&got);
}

static void
reads_as(enum codec c, struct bytes packed, struct bytes want)
{
	struct buf got = BUF_ZERO;
	struct err e;

	if (OK(unpack(c, packed, &got, &e) == 0, e))
		EQ_B(buf_bytes(&got), want);
	buf_fini(&got);
}

static void
names_and_magic(void)
{
	enum codec c;

	for (c = CODEC_NONE; c < CODEC_COUNT; c++)
		EQ_I(codec_named(bytes_str(codec_info(c)->name)), (int)c);
	EQ_I(codec_named(bytes_str("gzip")), CODEC_GZIP);
	EQ_I(codec_named(bytes_str("zstd")), CODEC_ZSTD);
	EQ_I(codec_named(bytes_str("bzip2")), CODEC_BZIP2);
	EQ_I(codec_named(bytes_str("rar")), -1);
	EQ_I(codec_named(bytes_str("")), -1);
	EQ_I(codec_named(bytes_str("GZ")), -1);
	EQ_U(codec_of_magic(bytes_str("")), CODEC_NONE);
	EQ_U(codec_of_magic(bytes_str("\x1f")), CODEC_NONE);
	EQ_U(codec_of_magic(bytes_str("\x1f\x8b")), CODEC_GZIP);
	EQ_U(codec_of_magic(bytes_str("id,name\n1,2\n")), CODEC_NONE);
	EQ_U(codec_of_magic(bytes_str("BZh9 is a column,b\n")), CODEC_NONE);
}

static void
whole_files_read_back(void)
{
	static const size_t sizes[] = {0, 1, 100, 70000, 600000};
	struct buf s = BUF_ZERO, packed = BUF_ZERO;
	size_t m, i, tried = 0;

	for (m = 0; m < LEN(makers); m++)
		for (i = 0; i < LEN(sizes); i++) {
			if (i & 1)
				noise(&s, sizes[i]);
			else
				text(&s, sizes[i]);
			buf_clear(&packed);
			if (!make(&makers[m], buf_bytes(&s), &packed))
				continue;
			tried++;
			test_about("%s, %zu bytes", makers[m].name, sizes[i]);
			EQ_U(codec_of_magic(buf_bytes(&packed)),
			    makers[m].codec);
			reads_as(
			    makers[m].codec, buf_bytes(&packed), buf_bytes(&s));
		}
	CHECK(tried >= 2 * LEN(sizes));
	buf_fini(&s);
	buf_fini(&packed);
}

static void
members_behind_each_other_are_one_stream(void)
{
	struct buf s = BUF_ZERO, all = BUF_ZERO, packed = BUF_ZERO;
	size_t m;
	int i;

	for (m = 0; m < LEN(makers); m++) {
		bool made = true;

		buf_clear(&all);
		buf_clear(&packed);
		for (i = 0; i < 5 && made; i++) {
			/* an empty one among them */
			text(&s, i == 2 ? 0 : below(100000));
			buf_putb(&all, buf_bytes(&s));
			made = make(&makers[m], buf_bytes(&s), &packed);
		}
		if (!made)
			continue;
		test_about("%s", makers[m].name);
		reads_as(makers[m].codec, buf_bytes(&packed), buf_bytes(&all));
	}
	buf_fini(&s);
	buf_fini(&all);
	buf_fini(&packed);
}

static void
every_truncation_is_refused(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO;
	size_t m, n, border;

	for (m = 0; m < LEN(makers); m++) {
		buf_clear(&packed);
		text(&s, 600);
		if (!make(&makers[m], buf_bytes(&s), &packed))
			continue;
		border = packed.n;
		make(&makers[m], bytes_of(s.p, 100), &packed);
		for (n = 1; n < packed.n; n++) {
			test_about("%s cut to %zu of %zu", makers[m].name, n,
			    packed.n);
			if (n == border) /* nothing says that more should be
			                    there */
				reads_as(makers[m].codec, bytes_of(packed.p, n),
				    buf_bytes(&s));
			else
				refused(makers[m].codec, bytes_of(packed.p, n));
		}
	}
	buf_fini(&s);
	buf_fini(&packed);
}

/* The last truncation: no compressor writes an empty file. */
static void
nothing_at_all_is_no_compressed_file(void)
{
	enum codec c;

	for (c = CODEC_GZIP; c < CODEC_COUNT; c++) {
		test_about("%s", codec_info(c)->name);
		refused(c, bytes_of("", 0));
	}
}

static void
a_cut_at_a_flush_point_is_refused(void)
{
	struct buf s = BUF_ZERO;
	unsigned char out[65536];
	size_t cut;
	z_stream z;

	/* whole rows up to there, and the decoder has seen them all */
	text(&s, 20000);
	memset(&z, 0, sizeof(z));
	CHECK(
	    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (unsigned char *)s.p;
	z.avail_in = 10000;
	z.next_out = out;
	z.avail_out = sizeof(out);
	CHECK(deflate(&z, Z_FULL_FLUSH) == Z_OK);
	cut = sizeof(out) - z.avail_out;
	z.avail_in = 10000;
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	reads_as(CODEC_GZIP, bytes_of((char *)out, sizeof(out) - z.avail_out),
	    buf_bytes(&s));
	refused(CODEC_GZIP, bytes_of((char *)out, cut));
	deflateEnd(&z);
	buf_fini(&s);
}

static void
every_flipped_byte_is_refused_or_harmless(void)
{
	static const unsigned char flips[] = {0x01, 0xff};
	struct buf s = BUF_ZERO, packed = BUF_ZERO, got = BUF_ZERO;
	size_t m, i, f, n, seen;

	for (m = 0; m < LEN(makers); m++) {
		if (makers[m].no_checksum)
			continue;
		buf_clear(&packed);
		text(&s, 500);
		if (!make(&makers[m], bytes_of(s.p, 400), &packed))
			continue;
		make(&makers[m], bytes_of(s.p + 400, 100), &packed);
		for (i = seen = 0; i < packed.n; i++)
			for (f = 0; f < LEN(flips) + 1; f++) {
				unsigned char with = f < LEN(flips)
				    ? flips[f]
				    : (unsigned char)(1 + below(255));
				struct err e;
				int rc;

				packed.p[i] ^= (char)with;
				rc = unpack(makers[m].codec, buf_bytes(&packed),
				    &got, &e);
				packed.p[i] ^= (char)with;
				test_about("%s, byte %zu of %zu flipped by "
					   "%02x",
				    makers[m].name, i, packed.n, with);
				seen += rc < 0;
				if (rc == 0)
					EQ_B(buf_bytes(&got), buf_bytes(&s));
				else
					EQ_U(e.kind, ERR_INPUT);
			}
		/* nearly all of them are seen */
		n = packed.n * (LEN(flips) + 1);
		test_about("%s: %zu of %zu seen", makers[m].name, seen, n);
		CHECK(seen > n * 8 / 10);
	}
	buf_fini(&s);
	buf_fini(&packed);
	buf_fini(&got);
}

static void
foreign_bytes_behind_are_refused(void)
{
	static const struct {
		const char *p;
		size_t n;
	} junk[] = {{"x", 1}, {"\n", 1}, {"id,name\n", 8}, {"\x1f", 1},
	    {"\x1f\x8b", 2}, {"\x1f\x8b\x08", 3}, {"\xff\xff\xff\xff", 4},
	    {"BZ", 2}, {"\x04\x22\x4d", 3}, {"\x28\xb5\x2f", 3},
	    {"PK\3\4....................", 24},
	    {"\xfd"
	     "7zXZ",
		5},
	    {"\0\0\0x", 4}, {"\0\0\0\0x", 5}};
	struct buf s = BUF_ZERO, packed = BUF_ZERO;
	size_t m, i, n;

	for (m = 0; m < LEN(makers); m++) {
		buf_clear(&packed);
		text(&s, 1000);
		if (!make(&makers[m], buf_bytes(&s), &packed))
			continue;
		n = packed.n;
		for (i = 0; i < LEN(junk); i++) {
			packed.n = n;
			buf_put(&packed, junk[i].p, junk[i].n);
			test_about("%s and %s", makers[m].name,
			    err_quote(bytes_of(junk[i].p, junk[i].n)));
			refused(makers[m].codec, buf_bytes(&packed));
		}
		packed.n = n;
	}
	buf_fini(&s);
	buf_fini(&packed);
}

static void
zeros_behind_gzip_are_padding(void)
{
	static const size_t pad[] = {1, 2, 511, 512, 10240, IN_BLOCK - 1,
	    IN_BLOCK, IN_BLOCK + 1, 3 * IN_BLOCK};
	struct buf s = BUF_ZERO, packed = BUF_ZERO;
	size_t i, k, n;

	text(&s, 5000);
	make(&makers[0], buf_bytes(&s), &packed);
	n = packed.n;
	for (i = 0; i < LEN(pad); i++) {
		packed.n = n;
		for (k = 0; k < pad[i]; k++)
			buf_putc(&packed, '\0');
		test_about("%zu zeros", pad[i]);
		reads_as(CODEC_GZIP, buf_bytes(&packed), buf_bytes(&s));
		/* but nothing behind them */
		buf_putc(&packed, 'x');
		refused(CODEC_GZIP, buf_bytes(&packed));
	}
	buf_fini(&s);
	buf_fini(&packed);
}

/* A member behind padding: the same answer wherever blocks are cut. */
static void
a_member_behind_zeros_is_refused_everywhere(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO, one = BUF_ZERO;
	size_t total;

	text(&s, 1000);
	make(&makers[0], buf_bytes(&s), &one);
	for (total = IN_BLOCK - 3; total <= IN_BLOCK + 3; total++) {
		buf_clear(&packed);
		buf_putb(&packed, buf_bytes(&one));
		while (packed.n < total)
			buf_putc(&packed, '\0');
		buf_putb(&packed, buf_bytes(&one));
		test_about("member, zeros up to %zu, member", total);
		refused(CODEC_GZIP, buf_bytes(&packed));
	}
	buf_fini(&s);
	buf_fini(&packed);
	buf_fini(&one);
}

/*
 * The reader takes blocks of IN_BLOCK: a member's end, and the next one's
 * header, at every place around a block's border.
 */
static void
borders_of_members_around_borders_of_blocks(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO, want = BUF_ZERO;
	int d, kind;

	for (kind = 0; kind < 3; kind++)
		for (d = -40; d <= 40; d++) {
			size_t n = IN_BLOCK - 1000, at;
			const struct maker *m = &makers[kind == 2];
			int i;

			/* noise does not compress: the packed length follows
			 * the plain one; two or three steps hit the mark */
			noise(&s, n);
			for (i = 0; i < 6; i++) {
				buf_clear(&packed);
				make(m, bytes_of(s.p, n), &packed);
				at = (size_t)((int)IN_BLOCK + d);
				if (packed.n == at)
					break;
				n = n + at - packed.n;
				while (s.n < n)
					buf_putc(&s, (char)(rnd() >> 20));
			}
			if (packed.n != at)
				continue; /* its last block is stored */
			buf_clear(&want);
			buf_put(&want, s.p, n);
			test_about("%s, border at %zu", m->name, packed.n);
			if (kind == 1) { /* cut right behind, then all */
				refused(
				    m->codec, bytes_of(packed.p, packed.n - 1));
				reads_as(m->codec, buf_bytes(&packed),
				    buf_bytes(&want));
				continue;
			}
			text(&s, 2000);
			buf_putb(&want, buf_bytes(&s));
			make(m, buf_bytes(&s), &packed);
			reads_as(
			    m->codec, buf_bytes(&packed), buf_bytes(&want));
		}
	buf_fini(&s);
	buf_fini(&packed);
	buf_fini(&want);
}

/* The fields a gzip header may have: none changes what is read. */
static void
gzip_headers_with_all_fields(void)
{
	static const char body[] = "some text\nand more\n";
	struct bytes want = bytes_of(body, sizeof(body) - 1);
	unsigned char out[500];
	unsigned flags;

	for (flags = 0; flags < 16; flags++) {
		char extra[] = "XX\3\0abc", name[] = "name", comment[] = "c";
		gz_header h;
		z_stream z;

		memset(&h, 0, sizeof(h));
		memset(&z, 0, sizeof(z));
		if (flags & 1) {
			h.extra = (unsigned char *)extra;
			h.extra_len = 7;
		}
		h.name = flags & 2 ? (unsigned char *)name : NULL;
		h.comment = flags & 4 ? (unsigned char *)comment : NULL;
		h.hcrc = flags & 8;
		h.time = 12345;
		CHECK(deflateInit2(&z, 6, Z_DEFLATED, 31, 8,
			  Z_DEFAULT_STRATEGY) == Z_OK);
		CHECK(deflateSetHeader(&z, &h) == Z_OK);
		z.next_in = (unsigned char *)(uintptr_t)body;
		z.avail_in = sizeof(body) - 1;
		z.next_out = out;
		z.avail_out = sizeof(out);
		CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
		test_about("flags %x", flags);
		reads_as(CODEC_GZIP,
		    bytes_of((char *)out, sizeof(out) - z.avail_out), want);
		deflateEnd(&z);
	}
}

static void
zstd_skippable_frames_are_skipped(void)
{
	static const char skip[] = "\x50\x2a\x4d\x18\x05\0\0\0hello";
	struct buf s = BUF_ZERO, packed = BUF_ZERO;

	text(&s, 1000);
	make(&makers[1], buf_bytes(&s), &packed);
	buf_put(&packed, skip, sizeof(skip) - 1);
	reads_as(CODEC_ZSTD, buf_bytes(&packed), buf_bytes(&s));
	refused(CODEC_ZSTD, bytes_of(packed.p, packed.n - 1));
	refused(CODEC_ZSTD, bytes_of(packed.p, packed.n - 6));
	/* a frame behind it counts again */
	make(&makers[1], bytes_of("more", 4), &packed);
	buf_puts(&s, "more");
	reads_as(CODEC_ZSTD, buf_bytes(&packed), buf_bytes(&s));
	buf_fini(&s);
	buf_fini(&packed);
}

static void
our_frames_carry_checksums(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO;

	text(&s, 1000);
	make(&makers[1], buf_bytes(&s), &packed);
	/* frame header descriptor, bit 2: content checksum */
	CHECK(packed.p[4] & 4);
	buf_clear(&packed);
	make(&makers[0], buf_bytes(&s), &packed);
	/* neither flags nor time: the same bytes tomorrow */
	EQ_B(bytes_of(packed.p + 3, 5), bytes_of("\0\0\0\0\0", 5));
	buf_fini(&s);
	buf_fini(&packed);
}

static void
a_name_that_lies_is_refused(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO, got = BUF_ZERO;
	struct err e;
	enum codec c;

	text(&s, 1000);
	for (c = CODEC_GZIP; c < CODEC_COUNT; c++) {
		test_about("%s", codec_info(c)->ext);
		EQ_I(unpack(c, buf_bytes(&s), &got, &e), -1);
		HAS(e.msg, "named .");
	}
	/* compressed data under a plain name is read as what it is */
	make(&makers[0], buf_bytes(&s), &packed);
	reads_as(CODEC_NONE, buf_bytes(&packed), buf_bytes(&s));
	buf_fini(&s);
	buf_fini(&packed);
	buf_fini(&got);
}

/* A few bytes that stand for gigabytes are read a block at a time. */
static int
gather(void *to, const void *p, size_t n, struct err *e)
{
	(void)e;
	buf_put(to, p, n);
	return 0;
}

/* Wherever in memory the compressor lies. */
static void
our_bytes_depend_on_the_text_alone(void)
{
	static const char repeats[] = "abcd,efgh\nabcd,efgh\n1\n";
	void *st[200] = {NULL};
	struct buf first = BUF_ZERO, b = BUF_ZERO;
	int codec;
	size_t i;

	for (codec = CODEC_GZIP; codec <= CODEC_ZSTD; codec++) {
		const struct encoder *c = codec_info((enum codec)codec)->enc;
		struct err e = ERR_ZERO;

		/* none is freed before all are there: each has its place */
		for (i = 0; i < LEN(st); i++) {
			buf_clear(&b);
			st[i] = c->open(1, &e);
			CHECK(st[i] &&
			    c->write(st[i], repeats, sizeof(repeats) - 1, true,
				gather, &b, &e) == 0);
			if (i == 0)
				buf_putb(&first, buf_bytes(&b));
			EQ_B(buf_bytes(&b), buf_bytes(&first));
		}
		for (i = 0; i < LEN(st); i++)
			c->free(st[i]);
		buf_clear(&first);
	}
	buf_fini(&first);
	buf_fini(&b);
}

static void
large_output_of_small_input(void)
{
	struct buf s = BUF_ZERO, packed = BUF_ZERO;
	size_t m;

	buf_reserve(&s, 6000000);
	memset(s.p, 'z', 6000000);
	s.n = 6000000;
	for (m = 0; m < LEN(makers); m++) {
		buf_clear(&packed);
		if (makers[m].codec != CODEC_XZ && m > 3)
			continue;
		if (!make(&makers[m], buf_bytes(&s), &packed))
			continue;
		test_about("%s", makers[m].name);
		reads_as(makers[m].codec, buf_bytes(&packed), buf_bytes(&s));
	}
	buf_fini(&s);
	buf_fini(&packed);
}

int
main(void)
{
	RUN(names_and_magic);
	RUN(whole_files_read_back);
	RUN(members_behind_each_other_are_one_stream);
	RUN(every_truncation_is_refused);
	RUN(nothing_at_all_is_no_compressed_file);
	RUN(a_cut_at_a_flush_point_is_refused);
	RUN(every_flipped_byte_is_refused_or_harmless);
	RUN(foreign_bytes_behind_are_refused);
	RUN(zeros_behind_gzip_are_padding);
	RUN(a_member_behind_zeros_is_refused_everywhere);
	RUN(borders_of_members_around_borders_of_blocks);
	RUN(gzip_headers_with_all_fields);
	RUN(zstd_skippable_frames_are_skipped);
	RUN(our_frames_carry_checksums);
	RUN(a_name_that_lies_is_refused);
	RUN(our_bytes_depend_on_the_text_alone);
	RUN(large_output_of_small_input);
	return test_end();
}
