/* tsv - any text: refused, or written again it is the same text. */
#include "io/tsv.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes s = bytes_of((const char *)data, size);
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	const char *eol;
	struct tsv t;
	size_t r, c;

	if (tsv_parse(&t, "fuzz", s, NULL, &e) < 0) {
		PROPERTY(e.kind == ERR_INPUT);
		PROPERTY(strncmp(e.msg, "fuzz:", 5) == 0);
		PROPERTY(t.text == NULL && t.cell == NULL);
		return 0;
	}
	PROPERTY(t.ncol > 0);
	eol = memchr(s.p, '\n', s.n);
	PROPERTY(eol != NULL);
	buf_put(&b, s.p, (size_t)(eol - s.p) + 1);
	for (r = 0; r < t.nrow; r++)
		for (c = 0; c < t.ncol; c++) {
			tsv_put(&b, tsv_cell(&t, r, c));
			buf_putc(&b, c + 1 < t.ncol ? '\t' : '\n');
		}
	/* a bare CR may stand in a file; it is written escaped */
	if (!memchr(s.p, '\r', s.n))
		PROPERTY(bytes_eq(buf_bytes(&b), s));
	buf_fini(&b);
	tsv_fini(&t);
	return 0;
}
