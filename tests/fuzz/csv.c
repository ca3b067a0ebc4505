/*
 * csv - any bytes in any dialect: rows handed out are rectangular and clean,
 * written out they read back as the same cells, and the vectors agree with
 * the portable scanner.
 *
 * The first two bytes of the input choose the options.
 */
#include "rows/csv.h"
#include "fuzz.h"
#include "rows/csvscan.h"

static int
take_reject(void *arg, const char *name, uint64_t line, const char *reason,
    struct bytes record, struct err *e)
{
	uint64_t *last = arg;

	(void)e;
	PROPERTY(name[0] && reason[0] && line > *last);
	PROPERTY(record.n == 0 || record.p != NULL);
	*last = line;
	return 0;
}

static void
put_cell(struct buf *b, struct bytes v)
{
	uint64_t n = v.n;

	buf_put(b, &n, sizeof(n));
	buf_putb(b, v);
}

/*
 * Reads the bytes: the cells' values, one behind the other with their
 * lengths, and the table as it was handed out.  Without cells the reader is
 * told that nobody looks at any.  0, or -1 when refused.
 */
static int
read_all(int which, struct bytes s, const struct csv_opt *opt,
    struct buf *cells, struct buf *text, struct err *e)
{
	struct in *in = in_open(fuzz_file(which, s.p, s.n), 0, e);
	struct buf scratch = BUF_ZERO;
	struct block b = BLOCK_ZERO;
	const struct bytes *names;
	struct csv *c = NULL;
	uint64_t row = 0, line = 1;
	size_t ncol, i;
	char sep;
	int rc = -1;

	if (!in)
		goto out;
	c = csv_open(in, opt, e);
	if (!c)
		goto out;
	sep = opt->out_sep ? opt->out_sep : csv_sep(c);
	names = csv_names(c, &ncol);
	PROPERTY(ncol > 0);
	for (i = 0; i < ncol; i++) {
		if (i)
			buf_putc(text, sep);
		csv_put_field(text, names[i], sep);
		if (cells)
			put_cell(cells, names[i]);
	}
	if (!cells) {
		bool *used = xcalloc(ncol, sizeof(*used));

		csv_use(c, used);
		free(used);
	}
	/* one empty name is a line of its own; keep the stream's own word */
	buf_putc(text, '\n');
	while ((rc = csv_next(c, &b, 0, e)) > 0) {
		uint32_t r, f;

		PROPERTY(b.nrow > 0 && b.nfield == ncol && b.row0 == row);
		PROPERTY(b.nsel == b.nrow && b.line0 > line);
		line = b.line0;
		for (r = 0; r < b.nrow; r++, row++) {
			struct bytes rec = block_record(&b, r);
			size_t sum = 0;

			PROPERTY(b.sel[r] == r);
			for (f = 0; cells && f < ncol; f++) {
				struct bytes raw = block_field(&b, r, f);
				struct bytes v;

				PROPERTY(!memchr(raw.p, '\0', raw.n));
				sum += raw.n + 1;
				PROPERTY(rec.p[sum - 1] ==
				    (f + 1 == ncol ? '\n' : sep));
				if (raw.n && raw.p[0] == '"')
					PROPERTY(raw.n >= 2 &&
					    raw.p[raw.n - 1] == '"');
				else
					PROPERTY(!memchr(raw.p, '"', raw.n) &&
					    !memchr(raw.p, '\r', raw.n) &&
					    !memchr(raw.p, '\n', raw.n) &&
					    !memchr(raw.p, sep, raw.n));
				v = csv_value(raw, &scratch);
				PROPERTY(v.n <= raw.n);
				put_cell(cells, v);
			}
			PROPERTY(!cells || sum == rec.n);
			PROPERTY(rec.n <= opt->max_record * 2 + 2 * ncol + 2);
			buf_putb(text, rec);
		}
		PROPERTY(block_line(&b, b.nrow - 1) >= b.line0);
	}
	PROPERTY(rc < 0 || csv_rows(c) == row);
	if (rc == 0)
		PROPERTY(csv_next(c, &b, 0, e) == 0);
out:
	csv_close(c);
	in_close(in);
	block_fini(&b);
	buf_fini(&scratch);
	return rc;
}

static void
scanners_agree(const char *p, size_t n, char sep)
{
	const struct csvscan_variant *v = csvscan_variants();
	uint32_t *want = xmalloc((n + SCAN_PAD) * sizeof(*want));
	uint32_t *got = xmalloc((n + SCAN_PAD) * sizeof(*got));
	struct scan a, b;

	v->fn(p, n, sep, want, &a);
	for (v++; v->name; v++) {
		v->fn(p, n, sep, got, &b);
		PROPERTY(a.flags == b.flags);
		if (a.flags)
			continue;
		PROPERTY(a.nidx == b.nidx && a.nrec == b.nrec);
		PROPERTY(a.nidx_rec == b.nidx_rec && a.end == b.end);
		PROPERTY(a.nquoted == b.nquoted);
		PROPERTY(a.open_quote == b.open_quote);
		PROPERTY(memcmp(want, got, a.nidx * sizeof(*want)) == 0);
	}
	free(want);
	free(got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char seps[] = {0, ',', '\t', ';', '|', ',', 0, ','};
	struct buf cells = BUF_ZERO, text = BUF_ZERO;
	struct buf cells2 = BUF_ZERO, text2 = BUF_ZERO;
	struct csv_opt opt = {.max_record = CSV_MAX_RECORD}, clean;
	struct err e = ERR_ZERO, e2 = ERR_ZERO;
	uint64_t last = 0;
	struct bytes s;
	int rc;

	if (size < 2)
		return 0;
	opt.sep = seps[data[0] & 7];
	opt.out_sep = seps[data[0] >> 3 & 7];
	opt.ragged = (enum ragged)(data[1] % 3);
	opt.no_quotes = data[1] & 4;
	opt.want_trailer = (data[1] & 24) == 24;
	if (data[1] & 32)
		opt.max_record = 64;
	opt.reject = take_reject;
	opt.reject_arg = &last;
	s = bytes_of((const char *)data + 2, size - 2);
	scanners_agree(s.p, s.n, opt.sep ? opt.sep : ',');
	rc = read_all(0, s, &opt, &cells, &text, &e);
	last = 0;
	PROPERTY(read_all(0, s, &opt, NULL, &text2, &e2) == rc);
	PROPERTY(bytes_eq(buf_bytes(&text), buf_bytes(&text2)));
	buf_clear(&text2);
	if (rc < 0) {
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
		PROPERTY(strcmp(e.msg, e2.msg) == 0);
		goto out;
	}
	/* what was handed out is a table again, and the same one */
	clean = (struct csv_opt){.max_record = CSV_MAX_RECORD};
	clean.sep = opt.out_sep;
	if (!clean.sep) {
		struct in *in = in_open(fuzz_file(0, s.p, s.n), 0, &e);
		struct csv *c = in ? csv_open(in, &opt, &e) : NULL;

		PROPERTY(c != NULL);
		clean.sep = csv_sep(c);
		csv_close(c);
		in_close(in);
	}
	/* a first byte that a reader takes for something else */
	if (codec_of_magic(buf_bytes(&text)) != CODEC_NONE ||
	    (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) ||
	    memchr(text.p, '\004', text.n))
		goto out;
	PROPERTY(
	    read_all(1, buf_bytes(&text), &clean, &cells2, &text2, &e) == 0);
	PROPERTY(bytes_eq(buf_bytes(&cells), buf_bytes(&cells2)));
	PROPERTY(bytes_eq(buf_bytes(&text), buf_bytes(&text2)));
out:
	buf_fini(&cells);
	buf_fini(&text);
	buf_fini(&cells2);
	buf_fini(&text2);
	return 0;
}
