#include "pass1/parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/buf.h"
#include "io/dir.h"
#include "pass1/values.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
append(char ***v, size_t *n, char *name)
{
	if ((*n & (*n - 1)) == 0)
		*v = xrealloc(*v, (*n ? 2 * *n : 1) * sizeof(**v));
	(*v)[(*n)++] = name;
}

int
parts_list(
    const char *dir, const char *end, char ***v, size_t *n, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	size_t nend = strlen(end), first = *n;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		size_t len = strlen(f.name);
		struct buf b = BUF_ZERO;

		if (f.name[0] == '.' || len <= nend ||
		    strcmp(f.name + len - nend, end) != 0)
			continue;
		buf_printf(&b, "%s/%s", dir, f.name);
		append(v, n, buf_release(&b));
	}
	dir_close(&d);
	if (*n > first)
		qsort(*v + first, *n - first, sizeof(**v), by_name);
	return rc;
}

int
parts_expand(char ***v, size_t *n, struct err *e)
{
	char **out = NULL;
	struct stat sb;
	size_t i, nout = 0;
	int rc = 0;

	for (i = 0; i < *n && rc == 0; i++)
		if (stat((*v)[i], &sb) == 0 && S_ISDIR(sb.st_mode))
			rc = parts_list((*v)[i], ".st", &out, &nout, e);
		else
			append(&out, &nout, xstrdup((*v)[i]));
	parts_free(*v, *n);
	*v = out;
	*n = nout;
	if (rc == 0 && nout == 0)
		rc = err_set(e, "no partial found (pass 1 writes NNNNN.st)");
	return rc;
}

void
parts_free(char **v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

char *
parts_path(const char *dir, uint64_t number)
{
	struct buf b = BUF_ZERO;

	if (parts_is_file(dir))
		return xstrdup(dir);
	buf_printf(&b, "%s/%05llu.st", dir, (unsigned long long)number);
	return buf_release(&b);
}

int
parts_check_memory(uint64_t memory, struct err *e)
{
	return memory >= VALUES_MEMORY_MIN
	    ? 0
	    : err_kind_set(e, ERR_USAGE, "--memory: at least 1M is needed");
}

bool
parts_is_file(const char *path)
{
	size_t n = strlen(path);

	return n > 3 && strcmp(path + n - 3, ".st") == 0;
}
