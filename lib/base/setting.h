/*
 * setting - what the user's environment says to every program.
 *
 * Nothing else in the library depends on the environment, and nothing in it
 * reads the environment: a program calls setting_set() once, before it opens
 * anything.  A program that does not call it has the values below.
 */
#ifndef SHARD_SETTING_H
#define SHARD_SETTING_H

#include "base/base.h"

struct setting {
	const char *temp_dir;   /* where temporary files go; "/tmp" */
	const char *max_record; /* the longest record, as text; NULL */
	const char *simd;       /* the variant of csvscan() to use; NULL */
	const char *duckdb;     /* the path of DuckDB's library; NULL */
	bool tabs;              /* tabs separate the fields of streams */
};

/* Copies s.  The texts stay the caller's and must live as long as the program.
 * Not to be called while other threads run. */
void setting_set(const struct setting *s);

/* Returns the settings in force; never NULL. */
const struct setting *setting(void);

#endif
