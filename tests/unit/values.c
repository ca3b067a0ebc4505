/* values: keys of numbers order as numbers do; what is collected does not
 * depend on how much memory there was. */
#include "pass1/values.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "pass1/colstats.h"
#include "pass1/factsfile.h"
#include "test.h"

static double
random_double(uint64_t *seed)
{
	double d;

	do {
		uint64_t u;

		*seed = *seed * UINT64_C(6364136223846793005) + 1442695;
		u = *seed ^ *seed >> 29;
		memcpy(&d, &u, 8);
	} while (isnan(d));
	return d;
}

static void
keys_order_as_numbers(void)
{
	uint64_t seed = 1;
	int i;

	for (i = 0; i < 200000; i++) {
		double a = random_double(&seed), b = random_double(&seed);

		CHECK((a < b) == (number_key(a) < number_key(b)));
		CHECK((a == b) == (number_key(a) == number_key(b)));
		CHECK(key_number(number_key(a)) == a);
	}
	CHECK(number_key(-0.0) == number_key(0.0));
	CHECK(number_key(-INFINITY) < number_key(-1e308));
	CHECK(number_key(INFINITY) > number_key(1e308));
}

/* A partial of one shard with three columns of random values, made with so much
 * memory; its statistics as text. */
static struct buf
stats_with(uint64_t memory, unsigned wanted, uint64_t workers)
{
	struct facts f = {.nin = 0};
	struct na_rule na = {.everywhere = false};
	struct err e = ERR_ZERO;
	struct partial_writer *w;
	struct partial p;
	struct colstats s = {NULL, 0};
	struct values *v;
	struct buf b = BUF_ZERO, text = BUF_ZERO;
	unsigned kinds[3] = {wanted, wanted, wanted};
	static const char *const names[3] = {"number", "text", "int"};
	uint64_t seed = 7;
	int i, c;

	f.schema = f.moments = f.format = true;
	f.ncol = 3;
	f.col = xcalloc(3, sizeof(*f.col));
	f.nin = 1;
	f.in = xcalloc(1, sizeof(*f.in));
	f.in[0].path = xstrdup("part-0.csv");
	f.in[0].rows = 120000;
	for (c = 0; c < 3; c++) {
		f.col[c].name = xstrdup(names[c]);
		f.col[c].pos = (uint32_t)c;
		f.col[c].moments = xcalloc(1, sizeof(*f.col[c].moments));
	}
	w = partial_create(test_path("0.st"), &e);
	CHECK(w != NULL);
	v = values_new(&f, kinds, memory, w);
	for (i = 0; i < 120000; i++)
		for (c = 0; c < 3; c++) {
			char value[40];
			struct cell cell;
			struct bytes t;

			seed = seed * UINT64_C(6364136223846793005) + 1442695;
			if (c == 2)
				snprintf(value, sizeof(value),
				    seed >> 60 ? "%d" : "-0",
				    (int)(seed >> 40) % 9);
			else
				snprintf(value, sizeof(value),
				    c ? "v%u" : "%u.5",
				    (unsigned)(seed >> 40) %
					(c ? 50000 : 90000));
			t = bytes_str(value);
			cell_scan(&cell, &na, t);
			colfacts_add(&f.col[c], &cell, t,
			    (struct place){0, (uint64_t)i + 1});
			CHECK(values_add(v, (size_t)c, &cell, t, &e) == 0 &&
			    values_settle(v, &e) == 0);
		}
	CHECK(values_finish(v, kinds, &e) == 0);
	for (c = 0; c < 3; c++)
		f.col[c].values = kinds[c];
	values_free(v);
	facts_save(&f, &text);
	CHECK(partial_put_facts(w, buf_bytes(&text), &e) == 0);
	CHECK(partial_finish(w, &e) == 0);
	partial_writer_free(w);
	CHECK(partial_open(&p, test_path("0.st"), &e) == 0);
	if (memory <= VALUES_MEMORY_MIN)
		CHECK(p.nsec > 4); /* it did spill */
	CHECK(colstats_make(&s, &f, &na, &p, 1, workers, &e) == 0);
	colstats_save(&s, &b);
	colstats_fini(&s);
	partial_close(&p);
	buf_fini(&text);
	facts_fini(&f);
	return b;
}

static void
spilled_or_not_the_statistics_are_the_same(void)
{
	struct buf a =
	    stats_with(VALUES_MEMORY_MIN, VALUES_NUMBERS | VALUES_TEXTS, 1);
	struct buf b =
	    stats_with(VALUES_MEMORY_DEFAULT, VALUES_NUMBERS | VALUES_TEXTS, 1);

	CHECK(a.n > 100 && bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	buf_fini(&a);
	buf_fini(&b);
}

/* Each has ranges of its own, and numbers besides. */
static void
several_processes_find_what_one_does(void)
{
	unsigned all = VALUES_NUMBERS | VALUES_TEXTS;
	struct buf a = stats_with(VALUES_MEMORY_MIN, all, 1);
	struct buf b = stats_with(VALUES_MEMORY_MIN, all, 2);
	struct buf c = stats_with(VALUES_MEMORY_MIN, VALUES_TEXTS, 1);
	struct buf d = stats_with(VALUES_MEMORY_MIN, VALUES_TEXTS, 9);

	CHECK(a.n > 100 && bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	CHECK(c.n > 100 && bytes_eq(buf_bytes(&c), buf_bytes(&d)));
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&c);
	buf_fini(&d);
}

static void
saved_statistics_load_as_they_were(void)
{
	struct buf a = stats_with(VALUES_MEMORY_MIN, VALUES_NUMBERS, 1),
		   b = BUF_ZERO;
	struct colstats s;
	struct err e = ERR_ZERO;
	FILE *f = fopen(test_path("stats.tsv"), "w");

	fwrite(a.p, 1, a.n, f);
	fclose(f);
	CHECK(colstats_load(&s, test_path("stats.tsv"), &e) == 0);
	colstats_save(&s, &b);
	CHECK(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	CHECK(colstats_find(&s, bytes_str("number"))->quartiles);
	CHECK(!colstats_find(&s, bytes_str("text"))->values);
	CHECK(colstats_find(&s, bytes_str("none")) == NULL);
	colstats_fini(&s);
	buf_fini(&a);
	buf_fini(&b);
}

/* What a cell is may not be read off its first letter alone where any word,
 * number or time could begin so. */
static void
no_special_word_is_taken_for_text(void)
{
	static const char *const words[] = {"NA", "NaN", "nan", "NAN", "#NA",
	    "#N/A", "#N/A N/A", "N/A", "n/a", "-NaN", "-nan", "<NA>", "NULL",
	    "null", "None", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "true",
	    "false", "True", "False", "TRUE", "FALSE", "inf", "Inf", "INF",
	    "infinity", "Infinity", "-inf", "+inf", "0", "9", ".5", "5.", "-1",
	    "+1", "1e5", "2024-01-01", "0001-01-01T00:00Z"};
	static const struct na_rule none = {.everywhere = false};
	struct na_rule list;
	struct cell cell;
	size_t i;
	char c[2] = {0};

	for (i = 0; i < LEN(words); i++) {
		cell_scan(&cell, &none, bytes_str(words[i]));
		test_about("%s", words[i]);
		CHECK(cell.state == CELL_TOKEN || cell.kind != KIND_TEXT);
	}
	/* any text can be a token of a list */
	for (i = 1; i < 256; i++) {
		c[0] = (char)i;
		if (c[0] == ',')
			continue;
		na_rule_init(&list, c);
		cell_scan(&cell, &list, bytes_of(c, 1));
		EQ_I(cell.state, CELL_TOKEN);
		na_rule_fini(&list);
	}
}

int
main(void)
{
	RUN(keys_order_as_numbers);
	RUN(spilled_or_not_the_statistics_are_the_same);
	RUN(several_processes_find_what_one_does);
	RUN(saved_statistics_load_as_they_were);
	RUN(no_special_word_is_taken_for_text);
	return test_end();
}
