/* pickle - flat dicts of every protocol read and written, with Python as the
 * judge where it is installed; everything else refused. */
#include "fill/pickle.h"
#include "fill/pickleout.h"

#include <math.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "python.h"
#include "test.h"

#define B_INIT(literal)                                                        \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
#define B(literal) bytes_of(literal, sizeof(literal) - 1)

static bool
load(struct pickle_dict *d, struct bytes file, struct err *e)
{
	*e = ERR_ZERO;
	if (pickle_parse(d, "f.pkl", file, e) == 0)
		return true;
	EQ_I((int)e->kind, ERR_INPUT);
	CHECK(strncmp(e->msg, "f.pkl: ", 7) == 0);
	CHECK(d->v == NULL && d->heap == NULL && d->n == 0);
	return false;
}

static void
refused(struct bytes file, const char *why)
{
	struct pickle_dict d;
	struct err e;

	test_about("%s", err_quote(file));
	if (CHECK(!load(&d, file, &e)))
		HAS(e.msg, why);
	else
		pickle_fini(&d);
	test.context[0] = '\0';
}

/*
 * A dict for eyes and comparison: `KEY kind VALUE` lines, keys and texts in
 * hex, floats by their bits, integers in digits.
 */
static void
hex(struct buf *b, struct bytes s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_printf(b, "%02x", (unsigned char)s.p[i]);
}

static void
show_text(struct buf *b, struct bytes key, struct bytes value)
{
	hex(b, key);
	buf_puts(b, " t ");
	hex(b, value);
	buf_putc(b, '\n');
}

static void
show_float(struct buf *b, struct bytes key, double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	hex(b, key);
	buf_printf(b, " f %016" PRIx64 "\n", u);
}

static void
show(struct buf *b, const struct pickle_dict *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct pickle_pair *p = &d->v[i];

		if (p->kind == PICKLE_TEXT) {
			show_text(b, p->key, p->text);
		} else if (p->kind == PICKLE_FLOAT) {
			show_float(b, p->key, p->number);
		} else {
			hex(b, p->key);
			buf_printf(b, " i %.0f\n", p->number);
		}
	}
}

static void
shows_as(struct bytes file, struct bytes want)
{
	struct buf got = BUF_ZERO;
	struct pickle_dict d;
	struct err e;

	if (OK(load(&d, file, &e), e)) {
		show(&got, &d);
		EQ_B(buf_bytes(&got), want);
		pickle_fini(&d);
	}
	buf_fini(&got);
}

/* Random text: ASCII, the whole of Unicode, what the escapes are for. */
static void
some_text(struct buf *b, size_t max)
{
	size_t n = below(max + 1);
	char c[4];

	while (n-- > 0)
		switch (below(6)) {
		case 0:
			buf_put(b, c, utf8_put((uint32_t)below(0x110000), c));
			break;
		case 1:
			buf_put(b, c, utf8_put((uint32_t)below(0x300), c));
			break;
		case 2: buf_putc(b, "\\\n\r\t\"'u\x1a"[below(8)]); break;
		default: buf_putc(b, (char)(' ' + below(95)));
		}
}

static double
some_float(void)
{
	uint64_t u;
	double d;

	do {
		u = rnd();
		memcpy(&d, &u, sizeof(d));
		if (one_in(2))
			d = (double)below(100000) / 100;
	} while (!isfinite(d));
	return d;
}

/* A random dict of n pairs: as a pickle, and as show() would show it. */
static void
some_dict(struct buf *file, struct buf *shown, size_t n)
{
	struct buf key = BUF_ZERO, value = BUF_ZERO;
	size_t i;

	pickle_put_dict_begin(file);
	for (i = 0; i < n; i++) {
		buf_clear(&key);
		buf_clear(&value);
		buf_printf(&key, "%zu:", i);
		some_text(&key, 20);
		if (one_in(2)) {
			double d = some_float();

			pickle_put_dict_number(file, buf_bytes(&key), d);
			show_float(shown, buf_bytes(&key), d);
		} else {
			some_text(&value, one_in(50) ? 3000 : 12);
			pickle_put_dict_text(
			    file, buf_bytes(&key), buf_bytes(&value));
			show_text(shown, buf_bytes(&key), buf_bytes(&value));
		}
	}
	pickle_put_dict_end(file);
	buf_fini(&key);
	buf_fini(&value);
}

static void
the_bytes_written(void)
{
	struct buf b = BUF_ZERO;

	pickle_put_dict_begin(&b);
	pickle_put_dict_number(&b, bytes_str("a"), 1.5);
	pickle_put_dict_text(&b, bytes_str("\xc3\xa9"), bytes_str("x\ny"));
	pickle_put_dict_end(&b);
	EQ_B(buf_bytes(&b),
	    B("\x80\x02}(X\1\0\0\0aG\x3f\xf8\0\0\0\0\0\0"
	      "X\2\0\0\0\xc3\xa9X\3\0\0\0x\nyu."));
	buf_fini(&b);
}

static void
what_is_written_reads_back(void)
{
	int round;

	for (round = 0; round < 500; round++) {
		struct buf file = BUF_ZERO, shown = BUF_ZERO;

		some_dict(&file, &shown, below(one_in(20) ? 3000 : 30));
		shows_as(buf_bytes(&file), buf_bytes(&shown));
		buf_fini(&file);
		buf_fini(&shown);
	}
}

/* As Python wrote them: {'a': 1.5, 'b\n\\é\U0001F600': 'x', 'c': 3,
 * 'd': 10**15, 'e': -1, 'f': 10**20, 'g': 'x'} in protocols 0 to 5. */
static const struct bytes real[] = {
    B_INIT("(dp0\nVa\np1\nF1.5\nsVb\\u000a\\u005c\xe9\\U0001f600\np2\nVx\np3\n"
	   "sVc\np4\nI3\nsVd\np5\nL1000000000000000L\nsVe\np6\nI-1\nsVf\np7\n"
	   "L100000000000000000000L\nsVg\np8\ng3\ns."),
    B_INIT("}q\0(X\1\0\0\0aq\1G?\xf8\0\0\0\0\0\0X\t\0\0\0b\n\\\xc3\xa9"
	   "\xf0\x9f\x98\x80q\2X\1\0\0\0xq\3X\1\0\0\0cq\4K\3X\1\0\0\0dq\5"
	   "L1000000000000000L\nX\1\0\0\0eq\6J\xff\xff\xff\xffX\1\0\0\0fq\7"
	   "L100000000000000000000L\nX\1\0\0\0gq\x08h\3u."),
    B_INIT("\x80\2}q\0(X\1\0\0\0aq\1G?\xf8\0\0\0\0\0\0X\t\0\0\0b\n\\\xc3\xa9"
	   "\xf0\x9f\x98\x80q\2X\1\0\0\0xq\3X\1\0\0\0cq\4K\3X\1\0\0\0dq\5"
	   "\x8a\7\0\x80\xc6\xa4~\x8d\3X\1\0\0\0eq\6J\xff\xff\xff\xff"
	   "X\1\0\0\0fq\7\x8a\t\0\0\x10"
	   "c-^\xc7k\5X\1\0\0\0gq\x08h\3u."),
    B_INIT("\x80\5\x95S\0\0\0\0\0\0\0}\x94(\x8c\1a\x94G?\xf8\0\0\0\0\0\0"
	   "\x8c\tb\n\\\xc3\xa9\xf0\x9f\x98\x80\x94\x8c\1x\x94\x8c\1c\x94K\3"
	   "\x8c\1d\x94\x8a\7\0\x80\xc6\xa4~\x8d\3\x8c\1e\x94J\xff\xff\xff\xff"
	   "\x8c\1f\x94\x8a\t\0\0\x10"
	   "c-^\xc7k\5\x8c\1g\x94h\3u."),
};
static const char real_shown[] = "61 f 3ff8000000000000\n"
				 "620a5cc3a9f09f9880 t 78\n"
				 "63 i 3\n"
				 "64 i 1000000000000000\n"
				 "65 i -1\n"
				 "66 i 100000000000000000000\n"
				 "67 t 78\n";

static void
pickles_of_python_3_read(void)
{
	size_t i;

	for (i = 0; i < LEN(real); i++) {
		test_about("%zu", i);
		shows_as(real[i], bytes_str(real_shown));
	}
}

static void
pickles_of_python_2_read(void)
{
	/* {u'a': 1.5, u'k': 3, u'm': 10**12, u'b\xe9': u'x', u'l': 5L} by
	 * cPickle, whose memo begins at 1 and leaves out what is not used */
	static const char shown[] = "61 f 3ff8000000000000\n"
				    "6b i 3\n"
				    "6d i 1000000000000\n"
				    "62c3a9 t 78\n"
				    "6c i 5\n";

	shows_as(B("(dp1\nVa\nF1.5\nsVk\nI3\nsVm\nI1000000000000\n"
		   "sVb\xe9\np2\nVx\nsVl\nL5L\ns."),
	    bytes_str(shown));
	shows_as(B("\x80\2}q\1(X\1\0\0\0aG?\xf8\0\0\0\0\0\0X\1\0\0\0kK\3"
		   "X\1\0\0\0mI1000000000000\nX\3\0\0\0b\xc3\xa9q\2X\1\0\0\0x"
		   "X\1\0\0\0l\x8a\1\5u."),
	    bytes_str(shown));
}

static void
other_spellings_of_a_flat_dict_read(void)
{
	/* empty */
	shows_as(B("}."), B(""));
	shows_as(B("(d."), B(""));
	shows_as(B("\x80\4}\x94."), B(""));
	shows_as(B("}(u."), B(""));
	/* pairs taken by DICT; by SETITEM; by more than one SETITEMS */
	shows_as(B("(Va\nI1\nVb\nI2\nd."), B("61 i 1\n62 i 2\n"));
	shows_as(B("}Va\nI1\nsVb\nI2\ns."), B("61 i 1\n62 i 2\n"));
	shows_as(B("}(Va\nI1\nu(Vb\nI2\nVc\nI3\nuVd\nI4\ns."),
	    B("61 i 1\n62 i 2\n63 i 3\n64 i 4\n"));
	/* a LONG without its L, a BINUNICODE8, a LONG_BINPUT, a GET of it */
	shows_as(B("}(Va\nL7\n\x8d\1\0\0\0\0\0\0\0br\0\0\0\0j\0\0\0\0u."),
	    B("61 i 7\n62 t 62\n"));
	shows_as(B("}(Va\np0\nF-0.0\nVb\ng0\nu."),
	    B("61 f 8000000000000000\n62 t 61\n"));
}

static void
integers_of_any_length(void)
{
	struct pickle_dict d;
	struct err e;
	char file[300], want[400];
	size_t n, i;

	/* 2**k and -2**k, in as many bytes as Python takes, and in more */
	for (i = 0; i < 1100; i++)
		for (n = i / 8 + 1; n <= i / 8 + 3 && n < 256; n++) {
			int neg;

			for (neg = 0; neg < 2; neg++) {
				char *p = file + 7;
				size_t k;

				memcpy(file, "}(Va\n\x8a", 6);
				file[6] = (char)n;
				memset(p, 0, n);
				if (neg)
					memset(p + i / 8, 0xff, n - i / 8);
				p[i / 8] =
				    (char)(neg ? 0xff << i % 8 : 1 << i % 8);
				memcpy(p + n, "u.", 2);
				k = 7 + n + 2;
				test_about("%s2**%zu, %zu bytes",
				    neg ? "-" : "", i, n);
				/* 2**7 in one byte is -2**7 */
				if (!neg && i % 8 == 7 && n == i / 8 + 1)
					continue;
				if (i >= 1024) {
					CHECK(!load(&d, bytes_of(file, k), &e));
					continue;
				}
				if (!OK(load(&d, bytes_of(file, k), &e), e))
					continue;
				snprintf(want, sizeof(want), "%a",
				    ldexp(neg ? -1 : 1, (int)i));
				snprintf(
				    file, sizeof(file), "%a", d.v[0].number);
				EQ_S(file, want);
				pickle_fini(&d);
			}
		}
	test.context[0] = '\0';
	shows_as(B("}(Va\n\x8a\0Vb\n\x8a\1\x80Vc\n\x8a\2\0\x80u."),
	    B("61 i 0\n62 i -128\n63 i -32768\n"));
	shows_as(B("}(Va\nJ\0\0\0\x80Vb\nJ\xff\xff\xff\x7fVc\nM\xff\xff"
		   "Vd\nK\xffu."),
	    B("61 i -2147483648\n62 i 2147483647\n63 i 65535\n64 i 255\n"));
	/* 2**53 + 1 */
	refused(B("}(Va\n\x8a\7\1\0\0\0\0\0\x20u."),
	    "LONG1 at byte 5 is refused: it makes an integer that no double "
	    "holds exactly (key \"a\")");
	refused(B("}(Va\n\x8a\7\xff\xff\xff\xff\xff\xff\xdfu."), "no double");
	refused(B("}(Va\nL9007199254740993L\nu."), "no double");
	refused(B("}(Va\nI9007199254740993\nu."), "no double");
	shows_as(
	    B("}(Va\n\x8a\7\2\0\0\0\0\0\x20u."), B("61 i 9007199254740994\n"));
	refused(B("}(Va\n\x8b\2\0\0\0\0\1u."), "LONG4 at byte 5");
}

static void
what_could_run_code_is_refused_by_name(void)
{
	static const struct {
		struct bytes file;
		const char *why;
	} t[] = {
	    /* os.system('id') in the ways that are known */
	    {B_INIT("}Va\ncos\nsystem\n(S'id'\ntRs."), "GLOBAL at byte 4"},
	    {B_INIT("cos\nsystem\n(S'id'\ntR."), "GLOBAL at byte 0"},
	    {B_INIT("(S'id'\nios\nsystem\n."), "INST at byte 7"},
	    {B_INIT("(cos\nsystem\nS'id'\no."), "GLOBAL at byte 1"},
	    {B_INIT(
		 "\x80\4\x95\x1d\0\0\0\0\0\0\0\x8c\5posix\x94\x8c\6system\x94"
		 "\x93\x94\x8c\2id\x94\x85\x94R\x94."),
		"STACK_GLOBAL at byte 28"},
	    {B_INIT("\x80\2}q\0X\1\0\0\0ax\n."), "no pickle opcode"},
	    {B_INIT("\x80\2}q\0X\1\0\0\0aR."), "REDUCE at byte 11"},
	    {B_INIT("}(Va\nI1\nub."), "BUILD at byte 9"},
	    {B_INIT("}Va\n\x81s."), "NEWOBJ at byte 4"},
	    {B_INIT("}Va\n\x92s."), "NEWOBJ_EX at byte 4"},
	    {B_INIT("}Va\nos."), "OBJ at byte 4"},
	    {B_INIT("}Va\n\x82\1s."), "EXT1 at byte 4"},
	    {B_INIT("}Va\n\x83\1\2s."), "EXT2 at byte 4"},
	    {B_INIT("}Va\n\x84\1\2\3\4s."), "EXT4 at byte 4"},
	    {B_INIT("}Va\nPx\ns."), "PERSID at byte 4"},
	    {B_INIT("}Va\nQs."), "BINPERSID at byte 4"},
	    /* said before what else is wrong */
	    {B_INIT("NN]](((0122Rxyz"), "REDUCE at byte 11"},
	    {B_INIT("}(Va\nNVa\nI1\nu}cos\nsystem\n"), "GLOBAL at byte 14"},
	};
	struct pickle_dict d;
	struct err e;
	size_t i;

	for (i = 0; i < LEN(t); i++)
		refused(t[i].file, t[i].why);
	/* the sentence */
	CHECK(!load(&d, B("\x80\2}q\0X\1\0\0\0axx.R"), &e));
	CHECK(!load(&d, B("}X\6\0\0\0abcdefh\0\x94R."), &e));
	HAS(e.msg,
	    "f.pkl: pickle opcode REDUCE at byte 15 could run code: "
	    "refused");
}

static void
values_are_numbers_and_text(void)
{
	refused(B("}Va\nNs."),
	    "NONE at byte 4 is refused: it makes None, a value is a number or "
	    "text (key \"a\")");
	refused(B("}Va\n\x88s."), "NEWTRUE at byte 4");
	refused(B("}Va\n\x89s."), "NEWFALSE at byte 4");
	refused(B("}Va\nI01\ns."), "makes a bool");
	refused(B("}Va\nI00\ns."), "makes a bool");
	refused(B("}Va\n]s."), "EMPTY_LIST at byte 4");
	refused(B("}Va\n)s."), "EMPTY_TUPLE at byte 4");
	refused(B("}Va\n}s."), "a dict inside of the dict");
	refused(B("}Va\n(ds."), "MARK at byte 4");
	refused(B("}(Va\n(lu."), "MARK at byte 5");
	refused(B("}Va\n\x8fs."), "EMPTY_SET at byte 4");
	refused(B("}q\0Va\nh\0s."), "BINGET at byte 6");
	refused(B("}Va\nS'x'\ns."),
	    "STRING at byte 4 is refused: it makes "
	    "bytes");
	refused(B("}Va\nU\1xs."), "SHORT_BINSTRING at byte 4");
	refused(B("}Va\nT\1\0\0\0xs."), "BINSTRING at byte 4");
	refused(B("}Va\nC\1xs."), "SHORT_BINBYTES at byte 4");
	refused(B("}Va\nB\1\0\0\0xs."), "BINBYTES at byte 4");
	refused(B("}Va\n\x8e\1\0\0\0\0\0\0\0xs."), "BINBYTES8 at byte 4");
	refused(B("}Va\n\x96\1\0\0\0\0\0\0\0xs."), "BYTEARRAY8 at byte 4");
	refused(B("}Va\n\x97s."), "NEXT_BUFFER at byte 4");
	refused(B("}Va\nG\x7f\xf0\0\0\0\0\0\0s."), "makes nan or inf");
	refused(B("}Va\nG\xff\xf0\0\0\0\0\0\0s."), "makes nan or inf");
	refused(B("}Va\nG\x7f\xf8\0\0\0\0\0\0s."), "makes nan or inf");
	refused(B("}Va\nFinf\ns."), "makes nan or inf");
	refused(B("}Va\nF-inf\ns."), "makes nan or inf");
	refused(B("}Va\nFnan\ns."), "makes nan or inf");
	refused(B("}Va\nF1e999\ns."), "no number");
	refused(B("}Va\nF\ns."), "no number");
	refused(B("}Va\nF1.5 \ns."), "no number");
	refused(B("}Va\nF0x1p3\ns."), "no number");
	refused(B("}Va\nI\ns."), "no integer");
	refused(B("}Va\nI1.0\ns."), "no integer");
	refused(B("}Va\nI007\ns."), "no integer");
	refused(B("}Va\nI1L\ns."), "no integer");
	refused(B("}Va\nLL\ns."), "no integer");
	refused(B("}Va\nL 1L\ns."), "no integer");
}

static void
keys_are_text_and_differ(void)
{
	refused(
	    B("}I1\nI2\ns."), "INT at byte 1 is refused: a key must be text");
	refused(B("}G?\xf8\0\0\0\0\0\0I2\ns."), "a key must be text");
	refused(B("}Ns."), "NONE");
	refused(B("}(Va\nI1\nVb\nI2\nVa\nI3\nu."),
	    "key \"a\" at byte 14 comes twice");
	refused(B("}(Va\nI1\nX\1\0\0\0aI3\nu."), "comes twice");
	refused(B("}Va\nq\0I1\nsh\0I2\ns."), "comes twice");
	refused(B("}(V\nI1\nV\nI3\nu."), "key \"\" at byte 7 comes twice");
}

static void
text_is_utf_8(void)
{
	refused(B("}Va\nX\1\0\0\0\xffs."), "not valid UTF-8");
	refused(B("}Va\n\x8c\2\xc3\x28s."), "not valid UTF-8");
	refused(B("}\x8c\2\xc0\x80I1\ns."), "not valid UTF-8");
	/* a surrogate, as Python writes it with surrogatepass */
	refused(B("}Va\n\x8c\3\xed\xa0\x80s."), "not valid UTF-8");
	refused(B("}Va\n\x8c\4\xf4\x90\x80\x80s."), "not valid UTF-8");
	refused(B("}Va\nV\\ud800\ns."), "no character");
	refused(B("}Va\nV\\U0000dfff\ns."), "no character");
	refused(B("}Va\nV\\U00110000\ns."), "no character");
	refused(B("}Va\nV\\Uffffffff\ns."), "no character");
	refused(B("}Va\nV\\u00\ns."), "bad escape");
	refused(B("}Va\nV\\u00g0\ns."), "bad escape");
	refused(B("}Va\nV\\x41\ns."), "bad escape");
	refused(B("}Va\nV\\\ns."), "bad escape");
	refused(B("}Va\nV\\\\u0041\ns."), "bad escape");
	shows_as(B("}VA\xff\\u20aC\\U0010FFFF\nV\\u0000\ns."),
	    B("41c3bfe282acf48fbfbf t 00\n"));
}

static void
only_a_dict_and_only_one(void)
{
	refused(B(""), "truncated");
	refused(B("."), "holds no dict");
	refused(B("\x80\2."), "holds no dict");
	refused(B("Va\n."), "outside of a dict");
	refused(B("I1\n."), "outside of a dict");
	refused(B("(."), "holds no dict");
	refused(B("}(."), "not complete");
	refused(B("}Va\n."), "not complete");
	refused(B("}Va\nI1\n."), "not complete");
	refused(B("}(Va\nI1\n."), "not complete");
	refused(B("}}."), "two of them");
	refused(B("(d(d."), "two of them");
	refused(B("}.}."), "2 bytes behind the end of the pickle at byte 1");
	refused(B("}.\n"), "1 bytes behind the end");
	refused(B("d."), "DICT at byte 0");
	refused(B("(Va\nd."), "a key has no value");
	refused(B("(}u."), "EMPTY_DICT at byte 1");
	refused(B("s."), "SETITEM at byte 0 is refused: it stands outside");
	refused(B("(u."), "SETITEMS at byte 1 is refused: it stands outside");
	refused(B("}s."), "SETITEM at byte 1");
	refused(B("}u."), "SETITEMS at byte 1");
	refused(B("}Va\ns."), "a key has no value");
	refused(B("}(Va\nu."), "a key has no value");
	refused(B("}(Va\nI1\ns."), "SETITEM at byte 8");
	refused(B("}Va\nI1\nVb\nI2\ns."), "SETITEM should come");
	refused(B("}Va\nI1\nu."), "SETITEMS at byte 7");
	refused(B("}((u."), "MARK at byte 2");
	refused(B("}0."), "POP at byte 1");
	refused(B("}(1."), "POP_MARK at byte 2");
	refused(B("}2."), "DUP at byte 1");
	refused(B("}\x80\2."), "PROTO at byte 1");
	refused(B("\x80\6}."), "protocol 6 is not known");
	refused(B("\x80\xff}."), "protocol 255 is not known");
	refused(B("}\xff."), "byte 1, 0xff, is no pickle opcode");
	refused(B("}\0."), "byte 1, 0x00, is no pickle opcode");
}

static void
the_memo_holds_what_python_puts_there(void)
{
	refused(B("}h\0."), "nothing is there in the memo");
	refused(B("}(Va\nh\0u."), "nothing is there in the memo");
	refused(B("}(Va\nj\xff\xff\xff\xffu."), "nothing is there");
	refused(B("}(Va\ng99999999999999999999\nu."), "no index");
	refused(B("}(Va\ng-1\nu."), "no index");
	refused(B("}(Va\ng\nu."), "no index");
	refused(B("}(Va\ng18446744073709551615\nu."), "nothing is there");
	refused(B("}q\0(Va\nq\0I1\nu."), "its index is taken");
	refused(B("}r\xff\xff\xff\xff."), "its index is too large");
	refused(B("}p18446744073709551615\n."), "its index is too large");
	refused(B("}q\2."), "its index is too large");
	refused(B("(q\0d."), "only text and the dict");
	refused(B("}Va\nI1\nq\0s."), "only text and the dict");
	refused(B("\x94}."), "only text and the dict");
	refused(B("}q\1\x94."), "index is taken");
}

static void
frames_hold_what_they_say(void)
{
	static const char pair[] = "61 i 1\n";

	shows_as(B("\x80\4\x95\x9\0\0\0\0\0\0\0}Va\nI1\ns."), B(pair));
	/* shorter, so that opcodes stand behind it or in another one */
	shows_as(B("\x80\4\x95\1\0\0\0\0\0\0\0}Va\nI1\ns."), B(pair));
	shows_as(B("\x80\4\x95\1\0\0\0\0\0\0\0}\x95\x8\0\0\0\0\0\0\0"
		   "Va\nI1\ns."),
	    B(pair));
	shows_as(B("\x80\4\x95\0\0\0\0\0\0\0\0}Va\nI1\ns."), B(pair));
	/* one may begin between a long text and its MEMOIZE */
	shows_as(B("\x80\4}Va\n\x95\6\0\0\0\0\0\0\0\x94I1\ns."), B(pair));
	refused(B("\x80\4\x95\2\0\0\0\0\0\0\0}Va\nI1\ns."),
	    "UNICODE at byte 12 runs past the end of its frame");
	refused(B("\x80\4\x95\x12\0\0\0\0\0\0\0}\x95\x8\0\0\0\0\0\0\0"
		  "Va\nI1\ns."),
	    "FRAME at byte 12 lies inside another frame");
	refused(B("\x80\4\x95\xa\0\0\0\0\0\0\0}Va\nI1\ns."),
	    "truncated: the frame at byte 2 is of 10 bytes, 9 are left");
}

static void
claims_beyond_the_file_are_refused(void)
{
	refused(B("}X\xff\xff\xff\xff."),
	    "BINUNICODE at byte 1 wants 4294967295 bytes, 1 are left");
	refused(B("}\x8c\xff."), "wants 255 bytes");
	refused(B("}\x8d\xff\xff\xff\xff\xff\xff\xff\xff."),
	    "wants 18446744073709551615 bytes");
	refused(B("}\x8d\0\0\0\0\1\0\0\0."), "wants 4294967296 bytes");
	refused(B("}\x8a\xff."), "wants 255 bytes");
	refused(B("}\x8b\xff\xff\xff\x7f."), "wants 2147483647 bytes");
	refused(B("}B\xff\xff\xff\xff."), "wants 4294967295 bytes");
	refused(B("\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\xff}."),
	    "the frame at byte 2 is of 18446744073709551615 bytes");
	refused(B("}X\1\0"), "truncated");
	refused(B("}G\1\0"), "BINFLOAT at byte 1 wants 8 bytes, 2 are left");
	refused(B("}Vabc"), "UNICODE at byte 1 does not end");
}

/* All of what loads must show as a dict again, wherever it was broken. */
static void
try(struct bytes file, bool may_load)
{
	struct pickle_dict d;
	struct buf b = BUF_ZERO;
	struct err e;
	char *exact = xmalloc(file.n);

	memcpy(exact, file.p, file.n);
	if (load(&d, bytes_of(exact, file.n), &e)) {
		CHECK(may_load);
		show(&b, &d);
		pickle_fini(&d);
	}
	buf_fini(&b);
	free(exact);
}

static void
every_truncation_is_refused(void)
{
	size_t i, n;

	for (i = 0; i < LEN(real); i++)
		for (n = 0; n < real[i].n; n++) {
			test_about("%zu, %zu bytes", i, n);
			try(bytes_of(real[i].p, n), false);
		}
}

static void
every_byte_changed_to_every_value(void)
{
	size_t i, at;
	int c;

	for (i = 0; i < LEN(real); i++)
		for (at = 0; at < real[i].n; at++)
			for (c = 0; c < 256; c++) {
				char file[200];

				memcpy(file, real[i].p, real[i].n);
				file[at] = (char)c;
				try(bytes_of(file, real[i].n), true);
			}
}

/* Opcodes in any order, with arguments that tend to fit. */
static void
opcodes_in_any_order(void)
{
	static const struct bytes word[] = {B_INIT("}"), B_INIT("("),
	    B_INIT("d"), B_INIT("s"), B_INIT("u"), B_INIT("Va\n"),
	    B_INIT("Vb\n"), B_INIT("V\\u0041\n"), B_INIT("I1\n"),
	    B_INIT("F1.5\n"), B_INIT("L5L\n"), B_INIT("K\1"), B_INIT("h\0"),
	    B_INIT("h\1"), B_INIT("q\0"), B_INIT("q\1"), B_INIT("\x94"),
	    B_INIT("p1\n"), B_INIT("g1\n"), B_INIT("\x8c\1c"),
	    B_INIT("X\1\0\0\0d"), B_INIT("\x95\3\0\0\0\0\0\0\0"),
	    B_INIT("\x80\4"), B_INIT("."), B_INIT("G?\xf8\0\0\0\0\0\0"),
	    B_INIT("\x8a\1\5")};
	struct buf b = BUF_ZERO;
	int round;
	size_t n;

	for (round = 0; round < 300000; round++) {
		buf_clear(&b);
		if (one_in(2))
			buf_puts(&b, one_in(2) ? "}" : "}(");
		for (n = below(14); n > 0; n--)
			buf_putb(&b, word[below(LEN(word))]);
		buf_putc(&b, '.');
		try(buf_bytes(&b), true);
	}
	buf_fini(&b);
}

static void
memory_is_bounded(void)
{
	struct buf b = BUF_ZERO;
	size_t i;
	char head[5] = "X";

	/* one long text, from the memo a thousand times */
	buf_puts(&b, "}(X");
	buf_put(&b, "\0\0\x10\0", 4);
	for (i = 0; i < 1 << 20; i++)
		buf_putc(&b, 'x');
	buf_put(&b, "q\0I1\n", 5);
	for (i = 0; i < 1000; i++) {
		buf_printf(&b, "V%zu\n", i);
		buf_put(&b, "h\0", 2);
	}
	buf_puts(&b, "u.");
	refused(buf_bytes(&b), "repeated text unfolds to more than 64 MiB");
	/* more pairs than there may be */
	buf_clear(&b);
	buf_puts(&b, "}(");
	for (i = 0; i <= PICKLE_MAX_PAIRS; i++) {
		buf_put(&b, "\x8c\4", 2);
		buf_printf(&b, "%c%c%c%c", (char)(' ' + i % 64),
		    (char)(' ' + i / 64 % 64), (char)(' ' + i / 4096 % 64),
		    (char)(' ' + i / 262144));
		buf_put(&b, "K\1", 2);
	}
	buf_puts(&b, "u.");
	refused(buf_bytes(&b), "more than 1048576 pairs");
	/* as many as there may be */
	b.n -= 2 + 8;
	buf_puts(&b, "u.");
	{
		struct pickle_dict d;
		struct err e;

		if (OK(load(&d, buf_bytes(&b), &e), e)) {
			EQ_U(d.n, PICKLE_MAX_PAIRS);
			pickle_fini(&d);
		}
	}
	/* a larger file */
	buf_clear(&b);
	head[0] = 'X';
	buf_reserve(&b, PICKLE_MAX_BYTES + 1);
	memset(b.p, head[0], PICKLE_MAX_BYTES + 1);
	b.n = PICKLE_MAX_BYTES + 1;
	refused(buf_bytes(&b), "more than 64 MiB");
	buf_fini(&b);
}

static const char checks_ours[] =
    "import pickle, pickletools, struct\n"
    "for i in range(60):\n"
    "    raw = open('%d.pkl' % i, 'rb').read()\n"
    "    list(pickletools.genops(raw))\n"
    "    pickletools.dis(raw, out=open('dis', 'w'))\n"
    "    for loads in pickle.loads, pickle._loads:\n"
    "        lines = []\n"
    "        for k, v in loads(raw).items():\n"
    "            assert type(k) is str\n"
    "            k = k.encode().hex()\n"
    "            if type(v) is float:\n"
    "                v = struct.pack('>d', v).hex()\n"
    "                lines.append('%s f %s\\n' % (k, v))\n"
    "            else:\n"
    "                assert type(v) is str\n"
    "                lines.append('%s t %s\\n' % (k, v.encode().hex()))\n"
    "        assert ''.join(lines) == open('%d.txt' % i).read(), i\n";

static void
python_reads_what_is_written(void)
{
	size_t i;

	if (!have_python())
		return;
	for (i = 0; i < 60; i++) {
		struct buf file = BUF_ZERO, shown = BUF_ZERO;

		some_dict(&file, &shown, i < 2 ? i : below(i < 5 ? 5000 : 40));
		test_write(test_path("%zu.pkl", i), file.p, file.n);
		test_write(test_path("%zu.txt", i), buf_cstr(&shown), shown.n);
		buf_fini(&file);
		buf_fini(&shown);
	}
	python(checks_ours);
}

static const char writes_theirs[] =
    "import pickle, pickletools, random, struct\n"
    "random.seed(int(open('seed').read()))\n"
    "repeated = ['Unknown', 'a' * 300, '', '\\u00fc\\u20ac\\U0001f600', 'b']\n"
    "ints = [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31,\n"
    "    -2**31 - 1, 2**53, -2**53, 2**63, -2**63, 10**20, -10**22,\n"
    "    2**1023, 9007199254740994]\n"
    "def text():\n"
    "    n = random.choice([0, 1, 5, 20, 255, 256, 300])\n"
    "    some = '\\\\\\n\\r\\t\\0\\x1a\\x7f\\x80\\xff\\u0100abc\"u\\U0010ffff'\n"
    "    return ''.join(random.choice(some) for _ in range(n))\n"
    "def value():\n"
    "    return random.choice([\n"
    "        lambda: random.choice(repeated), text,\n"
    "        lambda: random.choice(ints),\n"
    "        lambda: random.randrange(-2**40, 2**40),\n"
    "        lambda: random.uniform(-1e6, 1e6),\n"
    "        lambda: float(random.randrange(1000)),\n"
    "        lambda: random.choice([-0.0, 5e-324, 1.7976931348623157e308]),\n"
    "    ])()\n"
    "def show(d):\n"
    "    for k, v in d.items():\n"
    "        k = k.encode().hex()\n"
    "        if type(v) is int:\n"
    "            yield '%s i %d\\n' % (k, v)\n"
    "        elif type(v) is float:\n"
    "            yield '%s f %s\\n' % (k, struct.pack('>d', v).hex())\n"
    "        else:\n"
    "            yield '%s t %s\\n' % (k, v.encode().hex())\n"
    "count = 0\n"
    "for n in 0, 1, 2, 999, 1000, 1001, 2500:\n"
    "    d = {str(i) + ':' + text()[:30]: value() for i in range(n)}\n"
    "    if n == 2:\n"
    "        d['long'] = 'x' * 70000\n"
    "        d['longer'] = '\\u20ac' * 70000\n"
    "        d['again'] = d['long']\n"
    "        d[d['longer']] = 1\n"
    "    if n == 2500:\n"
    "        d.update(('k%d' % i, repeated[0]) for i in range(500))\n"
    "    for proto in range(pickle.HIGHEST_PROTOCOL + 1):\n"
    "        for dumps in pickle.dumps, pickle._dumps:\n"
    "            raw = dumps(d, proto)\n"
    "            for again in range(1 if n > 2000 else 2):\n"
    "                raw = pickletools.optimize(raw) if again else raw\n"
    "                open('%d.pkl' % count, 'wb').write(raw)\n"
    "                open('%d.txt' % count, 'w').writelines(show(d))\n"
    "                count += 1\n"
    "open('count', 'w').write(str(count))\n";

static void
what_python_writes_reads(void)
{
	struct buf file = BUF_ZERO, shown = BUF_ZERO;
	char seed[30];
	size_t i, n = 0;

	if (!have_python())
		return;
	snprintf(seed, sizeof(seed), "%" PRIu64, test.seed);
	test_write(test_path("seed"), seed, strlen(seed));
	if (!python(writes_theirs))
		return;
	if (CHECK(test_read(test_path("count"), &file)))
		n = strtoul(buf_cstr(&file), NULL, 10);
	CHECK(n >= 6 * 5 * 4);
	for (i = 0; i < n; i++) {
		test_about("%zu", i);
		CHECK(test_read(test_path("%zu.pkl", i), &file));
		CHECK(test_read(test_path("%zu.txt", i), &shown));
		shows_as(buf_bytes(&file), buf_bytes(&shown));
	}
	buf_fini(&file);
	buf_fini(&shown);
}

static const char writes_hostile[] =
    "import pickle, os, collections, decimal, datetime\n"
    "class Evil:\n"
    "    def __reduce__(self):\n"
    "        return os.system, ('touch ran',)\n"
    "class State:\n"
    "    def __init__(self):\n"
    "        self.x = 1\n"
    "count = 0\n"
    "for v in (Evil(), {'a': Evil()}, {'a': 1.5, 'b': Evil()}, {Evil(): 1},\n"
    "    State(), {'a': State()}, collections.OrderedDict(a=1),\n"
    "    collections.defaultdict(float, a=1.0), {'a': decimal.Decimal(1)},\n"
    "    {'a': datetime.date(2024, 1, 1)}, {'a': 1j}, {'a': len}):\n"
    "    for proto in range(pickle.HIGHEST_PROTOCOL + 1):\n"
    "        for dumps in pickle.dumps, pickle._dumps:\n"
    "            open('%d.pkl' % count, 'wb').write(dumps(v, proto))\n"
    "            count += 1\n"
    "plain = count\n"
    "for v in ([], (), 1, 'x', None, True, b'', {'a': []}, {'a': {}},\n"
    "    {'a': None}, {'a': True}, {'a': b'x'}, {1: 1}, {1.5: 1}, {None: 1},\n"
    "    {'a': float('nan')}, {'a': float('inf')}, {'a': 2**53 + 1},\n"
    "    {'a': 10**400}, {'a': '\\ud800'}, {'\\udc80': 1}, {'a': (1, 2)},\n"
    "    {'a': {1}}, {'a': frozenset()}, {'a': bytearray(b'x')}, [{}], ({},),\n"
    "    {'a': 2**3000}):\n"
    "    for proto in range(pickle.HIGHEST_PROTOCOL + 1):\n"
    "        open('%d.pkl' % count, 'wb').write(pickle.dumps(v, proto))\n"
    "        count += 1\n"
    "open('count', 'w').write('%d %d' % (plain, count))\n";

static void
what_python_writes_of_other_things_is_refused(void)
{
	struct buf file = BUF_ZERO;
	struct pickle_dict d;
	struct err e;
	size_t i, code = 0, all = 0;

	if (!have_python() || !python(writes_hostile))
		return;
	if (CHECK(test_read(test_path("count"), &file)))
		sscanf(buf_cstr(&file), "%zu %zu", &code, &all);
	CHECK(code >= 12 * 5 * 2 && all > code);
	for (i = 0; i < all; i++) {
		test_about("%zu", i);
		CHECK(test_read(test_path("%zu.pkl", i), &file));
		if (!CHECK(!load(&d, buf_bytes(&file), &e))) {
			pickle_fini(&d);
			continue;
		}
		if (i < code)
			HAS(e.msg, "could run code: refused");
	}
	CHECK(access(test_path("ran"), F_OK) < 0);
	buf_fini(&file);
}

int
main(void)
{
	RUN(the_bytes_written);
	RUN(what_is_written_reads_back);
	RUN(pickles_of_python_3_read);
	RUN(pickles_of_python_2_read);
	RUN(other_spellings_of_a_flat_dict_read);
	RUN(integers_of_any_length);
	RUN(what_could_run_code_is_refused_by_name);
	RUN(values_are_numbers_and_text);
	RUN(keys_are_text_and_differ);
	RUN(text_is_utf_8);
	RUN(only_a_dict_and_only_one);
	RUN(the_memo_holds_what_python_puts_there);
	RUN(frames_hold_what_they_say);
	RUN(claims_beyond_the_file_are_refused);
	RUN(every_truncation_is_refused);
	RUN(every_byte_changed_to_every_value);
	RUN(opcodes_in_any_order);
	RUN(memory_is_bounded);
	RUN(python_reads_what_is_written);
	RUN(what_python_writes_reads);
	RUN(what_python_writes_of_other_things_is_refused);
	return test_end();
}
