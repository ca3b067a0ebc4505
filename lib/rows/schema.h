/*
 * schema - the columns of a stream at one place in a chain: their names and
 * where a block keeps their values.
 */
#ifndef SHARD_SCHEMA_H
#define SHARD_SCHEMA_H

#include "base/base.h"
#include "base/err.h"

/*
 * A column's value in a row is, in this order: what the block's slot holds
 * for that row, if there is a slot and it holds something; the source
 * record's field src, if src >= 0; missing.
 */
struct column {
	char *name;
	int src;
	int slot;
	/* When the slot holds codes: what they stand for.  Borrowed from the
	 * stage that appended the column. */
	const char *const *code_names;
	/* What the input declares it as (coltype.h), or, if made, what a stage
	 * has made of it; NULL: nobody has said. */
	const char *type;
	bool made;
};

struct schema {
	struct column *col;
	size_t ncol;
	int nslot;
	/* There may be other columns, which no row of this input has. */
	bool open;
};

#define SCHEMA_ZERO ((struct schema){NULL, 0, 0, false})

void schema_add(struct schema *s, struct bytes name, int src, int slot);
/* Appends copies of all columns of another schema. */
void schema_copy(struct schema *to, const struct schema *from);
void schema_remove(struct schema *s, size_t i);
void schema_rename(struct schema *s, size_t i, struct bytes name);
/* A stage knows what it makes. */
void schema_make(struct schema *s, size_t i, const char *type);
void schema_fini(struct schema *s);
/* Index of the column, or -1. */
int schema_find(const struct schema *s, struct bytes name);
/* The same, with an error that lists the header; an open schema gets the
 * column. */
MUST_CHECK int schema_need(struct schema *s, struct bytes name, struct err *e);
/* -1 when two columns have one name. */
MUST_CHECK int schema_check_unique(const struct schema *s, struct err *e);

/* Cuts the next name off a comma-separated list, NULL at its end; false when
 * there is none.  A name in quotes may hold commas. */
bool name_next(const char **list, struct bytes *name);

#endif
