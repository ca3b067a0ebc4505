/*
 * record - what was written is read back; what was cut, or names a file outside
 * of the output, is refused.
 */
#include "shards/record.h"

#include "outdir.h"

static struct record
sample(void)
{
	struct record r = {.shard = xstrdup("00042"),
	    .account = {.in = 100,
		.drop = {[DROP_DUPLICATE] = 5, [DROP_EXTERNAL] = (uint64_t)-2}},
	    .input = xstrdup("in/a\tb\n.csv"),
	    .id = {31200, 77, -5},
	    .input_digest = 0xe1,
	    .facts = 0x77,
	    .is_routed = true,
	    .routed = 2};
	struct record_file *f = record_add_file(&r);

	f->name = xstrdup("train/part\\1.csv");
	f->split = xstrdup("train");
	f->rows = 95;
	f->bytes = 30211;
	f->digest = UINT64_MAX;
	f = record_add_file(&r);
	f->name = xstrdup("x.csv");
	f->split = xstrdup("");
	f->used = true;
	return r;
}

/* The bytes of the file format, which other programs read. */
static const char sample_text[] =
    "kind\tname\trows\tbytes\txxh3\tvalue\n"
    "drop\tduplicate\t5\t-\t-\t-\n"
    "drop\texternal\t-2\t-\t-\t-\n"
    "in\t-\t100\t-\t-\t-\n"
    "file\ttrain/part\\\\1.csv\t95\t30211\tffffffffffffffff\ttrain\n"
    "used\tx.csv\t0\t0\t0000000000000000\t\n"
    "facts\t-\t-\t-\t0000000000000077\t-\n"
    "input\tin/a\\tb\\n.csv\t-\t31200\t00000000000000e1\t-5 77\n"
    "routed\t-\t2\t-\t-\t-\n"
    "record\t00042\t-\t-\t-\t1\n";

static void
a_record_has_these_bytes_and_comes_back(void)
{
	struct record r = sample(), back;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	record_save(&r, &b);
	EQ_S(buf_cstr(&b), sample_text);
	EQ_U(record_rows(&r), 97);
	record_fini(&r);
	test_write(test_path("r"), b.p, b.n);
	if (OK(record_load(&back, test_path("r"), &e) == 0, e)) {
		buf_clear(&b);
		record_save(&back, &b);
		EQ_S(buf_cstr(&b), sample_text);
		EQ_S(back.shard, "00042");
		EQ_S(back.input, "in/a\tb\n.csv");
		EQ_I(back.id.mtime_ns, -5);
		EQ_U(back.id.inode, 77);
		EQ_I(back.file[1].used, true);
	}
	record_fini(&back);
	buf_fini(&b);
}

static void
a_record_that_was_cut_is_refused_wherever(void)
{
	size_t n;

	for (n = 0; n < sizeof(sample_text) - 1; n++) {
		struct record r;
		struct err e = ERR_ZERO;

		test_about("%zu", n);
		test_write(test_path("r"), sample_text, n);
		EQ_I(record_load(&r, test_path("r"), &e), -1);
		HAS(e.msg, "/r");
		record_fini(&r);
	}
}

static void
files_are_below_the_output_without_a_detour(void)
{
	static const struct {
		const char *name;
		bool ok;
	} t[] = {{"a", true}, {"a/b.csv", true}, {"a/b/c", true}, {"a b", true},
	    {"a..b", true}, {"", false}, {"/a", false}, {"../a", false},
	    {"a/../b", false}, {"a/./b", false}, {".a", false}, {"a/.b", false},
	    {"_a", false}, {"a/_b", false}, {"a//b", false}, {"a/", false},
	    {"..", false}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct buf b = BUF_ZERO;
		struct record r;
		struct err e = ERR_ZERO;

		test_about("%s", t[i].name);
		buf_printf(&b,
		    "%s\nfile\t%s\t1\t1\t0000000000000000\ts\n"
		    "record\t1\t-\t-\t-\t1\n",
		    record_header, t[i].name);
		test_write(test_path("r"), b.p, b.n);
		EQ_I(record_load(&r, test_path("r"), &e), t[i].ok ? 0 : -1);
		if (!t[i].ok)
			HAS(e.msg, "/r:2: bad record");
		record_fini(&r);
		buf_fini(&b);
	}
}

static void
lines_of_no_record_are_refused_with_their_number(void)
{
	static const char *const bad[] = {"fily\ta\t1\t1\t0\ts",
	    "file\ta\t-1\t1\t0000000000000000\ts",
	    "file\ta\t1\tx\t0000000000000000\ts", "file\ta\t1\t1\tgg\ts",
	    "drop\tunheard\t1\t-\t-\t-", "drop\tduplicate\t-1\t-\t-\t-",
	    "input\ta\t-\t1\t0000000000000000\t5", "routed\t-\tx\t-\t-\t-",
	    "record\t1\t-\t-\t-\t2"};
	size_t i;

	for (i = 0; i < LEN(bad); i++) {
		struct buf b = BUF_ZERO;
		struct record r;
		struct err e = ERR_ZERO;

		test_about("%s", bad[i]);
		buf_printf(
		    &b, "%s\nin\t-\t1\t-\t-\t-\n%s\n", record_header, bad[i]);
		test_write(test_path("r"), b.p, b.n);
		EQ_I(record_load(&r, test_path("r"), &e), -1);
		HAS(e.msg, "/r:3: bad record");
		record_fini(&r);
		buf_fini(&b);
	}
}

/* A record that was copied by hand is that of the name it has now. */
static void
the_name_of_the_file_is_the_name_of_the_record(void)
{
	static const struct {
		const char *path, *shard;
	} t[] = {{"_shards/00007.tsv", "00007"},
	    {"_shards/train/00007.tsv", "train/00007"},
	    {"_shards/x/_shards/00008.tsv", "00008"},
	    {"other/00007.tsv", "00042"}};
	size_t i;

	outdir_begin();
	for (i = 0; i < LEN(t); i++) {
		struct record r;
		struct err e = ERR_ZERO;

		test_about("%s", t[i].path);
		outdir_put(t[i].path, sample_text);
		if (OK(record_load(&r, test_path("out/%s", t[i].path), &e) == 0,
			e))
			EQ_S(r.shard, t[i].shard);
		record_fini(&r);
	}
}

static void
names_of_records_have_five_digits_and_a_scope(void)
{
	static const struct {
		const char *scope;
		uint64_t number;
		const char *name, *digits;
	} t[] = {{NULL, 0, "00000", "00000"}, {NULL, 42, "00042", "00042"},
	    {"train", 123456, "train/123456", "123456"}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		char *name = record_shard(t[i].scope, t[i].number);
		char *path = record_path("o", name);

		EQ_S(name, t[i].name);
		EQ_S(record_number(name), t[i].digits);
		HAS(path, "o/_shards/");
		HAS(path, t[i].name);
		free(name);
		free(path);
	}
}

int
main(void)
{
	RUN(a_record_has_these_bytes_and_comes_back);
	RUN(a_record_that_was_cut_is_refused_wherever);
	RUN(files_are_below_the_output_without_a_detour);
	RUN(lines_of_no_record_are_refused_with_their_number);
	RUN(the_name_of_the_file_is_the_name_of_the_record);
	RUN(names_of_records_have_five_digits_and_a_scope);
	return test_end();
}
