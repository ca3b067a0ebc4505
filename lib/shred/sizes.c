#include "shred/sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/tsv.h"
#include "pass1/context.h"
#include "rows/csv.h"

#define NAMES_SHOWN 5

/* Forgets what the file before had too much. */
static void
new_file(struct sizes *s)
{
	keytable_clear(&s->strange);
	sizes_some_fini(&s->left_out);
}

/* A table row by row. */
struct reader {
	const char *path;
	struct in *in;
	struct csv *csv; /* NULL: TSV */
	struct block batch;
	uint32_t row;
	struct buf header, line;
	struct buf *scratch; /* per column */
	struct bytes *cell;
	size_t ncol;
	uint64_t lineno;
};

static int
bad_line(const struct reader *r, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", in_name(r->in), (unsigned long long)r->lineno);
}

#define FAIL_AT(r, e, ...) (err_set(e, __VA_ARGS__), bad_line(r, e))

/* The next line of a TSV in `to`: 1, 0 at the end, -1. */
static int
next_line(struct reader *r, struct buf *to, struct err *e)
{
	int rc = tsv_next_line(r->in, ++r->lineno, to, e);

	if (rc > 0 && to->n && to->p[to->n - 1] == '\r') {
		to->n--; /* no value has one unescaped */
		buf_cstr(to);
	}
	return rc;
}

static bool
is_csv(const char *path, struct bytes header)
{
	switch (shard_name_parse(path).format) {
	case FORMAT_CSV: return true;
	case FORMAT_TSV: return false;
	default:
		return header.n && memchr(header.p, ',', header.n) &&
		    !memchr(header.p, '\t', header.n);
	}
}

static void
reader_close(struct reader *r)
{
	size_t i;

	csv_close(r->csv);
	block_fini(&r->batch);
	in_close(r->in);
	for (i = 0; r->scratch && i < r->ncol; i++)
		buf_fini(&r->scratch[i]);
	free(r->scratch);
	free(r->cell);
	buf_fini(&r->header);
	buf_fini(&r->line);
}

/* Opens the table; its header is in r->cell then. */
static int
reader_open(struct reader *r, const char *path, struct err *e)
{
	struct csv_opt opt = {.max_record = CSV_MAX_RECORD};
	const struct bytes *names;
	struct bytes v;
	size_t n, i;

	*r = (struct reader){.path = path, .lineno = 1};
	r->in = in_open(path, IN_DIGEST, e);
	if (!r->in || tsv_peek_line(r->in, 1, &v, &n, e) < 0)
		return -1;
	if (v.n == 0)
		return err_set(
		    e, "%s: empty, not even a header line", in_name(r->in));
	if (is_csv(path, bytes_of(v.p, n))) {
		r->csv = csv_open(r->in, &opt, e);
		if (!r->csv)
			return -1;
		names = csv_names(r->csv, &r->ncol);
		r->cell = xcalloc(r->ncol, sizeof(*r->cell));
		r->scratch = xcalloc(r->ncol, sizeof(*r->scratch));
		for (i = 0; i < r->ncol; i++)
			r->cell[i] = names[i];
		return 0;
	}
	r->lineno = 0;
	if (next_line(r, &r->header, e) < 0)
		return -1;
	for (i = 0, r->ncol = 1; i < r->header.n; i++)
		r->ncol += r->header.p[i] == '\t';
	r->cell = xcalloc(r->ncol, sizeof(*r->cell));
	if (tsv_cells(r->header.p, r->header.n, r->cell, r->ncol) < 0)
		return FAIL_AT(r, e, "bad escape");
	return 0;
}

static int
next_csv(struct reader *r, struct err *e)
{
	size_t i;
	int rc;

	if (r->row == r->batch.nrow) {
		rc = csv_next(r->csv, &r->batch, 0, e);
		if (rc <= 0)
			return rc;
		r->row = 0;
	}
	for (i = 0; i < r->ncol; i++)
		r->cell[i] =
		    csv_value(block_field(&r->batch, r->row, (uint32_t)i),
			&r->scratch[i]);
	r->lineno = block_line(&r->batch, r->row);
	r->row++;
	return 1;
}

/* The next row in r->cell: 1, 0 at the end, -1. */
static int
reader_next(struct reader *r, struct err *e)
{
	ssize_t k;
	int rc;

	if (r->csv)
		return next_csv(r, e);
	rc = next_line(r, &r->line, e);
	if (rc <= 0)
		return rc;
	k = tsv_cells(r->line.p, r->line.n, r->cell, r->ncol);
	if (k < 0)
		return FAIL_AT(r, e, "bad escape");
	if ((size_t)k != r->ncol)
		return FAIL_AT(
		    r, e, "%zd cells, the header has %zu", k, r->ncol);
	return 1;
}

void
sizes_note(struct sizes_some *s, struct bytes name)
{
	if (s->n++ < NAMES_SHOWN)
		buf_printf(
		    &s->names, "%s%s", s->n > 1 ? ", " : "", err_quote(name));
	else if (s->n == NAMES_SHOWN + 1)
		buf_puts(&s->names, ", ...");
}

void
sizes_some_fini(struct sizes_some *s)
{
	buf_fini(&s->names);
	s->n = 0;
}

void
sizes_init(struct sizes *s)
{
	*s = (struct sizes){.ints = true};
	keytable_init(&s->keys, 64);
	keytable_init(&s->strange, 64);
}

static void
table_fini(struct sizes_table *t)
{
	free(t->name);
	free(t->from);
	free(t->rows);
	free(t->bytes);
}

void
sizes_fini(struct sizes *s)
{
	size_t i;

	for (i = 0; i < s->ntable; i++)
		table_fini(&s->table[i]);
	free(s->table);
	free(s->column);
	free(s->universe);
	free(s->key);
	buf_fini(&s->odd);
	sizes_some_fini(&s->left_out);
	sizes_some_fini(&s->unsized);
	keytable_fini(&s->keys);
	keytable_fini(&s->strange);
}

void
sizes_column(struct sizes *s, const char *name)
{
	s->column = xstrdup(name);
}

int
sizes_find(const struct sizes *s, struct bytes table)
{
	size_t i;

	for (i = 0; i < s->ntable; i++)
		if (bytes_eq(bytes_str(s->table[i].name), table))
			return (int)i;
	return -1;
}

/* The file's name for the column of the keys; any is true that is neutral. */
static int
same_column(
    struct sizes *s, const struct reader *r, struct bytes name, struct err *e)
{
	if (!s->column)
		s->column = xstrndup(name.p, name.n);
	if (bytes_eq(bytes_str(s->column), name))
		return 0;
	return err_set(e,
	    "%s:1: the column of the keys is %s here, elsewhere it is %s",
	    in_name(r->in), err_quote(name), err_quote(bytes_str(s->column)));
}

/* `key` in a file that people write may be any column. */
static int
some_column(
    struct sizes *s, const struct reader *r, struct bytes name, struct err *e)
{
	return bytes_eq(name, bytes_str("key")) ? 0
						: same_column(s, r, name, e);
}

static uint64_t *
unknowns(uint64_t *v, uint32_t from, uint32_t to)
{
	v = xrealloc(v, to * sizeof(*v));
	for (; from < to; from++)
		v[from] = SIZES_UNKNOWN;
	return v;
}

/* The number of the group, or -1 with what is wrong; -2: it is left out. */
static int64_t
group_number(
    struct sizes *s, const struct reader *r, struct bytes key, struct err *e)
{
	struct keyent k = {.hi = 0, .where = s->n};
	const struct keyent *known;
	uint64_t hash = key_hash(key);
	uint32_t cap = s->cap;
	size_t i;

	if (key.n == 0)
		return FAIL_AT(r, e, "an empty key is no group");
	known = keytable_get(&s->keys, key, hash);
	if (known)
		return (int64_t)keyent_row(known);
	if (s->ints && class_number(key) != CLASS_INT) {
		s->ints = false;
		buf_putb(&s->odd, key);
	}
	if (s->universe) {
		if (keytable_entry(&s->strange, key, hash)->hi++ == 0)
			sizes_note(&s->left_out, key);
		return -2;
	}
	if (s->n == SIZES_MAX_GROUPS)
		return FAIL_AT(r, e, "more than %u groups", SIZES_MAX_GROUPS);
	keytable_put(&s->keys, key, hash, &k);
	if (s->n == cap) {
		s->cap = cap ? 2 * cap : 64;
		for (i = 0; i < s->ntable; i++) {
			struct sizes_table *t = &s->table[i];

			t->rows = unknowns(t->rows, cap, s->cap);
			t->bytes = unknowns(t->bytes, cap, s->cap);
		}
	}
	return s->n++;
}

/* The table of that name, which must be of this file; or NULL. */
static struct sizes_table *
table_of(struct sizes *s, const struct reader *r, struct bytes name,
    bool have_bytes, struct err *e)
{
	int at = sizes_find(s, name);
	struct sizes_table *t;

	if (at >= 0) {
		t = &s->table[at];
		if (strcmp(t->from, in_name(r->in)) == 0)
			return t;
		(void)FAIL_AT(r, e,
		    "sizes of table %s are in %s already (shard-stats --table "
		    "tells tables apart)",
		    err_quote(name), t->from);
		return NULL;
	}
	if (name.n == 0 || s->ntable == SIZES_MAX_TABLES) {
		(void)FAIL_AT(r, e,
		    name.n ? "more than %d tables" : "a table without a name",
		    SIZES_MAX_TABLES);
		return NULL;
	}
	s->table = xrealloc(s->table, (s->ntable + 1) * sizeof(*s->table));
	t = &s->table[s->ntable++];
	*t = (struct sizes_table){.name = xstrndup(name.p, name.n),
	    .from = xstrdup(in_name(r->in)),
	    .rows = unknowns(NULL, 0, s->cap),
	    .bytes = unknowns(NULL, 0, s->cap),
	    .have_bytes = have_bytes};
	return t;
}

/* One size of one group. */
static int
add(struct sizes *s, const struct reader *r, struct bytes key,
    struct bytes table, uint64_t rows, const uint64_t *bytes, struct err *e)
{
	struct sizes_table *t = table_of(s, r, table, bytes != NULL, e);
	int64_t i;

	if (!t)
		return -1;
	i = group_number(s, r, key, e);
	if (i < 0)
		return i == -2 ? 0 : -1;
	/* group_number() may have moved the arrays, and not the tables */
	if (t->rows[i] != SIZES_UNKNOWN)
		return FAIL_AT(r, e, "group %s of table %s is there twice",
		    err_quote(key), t->name);
	if (rows > SIZES_MAX_TOTAL - t->total_rows ||
	    (bytes && *bytes > SIZES_MAX_TOTAL - t->total_bytes))
		return FAIL_AT(
		    r, e, "the sizes of table %s add up to over 2^56", t->name);
	t->rows[i] = rows;
	t->total_rows += rows;
	if (bytes) {
		t->bytes[i] = *bytes;
		t->total_bytes += *bytes;
	}
	return 0;
}

int
sizes_only(struct sizes *s, const char *path, struct err *e)
{
	struct reader r;
	int64_t i;
	int rc;

	rc = reader_open(&r, path, e);
	if (rc == 0)
		rc = some_column(s, &r, r.cell[0], e);
	while (rc == 0 && (rc = reader_next(&r, e)) > 0) {
		i = group_number(s, &r, r.cell[0], e);
		rc = i < 0 ? -1 : 0;
	}
	s->universe = xstrdup(path);
	reader_close(&r);
	return rc;
}

static bool
is(struct bytes s, const char *word)
{
	return bytes_eq(s, bytes_str(word));
}

static int
groups_row(struct sizes *s, const struct reader *r, struct err *e)
{
	uint64_t rows, bytes;
	struct bytes table = r->ncol == 4 ? r->cell[3] : bytes_str("data");

	if (!parse_u64(r->cell[1], &rows) || !parse_u64(r->cell[2], &bytes))
		return FAIL_AT(r, e, "rows %s and bytes %s: no sizes",
		    err_quote(r->cell[1]), err_quote(r->cell[2]));
	return add(s, r, r->cell[0], table, rows, &bytes, e);
}

int
sizes_groups(struct sizes *s, const char *path, struct err *e)
{
	struct reader r;
	int rc;

	new_file(s);
	rc = reader_open(&r, path, e);
	if (rc == 0 &&
	    (r.csv || r.ncol < 3 || r.ncol > 4 || !is(r.cell[1], "rows") ||
		!is(r.cell[2], "bytes") ||
		(r.ncol == 4 && !is(r.cell[3], "table"))))
		rc = err_set(e,
		    "%s:1: not the header of a groups.tsv: KEY, rows, bytes "
		    "(and table), separated by tabs; other lists are "
		    "--estimates",
		    in_name(r.in));
	if (rc == 0)
		rc = same_column(s, &r, r.cell[0], e);
	while (rc == 0 && (rc = reader_next(&r, e)) > 0)
		rc = groups_row(s, &r, e);
	if (rc == 0)
		rc = context_check_file(path, in_digest(r.in), e);
	reader_close(&r);
	return rc;
}

/* Rows as a whole number, or as any, which is rounded up. */
static bool
parse_rows(struct bytes s, uint64_t *rows)
{
	double d;

	if (parse_u64(s, rows))
		return true;
	if (!parse_double(s, &d) || d < 0 || d >= (double)SIZES_MAX_TOTAL)
		return false;
	*rows = (uint64_t)ceil(d);
	return true;
}

/* Which columns are what; -1: there is none. */
struct columns {
	int key, table, rows;
};

static int
estimates_columns(struct reader *r, struct columns *c, struct err *e)
{
	size_t i;

	*c = (struct columns){-1, -1, -1};
	for (i = 0; i < r->ncol; i++) {
		int *at = is(r->cell[i], "key")        ? &c->key
		    : is(r->cell[i], "table")          ? &c->table
		    : is(r->cell[i], "estimated_rows") ? &c->rows
						       : NULL;

		if (at && *at >= 0)
			return err_set(e, "%s:1: two columns %s",
			    in_name(r->in), err_quote(r->cell[i]));
		if (at)
			*at = (int)i;
	}
	if (c->key < 0 && c->table != 0 && c->rows != 0)
		c->key = 0;
	if (c->key < 0 || c->rows < 0)
		return err_set(e,
		    "%s:1: estimates have the columns key (or first that of "
		    "the keys), table and estimated_rows",
		    in_name(r->in));
	return 0;
}

int
sizes_estimates(struct sizes *s, const char *path, struct err *e)
{
	struct columns c = {-1, -1, -1};
	struct reader r;
	int rc;

	new_file(s);
	rc = reader_open(&r, path, e);
	if (rc == 0)
		rc = estimates_columns(&r, &c, e);
	if (rc == 0)
		rc = some_column(s, &r, r.cell[c.key], e);
	while (rc == 0 && (rc = reader_next(&r, e)) > 0) {
		uint64_t rows;

		if (parse_rows(r.cell[c.rows], &rows))
			rc = add(s, &r, r.cell[c.key],
			    c.table < 0 ? bytes_str("data") : r.cell[c.table],
			    rows, NULL, e);
		else
			rc = FAIL_AT(&r, e,
			    "estimated_rows %s: not a number from 0 up",
			    err_quote(r.cell[c.rows]));
	}
	reader_close(&r);
	return rc;
}

int
sizes_rate(struct sizes *s, const struct bytes *name, const double *factor,
    size_t n, struct err *e)
{
	struct sizes_table base, *table;
	size_t k;
	uint32_t i;
	int rc = 0;

	if (s->ntable != 1)
		return err_set(e,
		    "--rate is for the counts of one table; here are %zu",
		    s->ntable);
	base = s->table[0];
	table = xcalloc(n, sizeof(*table));
	for (k = 0; k < n; k++) {
		struct sizes_table *t = &table[k];

		t->name = xstrndup(name[k].p, name[k].n);
		t->from = xstrdup(base.from);
		t->rows = unknowns(NULL, 0, s->cap);
		t->bytes = unknowns(NULL, 0, s->cap);
		for (i = 0; i < s->n && rc == 0; i++) {
			double d = ceil((double)base.rows[i] * factor[k]);

			if (base.rows[i] == SIZES_UNKNOWN)
				continue;
			if (d > (double)(SIZES_MAX_TOTAL - t->total_rows)) {
				rc = err_set(e,
				    "--rate: the rows of table %s add up to "
				    "over 2^56",
				    t->name);
				break;
			}
			t->rows[i] = (uint64_t)d;
			t->total_rows += t->rows[i];
		}
	}
	table_fini(&s->table[0]);
	free(s->table);
	s->table = table;
	s->ntable = n;
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct sizes_table *)a)->name,
	    ((const struct sizes_table *)b)->name);
}

/* v in the order of the keys, what is not known as 0. */
static void
reorder(const struct sizes *s, const struct keyref *order, uint64_t **v)
{
	uint64_t *to = xcalloc(s->n, sizeof(*to));
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		uint64_t x = (*v)[keyent_row(&s->keys.slot[order[i].slot])];

		to[i] = x == SIZES_UNKNOWN ? 0 : x;
	}
	free(*v);
	*v = to;
}

int
sizes_finish(struct sizes *s, enum key_order how, struct err *e)
{
	bool ints = how == KEY_ORDER_INT || (how == KEY_ORDER_AUTO && s->ints);
	struct keyref *order;
	uint32_t i;
	size_t k;

	if (how == KEY_ORDER_INT && !s->ints)
		return err_set(e,
		    "--key-order int: key %s is not a whole number",
		    err_quote(buf_bytes(&s->odd)));
	if (!s->column)
		sizes_column(s, "key");
	s->ints = ints;
	order = keytable_by_key(&s->keys, ints);
	s->key = xcalloc(s->n, sizeof(*s->key));
	for (i = 0; i < s->n; i++) {
		uint64_t number = keyent_row(&s->keys.slot[order[i].slot]);
		bool sized = s->ntable == 0;

		s->key[i] = order[i].key;
		for (k = 0; k < s->ntable && !sized; k++)
			sized = s->table[k].rows[number] != SIZES_UNKNOWN;
		if (!sized)
			sizes_note(&s->unsized, s->key[i]);
	}
	for (k = 0; k < s->ntable; k++) {
		reorder(s, order, &s->table[k].rows);
		reorder(s, order, &s->table[k].bytes);
	}
	free(order);
	if (s->ntable)
		qsort(s->table, s->ntable, sizeof(*s->table), by_name);
	return 0;
}
