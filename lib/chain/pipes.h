/*
 * pipes - runs the chain of shard-run as programs joined by pipes, with the
 * program shard-NAME for each filter.
 */
#ifndef SHARD_PIPES_H
#define SHARD_PIPES_H

#include "base/base.h"
#include "base/err.h"

/*
 * Runs the words, whose parts are separated by ":", for the shard at path
 * (NULL: the words of cat name what they read).  The programs demand end
 * markers from each other, so that none takes a dead neighbour for the end of
 * its input. Those that need to know the shard get it as --like.  facts is the
 * text whose digest the record is to have; empty: none.  Returns 0 when all
 * programs ended with status 0; else -1, after they have said what was wrong.
 */
MUST_CHECK int pipes_run(char *const *word, int n, const char *path,
    struct bytes facts, struct err *e);

#endif
