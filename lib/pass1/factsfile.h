/*
 * factsfile - facts as text: in a partial, and in meta.tsv of a context.
 *
 * A TSV file with the header `kind name a b c d e f`: one line per fact, with
 * its kind, a name, and up to six numbers, decimal ones or hex ones behind an
 * x.  The lines of a column follow its line `col`.
 *
 * meta.tsv has besides a line `file` for each file of the context that must be
 * as the merge left it, and ends with a seal: a digest of all lines before.
 */
#ifndef SHARD_FACTSFILE_H
#define SHARD_FACTSFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "pass1/facts.h"

/* Appends f as text, header line first. */
void facts_save(const struct facts *f, struct buf *to);
/* Appends a line with the digest of a file of the context, which facts_load()
 * puts in file[]. */
void facts_seal_file(struct buf *text, const char *name, uint64_t digest);
/* Appends the last line, with the digest of all before. */
void facts_seal(struct buf *text);
/* True if text ends with a seal that fits it; the seal is cut off then. */
bool facts_sealed(struct bytes *text);
/* Fills f from a text without a seal; name is for messages.  After an error
 * there is nothing to free. */
MUST_CHECK int
facts_load(struct facts *f, const char *name, struct bytes text, struct err *e);

#endif
