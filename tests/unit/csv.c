/*
 * csv - tables written in every dialect read back cell by cell; what is no
 * table is refused with its line.
 */
#include "rows/csv.h"

#include "test.h"

/* What a table holds, and how a file of it is written. */
struct table {
	size_t ncol, nrow;  /* nrow without the header */
	struct bytes *cell; /* (nrow + 1) * ncol, the names first */
	struct buf text;
};

enum quoting { QUOTE_MINIMAL, QUOTE_ALWAYS, QUOTE_SOMETIMES, QUOTE_NEVER };

struct dialect_of {
	char sep;
	bool crlf, mixed, bom, open_end; /* open_end: no final newline */
	enum quoting quoting;
	unsigned blank; /* lines behind the table */
	const char *ext;
};

static struct bytes
cell_of(const struct table *t, size_t row, size_t col)
{
	return t->cell[row * t->ncol + col];
}

/* Random cells; with no_quotes, such as a plain TSV can hold. */
static struct table
table_make(size_t ncol, size_t nrow, size_t longest, bool plain)
{
	static const char plain_abc[] = "ab'\",; |x7";
	static const char abc[] = "ab\",;\t|\n\rx ";
	struct table t = {ncol, nrow, NULL, BUF_ZERO};
	size_t ncell = (nrow + 1) * ncol, i, k;
	size_t *end = xcalloc(ncell, sizeof(*end));

	t.cell = xcalloc(ncell, sizeof(*t.cell));
	for (i = 0; i < ncell; i++) {
		size_t n = one_in(40) ? below(longest) : below(9);

		if (i < ncol) { /* names differ and are not empty */
			buf_printf(&t.text, "c%zu", i);
			n = below(3);
		}
		for (k = 0; k < n; k++)
			buf_putc(&t.text,
			    n > 500 && !one_in(50)      ? 'L'
				: plain                 ? plain_abc[below(10)]
				: i < ncol && one_in(3) ? 'n'
							: abc[below(12 - 1)]);
		end[i] = t.text.n;
	}
	for (i = 0; i < ncell; i++) {
		size_t from = i ? end[i - 1] : 0;

		t.cell[i] = bytes_of(t.text.p + from, end[i] - from);
	}
	free(end);
	return t;
}

static void
table_free(struct table *t)
{
	buf_fini(&t->text);
	free(t->cell);
}

static bool
needs_quotes(struct bytes s, char sep)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == sep || strchr("\"\n\r", s.p[i]))
			return true;
	return false;
}

/* Appends a cell in the dialect. */
static void
write_cell(struct buf *b, struct bytes s, const struct dialect_of *d)
{
	size_t i;

	if (d->quoting == QUOTE_NEVER ||
	    (!needs_quotes(s, d->sep) && d->quoting != QUOTE_ALWAYS &&
		(d->quoting == QUOTE_MINIMAL || one_in(2)))) {
		buf_putb(b, s);
		return;
	}
	buf_putc(b, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_putc(b, '"');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '"');
}

static void
write_end(struct buf *b, const struct dialect_of *d)
{
	buf_puts(b, d->crlf && !(d->mixed && one_in(2)) ? "\r\n" : "\n");
}

/* The file's bytes; line[r] is the line on which row r begins. */
static void
table_write(const struct table *t, const struct dialect_of *d, struct buf *b,
    uint64_t *line)
{
	size_t r, c, i, at = 0;
	uint64_t now = 1;

	buf_clear(b);
	if (d->bom)
		buf_puts(b, "\xef\xbb\xbf");
	for (r = 0; r <= t->nrow; r++) {
		for (i = at; i < b->n; i++)
			now += b->p[i] == '\n';
		at = i;
		line[r] = now;
		for (c = 0; c < t->ncol; c++) {
			if (c)
				buf_putc(b, d->sep);
			write_cell(b, cell_of(t, r, c), d);
		}
		/* the last line may lack its end, unless that would make
		 * it no line at all */
		if (r == t->nrow && d->open_end && b->n > at)
			return;
		write_end(b, d);
	}
	for (r = 0; r < d->blank; r++)
		write_end(b, d);
}

static struct dialect_of
dialect_random(size_t ncol, bool plain)
{
	struct dialect_of d = {.sep = ",;\t|"[below(4)]};

	d.ext = one_in(2) ? ".csv" : ".txt";
	if (plain || d.sep == '\t') {
		d.sep = '\t';
		d.ext = ".tsv";
	} else if (ncol == 1) {
		d.sep = ','; /* what is taken when the header has none */
	}
	d.crlf = one_in(3);
	d.mixed = one_in(4);
	d.bom = one_in(4);
	d.open_end = one_in(4);
	d.quoting = plain ? QUOTE_NEVER : (enum quoting)below(3);
	if (ncol > 1 && one_in(6) && !d.open_end)
		d.blank = (unsigned)below(4);
	return d;
}

/* Would a reader take another separator from the header line? */
static bool
header_misleads(const struct table *t, const struct dialect_of *d)
{
	static const char order[] = ",;\t|";
	size_t c, i;
	const char *o;

	if (d->sep == '\t' && strcmp(d->ext, ".tsv") == 0)
		return false;
	for (c = 0; c < t->ncol; c++)
		for (i = 0; i < cell_of(t, 0, c).n; i++)
			for (o = order; *o; o++)
				if (cell_of(t, 0, c).p[i] == *o)
					return true;
	return false;
}

/* Reads the file and compares every cell. */
static void
read_back(const char *path, const struct table *t, const struct csv_opt *opt,
    const uint64_t *line, char sep)
{
	struct err e = ERR_ZERO;
	struct in *in = in_open(path, 0, &e);
	struct buf scratch = BUF_ZERO;
	struct block b = BLOCK_ZERO;
	const struct bytes *names;
	struct csv *c = NULL;
	size_t ncol, row = 0, i;
	bool *used = NULL;
	int rc = -1;

	if (!OK(in != NULL, e) || !OK((c = csv_open(in, opt, &e)) != NULL, e))
		goto out;
	names = csv_names(c, &ncol);
	if (one_in(2)) { /* few of the fields, as a rule */
		used = xcalloc(ncol, sizeof(*used));
		for (i = 0; i < ncol; i++)
			used[i] = one_in(6);
		csv_use(c, used);
	}
	EQ_U((unsigned char)csv_sep(c), (unsigned char)sep);
	if (!EQ_U(ncol, t->ncol))
		goto out;
	for (i = 0; i < ncol; i++)
		EQ_B(names[i], cell_of(t, 0, i));
	while ((rc = csv_next(c, &b, 0, &e)) > 0) {
		uint32_t r, f;

		if (!CHECK(b.nrow > 0) || !EQ_U(b.nfield, ncol) ||
		    !EQ_U(b.row0, row) || !EQ_U(b.nsel, b.nrow) ||
		    !CHECK(row + b.nrow <= t->nrow))
			goto out;
		EQ_U(b.line0, line[row + 1]);
		for (r = 0; r < b.nrow; r++, row++) {
			struct bytes rec = block_record(&b, r);

			CHECK(rec.n > 0 && rec.p[rec.n - 1] == '\n');
			if (b.nrow < 50 || r + 1 == b.nrow || one_in(500))
				EQ_U(block_line(&b, r), line[row + 1]);
			for (f = 0; f < ncol; f++) {
				struct bytes raw;

				if (used && !used[f])
					continue;
				raw = block_field(&b, r, f);
				if (!EQ_B(csv_value(raw, &scratch),
					cell_of(t, row + 1, f)))
					goto out;
			}
		}
	}
	OK(rc == 0, e);
	EQ_U(row, t->nrow);
	EQ_U(csv_rows(c), t->nrow);
	EQ_U(csv_rejected(c), 0);
	CHECK(csv_trailer(c) == NULL);
out:
	csv_close(c);
	in_close(in);
	block_fini(&b);
	buf_fini(&scratch);
	free(used);
}

static void
round_trip(size_t ncol, size_t nrow, size_t longest, bool plain)
{
	struct table t = table_make(ncol, nrow, longest, plain);
	struct dialect_of d = dialect_random(ncol, plain);
	struct csv_opt opt = {.max_record = CSV_MAX_RECORD};
	uint64_t *line = xcalloc(nrow + 2, sizeof(*line));
	struct buf b = BUF_ZERO;
	const char *path = test_path("t%s", d.ext);

	opt.no_quotes = plain;
	opt.out_sep = one_in(2) ? 0 : ",\t;|"[below(4)];
	if (one_in(2) || header_misleads(&t, &d))
		opt.sep = d.sep;
	table_write(&t, &d, &b, line);
	test_write(path, b.p, b.n);
	test_about("%zu x %zu, sep %d to %d (%d)%s%s%s%s quoting %d, "
		   "%u blank, %zu bytes",
	    nrow, ncol, d.sep, opt.out_sep, opt.sep, d.crlf ? " crlf" : "",
	    d.mixed ? " mixed" : "", d.bom ? " bom" : "",
	    d.open_end ? " open" : "", d.quoting, d.blank, b.n);
	read_back(path, &t, &opt, line, d.sep);
	table_free(&t);
	free(line);
	buf_fini(&b);
}

static void
small_tables_in_every_dialect(void)
{
	int i;

	for (i = 0; i < 4000 && !test.failures; i++)
		round_trip(1 + below(6), below(12), 60, false);
}

static void
tables_larger_than_a_block(void)
{
	int i;

	for (i = 0; i < 30 && !test.failures; i++)
		round_trip(1 + below(8), 20000 + below(20000), 300, false);
}

static void
records_larger_than_a_block(void)
{
	int i;

	for (i = 0; i < 40 && !test.failures; i++)
		round_trip(1 + below(4), 20 + below(200),
		    IN_BLOCK * (1 + below(4)), false);
}

static void
plain_tsv_takes_quotes_as_they_are(void)
{
	int i;

	for (i = 0; i < 1500 && !test.failures; i++)
		round_trip(1 + below(6), below(12), 60, true);
	for (i = 0; i < 6 && !test.failures; i++)
		round_trip(2 + below(4), 30000, 300, true);
}

/*
 * What matters lies across the border of a block: a piece of CSV at every
 * place around it.
 */
static void
pieces_across_the_border_of_a_block(void)
{
	static const char *const piece[] = {"\"\"", "\"a\"\"b\"", "\"a\nb\"",
	    "\"a\r\nb\"", "\",\"", "\"\"\"\"", "x", "\"x\""};
	static const char *const value[] = {
	    "", "a\"b", "a\nb", "a\r\nb", ",", "\"", "x", "x"};
	size_t i;
	int d, crlf, last;

	for (i = 0; i < LEN(piece); i++)
		for (d = -12; d <= 2; d++)
			for (crlf = 0; crlf < 2; crlf++)
				for (last = 0; last < 2; last++) {
					struct csv_opt opt = {
					    .max_record = CSV_MAX_RECORD};
					struct table t = {2, 3, NULL, BUF_ZERO};
					struct bytes cell[8];
					struct buf b = BUF_ZERO;
					uint64_t line[5] = {1, 2, 3, 0, 0};
					const char *nl = crlf ? "\r\n" : "\n";
					const char *path = test_path("t.csv");
					size_t fill, k;

					buf_printf(&b, "p,q%s1,2%s", nl, nl);
					fill = (size_t)((int)IN_BLOCK + d) -
					    b.n - 1;
					buf_reserve(&t.text, fill);
					memset(t.text.p, 'f', fill);
					buf_put(&b, t.text.p, fill);
					buf_printf(&b, ",%s", piece[i]);
					line[3] = 4 +
					    (strchr(value[i], '\n') != NULL);
					buf_puts(&b, nl);
					if (last)
						t.nrow = 2;
					else
						buf_printf(&b, "3,4%s", nl);
					for (k = 0; k < 8; k++)
						cell[k] =
						    bytes_str((const char *[]){
							"p", "q", "1", "2", "",
							value[i], "3", "4"}[k]);
					cell[4] = bytes_of(t.text.p, fill);
					t.cell = cell;
					test_write(path, b.p, b.n);
					test_about("%s at %d from the border%s",
					    err_quote(bytes_str(piece[i])), d,
					    crlf ? ", CRLF" : "");
					read_back(path, &t, &opt, line, ',');
					buf_fini(&t.text);
					buf_fini(&b);
				}
}

/* --- one file given as text --- */

static int
note_reject(void *arg, const char *name, uint64_t line, const char *reason,
    struct bytes record, struct err *e)
{
	struct buf *b = arg;

	(void)name;
	(void)e;
	buf_printf(b, "%" PRIu64 " %s [", line, reason);
	buf_putb(b, record);
	buf_puts(b, "]\n");
	return 0;
}

struct result {
	struct buf rows; /* the names and rows as handed out */
	struct buf rejects;
	struct err e;
	uint64_t nrows, nrejected;
	bool trailer;
	struct account account;
	int rc;
};

/* few: the reader is told that nobody looks at any field. */
static struct result
read_once(const char *path, struct csv_opt opt, bool few)
{
	struct result r = {.rc = -1};
	struct block b = BLOCK_ZERO;
	struct csv *c = NULL;
	struct in *in;
	const struct bytes *names;
	size_t n, i;
	uint32_t k;

	if (!opt.max_record)
		opt.max_record = CSV_MAX_RECORD;
	opt.reject = note_reject;
	opt.reject_arg = &r.rejects;
	in = in_open(path, 0, &r.e);
	if (in && (c = csv_open(in, &opt, &r.e))) {
		names = csv_names(c, &n);
		if (few) {
			bool *used = xcalloc(n, sizeof(*used));

			csv_use(c, used);
			free(used);
		}
		for (i = 0; i < n; i++) {
			if (i)
				buf_putc(&r.rows,
				    opt.out_sep ? opt.out_sep : csv_sep(c));
			buf_putb(&r.rows, names[i]);
		}
		buf_putc(&r.rows, '\n');
		while ((r.rc = csv_next(c, &b, 0, &r.e)) > 0)
			for (k = 0; k < b.nrow; k++)
				buf_putb(&r.rows, block_record(&b, k));
		r.nrows = csv_rows(c);
		r.nrejected = csv_rejected(c);
		r.trailer = csv_trailer(c) != NULL;
		if (r.trailer)
			r.account = *csv_trailer(c);
	}
	csv_close(c);
	in_close(in);
	block_fini(&b);
	return r;
}

static void
result_free(struct result *r)
{
	buf_fini(&r->rows);
	buf_fini(&r->rejects);
}

/* Who looks at the fields makes no difference to anything else. */
static struct result
read_bytes(const char *name, struct bytes s, struct csv_opt opt)
{
	const char *path = test_path("%s", name);
	struct result r, few;

	test_write(path, s.p, s.n);
	r = read_once(path, opt, false);
	few = read_once(path, opt, true);
	test_about("%s, few fields: %s", name, err_quote(s));
	EQ_I(few.rc, r.rc);
	EQ_S(few.e.msg, r.e.msg);
	EQ_B(buf_bytes(&few.rows), buf_bytes(&r.rows));
	EQ_B(buf_bytes(&few.rejects), buf_bytes(&r.rejects));
	EQ_U(few.nrows, r.nrows);
	EQ_U(few.nrejected, r.nrejected);
	EQ_U(few.trailer, r.trailer);
	CHECK(memcmp(&few.account, &r.account, sizeof(r.account)) == 0);
	result_free(&few);
	return r;
}

static void
gives(const char *name, struct csv_opt opt, const char *s, const char *want)
{
	struct result r = read_bytes(name, bytes_str(s), opt);

	test_about("%s %s", name, err_quote(bytes_str(s)));
	if (OK(r.rc == 0, r.e))
		EQ_B(buf_bytes(&r.rows), bytes_str(want));
	result_free(&r);
}

static void
refused_bytes(
    const char *name, struct csv_opt opt, struct bytes s, const char *why)
{
	struct result r = read_bytes(name, s, opt);

	test_about("%s %s", name, err_quote(s));
	if (EQ_I(r.rc, -1)) {
		EQ_U(r.e.kind, ERR_INPUT);
		HAS(r.e.msg, why);
	}
	result_free(&r);
}

static void
refused(const char *s, const char *why)
{
	struct csv_opt opt = {.sep = 0};

	refused_bytes("t.csv", opt, bytes_str(s), why);
}

static void
dialects_are_normalised(void)
{
	struct csv_opt o = {.out_sep = ','};

	gives("t.csv", o, "a,b\n1,2\n", "a,b\n1,2\n");
	gives("t.csv", o, "a,b\r\n1,2\r\n", "a,b\n1,2\n");
	gives("t.csv", o,
	    "\xef\xbb\xbf"
	    "a,b\n1,2",
	    "a,b\n1,2\n");
	gives("t.csv", o, "\xef\xbb\xbf\"a\",b\n1,2", "a,b\n1,2\n");
	gives("t.csv", o, "a;b\n1;2,5\n", "a,b\n1,\"2,5\"\n");
	gives("t.tsv", o, "a\tb\n1\t2,5\n", "a,b\n1,\"2,5\"\n");
	gives("t.csv", o, "a|b\n\"1\"|2\n", "a,b\n\"1\",2\n");
	/* quotes stay as they are, and so does the empty string */
	gives("t.csv", o, "a,b\r\n\"\",\r\n", "a,b\n\"\",\n");
	gives("t.csv", o, "a,b\r\n\"x\"\"y\",\"1\r\n2\"\r\n",
	    "a,b\n\"x\"\"y\",\"1\r\n2\"\n");
	o.out_sep = '\t';
	gives("t.csv", o, "a,b\n1\t2,3\n", "a\tb\n\"1\t2\"\t3\n");
	o.no_quotes = true;
	gives("t.tsv", o, "a\tb\n\"x\ty\"\"\n",
	    "a\tb\n\"\"\"x\"\t\"y\"\"\"\"\"\n");
	gives("t.tsv", o, "a\t\"b\n1\t2\n", "a\t\"b\n1\t2\n");
}

static void
header_only_is_a_table(void)
{
	struct csv_opt o = {.sep = 0};

	gives("t.csv", o, "a,b\n", "a,b\n");
	gives("t.csv", o, "a,b", "a,b\n");
	gives("t.csv", o, "a", "a\n");
	gives("t.csv", o, "a\r\n", "a\n");
	gives("t.csv", o,
	    "\xef\xbb\xbf"
	    "a",
	    "a\n");
	gives("t.csv", o, "\"a\"\"\nb\",c\n", "a\"\nb,c\n");
}

static void
blank_lines_behind_the_table_are_ignored(void)
{
	struct csv_opt o = {.sep = 0};

	gives("t.csv", o, "a,b\n1,2\n\n", "a,b\n1,2\n");
	gives("t.csv", o, "a,b\n1,2\n\n\n\n", "a,b\n1,2\n");
	gives("t.csv", o, "a,b\r\n1,2\r\n\r\n\r\n", "a,b\n1,2\n");
	gives("t.csv", o, "a,b\n\n", "a,b\n");
	refused("a,b\n1,2\n\n3,4\n", "t.csv:3: blank line inside the table");
	refused("a,b\n\n1,2\n", "t.csv:2: blank line inside the table");
	refused("a,b\n1,\"2\n\"\n\n\n3,4\n", "t.csv:4: blank line");
	/* a quoted empty field is no blank line */
	refused("a,b\n1,2\n\"\"\n", "t.csv:3: ragged row: 1 field, the header");
}

static void
blank_lines_of_one_column_are_rows(void)
{
	struct csv_opt o = {.sep = 0};

	gives("t.csv", o, "a\n\n\n", "a\n\n\n");
	gives("t.csv", o, "a\n1\n\n", "a\n1\n\n");
	gives("t.csv", o, "a\n\n1", "a\n\n1\n");
	gives("t.csv", o, "a\r\n\r\n1\r\n\r\n", "a\n\n1\n\n");
}

/* Blank lines behind the table, over more than a block and across one. */
static void
many_blank_lines(void)
{
	struct csv_opt o = {.sep = 0};
	struct buf b = BUF_ZERO;
	struct result r;
	size_t i, n;

	for (n = IN_BLOCK - 12; n < 3 * IN_BLOCK;
	     n += n < IN_BLOCK ? 1 : IN_BLOCK / 2) {
		buf_clear(&b);
		buf_puts(&b, "a,b\n1,2\n");
		for (i = 0; i < n; i++)
			buf_putc(&b, '\n');
		r = read_bytes("t.csv", buf_bytes(&b), o);
		test_about("%zu blank lines", n);
		if (OK(r.rc == 0, r.e))
			EQ_U(r.nrows, 1);
		result_free(&r);
		buf_puts(&b, "3,4\n");
		r = read_bytes("t.csv", buf_bytes(&b), o);
		if (EQ_I(r.rc, -1))
			HAS(r.e.msg, "t.csv:3: blank line inside the table");
		result_free(&r);
	}
	buf_fini(&b);
}

static void
what_is_no_csv_is_refused_with_its_line(void)
{
	static const struct {
		const char *s, *why;
	} t[] = {
	    {"", "empty input"},
	    {"a,b\n1\n", "t.csv:2: ragged row: 1 field, the header has 2"},
	    {"a,b\n1,2,3\n", "t.csv:2: ragged row: 3 fields, the header has 2"},
	    {"a,b\n1,2\n3,4\n5\n", "t.csv:4: ragged row"},
	    {"a,b\n\"x\ny\",2\n5\n", "t.csv:4: ragged row"},
	    {"a,b\n\"x\r\n\ny\",2\r\n5\n", "t.csv:5: ragged row"},
	    {"\"a\nb\",c\n1\n", "t.csv:3: ragged row"},
	    {"a,b\n1,2\n3", "t.csv:3: ragged row"},
	    {"a,b\n1,\"2\n", "t.csv:2: unterminated quote"},
	    {"a,b\n1,2\n3,\"4\n5,6\n", "t.csv:3: unterminated quote"},
	    {"a,b\n1,\"x\ny\",\"\n", "t.csv:3: "},
	    {"a,b\n1,2\n\"\"\",3\n", "t.csv:3: unterminated quote"},
	    {"a,\"b\n", "t.csv:1: unterminated quote"},
	    {"a,b\n1,x\"y\n", "t.csv:2: stray quote"},
	    {"a,b\n1,x\"\"\n", "t.csv:2: stray quote"},
	    {"a,b\n1, \"y\"\n", "t.csv:2: stray quote"},
	    {"a,b\n1,\"y\"z\n", "t.csv:2: \"z\" behind a closing quote"},
	    {"a,b\n1,\"y\" \n", "t.csv:2: \" \" behind a closing quote"},
	    {"a,b\n1,\"y\ny\"z\n", "t.csv:3: \"z\" behind a closing quote"},
	    {"a\"b,c\n", "t.csv:1: stray quote"},
	    {"a,b\n1,2\r3,4\n", "t.csv:2: bare carriage return"},
	    {"a,b\r1,2\r", "t.csv:1: bare carriage return"},
	    {"a,b\n1,2\r\r\n", "t.csv:2: bare carriage return"},
	};
	static const char nul[] = "a,b\n1,2\n3,\0\n";
	static const char nul_in_quotes[] = "a,b\n1,\"\n\0\"\n";
	struct csv_opt o = {.sep = 0};
	size_t i;

	for (i = 0; i < LEN(t); i++)
		refused(t[i].s, t[i].why);
	refused_bytes(
	    "t.csv", o, bytes_of(nul, sizeof(nul) - 1), "t.csv:3: NUL byte");
	refused_bytes("t.csv", o,
	    bytes_of(nul_in_quotes, sizeof(nul_in_quotes) - 1),
	    "t.csv:3: NUL byte");
}

/* The same far into a file, where lines are counted over blocks. */
static void
lines_are_counted_over_blocks(void)
{
	int kind, round;

	for (round = 0; round < 4; round++)
		for (kind = 0; kind < 4; kind++) {
			const char *nl = round & 1 ? "\r\n" : "\n";
			struct csv_opt o = {.sep = 0};
			struct buf b = BUF_ZERO;
			uint64_t line = 2;
			char why[100];
			size_t n = 300000 + below(600000);

			buf_printf(&b, "a,b%s", nl);
			while (b.n < n) {
				if (one_in(5)) {
					buf_printf(&b, "\"x%sy\n\",2%s",
					    one_in(2) ? "\r\n" : "\n", nl);
					line += 3;
				} else {
					buf_printf(&b, "some,thing%s", nl);
					line++;
				}
			}
			buf_printf(&b, "%s%s",
			    (const char *[]){
				"1,2,3", "1,x\"y", "1,2\r3", "1,\"zzz"}[kind],
			    nl);
			snprintf(why, sizeof(why), "t.csv:%" PRIu64 ": %s",
			    line,
			    (const char *[]){"ragged", "stray", "bare",
				"unterminated"}[kind]);
			refused_bytes("t.csv", o, buf_bytes(&b), why);
			buf_fini(&b);
		}
}

static void
short_rows_are_padded_when_asked(void)
{
	struct csv_opt o = {.ragged = RAGGED_PAD};

	gives(
	    "t.csv", o, "a,b,c\n1\n2,3\n4,5,6\n", "a,b,c\n1,,\n2,3,\n4,5,6\n");
	gives("t.csv", o, "a,b\r\n\"x,y\"\r\n", "a,b\n\"x,y\",\n");
	o.out_sep = ';';
	gives("t.csv", o, "a,b,c\n1;2\n", "a;b;c\n\"1;2\";;\n");
	refused_bytes("t.csv", o, bytes_str("a,b\n1,2,3\n"),
	    "t.csv:2: ragged row: 3 fields");
	/* a blank line inside the table is a short row */
	gives("t.csv", o, "a,b\n1,2\n\n3,4\n", "a;b\n1;2\n;\n3;4\n");
}

static void
blank_lines_behind_a_padded_table_are_ignored(void)
{
	struct csv_opt o = {.ragged = RAGGED_PAD};

	gives("t.csv", o, "a,b\n1,2\n\n", "a,b\n1,2\n");
	gives("t.csv", o, "a,b\n1\n\n\n", "a,b\n1,\n");
}

static void
rejects(const char *s, const char *rows, const char *rejected, uint64_t n)
{
	struct csv_opt o = {.ragged = RAGGED_REJECT};
	struct result r = read_bytes("t.csv", bytes_str(s), o);

	test_about("%s", err_quote(bytes_str(s)));
	if (OK(r.rc == 0, r.e)) {
		EQ_B(buf_bytes(&r.rows), bytes_str(rows));
		EQ_B(buf_bytes(&r.rejects), bytes_str(rejected));
		EQ_U(r.nrejected, n);
	}
	result_free(&r);
}

static void
ragged_rows_are_rejected_when_asked(void)
{
	rejects("a,b\n1\n2,3\n4,5,6\n7,8\n", "a,b\n2,3\n7,8\n",
	    "2 1 field, the header has 2 [1]\n"
	    "4 3 fields, the header has 2 [4,5,6]\n",
	    2);
	rejects("a,b\n\"x\ny\",1\n\"p\nq\"\n1,2\n", "a,b\n\"x\ny\",1\n1,2\n",
	    "4 1 field, the header has 2 [\"p\nq\"]\n", 1);
	rejects("a,b\n1\n", "a,b\n", "2 1 field, the header has 2 [1]\n", 1);
	rejects("a,b\n1,2\n\n3,4\n", "a,b\n1,2\n3,4\n",
	    "3 1 field, the header has 2 []\n", 1);
}

static void
blank_lines_behind_the_table_are_no_rejects(void)
{
	rejects("a,b\n1,2\n\n\n", "a,b\n1,2\n", "", 0);
}

static void
rejects_over_blocks(void)
{
	struct csv_opt o = {.ragged = RAGGED_REJECT};
	struct buf b = BUF_ZERO, want = BUF_ZERO;
	struct result r;
	uint64_t bad = 0, good = 0;

	buf_puts(&b, "a,b\n");
	buf_puts(&want, "a,b\n");
	while (b.n < 5 * IN_BLOCK) {
		bool run = one_in(50000); /* a block of nothing else */
		size_t k = run ? IN_BLOCK / 2 : 1;

		while (k--)
			if (run || one_in(9)) {
				buf_puts(&b, "x\n");
				bad++;
			} else {
				buf_printf(&b, "%" PRIu64 ",y\n", good);
				buf_printf(&want, "%" PRIu64 ",y\n", good++);
			}
	}
	r = read_bytes("t.csv", buf_bytes(&b), o);
	if (OK(r.rc == 0, r.e)) {
		EQ_U(r.nrejected, bad);
		EQ_U(r.nrows, good);
		EQ_B(buf_bytes(&r.rows), buf_bytes(&want));
	}
	result_free(&r);
	buf_fini(&b);
	buf_fini(&want);
}

static void
a_record_may_be_as_long_as_the_limit(void)
{
	static const uint64_t limits[] = {
	    16, 100, 4096, IN_BLOCK - 1, IN_BLOCK, IN_BLOCK + 1, 1000000};
	size_t i;
	int d, behind, kind;

	for (i = 0; i < LEN(limits); i++)
		for (d = -1; d <= 1; d++)
			for (behind = 0; behind < 2; behind++)
				for (kind = 0; kind < 3; kind++) {
					struct csv_opt o = {
					    .max_record = limits[i]};
					const char *nl =
					    kind == 1 ? "\r\n" : "\n";
					struct buf b = BUF_ZERO;
					size_t n;
					struct result r;

					buf_printf(&b, "a,b%s1,2%s", nl, nl);
					n = limits[i] + (size_t)d - strlen(nl) -
					    2;
					if (kind == 2)
						n -= 2;
					buf_puts(&b, kind == 2 ? "\"" : "");
					while (n--)
						buf_putc(&b, 'L');
					buf_puts(&b, kind == 2 ? "\"" : "");
					buf_printf(&b, ",x%s", nl);
					if (behind)
						buf_printf(&b, "3,4%s", nl);
					r = read_bytes(
					    "t.csv", buf_bytes(&b), o);
					test_about("limit %" PRIu64 ", %+d, "
						   "kind %d, %d behind",
					    limits[i], d, kind, behind);
					if (d <= 0 && OK(r.rc == 0, r.e)) {
						EQ_U(r.nrows, 2 + behind);
					} else if (d > 0 && EQ_I(r.rc, -1)) {
						HAS(r.e.msg, "t.csv:3: ");
						HAS(r.e.msg, "--max-record");
					}
					result_free(&r);
					buf_fini(&b);
				}
}

static void
a_quote_never_closed_is_not_read_to_the_end(void)
{
	struct csv_opt o = {.max_record = 100000};
	struct buf b = BUF_ZERO;
	struct result r;

	buf_puts(&b, "a,b\n1,2\n3,\"x\n");
	while (b.n < 3000000)
		buf_puts(&b, "4,5\n");
	r = read_bytes("t.csv", buf_bytes(&b), o);
	EQ_I(r.rc, -1);
	HAS(r.e.msg, "t.csv:3: record longer than 100000 bytes");
	HAS(r.e.msg, "never closed");
	result_free(&r);
	buf_fini(&b);
}

static void
the_separator_is_guessed_from_name_and_header(void)
{
	static const struct {
		const char *name, *header;
		char sep;
	} t[] = {
	    {"part-1.csv", "a,b", ','},
	    {"part-1.csv", "a;b", ';'},
	    {"part-1.csv", "a\tb", '\t'},
	    {"part-1.csv", "a|b", '|'},
	    {"part-1.csv", "a", ','},
	    {"part-1.csv", "", ','},
	    {"part-1.csv", "a;b,c", ','},
	    {"part-1.csv", "\"a,b\";c", ';'},
	    {"part-1.csv", "\"a\"\",\";c", ';'},
	    {"part-1.csv.gz", "a;b", ';'},
	    {"part-1.tsv", "a\tb", '\t'},
	    {"part-1.tsv", "a,x\tb", '\t'},
	    {"part-1.tsv", "a", '\t'},
	    {"part-1.tsv.gz", "a", '\t'},
	    {"part-00000-x-c000.tsv.zst", "a", '\t'},
	    {"standard input", "a\tb", '\t'},
	    {"standard input", "a,b", ','},
	};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		test_about("%s %s", t[i].name, t[i].header);
		EQ_U((unsigned char)csv_guess_sep(
			 t[i].name, bytes_str(t[i].header)),
		    (unsigned char)t[i].sep);
	}
}

/* Only the file's own name counts, and only how it ends. */
static void
directories_do_not_say_the_separator(void)
{
	static const char *const name[] = {"x.tsv.d/part-1.csv",
	    "a.tsv.gz/part-1.csv", "/data.tsv.old/b/part-1.csv.gz",
	    "part-1.tsv.old.csv"};
	size_t i;

	for (i = 0; i < LEN(name); i++) {
		test_about("%s", name[i]);
		EQ_U((unsigned char)csv_guess_sep(name[i], bytes_str("a,b")),
		    ',');
	}
	test_about("a.tsvx/part-1.tsv");
	EQ_U((unsigned char)csv_guess_sep("a.tsvx/part-1.tsv", bytes_str("a")),
	    '\t');
}

/* --- the end marker --- */

static void
marker(struct buf *b, uint64_t rows, uint64_t in)
{
	struct account a = {.in = in};

	a.drop[DROP_DUPLICATE] = in - rows;
	trailer_format(b, rows, &a);
}

static void
an_end_marker_is_taken(void)
{
	static const size_t sizes[] = {0, 1, 2, 1000, 60000, 100000};
	size_t i, k;
	int kind;

	for (i = 0; i < LEN(sizes); i++)
		for (kind = 0; kind < 4; kind++) {
			struct csv_opt o = {.want_trailer = kind & 1};
			struct buf b = BUF_ZERO;
			size_t n;
			struct result r;

			buf_puts(&b, kind & 2 ? "a\n" : "a,b\n");
			for (k = 0; k < sizes[i]; k++)
				buf_puts(&b, kind & 2 ? "xy\n" : "1,\"x\n\"\n");
			n = b.n;
			marker(&b, sizes[i], sizes[i] + 7);
			r = read_bytes("t.csv", buf_bytes(&b), o);
			test_about("%zu rows, kind %d", sizes[i], kind);
			if (OK(r.rc == 0, r.e)) {
				EQ_U(r.nrows, sizes[i]);
				EQ_B(buf_bytes(&r.rows), bytes_of(b.p, n));
				CHECK(r.trailer);
				EQ_U(r.account.in, sizes[i] + 7);
				EQ_U(r.account.drop[DROP_DUPLICATE], 7);
			}
			result_free(&r);
			buf_fini(&b);
		}
}

/* The marker begins at every place around the border of a block. */
static void
an_end_marker_across_the_border_of_a_block(void)
{
	int d;

	for (d = -80; d <= 5; d++) {
		struct csv_opt o = {.want_trailer = true};
		struct buf b = BUF_ZERO;
		uint64_t rows = 1;
		struct result r;

		buf_puts(&b, "a,b\n1,");
		while (b.n < (size_t)((int)IN_BLOCK + d) - 1)
			buf_putc(&b, 'x');
		buf_putc(&b, '\n');
		marker(&b, rows, rows);
		r = read_bytes("t.csv", buf_bytes(&b), o);
		test_about("at %d from the border", d);
		if (OK(r.rc == 0, r.e))
			EQ_U(r.nrows, rows);
		result_free(&r);
		buf_fini(&b);
	}
}

static void
a_stream_without_its_end_marker_is_refused(void)
{
	struct csv_opt o = {.want_trailer = true};

	refused_bytes("t.csv", o, bytes_str("a,b\n1,2\n"),
	    "ended without its end marker");
	refused_bytes(
	    "t.csv", o, bytes_str("a,b\n"), "ended without its end marker");
	refused_bytes(
	    "t.csv", o, bytes_str("a\n1\n"), "ended without its end marker");
}

static void
an_end_marker_that_does_not_fit_is_refused(void)
{
	refused("a,b\n1,2\n\004shardkit 1 2 in:-:2\n",
	    "t.csv:3: end marker that does not fit");
	refused("a,b\n1,2\n\004shardkit 1 0 in:-:0\n", "does not fit");
	refused("a,b\n\004shardkit 1 1 in:-:1\n1,2\n", "t.csv:2: end marker");
	refused(
	    "a,b\n1,2\n\004shardkit 1 1 in:-:1\n3,4\n", "t.csv:3: end marker");
	refused("a,b\n1,2\n\004shardkit 1 1 in:-:1\n\n", "t.csv:3: end marker");
	refused("a,b\n1,2\n\004shardkit 1 x\n", "t.csv:3: end marker");
	/* whatever else begins so is data */
	gives("t.csv", (struct csv_opt){.sep = 0}, "a,b\n\004x,2\n",
	    "a,b\n\004x,2\n");
}

static void
a_marker_of_one_column_is_data_unless_it_ends_the_stream(void)
{
	struct csv_opt o = {.sep = 0};

	gives("t.csv", o, "a\n\004shardkit 1 0 in:-:0\nx\n",
	    "a\n\004shardkit 1 0 in:-:0\nx\n");
	gives("t.csv", o, "a\n\004\n", "a\n\004\n");
	gives("t.csv", o, "a\n\004shardkit 1 7 in:-:7\n",
	    "a\n\004shardkit 1 7 in:-:7\n");
	gives("t.csv", o, "a\nx\n\004shardkit 1 1 in:-:1\n", "a\nx\n");
}

/* A stream that died inside its end marker has none. */
static void
a_cut_end_marker_is_refused(void)
{
	struct csv_opt o = {.want_trailer = true};
	struct buf b = BUF_ZERO;
	size_t n, whole;

	buf_puts(&b, "a,b\n1,2\n3,4\n");
	whole = b.n;
	marker(&b, 2, 1234);
	for (n = whole; n < b.n; n++)
		refused_bytes("t.csv", o, bytes_of(b.p, n), "end marker");
	buf_fini(&b);
}

/* Two columns: `rows` good ones, the ragged ones first; then the marker. */
static void
a_marker_counts_rejected_rows_too(void)
{
	static const size_t sizes[] = {10, 200000};
	size_t i, k;

	for (i = 0; i < LEN(sizes); i++) {
		struct csv_opt o = {
		    .ragged = RAGGED_REJECT, .want_trailer = true};
		struct buf b = BUF_ZERO;
		struct result r;

		buf_puts(&b, "a,b\nragged\n");
		for (k = 0; k < sizes[i]; k++)
			buf_puts(&b, "1,2\n");
		marker(&b, sizes[i] + 1, sizes[i] + 1);
		r = read_bytes("t.csv", buf_bytes(&b), o);
		test_about("%zu rows", sizes[i]);
		if (OK(r.rc == 0, r.e)) {
			EQ_U(r.nrows, sizes[i]);
			EQ_U(r.nrejected, 1);
		}
		result_free(&r);
		buf_fini(&b);
	}
}

static void
a_plain_tsv_may_end_with_a_marker(void)
{
	struct csv_opt o = {.no_quotes = true, .want_trailer = true};
	struct result r;
	const char *s = "a\tb\n\"1\t2\n\004shardkit 1 1 in:-:1\n";

	r = read_bytes("t.tsv", bytes_str(s), o);
	if (OK(r.rc == 0, r.e))
		EQ_U(r.nrows, 1);
	result_free(&r);
}

/* --- values and fields --- */

static void
fields_are_quoted_only_when_they_must(void)
{
	static const struct {
		const char *v, *want;
	} t[] = {{"", ""}, {"a", "a"}, {"a b", "a b"}, {"a,b", "\"a,b\""},
	    {"\"", "\"\"\"\""}, {"a\nb", "\"a\nb\""}, {"\r", "\"\r\""},
	    {"a;b", "a;b"}, {"a\tb", "a\tb"}};
	struct buf b = BUF_ZERO, s = BUF_ZERO;
	size_t i;
	int k;

	for (i = 0; i < LEN(t); i++) {
		buf_clear(&b);
		csv_put_field(&b, bytes_str(t[i].v), ',');
		EQ_B(buf_bytes(&b), bytes_str(t[i].want));
	}
	for (k = 0; k < 20000; k++) {
		char v[20];
		size_t n = below(sizeof(v));

		for (i = 0; i < n; i++)
			v[i] = "\"\"a,\n"[below(5)];
		buf_clear(&b);
		csv_put_field(&b, bytes_of(v, n), ',');
		EQ_B(csv_value(buf_bytes(&b), &s), bytes_of(v, n));
	}
	CHECK(csv_is_empty(bytes_of("", 0)) && csv_is_empty(bytes_str("\"\"")));
	CHECK(!csv_is_empty(bytes_str(" ")) && !csv_is_empty(bytes_str("\"")));
	buf_fini(&b);
	buf_fini(&s);
}

int
main(void)
{
	RUN(small_tables_in_every_dialect);
	RUN(tables_larger_than_a_block);
	RUN(records_larger_than_a_block);
	RUN(plain_tsv_takes_quotes_as_they_are);
	RUN(pieces_across_the_border_of_a_block);
	RUN(dialects_are_normalised);
	RUN(header_only_is_a_table);
	RUN(blank_lines_behind_the_table_are_ignored);
	RUN(blank_lines_of_one_column_are_rows);
	RUN(many_blank_lines);
	RUN(what_is_no_csv_is_refused_with_its_line);
	RUN(lines_are_counted_over_blocks);
	RUN(short_rows_are_padded_when_asked);
	RUN(blank_lines_behind_a_padded_table_are_ignored);
	RUN(ragged_rows_are_rejected_when_asked);
	RUN(blank_lines_behind_the_table_are_no_rejects);
	RUN(rejects_over_blocks);
	RUN(a_record_may_be_as_long_as_the_limit);
	RUN(a_quote_never_closed_is_not_read_to_the_end);
	RUN(the_separator_is_guessed_from_name_and_header);
	RUN(directories_do_not_say_the_separator);
	RUN(an_end_marker_is_taken);
	RUN(an_end_marker_across_the_border_of_a_block);
	RUN(a_stream_without_its_end_marker_is_refused);
	RUN(an_end_marker_that_does_not_fit_is_refused);
	RUN(a_marker_of_one_column_is_data_unless_it_ends_the_stream);
	RUN(a_cut_end_marker_is_refused);
	RUN(a_marker_counts_rejected_rows_too);
	RUN(a_plain_tsv_may_end_with_a_marker);
	RUN(fields_are_quoted_only_when_they_must);
	return test_end();
}
