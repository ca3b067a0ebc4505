/*
 * factsfile - facts as text: in a partial, and in meta.tsv of a context.
 *
 * The text is TSV with the header `kind name a b c d e f` and one line per
 * fact: its kind, a name, and up to six numbers, in decimal, or in hex after an
 * x.  The lines of a column follow its line `col`.
 *
 * meta.tsv also has a line `file` for each file of the context that must stay
 * as the merge has written it, and ends with a seal, a digest of all lines
 * before.
 */
#ifndef SHARD_FACTSFILE_H
#define SHARD_FACTSFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "pass1/facts.h"

/* Appends f as text, header line first. */
void facts_save(const struct facts *f, struct buf *to);
/* Appends a line with the digest of a file of the context; facts_load() stores
 * it in file[]. */
void facts_seal_file(struct buf *text, const char *name, uint64_t digest);
/* Appends the seal. */
void facts_seal(struct buf *text);
/* Returns true if text ends with its seal, and removes the seal from text. */
bool facts_sealed(struct bytes *text);
/* Fills f from a text without a seal; name is for messages.  After an error f
 * is empty. */
MUST_CHECK int
facts_load(struct facts *f, const char *name, struct bytes text, struct err *e);

#endif
