#include "shred/join.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/dir.h"
#include "io/in.h"
#include "shred/each.h"

/* A first line of results that is longer is no header. */
#define JOIN_LINE ((size_t)1 << 20)

/* What of a joined file comes next. */
struct join {
	struct batchfile to;
	struct buf head; /* the first line of all */
	bool begun, headed;
};

static int
join_file(struct join *j, const char *path, struct err *e)
{
	struct in *in = in_open(path, IN_RAW, e);
	bool first = true, ended = true;
	struct bytes v;
	int rc = -1;

	if (!in)
		return -1;
	for (;;) {
		const char *nl = NULL;
		size_t min = 1, seen = 0;

		if (in_peek(in, min, &v, e) < 0)
			goto out;
		if (v.n == 0)
			break;
		while (first && v.n < JOIN_LINE && !in_at_eof(in) &&
		    !(nl = memchr(v.p + seen, '\n', v.n - seen))) {
			seen = v.n;
			if (in_peek(in, v.n + IN_BLOCK, &v, e) < 0)
				goto out;
		}
		if (first && !nl)
			nl = memchr(v.p + seen, '\n', v.n - seen);
		if (first) {
			struct bytes line =
			    bytes_of(v.p, nl ? (size_t)(nl - v.p) : v.n);
			bool whole = nl || in_at_eof(in);

			first = false;
			if (!j->begun) {
				j->begun = true;
				j->headed = whole;
				if (whole)
					buf_putb(&j->head, line);
			} else if (whole && j->headed &&
			    bytes_eq(line, buf_bytes(&j->head))) {
				in_consume(in, line.n + (nl != NULL));
				continue;
			}
		}
		for (min = 0; min < v.n; min++)
			j->to.rows += v.p[min] == '\n';
		ended = v.p[v.n - 1] == '\n';
		if (out_write(j->to.out, v.p, v.n, e) < 0)
			goto out;
		in_consume(in, v.n);
	}
	if (!ended) {
		j->to.rows++;
		if (out_write(j->to.out, "\n", 1, e) < 0)
			goto out;
	}
	rc = 0;
out:
	in_close(in);
	return rc;
}

int
join_results(
    const struct batchfile_opt *o, char *const *path, size_t n, struct err *e)
{
	struct join j = {.to = {.o = o}};
	size_t i;
	int rc;

	j.to.shard = xstrdup("result");
	j.to.split = xstrdup("result");
	rc = batchfile_create(&j.to, "result.csv", CODEC_NONE, e);
	for (i = 0; i < n && rc == 0; i++)
		rc = join_file(&j, path[i], e);
	if (rc == 0)
		rc = batchfile_commit(&j.to, e);
	batchfile_free(&j.to);
	buf_fini(&j.head);
	return rc;
}

/* Is the joined file there, as its record says? */
static bool
is_joined(const char *out)
{
	char *path = batchfile_record(out, "result");
	struct err ignored;
	struct record r;
	bool ok = record_load(&r, path, &ignored) == 0;

	free(path);
	if (!ok)
		return false;
	ok = batchfile_hold(&r, out);
	record_fini(&r);
	return ok;
}

int
join_each(const struct batchfile_opt *o, uint32_t nbatch, struct err *e)
{
	char **path = xcalloc((size_t)nbatch + 1, sizeof(*path)), *dir;
	bool whole = true;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < nbatch; i++) {
		path[i] = each_result(o->out, i);
		if (rc == 0 && whole) {
			rc = path_exists(path[i], ERR_OUTPUT, e);
			whole = rc > 0;
			rc = rc < 0 ? -1 : 0;
		}
	}
	if (rc == 0 && (whole || !is_joined(o->out)))
		rc = join_results(o, path, nbatch, e);
	dir = batchfile_path(o->out, "_results");
	if (rc == 0)
		rc = dir_remove(dir, ERR_OUTPUT, e);
	free(dir);
	for (i = 0; i < nbatch; i++)
		free(path[i]);
	free(path);
	return rc;
}
