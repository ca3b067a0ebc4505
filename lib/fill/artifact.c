#include "fill/artifact.h"

#include <unistd.h>

#include "io/commit.h"

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
	*have = access(buf_cstr(&path), F_OK) == 0;
	if (*have)
		rc = tsv_load(t, path.p, "column\tstrategy\tvalue\tmissing", e);
	buf_fini(&path);
	return rc;
}
