#include "rows/jsonout.h"

#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "rows/block.h"
#include "rows/csvscan.h"

struct jsonout {
	struct jsonout_opt opt;
	char *name;
	struct buf key;    /* `{"id":`, `,"who":` ... one behind the other */
	uint32_t *key_end; /* of each column */
	bool *text;
	uint32_t ncol;
	uint64_t rows;
	struct buf rest; /* the beginning of a record */
	struct buf lines, scratch;
	uint32_t *idx;
	size_t idx_cap;
};

static void
put_names(struct jsonout *j, const char *p, const uint32_t *end, uint32_t n)
{
	uint32_t i;

	j->ncol = n;
	j->key_end = xcalloc(n, sizeof(*j->key_end));
	j->text = xcalloc(n, sizeof(*j->text));
	for (i = 0; i < n; i++) {
		uint32_t start = end[(ptrdiff_t)i - 1] + 1;
		struct bytes name =
		    csv_value(bytes_of(p + start, end[i] - start), &j->scratch);

		buf_putc(&j->key, i ? ',' : '{');
		/* a name that is no UTF-8 is refused with the first row */
		(void)json_put_string(&j->key, name);
		buf_putc(&j->key, ':');
		j->key_end[i] = (uint32_t)j->key.n;
		j->text[i] = j->opt.is_text && j->opt.is_text(j->opt.arg, name);
	}
}

static bool
jsonout_is_word(struct bytes s)
{
	return (s.n == 4 && memcmp(s.p, "true", 4) == 0) ||
	    (s.n == 5 && memcmp(s.p, "false", 5) == 0);
}

static int
jsonout_put_value(
    struct jsonout *j, uint32_t col, struct bytes raw, struct err *e)
{
	if (raw.n == 0) {
		buf_puts(&j->lines, "null");
		return 0;
	}
	if (raw.p[0] != '"' && !j->text[col] &&
	    (json_spells_number(raw) || jsonout_is_word(raw))) {
		buf_putb(&j->lines, raw);
		return 0;
	}
	raw = csv_value(raw, &j->scratch);
	return json_put_string(&j->lines, raw) == 0
	    ? 0
	    : err_set(e, "%s: row %llu: %s is not UTF-8, as JSON has to be",
		  j->name, (unsigned long long)j->rows + 1, err_quote(raw));
}

/* One record, of j->ncol fields that end there. */
static int
jsonout_put_row(
    struct jsonout *j, const char *p, const uint32_t *end, struct err *e)
{
	uint32_t i, key = 0;

	for (i = 0; i < j->ncol; i++) {
		uint32_t start = end[(ptrdiff_t)i - 1] + 1;

		buf_put(&j->lines, j->key.p + key, j->key_end[i] - key);
		key = j->key_end[i];
		if (jsonout_put_value(
			j, i, bytes_of(p + start, end[i] - start), e) < 0)
			return -1;
	}
	buf_puts(&j->lines, "}\n");
	j->rows++;
	return 0;
}

/* The whole records at p[0..n); *used: how long they are. */
static int
put_records(
    struct jsonout *j, const char *p, size_t n, size_t *used, struct err *e)
{
	struct scan s;
	uint32_t at = 0;

	if (j->idx_cap < n + SCAN_PAD + 1) {
		j->idx_cap = n + n / 4 + SCAN_PAD + 1;
		free(j->idx);
		j->idx = xmalloc(j->idx_cap * sizeof(*j->idx));
		j->idx[0] = UINT32_MAX;
	}
	csvscan(p, n, j->opt.sep, j->idx + 1, &s);
	*used = s.end;
	if (j->ncol == 0 && s.nrec > 0) {
		while (p[j->idx[1 + at]] != '\n')
			at++;
		put_names(j, p, j->idx + 1, ++at);
	}
	buf_clear(&j->lines);
	for (; at < s.nidx_rec; at += j->ncol)
		if (jsonout_put_row(j, p, j->idx + 1 + at, e) < 0)
			return -1;
	return 0;
}

static int
jsonout_filter(void *st, const void *p, size_t n, bool last, codec_sink *sink,
    void *arg, struct err *e)
{
	struct jsonout *j = st;
	const char *s = p;
	size_t used, k;

	while (n > 0) {
		/* a block of its own, or what a record began with and more */
		k = n < OUT_BLOCK ? n : OUT_BLOCK;
		if (j->rest.n > 0) {
			buf_put(&j->rest, s, k);
			if (put_records(j, j->rest.p, j->rest.n, &used, e) < 0)
				return -1;
			memmove(j->rest.p, j->rest.p + used, j->rest.n - used);
			j->rest.n -= used;
		} else {
			if (put_records(j, s, k, &used, e) < 0)
				return -1;
			buf_put(&j->rest, s + used, k - used);
		}
		if (sink(arg, j->lines.p, j->lines.n, e) < 0)
			return -1;
		s += k;
		n -= k;
	}
	if (!last)
		return 0;
	if (j->rest.n > 0)
		return err_set(e, "%s: a row that does not end", j->name);
	/* nothing at all would look as if something had been lost */
	return j->rows ? 0 : sink(arg, "\n", 1, e);
}

static void
jsonout_filter_free(void *st)
{
	struct jsonout *j = st;

	free(j->name);
	free(j->key_end);
	free(j->text);
	free(j->idx);
	buf_fini(&j->key);
	buf_fini(&j->rest);
	buf_fini(&j->lines);
	buf_fini(&j->scratch);
	free(j);
}

void
jsonout_begin(struct out *o, const struct jsonout_opt *opt)
{
	static const struct out_filter f = {
	    jsonout_filter, jsonout_filter_free};
	struct jsonout *j = xcalloc(1, sizeof(*j));

	j->opt = *opt;
	j->name = xstrdup(opt->name);
	out_filter(o, &f, j);
}
