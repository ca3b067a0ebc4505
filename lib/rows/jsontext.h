/*
 * jsontext - parses the JSON text of an input piece by piece, and knows the
 * offset of each token and its line, for messages.
 *
 *	jsontext_init(&t, in, &callbacks, arg, &e)
 *	while ((rc = jsontext_next(&t, max, &e)) > 0)
 *		...                 the callbacks had the tokens of a piece
 *	jsontext_fini(&t);                     the in stays the caller's
 *
 * The parser is yajl: of those in Debian it alone takes its input in pieces and
 * hands out numbers as they are spelled.  jsontext_next() also refuses escapes
 * that yajl accepts although no text can have them: \ud800 alone, \u0000.
 */
#ifndef SHARD_JSONTEXT_H
#define SHARD_JSONTEXT_H

#include <yajl/yajl_parse.h>

#include "io/dl.h"
#include "io/in.h"

/* The functions of the library, which is loaded when it is first needed. */
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

/* The part of an escape sequence at the end of a piece (see jsontext.c). */
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
	size_t counted; /* bytes of it whose newlines are counted in line */
	uint64_t line;
	struct jsontext_escapes esc;
	bool begun; /* a byte order mark has been skipped, if there is one */
	bool seen;  /* the text so far has more than blanks */
	bool blank; /* the last piece has only blanks */

	struct err *err; /* where the call in progress puts its error */
	bool failed;     /* jsontext_refuse() has filled err */
};

/* Prepares t to read from in, which must outlive it; the callbacks get arg. The
 * caller calls jsontext_fini(), also after a failure. */
MUST_CHECK int jsontext_init(struct jsontext *t, struct in *in,
    const yajl_callbacks *callbacks, void *arg, struct err *e);

/* Parses the next piece, of at most max bytes, and returns 1; returns 0 at the
 * end of a complete text, -1 on error. */
MUST_CHECK int jsontext_next(struct jsontext *t, size_t max, struct err *e);

/* Sets the error of jsontext_next() to a message about the last token; when
 * called after jsontext_next(), about the end of the piece.  Returns 0, which a
 * callback returns to stop the parser. */
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
