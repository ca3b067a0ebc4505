#include "rows/jsonin.h"

#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "keys/keytable.h"
#include "rows/jsontext.h"

#define BLOCK_BYTES ((size_t)256 << 10)
/* A piece of input makes rows of at most so many bytes, or little more: a row
 * has a separator for each column, however short the object is. */
#define PIECE_MAX ((size_t)64 << 10)
#define PIECE_MIN ((size_t)512)
#define PIECE_ROWS ((size_t)12 << 20)
#define BLOCK_ROWS ((size_t)64 << 10)
/* However much is allowed: a row, twice as long at most, has 32-bit offsets. */
#define RECORD_MAX ((uint64_t)1 << 30)

/* A value of the record being read, in j->values. */
struct value {
	uint64_t record; /* whose value it is; else there is none */
	uint32_t off, n;
};

struct jsonin {
	struct jsontext json;
	struct jsonin_opt opt;
	bool names_only;

	struct bytes *name; /* of the columns, each in memory of its own */
	struct value *value;
	size_t ncol, cap;
	struct keytable index; /* name -> column, as the row */

	uint64_t event_at; /* offset behind the last token */
	bool any, whole;   /* a token was seen; no more may come */
	bool in_array;     /* the objects are elements of one */

	/* The record. */
	int depth;  /* of objects, the record's own is the first */
	int nested; /* of arrays, and all in them */
	uint64_t record, rec_at, rec_line;
	size_t expect;   /* the column that comes next, as a rule */
	size_t column;   /* of the key before the value */
	struct buf path; /* "who.": in front of the keys */
	size_t path_end[JSONIN_MAX_DEPTH]; /* before that of each object */
	struct buf key;   /* the last one, with the path in front */
	struct buf array; /* its text so far */
	struct buf values;

	/* The block. */
	struct buf text, lines, ends;
	uint64_t rows;
	size_t nrow;
};

bool
jsonin_begins(struct bytes head)
{
	size_t i =
	    head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	char open, next;

	while (i < head.n && strchr(" \t\r\n", head.p[i]))
		i++;
	if (i == head.n)
		return false;
	open = head.p[i++];
	while (i < head.n && strchr(" \t\r\n", head.p[i]))
		i++;
	next = i < head.n ? head.p[i] : '\0';
	return (open == '{' && (next == '"' || next == '}')) ||
	    (open == '[' && (next == '{' || next == ']'));
}

/* The column of that name, a new one when the input says which there are; or
 * -1. */
static int64_t
column_of(struct jsonin *j, struct bytes name)
{
	uint64_t hash = key_hash(name);
	const struct keyent *k = keytable_get(&j->index, name, hash);
	struct keyent new = {.hi = 0, .where = j->ncol};

	if (k)
		return (int64_t)keyent_row(k);
	if (!j->names_only) {
		jsontext_refuse(&j->json,
		    "column %s is not in the header of %s", err_quote(name),
		    j->opt.want_of);
		return -1;
	}
	if (j->ncol == JSONIN_MAX_COLUMNS) {
		jsontext_refuse(
		    &j->json, "more than %d columns", JSONIN_MAX_COLUMNS);
		return -1;
	}
	if (name.n > 0 && memchr(name.p, '\0', name.n)) {
		jsontext_refuse(&j->json, "NUL in a name");
		return -1;
	}
	keytable_put(&j->index, name, hash, &new);
	if (j->ncol == j->cap) {
		j->cap = j->cap * 2 + 64;
		j->name = xrealloc(j->name, j->cap * sizeof(*j->name));
		j->value = xrealloc(j->value, j->cap * sizeof(*j->value));
	}
	j->name[j->ncol] = bytes_of(xstrndup(name.p, name.n), name.n);
	j->value[j->ncol].record = 0;
	return (int64_t)j->ncol++;
}

/* Appends a key as a column name has it. */
static void
jsonin_put_key(struct jsonin *j, struct buf *to, const char *p, size_t n)
{
	static const char dot[] = "__DOT__";
	size_t k = sizeof(dot) - 1;
	const char *at;

	while (!j->opt.keep_names && n >= k && (at = memmem(p, n, dot, k))) {
		buf_put(to, p, (size_t)(at - p));
		buf_putc(to, '.');
		n -= (size_t)(at - p) + k;
		p = at + k;
	}
	buf_put(to, p, n);
}

/* In the text of an array: what has to stand between the values. */
static void
put_comma(struct jsonin *j)
{
	char last = j->array.p[j->array.n - 1];

	if (last != '[' && last != '{' && last != ':')
		buf_putc(&j->array, ',');
}

/* A token comes. */
static void
note_event(struct jsonin *j)
{
	j->any = true;
	j->event_at = j->json.piece_at + jsontext_used(&j->json);
}

/* A value comes: is this a place for it? */
static bool
begin_value(struct jsonin *j)
{
	note_event(j);
	if (j->depth == 0) {
		jsontext_refuse(&j->json,
		    "a row is an object, in braces, and no other value");
		return false;
	}
	if (j->nested)
		put_comma(j);
	return true;
}

/* The value of the last key begins, as a field. */
static bool
begin_field(struct jsonin *j)
{
	struct bytes key = buf_bytes(&j->key);
	int64_t c = (int64_t)j->expect;

	if (j->expect >= j->ncol || !bytes_eq(j->name[c], key))
		c = column_of(j, key);
	if (c < 0)
		return false;
	if (j->value[c].record == j->record) {
		jsontext_refuse(
		    &j->json, "two values of %s in one object", err_quote(key));
		return false;
	}
	j->value[c].record = j->record;
	j->value[c].off = (uint32_t)j->values.n;
	j->column = (size_t)c;
	j->expect = j->column + 1;
	return true;
}

static int
end_field(struct jsonin *j)
{
	struct value *v = &j->value[j->column];

	v->n = (uint32_t)(j->values.n - v->off);
	return 1;
}

/* A value that needs no quotes; in arrays it may be another one. */
static int
put_bare(struct jsonin *j, struct bytes field, struct bytes in_array)
{
	if (!begin_value(j))
		return 0;
	if (j->nested) {
		buf_putb(&j->array, in_array);
		return 1;
	}
	if (!begin_field(j))
		return 0;
	buf_putb(&j->values, field);
	return end_field(j);
}

static int
on_null(void *arg)
{
	return put_bare(arg, bytes_of("", 0), bytes_str("null"));
}

static int
on_boolean(void *arg, int value)
{
	struct bytes text = bytes_str(value ? "true" : "false");

	return put_bare(arg, text, text);
}

static int
on_number(void *arg, const char *p, size_t n)
{
	return put_bare(arg, bytes_of(p, n), bytes_of(p, n));
}

static int
on_string(void *arg, const unsigned char *s, size_t n)
{
	struct jsonin *j = arg;
	struct bytes text = bytes_of((const char *)s, n);

	if (!begin_value(j))
		return 0;
	if (j->nested)
		return json_put_string(&j->array, text) == 0
		    ? 1
		    : jsontext_refuse(&j->json, "a string is not UTF-8");
	if (!begin_field(j))
		return 0;
	csv_put_quoted(&j->values, text);
	return end_field(j);
}

static void
begin_record(struct jsonin *j)
{
	size_t at = jsontext_used(&j->json);

	j->record++;
	j->rec_at = j->json.piece_at + at - 1;
	j->rec_line = jsontext_line(&j->json, at);
	j->expect = 0;
	buf_clear(&j->values);
	buf_clear(&j->path);
}

static bool
too_deep(struct jsonin *j)
{
	if (j->depth + j->nested < JSONIN_MAX_DEPTH)
		return false;
	jsontext_refuse(&j->json, "nested more than %d deep", JSONIN_MAX_DEPTH);
	return true;
}

static int
on_start_map(void *arg)
{
	struct jsonin *j = arg;

	note_event(j);
	if (too_deep(j))
		return 0;
	if (j->nested) {
		put_comma(j);
		buf_putc(&j->array, '{');
		j->nested++;
		return 1;
	}
	if (j->whole)
		return jsontext_refuse(
		    &j->json, "something behind the end of the array");
	if (j->depth == 0)
		begin_record(j);
	j->path_end[j->depth] = j->path.n;
	if (j->depth++ > 0) {
		buf_clear(&j->path);
		buf_putb(&j->path, buf_bytes(&j->key));
		buf_putc(&j->path, '.');
	}
	return 1;
}

/* Whether it names a column is known when its value comes. */
static int
on_key(void *arg, const unsigned char *s, size_t n)
{
	struct jsonin *j = arg;
	struct bytes name = bytes_of((const char *)s, n);

	note_event(j);
	if (j->nested) {
		put_comma(j);
		if (json_put_string(&j->array, name) < 0)
			return jsontext_refuse(&j->json, "a name is not UTF-8");
		buf_putc(&j->array, ':');
		return 1;
	}
	buf_clear(&j->key);
	buf_putb(&j->key, buf_bytes(&j->path));
	jsonin_put_key(j, &j->key, name.p, name.n);
	return 1;
}

static void
jsonin_put_row(struct jsonin *j)
{
	size_t c;

	for (c = 0; c < j->ncol; c++) {
		const struct value *v = &j->value[c];
		uint32_t end;

		if (v->record == j->record)
			buf_put(&j->text, j->values.p + v->off, v->n);
		end = (uint32_t)j->text.n;
		buf_put(&j->ends, &end, sizeof(end));
		buf_putc(&j->text, c + 1 < j->ncol ? j->opt.out_sep : '\n');
	}
	buf_put(&j->lines, &j->rec_line, sizeof(j->rec_line));
	j->nrow++;
}

static int
jsonin_too_long(struct jsonin *j)
{
	return jsontext_refuse(&j->json,
	    "record longer than %llu bytes (--max-record allows more)",
	    (unsigned long long)j->opt.max_record);
}

static int
on_end_map(void *arg)
{
	struct jsonin *j = arg;

	note_event(j);
	if (j->nested) {
		buf_putc(&j->array, '}');
		j->nested--;
		return 1;
	}
	j->path.n = j->path_end[--j->depth];
	if (j->depth > 0)
		return 1;
	if (j->event_at - j->rec_at > j->opt.max_record)
		return jsonin_too_long(j);
	if (j->names_only)
		return 1;
	if (j->ncol == 0)
		return jsontext_refuse(
		    &j->json, "an object with nothing in it, as all are");
	jsonin_put_row(j);
	return 1;
}

static int
on_start_array(void *arg)
{
	struct jsonin *j = arg;
	bool first = !j->any;

	note_event(j);
	if (j->depth == 0) {
		j->in_array = first;
		return first ||
		    jsontext_refuse(&j->json,
			"a row is an object, in braces, and no array");
	}
	if (too_deep(j))
		return 0;
	if (j->nested) {
		put_comma(j);
	} else {
		if (!begin_field(j))
			return 0;
		buf_clear(&j->array);
	}
	buf_putc(&j->array, '[');
	j->nested++;
	return 1;
}

static int
on_end_array(void *arg)
{
	struct jsonin *j = arg;

	note_event(j);
	if (j->nested == 0) { /* the one that holds the rows */
		j->in_array = false;
		j->whole = true;
		return 1;
	}
	buf_putc(&j->array, ']');
	if (--j->nested > 0)
		return 1;
	csv_put_quoted(&j->values, buf_bytes(&j->array));
	return end_field(j);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* Reads the next piece of the input: 1, 0 at its end, -1. */
static int
next_piece(struct jsonin *j, struct err *e)
{
	size_t piece = PIECE_ROWS / (j->ncol + 1);
	uint64_t end;
	int rc;

	piece = piece > PIECE_MAX ? PIECE_MAX
	    : piece < PIECE_MIN   ? PIECE_MIN
				  : piece;
	rc = jsontext_next(&j->json, piece, e);
	if (rc <= 0)
		return rc;
	/* an unfinished token may be as long as a record; blanks are none */
	end = j->json.piece_at;
	if ((end - j->event_at > j->opt.max_record && !j->json.blank) ||
	    (j->depth > 0 && end - j->rec_at > j->opt.max_record)) {
		jsonin_too_long(j);
		return -1;
	}
	return 1;
}

static struct jsonin *
new_reader(struct in *in, const struct jsonin_opt *opt, struct err *e)
{
	struct jsonin *j = xcalloc(1, sizeof(*j));
	uint32_t before = UINT32_MAX;

	j->opt = *opt;
	if (j->opt.max_record > RECORD_MAX)
		j->opt.max_record = RECORD_MAX;
	keytable_init(&j->index, 64);
	buf_put(&j->ends, &before, sizeof(before));
	if (jsontext_init(&j->json, in, &callbacks, j, e) < 0) {
		jsonin_close(j);
		return NULL;
	}
	return j;
}

/* Takes over the names of another reader's columns. */
static int
find_names(struct jsonin *j, struct err *e)
{
	struct in *in = j->opt.again(j->opt.again_arg, e);
	struct jsonin *scan = in ? new_reader(in, &j->opt, e) : NULL;
	int rc = -1;

	if (scan) {
		scan->names_only = true;
		while ((rc = next_piece(scan, e)) > 0)
			;
		j->name = scan->name;
		j->ncol = scan->ncol;
		j->value = xcalloc(j->ncol + 1, sizeof(*j->value));
		scan->name = NULL;
		scan->ncol = 0;
		keytable_fini(&j->index);
		j->index = scan->index;
		keytable_init(&scan->index, 0);
	}
	jsonin_close(scan);
	in_close(in);
	return rc;
}

struct jsonin *
jsonin_open(struct in *in, const struct jsonin_opt *opt, struct err *e)
{
	struct jsonin *j = new_reader(in, opt, e);
	size_t i;

	if (!j)
		return NULL;
	if (opt->want) {
		j->names_only = true; /* take any name */
		j->json.err = e;
		for (i = 0; i < opt->want->ncol; i++)
			if (column_of(j, bytes_str(opt->want->col[i].name)) < 0)
				break;
		j->names_only = false;
		if (i == opt->want->ncol)
			return j;
	} else {
		j->opt.want_of = in_name(in);
		if (find_names(j, e) == 0)
			return j;
	}
	jsonin_close(j);
	return NULL;
}

const struct bytes *
jsonin_names(const struct jsonin *j, size_t *n)
{
	*n = j->ncol;
	return j->name;
}

int
jsonin_next(struct jsonin *j, struct block *b, int nslot, struct err *e)
{
	int rc = 1;

	buf_clear(&j->text);
	buf_clear(&j->lines);
	j->ends.n = sizeof(uint32_t);
	j->nrow = 0;
	while (rc > 0 && j->text.n < BLOCK_BYTES && j->nrow < BLOCK_ROWS)
		rc = next_piece(j, e);
	if (rc < 0 || j->nrow == 0)
		return rc;
	b->base = j->text.p;
	b->end = (const uint32_t *)(const void *)j->ends.p + 1;
	b->nrow = (uint32_t)j->nrow;
	b->nfield = (uint32_t)j->ncol;
	b->row0 = j->rows;
	b->line = (const uint64_t *)(const void *)j->lines.p;
	b->line0 = b->line[0];
	block_reset(b, nslot);
	j->rows += j->nrow;
	return 1;
}

uint64_t
jsonin_rows(const struct jsonin *j)
{
	return j->rows;
}

void
jsonin_close(struct jsonin *j)
{
	size_t i;

	if (!j)
		return;
	jsontext_fini(&j->json);
	for (i = 0; i < j->ncol; i++)
		free((void *)(uintptr_t)j->name[i].p);
	free(j->name);
	free(j->value);
	keytable_fini(&j->index);
	buf_fini(&j->path);
	buf_fini(&j->key);
	buf_fini(&j->array);
	buf_fini(&j->values);
	buf_fini(&j->text);
	buf_fini(&j->lines);
	buf_fini(&j->ends);
	free(j);
}
