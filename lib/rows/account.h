/*
 * account - where every input row went: written to a split, or dropped for a
 * named reason.  And the end marker of a row stream, which carries it.
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

const char *drop_name(enum drop d);

struct account {
	uint64_t in;
	/* Sums modulo 2^64.  Only external may be below 0, as an int64_t: by
	 * the rows that foreign programs added beyond those they left out. */
	uint64_t drop[DROP_COUNT];
	/* Of the one file that a stream comes from; travels in the end marker
	 * only, so that the writer can put it in the record. */
	bool have_digest;
	uint64_t digest, size;
};

/* in = rows + all drops? */
bool account_closes(const struct account *a, uint64_t rows);

/*
 * The account as rows (kind, name, rows), sorted by kind then name, in the
 * order in which every file and the end marker have them: the drops other
 * than 0, then `in`.  Calls put for each, with the number as text.
 */
void account_each(const struct account *a,
    void (*put)(
	void *arg, const char *kind, const char *name, const char *rows),
    void *arg);
/* The reverse, one row at a time; false for an unknown kind or name, and for
 * what is no number from 0 up (external: nor a negative one). */
bool account_set(
    struct account *a, struct bytes kind, struct bytes name, struct bytes rows);

/*
 * The end marker: one record `\004shardkit 1 ROWS kind:name:rows ...`.
 * ROWS counts the records of the stream behind the header; `digest:HEX:SIZE`
 * at the end names the bytes of the one file it comes from.
 */
#define TRAILER_BYTE '\004'
#define TRAILER_MAX 1000
void trailer_format(struct buf *b, uint64_t rows, const struct account *a);
/* rec is without its newline.  False when it is no well-formed marker. */
bool trailer_parse(struct bytes rec, uint64_t *rows, struct account *a);

#endif
