/*
 * router - what the filter route keeps between the shards of a process: the
 * batch map, the rows that are still in memory, and the unit of shards that
 * they belong to (units.h).
 *
 *	struct router *r = router_new(&opt, &e);
 *	for each shard:
 *		rows go to r->buf; when it is full, router_write_run() and, if
 *		that were whole shards, router_commit_unit()
 *	router_end(r, &e);
 *	router_free(r);
 *
 * Where the input is sorted, rows of planned groups go to the file of their
 * batch at once, and router_advance() completes the batches before it.  Then a
 * table is there as a whole or not at all: where something fails, router_free()
 * removes what was made of it.
 */
#ifndef SHARD_ROUTER_H
#define SHARD_ROUTER_H

#include <string.h>

#include "keys/keyfront.h"
#include "rows/schema.h"
#include "rows/sortkey.h"
#include "shred/batchfile.h"
#include "shred/batchmap.h"
#include "shred/runfile.h"
#include "sort/sortbuf.h"

/* The slot of rows of no batch. */
#define NO_SLOT UINT32_MAX

struct router;

/* The options of route. */
struct route_opt {
	const char *out, *map, *key, *order, *table, *format, *like;
	const char *context, *compress;
	uint64_t memory, level, facts_digest;
	int unplanned;
	bool sorted;
	int codec;
	enum format fmt; /* FORMAT_UNKNOWN: the input's */
	struct context *ctx;
	struct router *router; /* the session's */
};
/* What is kept between the shards. */
struct router {
	struct batchmap map;
	uint32_t *slot;     /* of the group in each line */
	uint32_t *batch_of; /* of each slot */
	/* slots + 1 of the groups met lately, also of those the map does not
	 * have, but of none that is missing by this context */
	struct keyfront front;
	const struct context *front_of;
	char *key, *order; /* columns as a sortkey has them */
	struct sortkey by; /* the key, the order column */
	char *dir;         /* OUT/_runs/TABLE */
	char *out, *table;
	struct sortbuf buf;
	/* the header line of all shards, and whose it was */
	struct schema schema;
	struct buf header;
	char *first;
	char sep;
	/* the unit to come */
	char *unit;                  /* its name, NULL: no shard yet */
	struct buf records;          /* of its shards that are complete */
	struct sortbuf_mark whole;   /* their rows in the buffer */
	struct runfile_writer **run; /* finished, not renamed */
	size_t nrun;
	/* where the input is sorted: the batch being written, those before it
	 * are done; the key of the row before, and the row's cells */
	bool sorted;
	bool failed; /* a shard did */
	bool begun;  /* a shard was */
	bool made;   /* there is a batch or a unit */
	bool ended;  /* all is there */
	bool sync;   /* runs must reach the disk */
	struct batchfile_opt go;
	struct batchfile file;
	uint32_t batch;
	struct buf before, cells[2];
};
/* Returns the slot that a record's key begins with. */
static inline uint32_t
router_slot(const char *key)
{
	uint32_t v;

	memcpy(&v, key, sizeof(v));
	return __builtin_bswap32(v);
}

/* Makes a router by the options, with the batch map that they name.  Returns
 * NULL with ERR_OUTPUT or ERR_USAGE where no shard could be routed.  The caller
 * frees it with router_free(). */
struct router *router_new(const struct route_opt *o, struct err *e);
/* Prepares the table's directory for runs, before the first shard; later calls
 * do nothing.  The records of batches that the router writes get the digest of
 * the facts. */
MUST_CHECK int router_begin(struct router *r, uint64_t facts, struct err *e);
/* Writes the records of the buffer up to the mark to one run of the unit, and
 * takes them out of the buffer.  The run gets its name with the unit. */
MUST_CHECK int
router_write_run(struct router *r, struct sortbuf_mark m, struct err *e);
/* Commits the unit: its shards, all of whose rows are in runs, are routed from
 * here on. */
MUST_CHECK int router_commit_unit(struct router *r, struct err *e);
/* Completes the batches before this one, of a sorted input; those without a
 * row get a file too. */
MUST_CHECK int router_advance(struct router *r, uint32_t batch, struct err *e);
/* Removes the runs that were written and have no name yet. */
void router_drop_runs(struct router *r);
/* Writes and commits what is left after the last shard, unless the input is
 * sorted and some shard failed; p is a struct router.
 * A struct kept of a session takes this function and the next one. */
MUST_CHECK int router_end(void *p, bool some_failed, struct err *e);
/* Frees the router p, and removes what was not committed. */
void router_free(void *p);

#endif
