/*
 * shards - which files are shards, and in which order.
 */
#ifndef SHARD_SHARDS_H
#define SHARD_SHARDS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/name.h"

/*
 * The calendar day in a name (instant.h): YYYY-MM-DD, or YYYYMMDD from the
 * year 1000 on, as numbers of shards begin with zeros; no digit next to it, and
 * not in a UUID.  1: *day is it; 0: there is none; -1: two different ones.
 */
MUST_CHECK int day_in_name(const char *name, uint32_t *day, struct err *e);

struct shard {
	char *path;
	struct shard_name name;
	uint64_t bytes;
	/* with shards_opt.days, in the name of the file, else in that of its
	 * directory below the root */
	bool dated;
	uint32_t day;
};

struct shards {
	struct shard *v;
	size_t n;
	struct buf searched; /* the directories, for a message */
	bool pattern, days;  /* whether they were asked for */
};

#define SHARDS_ZERO ((struct shards){.v = NULL})

struct shards_opt {
	/* POSIX extended expression on the file name instead of part-N; its
	 * first group is the number, without a group they are numbered in
	 * name order.  NULL: part-N. */
	const char *pattern;
	/* Called for what is left out although it looks like a shard. */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	/* Look for days in the names, and into those directories in a root
	 * that have one in theirs. */
	bool days;
};

/*
 * Appends the shards of a root: a directory, or a file named by itself.  Call
 * shards_order() after the last root.
 */
MUST_CHECK int shards_find(struct shards *s, const char *root,
    const struct shards_opt *opt, struct err *e);
/* Sorts by day if asked for, number, then name; refuses two with one number (on
 * one day), none at all, empty files, and shards without a day among others
 * with one. */
MUST_CHECK int shards_order(struct shards *s, struct err *e);
/* The whole of it: finds the shards of n roots, and orders them. */
MUST_CHECK int shards_find_all(struct shards *s, char *const *root, size_t n,
    const struct shards_opt *opt, struct err *e);
void shards_fini(struct shards *s);

#endif
