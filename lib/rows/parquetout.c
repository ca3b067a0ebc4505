#include "rows/parquetout.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/number.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "rows/block.h"
#include "rows/coltype.h"
#include "rows/csvscan.h"
#include "rows/duck.h"
#include "rows/na.h"

#define EPOCH_DAY INT64_C(719162) /* 1970-01-01, in days since 0001-01-01 */
#define TICKS_PER_DAY INT64_C(864000000000) /* of 100 ns */
#define TEXT_MAX ((size_t)16 << 20)         /* held in memory */
#define CHUNK 2048 /* rows; DuckDB's vectors have room for so many */

/* How a column's values are handed over: the types but those of AS_CAST are
 * DuckDB's own, AS_CAST is text that it casts. */
enum how {
	AS_BOOL,
	AS_INT,
	AS_DOUBLE,
	AS_TEXT,
	AS_DATE,
	AS_US,
	AS_NS,
	AS_CAST
};

struct pcolumn {
	struct bytes name; /* its own */
	const char *type;
	enum how how;
	bool zoned, number;
	int64_t min, max;
	int64_t unit; /* of a time, in microseconds */
	void *vector, *data;
	uint64_t *valid; /* NULL until a value is missing */
};

struct parquetout {
	struct parquetout_opt opt;
	char *name, *temp_dir;
	struct pcolumn *col;
	size_t ncol;
	/* The text: here as long as it is short, then in a file. */
	struct buf text;
	size_t text_at;
	int fd; /* -1: none yet */
	uint64_t rows, length;
	struct na_rule na;
	/* reading it back */
	struct buf block, scratch;
	uint32_t *idx;
	size_t idx_cap, used; /* of the block, by the records in idx */
	uint32_t at, nidx;    /* in idx */
	bool begun;
	struct err refused; /* what the rows were refused for */
	bool failed;
};

/* What the table function that DuckDB calls writes; one at a time. */
static struct parquetout *current;

static int
temp_file(const char *dir, struct err *e)
{
	int fd = out_nameless(dir);

	return fd < 0 ? err_sys(e, ERR_OUTPUT, "temporary file in %s", dir)
		      : fd;
}

static void
parquetout_choose(struct pcolumn *c)
{
	static const struct {
		const char *type;
		enum how how;
	} own[] = {{"BOOLEAN", AS_BOOL}, {"DOUBLE", AS_DOUBLE},
	    {"VARCHAR", AS_TEXT}, {"DATE", AS_DATE}, {"TIMESTAMP", AS_US},
	    {"TIMESTAMP WITH TIME ZONE", AS_US}, {"TIMESTAMP_NS", AS_NS},
	    {"TIMESTAMP_MS", AS_US}, {"TIMESTAMP_S", AS_US}};
	size_t i;

	c->zoned = strcmp(c->type, "TIMESTAMP WITH TIME ZONE") == 0;
	c->unit = strcmp(c->type, "TIMESTAMP_S") == 0 ? 1000000
	    : strcmp(c->type, "TIMESTAMP_MS") == 0    ? 1000
						      : 1;
	c->number = coltype_is_number(c->type);
	c->how = AS_CAST;
	if (coltype_range(c->type, &c->min, &c->max))
		c->how = AS_INT;
	for (i = 0; i < LEN(own); i++)
		if (strcmp(c->type, own[i].type) == 0)
			c->how = own[i].how;
}

/* Which of the first n columns has that name in another case, from 1; 0: none.
 */
static size_t
find_name(const struct parquetout *p, size_t n, struct bytes name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p->col[i].name.n == name.n &&
		    strncasecmp(p->col[i].name.p, name.p, name.n) == 0)
			return i + 1;
	return 0;
}

/* The header line: columns and their types. */
static int
parquetout_take_names(struct parquetout *p, const char *s, const uint32_t *end,
    uint32_t n, struct err *e)
{
	uint32_t i;

	p->col = xcalloc(n, sizeof(*p->col));
	for (i = 0; i < n; i++) {
		uint32_t start = end[(ptrdiff_t)i - 1] + 1;
		struct pcolumn *c = &p->col[i];
		struct bytes name =
		    csv_value(bytes_of(s + start, end[i] - start), &p->scratch);

		c->name = bytes_of(xstrndup(name.p, name.n), name.n);
		p->ncol++;
		c->type = p->opt.type(p->opt.arg, name);
		if (!c->type)
			return err_set(e,
			    "%s: which type has column %s? --types CTX names a "
			    "context that was made with --schema",
			    p->name, err_quote(name));
		if (find_name(p, i, name))
			return err_set(e,
			    "%s: the names %s and %s differ in case alone, which "
			    "DuckDB does not tell apart",
			    p->name,
			    err_quote(p->col[find_name(p, i, name) - 1].name),
			    err_quote(name));
		if (!utf8_valid(name))
			return err_set(e, "%s: the name %s is not UTF-8",
			    p->name, err_quote(name));
		parquetout_choose(c);
	}
	return 0;
}

/* The next n bytes of the text, or what is left of it. */
static ssize_t
read_text(struct parquetout *p, char *to, size_t n)
{
	size_t left = p->text.n - p->text_at;

	if (p->fd >= 0)
		return read(p->fd, to, n);
	n = n < left ? n : left;
	memcpy(to, p->text.p + p->text_at, n);
	p->text_at += n;
	return (ssize_t)n;
}

/* Reads on, and finds the records in the block: 1, 0 at the end, -1. */
static int
next_block(struct parquetout *p, struct err *e)
{
	struct scan s;
	ssize_t k;

	if (p->used)
		memmove(p->block.p, p->block.p + p->used, p->block.n - p->used);
	p->block.n -= p->used;
	p->used = 0;
	do {
		buf_reserve(&p->block, OUT_BLOCK);
		k = read_text(p, p->block.p + p->block.n, OUT_BLOCK);
		if (k < 0)
			return err_sys(
			    e, ERR_OUTPUT, "%s: temporary file", p->name);
		p->block.n += (size_t)k;
		if (p->block.n == 0)
			return 0;
		if (p->idx_cap < p->block.n + SCAN_PAD + 1) {
			p->idx_cap = p->block.n * 2 + SCAN_PAD + 1;
			free(p->idx);
			p->idx = xmalloc(p->idx_cap * sizeof(*p->idx));
			p->idx[0] = UINT32_MAX;
		}
		csvscan(p->block.p, p->block.n, p->opt.sep, p->idx + 1, &s);
		if (k == 0 && s.end != p->block.n)
			return err_set(
			    e, "%s: a row that does not end", p->name);
	} while (s.nrec == 0);
	p->used = s.end;
	p->at = 0;
	p->nidx = s.nidx_rec;
	return 1;
}

static int
unfit(struct parquetout *p, const struct pcolumn *c, struct bytes v,
    const char *why, struct err *e)
{
	return err_set(e, "%s: row %llu: column %s: %s %s%s", p->name,
	    (unsigned long long)p->rows + 1, err_quote(c->name), err_quote(v),
	    why, c->type);
}

/* Time as the column counts it; false when it does not fit. */
static bool
time_value(const struct pcolumn *c, struct bytes v, int64_t *out)
{
	struct instant t;
	enum time_kind k = instant_parse(v, &t);
	int64_t ticks, rest;

	if (k != (c->zoned ? TIME_ZONED : TIME_LOCAL))
		return false;
	ticks = (int64_t)(t.hi >> 2) - EPOCH_DAY * TICKS_PER_DAY;
	rest = (int64_t)((t.hi & 3) << 5 | t.lo);
	if (c->how == AS_US) {
		*out = ticks / 10;
		return rest == 0 && ticks % (10 * c->unit) == 0;
	}
	/* the greatest values stand for infinity */
	if (ticks > INT64_MAX / 100 - 1 || ticks < 1 - INT64_MAX / 100)
		return false;
	*out = ticks * 100 + rest;
	return true;
}

static bool
double_value(struct bytes v, double *d)
{
	enum cell_class k = class_number(v);

	if (k == CLASS_INT)
		return number_exact(v, d);
	if (v.n == 3 && strncasecmp(v.p, "nan", 3) == 0) {
		*d = __builtin_nan("");
		return true;
	}
	return parse_double(v, d);
}

/* Is it a number, and if a whole one, one that a FLOAT can be? */
static bool
float_fits(struct bytes v)
{
	double d;

	return double_value(v, &d) &&
	    (class_number(v) != CLASS_INT || (double)(float)d == d);
}

/* Is it a decimal that has no more digits than DECIMAL(p,s) keeps? */
static bool
decimal_fits(const char *type, struct bytes v)
{
	unsigned precision = 18, scale = 3;
	size_t i = v.n && (*v.p == '-' || *v.p == '+'), whole = 0, part = 0;
	bool point = false;

	(void)sscanf(type, "DECIMAL(%u,%u)", &precision, &scale);
	for (; i < v.n && v.p[i] == '0'; i++)
		;
	for (; i < v.n; i++) {
		if (v.p[i] == '.' && !point)
			point = true;
		else if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		else if (point)
			part++;
		else
			whole++;
	}
	while (part > scale && v.p[v.n - 1] == '0') {
		v.n--;
		part--;
	}
	return part <= scale && whole <= precision - scale;
}

static void
set_missing(const struct duck *d, struct pcolumn *c, uint64_t row)
{
	if (!c->valid) {
		d->duckdb_vector_ensure_validity_writable(c->vector);
		c->valid = d->duckdb_vector_get_validity(c->vector);
	}
	d->duckdb_validity_set_row_invalid(c->valid, row);
}

/* A field into row `row` of the chunk. */
static int
put_field(struct parquetout *p, const struct duck *d, struct pcolumn *c,
    uint64_t row, struct bytes raw, struct err *e)
{
	struct bytes v = csv_value(raw, &p->scratch);
	bool ok = true, b;
	uint32_t day;
	int64_t i;

	if (raw.n == 0 || (v.n == 0 && c->how != AS_TEXT)) {
		set_missing(d, c, row);
		return 0;
	}
	switch (c->how) {
	case AS_BOOL:
		b = v.n == 4 && memcmp(v.p, "true", 4) == 0;
		ok = b || (v.n == 5 && memcmp(v.p, "false", 5) == 0);
		((bool *)c->data)[row] = b;
		break;
	case AS_INT:
		ok = class_number(v) == CLASS_INT && parse_i64(v, &i) &&
		    i >= c->min && i <= c->max;
		((int64_t *)c->data)[row] = ok ? i : 0;
		break;
	case AS_DOUBLE: ok = double_value(v, &((double *)c->data)[row]); break;
	case AS_DATE:
		ok = v.n == DAY_LEN && day_parse(v, &day);
		((int32_t *)c->data)[row] =
		    ok ? (int32_t)((int64_t)day - EPOCH_DAY) : 0;
		break;
	case AS_US:
	case AS_NS:
		ok = time_value(c, v, &i);
		((int64_t *)c->data)[row] = ok ? i : 0;
		break;
	case AS_CAST:
		ok = strncmp(c->type, "DECIMAL", 7) != 0 ||
		    decimal_fits(c->type, v);
		if (strcmp(c->type, "FLOAT") == 0)
			ok = float_fits(v);
		else if (c->number)
			ok = ok && class_number(v) != CLASS_TEXT;
		/* fall through */
	case AS_TEXT:
		if (!utf8_valid(v))
			return unfit(p, c, v, "is not UTF-8, as in ", e);
		d->duckdb_vector_assign_string_element_len(
		    c->vector, row, v.p, v.n);
		break;
	}
	if (ok)
		return 0;
	/* what says that a value is missing is no value */
	if (na_is_token(&p->na, v)) {
		set_missing(d, c, row);
		return 0;
	}
	return unfit(p, c, v, "does not fit ", e);
}

/* The next rows; *n of them, 0 at the end. */
static int
put_chunk(struct parquetout *p, const struct duck *d, void *chunk, uint64_t *n,
    struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < p->ncol; i++) {
		struct pcolumn *c = &p->col[i];

		c->vector = d->duckdb_data_chunk_get_vector(chunk, i);
		c->data = d->duckdb_vector_get_data(c->vector);
		c->valid = NULL;
	}
	for (*n = 0; *n < CHUNK; (*n)++) {
		const uint32_t *end;

		if (p->at == p->nidx) {
			rc = next_block(p, e);
			if (rc <= 0)
				return rc;
		}
		end = p->idx + 1 + p->at;
		for (i = 0; i < p->ncol; i++) {
			uint32_t start = end[(ptrdiff_t)i - 1] + 1;

			if (put_field(p, d, &p->col[i], *n,
				bytes_of(p->block.p + start, end[i] - start),
				e) < 0)
				return -1;
		}
		p->at += (uint32_t)p->ncol;
		p->rows++;
	}
	return 0;
}

static void
on_bind(void *info)
{
	static const int ids[] = {[AS_BOOL] = DUCK_BOOLEAN,
	    [AS_INT] = DUCK_BIGINT,
	    [AS_DOUBLE] = DUCK_DOUBLE,
	    [AS_TEXT] = DUCK_VARCHAR,
	    [AS_DATE] = DUCK_DATE,
	    [AS_US] = DUCK_TIMESTAMP,
	    [AS_NS] = DUCK_TIMESTAMP_NS,
	    [AS_CAST] = DUCK_VARCHAR};
	struct err ignored;
	const struct duck *d = duck_get(&ignored);
	size_t i;

	for (i = 0; i < current->ncol; i++) {
		const struct pcolumn *c = &current->col[i];
		void *type = d->duckdb_create_logical_type(
		    c->zoned ? DUCK_TIMESTAMP_TZ : ids[c->how]);

		d->duckdb_bind_add_result_column(info, c->name.p, type);
		d->duckdb_destroy_logical_type(&type);
	}
}

static void
on_init(void *info)
{
	struct err ignored;

	duck_get(&ignored)->duckdb_init_set_max_threads(info, 1);
}

static void
on_rows(void *info, void *chunk)
{
	struct parquetout *p = current;
	struct err ignored;
	const struct duck *d = duck_get(&ignored);
	uint64_t n = 0;

	if (put_chunk(p, d, chunk, &n, &p->refused) < 0) {
		p->failed = true;
		d->duckdb_function_set_error(info, "refused");
		n = 0;
	}
	d->duckdb_data_chunk_set_size(chunk, n);
}

/* Makes the rows of `current` a table of DuckDB's, once. */
static int
register_rows(const struct duck *d, struct err *e)
{
	static bool done;
	void *f;

	if (done)
		return 0;
	f = d->duckdb_create_table_function();
	d->duckdb_table_function_set_name(f, "shard_rows");
	d->duckdb_table_function_set_bind(f, on_bind);
	d->duckdb_table_function_set_init(f, on_init);
	d->duckdb_table_function_set_function(f, on_rows);
	done = d->duckdb_register_table_function(d->conn, f) == 0;
	d->duckdb_destroy_table_function(&f);
	return done ? 0 : err_set(e, "DuckDB: no table function");
}

/* No other shard will fare better. */
static int
fail_output(const struct parquetout *p, struct err *e)
{
	e->kind = ERR_OUTPUT;
	return err_prefix(e, "%s: ", p->name);
}

/* The rows as Parquet in the file open at fd. */
static int
copy_rows(struct parquetout *p, int fd, struct err *e)
{
	const struct duck *d = duck_get(e);
	struct buf sql = BUF_ZERO;
	struct duck_query q = {.d = NULL};
	uint64_t n;
	size_t i;
	int rc = -1;

	if (!d || register_rows(d, e) < 0)
		return fail_output(p, e);
	buf_puts(&sql, "COPY (SELECT ");
	for (i = 0; i < p->ncol; i++) {
		const struct pcolumn *c = &p->col[i];

		buf_puts(&sql, i ? ", CAST(" : "CAST(");
		duck_put_name(&sql, c->name);
		buf_printf(&sql, " AS %s) AS ", c->type);
		duck_put_name(&sql, c->name);
	}
	buf_printf(&sql,
	    " FROM shard_rows()) TO '/dev/fd/%d' (FORMAT parquet, "
	    "COMPRESSION zstd, USE_TMP_FILE false)",
	    fd);
	current = p;
	if (duck_query(&q, buf_cstr(&sql), e) == 0)
		while ((rc = duck_fetch(&q, &n, e)) > 0)
			;
	duck_end(&q);
	current = NULL;
	buf_fini(&sql);
	if (rc < 0 && p->failed)
		*e = p->refused;
	else if (rc < 0)
		fail_output(p, e);
	return rc;
}

static int
send_file(int fd, const char *name, codec_sink *sink, void *arg, struct err *e)
{
	char *block = xmalloc(OUT_BLOCK);
	ssize_t k = -1;

	if (lseek(fd, 0, SEEK_SET) == 0)
		while ((k = read(fd, block, OUT_BLOCK)) > 0)
			if (sink(arg, block, (size_t)k, e) < 0)
				break;
	free(block);
	if (k > 0)
		return -1;
	return k < 0 ? err_sys(e, ERR_OUTPUT, "%s: temporary file", name) : 0;
}

/* All rows are there. */
static int
finish(struct parquetout *p, codec_sink *sink, void *arg, struct err *e)
{
	bool small = p->fd < 0;
	uint32_t n = 0;
	int rc, fd;

	if (!small && lseek(p->fd, 0, SEEK_SET) < 0)
		return err_sys(e, ERR_OUTPUT, "%s: temporary file", p->name);
	rc = next_block(p, e);
	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, "%s: no header", p->name);
	while (p->block.p[p->idx[1 + n]] != '\n')
		n++;
	if (parquetout_take_names(p, p->block.p, p->idx + 1, ++n, e) < 0)
		return -1;
	p->at = n;
	/* what is made of little text is little */
	fd = small ? memfd_create("parquet", MFD_CLOEXEC) : -1;
	if (fd < 0)
		fd = temp_file(p->temp_dir, e);
	if (fd < 0)
		return -1;
	rc = copy_rows(p, fd, e);
	if (rc == 0)
		rc = send_file(fd, p->name, sink, arg, e);
	close(fd);
	return rc;
}

static int
parquetout_filter(void *st, const void *s, size_t n, bool last,
    codec_sink *sink, void *arg, struct err *e)
{
	struct parquetout *p = st;

	if (p->fd < 0 && p->text.n + n > TEXT_MAX) {
		p->fd = temp_file(p->temp_dir, e);
		if (p->fd < 0 ||
		    write_all(p->fd, p->name, p->text.p, p->text.n, e) < 0)
			return -1;
		buf_fini(&p->text);
	}
	if (p->fd < 0)
		buf_put(&p->text, s, n);
	else if (n && write_all(p->fd, p->name, s, n, e) < 0)
		return -1;
	return last ? finish(p, sink, arg, e) : 0;
}

static void
parquetout_filter_free(void *st)
{
	struct parquetout *p = st;
	size_t i;

	if (p->fd >= 0)
		close(p->fd);
	for (i = 0; i < p->ncol; i++)
		free((void *)(uintptr_t)p->col[i].name.p);
	free(p->col);
	free(p->name);
	free(p->temp_dir);
	free(p->idx);
	na_rule_fini(&p->na);
	buf_fini(&p->text);
	buf_fini(&p->block);
	buf_fini(&p->scratch);
	free(p);
}

void
parquetout_begin(struct out *o, const struct parquetout_opt *opt)
{
	static const struct out_filter f = {
	    parquetout_filter, parquetout_filter_free};
	struct parquetout *p = xcalloc(1, sizeof(*p));

	p->opt = *opt;
	p->name = xstrdup(opt->name);
	p->temp_dir = xstrdup(opt->temp_dir);
	p->fd = -1;
	na_rule_init(&p->na, NULL);
	out_filter(o, &f, p);
}
