/* filldict - the imputation dictionary in its three forms: what one says, the
 * others say; what is not a flat dict of numbers and text is refused. */
#include "fill/dict.h"

#include <math.h>
#include <zlib.h>

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
#define HEADER "column\tstrategy\tvalue\tmissing\n"

static bool
load(struct filldict *d, struct bytes file, struct err *e)
{
	*e = ERR_ZERO;
	if (filldict_parse(d, "f", file, e) == 0)
		return true;
	EQ_I((int)e->kind, ERR_INPUT);
	CHECK(strncmp(e->msg, "f:", 2) == 0);
	CHECK(d->v == NULL && d->n == 0);
	return false;
}

static void
refused(struct bytes file, const char *why)
{
	struct filldict d;
	struct err e;

	test_about("%s", err_quote(file));
	if (CHECK(!load(&d, file, &e)))
		HAS(e.msg, why);
	else
		filldict_fini(&d);
	test.context[0] = '\0';
}

/* column=n:value or column=t:value, a line each */
static void
show(struct buf *b, const struct filldict *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		buf_printf(b, "%s=%c:%s\n", d->v[i].column,
		    d->v[i].number ? 'n' : 't', d->v[i].value);
}

static void
shows_as(struct bytes file, const char *want)
{
	struct buf got = BUF_ZERO;
	struct filldict d;
	struct err e;

	test_about("%s", err_quote(file));
	if (OK(load(&d, file, &e), e)) {
		show(&got, &d);
		EQ_B(buf_bytes(&got), bytes_str(want));
		filldict_fini(&d);
	}
	test.context[0] = '\0';
	buf_fini(&got);
}

/* A dict of "column", is a number?, "value". */
static struct filldict
dict_of(size_t n, const struct fill *v)
{
	struct filldict d = {xcalloc(n, sizeof(*v)), n};
	size_t i;

	for (i = 0; i < n; i++)
		d.v[i] = (struct fill){
		    xstrdup(v[i].column), v[i].number, xstrdup(v[i].value)};
	return d;
}

typedef int save(const struct filldict *, struct buf *, struct err *);

static void
not_saved(save *fn, struct fill f, const char *why)
{
	struct filldict d = {&f, 1};
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	buf_puts(&b, "before");
	test_about("%s", err_quote(bytes_str(f.column)));
	if (CHECK(fn(&d, &b, &e) < 0))
		HAS(e.msg, why);
	EQ_B(buf_bytes(&b), bytes_str("before"));
	test.context[0] = '\0';
	buf_fini(&b);
}

static void
the_json_that_is_written(void)
{
	char *n[] = {"a", "b\"\\\n\t\r\x01\x1f\x7f/", "", "\xc3\xa9", "whole",
	    "tsv", "tsv2", "tsv3", "tsv4", "plus", "zeros", "exp", "max",
	    "beyond"};
	char *v[] = {"15287.69057123983", "x\"\\\n", "", "\xe2\x82\xac", "3",
	    ".5", "5.", "-.5e3", "5.e3", "+7", "-007.50", "1E+05",
	    "-9223372036854775808", "9223372036854775808"};
	bool num[] = {true, false, false, false, true, true, true, true, true,
	    true, true, true, true, true};
	struct filldict d;
	struct fill f[LEN(n)];
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	size_t i;

	for (i = 0; i < LEN(n); i++)
		f[i] = (struct fill){n[i], num[i], v[i]};
	d = dict_of(LEN(n), f);
	if (OK(filldict_save_json(&d, &b, &e) == 0, e))
		EQ_B(buf_bytes(&b),
		    bytes_str("{\n"
			      "  \"a\": 15287.69057123983,\n"
			      "  \"b\\\"\\\\\\n\\t\\r\\u0001\\u001f\x7f/\": "
			      "\"x\\\"\\\\\\n\",\n"
			      "  \"\": \"\",\n"
			      "  \"\xc3\xa9\": \"\xe2\x82\xac\",\n"
			      "  \"whole\": 3,\n"
			      "  \"tsv\": 0.5,\n"
			      "  \"tsv2\": 5.0,\n"
			      "  \"tsv3\": -0.5e3,\n"
			      "  \"tsv4\": 5.0e3,\n"
			      "  \"plus\": 7,\n"
			      "  \"zeros\": -7.50,\n"
			      "  \"exp\": 1E+05,\n"
			      "  \"max\": -9223372036854775808,\n"
			      "  \"beyond\": 9223372036854775808.0\n"
			      "}\n"));
	buf_clear(&b);
	filldict_fini(&d);
	if (OK(filldict_save_json(&d, &b, &e) == 0, e))
		EQ_B(buf_bytes(&b), bytes_str("{}\n"));
	shows_as(buf_bytes(&b), "");
	buf_clear(&b);
	if (OK(filldict_save_pickle(&d, &b, &e) == 0, e))
		EQ_B(buf_bytes(&b), B("\x80\2}(u."));
	shows_as(buf_bytes(&b), "");
	buf_fini(&b);
}

static void
what_cannot_be_said_is_not_saved(void)
{
	static save *const fn[] = {filldict_save_json, filldict_save_pickle};
	struct fill twice[] = {
	    {"a", false, "1"}, {"b", false, ""}, {"a", true, "1"}};
	struct filldict d = {twice, LEN(twice)};
	size_t i;

	for (i = 0; i < LEN(fn); i++) {
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;

		not_saved(fn[i], (struct fill){"city", false, "M\xfcnchen"},
		    "column \"city\": its fill value \"M\\xfcnchen\" is not "
		    "UTF-8; JSON and pickle hold text only: choose --column "
		    "NAME=constant:VALUE");
		not_saved(fn[i],
		    (struct fill){"stra\xdf"
				  "e",
			false, "x"},
		    "column \"stra\\xdfe\": the name is not UTF-8; JSON and "
		    "pickle hold text only");
		not_saved(fn[i], (struct fill){"a", false, "\xed\xa0\x80"},
		    "not UTF-8");
		not_saved(fn[i], (struct fill){"a", true, "x"},
		    "column \"a\": \"x\" is no number");
		not_saved(fn[i], (struct fill){"a", true, "inf"}, "no number");
		not_saved(fn[i], (struct fill){"a", true, ""}, "no number");
		CHECK(fn[i](&d, &b, &e) < 0);
		HAS(e.msg, "column \"a\" comes twice");
		EQ_U(b.n, 0);
		buf_fini(&b);
	}
	not_saved(filldict_save_pickle,
	    (struct fill){"id", true, "9007199254740993"},
	    "column \"id\": \"9007199254740993\" is not exact as a float");
}

static void
json_reads(void)
{
	shows_as(B("{}"), "");
	shows_as(B(" \t\r\n{ } \n"), "");
	shows_as(B("{\"z\": 1, \"a\": \"x\", \"m\": 1.0, \"b\": 0.1}"),
	    "z=n:1\na=t:x\nm=n:1.0\nb=n:0.1\n");
	shows_as(B("{\"a\": -0, \"b\": -0.0, \"c\": 1e3, \"d\": 1E-5, "
		   "\"e\": 1e22, \"f\": 15287.690571239830001}"),
	    "a=n:0\nb=n:-0.0\nc=n:1000.0\nd=n:1e-05\ne=n:1e+22\n"
	    "f=n:15287.69057123983\n");
	shows_as(B("{\"a\": 9007199254740993, \"b\": 9223372036854775807, "
		   "\"c\": -9223372036854775808}"),
	    "a=n:9007199254740993\nb=n:9223372036854775807\n"
	    "c=n:-9223372036854775808\n");
	shows_as(B("{\"\\u00e9\\ud83d\\ude00\\n\": \"\\\"\\\\\\/\\t{[,\"}"),
	    "\xc3\xa9\xf0\x9f\x98\x80\n=t:\"\\/\t{[,\n");
	shows_as(B("{\"\": \"\"}"), "=t:\n");
	/* numbers as text stay text */
	shows_as(B("{\"a\": \"007\", \"b\": \"1.5\"}"), "a=t:007\nb=t:1.5\n");
}

static void
json_of_other_things_is_refused(void)
{
	refused(B("{\"a\": null}"), "f: column \"a\" is null");
	refused(B("{\"a\": 1, \"b\": true}"), "f: column \"b\" is true");
	refused(B("{\"a\": false}"), "f: column \"a\" is false");
	refused(B("{\"a\":\n{}}"), "f:2: nested");
	refused(B("{\"a\": []}"), "f:1: nested");
	refused(B("{\n\"a\":\n [1]}"), "f:3: nested");
	refused(B("{\"a\": 1, \"a\": 2}"), "duplicate");
	refused(B("{\"a\": 1, \"\\u0061\": 2}"), "duplicate");
	refused(B("{\"a\": 9223372036854775808}"),
	    "write the value as text, in quotes");
	refused(B("{\"a\": -9223372036854775809}"), "in quotes");
	refused(B("{\"a\":\n 1e999}"), "f:2: bad JSON");
	refused(B("{\"a\": NaN}"), "bad JSON");
	refused(B("{\"a\": Infinity}"), "bad JSON");
	refused(B("{\"a\": 01}"), "bad JSON");
	refused(B("{\"a\": +1}"), "bad JSON");
	refused(B("{\"a\": .5}"), "bad JSON");
	refused(B("{\"a\": 5.}"), "bad JSON");
	refused(B("{'a': 1}"), "bad JSON");
	refused(B("{\"a\": 1,}"), "bad JSON");
	refused(B("{\"a\": 1} x"), "bad JSON");
	refused(B("{\"a\": 1}{}"), "bad JSON");
	refused(B("{\"a\": 1}\0"), "bad JSON");
	refused(B("{\"a\0b\": 1}"), "bad JSON");
	refused(B("{\"a\": \"x\0y\"}"), "bad JSON");
	refused(B("{\"a\": \"x\\u0000y\"}"), "bad JSON");
	refused(B("{\"a\\u0000b\": 1}"), "bad JSON");
	refused(B("{\"a\": \"\xff\"}"), "bad JSON");
	refused(B("{\"\xc3\": 1}"), "bad JSON");
	refused(B("{\"a\": \"\xed\xa0\x80\"}"), "bad JSON");
	refused(B("{\"a\": \"\\ud800\"}"), "bad JSON");
	refused(B("{\"a\": \"x\ny\"}"), "bad JSON");
	refused(B("{"), "f:1: bad JSON");
	refused(B("{\"a"), "bad JSON");
	refused(B("{\"a\\"), "bad JSON");
	refused(B("[1]"), "f: begins with \"[1]\": expected a JSON object");
	refused(B("[{\"a\": 1}]"), "expected a JSON object");
	refused(B("\xef\xbb\xbf{}"), "save it without BOM");
	refused(B("\"a\""), "expected a JSON object");
	refused(B(""), "f: empty");
	refused(B(" \n"), "f: empty");
}

static void
pickle_reads(void)
{
	shows_as(B("\x80\2}(X\1\0\0\0aG\x40\x08\0\0\0\0\0\0X\1\0\0\0bK\3"
		   "X\1\0\0\0cX\1\0\0\0xX\1\0\0\0d\x8a\7\0\0\0\0\0\0\x20u."),
	    "a=n:3.0\nb=n:3\nc=t:x\nd=n:9007199254740992\n");
	shows_as(B("(dVz\nI5\nsVa\nF1e-05\ns."), "z=n:5\na=n:1e-05\n");
	shows_as(B("}(Va\nL100000000000000000000L\nu."),
	    "a=n:100000000000000000000\n");
	refused(B("}(Va\nV\\u0000\nu."), "column \"a\": NUL in the text");
	refused(B("}(Va\\u0000b\nI1\nu."), "NUL in the text");
	refused(B("\x80\2}X\1\0\0\0aR."),
	    "f: pickle opcode REDUCE at byte 9 could run code: refused");
	refused(B("cos\nsystem\n."),
	    "expected a JSON object {...}, a Python "
	    "pickle of a dict, or impute.tsv");
}

static void
tsv_reads(void)
{
	shows_as(B(HEADER), "");
	shows_as(B(HEADER "age\tmean\t33.5\t7\n"
			  "n\tmedian\t3\t1\n"
			  "city\tmode\tParis\t2\n"
			  "zip\tmode\t12345\t0\n"
			  "note\tempty\t\t2\n"
			  "score\tconstant\t-1e3\t2\n"
			  "word\tconstant\tUnknown\t2\n"
			  "plz\tconstant\t007\t2\n"
			  "inf\tconstant\tinf\t2\n"
			  "a\\tb\tconstant\tx\\ny\t2\n"),
	    "age=n:33.5\nn=n:3\ncity=t:Paris\nzip=t:12345\nnote=t:\n"
	    "score=n:-1e3\nword=t:Unknown\nplz=t:007\ninf=t:inf\n"
	    "a\tb=t:x\ny\n");
	/* bytes are bytes here */
	shows_as(B(HEADER "c\tmode\tM\xfcnchen\t2\n"), "c=t:M\xfcnchen\n");
	refused(B("column\tvalue\n"), "f:1: header is");
	refused(B("column\tstrategy\tvalue\tmissing\tx\n"), "f:1: header is");
	refused(B(HEADER "a\tmean\tx\t1\n"), "f:2: column \"a\": \"x\" is no");
	refused(B(HEADER "a\tmean\t\t1\n"), "f:2: column \"a\": \"\" is no");
	refused(B(HEADER "a\tmedian\tinf\t1\n"), "is no number");
	refused(B(HEADER "a\tMean\t1\t1\n"), "f:2: strategy \"Mean\"");
	refused(B(HEADER "a\t\t1\t1\n"), "f:2: strategy \"\"");
	refused(B(HEADER "a\tmode\tx\t-1\n"), "f:2: missing is \"-1\"");
	refused(B(HEADER "a\tmode\tx\t\n"), "f:2: missing is \"\"");
	refused(B(HEADER "a\tmode\tx\n"), "f:2: 3 cells");
	refused(B(HEADER "a\tmode\tx\t1"), "truncated");
	refused(B(HEADER "a\tmode\tx\t1\nb\tmode\tx\t1\na\tmean\t1\t1\n"),
	    "f: column \"a\" comes twice");
	refused(B(HEADER "a\0\tmode\tx\t1\n"), "NUL in the text");
	refused(B(HEADER "a\tmode\tx\0\t1\n"), "NUL in the text");
	refused(B("name,value\na,1\n"), "expected a JSON object");
}

/* n random fills with names that differ. */
static struct filldict
some_dict(size_t n)
{
	struct filldict d = {xcalloc(n, sizeof(*d.v)), n};
	struct buf b = BUF_ZERO;
	char c[4], num[NUMBER_MAX];
	size_t i, k, at;

	for (i = 0; i < n; i++)
		for (k = 0; k < 2; k++) {
			buf_clear(&b);
			if (k == 0)
				buf_printf(&b, "%" PRIu64 ":%zu", below(10), i);
			for (at = below(k && one_in(40) ? 2000 : 12); at; at--)
				buf_put(&b, c,
				    utf8_put(1 +
					    (uint32_t)below(
						one_in(2) ? 0x7f : 0xd7ff),
					c));
			if (k == 0)
				d.v[i].column = buf_release(&b);
			else
				d.v[i].value = buf_release(&b);
		}
	for (i = 0; i < n; i++) {
		double x;

		if (one_in(2))
			continue;
		do {
			uint64_t u = rnd();

			memcpy(&x, &u, sizeof(x));
			if (one_in(2))
				x = (double)below(1000000) / 100;
			else if (one_in(2))
				x = (double)below(UINT64_C(1) << 53);
		} while (!isfinite(x));
		d.v[i].number = true;
		free(d.v[i].value);
		number_format(x, x < 0 || x > 1e15 || one_in(2), num);
		d.v[i].value = xstrdup(num);
	}
	buf_fini(&b);
	return d;
}

static void
same(const struct filldict *a, const struct filldict *b, bool floats)
{
	size_t i;

	EQ_U(a->n, b->n);
	for (i = 0; i < a->n && i < b->n; i++) {
		EQ_S(a->v[i].column, b->v[i].column);
		EQ_U(a->v[i].number, b->v[i].number);
		if (floats && a->v[i].number)
			CHECK(strtod(a->v[i].value, NULL) ==
			    strtod(b->v[i].value, NULL));
		else
			EQ_S(a->v[i].value, b->v[i].value);
	}
}

static void
dicts_read_back(void)
{
	int round;

	for (round = 0; round < 300; round++) {
		struct filldict d = some_dict(below(one_in(20) ? 2000 : 20));
		struct filldict got;
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;

		if (OK(filldict_save_json(&d, &b, &e) == 0, e) &&
		    OK(load(&got, buf_bytes(&b), &e), e)) {
			same(&got, &d, false);
			filldict_fini(&got);
		}
		buf_clear(&b);
		if (OK(filldict_save_pickle(&d, &b, &e) == 0, e) &&
		    OK(load(&got, buf_bytes(&b), &e), e)) {
			same(&got, &d, true);
			filldict_fini(&got);
		}
		filldict_fini(&d);
		buf_fini(&b);
	}
}

static void
files_load(void)
{
	const char *path = test_path("d");
	struct filldict d, got;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	gzFile gz;
	char *chunk;
	int i;

	d = some_dict(20000);
	CHECK(filldict_save_json(&d, &b, &e) == 0);
	test_write(path, b.p, b.n);
	if (OK(filldict_load(&got, path, &e) == 0, e)) {
		same(&got, &d, false);
		filldict_fini(&got);
	}
	filldict_fini(&d);
	test_write(path, "{\"a\":\nnull}", 11);
	CHECK(filldict_load(&got, path, &e) < 0);
	HAS(e.msg, path);
	HAS(e.msg, "/d: column \"a\" is null");
	CHECK(filldict_load(&got, test_path("none"), &e) < 0);
	HAS(e.msg, "No such file");
	CHECK(got.n == 0 && got.v == NULL);
	/* small as gzip, much too large as text */
	gz = gzopen(path, "wb1");
	chunk = xcalloc(1, 1 << 20);
	memset(chunk, ' ', 1 << 20);
	for (i = 0; i < 200; i++)
		gzwrite(gz, chunk, 1 << 20);
	gzclose(gz);
	free(chunk);
	CHECK(filldict_load(&got, path, &e) < 0);
	HAS(e.msg, "larger than 64 MiB");
	buf_fini(&b);
}

static void
too_many_columns_are_refused(void)
{
	struct buf b = BUF_ZERO;
	size_t i;

	buf_puts(&b, "{\"\": 1");
	for (i = 0; i < FILLDICT_MAX_COLUMNS; i++)
		buf_printf(&b, ",\n\"%zu\":1", i);
	buf_puts(&b, "}");
	refused(buf_bytes(&b), "f:1048576: more than 1048576 columns");
	buf_clear(&b);
	buf_puts(&b, HEADER);
	for (i = 0; i <= FILLDICT_MAX_COLUMNS; i++)
		buf_puts(&b, "\t\t\t\n");
	refused(buf_bytes(&b), "more than 1048576 columns");
	/* deep, before a tree is built */
	buf_clear(&b);
	for (i = 0; i < 1 << 20; i++)
		buf_puts(&b, "{\"a\":");
	refused(buf_bytes(&b), "f:1: nested");
	buf_fini(&b);
}

static const struct bytes small[] = {
    B_INIT("{\"age\": 33.5, \"n\": 3,\n \"c\\u00e9\": \"x\\ny\", \"\": \"\"}"),
    B_INIT("\x80\2}(X\1\0\0\0aG\x40\x08\0\0\0\0\0\0X\1\0\0\0bK\3"
	   "X\1\0\0\0cX\1\0\0\0xu."),
    B_INIT("(dp0\nVage\np1\nF33.5\nsVcity\np2\nVx\np3\nsVc\ng3\ns."),
    B_INIT(HEADER "age\tmean\t33.5\t7\nx\\ty\tmode\tz\t1\nc\tconstant\t1\t0\n"),
};

static void
try(struct bytes file, bool may_load)
{
	struct filldict d;
	struct buf b = BUF_ZERO;
	struct err e;
	char *exact = xmalloc(file.n);

	memcpy(exact, file.p, file.n);
	if (load(&d, bytes_of(exact, file.n), &e)) {
		CHECK(may_load);
		show(&b, &d);
		filldict_fini(&d);
	}
	buf_fini(&b);
	free(exact);
}

static void
every_truncation_is_refused(void)
{
	size_t i, n;

	for (i = 0; i < LEN(small); i++) {
		shows_as(small[i],
		    i == 0       ? "age=n:33.5\nn=n:3\nc\xc3\xa9=t:x\ny\n=t:\n"
			: i == 1 ? "a=n:3.0\nb=n:3\nc=t:x\n"
			: i == 2 ? "age=n:33.5\ncity=t:x\nc=t:x\n"
				 : "age=n:33.5\nx\ty=t:z\nc=n:1\n");
		for (n = 0; n < small[i].n; n++) {
			/* impute.tsv has no end of its own: whole lines of it
			 * are an impute.tsv of fewer columns */
			bool lines =
			    i == 3 && n > 0 && small[i].p[n - 1] == '\n';

			test_about("%zu, %zu bytes", i, n);
			try(bytes_of(small[i].p, n), lines);
		}
	}
}

static void
every_byte_changed_to_every_value(void)
{
	size_t i, at;
	int c;

	for (i = 0; i < LEN(small); i++)
		for (at = 0; at < small[i].n; at++)
			for (c = 0; c < 256; c++) {
				char file[200];

				test_about("%zu, byte %zu, 0x%02x", i, at,
				    (unsigned)c);
				memcpy(file, small[i].p, small[i].n);
				file[at] = (char)c;
				try(bytes_of(file, small[i].n), true);
			}
}

static const char checks_ours[] =
    "import json, pickle\n"
    "for i in range(40):\n"
    "    with open('%d.json' % i, encoding='utf-8') as f:\n"
    "        text = f.read()\n"
    "    a = json.loads(text)\n"
    "    b = pickle.loads(open('%d.pkl' % i, 'rb').read())\n"
    "    assert list(a) == list(b), i\n"
    "    for k in a:\n"
    "        assert a[k] == b[k], (i, k)\n"
    "        assert type(b[k]) is (str if type(a[k]) is str else float)\n"
    "    lines = ['%s=%s' % (k, v if type(v) is str else repr(v))\n"
    "        for k, v in a.items()]\n"
    "    with open('%d.txt' % i, encoding='utf-8', newline='') as f:\n"
    "        assert f.read() == '\\n'.join(lines), i\n";

static void
python_reads_what_is_written(void)
{
	size_t i, k;

	if (!have_python())
		return;
	for (i = 0; i < 40; i++) {
		struct filldict d = some_dict(i < 3 ? i : below(500));
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;

		OK(filldict_save_json(&d, &b, &e) == 0, e);
		test_write(test_path("%zu.json", i), b.p, b.n);
		buf_clear(&b);
		OK(filldict_save_pickle(&d, &b, &e) == 0, e);
		test_write(test_path("%zu.pkl", i), b.p, b.n);
		buf_clear(&b);
		/* our numbers are spelled as repr() does */
		for (k = 0; k < d.n; k++)
			buf_printf(&b, "%s%s=%s", k ? "\n" : "", d.v[k].column,
			    d.v[k].value);
		test_write(test_path("%zu.txt", i), buf_cstr(&b), b.n);
		buf_fini(&b);
		filldict_fini(&d);
	}
	python(checks_ours);
}

static const char writes_theirs[] =
    "import json, pickle, random\n"
    "random.seed(int(open('seed').read()))\n"
    "def value():\n"
    "    return random.choice([\n"
    "        lambda: 'Unknown', lambda: '\\u20ac\\\\\\n\"\\U0001f600',\n"
    "        lambda: random.uniform(-1e6, 1e6), lambda: 3.0, lambda: -0.0,\n"
    "        lambda: 1e-300, lambda: 1e16, lambda: 123456,\n"
    "        lambda: random.randrange(-2**53, 2**53)])()\n"
    "count = 0\n"
    "for n in 0, 1, 2, 999, 1000, 1001, 2500:\n"
    "    d = {'%d\\u00fc' % random.randrange(10**12): value()\n"
    "        for i in range(n)}\n"
    "    files = [pickle.dumps(d, p)\n"
    "        for p in range(pickle.HIGHEST_PROTOCOL + 1)]\n"
    "    files += [json.dumps(d, ensure_ascii=a, indent=i).encode()\n"
    "        for a in (False, True) for i in (None, 4)]\n"
    "    for file in files:\n"
    "        open('%d' % count, 'wb').write(file)\n"
    "        with open('%d.txt' % count, 'wb') as f:\n"
    "            for k, v in d.items():\n"
    "                kind = 't:' if type(v) is str else 'n:'\n"
    "                v = v if type(v) is str else repr(v)\n"
    "                f.write((k + '=' + kind + v + '\\n').encode())\n"
    "        count += 1\n"
    "open('count', 'w').write(str(count))\n";

static void
what_python_writes_reads_in_its_order(void)
{
	struct buf file = BUF_ZERO, want = BUF_ZERO;
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
	CHECK(n >= 7 * 9);
	for (i = 0; i < n; i++) {
		CHECK(test_read(test_path("%zu", i), &file));
		CHECK(test_read(test_path("%zu.txt", i), &want));
		shows_as(buf_bytes(&file), buf_cstr(&want));
	}
	buf_fini(&file);
	buf_fini(&want);
}

int
main(void)
{
	RUN(the_json_that_is_written);
	RUN(what_cannot_be_said_is_not_saved);
	RUN(json_reads);
	RUN(json_of_other_things_is_refused);
	RUN(pickle_reads);
	RUN(tsv_reads);
	RUN(dicts_read_back);
	RUN(files_load);
	RUN(too_many_columns_are_refused);
	RUN(every_truncation_is_refused);
	RUN(every_byte_changed_to_every_value);
	RUN(python_reads_what_is_written);
	RUN(what_python_writes_reads_in_its_order);
	return test_end();
}
