#include "rows/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "rows/coltype.h"

void
schema_add(struct schema *s, struct bytes name, int src, int slot)
{
	s->col = xrealloc(s->col, (s->ncol + 1) * sizeof(*s->col));
	s->col[s->ncol++] = (struct column){
	    .name = xstrndup(name.p, name.n), .src = src, .slot = slot};
}

void
schema_copy(struct schema *to, const struct schema *from)
{
	size_t i;

	for (i = 0; i < from->ncol; i++) {
		const struct column *c = &from->col[i];

		schema_add(to, bytes_str(c->name), c->src, c->slot);
		to->col[to->ncol - 1].code_names = c->code_names;
		to->col[to->ncol - 1].type = c->type;
		to->col[to->ncol - 1].made = c->made;
	}
}

void
schema_remove(struct schema *s, size_t i)
{
	free(s->col[i].name);
	s->ncol--;
	memmove(s->col + i, s->col + i + 1, (s->ncol - i) * sizeof(*s->col));
}

void
schema_rename(struct schema *s, size_t i, struct bytes name)
{
	free(s->col[i].name);
	s->col[i].name = xstrndup(name.p, name.n);
}

void
schema_make(struct schema *s, size_t i, const char *type)
{
	s->col[i].type = coltype(bytes_str(type));
	s->col[i].made = true;
}

void
schema_fini(struct schema *s)
{
	size_t i;

	for (i = 0; i < s->ncol; i++)
		free(s->col[i].name);
	free(s->col);
	*s = SCHEMA_ZERO;
}

int
schema_find(const struct schema *s, struct bytes name)
{
	size_t i;

	for (i = 0; i < s->ncol; i++)
		if (bytes_eq(bytes_str(s->col[i].name), name))
			return (int)i;
	return -1;
}

int
schema_need(struct schema *s, struct bytes name, struct err *e)
{
	struct buf b = BUF_ZERO;
	int i = schema_find(s, name);
	size_t k;

	if (i >= 0)
		return i;
	if (s->open) {
		schema_add(s, name, -1, -1);
		return (int)s->ncol - 1;
	}
	for (k = 0; k < s->ncol && b.n < 600; k++)
		buf_printf(&b, "%s%s", k ? ", " : "", s->col[k].name);
	err_set(e, "no column %s; the header has: %s%s", err_quote(name),
	    buf_cstr(&b), k < s->ncol ? ", ..." : "");
	buf_fini(&b);
	return -1;
}

static int
schema_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
schema_check_unique(const struct schema *s, struct err *e)
{
	char **names = xmalloc(s->ncol * sizeof(*names));
	size_t i;
	int rc = 0;

	for (i = 0; i < s->ncol; i++)
		names[i] = s->col[i].name;
	qsort(names, s->ncol, sizeof(*names), schema_by_name);
	for (i = 1; i < s->ncol && rc == 0; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			rc = err_set(e, "two columns are named %s",
			    err_quote(bytes_str(names[i])));
	free(names);
	return rc;
}

bool
name_next(const char **p, struct bytes *name)
{
	const char *s = *p, *q;

	if (!s)
		return false;
	q = *s == '"' ? strchr(s + 1, '"') : NULL;
	if (q && (q[1] == ',' || q[1] == '\0')) { /* it may hold commas */
		*name = bytes_of(s + 1, (size_t)(q - s - 1));
		q++;
	} else {
		q = strchrnul(s, ',');
		*name = bytes_of(s, (size_t)(q - s));
	}
	*p = *q ? q + 1 : NULL;
	return true;
}
