#include "rows/parquetin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/number.h"
#include "rows/coltype.h"
#include "rows/duck.h"

#define BLOCK_BYTES ((size_t)256 << 10)
#define RECORD_MAX ((uint64_t)1 << 31) /* offsets are 32 bits wide */
#define EPOCH_DAY 719162 /* 1970-01-01, in days since 0001-01-01 */

/* How a column's values are read and written. */
enum how { AS_BOOL, AS_INT, AS_DOUBLE, AS_BARE, AS_TEXT, AS_DATE, AS_TIME };

struct pcolumn {
	struct bytes name;
	const char *type;
	char *expr; /* what to select */
	enum how how;
	int64_t per_s; /* of AS_TIME: units to a second */
	bool zoned;
	bool skip, late;
	/* of the chunk */
	const void *data;
	const uint64_t *valid;
};

struct parquetin {
	struct parquetin_opt opt;
	char *name, *path;
	struct duck_query q;
	struct pcolumn *col;
	struct bytes *names;
	size_t ncol;
	uint64_t rows;
	uint64_t at, n;     /* of the chunk's rows */
	uint64_t first;     /* row of the chunk that the block begins with */
	bool started, late; /* some columns are late */
	struct text {
		struct buf text, ends;
	} now, rest;
	struct buf lines;
};

static bool
parquetin_begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

static bool
is_nested(const char *type)
{
	size_t n = strlen(type);

	return parquetin_begins(type, "STRUCT(") ||
	    parquetin_begins(type, "MAP(") ||
	    parquetin_begins(type, "UNION(") || (n > 0 && type[n - 1] == ']') ||
	    strcmp(type, "VARIANT") == 0;
}

/* What to select for a column of that type. */
static int
select_column(struct parquetin *p, struct pcolumn *c, const char *type,
    struct buf *sql, struct err *e)
{
	static const char *const ints[] = {"TINYINT", "SMALLINT", "INTEGER",
	    "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", NULL};
	static const char *const bare[] = {
	    "UBIGINT", "HUGEINT", "UHUGEINT", "FLOAT", "BIGNUM", NULL};
	static const char *const none[] = {"BLOB", "BIT", NULL};
	const char *cast = NULL;

	if (is_one_of(type, none))
		return err_set(e, "column %s is %s: bytes that are no text",
		    err_quote(c->name), type);
	if (is_nested(type)) {
		if (!p->opt.nested_json)
			return err_set(e,
			    "column %s is nested, %.80s (--nested=json takes "
			    "it as JSON text)",
			    err_quote(c->name), type);
		c->how = AS_TEXT;
		c->type = coltype(bytes_str("VARCHAR"));
		buf_puts(sql, "CAST(to_json(");
		duck_put_name(sql, c->name);
		buf_puts(sql, ") AS VARCHAR)");
		return 0;
	}
	if (strcmp(type, "BOOLEAN") == 0) {
		c->how = AS_BOOL;
	} else if (is_one_of(type, ints)) {
		c->how = AS_INT;
		cast = "BIGINT";
	} else if (strcmp(type, "DOUBLE") == 0) {
		c->how = AS_DOUBLE;
	} else if (strcmp(type, "DATE") == 0) {
		c->how = AS_DATE;
	} else if (strcmp(type, "TIMESTAMP_NS") == 0) {
		c->how = AS_TIME;
		c->per_s = 1000000000;
	} else if (parquetin_begins(type, "TIMESTAMP")) {
		c->how = AS_TIME;
		c->per_s = 1000000;
		c->zoned = strcmp(type, "TIMESTAMP WITH TIME ZONE") == 0;
		cast = c->zoned ? NULL : "TIMESTAMP";
	} else if (is_one_of(type, bare) || parquetin_begins(type, "DECIMAL")) {
		c->how = AS_BARE;
		cast = "VARCHAR";
	} else {
		c->how = AS_TEXT;
		cast = "VARCHAR";
	}
	/* an ENUM and other texts that only DuckDB knows are texts */
	c->type = c->how == AS_TEXT && strcmp(type, "UUID") != 0 &&
		!parquetin_begins(type, "TIME")
	    ? coltype(bytes_str("VARCHAR"))
	    : coltype(bytes_str(type));
	if (cast)
		buf_puts(sql, "CAST(");
	duck_put_name(sql, c->name);
	if (cast)
		buf_printf(sql, " AS %s)", cast);
	return 0;
}

static void
put_from(struct buf *sql, const char *path)
{
	buf_puts(sql, " FROM read_parquet(");
	duck_put_text(sql, path);
	buf_puts(sql, ", hive_partitioning = false)");
}

/* Is each column called as it is in the file?  DuckDB gives another name to one
 * that differs from one before in case alone. */
static int
check_names(const struct parquetin *p, struct err *e)
{
	struct buf ask = BUF_ZERO;
	bool *found = xcalloc(p->ncol + 1, sizeof(*found));
	struct duck_query q;
	uint64_t n, i;
	size_t c;
	int rc;

	buf_puts(&ask, "SELECT name FROM parquet_schema(");
	duck_put_text(&ask, p->path);
	buf_putc(&ask, ')');
	rc = duck_query(&q, buf_cstr(&ask), e);
	while (rc == 0 && (rc = duck_fetch(&q, &n, e)) > 0) {
		const uint64_t *valid;
		const struct duck_string *name = duck_column(&q, 0, &valid);

		rc = 0;
		for (i = 0; i < n; i++)
			for (c = 0; c < p->ncol; c++)
				found[c] |= bytes_eq(
				    p->col[c].name, duck_text(&name[i]));
	}
	duck_end(&q);
	for (c = 0; c < p->ncol && rc == 0; c++)
		if (!found[c])
			rc = err_set(e,
			    "two columns whose names differ in case alone: "
			    "DuckDB calls one %s",
			    err_quote(p->col[c].name));
	buf_fini(&ask);
	free(found);
	return rc;
}

/* The columns of the file, and what to select for each. */
static int
find_columns(struct parquetin *p, struct err *e)
{
	struct buf ask = BUF_ZERO, type = BUF_ZERO, sql = BUF_ZERO;
	struct duck_query q;
	uint64_t n, i;
	int rc;

	buf_puts(&ask, "DESCRIBE SELECT *");
	put_from(&ask, p->path);
	rc = duck_query(&q, buf_cstr(&ask), e);
	while (rc == 0 && (rc = duck_fetch(&q, &n, e)) > 0) {
		const uint64_t *valid;
		const struct duck_string *name = duck_column(&q, 0, &valid);
		const struct duck_string *t = duck_column(&q, 1, &valid);

		rc = 0;
		p->col = xrealloc(p->col, (p->ncol + n) * sizeof(*p->col));
		for (i = 0; i < n && rc == 0; i++) {
			struct pcolumn *c = &p->col[p->ncol++];
			struct bytes v = duck_text(&name[i]);

			memset(c, 0, sizeof(*c));
			c->name = bytes_of(xstrndup(v.p, v.n), v.n);
			buf_clear(&type);
			buf_putb(&type, duck_text(&t[i]));
			sql = BUF_ZERO;
			rc = select_column(p, c, buf_cstr(&type), &sql, e);
			c->expr = buf_release(&sql);
		}
	}
	duck_end(&q);
	buf_fini(&ask);
	buf_fini(&type);
	return rc;
}

/* DuckDB names the file as it opened it. */
static int
say_name(const struct parquetin *p, struct err *e)
{
	return err_prefix(e, "%s: ", p->name);
}

struct parquetin *
parquetin_open(const char *path, const char *name,
    const struct parquetin_opt *opt, struct err *e)
{
	struct parquetin *p = xcalloc(1, sizeof(*p));
	size_t i;

	p->opt = *opt;
	if (p->opt.max_record > RECORD_MAX)
		p->opt.max_record = RECORD_MAX;
	p->name = xstrdup(name);
	p->path = xstrdup(path);
	if (find_columns(p, e) < 0 || check_names(p, e) < 0) {
		say_name(p, e);
		parquetin_close(p);
		return NULL;
	}
	p->names = xcalloc(p->ncol + 1, sizeof(*p->names));
	for (i = 0; i < p->ncol; i++)
		p->names[i] = p->col[i].name;
	return p;
}

void
parquetin_choose(struct parquetin *p, const bool *skip, const bool *late)
{
	size_t i;

	for (i = 0; i < p->ncol; i++) {
		p->col[i].skip = skip[i];
		p->col[i].late = late[i];
		p->late |= late[i];
	}
}

/* Asks for the rows, which is the first work: who opens a file may want no
 * more of it than its columns. */
static int
parquetin_start(struct parquetin *p, struct err *e)
{
	struct buf sql = BUF_ZERO;
	size_t i;
	int rc;

	p->started = true;
	buf_puts(&sql, "SELECT ");
	for (i = 0; i < p->ncol; i++)
		if (!p->col[i].skip)
			buf_printf(&sql, "%s, ", p->col[i].expr);
	buf_puts(&sql, "NULL"); /* there may be no other */
	put_from(&sql, p->path);
	rc = duck_query(&p->q, buf_cstr(&sql), e);
	if (rc < 0)
		say_name(p, e);
	buf_fini(&sql);
	return rc;
}

const struct bytes *
parquetin_names(const struct parquetin *p, size_t *n)
{
	*n = p->ncol;
	return p->names;
}

static void
put_int(struct buf *b, int64_t v)
{
	char text[20], *at = text + sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--at = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (v < 0)
		buf_putc(b, '-');
	buf_put(b, at, (size_t)(text + sizeof(text) - at));
}

static void
parquetin_put_double(struct buf *b, double d)
{
	if (isfinite(d)) {
		buf_reserve(b, NUMBER_MAX);
		b->n += number_format(d, true, b->p + b->n);
	} else {
		buf_puts(b, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
	}
}

/* False for a day outside of the years 1 to 9999. */
static bool
put_day(struct buf *b, int64_t day)
{
	if (day < -EPOCH_DAY || day >= (int64_t)DAY_END - EPOCH_DAY)
		return false;
	buf_reserve(b, DAY_LEN);
	day_format(b->p + b->n, (uint32_t)(day + EPOCH_DAY));
	b->n += DAY_LEN;
	return true;
}

static void
parquetin_put_two(struct buf *b, uint32_t v)
{
	buf_putc(b, (char)('0' + v / 10));
	buf_putc(b, (char)('0' + v % 10));
}

static bool
parquetin_put_time(struct buf *b, const struct pcolumn *c, int64_t v)
{
	int64_t s = v / c->per_s, rest = v % c->per_s, day;
	uint32_t sod;

	if (rest < 0) {
		rest += c->per_s;
		s--;
	}
	day = s / 86400;
	day -= s % 86400 < 0;
	sod = (uint32_t)(s - day * 86400);
	if (!put_day(b, day))
		return false;
	buf_putc(b, ' ');
	parquetin_put_two(b, sod / 3600);
	buf_putc(b, ':');
	parquetin_put_two(b, sod / 60 % 60);
	buf_putc(b, ':');
	parquetin_put_two(b, sod % 60);
	if (rest) {
		int64_t unit = c->per_s / 10;

		buf_putc(b, '.');
		for (; rest; unit /= 10) {
			buf_putc(b, (char)('0' + rest / unit));
			rest %= unit;
		}
	}
	if (c->zoned)
		buf_puts(b, "+00:00");
	return true;
}

static int
fail_cell(const struct parquetin *p, const struct pcolumn *c, uint64_t row,
    const char *what, struct err *e)
{
	return err_set(e, "%s: row %llu: column %s: %s", p->name,
	    (unsigned long long)row + 1, err_quote(c->name), what);
}

/* Row i of the chunk in column c; false when it is a time that cannot be. */
static inline bool
parquetin_put_cell(struct buf *b, const struct pcolumn *c, uint64_t i)
{
	if (c->valid && !(c->valid[i / 64] >> i % 64 & 1))
		return true;
	switch (c->how) {
	case AS_BOOL:
		buf_puts(b, ((const bool *)c->data)[i] ? "true" : "false");
		break;
	case AS_INT: put_int(b, ((const int64_t *)c->data)[i]); break;
	case AS_DOUBLE:
		parquetin_put_double(b, ((const double *)c->data)[i]);
		break;
	case AS_DATE: return put_day(b, ((const int32_t *)c->data)[i]);
	case AS_TIME:
		return parquetin_put_time(b, c, ((const int64_t *)c->data)[i]);
	case AS_BARE:
		buf_putb(b, duck_text((const struct duck_string *)c->data + i));
		break;
	case AS_TEXT:
		csv_put_quoted(
		    b, duck_text((const struct duck_string *)c->data + i));
		break;
	}
	return true;
}

/* Which columns of a row are wanted. */
enum which { WANT_NONE, WANT_EARLY, WANT_ALL };

/* Row i of the chunk, the block's k-th, behind the others in t. */
static int
parquetin_put_row(struct parquetin *p, struct text *t, enum which want,
    uint64_t i, uint32_t k, struct err *e)
{
	size_t start = t->text.n, c;
	uint32_t *end;

	buf_reserve(&t->ends, p->ncol * sizeof(*end));
	end = (uint32_t *)(void *)(t->ends.p + t->ends.n);
	for (c = 0; c < p->ncol; c++) {
		const struct pcolumn *x = &p->col[c];

		if (!x->skip && want != WANT_NONE &&
		    (want == WANT_ALL || !x->late) &&
		    !parquetin_put_cell(&t->text, x, i))
			return fail_cell(p, x, p->rows + k,
			    "a time outside of the years 1 to 9999", e);
		end[c] = (uint32_t)t->text.n;
		buf_putc(&t->text, c + 1 < p->ncol ? p->opt.out_sep : '\n');
	}
	t->ends.n += p->ncol * sizeof(*end);
	if (t->text.n - start > p->opt.max_record)
		return err_set(e,
		    "%s: row %llu: longer than %llu bytes (--max-record allows "
		    "more)",
		    p->name, (unsigned long long)p->rows + k + 1,
		    (unsigned long long)p->opt.max_record);
	return 0;
}

static void
begin_text(struct text *t)
{
	uint32_t before = UINT32_MAX;

	buf_clear(&t->text);
	buf_clear(&t->ends);
	buf_put(&t->ends, &before, sizeof(before));
}

/* The block is what t holds, in which no text has a NUL character. */
static int
show_text(const struct parquetin *p, const struct text *t, struct block *b,
    struct err *e)
{
	const uint32_t *end = (const uint32_t *)(const void *)t->ends.p + 1;
	const char *nul = t->text.n ? memchr(t->text.p, '\0', t->text.n) : NULL;
	size_t i = 0;

	if (nul) {
		while (end[i] < (size_t)(nul - t->text.p))
			i++;
		return fail_cell(p, &p->col[i % p->ncol], b->row0 + i / p->ncol,
		    "a NUL character, which is in no text", e);
	}
	b->base = t->text.p;
	b->end = end;
	return 0;
}

/* Bytes of a row's texts, the part of it that has no bound. */
static size_t
text_bytes(const struct parquetin *p, uint64_t i)
{
	size_t c, n = 0;

	for (c = 0; c < p->ncol; c++) {
		const struct pcolumn *x = &p->col[c];

		if (x->late && x->how == AS_TEXT &&
		    (!x->valid || x->valid[i / 64] >> i % 64 & 1))
			n += ((const struct duck_string *)x->data)[i].n;
	}
	return n;
}

int
parquetin_next(struct parquetin *p, struct block *b, int nslot, struct err *e)
{
	enum which want = p->late ? WANT_EARLY : WANT_ALL;
	uint64_t line, k;
	uint32_t nrow = 0;
	size_t c, late = 0;
	int rc;

	if (!p->started && parquetin_start(p, e) < 0)
		return -1;
	if (p->at == p->n) {
		p->at = 0;
		rc = duck_fetch(&p->q, &p->n, e);
		if (rc < 0)
			say_name(p, e);
		if (rc <= 0)
			return rc;
		for (c = k = 0; c < p->ncol; c++)
			if (!p->col[c].skip)
				p->col[c].data =
				    duck_column(&p->q, k++, &p->col[c].valid);
	}
	begin_text(&p->now);
	buf_clear(&p->lines);
	p->first = p->at;
	for (; p->at < p->n && p->now.text.n + late < BLOCK_BYTES;
	     p->at++, nrow++) {
		if (parquetin_put_row(p, &p->now, want, p->at, nrow, e) < 0)
			return -1;
		if (p->late)
			late += text_bytes(p, p->at);
		line = p->rows + nrow + 1;
		buf_put(&p->lines, &line, sizeof(line));
	}
	b->nrow = nrow;
	b->nfield = (uint32_t)p->ncol;
	b->row0 = p->rows;
	b->line0 = p->rows + 1;
	b->line = (const uint64_t *)(const void *)p->lines.p;
	block_reset(b, nslot);
	rc = show_text(p, &p->now, b, e);
	p->rows += nrow;
	return rc < 0 ? -1 : 1;
}

int
parquetin_rest(struct parquetin *p, struct block *b, struct err *e)
{
	uint32_t k, i = 0;
	int rc = 0;

	if (!p->late)
		return 0;
	begin_text(&p->rest);
	p->rows -= b->nrow; /* for messages, as when the block was begun */
	for (k = 0; rc == 0 && k < b->nrow; k++) {
		bool kept = i < b->nsel && b->sel[i] == k;

		i += kept;
		rc = parquetin_put_row(p, &p->rest, kept ? WANT_ALL : WANT_NONE,
		    p->first + k, k, e);
	}
	p->rows += b->nrow;
	return rc < 0 ? -1 : show_text(p, &p->rest, b, e);
}

const char *
parquetin_type(const struct parquetin *p, size_t i)
{
	return p->col[i].type;
}

uint64_t
parquetin_rows(const struct parquetin *p)
{
	return p->rows;
}

void
parquetin_close(struct parquetin *p)
{
	size_t i;

	if (!p)
		return;
	duck_end(&p->q);
	for (i = 0; i < p->ncol; i++) {
		free((void *)(uintptr_t)p->col[i].name.p);
		free(p->col[i].expr);
	}
	free(p->col);
	free(p->names);
	free(p->name);
	free(p->path);
	buf_fini(&p->now.text);
	buf_fini(&p->now.ends);
	buf_fini(&p->rest.text);
	buf_fini(&p->rest.ends);
	buf_fini(&p->lines);
	free(p);
}
