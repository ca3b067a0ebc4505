#include "rows/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/name.h"
#include "rows/csvscan.h"

struct csv {
	struct in *in;
	struct csv_opt opt;
	char sep;
	struct buf header; /* the names' bytes */
	struct bytes *name;
	uint32_t nfield;

	size_t consume;     /* bytes of the last block, still in the in */
	uint64_t line;      /* line of the next unread record */
	uint64_t next_line; /* line behind the block handed out */
	uint64_t rows, rejected;
	uint64_t blank_line; /* first of the pending blank lines, 0 none */
	uint64_t nblank;     /* how many: rows only if another row follows */
	bool done, have_trailer, cut;
	struct account trailer;

	uint32_t *idx; /* idx[0] is -1, the scan fills idx + 1 */
	size_t idx_cap;

	/* The fields that are used, where it pays to look for no others. */
	uint32_t *used;
	struct scan_want want; /* nfield 0: look for all */
	struct scan_bits bits;
	size_t bits_cap;
	struct buf mended;   /* the block when it had to be rewritten */
	struct buf lines;    /* the line of each of its records, u64 */
	uint32_t *field_end; /* of one record being mended */
	size_t field_cap;
};

static int
at_line(struct csv *c, uint64_t line, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", in_name(c->in), (unsigned long long)line);
}

#define FAIL_AT(c, line, e, ...) (err_set(e, __VA_ARGS__), at_line(c, line, e))

char
csv_guess_sep(const char *name, struct bytes text)
{
	static const char order[] = {',', ';', '\t', '|'};
	bool quoted = false, seen[LEN(order)] = {false};
	size_t i, k;

	for (i = 0; i < text.n && (quoted || text.p[i] != '\n'); i++) {
		if (text.p[i] == '"')
			quoted = !quoted;
		for (k = 0; !quoted && k < LEN(order); k++)
			seen[k] |= text.p[i] == order[k];
	}
	if (shard_name_parse(name).format == FORMAT_TSV)
		return '\t';
	for (k = 0; k < LEN(order); k++)
		if (seen[k])
			return order[k];
	return ',';
}

static int
csv_too_long(struct csv *c, uint64_t line, bool quoted, struct err *e)
{
	err_set(e, "record longer than %llu bytes (--max-record allows more)%s",
	    (unsigned long long)c->opt.max_record,
	    quoted ? "; is a quote never closed?" : "");
	return at_line(c, line, e);
}

/*
 * One raw record at p[0..n): its length with the line ending, 0 when it does
 * not end here.  Fills field_end (offsets of the separators and of the end of
 * the last field), *nf and the lines it takes.  -1: bad, e says where.
 */
static ssize_t
parse_record(struct csv *c, const char *p, size_t n, bool final, uint64_t line,
    uint32_t *nf, uint64_t *nlines, struct err *e)
{
	enum { START, PLAIN, QUOTED, CLOSED } at = START;
	uint64_t here = line, open_line = 0;
	uint32_t k = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		char ch = p[i];
		bool cr_end = false;

		if (ch == '\0')
			return FAIL_AT(c, here, e,
			    "NUL byte in the data (if it is UTF-16: iconv -f "
			    "UTF-16 -t UTF-8 makes it readable)");
		if (at == QUOTED) {
			here += ch == '\n';
			if (ch == '"')
				at = CLOSED;
			continue;
		}
		if (ch == '\r') {
			if (i + 1 == n && !final)
				return 0;
			cr_end = i + 1 == n || p[i + 1] == '\n';
			if (!cr_end)
				return FAIL_AT(c, here, e,
				    "bare carriage return outside quotes "
				    "(line endings must be LF or CRLF)");
		}
		if (ch == c->sep || ch == '\n' || cr_end) {
			if (k == c->field_cap) {
				c->field_cap = k * 2 + 64;
				c->field_end = xrealloc(c->field_end,
				    c->field_cap * sizeof(*c->field_end));
			}
			c->field_end[k++] = (uint32_t)i;
			if (ch != c->sep) {
				i += cr_end && i + 1 < n;
				if (i >= c->opt.max_record)
					return csv_too_long(c, line, false, e);
				*nf = k;
				*nlines = here - line + 1;
				return (ssize_t)i + 1;
			}
			at = START;
		} else if (ch == '"' && !c->opt.no_quotes) {
			if (at == PLAIN)
				return FAIL_AT(c, here, e,
				    "stray quote inside an unquoted field");
			if (at == START)
				open_line = here;
			at = QUOTED;
		} else {
			if (at == CLOSED)
				return FAIL_AT(c, here, e,
				    "%s behind a closing quote",
				    err_quote(bytes_of(p + i, 1)));
			at = PLAIN;
		}
	}
	if (n > c->opt.max_record)
		return csv_too_long(c, line, at == QUOTED, e);
	if (final && at == QUOTED)
		return FAIL_AT(c, open_line, e,
		    "unterminated quote: the input ends inside the field "
		    "that opens here");
	return 0;
}

/* Appends a record in the output dialect, with npad empty fields behind. */
static void
put_record(
    struct csv *c, const char *p, uint32_t nf, uint32_t npad, uint64_t line)
{
	char sep = c->opt.out_sep;
	uint32_t i, start = 0;

	for (i = 0; i < nf; i++) {
		struct bytes f = bytes_of(p + start, c->field_end[i] - start);

		if (i)
			buf_putc(&c->mended, sep);
		if (f.n && f.p[0] == '"' && !c->opt.no_quotes)
			buf_putb(&c->mended, f);
		else
			csv_put_field(&c->mended, f, sep);
		start = c->field_end[i] + 1;
	}
	for (; npad; npad--)
		buf_putc(&c->mended, sep);
	buf_putc(&c->mended, '\n');
	buf_put(&c->lines, &line, sizeof(line));
}

/* A record of nothing but empty fields. */
static void
put_blank(struct csv *c, uint64_t line)
{
	uint32_t i;

	for (i = 1; i < c->nfield; i++)
		buf_putc(&c->mended, c->opt.out_sep);
	buf_putc(&c->mended, '\n');
	buf_put(&c->lines, &line, sizeof(line));
}

/* A record that has not nfield fields: 0 when it was dealt with. */
static int
ragged(
    struct csv *c, struct bytes rec, uint32_t nf, uint64_t line, struct err *e)
{
	char reason[80];

	snprintf(reason, sizeof(reason), "%u field%s, the header has %u", nf,
	    nf == 1 ? "" : "s", c->nfield);
	if (c->opt.ragged == RAGGED_PAD && rec.n == 0 && nf == 1) {
		put_blank(c, line);
		return 0;
	}
	if (c->opt.ragged == RAGGED_PAD && nf < c->nfield) {
		put_record(c, rec.p, nf, c->nfield - nf, line);
		return 0;
	}
	if (c->opt.ragged == RAGGED_REJECT) {
		c->rejected++;
		return c->opt.reject ? c->opt.reject(c->opt.reject_arg,
					   in_name(c->in), line, reason, rec, e)
				     : 0;
	}
	if (nf == 1 && rec.n == 0)
		return FAIL_AT(c, line, e,
		    "blank line inside the table (the header has %u fields; "
		    "--ragged=pad or reject goes on)",
		    c->nfield);
	if (rec.n && rec.p[0] == TRAILER_BYTE && nf == 1)
		return FAIL_AT(c, line, e,
		    "end marker that does not fit its stream: rows were "
		    "added, lost or joined on the way (wrap foreign programs "
		    "in shard-through)");
	return FAIL_AT(c, line, e, "ragged row: %s (--ragged=%s goes on)",
	    reason, nf < c->nfield ? "pad or reject" : "reject");
}

/*
 * Reads p[0..n) byte by byte into c->mended: the portable, patient way.
 * Returns the bytes consumed (whole records), -1 on error.
 */
static ssize_t
mend(struct csv *c, const char *p, size_t n, bool final, struct err *e)
{
	size_t at = 0;
	uint64_t line = c->line, nlines;

	buf_clear(&c->mended);
	buf_clear(&c->lines);
	while (at < n) {
		uint32_t nf = 0;
		ssize_t len = parse_record(
		    c, p + at, n - at, final, line, &nf, &nlines, e);
		struct bytes rec;

		if (len < 0)
			return -1;
		if (len == 0)
			break;
		rec = bytes_of(p + at, c->field_end[nf - 1]);
		if (nf == 1 && rec.n == 0 && c->nfield > 1) {
			if (c->nblank++ == 0)
				c->blank_line = line;
			at += (size_t)len;
			line += nlines;
			continue;
		}
		for (; c->nblank; c->nblank--, c->blank_line++) {
			if (ragged(c, bytes_of("", 0), 1, c->blank_line, e) < 0)
				return -1;
		}
		if (nf != c->nfield) {
			if (ragged(c, rec, nf, line, e) < 0)
				return -1;
		} else {
			put_record(c, rec.p, nf, 0, line);
		}
		at += (size_t)len;
		line += nlines;
	}
	c->next_line = line;
	return (ssize_t)at;
}

static uint64_t
count_newlines(const char *p, size_t n)
{
	const char *e = p + n;
	uint64_t k = 0;

	while (p < e && (p = memchr(p, '\n', (size_t)(e - p)))) {
		k++;
		p++;
	}
	return k;
}

/* Is every record of the scan exactly nfield wide? */
static bool
rectangular(const struct csv *c, const char *p, const struct scan *s)
{
	const uint32_t *end = c->idx + c->nfield;
	uint32_t i;

	if ((uint64_t)s->nrec * c->nfield != s->nidx_rec)
		return false;
	for (i = 0; i < s->nrec; i++, end += c->nfield)
		if (p[*end] != '\n')
			return false;
	return true;
}

/* Is no record longer than the limit? */
static bool
all_short(const struct csv *c, uint32_t nrec)
{
	const uint32_t *end = c->idx;
	uint32_t i;

	for (i = 0; i < nrec; i++, end += c->nfield)
		if (end[c->nfield] - end[0] > c->opt.max_record)
			return false;
	return true;
}

/* For the index of n bytes. */
static void
csv_make_room(struct csv *c, size_t n)
{
	if (c->idx_cap < n + SCAN_PAD + 1) {
		c->idx_cap = n + n / 4 + SCAN_PAD + 1;
		free(c->idx);
		c->idx = xmalloc(c->idx_cap * sizeof(*c->idx));
		c->idx[0] = UINT32_MAX;
	}
}

static void
scan_fields(struct csv *c, const char *p, size_t n, char sep, struct scan *s)
{
	csv_make_room(c, n);
	csvscan(p, n, sep, c->idx + 1, s);
}

/* What it costs to look for a field that does not end within the first 64 bytes
 * of its record, in fields that are found with all others. */
#define COST_FAR 10

void
csv_use(struct csv *c, const bool *used)
{
	uint32_t i, n = 0;

	free(c->used);
	c->used = xcalloc(c->nfield, sizeof(*c->used));
	/* a field ends, and begins where the one before ends */
	for (i = 0; i + 1 < c->nfield; i++)
		if (used[i] || used[i + 1])
			c->used[n++] = i;
	c->want = (struct scan_want){c->used, n, c->nfield};
	if (n > c->nfield / 2 || c->nfield < 2)
		c->want.nfield = 0;
}

/*
 * The plain case of a table of which few fields are used: false when the block
 * is to be read in another way.
 */
static bool
scan_some(struct csv *c, struct bytes v, bool final, struct scan *s)
{
	if (c->want.nfield == 0 || c->nblank || c->opt.no_quotes ||
	    c->sep != c->opt.out_sep)
		return false;
	csv_make_room(c, v.n);
	if (c->bits_cap < v.n) {
		c->bits_cap = c->idx_cap;
		free(c->bits.word);
		free(c->bits.before);
		free(c->bits.end);
		c->bits.word =
		    xmalloc(SCAN_WORDS(c->bits_cap) * sizeof(*c->bits.word));
		c->bits.before =
		    xmalloc(SCAN_WORDS(c->bits_cap) * sizeof(*c->bits.before));
		c->bits.end = xmalloc((c->bits_cap + 1) * sizeof(*c->bits.end));
	}
#ifdef __SANITIZE_ADDRESS__ /* what is looked at by mistake is seen */
	memset(c->idx + 1, 0xee, v.n * sizeof(*c->idx));
#endif
	csvscan_some(v.p, v.n, c->sep, &c->want, &c->bits, c->idx + 1, s);
	/* what comes next is read in the other way, where that is cheaper, or
	 * the only one, as a rule */
	if (s->flags || c->bits.nfar * COST_FAR > c->nfield)
		c->want.nfield = 0;
	return !s->flags && s->nrec > 0 && !(final && s->open_quote) &&
	    (s->end <= c->opt.max_record || all_short(c, s->nrec));
}

/*
 * Offset of the last record if it begins like an end marker, else s->end; and
 * the number of records before it.
 */
static uint32_t
marker_at(const struct csv *c, struct bytes v, struct scan *s, uint64_t *before)
{
	const char *nl;
	uint32_t start;

	*before = c->rows + c->rejected + c->nblank;
	if (c->opt.no_quotes) { /* quotes mean nothing: lines are records */
		nl = memrchr(v.p, '\n', v.n);
		s->end = nl ? (uint32_t)(nl - v.p) + 1 : 0;
		nl = s->end > 1 ? memrchr(v.p, '\n', s->end - 1) : NULL;
		start = nl ? (uint32_t)(nl - v.p) + 1 : 0;
		if (s->end == 0 || v.p[start] != TRAILER_BYTE)
			return s->end;
		*before += count_newlines(v.p, start);
		return start;
	}
	if (s->nidx_rec == 0)
		return s->end;
	/* a marker has one field, so the entry before its newline's is the
	 * end of the record before */
	start = c->idx[s->nidx_rec - 1] + 1;
	if ((start > 0 && v.p[start - 1] != '\n') || v.p[start] != TRAILER_BYTE)
		return s->end;
	*before += s->nrec - 1;
	return start;
}

/* The trailer sits at the proven end of the input: take it or leave it. */
static bool
take_trailer(struct csv *c, struct bytes rec, uint64_t rows)
{
	struct account a;
	uint64_t n;

	if (c->cut || !trailer_parse(rec, &n, &a) || n != rows ||
	    !account_closes(&a, rows))
		return false;
	c->trailer = a;
	c->have_trailer = true;
	return true;
}

/*
 * Scans all fields of v, and takes the end marker off it.  Returns false when
 * the last record may be the end marker, and more input has to show whether it
 * is the last one.
 */
static bool
scan_all(struct csv *c, struct bytes *v, bool final, struct scan *s)
{
	uint64_t before;
	uint32_t mark;

	scan_fields(c, v->p, v->n, c->sep, s);
	mark = marker_at(c, *v, s, &before);
	if (mark >= s->end || mark + TRAILER_MAX <= s->end)
		return true;
	if (!final)
		return false;
	if (s->end == v->n &&
	    take_trailer(c, bytes_of(v->p + mark, s->end - mark - 1), before)) {
		c->done = true;
		v->n = mark;
		if (v->n > 0)
			scan_fields(c, v->p, v->n, c->sep, s);
	}
	return true;
}

static int
the_end(struct csv *c, struct err *e)
{
	c->done = true;
	if (c->opt.want_trailer && !c->have_trailer)
		return err_set(e,
		    "%s: the stream ended without its end marker: a program "
		    "before this one died or is not wrapped in shard-through",
		    in_name(c->in));
	return 0;
}

static void
csv_hand_out(
    struct csv *c, struct block *b, const char *base, uint32_t nrow, int nslot)
{
	b->base = base;
	b->end = c->idx + 1;
	b->nrow = nrow;
	b->nfield = c->nfield;
	b->row0 = c->rows;
	b->line0 = c->line;
	b->line = NULL;
	block_reset(b, nslot);
	c->rows += nrow;
}

/* A block as it stands. */
static void
hand_on(struct csv *c, struct block *b, const char *base, const struct scan *s,
    int nslot)
{
	c->next_line = c->line + s->nrec + s->nquoted;
	c->consume = s->end;
	csv_hand_out(c, b, base, s->nrec, nslot);
}

int
csv_next(struct csv *c, struct block *b, int nslot, struct err *e)
{
	size_t min = IN_BLOCK;
	struct bytes v;
	struct scan s;

	in_consume(c->in, c->consume);
	c->consume = 0;
	c->line = c->next_line;
	while (!c->done) {
		bool final, clean;
		ssize_t used;

		if (in_peek(c->in, min, &v, e) < 0)
			return -1;
		final = in_at_eof(c->in);
		if (v.n == 0)
			return the_end(c, e);
		if (v.n > SCAN_MAX)
			v.n = SCAN_MAX;
		if (final && in_end_line(c->in, &v))
			c->cut = true; /* the last line had no end */
		if (scan_some(c, v, final, &s)) {
			hand_on(c, b, v.p, &s, nslot);
			return 1;
		}
		if (!scan_all(c, &v, final, &s)) {
			min = v.n + 1;
			continue;
		}
		if (v.n == 0) /* the end marker was all that was left */
			return the_end(c, e);
		clean = !s.flags && !c->nblank && !c->opt.no_quotes &&
		    c->sep == c->opt.out_sep && !(final && s.open_quote);
		if (clean && s.nrec > 0 && rectangular(c, v.p, &s) &&
		    (s.end <= c->opt.max_record || all_short(c, s.nrec))) {
			hand_on(c, b, v.p, &s, nslot);
			return 1;
		}
		if (s.nrec == 0 && !final && v.n <= c->opt.max_record) {
			/* a record larger than the block */
			min = v.n * 2;
			if (min > c->opt.max_record)
				min = (size_t)c->opt.max_record + 1;
			continue;
		}
		used = mend(c, v.p, v.n, final, e);
		if (used < 0)
			return -1;
		if (used == 0) {
			/* not even one whole record, and yet not too long */
			min = v.n * 2;
			continue;
		}
		if (c->mended.n == 0) { /* blank lines or rejects only */
			in_consume(c->in, (size_t)used);
			c->line = c->next_line;
			min = IN_BLOCK;
			continue;
		}
		scan_fields(c, c->mended.p, c->mended.n, c->opt.out_sep, &s);
		if (s.flags & SCAN_STRAY || !rectangular(c, c->mended.p, &s))
			return FAIL_AT(c, c->line, e, "cannot be mended");
		c->consume = (size_t)used;
		csv_hand_out(c, b, c->mended.p, s.nrec, nslot);
		b->line = (const uint64_t *)(const void *)c->lines.p;
		return 1;
	}
	return 0;
}

static int
csv_read_header(struct csv *c, struct err *e)
{
	size_t min = 4096, skip = 0;
	uint64_t nlines = 0;
	struct buf scratch = BUF_ZERO;
	struct bytes v;
	ssize_t len;
	uint32_t i, start = 0;
	bool final, guess = c->opt.sep == 0;

	for (;;) {
		if (in_peek(c->in, min, &v, e) < 0)
			return -1;
		final = in_at_eof(c->in);
		if (v.n == 0)
			return err_set(e,
			    "%s: empty input: not even a header line",
			    in_name(c->in));
		if (final && in_end_line(c->in, &v))
			c->cut = true;
		skip = v.n >= 3 && memcmp(v.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		c->sep = c->opt.sep;
		if (guess)
			c->sep = csv_guess_sep(
			    in_name(c->in), bytes_of(v.p + skip, v.n - skip));
		len = parse_record(c, v.p + skip, v.n - skip, final, 1,
		    &c->nfield, &nlines, e);
		if (len < 0)
			return -1;
		if (len > 0)
			break;
		min = v.n * 2;
	}
	if (c->opt.out_sep == 0)
		c->opt.out_sep = c->sep;
	c->name = xcalloc(c->nfield, sizeof(*c->name));
	/* the names' bytes first, then the views: the buffer may move */
	for (i = 0; i < c->nfield; i++) {
		struct bytes raw =
		    bytes_of(v.p + skip + start, c->field_end[i] - start);
		struct bytes name =
		    c->opt.no_quotes ? raw : csv_value(raw, &scratch);

		c->name[i].n = name.n;
		buf_putb(&c->header, name);
		start = c->field_end[i] + 1;
	}
	buf_cstr(&c->header);
	for (i = 0, start = 0; i < c->nfield; i++) {
		c->name[i].p = c->header.p + start;
		start += (uint32_t)c->name[i].n;
	}
	buf_fini(&scratch);
	in_consume(c->in, skip + (size_t)len);
	c->line = c->next_line = 1 + nlines;
	return 0;
}

struct csv *
csv_open(struct in *in, const struct csv_opt *opt, struct err *e)
{
	struct csv *c = xcalloc(1, sizeof(*c));

	c->in = in;
	c->opt = *opt;
	if (csv_read_header(c, e) < 0) {
		csv_close(c);
		return NULL;
	}
	return c;
}

const struct bytes *
csv_names(const struct csv *c, size_t *n)
{
	*n = c->nfield;
	return c->name;
}

char
csv_sep(const struct csv *c)
{
	return c->sep;
}

uint64_t
csv_rows(const struct csv *c)
{
	return c->rows;
}

uint64_t
csv_rejected(const struct csv *c)
{
	return c->rejected;
}

const struct account *
csv_trailer(const struct csv *c)
{
	return c->have_trailer ? &c->trailer : NULL;
}

void
csv_close(struct csv *c)
{
	if (!c)
		return;
	buf_fini(&c->header);
	buf_fini(&c->mended);
	buf_fini(&c->lines);
	free(c->name);
	free(c->idx);
	free(c->used);
	free(c->bits.word);
	free(c->bits.before);
	free(c->bits.end);
	free(c->field_end);
	free(c);
}
