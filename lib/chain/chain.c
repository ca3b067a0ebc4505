#include "chain/chain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/stream.h"

struct context *
session_context(struct session *s, const char *dir, struct err *e)
{
	struct context *c;
	size_t i;

	for (i = 0; i < s->nctx; i++)
		if (strcmp(s->ctx[i]->dir, dir) == 0)
			return s->ctx[i];
	c = context_open(dir, e);
	if (!c)
		return NULL;
	s->ctx = xrealloc(s->ctx, (s->nctx + 1) * sizeof(*s->ctx));
	s->ctx[s->nctx++] = c;
	return c;
}

int
session_end(struct session *s, struct err *e)
{
	return s->kept.p ? s->kept.end(s->kept.p, e) : 0;
}

const struct batchmap *
session_batchmap(struct session *s, const char *path, struct err *e)
{
	struct session_map *m;
	size_t i;

	for (i = 0; i < s->nmap; i++)
		if (strcmp(s->map[i]->path, path) == 0)
			return &s->map[i]->map;
	m = xcalloc(1, sizeof(*m));
	if (batchmap_load(&m->map, path, e) < 0) {
		batchmap_fini(&m->map);
		free(m);
		return NULL;
	}
	m->path = xstrdup(path);
	s->map = xrealloc(s->map, (s->nmap + 1) * sizeof(*s->map));
	s->map[s->nmap++] = m;
	return &m->map;
}

void
session_fini(struct session *s)
{
	size_t i;

	if (s->kept.p)
		s->kept.free(s->kept.p);
	s->kept.p = NULL;
	for (i = 0; i < s->nctx; i++)
		context_close(s->ctx[i]);
	free(s->ctx);
	s->ctx = NULL;
	s->nctx = 0;
	for (i = 0; i < s->nmap; i++) {
		batchmap_fini(&s->map[i]->map);
		free(s->map[i]->path);
		free(s->map[i]);
	}
	free(s->map);
	s->map = NULL;
	s->nmap = 0;
	buf_fini(&s->said);
}

void
session_warn_once(struct session *s, const char *msg)
{
	const char *p = s->said.p, *end = p + s->said.n;

	for (; p < end; p += strlen(p) + 1)
		if (strcmp(p, msg) == 0)
			return;
	buf_put(&s->said, msg, strlen(msg) + 1);
	s->warn("%s", msg);
}

int
run_at(const struct run *r, const struct batch *b, uint32_t row, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", r->input, (unsigned long long)batch_line(b, row));
}

bool
run_source(const struct run *r, struct identity *id, uint64_t *digest)
{
	struct err ignored;

	if (r->have_input) {
		*id = r->id;
		*digest = r->digest;
		return true;
	}
	/* a stream's end marker says which bytes it comes from */
	if (!r->account.have_digest || !r->like ||
	    identity_of(r->like, id, &ignored) < 0 ||
	    id->size != r->account.size)
		return false;
	*digest = r->account.digest;
	return true;
}

/* The sink of a chain without one: the row stream on standard output. */
struct to_stream {
	struct stream stream;
	const struct run *run;
	uint64_t n;
};

static int
to_stream_init(void **st, const void *opt, struct schema *s, struct run *run,
    struct err *e)
{
	struct to_stream *t = *st = xcalloc(1, sizeof(*t));

	(void)opt;
	t->run = run;
	return stream_open(&t->stream, s, run, e);
}

static int
to_stream_process(void *st, struct batch *b, struct err *e)
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

	return stream_end(&t->stream, t->run, t->n, e);
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

static const struct stage to_stream = {
    to_stream_init, to_stream_process, to_stream_finish, to_stream_free};

/* Is there a last link, and is it a sink? */
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

/* The rest of each batch is read after the first `early` stages; 0: it is all
 * there from the start. */
static int
pump(struct source *src, struct active *a, size_t n, size_t early, int nslot,
    struct err *e)
{
	struct batch b = BATCH_ZERO;
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
	batch_fini(&b);
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
	struct run run = {.warn = s->warn};
	struct schema schema = SCHEMA_ZERO, needed = SCHEMA_ZERO;
	size_t early;
	struct active *a = xcalloc(c->nlink + 1, sizeof(*a));
	struct source *src = NULL;
	struct context *ctx = NULL;
	const char *ctx_dir = c->source.context;
	size_t n = 0, i;
	char sep = 0;
	int rc = -1;

	run.emit = chain_emits(c);
	c->source.needed = c->source.early = NULL;
	early = early_filters(c, &needed);
	if (early)
		c->source.early = &needed;
	else if (c->nlink == 1 && ends_in_sink(c) && c->link[0].filter->needs &&
	    c->link[0].filter->needs(c->link[0].opt, &needed))
		c->source.needed = &needed;
	if (npaths == 1 && strcmp(paths[0], "-") != 0)
		run.like = paths[0];
	for (i = 0; i < c->nlink; i++) {
		const struct filter *f = c->link[i].filter;

		a[n++] = (struct active){f->stage, c->link[i].opt, NULL};
		if (f->like && f->like(c->link[i].opt))
			run.like = f->like(c->link[i].opt);
		if (!ctx_dir && f->context)
			ctx_dir = f->context(c->link[i].opt);
		if (f->want_sep)
			sep = f->want_sep(c->link[i].opt, paths[0]);
	}
	if (!ends_in_sink(c))
		a[n++] = (struct active){&to_stream, NULL, NULL};
	if (run.like)
		run.shard = shard_name_parse(run.like);
	if (ctx_dir) {
		ctx = session_context(s, ctx_dir, e);
		if (!ctx)
			goto out;
	}
	if (!sep && source_tabs())
		sep = '\t';
	src = source_open(
	    &c->source, paths, npaths, sep, c->expect, ctx, &schema, &run, e);
	if (!src)
		goto out;
	for (i = 0; i < n; i++)
		if (a[i].stage->init(&a[i].st, a[i].opt, &schema, &run, e) <
		    0) {
			if (e->kind == ERR_INPUT)
				err_prefix(e, "%s: ", run.input);
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
