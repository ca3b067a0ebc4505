/*
 * parts - names of partials, in lists where a directory stands for the partials
 * in it.
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
 * Replaces each directory in the list by the partials in it.  Returns -1 when a
 * directory cannot be read or no name is left.  The caller frees the list in
 * any case.
 */
MUST_CHECK int parts_expand(char ***v, size_t *n, struct err *e);
/* Frees the names and the list. */
void parts_free(char **v, size_t n);

/* Returns the path of the partial of shard number in dir, or dir itself if it
 * is the name of a partial; the caller frees it. */
char *parts_path(const char *dir, uint64_t number);
/* Returns -1 with ERR_USAGE if memory bytes are too few for values and groups.
 */
MUST_CHECK int parts_check_memory(uint64_t memory, struct err *e);
/* Returns true if the path is the name of a partial, NAME.st, and not a
 * directory. */
bool parts_is_file(const char *path);

#endif
