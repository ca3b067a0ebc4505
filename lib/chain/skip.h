/*
 * skip - a chain that is run again passes over shards that are done: those
 * whose record says that they were made of the same bytes, by the same words
 * and facts.
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
 * Gives the record that the chain's last filter will leave this digest of the
 * facts.  True if the n inputs are done: there is such a record, it has that
 * digest, and was made of the bytes of the inputs, and what the filters leave
 * beside it is there; verify reads inputs that look the same again.  The record
 * of more than one input holds no identity of theirs: with them, facts must
 * tell (skip_inputs()).
 */
bool chain_is_done(const struct chain *c, char *const *path, size_t n,
    uint64_t facts, bool verify);

/* Appends the identities of the inputs. */
MUST_CHECK int
skip_inputs(char *const *path, size_t n, struct buf *text, struct err *e);

#endif
