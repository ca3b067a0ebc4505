/*
 * account - counts where each input row went: it was written, or it was dropped
 * for a named reason.  The end marker of a row stream carries the account.
 */
#ifndef SHARD_ACCOUNT_H
#define SHARD_ACCOUNT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

enum drop {
	DROP_DUPLICATE,
	DROP_EXTERNAL,
	DROP_FILTERED,
	DROP_MISSING_GROUP,
	DROP_MISSING_KEY,
	DROP_MISSING_LABEL,
	DROP_MISSING_TIME,
	DROP_REJECTED,
	DROP_UNPLANNED,
	DROP_UNSEEN_LABEL,
	DROP_COUNT
};

/* Returns the name of a reason, as files and messages have it. */
const char *drop_name(enum drop d);

struct account {
	uint64_t in; /* rows of the input */
	/* Dropped rows, modulo 2^64.  Only external may be negative, when read
	 * as an int64_t: where foreign programs added more rows than they left
	 * out. */
	uint64_t drop[DROP_COUNT];
	/* The digest and the size in bytes of the one file that a stream comes
	 * from.  They travel in the end marker only, and the writer stores them
	 * in the record of the shard. */
	bool have_digest;
	uint64_t digest, size;
};

/* Returns true if the input's rows are these rows and all dropped ones. */
bool account_closes(const struct account *a, uint64_t rows);

/*
 * Calls put for each line of the account (kind, name, rows as text), in the
 * order that all files and the end marker have: the drops that are not 0, by
 * name, and then `in`.
 */
void account_each(const struct account *a,
    void (*put)(
	void *arg, const char *kind, const char *name, const char *rows),
    void *arg);
/* Stores one such line in a.  Returns false for an unknown kind or name, and
 * when rows is no number; only external may have a negative one. */
bool account_set(
    struct account *a, struct bytes kind, struct bytes name, struct bytes rows);

/*
 * The end marker is one record, `\004shardkit 1 ROWS kind:name:rows ...`.  ROWS
 * counts the records of the stream without its header.  `digest:HEX:SIZE` may
 * follow: the digest and size of the one file that the stream comes from.
 */
#define TRAILER_BYTE '\004'
#define TRAILER_MAX 1000
/* Appends the end marker, with its newline. */
void trailer_format(struct buf *b, uint64_t rows, const struct account *a);
/* Reads an end marker, which is given without its newline; returns false when
 * it is not well-formed. */
bool trailer_parse(struct bytes rec, uint64_t *rows, struct account *a);

#endif
