/*
 * find - finds the shards in directories and puts them in order.
 */
#ifndef SHARD_FIND_H
#define SHARD_FIND_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/name.h"

/*
 * Sets *day to the calendar day in a name (instant.h) and returns 1; returns 0
 * when there is none, -1 when there are two different ones.  A day is
 * YYYY-MM-DD, or YYYYMMDD from the year 1000 on (numbers of shards begin with
 * zeros), without a digit next to it and not in a UUID.
 */
MUST_CHECK int day_in_name(const char *name, uint32_t *day, struct err *e);

struct shard {
	char *path;
	struct shard_name name;
	uint64_t bytes;
	/* With shards_opt.days: true if the name of the file has a day, or else
	 * that of its directory below the root. */
	bool dated;
	uint32_t day;
};

struct shards {
	struct shard *v;
	size_t n;
	struct buf searched; /* names of the directories, for a message */
	bool pattern, days;  /* the options had these */
};

#define SHARDS_ZERO ((struct shards){.v = NULL})

struct shards_opt {
	/* A POSIX extended regular expression that names of files must match.
	 * Its first group is the number; without a group, shards are numbered
	 * in the order of their names.  If NULL, names must be part-N. */
	const char *pattern;
	/* Is told of files that are left out although they look like shards. */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	/* Find days in names, and search the directories in a root whose names
	 * have one. */
	bool days;
};

/*
 * Appends the shards of a root, which is a directory or a single file.  The
 * caller calls shards_order() after the last root.
 */
MUST_CHECK int shards_find(struct shards *s, const char *root,
    const struct shards_opt *opt, struct err *e);
/* Sorts by day, if days were asked for, then by number, then by name.  Errors
 * are: no shard at all, two of one number (on one day), empty files, and shards
 * without a day among shards with one. */
MUST_CHECK int shards_order(struct shards *s, struct err *e);
/* Finds the shards of n roots and sorts them. */
MUST_CHECK int shards_find_all(struct shards *s, char *const *root, size_t n,
    const struct shards_opt *opt, struct err *e);
/* Frees the shards. */
void shards_fini(struct shards *s);

#endif
