#include "chain/stream.h"

#include <stdlib.h>
#include <unistd.h>

int
stream_open(struct stream *t, const struct schema *s, const struct pass *pass,
    struct err *e)
{
	int fd;

	if (s->ncol == 0)
		return err_set(e, "no column: no object has a name in it");
	fd = dup(STDOUT_FILENO);
	if (fd < 0)
		return err_sys(e, ERR_OUTPUT, "standard output");
	t->rows = rowout_new(s, NULL, pass->out_sep, pass->out_sep);
	t->out = out_new(fd, "standard output", CODEC_NONE, 0, false, e);
	return t->out ? rowout_header(t->rows, t->out, e) : -1;
}

int
stream_end(
    struct stream *t, const struct pass *pass, uint64_t rows, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = 0;

	if (pass->emit) {
		trailer_format(&b, rows, &pass->account);
		rc = out_write(t->out, b.p, b.n, e);
		buf_fini(&b);
	}
	return rc < 0 ? -1 : out_finish(t->out, false, e);
}

void
stream_free(struct stream *t)
{
	rowout_free(t->rows);
	out_free(t->out);
	*t = STREAM_ZERO;
}

/* The state of stream_stage. */
struct to_stream {
	struct stream stream;
	const struct pass *pass;
	uint64_t n;
};

static int
to_stream_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct to_stream *t = *st = xcalloc(1, sizeof(*t));

	(void)opt;
	t->pass = pass;
	return stream_open(&t->stream, s, pass, e);
}

static int
to_stream_process(void *st, struct block *b, struct err *e)
{
	struct to_stream *t = st;

	t->n += b->nsel;
	return rowout_rows(
	    t->stream.rows, b, b->sel, b->nsel, t->stream.out, e);
}

static int
to_stream_finish(void *st, struct err *e)
{
	struct to_stream *t = st;

	return stream_end(&t->stream, t->pass, t->n, e);
}

static void
to_stream_free(void *st)
{
	struct to_stream *t = st;

	if (!t)
		return;
	stream_free(&t->stream);
	free(t);
}

const struct stage stream_stage = {
    to_stream_init, to_stream_process, to_stream_finish, to_stream_free};
