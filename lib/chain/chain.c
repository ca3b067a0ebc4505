#include "chain/chain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/setting.h"
#include "chain/stream.h"

/* True if the chain has a last link and this link is a sink. */
static bool
ends_in_sink(const struct chain *c)
{
	const struct link *l = c->nlink ? &c->link[c->nlink - 1] : NULL;

	return l && l->filter->sink && l->filter->sink(l->opt);
}

int
chain_add(struct chain *c, const struct filter *f, void *opt)
{
	if (ends_in_sink(c))
		return -1;
	c->link = xrealloc(c->link, (c->nlink + 1) * sizeof(*c->link));
	c->link[c->nlink++] = (struct link){f, opt};
	return 0;
}

bool
chain_emits(const struct chain *c)
{
	return c->emit && !isatty(STDOUT_FILENO);
}

void
chain_fini(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->nlink; i++) {
		if (c->link[i].filter->teardown)
			c->link[i].filter->teardown(c->link[i].opt);
		free(c->link[i].opt);
	}
	free(c->link);
	c->link = NULL;
	c->nlink = 0;
}

/* One stage of a running chain. */
struct active {
	const struct stage *stage;
	const void *opt;
	void *st;
};

/* The rest of each block is read after the first `early` stages; 0: it is all
 * there from the start. */
static int
pump(struct source *src, struct active *a, size_t n, size_t early, int nslot,
    struct err *e)
{
	struct block b = BLOCK_ZERO;
	size_t i;
	int rc;

	while ((rc = source_next(src, &b, nslot, e)) > 0)
		for (i = 0; i < n && b.nsel > 0; i++)
			if ((early && i == early &&
				source_rest(src, &b, e) < 0) ||
			    a[i].stage->process(a[i].st, &b, e) < 0) {
				rc = -1;
				goto out;
			}
	for (i = 0; i < n && rc == 0; i++)
		if (a[i].stage->finish)
			rc = a[i].stage->finish(a[i].st, e);
out:
	block_fini(&b);
	return rc;
}

/* How many filters, from the first on, look at few columns and then have
 * dropped rows of which nobody needs the others; their columns in names. */
static size_t
early_filters(const struct chain *c, struct schema *names)
{
	size_t i;

	for (i = 0; i + 1 < c->nlink; i++) {
		const struct filter *f = c->link[i].filter;

		if (!f->needs || !f->needs(c->link[i].opt, names))
			break;
		if (f->thins)
			return i + 1;
	}
	return 0;
}

int
chain_run(struct chain *c, char *const *paths, size_t npaths, struct session *s,
    struct err *e)
{
	struct pass pass = {.warn = s->warn};
	struct schema schema = SCHEMA_ZERO, needed = SCHEMA_ZERO;
	size_t early;
	struct active *a = xcalloc(c->nlink + 1, sizeof(*a));
	struct source *src = NULL;
	struct context *ctx = NULL;
	const char *ctx_dir = c->source.context;
	size_t n = 0, i;
	char sep = 0;
	int rc = -1;

	pass.emit = chain_emits(c);
	c->source.needed = c->source.early = NULL;
	early = early_filters(c, &needed);
	if (early)
		c->source.early = &needed;
	else if (c->nlink == 1 && ends_in_sink(c) && c->link[0].filter->needs &&
	    c->link[0].filter->needs(c->link[0].opt, &needed))
		c->source.needed = &needed;
	if (npaths == 1 && strcmp(paths[0], "-") != 0)
		pass.like = paths[0];
	for (i = 0; i < c->nlink; i++) {
		const struct filter *f = c->link[i].filter;

		a[n++] = (struct active){f->stage, c->link[i].opt, NULL};
		if (f->like && f->like(c->link[i].opt))
			pass.like = f->like(c->link[i].opt);
		if (!ctx_dir && f->context)
			ctx_dir = f->context(c->link[i].opt);
		if (f->want_sep)
			sep = f->want_sep(c->link[i].opt, paths[0]);
	}
	if (!ends_in_sink(c))
		a[n++] = (struct active){&stream_stage, NULL, NULL};
	if (pass.like)
		pass.shard = shard_name_parse(pass.like);
	if (ctx_dir) {
		ctx = session_context(s, ctx_dir, e);
		if (!ctx)
			goto out;
	}
	if (!sep && setting()->tabs)
		sep = '\t';
	src = source_open(
	    &c->source, paths, npaths, sep, c->expect, ctx, &schema, &pass, e);
	if (!src)
		goto out;
	for (i = 0; i < n; i++)
		if (a[i].stage->init(&a[i].st, a[i].opt, &schema, &pass, e) <
		    0) {
			if (e->kind == ERR_INPUT)
				err_prefix(e, "%s: ", pass.input);
			goto out;
		}
	rc = pump(src, a, n, early, schema.nslot, e);
out:
	for (i = n; i-- > 0;)
		a[i].stage->free(a[i].st);
	source_close(src);
	schema_fini(&schema);
	c->source.needed = c->source.early = NULL;
	schema_fini(&needed);
	free(a);
	return rc;
}
