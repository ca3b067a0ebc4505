/*
 * schema - the columns of a stream at one place in a chain: their names and
 * where a block keeps their values.
 */
#ifndef SHARD_SCHEMA_H
#define SHARD_SCHEMA_H

#include "base/base.h"
#include "base/err.h"

/*
 * The value of a column in a row is that of its slot, if it has a slot (slot >=
 * 0) and the slot has a value for the row; else field src of the source record,
 * if src >= 0; else it is missing.
 */
struct column {
	char *name;
	int src;
	int slot;
	/* The texts of the codes, if the slot has codes.  They belong to the
	 * stage that appended the column. */
	const char *const *code_names;
	/* The type (coltype.h) that the input declares or, if made, that a
	 * stage has given the column; NULL if it is not known. */
	const char *type;
	bool made;
};

struct schema {
	struct column *col;
	size_t ncol;
	int nslot;
	/* Other shards may have other columns, which no row here has. */
	bool open;
};

#define SCHEMA_ZERO ((struct schema){NULL, 0, 0, false})

/* Appends a column, with a copy of the name. */
void schema_add(struct schema *s, struct bytes name, int src, int slot);
/* Appends copies of all columns of another schema. */
void schema_copy(struct schema *to, const struct schema *from);
/* Removes column i; those after it move up. */
void schema_remove(struct schema *s, size_t i);
/* Gives column i a new name, of which it keeps a copy. */
void schema_rename(struct schema *s, size_t i, struct bytes name);
/* Sets the type of column i, whose values a stage makes. */
void schema_make(struct schema *s, size_t i, const char *type);
/* Frees the columns. */
void schema_fini(struct schema *s);
/* Returns the index of the column of that name, or -1. */
int schema_find(const struct schema *s, struct bytes name);
/* Returns the index of the column of that name.  If there is none, an open
 * schema gets it; else the function returns -1 and the error lists the header.
 */
MUST_CHECK int schema_need(struct schema *s, struct bytes name, struct err *e);
/* Returns -1 when two columns have one name, else 0. */
MUST_CHECK int schema_check_unique(const struct schema *s, struct err *e);

/* Sets *name to the next name of a comma-separated list and moves *list behind
 * it, to NULL after the last; returns false when there is none.  A name in
 * quotes may have commas. */
bool name_next(const char **list, struct bytes *name);

#endif
