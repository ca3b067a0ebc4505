/* shards - which names are shards, what they say, and their order. */
#include "shards/find.h"

#include "base/instant.h"
#include "test.h"

#define UUID "0f8fad5b-d9cb-469f-a165-70867728950e"

static void
names_say_number_format_and_codec(void)
{
	static const struct {
		const char *path;
		bool part;
		uint64_t number;
		enum format f;
		enum codec c;
	} t[] = {
	    {"part-00042.csv", true, 42, FORMAT_CSV, CODEC_NONE},
	    {"part-42.tsv", true, 42, FORMAT_TSV, CODEC_NONE},
	    {"part-0.json", true, 0, FORMAT_JSON, CODEC_NONE},
	    {"part-7.jsonl", true, 7, FORMAT_JSONL, CODEC_NONE},
	    {"part-00042.csv.gz", true, 42, FORMAT_CSV, CODEC_GZIP},
	    {"part-1.csv.gzip", true, 1, FORMAT_CSV, CODEC_GZIP},
	    {"part-1.json.gz", true, 1, FORMAT_JSON, CODEC_GZIP},
	    {"part-1.parquet.gz", true, 1, FORMAT_PARQUET, CODEC_GZIP},
	    {"part-1.tsv.zst", true, 1, FORMAT_TSV, CODEC_ZSTD},
	    {"part-1.csv.lz4", true, 1, FORMAT_CSV, CODEC_LZ4},
	    {"part-1.csv.bz2", true, 1, FORMAT_CSV, CODEC_BZIP2},
	    {"part-1.csv.xz", true, 1, FORMAT_CSV, CODEC_XZ},
	    {"part-00000-" UUID "-c000.snappy.parquet", true, 0, FORMAT_PARQUET,
		CODEC_NONE},
	    {"part-00012-" UUID "-c000.csv.gz", true, 12, FORMAT_CSV,
		CODEC_GZIP},
	    {"part-00012-" UUID ".c000.csv", true, 12, FORMAT_CSV, CODEC_NONE},
	    {"some/dir.tsv/part-3.csv", true, 3, FORMAT_CSV, CODEC_NONE},
	    {"/part-3.csv", true, 3, FORMAT_CSV, CODEC_NONE},
	    {"part-9.tar.gz:x/part-3.csv", true, 3, FORMAT_CSV, CODEC_NONE},
	    {"part-9-a:part-3.csv", true, 9, FORMAT_CSV, CODEC_NONE},
	    {"part-18446744073709551615.csv", true, UINT64_MAX, FORMAT_CSV,
		CODEC_NONE},
	    {"part-18446744073709551616.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-5", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.gz", true, 5, FORMAT_UNKNOWN, CODEC_GZIP},
	    {"part-5.csv.none", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.CSV", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.txt", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.csv.bak", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-5.csv~", true, 5, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-1x.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-1_2.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-", false, 0, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-x.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part--1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-+1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part_1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"Part-1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"xpart-1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"_part-1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {".part-1.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"data.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"data.csv.gz", false, 0, FORMAT_CSV, CODEC_GZIP},
	    {"data", false, 0, FORMAT_UNKNOWN, CODEC_NONE},
	    {"part-1/data.csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {"part-1/", false, 0, FORMAT_UNKNOWN, CODEC_NONE},
	    {"", false, 0, FORMAT_UNKNOWN, CODEC_NONE},
	    {"-", false, 0, FORMAT_UNKNOWN, CODEC_NONE},
	    {".csv", false, 0, FORMAT_CSV, CODEC_NONE},
	    {".gz", false, 0, FORMAT_UNKNOWN, CODEC_GZIP},
	};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct shard_name n = shard_name_parse(t[i].path);

		test_about("%s", t[i].path);
		EQ_U(n.is_part, t[i].part);
		if (t[i].part)
			EQ_U(n.number, t[i].number);
		EQ_U(n.format, t[i].f);
		EQ_U(n.codec, t[i].c);
	}
}

static void
written_names_read_back(void)
{
	static const uint64_t numbers[] = {0, 7, 42, 99999, 100000, 123456789};
	struct buf b = BUF_ZERO;
	enum format f;
	enum codec c;
	size_t i;

	for (i = 0; i < LEN(numbers); i++)
		for (f = FORMAT_CSV; f < FORMAT_UNKNOWN; f++)
			for (c = CODEC_NONE; c < CODEC_COUNT; c++) {
				struct shard_name n;

				buf_clear(&b);
				shard_name_format(&b, numbers[i], f, c);
				n = shard_name_parse(buf_cstr(&b));
				test_about("%s", b.p);
				CHECK(n.is_part && n.number == numbers[i] &&
				    n.format == f && n.codec == c);
			}
	buf_clear(&b);
	shard_name_format(&b, 42, FORMAT_CSV, CODEC_GZIP);
	EQ_S(buf_cstr(&b), "part-00042.csv.gz");
	buf_fini(&b);
	for (f = FORMAT_CSV; f < FORMAT_UNKNOWN; f++)
		EQ_U(format_named(bytes_str(format_name(f))), f);
	EQ_U(format_named(bytes_str("xml")), FORMAT_UNKNOWN);
}

static void
days_are_found_in_names(void)
{
	static const struct {
		const char *name, *day; /* NULL: none; "": two */
	} t[] = {{"2024-01-02", "2024-01-02"},
	    {"date=2024-01-02", "2024-01-02"},
	    {"part-2024-01-02.csv", "2024-01-02"},
	    {"part-00001-2024-01-02.csv.gz", "2024-01-02"},
	    {"part-20240102.csv", "2024-01-02"}, {"20240229", "2024-02-29"},
	    {"sales_20240102T1530.csv", "2024-01-02"},
	    {"x2024-01-02x", "2024-01-02"}, {"1-2024-01-02-03", "2024-01-02"},
	    {"2024-01-2024-01-02", "2024-01-02"}, {"0001-01-01", "0001-01-01"},
	    {"9999-12-31", "9999-12-31"}, {"10000101", "1000-01-01"},
	    {"20240102_2024-01-02", "2024-01-02"},
	    /* a number beside it, or no such day */
	    {"12024-01-02", NULL}, {"2024-01-021", NULL}, {"020240102", NULL},
	    {"202401023", NULL}, {"2024-02-30", NULL}, {"20230229", NULL},
	    {"2024-1-2", NULL}, {"2024_01_02", NULL}, {"2024-01", NULL},
	    {"2024-01-0", NULL}, {"0000-01-01", NULL}, {"", NULL},
	    {"part-00042.csv", NULL}, {"202401", NULL}, {"2024", NULL},
	    /* numbers of shards, of eight digits */
	    {"part-00010101.csv", NULL}, {"part-09991231.csv", NULL},
	    /* that of the UUID does not count, that beside it does */
	    {"part-00000-20240102-d9cb-469f-a165-70867728950e-c000.csv", NULL},
	    {"part-00000-0f8fad5b-d9cb-469f-a165-a20240102bcd.csv", NULL},
	    {"part-0-2024-01-03-20240102-d9cb-469f-a165-70867728950E.csv",
		"2024-01-03"},
	    {"20240102-d9cb-469f-a165-7086772895-e", "2024-01-02"},
	    {"2024-01-02_2024-01-03", ""}, {"20240102-20240103", ""},
	    {"2024-01-02-20240103.csv", ""}};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct err e = ERR_ZERO;
		uint32_t day, want;
		int rc = day_in_name(t[i].name, &day, &e);

		test_about("%s", t[i].name);
		if (!EQ_I(rc, !t[i].day ? 0 : *t[i].day ? 1 : -1))
			continue;
		if (rc < 0)
			HAS(e.msg, "two days in one name");
		if (rc > 0 && CHECK(day_parse(bytes_str(t[i].day), &want)))
			EQ_U(day, want);
	}
}

static unsigned warned;

static void PRINTF_LIKE(1, 2) warn(const char *fmt, ...)
{
	(void)fmt;
	warned++;
}

static void
put(const char *name)
{
	test_write(test_path("%s", name), "a\n1\n", 4);
}

static int
find(struct shards *s, const char *pattern, struct err *e)
{
	struct shards_opt opt = {.pattern = pattern, .warn = warn};
	int rc = shards_find(s, test_dir(), &opt, e);

	return rc < 0 ? rc : shards_order(s, e);
}

static void
order_is_by_number(void)
{
	static const char *const order[] = {"part-0.csv", "part-2.csv",
	    "part-00003.csv.gz", "part-10-" UUID "-c000.snappy.parquet",
	    "part-00100.tsv", "part-1000.csv"};
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;
	size_t i;

	for (i = LEN(order); i-- > 0;)
		put(order[i]);
	put("_SUCCESS");
	put("_part-5.csv");
	put(".part-6.csv");
	put("part-7x.csv");
	put("notes.txt");
	put("data.csv");
	warned = 0;
	mkdir(test_path("part-8.csv"), 0777);
	if (OK(find(&s, NULL, &e) == 0, e)) {
		EQ_U(s.n, LEN(order));
		EQ_U(warned, 2); /* the directory and part-7x.csv */
		for (i = 0; i < s.n && i < LEN(order); i++) {
			EQ_S(s.v[i].path, test_path("%s", order[i]));
			EQ_U(s.v[i].bytes, 4);
		}
	}
	shards_fini(&s);
	CHECK(s.v == NULL && s.n == 0);
}

static void
two_of_one_number_are_refused_with_both_names(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("part-00007.csv");
	put("part-8.csv");
	put("part-7.csv.gz");
	CHECK(find(&s, NULL, &e) < 0);
	HAS(e.msg, "part-00007.csv");
	HAS(e.msg, "part-7.csv.gz");
	HAS(e.msg, "one shard number, 7");
	shards_fini(&s);
}

static void
none_at_all_is_an_error(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("data.csv");
	CHECK(find(&s, NULL, &e) < 0);
	HAS(e.msg, "no shard found");
	HAS(e.msg, test_dir());
	shards_fini(&s);
}

static void
an_empty_file_is_an_error(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("part-1.csv");
	test_write(test_path("part-2.csv"), "", 0);
	CHECK(find(&s, NULL, &e) < 0);
	HAS(e.msg, "part-2.csv: zero-byte");
	shards_fini(&s);
}

static void
a_shard_of_unknown_format_is_an_error(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("part-1.csv");
	put("part-2.xls");
	CHECK(find(&s, NULL, &e) < 0);
	HAS(e.msg, "part-2.xls: unknown format");
	shards_fini(&s);
}

/* Rows of a file whose number no program can hold must not vanish. */
static void
a_number_beyond_64_bits_is_an_error(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("part-1.csv");
	put("part-99999999999999999999.csv");
	CHECK(find(&s, NULL, &e) < 0);
	shards_fini(&s);
}

static void
a_pattern_takes_other_names(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;

	put("day-20240301.csv");
	put("day-20240229.csv");
	put("part-1.csv");
	put("_day-1.csv");
	if (OK(find(&s, "^day-([0-9]+)", &e) == 0, e) && EQ_U(s.n, 2)) {
		EQ_U(s.v[0].name.number, 20240229);
		EQ_U(s.v[1].name.number, 20240301);
	}
	shards_fini(&s);
	/* without a group: numbered in name order */
	if (OK(find(&s, "\\.csv$", &e) == 0, e) && EQ_U(s.n, 3)) {
		EQ_S(s.v[0].path, test_path("day-20240229.csv"));
		EQ_S(s.v[2].path, test_path("part-1.csv"));
		EQ_U(s.v[0].name.number, 0);
		EQ_U(s.v[2].name.number, 2);
	}
	shards_fini(&s);
	CHECK(find(&s, "^(d)ay", &e) < 0);
	HAS(e.msg, "group is not a number");
	shards_fini(&s);
	CHECK(find(&s, "(", &e) < 0);
	EQ_U(e.kind, ERR_USAGE);
	HAS(e.msg, "--pattern \"(\"");
	shards_fini(&s);
}

static void
a_file_named_by_itself_is_a_root(void)
{
	struct shards s = SHARDS_ZERO;
	struct shards_opt opt = {.pattern = NULL};
	struct err e = ERR_ZERO;

	put("part-5.csv");
	put("data.csv");
	OK(shards_find(&s, test_path("part-5.csv"), &opt, &e) == 0, e);
	EQ_U(s.n, 1);
	CHECK(shards_find(&s, test_path("data.csv"), &opt, &e) < 0);
	HAS(e.msg, "not a shard's name");
	CHECK(shards_find(&s, test_path("part-6.csv"), &opt, &e) < 0);
	HAS(e.msg, "No such file");
	EQ_U(s.n, 1);
	shards_fini(&s);
}

static void
trailing_slashes_are_one(void)
{
	struct shards s = SHARDS_ZERO;
	struct shards_opt opt = {.pattern = NULL};
	struct err e = ERR_ZERO;

	put("part-5.csv");
	OK(shards_find(&s, test_path("%s", "/"), &opt, &e) == 0, e);
	if (EQ_U(s.n, 1))
		EQ_S(s.v[0].path, test_path("part-5.csv"));
	shards_fini(&s);
}

static void
thousands_in_any_order(void)
{
	struct shards s = SHARDS_ZERO;
	struct err e = ERR_ZERO;
	size_t i, n = 2000;

	for (i = 0; i < n; i++) {
		char name[40];

		/* 7919 is a prime: every number once */
		snprintf(name, sizeof(name), "part-%zu.csv", i * 7919 % n * 3);
		put(name);
	}
	if (OK(find(&s, NULL, &e) == 0, e) && EQ_U(s.n, n))
		for (i = 0; i < n; i++)
			EQ_U(s.v[i].name.number, i * 3);
	shards_fini(&s);
}

int
main(void)
{
	RUN(names_say_number_format_and_codec);
	RUN(written_names_read_back);
	RUN(days_are_found_in_names);
	RUN(order_is_by_number);
	RUN(two_of_one_number_are_refused_with_both_names);
	RUN(none_at_all_is_an_error);
	RUN(an_empty_file_is_an_error);
	RUN(a_shard_of_unknown_format_is_an_error);
	RUN(a_number_beyond_64_bits_is_an_error);
	RUN(a_pattern_takes_other_names);
	RUN(a_file_named_by_itself_is_a_root);
	RUN(trailing_slashes_are_one);
	RUN(thousands_in_any_order);
	return test_end();
}
