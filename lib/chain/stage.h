/*
 * stage - one step of a chain: it takes the schema and the blocks of the step
 * before, changes them, and hands them on.
 *
 * A stage never exits, never prints and keeps everything in *st.  Joined by
 * pipes or in one process, the same stages give the same bytes.
 */
#ifndef SHARD_STAGE_H
#define SHARD_STAGE_H

#include "io/in.h"
#include "rows/account.h"
#include "rows/block.h"
#include "rows/schema.h"
#include "shards/find.h"

/* One input on its way through a chain: what is known of it.  The source fills
 * the pass, and all stages of the chain share it. */
struct pass {
	/* Known from the start when the input is a shard with a name, from
	 * the operand or from --like; else like is NULL. */
	const char *like;
	struct shard_name shard;

	const char *input; /* for messages: the file being read now */
	struct account account;
	/* Filled at the end of the input, when a named file was read whole. */
	bool have_input;
	struct identity id;
	uint64_t digest;
	bool named;           /* the input is files, not standard input */
	bool alone;           /* it is one file */
	bool emit;            /* a row stream ends with its end marker */
	char out_sep;         /* the separator of the blocks */
	char in_sep;          /* the one the input had */
	int header;           /* enum header_policy of the source */
	uint64_t fingerprint; /* of the source's options */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

/* Counts n rows as dropped for this reason. */
static inline void
pass_drop(struct pass *p, enum drop why, uint64_t n)
{
	p->account.drop[why] += n;
}

/* Puts "FILE:LINE: " of a row in front of the message of e; returns -1. */
int pass_at(
    const struct pass *p, const struct block *b, uint32_t row, struct err *e);

/* Sets *id and *digest to those of the one file that the rows come from, once
 * it was read to its end; returns false when they are not known. */
bool pass_source(const struct pass *p, struct identity *id, uint64_t *digest);

struct stage {
	/* Takes the input schema and leaves the output schema in its place:
	 * an unknown column fails here.  *st is NULL before. */
	int (*init)(void **st, const void *opt, struct schema *s,
	    struct pass *pass, struct err *e);
	/* Edits the block, or drops rows of it, in place. */
	int (*process)(void *st, struct block *b, struct err *e);
	/* Is called when the input has ended well and the account of the stages
	 * before is complete.  May be NULL. */
	int (*finish)(void *st, struct err *e);
	/* Frees the state, also after any failure; st may be NULL. */
	void (*free)(void *st);
};

#endif
