/*
 * session - what lives as long as the program, over all inputs of a chain:
 * contexts and batch maps, which are opened once each, the warnings that were
 * given, and what the last filter keeps from one input to the next.
 *
 *	struct session s = {.tool = "shard-run", .warn = cmd_warn};
 *	for each input
 *		rc = chain_run(&chain, path, 1, &s, &e);
 *	if (rc == 0)
 *		rc = session_end(&s, &e);
 *	session_fini(&s);
 */
#ifndef SHARD_SESSION_H
#define SHARD_SESSION_H

#include "base/buf.h"
#include "base/err.h"
#include "pass1/context.h"
#include "shred/batchmap.h"

/* What a filter keeps from one input to the next; NULL in p for nothing. */
struct kept {
	void *p;
	/* Is called when all inputs were read, and no writing failed; 0 or -1.
	 * some_failed: there was an input that could not be done. */
	int (*end)(void *p, bool some_failed, struct err *e);
	void (*free)(void *p);
};

/* A batch map, and the path of the file that it was loaded from. */
struct session_map {
	char *path;
	struct batchmap map;
};

struct session {
	const char *tool; /* the name of the program */
	struct context **ctx;
	size_t nctx;
	struct session_map **map;
	size_t nmap;
	bool failed;        /* an input could not be done */
	bool rejects_begun; /* an input of this program wrote --rejects */
	struct buf said;    /* warnings given, each ended by NUL */
	struct kept kept;   /* of the last filter of the chain */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

/* The context at dir, which is opened at the first call for dir; NULL on
 * error.  The session owns the context. */
struct context *
session_context(struct session *s, const char *dir, struct err *e);
/* The batch map in the file at path, which is loaded at the first call for
 * path; NULL on error.  The session owns the map. */
const struct batchmap *
session_batchmap(struct session *s, const char *path, struct err *e);
/* Hands msg to warn, unless the session has had the same msg before: many
 * inputs would repeat it. */
void session_warn_once(struct session *s, const char *msg);
/* Calls end of what is kept; the caller does so before session_fini() when no
 * writing failed. */
MUST_CHECK int session_end(struct session *s, struct err *e);
/* Frees all that the session owns. */
void session_fini(struct session *s);

#endif
