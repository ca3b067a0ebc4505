/*
 * json - any bytes: rows handed out are rectangular and clean CSV, and written
 * as JSON Lines they read back as the same rows.
 *
 * The first byte of the input chooses the longest record.
 */
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/tsv.h"
#include "rows/csvscan.h"
#include "rows/jsonin.h"
#include "rows/jsonout.h"

struct again {
	int which;
	struct bytes s;
};

static struct in *
again(void *arg, struct err *e)
{
	struct again *a = arg;

	return in_open(fuzz_file(a->which, a->s.p, a->s.n), 0, e);
}

static void
put_names(struct buf *b, const struct bytes *name, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(b, ',');
		buf_putc(b, '"');
		for (size_t k = 0; k < name[i].n; k++) {
			if (name[i].p[k] == '"')
				buf_putc(b, '"');
			buf_putc(b, name[i].p[k]);
		}
		buf_putc(b, '"');
	}
	buf_putc(b, '\n');
}

/* The table as CSV text; rows how many.  0, or -1 when refused. */
static int
read_all(int which, struct bytes s, uint64_t max_record, struct buf *text,
    uint64_t *rows, struct err *e)
{
	struct again a = {which, s};
	struct jsonin_opt opt = {.again = again,
	    .again_arg = &a,
	    .max_record = max_record,
	    .out_sep = ','};
	struct in *in = again(&a, e);
	struct jsonin *j = in ? jsonin_open(in, &opt, e) : NULL;
	struct block b = BLOCK_ZERO;
	const struct bytes *name;
	uint64_t line = 0;
	size_t ncol;
	uint32_t i;
	int rc = -1;

	*rows = 0;
	if (!j)
		goto out;
	name = jsonin_names(j, &ncol);
	put_names(text, name, ncol);
	while ((rc = jsonin_next(j, &b, 0, e)) > 0) {
		uint32_t *idx =
		    xmalloc((b.end[b.nrow * b.nfield - 1] + 1 + SCAN_PAD + 1) *
			sizeof(*idx));
		size_t n = b.end[b.nrow * b.nfield - 1] + 1;
		struct scan sc;

		PROPERTY(b.nrow > 0 && b.nfield == ncol && b.row0 == *rows);
		csvscan(b.base, n, ',', idx, &sc);
		PROPERTY(sc.flags == 0 && !sc.open_quote && sc.end == n);
		PROPERTY(sc.nidx == b.nrow * b.nfield && sc.nrec == b.nrow);
		PROPERTY(memcmp(idx, b.end, sc.nidx * sizeof(*idx)) == 0);
		free(idx);
		for (i = 0; i < b.nrow; i++) {
			PROPERTY(b.line[i] >= line);
			line = b.line[i];
		}
		buf_put(text, b.base, n);
		*rows += b.nrow;
	}
	PROPERTY(rc < 0 || jsonin_rows(j) == *rows);
out:
	block_fini(&b);
	jsonin_close(j);
	in_close(in);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes s = bytes_of((const char *)data, size);
	struct buf text = BUF_ZERO, back = BUF_ZERO, lines = BUF_ZERO;
	struct err e = ERR_ZERO;
	struct jsonout_opt jo = {.sep = ',', .name = "out"};
	uint64_t max = 1 << 20, rows, rows2;
	const char *path;
	struct out *o;
	size_t at, n;

	if (size == 0)
		return 0;
	if (data[0] % 2)
		max = data[0];
	s = bytes_of(s.p + 1, s.n - 1);
	if (read_all(0, s, max, &text, &rows, &e) < 0) {
		PROPERTY(e.msg[0] != '\0');
		goto out;
	}
	if (rows == 0)
		goto out;
	path = fuzz_file(1, "", 0);
	o = out_new(
	    open(path, O_WRONLY | O_TRUNC), path, CODEC_NONE, 0, true, &e);
	PROPERTY(o != NULL);
	jsonout_begin(o, &jo);
	for (at = 0; at < text.n; at += n) { /* cut anywhere */
		n = 1 + (at * 7 + data[0]) % 50;
		n = n < text.n - at ? n : text.n - at;
		PROPERTY(out_write(o, text.p + at, n, &e) == 0);
	}
	PROPERTY(out_finish(o, false, &e) == 0);
	out_free(o);
	PROPERTY(file_load(path, &lines, &e) == 0);
	PROPERTY(
	    read_all(0, buf_bytes(&lines), UINT64_MAX, &back, &rows2, &e) == 0);
	PROPERTY(rows == rows2 && bytes_eq(buf_bytes(&text), buf_bytes(&back)));
out:
	buf_fini(&text);
	buf_fini(&back);
	buf_fini(&lines);
	return 0;
}
