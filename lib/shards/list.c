#include "shards/list.h"

#include <stdlib.h>
#include <string.h>

#include "io/archive.h"
#include "io/commit.h"
#include "io/in.h"
#include "io/name.h"

void
list_add(struct file_list *f, char *path)
{
	if ((f->n & (f->n - 1)) == 0)
		f->v = xrealloc(f->v, (f->n ? 2 * f->n : 1) * sizeof(*f->v));
	f->v[f->n++] = path;
}

int
list_read(struct file_list *f, char *const *operand, size_t n,
    const char *files_from, bool zero, struct err *e)
{
	char end = zero ? '\0' : '\n';
	struct in *in = NULL;
	struct bytes v;
	size_t i;

	*f = (struct file_list){NULL, 0};
	for (i = 0; i < n; i++)
		list_add(f, xstrdup(operand[i]));
	if (!files_from)
		return 0;
	in = in_open(files_from, 0, e);
	if (!in)
		goto fail;
	for (;;) {
		size_t min = 1;
		const char *q = NULL;

		do {
			if (in_peek(in, min, &v, e) < 0)
				goto fail;
			q = v.n ? memchr(v.p, end, v.n) : NULL;
			min = 2 * v.n + 1; /* a long name is not read often */
		} while (!q && !in_at_eof(in));
		if (v.n == 0)
			break;
		if (!q && v.n > 0)
			q = v.p + v.n;
		if (q > v.p)
			list_add(f, xstrndup(v.p, (size_t)(q - v.p)));
		in_consume(
		    in, (size_t)(q - v.p) < v.n ? (size_t)(q - v.p) + 1 : v.n);
	}
	in_close(in);
	return 0;
fail:
	in_close(in);
	list_free(f);
	return -1;
}

int
list_save(const struct file_list *f, const bool *chosen, const char *path,
    bool zero, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i;
	int rc;

	for (i = 0; i < f->n; i++) {
		if (!chosen[i])
			continue;
		buf_puts(&b, f->v[i]);
		buf_putc(&b, zero ? '\0' : '\n');
	}
	rc = commit_file(path, b.p, b.n, e);
	buf_fini(&b);
	return rc;
}

void
list_free(struct file_list *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->v[i]);
	free(f->v);
	*f = (struct file_list){NULL, 0};
}

int
list_some(const struct file_list *f, const char *files_from, struct err *e)
{
	if (files_from && f->n == 0)
		return err_set(e, "%s: the list names no file", files_from);
	return 0;
}

int
list_numbered(const struct file_list *f, struct err *e)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (archive_refuse(f->v[i], e) < 0)
			return -1;
		else if (!shard_name_parse(f->v[i]).is_part)
			return err_set(e,
			    "%s: no shard number in the name (part-N...)",
			    f->v[i]);
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = shard_name_parse(*(char *const *)a).number;
	uint64_t y = shard_name_parse(*(char *const *)b).number;

	return (x > y) - (x < y);
}

/* The name of the directory that the file lies in: the n bytes from where the
 * result points. */
static const char *
dir_of(const char *path, size_t *n)
{
	const char *end = strrchr(path, '/'), *p = end;

	while (p && p > path && p[-1] != '/')
		p--;
	*n = end ? (size_t)(end - p) : 0;
	return p ? p : path;
}

static int
by_dir_and_number(const void *a, const void *b)
{
	size_t n, m;
	const char *x = dir_of(*(char *const *)a, &n);
	const char *y = dir_of(*(char *const *)b, &m);
	int rc = memcmp(x, y, n < m ? n : m);

	if (rc == 0 && n != m)
		rc = n < m ? -1 : 1;
	return rc ? rc : by_number(a, b);
}

int
list_unique(const struct file_list *f, bool by_dir, struct err *e)
{
	int (*cmp)(const void *a, const void *b) =
	    by_dir ? by_dir_and_number : by_number;
	char **v = xcalloc(f->n, sizeof(*v));
	size_t i, n = 0;
	int rc = 0;

	for (i = 0; i < f->n; i++)
		if (shard_name_parse(f->v[i]).is_part)
			v[n++] = f->v[i];
	qsort(v, n, sizeof(*v), cmp);
	for (i = 1; i < n && rc == 0; i++)
		if (cmp(&v[i - 1], &v[i]) == 0)
			rc = err_set(e, "%s and %s have one shard number",
			    v[i - 1], v[i]);
	free(v);
	return rc;
}
