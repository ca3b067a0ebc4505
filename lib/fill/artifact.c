#include "fill/artifact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/out.h"

int
artifact_commit(
    const char *dir, const char *name, const struct buf *b, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc;

	buf_printf(&path, "%s/%s", dir, name);
	rc = commit_file(buf_cstr(&path), b->p, b->n, e);
	buf_fini(&path);
	return rc;
}

int
artifact_load_fit(const char *dir, struct tsv *t, bool *have, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc = 0;

	buf_printf(&path, "%s/impute.tsv", dir);
	rc = path_exists(buf_cstr(&path), ERR_INPUT, e);
	*have = rc > 0;
	if (*have)
		rc = tsv_load(t, path.p, "column\tstrategy\tvalue\tmissing", e);
	buf_fini(&path);
	return rc;
}

static bool
same_value(const struct fill *a, const struct fill *b)
{
	double x, y;

	if (strcmp(a->value, b->value) == 0)
		return true;
	/* the pickle knows floats only: 3 there is 3.0 */
	return parse_double(bytes_str(a->value), &x) &&
	    parse_double(bytes_str(b->value), &y) && x == y;
}

/* Two artifacts of one directory must say the same. */
static int
compare(struct filldict *a, const struct filldict *b, const char *an,
    const char *bn, struct err *e)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		/* impute.tsv does not tell a number's mode from a text's */
		a->v[i].number = b->v[i].number;
		if (strcmp(a->v[i].column, b->v[i].column) != 0 ||
		    !same_value(&a->v[i], &b->v[i]))
			return err_set(e,
			    "%s and %s differ (%s = %s, %s = %s): one was "
			    "changed or damaged; name the right one with "
			    "--dict, or fit again",
			    an, bn, err_quote(bytes_str(a->v[i].column)),
			    err_quote(bytes_str(a->v[i].value)),
			    err_quote(bytes_str(b->v[i].column)),
			    err_quote(bytes_str(b->v[i].value)));
	}
	if (a->n == b->n)
		return 0;
	return err_set(e,
	    "%s and %s differ (%zu columns, %zu): one was changed or damaged; "
	    "name the right one with --dict, or fit again",
	    an, bn, a->n, b->n);
}

int
artifact_load_dict(const char *dir, struct filldict *to, struct err *e)
{
	static const char *const names[] = {
	    "impute.tsv", "impute_dict.json", "impute_dict.pkl"};
	struct buf path = BUF_ZERO;
	char *first = NULL;
	size_t i;
	int rc = 0;

	for (i = 0; i < LEN(names) && rc == 0; i++) {
		struct filldict d = FILLDICT_ZERO;

		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, names[i]);
		rc = path_exists(buf_cstr(&path), ERR_INPUT, e);
		if (rc <= 0)
			continue;
		rc = filldict_load(&d, path.p, e);
		if (rc == 0 && first)
			rc = compare(to, &d, first, path.p, e);
		if (rc < 0 || first) {
			filldict_fini(&d);
			continue;
		}
		*to = d;
		first = xstrdup(path.p);
	}
	if (rc == 0 && !first)
		rc = err_set(e,
		    "%s: no artifact here: neither impute.tsv nor "
		    "impute_dict.json nor impute_dict.pkl (shard-fit "
		    "makes them)",
		    dir);
	free(first);
	buf_fini(&path);
	return rc;
}

/* What is published, in the order in which it comes.  The last four are what
 * others fill by. */
static const char *const published[] = {"schema.tsv", "stats.tsv", "tokens.tsv",
    "meta.tsv", "impute_dict.pkl", "impute_dict.json", "impute.tsv"};
#define FILL_BY 3

/* Writes a copy beside the file whose place it is to take. */
static struct commit *
copy_beside(const char *to, const struct buf *b, struct err *e)
{
	struct commit *c = commit_new(to, e);
	int fd, rc;

	if (!c)
		return NULL;
	fd = commit_fd(c);
	rc = write_all(fd, to, b->p, b->n, e);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: fsync", to);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: close", to);
	if (rc == 0)
		return c;
	commit_free(c);
	return NULL;
}

/* True if the file at path holds these bytes. */
static bool
holds(const char *path, const struct buf *b)
{
	struct buf old = BUF_ZERO;
	struct err ignored;
	bool same = access(path, F_OK) == 0 &&
	    file_load(path, &old, &ignored) == 0 &&
	    bytes_eq(buf_bytes(b), buf_bytes(&old));

	buf_fini(&old);
	return same;
}

static char *
file_in(const char *dir, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", dir, name);
	return buf_release(&b);
}

/* The copies in place of the files at path. */
static int
replace(struct commit **c, char *const *path, struct err *e)
{
	sigset_t signals;
	size_t i;
	int rc = 0;

	commit_hold(&signals);
	for (i = LEN(published); i-- > FILL_BY && rc == 0;)
		if (unlink(path[i]) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", path[i]);
	for (i = 0; i < LEN(published) && rc == 0; i++)
		rc = commit_rename(c[i], e);
	commit_release(&signals);
	return rc == 0 ? commit_sync_dir(path[0], e) : -1;
}

int
artifact_publish(const char *from, const char *to, struct err *e)
{
	struct commit *c[LEN(published)] = {NULL};
	struct buf b[LEN(published)] = {BUF_ZERO};
	char *path[LEN(published)];
	bool same = true;
	size_t i;
	int rc = 0;

	for (i = 0; i < LEN(published); i++) {
		char *source = file_in(from, published[i]);

		path[i] = file_in(to, published[i]);
		if (rc == 0)
			rc = file_load(source, &b[i], e);
		same = same && rc == 0 && holds(path[i], &b[i]);
		free(source);
	}
	for (i = 0; i < LEN(published) && rc == 0 && !same; i++) {
		c[i] = copy_beside(path[i], &b[i], e);
		rc = c[i] ? 0 : -1;
	}
	if (rc == 0 && !same)
		rc = replace(c, path, e);
	for (i = 0; i < LEN(published); i++) {
		commit_free(c[i]);
		buf_fini(&b[i]);
		free(path[i]);
	}
	return rc;
}
