/* facts: the quick way over the cells of a column finds what the slow one
 * does. */
#include "pass1/factsfile.h"

#include <stdlib.h>

#include "base/shortnum.h"
#include "rows/block.h"
#include "test.h"

/* Cells as they come in CSV, of which a column takes a few in turn. */
static const char *const words[] = {"", "\"\"", "\"", "\"1\"", "\"x,y\"",
    "\"a\"\"b\"", "\"\"\"\"", "\"12345678\"", "NA", "N", "nan", "-nan", "-",
    "-.", ".", "+1", "-1", "-0", "0", "00", "007", "-01", "1.", ".5", "-.5",
    "1.25", "1e5", "1e-5", "0x1", "1.2.3", "12345678", "-1234567", "123456789",
    "1234567.8", "-12345.67", "9007199254740993", "999999999999999999999",
    "inf", "-inf", "Infinity", "infinite wisdom", "true", "False", "tall",
    "Tokyo", "T000000000001", "2024-01-02", "2024-01-02 03:04:05",
    "2024-01-02T03:04:05Z", "1234-567-8", "x", "\303\251t\303\251", "<NA>",
    "#N/A", "#1", "N/A", "null", "nullable", "1 ", " 1", "3.4028235e38",
    "16777217", "0.1"};

static const char *
random_number(char *to)
{
	unsigned n = (unsigned)below(10), frac = (unsigned)below(4);

	sprintf(to, "%s%.*f", one_in(3) ? "-" : "", (int)frac,
	    (double)below(UINT64_C(1) << (3 * n + 1)) / 8);
	return to;
}

/* A column of a table with this and another one, as a block of the source. */
struct table {
	struct buf text;
	uint32_t *end;
	struct block b;
	struct column column;
};

static void
table_make(struct table *t, size_t n)
{
	const char *some[4];
	char tmp[64];
	size_t i, kinds = 1 + below(LEN(some));
	bool numbers = one_in(2);

	memset(t, 0, sizeof(*t));
	for (i = 0; i < LEN(some); i++)
		some[i] = words[below(LEN(words))];
	t->end = xcalloc(2 * n + 1, sizeof(*t->end));
	t->end[0] = UINT32_MAX;
	for (i = 0; i < n; i++) {
		buf_puts(&t->text,
		    numbers && !one_in(20) ? random_number(tmp)
					   : some[below(kinds)]);
		t->end[2 * i + 1] = (uint32_t)t->text.n;
		buf_puts(&t->text, one_in(2) ? "," : ",z");
		t->end[2 * i + 2] = (uint32_t)t->text.n;
		buf_puts(&t->text, "\n");
	}
	/* of its very size: what reads behind it is found out */
	t->text.p = xrealloc(t->text.p, t->text.n);
	t->column = (struct column){.src = 0, .slot = -1};
	t->b = (struct block){.base = t->text.p,
	    .end = t->end + 1,
	    .nrow = (uint32_t)n,
	    .nfield = 2,
	    .nsel = (uint32_t)n};
	block_reset(&t->b, 0);
}

static void
table_fini(struct table *t)
{
	block_fini(&t->b);
	free(t->end);
	free(t->text.p);
}

static struct buf
facts_of(struct table *t, bool common)
{
	static const struct na_rule rule = {.everywhere = false};
	struct facts f = {.schema = true, .moments = true, .ncol = 1};
	struct block_column col = block_column(&t->b, &t->column);
	struct buf scratch = BUF_ZERO, text = BUF_ZERO;
	struct cell cell;
	uint32_t i;

	f.col = xcalloc(1, sizeof(*f.col));
	f.col->name = xstrdup("c");
	f.col->moments = xcalloc(1, sizeof(*f.col->moments));
	for (i = 0; i < t->b.nsel; i++) {
		struct bytes v;

		if (common)
			i += colfacts_add_common(
			    f.col, &col, t->b.sel + i, t->b.nsel - i);
		if (i == t->b.nsel)
			break;
		v = csv_value(block_column_raw(&col, t->b.sel[i]), &scratch);
		cell_scan(&cell, &rule, v);
		colfacts_add(f.col, &cell, v, (struct place){3, i + 1});
	}
	facts_save(&f, &text);
	facts_fini(&f);
	buf_fini(&scratch);
	return text;
}

static void
common_cells_count_as_any_cell_does(void)
{
	size_t round, k, rows = 0;

	for (round = 0; round < 3000; round++) {
		struct table t;
		struct buf a, b;

		table_make(&t, 1 + below(300));
		/* some rows only */
		for (k = 0, t.b.nsel = 0; k < t.b.nrow; k++)
			if (round % 2 || one_in(2))
				t.b.sel[t.b.nsel++] = (uint32_t)k;
		rows += t.b.nsel;
		a = facts_of(&t, false);
		b = facts_of(&t, true);
		test_about("%.*s", (int)t.text.n, t.text.p);
		if (!EQ_B(buf_bytes(&b), buf_bytes(&a)))
			round = 3000;
		buf_fini(&a);
		buf_fini(&b);
		table_fini(&t);
	}
	CHECK(rows > 100000);
}

static void
most_cells_are_common(void)
{
	struct table t;
	struct block_column col;
	struct colfacts c = {.name = NULL};
	char tmp[64];
	uint32_t i;

	memset(&t, 0, sizeof(t));
	t.end = xcalloc(1001, sizeof(*t.end));
	t.end[0] = UINT32_MAX;
	for (i = 0; i < 1000; i++) {
		sprintf(tmp, i % 7 ? "%d.%u" : "", (int)i - 500, i);
		buf_puts(&t.text, tmp);
		t.end[i + 1] = (uint32_t)t.text.n;
		buf_puts(&t.text, "\n");
	}
	t.column = (struct column){.src = 0, .slot = -1};
	t.b = (struct block){
	    .base = t.text.p, .end = t.end + 1, .nrow = 1000, .nfield = 1};
	block_reset(&t.b, 0);
	col = block_column(&t.b, &t.column);
	/* the first of a kind is not: its place is kept */
	EQ_U(colfacts_add_common(&c, &col, t.b.sel, 1000), 1);
	c.n[KIND_FLOAT] = 1;
	EQ_U(colfacts_add_common(&c, &col, t.b.sel + 2, 998), 998);
	EQ_U(c.n[KIND_FLOAT] + c.missing, 1000);
	table_fini(&t);
}

/* Wherever a short text lies, and whatever is behind it. */
static void
short_numbers_read_as_number_scan_says(void)
{
	static const char alphabet[] = "0123456789.-+e \"";
	char room[24];
	int i;

	for (i = 0; i < 1000000; i++) {
		size_t n = 1 + below(8), k;
		struct bytes v = bytes_of(room, n);
		struct number a, b;
		enum cell_class x, y, z;
		bool plain;

		for (k = 0; k < 16; k++)
			room[k] = alphabet[below(
			    one_in(4) ? sizeof(alphabet) - 1 : 11)];
		x = number_scan(v, &a);
		plain = number_plain_at(v, room + 8, &b, &y);
		CHECK(class_plain_at(v, room + 8, &z) == plain);
		test_about("%.*s", (int)n, room);
		if (!plain) {
			/* exponents, plus signs and texts are left to others */
			CHECK(x == CLASS_TEXT || memchr(v.p, 'e', n) ||
			    v.p[0] == '+');
			continue;
		}
		CHECK(x == y && x == z);
		CHECK(a.whole == b.whole);
		CHECK(memcmp(&a.d, &b.d, sizeof(a.d)) == 0);
		CHECK(!a.whole || a.i == b.i);
	}
}

int
main(void)
{
	RUN(common_cells_count_as_any_cell_does);
	RUN(most_cells_are_common);
	RUN(short_numbers_read_as_number_scan_says);
	return test_end();
}
