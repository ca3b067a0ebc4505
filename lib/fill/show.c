#include "fill/show.h"

#include "fill/artifact.h"
#include "fill/report.h"
#include "pass1/groups.h"
#include "pass1/parts.h"

static const char schema_header[] =
    "column\ttype\trows\tmissing\tna\tmin\tmax\tstorage\tevidence";

/* The columns' statistics and, where something is fitted, the fills. */
static int
show_stats(const struct context *c, double unique_ratio, bool utf8,
    struct buf *to, struct err *e)
{
	struct report r = {.unique_ratio = unique_ratio};
	struct colstats s = {NULL, 0};
	struct tsv t = TSV_ZERO;
	bool have;
	int rc = -1;

	if (context_colstats(c, &s, e) == 0 &&
	    artifact_load_fit(c->dir, &t, &have, e) == 0) {
		r.stats = &s;
		r.impute = have ? &t : NULL;
		report_text(&r, utf8, to);
		rc = 0;
	}
	tsv_fini(&t);
	colstats_fini(&s);
	return rc;
}

/* Columns of a TSV table, aligned; numbers to the right. */
static void
show_table(const struct tsv *t, const char *header, struct buf *to)
{
	size_t width[16] = {0}, r, c, n = t->ncol < 16 ? t->ncol : 16;
	struct buf head = BUF_ZERO;
	struct tsv h;
	struct err ignored;

	buf_printf(&head, "%s\n%s\n", header, header);
	if (tsv_parse(&h, "", buf_bytes(&head), NULL, &ignored) < 0)
		return;
	for (c = 0; c < n; c++) {
		width[c] = tsv_cell(&h, 0, c).n;
		for (r = 0; r < t->nrow; r++)
			if (tsv_cell(t, r, c).n > width[c])
				width[c] = tsv_cell(t, r, c).n;
		if (width[c] > 40)
			width[c] = 40;
	}
	for (r = 0; r <= t->nrow; r++) {
		for (c = 0; c < n; c++) {
			struct bytes v =
			    r ? tsv_cell(t, r - 1, c) : tsv_cell(&h, 0, c);
			int k = (int)(v.n < 40 ? v.n : 40);

			buf_printf(to, c ? "  %*s%.*s" : "%.*s%*s",
			    c ? (int)width[c] - k : k, c ? "" : v.p,
			    c ? k : (int)width[c] - k, c ? v.p : "");
		}
		buf_putc(to, '\n');
	}
	tsv_fini(&h);
	buf_fini(&head);
}

static int
show_schema(const char *dir, struct buf *to, struct err *e)
{
	struct buf path = BUF_ZERO;
	struct tsv t;
	int rc;

	buf_printf(&path, "%s/schema.tsv", dir);
	rc = tsv_load(&t, buf_cstr(&path), schema_header, e);
	if (rc == 0) {
		buf_putc(to, '\n');
		show_table(&t, schema_header, to);
		tsv_fini(&t);
	}
	buf_fini(&path);
	return rc;
}

static void
show_split(const struct context *c, struct buf *to)
{
	buf_printf(to, "train    %s < ", c->time_column);
	instant_format(to, c->time_kind, c->train_cutoff);
	buf_puts(to, "\nval      then < ");
	instant_format(to, c->time_kind, c->test_cutoff);
	buf_puts(to, "\ntest     the rest\n");
}

static int
show_keys(struct context *c, struct buf *to, struct err *e)
{
	if (context_rows(c, e) < 0 || (!c->rows && !context_index(c, e)))
		return -1;
	buf_printf(to, "keys     %llu (%s; %llu rows without)\n",
	    (unsigned long long)(c->rows ? firstrows_keys(c->rows)
					 : keyindex_keys(c->index)),
	    c->facts.key, (unsigned long long)c->facts.key_missing);
	return 0;
}

/* What the whole context holds, before its columns. */
static int
show_head(struct context *c, const char *dir, struct buf *to, struct err *e)
{
	size_t i;

	buf_printf(to, "context  %s\nshards   %zu\nrows     %llu\n", dir,
	    c->facts.nin, (unsigned long long)facts_rows(&c->facts));
	if (c->have_split)
		show_split(c, to);
	if (c->facts.key && c->facts.time && show_keys(c, to, e) < 0)
		return -1;
	if (c->facts.groups)
		buf_printf(to, "groups   %llu (%s%s%s; %llu rows without)\n",
		    (unsigned long long)c->facts.ngroup, c->facts.groups,
		    c->facts.table ? ", table " : "",
		    c->facts.table ? c->facts.table : "",
		    (unsigned long long)facts_ungrouped(&c->facts, &c->na));
	for (i = 0; i < c->labels.n; i++)
		buf_printf(to, "label    %zu = %s\n", i,
		    err_quote(c->labels.label[i]));
	return 0;
}

int
show_context(const char *dir, double unique_ratio, bool utf8, struct buf *to,
    struct err *e)
{
	struct context *c = context_open(dir, e);
	int rc = c ? show_head(c, dir, to, e) : -1;

	if (rc == 0 && c->facts.moments) {
		buf_putc(to, '\n');
		rc = show_stats(c, unique_ratio, utf8, to, e);
	} else if (rc == 0) {
		rc = show_schema(dir, to, e);
	}
	context_close(c);
	return rc;
}

int
show_groups(
    struct out *out, char ***path, size_t *n, uint64_t memory, struct err *e)
{
	if (parts_check_memory(memory, e) < 0 || parts_expand(path, n, e) < 0)
		return -1;
	return groups_list(out, *path, *n, memory, e);
}
