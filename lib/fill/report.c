#include "fill/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "fill/artifact.h"
#include "io/json.h"
#include "io/tsv.h"
#include "pass1/parts.h"

/* Beyond it the mean is pulled away from the middle: take the median. */
#define SKEWED 1.0

static const char counts_header[] = "name\tkind\trows\tfilled\tunfit";

/* The column's counts; appended when the file is the split's first. */
static struct column_counts *
counts_column(struct split_counts *s, size_t i, struct bytes name)
{
	if (s->files == 0) {
		s->col = xrealloc(s->col, (i + 1) * sizeof(*s->col));
		memset(&s->col[i], 0, sizeof(*s->col));
		s->col[i].name = xstrndup(name.p, name.n);
		s->ncol = i + 1;
	}
	if (i < s->ncol && bytes_eq(bytes_str(s->col[i].name), name))
		return &s->col[i];
	for (i = 0; i < s->ncol; i++)
		if (bytes_eq(bytes_str(s->col[i].name), name))
			return &s->col[i];
	return NULL;
}

int
counts_add(struct split_counts *s, const char *path, struct err *e)
{
	struct tsv t;
	size_t i, ncol = 0;
	int rc = 0;

	if (tsv_load(&t, path, counts_header, e) < 0)
		return -1;
	for (i = 0; i < t.nrow && rc == 0; i++) {
		struct bytes name = tsv_cell(&t, i, 0);
		struct bytes kind = tsv_cell(&t, i, 1);
		struct column_counts *c = NULL;
		uint64_t rows, filled, unfit;
		bool ok = parse_u64(tsv_cell(&t, i, 2), &rows) &&
		    parse_u64(tsv_cell(&t, i, 3), &filled) &&
		    parse_u64(tsv_cell(&t, i, 4), &unfit);

		if (bytes_eq(kind, bytes_str("missing"))) {
			c = counts_column(s, ncol++, name);
			ok = ok && c;
		} else if (!bytes_eq(kind, bytes_str("rows"))) {
			ok = false;
		}
		if (!ok) {
			rc = err_set(e, "%s:%llu: not a line of counts", path,
			    tsv_lineno(i));
		} else if (c) {
			c->missing += rows;
			c->filled += filled;
			c->unfit += unfit;
		} else if (bytes_eq(name, bytes_str("all"))) {
			s->rows += rows;
		} else if (bytes_eq(name, bytes_str("complete"))) {
			s->complete += rows;
		} else if (rows > s->most) {
			s->most = rows;
		}
	}
	s->files++;
	tsv_fini(&t);
	return rc;
}

void
counts_fini(struct split_counts *s)
{
	size_t i;

	for (i = 0; i < s->ncol; i++)
		free(s->col[i].name);
	free(s->col);
	free(s->name);
	memset(s, 0, sizeof(*s));
}

/* The row of impute.tsv of a column, or -1. */
static ssize_t
fitted(const struct report *r, const char *column)
{
	size_t i;

	for (i = 0; r->impute && i < r->impute->nrow; i++)
		if (bytes_eq(tsv_cell(r->impute, i, 0), bytes_str(column)))
			return (ssize_t)i;
	return -1;
}

static const struct column_counts *
counts_of(const struct split_counts *s, const char *column)
{
	size_t i;

	for (i = 0; i < s->ncol; i++)
		if (strcmp(s->col[i].name, column) == 0)
			return &s->col[i];
	return NULL;
}

/* Cells still missing; filling with nothing fills nothing. */
static uint64_t
left(const struct report *r, const struct column_counts *c)
{
	ssize_t at = fitted(r, c->name);

	if (at >= 0 && tsv_cell(r->impute, (size_t)at, 2).n == 0)
		return c->missing;
	return c->missing - (c->filled < c->missing ? c->filled : c->missing);
}

static double
share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static const char *
recommended(const struct colstat *c)
{
	if (!c->moments)
		return c->inf && colstat_is_number(c) ? "median" : NULL;
	return fabs(c->skewness) > SKEWED ? "median" : "mean";
}

static void
put_number(struct buf *b, double d)
{
	char text[NUMBER_MAX];

	if (!isfinite(d)) {
		buf_puts(b, "null"); /* JSON knows none of these */
		return;
	}
	number_format(d, true, text);
	buf_puts(b, text);
}

static void
put_key(struct buf *b, const char *before, const char *key)
{
	buf_puts(b, before);
	json_put_string(b, bytes_str(key));
	buf_puts(b, ": ");
}

static void
put_count(struct buf *b, const char *before, const char *key, uint64_t n)
{
	put_key(b, before, key);
	buf_printf(b, "%llu", (unsigned long long)n);
}

static void
put_word(struct buf *b, const char *before, const char *key, struct bytes word)
{
	put_key(b, before, key);
	json_put_string(b, word);
}

static const char *
class_of(const struct report *r, const struct colstat *c)
{
	if (c->missing == c->rows)
		return "none";
	if (colstat_is_number(c))
		return "numeric";
	if (strcmp(c->type, "text") != 0)
		return c->type;
	return c->values &&
		(double)c->distinct <
		    r->unique_ratio * (double)(c->rows - c->missing)
	    ? "categorical"
	    : "text";
}

/* A fill value: a number where the column holds such. */
static void
put_value(struct buf *b, const struct colstat *c, struct bytes v)
{
	double d;

	if ((colstat_is_number(c) || c->missing == c->rows) &&
	    parse_double(v, &d))
		put_number(b, d);
	else
		json_put_string(b, v);
}

static void
json_column(const struct report *r, const struct colstat *c, struct buf *b)
{
	ssize_t at = fitted(r, c->name);
	const char *best = recommended(c);
	size_t i;
	bool any = false;

	put_word(b, "    {\n      ", "column", bytes_str(c->name));
	put_word(b, ",\n      ", "type", bytes_str(c->type));
	put_word(b, ",\n      ", "class", bytes_str(class_of(r, c)));
	put_key(b, ",\n      ", "entirely_missing");
	buf_puts(b, c->missing == c->rows ? "true" : "false");
	if (at >= 0) {
		put_word(b, ",\n      ", "strategy",
		    tsv_cell(r->impute, (size_t)at, 1));
		put_key(b, ",\n      ", "value");
		put_value(b, c, tsv_cell(r->impute, (size_t)at, 2));
	}
	if (c->moments) {
		put_key(b, ",\n      ", "mean");
		put_number(b, c->mean);
		put_key(b, ",\n      ", "variance");
		put_number(b, c->variance);
		put_key(b, ",\n      ", "skewness");
		put_number(b, c->skewness);
	}
	if (c->quartiles) {
		put_key(b, ",\n      ", "median");
		put_number(b, c->median);
	}
	if (best)
		put_word(b, ",\n      ", "recommended", bytes_str(best));
	if (c->values)
		put_count(b, ",\n      ", "distinct", c->distinct);
	put_count(b, ",\n      ", "train_rows", c->rows);
	put_count(b, ",\n      ", "train_missing", c->missing);
	put_key(b, ",\n      ", "train_missing_share");
	put_number(b, share(c->missing, c->rows));
	put_key(b, ",\n      ", "splits");
	buf_putc(b, '{');
	for (i = 0; i < r->nsplit; i++) {
		const struct split_counts *s = &r->split[i];
		const struct column_counts *n = counts_of(s, c->name);

		if (!n)
			continue;
		put_key(b, any ? ",\n        " : "\n        ", s->name);
		any = true;
		put_count(b, "{", "missing", n->missing);
		put_key(b, ", ", "share");
		put_number(b, share(n->missing, s->rows));
		put_count(b, ", ", "filled", n->filled);
		put_count(b, ", ", "missing_after", left(r, n));
		put_key(b, ", ", "share_after");
		put_number(b, share(left(r, n), s->rows));
		put_count(b, ", ", "not_of_the_type", n->unfit);
		buf_putc(b, '}');
	}
	buf_puts(b, any ? "\n      }\n    }" : "}\n    }");
}

void
report_json(const struct report *r, struct buf *b)
{
	size_t i;

	put_key(b, "{\n  ", "splits");
	buf_putc(b, '{');
	for (i = 0; i < r->nsplit; i++) {
		const struct split_counts *s = &r->split[i];

		put_key(b, i ? ",\n    " : "\n    ", s->name);
		put_count(b, "{", "shards", s->files);
		put_count(b, ", ", "rows", s->rows);
		put_count(b, ", ", "rows_without_missing", s->complete);
		put_count(b, ", ", "rows_with_missing", s->rows - s->complete);
		put_count(b, ", ", "most_missing_in_a_row", s->most);
		buf_putc(b, '}');
	}
	buf_puts(b, r->nsplit ? "\n  }" : "}");
	put_key(b, ",\n  ", "columns");
	buf_putc(b, '[');
	for (i = 0; i < r->stats->n; i++) {
		buf_puts(b, i ? ",\n" : "\n");
		json_column(r, &r->stats->v[i], b);
	}
	buf_puts(b, r->stats->n ? "\n  ]\n}\n" : "]\n}\n");
}

/* At most width characters of s, with what a terminal must not see replaced;
 * then blanks up to width. */
static void
put_cell(struct buf *b, struct bytes s, size_t width, bool last)
{
	size_t i = 0, n = 0;

	while (i < s.n && n < width) {
		size_t k = utf8_len(s.p + i, s.n - i);

		if (k == 0 || (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) {
			buf_putc(b, '?');
			k = 1;
		} else if (n + 1 == width && i + k < s.n) {
			buf_putc(b, '~'); /* there is more */
			k = s.n - i;
		} else {
			buf_put(b, s.p + i, k);
		}
		i += k;
		n++;
	}
	for (; n < width && !last; n++)
		buf_putc(b, ' ');
}

/* How many characters of a terminal. */
static size_t
width_of(struct bytes s)
{
	size_t i = 0, n = 0;

	for (; i < s.n; n++) {
		size_t k = utf8_len(s.p + i, s.n - i);

		i += k ? k : 1;
	}
	return n;
}

#define BAR 16

/* A bar of BAR characters, eighths of one where there are such. */
static void
put_bar(struct buf *b, double part, bool utf8)
{
	static const char *const eighth[] = {
	    " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned n = (unsigned)(part * BAR * 8 + 0.5), i;

	if (part > 0 && n == 0)
		n = 1;
	for (i = 0; i < BAR; i++, n -= n < 8 ? n : 8)
		if (n >= 8)
			buf_puts(b, utf8 ? "█" : "#");
		else if (utf8)
			buf_puts(b, eighth[n]);
		else
			buf_putc(b, n >= 4 ? '#' : n ? '.' : ' ');
}

static void
put_share(struct buf *b, uint64_t part, uint64_t whole)
{
	double p = 100 * share(part, whole);

	if (part > 0 && p < 0.05)
		buf_puts(b, " <0.1 %");
	else if (part < whole && p > 99.95)
		buf_puts(b, ">99.9 %");
	else
		buf_printf(b, "%5.1f %%", p);
}

static void
text_splits(const struct report *r, struct buf *b)
{
	bool misfits = false;
	size_t i, k;

	for (i = 0; i < r->nsplit; i++)
		for (k = 0; k < r->split[i].ncol; k++)
			misfits |= r->split[i].col[k].unfit > 0;
	if (r->nsplit)
		buf_printf(b, "%-11s %12s %14s %13s %12s %13s%s\n", "split",
		    "rows", "complete rows", "cells missing", "filled",
		    "most in a row", misfits ? "  not of the type" : "");
	for (i = 0; i < r->nsplit; i++) {
		const struct split_counts *s = &r->split[i];
		uint64_t missing = 0, filled = 0, unfit = 0;

		for (k = 0; k < s->ncol; k++) {
			missing += s->col[k].missing;
			filled += s->col[k].filled;
			unfit += s->col[k].unfit;
		}
		buf_printf(b, "%-11s %12llu %14llu %13llu %12llu %13llu",
		    s->name, (unsigned long long)s->rows,
		    (unsigned long long)s->complete,
		    (unsigned long long)missing, (unsigned long long)filled,
		    (unsigned long long)s->most);
		if (misfits)
			buf_printf(b, " %16llu", (unsigned long long)unfit);
		buf_putc(b, '\n');
	}
	if (r->nsplit)
		buf_putc(b, '\n');
}

void
report_text(const struct report *r, bool utf8, struct buf *b)
{
	size_t name = 6, i, fills = 0, none = 0;
	bool filled = r->impute != NULL;

	for (i = 0; i < r->stats->n; i++) {
		size_t w = width_of(bytes_str(r->stats->v[i].name));

		name = w > name ? w : name;
		none += r->stats->v[i].missing == r->stats->v[i].rows;
	}
	name = name > 32 ? 32 : name;
	text_splits(r, b);
	put_cell(b, bytes_str("column"), name, false);
	buf_printf(b, "  %-11s  %-*s  %7s  %10s", "type", BAR,
	    "missing in train", "", "cells");
	buf_puts(b, filled ? "  filled with\n" : "\n");
	for (i = 0; i < r->stats->n; i++) {
		const struct colstat *c = &r->stats->v[i];
		ssize_t at = fitted(r, c->name);

		put_cell(b, bytes_str(c->name), name, false);
		buf_printf(b, "  %-11s  ",
		    strcmp(c->type, "text") ? c->type : class_of(r, c));
		put_bar(b, share(c->missing, c->rows), utf8);
		buf_puts(b, "  ");
		put_share(b, c->missing, c->rows);
		buf_printf(b, "  %10llu", (unsigned long long)c->missing);
		if (at >= 0) {
			struct bytes s = tsv_cell(r->impute, (size_t)at, 1);
			const char *best = recommended(c);

			fills++;
			buf_puts(b, "  ");
			put_cell(b, s, 8, false);
			buf_puts(b, "  ");
			put_cell(
			    b, tsv_cell(r->impute, (size_t)at, 2), 40, true);
			if (bytes_eq(s, bytes_str("mean")) && best &&
			    strcmp(best, "mean") != 0)
				buf_printf(b,
				    "  (skewness %.1f: the median may serve "
				    "better)",
				    c->skewness);
		}
		buf_putc(b, '\n');
	}
	if (filled)
		buf_printf(
		    b, "\n%zu of %zu columns filled", fills, r->stats->n);
	if (filled && none)
		buf_printf(b, "; %zu without any value in train", none);
	if (filled)
		buf_putc(b, '\n');
}

/* Adds up all files of "SPLIT=DIR". */
static int
load_counts(const char *spec, struct split_counts *s, struct err *e)
{
	const char *eq = strchr(spec, '=');
	char **file = NULL;
	size_t i, n = 0;
	int rc = 0;

	if (!eq || eq == spec || !eq[1])
		return err_kind_set(e, ERR_USAGE,
		    "--counts %s: expected SPLIT=DIR",
		    err_quote(bytes_str(spec)));
	s->name = xstrndup(spec, (size_t)(eq - spec));
	if (parts_list(eq + 1, ".tsv", &file, &n, e) < 0)
		return -1;
	for (i = 0; i < n && rc == 0; i++)
		rc = counts_add(s, file[i], e);
	parts_free(file, n);
	return rc;
}

int
report_run(const char *ctx, const char *out, double unique_ratio,
    const struct opt_list *counts, struct err *e)
{
	struct report r = {.unique_ratio = unique_ratio};
	struct split_counts *split = xcalloc(counts->n, sizeof(*split));
	const char *dir = out ? out : ctx;
	struct colstats s = {NULL, 0};
	struct tsv t = TSV_ZERO;
	struct context *c = context_open(ctx, e);
	struct buf b = BUF_ZERO;
	bool have;
	size_t i;
	int rc = -1;

	if (!c || context_colstats(c, &s, e) < 0 ||
	    artifact_load_fit(ctx, &t, &have, e) < 0)
		goto out;
	for (i = 0; i < counts->n; i++)
		if (load_counts(counts->v[i], &split[i], e) < 0)
			goto out;
	r.stats = &s;
	r.impute = have ? &t : NULL;
	r.split = split;
	r.nsplit = counts->n;
	report_json(&r, &b);
	rc = artifact_commit(dir, "imputation_report.json", &b, e);
	buf_clear(&b);
	report_text(&r, true, &b);
	if (rc == 0)
		rc = artifact_commit(dir, "imputation_summary.txt", &b, e);
out:
	for (i = 0; i < counts->n; i++)
		counts_fini(&split[i]);
	free(split);
	tsv_fini(&t);
	colstats_fini(&s);
	context_close(c);
	buf_fini(&b);
	return rc;
}
