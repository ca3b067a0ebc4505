#include "pass1/depend.h"

static void
put(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s\t", name);
	tsv_put(b, bytes_str(value));
	buf_putc(b, '\n');
}

void
depend_types(const struct context *c, struct buf *b)
{
	size_t i;

	for (i = 0; i < c->facts.ncol; i++) {
		const char *name = c->facts.col[i].name;

		put(b, "column", name);
		put(b, "type", context_coltype(c, bytes_str(name)));
	}
	if (c->facts.narrow)
		buf_puts(b, "narrow\n");
}

void
depend_cutoffs(const struct context *c, struct buf *b)
{
	if (!c->have_split)
		return;
	put(b, "time", c->time_column);
	buf_printf(b, "cutoffs\t%s\t", time_kind_name(c->time_kind));
	instant_format(b, c->time_kind, c->train_cutoff);
	buf_putc(b, '\t');
	instant_format(b, c->time_kind, c->test_cutoff);
	buf_putc(b, '\n');
	put(b, "missing-time", c->facts.missing_time);
}

void
depend_strata(const struct context *c, struct buf *b)
{
	size_t i;
	int k;

	buf_printf(b, "seed\t%llu\n", (unsigned long long)c->facts.seed);
	for (i = 0; i < c->nstratum; i++) {
		buf_puts(b, "stratum\t");
		tsv_put(b, c->stratum[i].value);
		for (k = 0; k < 2; k++)
			buf_printf(b, "\t%llu%s",
			    (unsigned long long)c->stratum[i].cut[k],
			    c->stratum[i].inf[k] ? " inf" : "");
		buf_putc(b, '\n');
	}
}

void
depend_labels(const struct context *c, struct buf *b)
{
	size_t i;

	for (i = 0; c->have_labels && i < c->labels.n; i++) {
		buf_puts(b, "label\t");
		tsv_put(b, c->labels.label[i]);
		buf_putc(b, '\n');
	}
}

void
depend_first(const struct context *c, struct buf *b)
{
	const struct facts *f = &c->facts;
	size_t i;

	put(b, "time", f->time);
	put(b, "missing-time", f->missing_time);
	put(b, "key", f->key);
	put(b, "na", f->na ? f->na : "auto");
	buf_printf(b, "reader\t%llx\n", (unsigned long long)f->fingerprint);
	for (i = 0; i < f->nin; i++)
		buf_printf(b, "input\t%llu\t%llu\t%llx\n",
		    (unsigned long long)f->in[i].number,
		    (unsigned long long)f->in[i].rows,
		    (unsigned long long)f->in[i].digest);
}

void
depend_missing(const struct context *c, const char *column, struct buf *b)
{
	put(b, "na", c->facts.na ? c->facts.na : "auto");
	buf_printf(b, "quoted-empty\t%d\ntokens\t%d\n", c->facts.quoted_value,
	    context_tokens_missing(c, bytes_str(column)));
}
