#include "rows/jsontext.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t
jsontext_line(struct jsontext *t, size_t n)
{
	const char *p = t->piece + t->counted, *e = t->piece + n;

	while (p < e && (p = memchr(p, '\n', (size_t)(e - p)))) {
		t->line++;
		p++;
	}
	t->counted = n > t->counted ? n : t->counted;
	return t->line;
}

int
jsontext_refuse(struct jsontext *t, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(t->err, "%s:%llu: %s", in_name(t->in),
	    (unsigned long long)jsontext_line(t, jsontext_used(t)), text);
	t->failed = true;
	return 0;
}

static int
fail_at(struct jsontext *t, size_t n, const char *what, struct err *e)
{
	return err_set(e, "%s:%llu: %s", in_name(t->in),
	    (unsigned long long)jsontext_line(t, n), what);
}

/*
 * Refuses escapes in the next n bytes that no text can hold: yajl takes half of
 * a surrogate pair for a question mark, and \u0000 would end a text.  A
 * backslash outside of strings is an error that yajl finds.
 */
static int
check_escapes(struct jsontext *t, const char *p, size_t n, struct err *e)
{
	struct jsontext_escapes *x = &t->esc;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = p[i];

		if (x->at == 0 && !x->high) {
			const char *q = memchr(p + i, '\\', n - i);

			if (!q)
				return 0;
			i = (size_t)(q - p);
			x->at = 1;
			continue;
		}
		if (x->at == 0 && c == '\\') {
			x->at = 1;
			continue;
		}
		if (x->at == 1 && c == 'u') {
			x->at = 2;
			x->code = 0;
			continue;
		}
		if (x->at > 1) {
			x->code = x->code << 4 |
			    (uint32_t)(c <= '9' ? c - '0' : (c & 7) + 9);
			if (++x->at < 6)
				continue;
			x->at = 0;
			if (x->code == 0)
				return fail_at(
				    t, i, "\\u0000 is in no text", e);
			if (!x->high && x->code >> 10 == 0xd800 >> 10) {
				x->high = true;
				continue;
			}
			if (x->high == (x->code >> 10 == 0xdc00 >> 10)) {
				x->high = false;
				continue;
			}
			x->high = true; /* one half stands alone */
		}
		if (x->high)
			return fail_at(t, i,
			    "half a surrogate pair (\\ud800 to \\udfff)", e);
		x->at = 0;
	}
	return 0;
}

static bool
is_blank(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != ' ' && p[i] != '\n' && p[i] != '\r' && p[i] != '\t')
			return false;
	return true;
}

/* Fills e with what yajl says about the piece.  Returns -1. */
static int
fail_yajl(struct jsontext *t, const char *p, size_t n, struct err *e)
{
	unsigned char *text;
	size_t at = jsontext_used(t);

	if (t->failed)
		return -1; /* jsontext_refuse() filled e */
	text = t->y.yajl_get_error(t->h, 0, (const unsigned char *)p, n);
	err_set(e, "not JSON: %.*s", (int)strcspn((const char *)text, "\n"),
	    (const char *)text);
	t->y.yajl_free_error(t->h, text);
	return err_prefix(e, "%s:%llu: ", in_name(t->in),
	    (unsigned long long)jsontext_line(t, at < n ? at : n));
}

/* Parses a piece of n bytes, and counts its lines. */
static int
parse_piece(struct jsontext *t, const char *p, size_t n, struct err *e)
{
	t->piece = p;
	t->counted = 0;
	t->err = e;
	if (check_escapes(t, p, n, e) < 0)
		return -1;
	if (t->y.yajl_parse(t->h, (const unsigned char *)p, n) !=
	    yajl_status_ok)
		return fail_yajl(t, p, n, e);
	jsontext_line(t, n);
	t->piece_at += n;
	return 0;
}

int
jsontext_next(struct jsontext *t, size_t max, struct err *e)
{
	size_t skip = 0;
	struct bytes v;

	if (in_peek(t->in, t->begun ? 1 : 4, &v, e) < 0)
		return -1;
	if (!t->begun && v.n >= 3 && memcmp(v.p, "\xef\xbb\xbf", 3) == 0)
		skip = 3;
	t->begun = true;
	in_consume(t->in, skip);
	v = bytes_of(v.p + skip, v.n - skip);
	if (v.n == 0) {
		t->piece = "";
		t->counted = 0;
		t->err = e;
		if (t->seen && t->y.yajl_complete_parse(t->h) != yajl_status_ok)
			return t->failed
			    ? -1
			    : fail_at(t, 0,
				  "truncated: the input ends inside of a value",
				  e);
		return 0;
	}
	v.n = v.n < max ? v.n : max;
	t->blank = is_blank(v.p, v.n);
	t->seen = t->seen || !t->blank;
	if (parse_piece(t, v.p, v.n, e) < 0)
		return -1;
	in_consume(t->in, v.n);
	return 1;
}

static int
load_yajl(struct jsontext_yajl *y, struct err *e)
{
	y->lib = dl_load("libyajl.so.2", e);
	return !y->lib || NEED(y, yajl_alloc) < 0 || NEED(y, yajl_config) < 0 ||
		NEED(y, yajl_free) < 0 || NEED(y, yajl_parse) < 0 ||
		NEED(y, yajl_complete_parse) < 0 ||
		NEED(y, yajl_get_error) < 0 || NEED(y, yajl_free_error) < 0 ||
		NEED(y, yajl_get_bytes_consumed) < 0
	    ? -1
	    : 0;
}

int
jsontext_init(struct jsontext *t, struct in *in,
    const yajl_callbacks *callbacks, void *arg, struct err *e)
{
	*t = (struct jsontext){.in = in, .line = 1};
	if (load_yajl(&t->y, e) < 0)
		return err_prefix(e, "%s: ", in_name(in));
	t->h = t->y.yajl_alloc(callbacks, NULL, arg);
	if (!t->h)
		return err_set(e, "%s: out of memory", in_name(in));
	t->y.yajl_config(t->h, yajl_allow_multiple_values, 1);
	return 0;
}

void
jsontext_fini(struct jsontext *t)
{
	if (t->h)
		t->y.yajl_free(t->h);
	if (t->y.lib)
		dlclose(t->y.lib);
}
