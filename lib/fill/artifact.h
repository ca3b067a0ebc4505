/*
 * artifact - the files that a fit and its report write to a directory, which is
 * usually that of the context.
 */
#ifndef SHARD_ARTIFACT_H
#define SHARD_ARTIFACT_H

#include "base/buf.h"
#include "base/err.h"
#include "fill/dict.h"
#include "io/tsv.h"

/* Writes b as the file `name` in dir, whole or not at all. */
MUST_CHECK int artifact_commit(
    const char *dir, const char *name, const struct buf *b, struct err *e);
/* Loads impute.tsv of dir and sets *have to true.  If there is no such file,
 * *have is false and the table stays as it was.  The caller frees it with
 * tsv_fini(). */
MUST_CHECK int
artifact_load_fit(const char *dir, struct tsv *t, bool *have, struct err *e);
/*
 * Loads the values that fill from impute.tsv, impute_dict.json and
 * impute_dict.pkl of dir: one of them is enough, and those that are there must
 * agree.  The caller frees the dict with filldict_fini(), after an error too.
 */
MUST_CHECK int
artifact_load_dict(const char *dir, struct filldict *d, struct err *e);
/*
 * Puts the context and the artifacts in the directory `from` into the directory
 * `to`, in place of those there.  At no moment do files of both fill together:
 * what others fill by goes first and comes last.  Nothing is touched where all
 * files are the same.
 */
MUST_CHECK int
artifact_publish(const char *from, const char *to, struct err *e);

#endif
