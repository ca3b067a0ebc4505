/*
 * stream - writes the row stream on standard output: header, rows, end marker.
 */
#ifndef SHARD_STREAM_H
#define SHARD_STREAM_H

#include "chain/stage.h"
#include "io/out.h"
#include "rows/rowout.h"

struct stream {
	struct rowout *rows;
	struct out *out;
};

#define STREAM_ZERO ((struct stream){NULL, NULL})

/* Writes the header of the schema, which must outlive the stream. */
MUST_CHECK int stream_open(struct stream *t, const struct schema *s,
    const struct pass *pass, struct err *e);
/* Ends the stream of so many rows, with its end marker if the pass has one. */
MUST_CHECK int stream_end(
    struct stream *t, const struct pass *pass, uint64_t rows, struct err *e);
/* Frees what t owns. */
void stream_free(struct stream *t);

/* The last stage of a chain that has no sink: it writes the rows that it gets
 * as a row stream to standard output.  It has no options. */
extern const struct stage stream_stage;

#endif
