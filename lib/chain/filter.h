/*
 * filter - a stage with its command line: what makes `shard-NAME` a program
 * and NAME a link of shard-run's chain, from one description.
 */
#ifndef SHARD_FILTER_H
#define SHARD_FILTER_H

#include "base/opt.h"
#include "chain/session.h"
#include "chain/stage.h"

/* Where the record of a sink lies. */
struct recorded {
	const char *out;
	/* As record_path() takes it, freed by the caller; NULL: the records of
	 * all shards lie together, and no shard is known to be done by its
	 * own. */
	char *shard;
	bool all;        /* it is of all inputs together */
	uint64_t *facts; /* the digest that it is to have */
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
	/* Reads the inputs itself where the options ask for what no single
	 * stream can give: 1 done, 0 not asked, -1; may be NULL. */
	int (*inputs)(const void *opt, struct chain *c, char *const *paths,
	    size_t npaths, struct session *s, struct err *e);
	const struct stage *stage;
	/* Does it end a chain?  NULL: no. */
	bool (*sink)(const void *opt);
	/* The input's name as an option gave it (--like), or NULL. */
	const char *(*like)(const void *opt);
	/* The context that the source shall obey too, or NULL. */
	const char *(*context)(const void *opt);
	/* Adds the names of the columns that it looks at; false: it may look
	 * at any.  NULL: the same. */
	bool (*needs)(const void *opt, struct schema *names);
	/* Appends, as text, what the filter's output depends on beside its
	 * options: what it uses of a context, a map or an artifact (depend.h).
	 * NULL: nothing.  After setup. */
	void (*depends)(const void *opt, struct buf *b);
	/* For sinks that leave a record: where it lies for the input path
	 * (NULL where there are several); false where that is not known.  NULL:
	 * the filter leaves none. */
	bool (*recorded)(void *opt, const char *path, struct recorded *where);
	/* For sinks whose records lie together: says which of the n inputs are
	 * to be done with the facts that `recorded` took, and takes away what
	 * no longer holds (todo.h).  verify reads inputs that look done, force
	 * takes none for done.  NULL: the record of each input tells. */
	int (*todo)(const void *opt, char *const *path, size_t n, bool verify,
	    bool force, bool *todo, struct err *e);
	/* True if what the filter leaves beside the record of the input path
	 * (NULL where there are several) is there; NULL: it leaves nothing. */
	bool (*whole)(const void *opt, const char *path);
	bool thins; /* many rows do not get past it, as a rule */
	/* For sinks: the separator they would like for this input; 0 none. */
	char (*want_sep)(const void *opt, const char *input);
};

extern const struct filter filter_map, filter_dedup, filter_split,
    filter_impute, filter_sort, filter_route, filter_write, filter_stats;

#endif
