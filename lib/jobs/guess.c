#include "jobs/guess.h"

#include <stdlib.h>

#include "chain/chain.h"
#include "filters/stats.h"
#include "io/commit.h"
#include "jobs/tidy.h"
#include "pass1/mergejob.h"

/* So many rows are looked at. */
#define GUESS_ROWS 5000

static void
be_quiet(const char *fmt, ...)
{
	(void)fmt;
}

/* The statistics of the first rows: a partial in g->dir. */
static int
scan(const struct guess *g, const char *path, struct err *e)
{
	struct session s = {.tool = "shard-job", .warn = be_quiet};
	struct stats_opt *so = xcalloc(1, sizeof(*so));
	struct chain c = {.source = *g->source};
	char *one = xstrdup(path);
	int rc;

	c.source.head = GUESS_ROWS;
	filter_stats.defaults(so);
	so->moments = true;
	so->na = g->na;
	so->quoted_empty = g->quoted_value;
	so->out = g->dir;
	chain_add(&c, &filter_stats, so);
	rc = filter_stats.setup(so, &s, e);
	if (rc == 0)
		rc = chain_run(&c, &one, 1, &s, e);
	chain_fini(&c);
	session_fini(&s);
	free(one);
	return rc;
}

/* The partial becomes a context. */
static int
merge(const struct guess *g, struct err *e)
{
	struct mergejob m = MERGEJOB_DEFAULT(be_quiet);
	struct stats_opt so;
	char **part = xcalloc(1, sizeof(*part));
	size_t i, n = 1;
	int rc;

	filter_stats.defaults(&so);
	m.out = g->dir;
	m.memory = so.memory;
	part[0] = xstrdup(g->dir);
	rc = mergejob_run(&m, &part, &n, e);
	for (i = 0; i < n; i++)
		free(part[i]);
	free(part);
	return rc;
}

int
guess_values(
    const struct guess *g, const char *path, const char *to, struct err *e)
{
	struct fit_opt how = *g->how;
	struct buf need = BUF_ZERO;
	struct err ignored = ERR_ZERO;
	int rc;

	how.need = true;
	how.values = "/dev/null"; /* none are there */
	how.warn = be_quiet;
	if (remove_tree(g->dir, e) < 0 || make_dirs(g->dir, e) < 0)
		return -1;
	if (scan(g, path, &ignored) < 0 || merge(g, &ignored) < 0 ||
	    fit_run(&how, g->dir, NULL, &need, &ignored) < 0) {
		buf_clear(&need);
		buf_puts(&need, "column\tvalues\n");
	}
	rc = commit_file(to, need.p, need.n, e);
	buf_fini(&need);
	return rc == 0 ? remove_tree(g->dir, e) : -1;
}
