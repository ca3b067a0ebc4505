#include "io/tsv.h"

#include <stdlib.h>
#include <string.h>

#include "io/in.h"

void
tsv_put(struct buf *b, struct bytes v)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		switch (v.p[i]) {
		case '\\': buf_puts(b, "\\\\"); break;
		case '\t': buf_puts(b, "\\t"); break;
		case '\n': buf_puts(b, "\\n"); break;
		case '\r': buf_puts(b, "\\r"); break;
		default: buf_putc(b, v.p[i]);
		}
}

/* Unescapes p[0..n) in place; the new length or -1. */
static ssize_t
unescape(char *p, size_t n)
{
	size_t i, o = 0;

	for (i = 0; i < n; i++) {
		char c = p[i];

		if (c == '\\') {
			if (++i == n)
				return -1;
			switch (p[i]) {
			case '\\': c = '\\'; break;
			case 't': c = '\t'; break;
			case 'n': c = '\n'; break;
			case 'r': c = '\r'; break;
			default: return -1;
			}
		}
		p[o++] = c;
	}
	return (ssize_t)o;
}

ssize_t
tsv_cells(char *p, size_t n, struct bytes *cell, size_t ncell)
{
	char *eol = p + n;
	ssize_t k = 0;

	for (;;) {
		char *tab = memchr(p, '\t', (size_t)(eol - p));
		ssize_t len = unescape(p, (size_t)((tab ? tab : eol) - p));

		if (len < 0)
			return -1;
		if ((size_t)k < ncell)
			cell[k] = bytes_of(p, (size_t)len);
		k++;
		if (!tab)
			return k;
		p = tab + 1;
	}
}

int
tsv_peek_line(
    struct in *in, uint64_t lineno, struct bytes *v, size_t *n, struct err *e)
{
	size_t min = 1;
	const char *nl;

	for (;;) {
		if (in_peek(in, min, v, e) < 0)
			return -1;
		nl = v->n ? memchr(v->p, '\n', v->n) : NULL;
		*n = nl ? (size_t)(nl - v->p) : v->n;
		if (*n > TSV_MAX_LINE)
			return err_set(e, "%s:%llu: line longer than %zu bytes",
			    in_name(in), (unsigned long long)lineno,
			    TSV_MAX_LINE);
		if (nl || in_at_eof(in))
			return 0;
		min = v->n * 2;
	}
}

int
tsv_next_line(struct in *in, uint64_t lineno, struct buf *to, struct err *e)
{
	struct bytes v;
	size_t n;

	if (tsv_peek_line(in, lineno, &v, &n, e) < 0)
		return -1;
	if (v.n == 0)
		return 0;
	if (n == v.n)
		return err_set(e,
		    "%s:%llu: truncated: the last line does not end",
		    in_name(in), (unsigned long long)lineno);
	buf_clear(to);
	buf_put(to, v.p, n);
	buf_cstr(to);
	in_consume(in, n + 1);
	return 1;
}

int
tsv_parse(struct tsv *t, const char *name, struct bytes text,
    const char *header, struct err *e)
{
	size_t line = 1, cap = 0, ncell = 0;
	char *p, *end, *eol;

	*t = TSV_ZERO;
	t->text = xmalloc(text.n + 1);
	if (text.n)
		memcpy(t->text, text.p, text.n);
	t->text[text.n] = '\0';
	p = t->text;
	end = p + text.n;
	if (text.n == 0 || end[-1] != '\n') {
		err_set(e, "%s: truncated: the last line does not end", name);
		goto fail;
	}
	eol = memchr(p, '\n', text.n);
	*eol = '\0';
	if (header &&
	    !bytes_eq(bytes_of(p, (size_t)(eol - p)), bytes_str(header))) {
		err_set(e, "%s:1: header is %s, expected %s", name,
		    err_quote(bytes_str(p)), err_quote(bytes_str(header)));
		goto fail;
	}
	for (t->ncol = 1; *p; p++)
		t->ncol += *p == '\t';
	for (p = eol + 1; p < end; p = eol + 1) {
		ssize_t k;

		line++;
		eol = memchr(p, '\n', (size_t)(end - p));
		if (ncell + t->ncol > cap) {
			cap = cap * 2 + 64 * t->ncol;
			t->cell = xrealloc(t->cell, cap * sizeof(*t->cell));
		}
		k = tsv_cells(p, (size_t)(eol - p), t->cell + ncell, t->ncol);
		if (k < 0) {
			err_set(e, "%s:%zu: bad escape", name, line);
			goto fail;
		}
		if ((size_t)k != t->ncol) {
			err_set(e, "%s:%zu: %zd cells, the header has %zu",
			    name, line, k, t->ncol);
			goto fail;
		}
		ncell += t->ncol;
		t->nrow++;
	}
	return 0;
fail:
	tsv_fini(t);
	return -1;
}

int
file_load(const char *path, struct buf *b, struct err *e)
{
	struct in *in = in_open(path, 0, e);
	struct bytes v;
	int rc = -1;

	if (!in)
		return -1;
	while ((rc = in_peek(in, IN_BLOCK, &v, e)) == 0 && v.n > 0) {
		buf_putb(b, v);
		in_consume(in, v.n);
	}
	in_close(in);
	return rc;
}

int
tsv_load(struct tsv *t, const char *path, const char *header, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc;

	*t = TSV_ZERO;
	rc = file_load(path, &b, e);
	if (rc == 0)
		rc = tsv_parse(t, path, buf_bytes(&b), header, e);
	buf_fini(&b);
	return rc;
}

void
tsv_fini(struct tsv *t)
{
	free(t->text);
	free(t->cell);
	*t = TSV_ZERO;
}
