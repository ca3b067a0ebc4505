#include "chain/header.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/dir.h"
#include "io/tsv.h"
#include "rows/csv.h"

/* Appends a name; __DOT__ in it becomes a dot, unless keep is true. */
static void
put_name(struct buf *b, struct bytes name, bool keep)
{
	static const char dot[] = "__DOT__";
	size_t n = sizeof(dot) - 1, i = 0;

	while (i < name.n) {
		if (!keep && name.n - i >= n &&
		    memcmp(name.p + i, dot, n) == 0) {
			buf_putc(b, '.');
			i += n;
		} else {
			buf_putc(b, name.p[i++]);
		}
	}
}

int
header_names(const struct bytes *name, size_t n, const struct schema *signature,
    bool keep, const char *file, struct schema *out, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i;

	if (signature->ncol && signature->ncol != n)
		return err_set(e,
		    "%s:1: the header has %zu columns, the signature %zu", file,
		    n, signature->ncol);
	for (i = 0; i < n; i++) {
		buf_clear(&b);
		put_name(&b,
		    signature->ncol ? bytes_str(signature->col[i].name)
				    : name[i],
		    keep);
		schema_add(out, buf_bytes(&b), (int)i, -1);
	}
	buf_fini(&b);
	if (schema_check_unique(out, e) < 0)
		return err_prefix(e, "%s:1: ", file);
	return 0;
}

size_t
header_differs_at(const struct schema *a, const struct schema *b)
{
	size_t i;

	for (i = 0; i < a->ncol && i < b->ncol; i++)
		if (strcmp(a->col[i].name, b->col[i].name) != 0)
			break;
	return i;
}

int
header_same(const struct schema *names, const char *file,
    const struct schema *canon, const char *canon_of, struct err *e)
{
	size_t i = header_differs_at(names, canon);

	if (names->ncol != canon->ncol)
		return err_set(e,
		    "%s:1: header differs from that of %s: %zu columns, there "
		    "%zu (--header=reorder or union goes on)",
		    file, canon_of, names->ncol, canon->ncol);
	if (i == names->ncol)
		return 0;
	return err_set(e,
	    "%s:1: header differs from that of %s: column %zu is %s, there %s "
	    "(--header=reorder or union goes on)",
	    file, canon_of, i + 1, err_quote(bytes_str(names->col[i].name)),
	    err_quote(bytes_str(canon->col[i].name)));
}

int
header_map(const struct schema *names, const char *file,
    const struct schema *canon, const char *canon_of, enum header_policy policy,
    int **map, struct err *e)
{
	size_t i, k, found = 0;

	free(*map);
	*map = NULL;
	if (names->ncol == canon->ncol &&
	    header_differs_at(names, canon) == names->ncol)
		return 0;
	if (policy == HEADER_STRICT)
		return header_same(names, file, canon, canon_of, e);
	*map = xcalloc(canon->ncol, sizeof(**map));
	for (i = 0; i < canon->ncol; i++) {
		k = (size_t)schema_find(names, bytes_str(canon->col[i].name));
		(*map)[i] = (int)k;
		found += (*map)[i] >= 0;
		if ((*map)[i] < 0 && policy == HEADER_REORDER)
			return err_set(e,
			    "%s:1: column %s of %s is missing "
			    "(--header=union leaves it empty)",
			    file, err_quote(bytes_str(canon->col[i].name)),
			    canon_of);
	}
	for (k = 0; found < names->ncol && k < names->ncol; k++)
		if (schema_find(canon, bytes_str(names->col[k].name)) < 0)
			return err_set(e,
			    "%s:1: column %s is not in the header of %s", file,
			    err_quote(bytes_str(names->col[k].name)), canon_of);
	return 0;
}

void
header_types(struct schema *canon, const struct schema *names)
{
	size_t i;
	int at;

	for (i = 0; i < canon->ncol; i++) {
		at = schema_find(names, bytes_str(canon->col[i].name));
		canon->col[i].type = at < 0 ? NULL : names->col[at].type;
	}
}

/* Appends column i of canon, with its type. */
static void
add_canonical(const struct schema *canon, struct schema *out, size_t i)
{
	const struct column *c = &canon->col[i];

	schema_add(out, bytes_str(c->name), (int)i, -1);
	out->col[out->ncol - 1].type = c->type;
}

int
header_project(struct schema *canon, const char *columns, bool open,
    const char *file, struct schema *out, struct err *e)
{
	const char *p = columns;
	struct bytes name;
	size_t i;

	if (!p) {
		for (i = 0; i < canon->ncol; i++)
			add_canonical(canon, out, i);
		return 0;
	}
	while (name_next(&p, &name)) {
		int at = schema_find(canon, name);

		if (at < 0 && !open) {
			at = schema_need(canon, name, e);
			return err_prefix(e, "%s: ", file);
		}
		if (at < 0)
			schema_add(out, name, -1, -1);
		else
			add_canonical(canon, out, (size_t)at);
	}
	return schema_check_unique(out, e);
}

int
signature_load(const char *path, struct schema *names, struct err *e)
{
	struct buf b = BUF_ZERO, file = BUF_ZERO, scratch = BUF_ZERO;
	const char *p, *end;
	struct stat sb;
	int rc = -1;

	buf_puts(&file, path);
	if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) {
		struct dir_entry f;
		struct dir d;
		size_t n = 0;
		int k = dir_open(&d, path, ERR_INPUT, e);

		while (k >= 0 && (k = dir_next(&d, &f, e)) > 0)
			if (f.name[0] != '.' && n++ == 0)
				buf_printf(&file, "/%s", f.name);
		dir_close(&d);
		if (k < 0)
			goto out;
		if (n != 1) {
			err_set(e,
			    "%s: %zu files; a signature directory has "
			    "exactly one",
			    path, n);
			goto out;
		}
	}
	if (file_load(buf_cstr(&file), &b, e) < 0)
		goto out;
	for (p = b.p, end = b.p + b.n; p < end;) {
		/* names are separated by commas or line ends; a name with a
		 * comma is quoted as in CSV */
		const char *q = p;
		bool quoted = false;
		struct bytes v;

		for (; q < end && (quoted || (*q != ',' && *q != '\n')); q++)
			quoted ^= *q == '"';
		v = bytes_of(p, (size_t)(q - p));
		while (v.n && (v.p[v.n - 1] == '\r' || v.p[v.n - 1] == ' '))
			v.n--;
		while (v.n && *v.p == ' ') {
			v.p++;
			v.n--;
		}
		if (v.n)
			schema_add(names, csv_value(v, &scratch), -1, -1);
		p = q + 1;
	}
	if (names->ncol == 0) {
		err_set(e, "%s: no column names in this signature",
		    buf_cstr(&file));
		goto out;
	}
	rc = 0;
out:
	buf_fini(&b);
	buf_fini(&file);
	buf_fini(&scratch);
	return rc;
}
