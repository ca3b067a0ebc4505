/*
 * err - what went wrong, for the caller to show.
 *
 * Library functions return 0 or -1 (or a count >= 0) and fill the caller's
 * struct err with `file:line: what`; they never print and never exit.  The
 * program puts its name in front and decides.
 */
#ifndef SHARD_ERR_H
#define SHARD_ERR_H

#include "base/base.h"

enum err_kind {
	ERR_NONE,
	ERR_INPUT,  /* this input is bad; another one may be good */
	ERR_OUTPUT, /* writing failed; the next write would fail too */
	ERR_USAGE,  /* the options make no sense for this input */
};

struct err {
	enum err_kind kind;
	char msg[1000];
};

#define ERR_ZERO ((struct err){ERR_NONE, ""})

/* Sets the message, and the kind ERR_INPUT.  It returns -1, as all functions
 * do that change an error, so that a caller can say `return err_set(...)`. */
int err_set(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets the message and its kind. */
int err_kind_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Sets the message, followed by a colon and the text of errno, and its kind. */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Puts text in front of the message; the kind stays. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Returns bytes of the input as a message shows them: in quotes, shortened,
 * with only printable characters.  The text lies in one of four static buffers,
 * which are used in turn, so a message may have at most four of them.
 */
const char *err_quote(struct bytes s);

#endif
