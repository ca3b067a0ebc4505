/*
 * header - the column names of inputs: reads them from a header or a signature,
 * compares those of several inputs, and selects columns.
 *
 * The canonical header is the one that all inputs of a source must have.  Its
 * names are in a schema, canon; canon_of is the file that it comes from, for
 * messages.  Every message names the input, file, and its first line.
 */
#ifndef SHARD_HEADER_H
#define SHARD_HEADER_H

#include "base/base.h"
#include "base/err.h"
#include "pass1/facts.h"
#include "rows/schema.h"

/*
 * Appends to out the n names of an input: those of the signature if it has any
 * (it must have n), else those in name.  __DOT__ becomes a dot unless keep is
 * true.  Names that are not unique are an error.
 */
MUST_CHECK int
header_names(const struct bytes *name, size_t n, const struct schema *signature,
    bool keep, const char *file, struct schema *out, struct err *e);
/* Returns the index of the first column whose names in a and b differ, or the
 * number of columns of the shorter one. */
size_t header_differs_at(const struct schema *a, const struct schema *b);
/* Returns -1 unless the names are those of canon in the same order. */
MUST_CHECK int header_same(const struct schema *names, const char *file,
    const struct schema *canon, const char *canon_of, struct err *e);
/*
 * Compares names with canon as the policy says.  *map becomes NULL where they
 * are the same in the same order, else an array that has for each column of
 * canon its field, or -1.  The caller frees *map; what it held before is freed
 * here.
 */
MUST_CHECK int header_map(const struct schema *names, const char *file,
    const struct schema *canon, const char *canon_of, enum header_policy policy,
    int **map, struct err *e);
/* Gives each column of canon the type that names declares for it, or none. */
void header_types(struct schema *canon, const struct schema *names);
/*
 * Appends to out the columns of canon that the list columns ("a,b,c") names, in
 * this order; all for NULL.  A name that canon lacks is an error, unless open
 * says that other inputs may have it.
 */
MUST_CHECK int header_project(struct schema *canon, const char *columns,
    bool open, const char *file, struct schema *out, struct err *e);

/* Appends to names those in the signature file at path, or in the only file of
 * the directory at path; none is an error. */
MUST_CHECK int
signature_load(const char *path, struct schema *names, struct err *e);

#endif
