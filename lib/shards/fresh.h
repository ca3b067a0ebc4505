/*
 * fresh - tells what a record in an output directory was made from: the bytes
 * that the input has now or others, and whether its files are there.
 */
#ifndef SHARD_FRESH_H
#define SHARD_FRESH_H

#include "shards/record.h"

/*
 * Returns true if the record came from the bytes of path: it has the name,
 * size, time and inode of path, or, where these differ or verify is true, its
 * digest, for which path is read.
 */
bool fresh_input(const struct record *r, const char *path, bool verify);
/* Returns true if all files of the record are in the directory out, with their
 * sizes. */
bool fresh_files(const struct record *r, const char *out);

#endif
