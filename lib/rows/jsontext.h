/*
 * jsontext - parses the JSON text of an input piece by piece, and knows the
 * place of each token: its offset, and the line for a message.
 *
 *	jsontext_init(&t, in, &callbacks, arg, &e)
 *	while ((rc = jsontext_next(&t, max, &e)) > 0)
 *		...                 the callbacks had the tokens of a piece
 *	jsontext_fini(&t);                     the in stays the caller's
 *
 * The parser is yajl, the one in Debian that hands out numbers as they are
 * spelled and takes its input in pieces.  jsontext_next() refuses the escapes
 * that yajl lets pass although no text can hold them: \ud800 alone, \u0000.
 */
#ifndef SHARD_JSONTEXT_H
#define SHARD_JSONTEXT_H

#include <yajl/yajl_parse.h>

#include "io/dl.h"
#include "io/in.h"

/* The functions of the library, which is loaded when it is needed. */
struct jsontext_yajl {
	void *lib;
	FUNC(yajl_alloc);
	FUNC(yajl_config);
	FUNC(yajl_free);
	FUNC(yajl_parse);
	FUNC(yajl_complete_parse);
	FUNC(yajl_get_error);
	FUNC(yajl_free_error);
	FUNC(yajl_get_bytes_consumed);
};

/* How much of an escape sequence the text ends with: see check_escapes(). */
struct jsontext_escapes {
	int at;
	uint32_t code;
	bool high;
};

struct jsontext {
	struct in *in;
	struct jsontext_yajl y;
	yajl_handle h;

	uint64_t piece_at; /* offset of the piece in the input */
	const char *piece;
	size_t counted; /* the newlines in these bytes of it are in line */
	uint64_t line;
	struct jsontext_escapes esc;
	bool begun; /* the byte order mark was looked for */
	bool seen;  /* the text had something but blanks */
	bool blank; /* the last piece had nothing but blanks */

	struct err *err; /* of the call that parses */
	bool failed;     /* jsontext_refuse() has filled err */
};

/* Prepares t to read from in, which must outlive it; arg is handed to the
 * callbacks.  After a failure t may be given to jsontext_fini(). */
MUST_CHECK int jsontext_init(struct jsontext *t, struct in *in,
    const yajl_callbacks *callbacks, void *arg, struct err *e);

/* Parses the next piece, of at most max bytes.  Returns 1; 0 at the end of a
 * whole text; -1. */
MUST_CHECK int jsontext_next(struct jsontext *t, size_t max, struct err *e);

/* Sets the error of the call that parses to a message about the last token, or
 * about the end of the piece after jsontext_next().  Returns 0, with which a
 * callback ends the parser. */
int jsontext_refuse(struct jsontext *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Returns the line on which byte n of the piece is. */
uint64_t jsontext_line(struct jsontext *t, size_t n);

/* Returns how many bytes of the piece the parser has read: in a callback, up to
 * the end of its token. */
static inline size_t
jsontext_used(const struct jsontext *t)
{
	return t->y.yajl_get_bytes_consumed(t->h);
}

/* Frees all but the in. */
void jsontext_fini(struct jsontext *t);

#endif
