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

/* Sets the message; always returns -1, so that `return err_set(...)` reads. */
int err_set(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_kind_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The same with `: strerror(errno)` behind it. */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Puts text in front of the message. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A printable, quoted, shortened form of bytes from the input, for messages.
 * The result lives in one of a few static buffers: use at most four in one
 * message.
 */
const char *err_quote(struct bytes s);

#endif
