#include "fill/dict.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "fill/pickle.h"
#include "fill/pickleout.h"
#include "io/in.h"
#include "io/json.h"
#include "io/tsv.h"

static const char header[] = "column\tstrategy\tvalue\tmissing";

static void
reserve(struct filldict *d, size_t n)
{
	d->v = xcalloc(n, sizeof(*d->v));
}

/* There is room: reserve() was called. */
static void
add(struct filldict *d, struct bytes column, bool number, struct bytes value)
{
	d->v[d->n++] = (struct fill){
	    xstrndup(column.p, column.n), number, xstrndup(value.p, value.n)};
}

static bool
has_nul(struct bytes s)
{
	return memchr(s.p, '\0', s.n) != NULL;
}

static int
by_column(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A column that comes twice, or NULL. */
static const char *
repeated(const struct filldict *d)
{
	const char **v = xcalloc(d->n, sizeof(*v)), *found = NULL;
	size_t i;

	for (i = 0; i < d->n; i++)
		v[i] = d->v[i].column;
	qsort(v, d->n, sizeof(*v), by_column);
	for (i = 1; i < d->n && !found; i++)
		if (strcmp(v[i - 1], v[i]) == 0)
			found = v[i];
	free(v);
	return found;
}

static int
from_pickle(
    struct filldict *d, const char *name, struct bytes file, struct err *e)
{
	struct pickle_dict p;
	char num[NUMBER_MAX];
	size_t i, n;
	int rc = 0;

	if (pickle_parse(&p, name, file, e) < 0)
		return -1;
	reserve(d, p.n);
	for (i = 0; i < p.n; i++) {
		const struct pickle_pair *v = &p.v[i];

		if (has_nul(v->key) ||
		    (v->kind == PICKLE_TEXT && has_nul(v->text))) {
			rc = err_set(e, "%s: column %s: NUL in the text", name,
			    err_quote(v->key));
			break;
		}
		if (v->kind == PICKLE_TEXT) {
			add(d, v->key, false, v->text);
		} else {
			n = number_format(
			    v->number, v->kind == PICKLE_FLOAT, num);
			add(d, v->key, true, bytes_of(num, n));
		}
	}
	pickle_fini(&p);
	return rc;
}

/*
 * Is there nothing in the object but its members, and no more of them than may
 * be?  Before a tree of any shape is built in memory.
 */
static int
check_flat(const char *name, struct bytes s, struct err *e)
{
	size_t i, line = 1, ncomma = 0;
	unsigned depth = 0;
	bool quoted = false;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		line += c == '\n';
		if (quoted) {
			quoted = c != '"';
			i += c == '\\';
			continue;
		}
		quoted = c == '"';
		ncomma += c == ',';
		if (ncomma >= FILLDICT_MAX_COLUMNS)
			return err_set(e, "%s:%zu: more than %zu columns", name,
			    line, FILLDICT_MAX_COLUMNS);
		if ((c == '{' || c == '[') && depth++ > 0)
			return err_set(e,
			    "%s:%zu: nested: the fill value of a column is a "
			    "number or text",
			    name, line);
		if (c == '}' && depth > 0)
			depth--;
	}
	return 0;
}

/* One member of the object. */
static int
add_json(struct filldict *d, const char *name, const char *key, json_t *v,
    struct err *e)
{
	char num[NUMBER_MAX];
	const char *what;
	size_t n;

	switch (json_typeof(v)) {
	case JSON_STRING:
		add(d, bytes_str(key), false,
		    bytes_of(json_string_value(v), json_string_length(v)));
		return 0;
	case JSON_INTEGER:
		n = (size_t)snprintf(num, sizeof(num), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
		add(d, bytes_str(key), true, bytes_of(num, n));
		return 0;
	case JSON_REAL:
		n = number_format(json_real_value(v), true, num);
		add(d, bytes_str(key), true, bytes_of(num, n));
		return 0;
	case JSON_NULL: what = "null"; break;
	case JSON_TRUE: what = "true"; break;
	case JSON_FALSE: what = "false"; break;
	default: what = "nested"; break;
	}
	return err_set(e,
	    "%s: column %s is %s: the fill value of a column is a number or "
	    "text",
	    name, err_quote(bytes_str(key)), what);
}

static int
from_json(
    struct filldict *d, const char *name, struct bytes file, struct err *e)
{
	json_error_t je;
	json_t *object, *v;
	const char *key;
	int rc = 0;

	if (check_flat(name, file, e) < 0)
		return -1;
	object = json_loadb(file.p, file.n, JSON_REJECT_DUPLICATES, &je);
	if (!object)
		return err_set(e, "%s:%d: bad JSON: %s%s", name, je.line,
		    err_quote(bytes_str(je.text)),
		    json_error_code(&je) == json_error_numeric_overflow
			? ": integers are of 64 bits, floats below 1.8e308; "
			  "write the value as text, in quotes"
			: "");
	reserve(d, json_object_size(object));
	/* in the order of the file since jansson 2.8 */
	json_object_foreach(object, key, v)
	{
		rc = add_json(d, name, key, v, e);
		if (rc < 0)
			break;
	}
	json_decref(object);
	return rc;
}

/* A row of impute.tsv. */
static int
add_row(struct filldict *d, const char *name, const struct tsv *t, size_t row,
    struct err *e)
{
	struct bytes column = tsv_cell(t, row, 0);
	struct bytes strategy = tsv_cell(t, row, 1);
	struct bytes value = tsv_cell(t, row, 2);
	bool constant = bytes_eq(strategy, bytes_str("constant"));
	bool number = bytes_eq(strategy, bytes_str("mean")) ||
	    bytes_eq(strategy, bytes_str("median"));
	uint64_t missing;
	double ignored;

	if (!constant && !number && !bytes_eq(strategy, bytes_str("mode")) &&
	    !bytes_eq(strategy, bytes_str("empty")))
		return err_set(e,
		    "%s:%llu: strategy %s is not known, only mean, median, "
		    "mode, constant and empty",
		    name, tsv_lineno(row), err_quote(strategy));
	if (number && !parse_double(value, &ignored))
		return err_set(e, "%s:%llu: column %s: %s is no number", name,
		    tsv_lineno(row), err_quote(column), err_quote(value));
	if (!parse_u64(tsv_cell(t, row, 3), &missing))
		return err_set(e, "%s:%llu: missing is %s, not a count", name,
		    tsv_lineno(row), err_quote(tsv_cell(t, row, 3)));
	if (has_nul(column) || has_nul(value))
		return err_set(e, "%s:%llu: column %s: NUL in the text", name,
		    tsv_lineno(row), err_quote(column));
	/* a leading zero or plus sign: a column that holds one is text */
	if (constant && class_number(value) != CLASS_ODD)
		number = parse_double(value, &ignored);
	add(d, column, number, value);
	return 0;
}

static int
from_tsv(struct filldict *d, const char *name, struct bytes file, struct err *e)
{
	struct tsv t;
	const char *p = file.p, *end = p + file.n;
	size_t i, nline = 0;
	int rc;

	for (; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		nline++;
	if (nline > FILLDICT_MAX_COLUMNS + 1)
		return err_set(
		    e, "%s: more than %zu columns", name, FILLDICT_MAX_COLUMNS);
	rc = tsv_parse(&t, name, file, header, e);
	if (rc < 0)
		return -1;
	reserve(d, t.nrow);
	for (i = 0; i < t.nrow && rc == 0; i++)
		rc = add_row(d, name, &t, i, e);
	tsv_fini(&t);
	return rc;
}

static bool
begins(struct bytes s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

int
filldict_parse(
    struct filldict *d, const char *name, struct bytes file, struct err *e)
{
	size_t i = 0;
	const char *column;
	int rc;

	*d = FILLDICT_ZERO;
	if (file.n > FILLDICT_MAX_BYTES)
		return err_set(e,
		    "%s: larger than %zu MiB: no imputation dictionary", name,
		    FILLDICT_MAX_BYTES >> 20);
	while (i < file.n && memchr(" \t\r\n", file.p[i], 4))
		i++;
	if (i == file.n)
		return err_set(e, "%s: empty: no imputation dictionary", name);
	if (begins(file, "\x80") || begins(file, "(") || begins(file, "}"))
		rc = from_pickle(d, name, file, e);
	else if (file.p[i] == '{')
		rc = from_json(d, name, file, e);
	else if (begins(file, "column\t"))
		rc = from_tsv(d, name, file, e);
	else
		rc = err_set(e,
		    "%s: begins with %s: expected a JSON object {...}, a Python "
		    "pickle of a dict, or impute.tsv%s",
		    name,
		    err_quote(bytes_of(file.p, file.n < 16 ? file.n : 16)),
		    begins(file, "\xef\xbb\xbf") ? "; save it without BOM"
						 : "");
	column = rc == 0 ? repeated(d) : NULL;
	if (column)
		rc = err_set(e, "%s: column %s comes twice", name,
		    err_quote(bytes_str(column)));
	if (rc < 0)
		filldict_fini(d);
	return rc;
}

int
filldict_load(struct filldict *d, const char *path, struct err *e)
{
	struct in *in = in_open(path, 0, e);
	struct buf b = BUF_ZERO;
	struct bytes v;
	int rc;

	*d = FILLDICT_ZERO;
	if (!in)
		return -1;
	/* no further than filldict_parse() takes it: what is compressed may be
	 * of any length */
	while ((rc = in_peek(in, 1, &v, e)) == 0 && v.n > 0 &&
	    b.n <= FILLDICT_MAX_BYTES) {
		buf_putb(&b, v);
		in_consume(in, v.n);
	}
	if (rc == 0)
		rc = filldict_parse(d, in_name(in), buf_bytes(&b), e);
	in_close(in);
	buf_fini(&b);
	return rc;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * What parse_double() takes, in the narrower grammar of JSON: no plus, no
 * leading zeros, digits on both sides of a point.  Not a digit is lost.  An
 * integer beyond 64 bits gets a point, as many readers of JSON, and
 * filldict_load(), take such numbers only as floats.
 */
static void
put_json_number(struct buf *b, const char *s)
{
	size_t start = b->n;
	bool whole = !strpbrk(s, ".eE");
	int64_t ignored;

	if (*s == '-')
		buf_putc(b, '-');
	s += *s == '-' || *s == '+';
	while (*s == '0' && is_digit(s[1]))
		s++;
	if (*s == '.')
		buf_putc(b, '0');
	for (; *s; s++) {
		buf_putc(b, *s);
		if (*s == '.' && !is_digit(s[1]))
			buf_putc(b, '0');
	}
	if (whole && !parse_i64(bytes_of(b->p + start, b->n - start), &ignored))
		buf_puts(b, ".0");
}

/* Can every fill be said as text, and every number be read? */
static int
check(const struct filldict *d, struct err *e)
{
	const char *column = repeated(d);
	size_t i;

	if (column)
		return err_set(
		    e, "column %s comes twice", err_quote(bytes_str(column)));
	for (i = 0; i < d->n; i++) {
		struct bytes name = bytes_str(d->v[i].column);
		struct bytes value = bytes_str(d->v[i].value);
		double ignored;

		if (!utf8_valid(name))
			return err_set(e,
			    "column %s: the name is not UTF-8; JSON and pickle "
			    "hold text only: rename the column, or exclude it",
			    err_quote(name));
		if (!utf8_valid(value))
			return err_set(e,
			    "column %s: its fill value %s is not UTF-8; JSON "
			    "and pickle hold text only: choose --column "
			    "NAME=constant:VALUE",
			    err_quote(name), err_quote(value));
		if (d->v[i].number && !parse_double(value, &ignored))
			return err_set(e, "column %s: %s is no number",
			    err_quote(name), err_quote(value));
	}
	return 0;
}

int
filldict_save_json(const struct filldict *d, struct buf *b, struct err *e)
{
	size_t i;

	if (check(d, e) < 0)
		return -1;
	for (i = 0; i < d->n; i++) {
		buf_puts(b, i ? ",\n  " : "{\n  ");
		json_put_string(b, bytes_str(d->v[i].column));
		buf_puts(b, ": ");
		if (d->v[i].number)
			put_json_number(b, d->v[i].value);
		else
			json_put_string(b, bytes_str(d->v[i].value));
	}
	buf_puts(b, d->n ? "\n}\n" : "{}\n");
	return 0;
}

int
filldict_save_pickle(const struct filldict *d, struct buf *b, struct err *e)
{
	size_t i, start = b->n;

	if (check(d, e) < 0)
		return -1;
	pickle_put_dict_begin(b);
	for (i = 0; i < d->n; i++) {
		struct bytes name = bytes_str(d->v[i].column);
		struct bytes value = bytes_str(d->v[i].value);
		double number;

		if (!d->v[i].number) {
			pickle_put_dict_text(b, name, value);
			continue;
		}
		if (class_number(value) == CLASS_INT
			? !number_exact(value, &number)
			: !parse_double(value, &number)) {
			b->n = start;
			return err_set(e,
			    "column %s: %s is not exact as a float, and a "
			    "pickle holds floats: choose a value of up to 15 "
			    "digits",
			    err_quote(name), err_quote(value));
		}
		pickle_put_dict_number(b, name, number);
	}
	pickle_put_dict_end(b);
	return 0;
}

void
filldict_fini(struct filldict *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->v[i].column);
		free(d->v[i].value);
	}
	free(d->v);
	*d = FILLDICT_ZERO;
}
