#include "chain/session.h"

#include <stdlib.h>
#include <string.h>

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
	return s->kept.p ? s->kept.end(s->kept.p, s->failed, e) : 0;
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
