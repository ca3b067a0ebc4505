/*
 * skip - tells which shards a chain need not run over again: those whose record
 * says that they were made from the same bytes, by the same words and facts.
 */
#ifndef SHARD_SKIP_H
#define SHARD_SKIP_H

#include "chain/chain.h"

/*
 * Appends, as text, all that the bytes of the chain's output depend on beside
 * the rows: the options of the source and of each filter, and what they use of
 * contexts, maps and artifacts.  Paths do not count, as a tree that was moved
 * is as fresh as before.  The filters must have been set up.
 */
MUST_CHECK int
chain_facts(const struct chain *c, struct buf *text, struct err *e);

/*
 * Sets the digest of the facts for the record that the chain's last filter will
 * leave.  Returns true if the n inputs are done: such a record exists, has this
 * digest and was made from the bytes of the inputs, which are read again if
 * verify is true, and what the filters leave beside it exists.  The record of
 * several inputs does not identify them, so the facts must (skip_inputs()).
 */
bool chain_is_done(const struct chain *c, char *const *path, size_t n,
    uint64_t facts, bool verify);

/* Appends the identities of the inputs to the text of the facts. */
MUST_CHECK int
skip_inputs(char *const *path, size_t n, struct buf *text, struct err *e);

#endif
