/*
 * artifact - the files that a fit and its report write to a directory, which is
 * usually that of the context.
 */
#ifndef SHARD_ARTIFACT_H
#define SHARD_ARTIFACT_H

#include "base/buf.h"
#include "base/err.h"
#include "io/tsv.h"

/* Writes b as the file `name` in dir, whole or not at all. */
MUST_CHECK int artifact_commit(
    const char *dir, const char *name, const struct buf *b, struct err *e);
/* Loads impute.tsv of dir and sets *have to true.  If there is no such file,
 * *have is false and the table stays as it was.  The caller frees it with
 * tsv_fini(). */
MUST_CHECK int
artifact_load_fit(const char *dir, struct tsv *t, bool *have, struct err *e);

#endif
