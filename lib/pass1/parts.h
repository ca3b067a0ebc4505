/*
 * parts - the partials that pass 1 left, as names: what a merge and a list of
 * groups are given, in which a directory stands for the partials in it.
 */
#ifndef SHARD_PARTS_H
#define SHARD_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Appends the files in dir whose names end in `end`, as paths and in byte
 * order, to the list of n names that *v is; names that begin with a dot are
 * left out.  The caller frees the names and the list.
 */
MUST_CHECK int parts_list(
    const char *dir, const char *end, char ***v, size_t *n, struct err *e);
/*
 * Replaces each directory in the list by the partials in it.  -1 when a
 * directory cannot be read or no name is left; the list is the caller's to free
 * in either case.
 */
MUST_CHECK int parts_expand(char ***v, size_t *n, struct err *e);
/* Frees the names and the list. */
void parts_free(char **v, size_t n);

/* The partial of the shard with that number under dir, or dir itself where it
 * names a partial; the caller frees it. */
char *parts_path(const char *dir, uint64_t number);
/* ERR_USAGE unless so many bytes are enough for values and groups. */
MUST_CHECK int parts_check_memory(uint64_t memory, struct err *e);
/* True if the path names one partial, NAME.st, and no directory of them. */
bool parts_is_file(const char *path);

#endif
