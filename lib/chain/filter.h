/*
 * filter - describes a stage and its command line; the description makes both
 * the program shard-NAME and the link NAME of shard-run's chain.
 */
#ifndef SHARD_FILTER_H
#define SHARD_FILTER_H

#include "base/opt.h"
#include "chain/session.h"
#include "chain/stage.h"

/* Where a sink leaves its record. */
struct recorded {
	const char *out;
	/* As record_path() takes it, freed by the caller; NULL: the records of
	 * all shards lie together, and no shard is known to be done by its
	 * own. */
	char *shard;
	bool all;        /* the record is of all inputs together */
	uint64_t *facts; /* where the digest is set that it is to have */
};

struct chain;

struct filter {
	const char *name;
	const char *summary; /* one line, for --help */
	const char *example; /* one or two lines */
	const struct opt_spec *specs;
	size_t opt_size;
	void (*defaults)(void *opt);
	/* Checks the options and opens what they name. */
	int (*setup)(void *opt, struct session *s, struct err *e);
	void (*teardown)(void *opt); /* frees what setup made; may be NULL */
	/* Appends to b, as lines, what the options ask about instead of
	 * filtering: 1; or returns 0 where they ask nothing, or -1.  When there
	 * are rows to filter an answer is refused, and b may be NULL.  NULL
	 * where no option asks anything. */
	int (*answer)(const void *opt, bool rows, struct buf *b, struct err *e);
	/* Reads the inputs itself where the options ask for what one stream
	 * cannot give, and returns 1; else returns 0, or -1 on error.  May be
	 * NULL. */
	int (*inputs)(const void *opt, struct chain *c, char *const *paths,
	    size_t npaths, struct session *s, struct err *e);
	const struct stage *stage;
	/* Returns true if the filter ends a chain.  NULL if it never does. */
	bool (*sink)(const void *opt);
	/* Returns the name of the input that an option gives (--like), or NULL.
	 */
	const char *(*like)(const void *opt);
	/* Returns the context that the source must obey too, or NULL. */
	const char *(*context)(const void *opt);
	/* Adds the names of the columns that the filter uses; returns false if
	 * it may use any.  NULL if it always may. */
	bool (*needs)(const void *opt, struct schema *names);
	/* After setup: appends as text what the output depends on besides the
	 * options: what the filter uses of a context, a map or an artifact
	 * (depend.h).  NULL if that is nothing. */
	void (*depends)(const void *opt, struct buf *b);
	/* For sinks: fills where the record of the input path lies (NULL for
	 * several inputs); returns false if that is not known.  NULL if the
	 * filter leaves no record. */
	bool (*recorded)(void *opt, const char *path, struct recorded *where);
	/* For sinks whose records lie together: sets todo[i] for those of the n
	 * inputs that are to be done with the facts that `recorded` took, and
	 * takes away what no longer holds (todo.h).  verify reads inputs that
	 * look done, force takes none as done.  NULL if the record of each
	 * input tells. */
	int (*todo)(const void *opt, char *const *path, size_t n, bool verify,
	    bool force, bool *todo, struct err *e);
	/* Returns true if what the filter leaves beside the record of the input
	 * path (NULL for several inputs) exists.  NULL if it leaves nothing. */
	bool (*whole)(const void *opt, const char *path);
	bool thins; /* it usually drops many rows */
	/* For sinks: returns the separator that they prefer for this input, or
	 * 0. */
	char (*want_sep)(const void *opt, const char *input);
};

extern const struct filter filter_map, filter_dedup, filter_split,
    filter_impute, filter_sort, filter_route, filter_write, filter_stats;

#endif
