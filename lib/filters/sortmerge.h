/*
 * sortmerge - merges sorted files into one sorted stream (shard-sort --merge).
 */
#ifndef SHARD_SORTMERGE_H
#define SHARD_SORTMERGE_H

#include "chain/filter.h"

/* The function inputs of filter_sort (filter.h): merges the files when the
 * options, a struct sort_opt, have merge set. */
int sort_merge_inputs(const void *opt, struct chain *c, char *const *paths,
    size_t n, struct session *s, struct err *e);

#endif
