#include "filters/collect.h"
#include "pass1/factsfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pass1/partial.h"
#include "pass1/parts.h"

static bool
same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0);
}

static bool
same_options(const struct facts *f, const struct stats_opt *o)
{
	const char *na = o->na && strcmp(o->na, "auto") != 0 ? o->na : NULL;

	return same(f->time, o->time) && same(f->key, o->key) &&
	    same(f->label, o->label) &&
	    same(f->missing_time, o->missing_time) && same(f->na, na) &&
	    same(f->strata, o->strata) && same(f->groups, o->groups) &&
	    same(f->table, o->table) && f->seed == (o->strata ? o->seed : 0) &&
	    f->schema == o->schema && f->moments == o->moments &&
	    f->quoted_value == (o->quoted_empty == 1);
}

/* What the facts say without the values; caller frees. */
static char *
text_without_values(const struct facts *f)
{
	struct facts plain = *f;
	struct buf b = BUF_ZERO;
	size_t i;

	plain.values = 0;
	plain.col = xmalloc(f->ncol * sizeof(*plain.col));
	for (i = 0; i < f->ncol; i++) {
		plain.col[i] = f->col[i];
		plain.col[i].values = 0;
	}
	facts_save(&plain, &b);
	free(plain.col);
	buf_cstr(&b);
	return buf_release(&b);
}

/* Was it made from the partial that --update names? */
static bool
same_update(const struct facts *f, const struct stats_opt *o)
{
	char *path = parts_path(o->update, f->in[0].number);
	struct partial p;
	struct facts old;
	struct err ignored;
	bool same = false;

	if (partial_open(&p, path, &ignored) == 0) {
		if (partial_facts(&p, &old, &ignored) == 0) {
			char *a = text_without_values(f);
			char *b = text_without_values(&old);

			same = strcmp(a, b) == 0;
			free(a);
			free(b);
			facts_fini(&old);
		}
		partial_close(&p);
	}
	free(path);
	return same;
}

/* 1 if there is a whole partial of this very file and these options (the
 * reader's by their source_fingerprint), else 0.  A changed file with equal
 * bytes counts as the same: it is digested. */
static int
is_fresh(const struct stats_opt *o, uint64_t fingerprint, const char *path)
{
	char *st = parts_path(o->out, shard_name_parse(path).number);
	struct partial p;
	struct facts f;
	struct identity id;
	struct err ignored;
	uint64_t digest;
	int fresh = 0;

	if (access(st, F_OK) < 0 || partial_open(&p, st, &ignored) < 0)
		goto out;
	if (partial_facts(&p, &f, &ignored) == 0) {
		/* values that nobody asks for do no harm */
		fresh = f.nin == 1 && f.fingerprint == fingerprint &&
		    (!o->values || f.values == o->wish.digest) &&
		    strcmp(f.in[0].path, path) == 0;
		fresh = fresh &&
		    (o->update ? same_update(&f, o) : same_options(&f, o));
		if (fresh &&
		    (o->verify || identity_of(path, &id, &ignored) < 0 ||
			!identity_eq(id, f.in[0].id)))
			fresh = in_digest_file(path, &digest, &ignored) == 0 &&
			    digest == f.in[0].digest;
		facts_fini(&f);
	}
	partial_close(&p);
out:
	free(st);
	return fresh;
}

const struct opt_spec collect_specs[] = {
    OPT(OPT_FLAG, 0, "force", NULL, struct collect, force,
	"read shards again whose partial is fresh"),
    OPT_END,
};

int
collect_setup(struct collect *c, size_t n, struct session *s, struct err *e)
{
	if (c->chain->source.row_column)
		return err_kind_set(e, ERR_USAGE,
		    "--row-column is for streams, not for pass 1");
	if (filter_stats.setup(c->opt, s, e) < 0)
		return -1;
	c->one = parts_is_file(c->opt->out);
	return !c->one || n < 2
	    ? 0
	    : err_kind_set(e, ERR_USAGE,
		  "--output %s is one partial, but %zu files are named",
		  c->opt->out, n);
}

int
collect_run(const struct collect *c, char *const *file, size_t n,
    struct session *s, struct err *e)
{
	static char dash[] = "-";
	char *const std[] = {dash};
	uint64_t print = source_fingerprint(&c->chain->source);
	bool any = c->one || (c->opt->like && n == 1);
	int rc, nbad = 0;
	size_t i;

	if (c->opt->wish.none)
		return 0;
	if (n == 0)
		return chain_run(c->chain, std, 1, s, e) < 0 ? -1 : 0;
	for (i = 0; i < n; i++) {
		if (!c->force && is_fresh(c->opt, print, file[i]))
			rc = 0;
		else if (!any && !shard_name_parse(file[i]).is_part)
			rc = err_set(e,
			    "%s: no shard number in the name (part-N...)",
			    file[i]);
		else
			rc = chain_run(c->chain, file + i, 1, s, e);
		if (rc < 0 && e->kind != ERR_INPUT)
			return -1;
		c->ended(c->arg, file[i], rc < 0 ? e : NULL);
		nbad |= rc < 0;
	}
	return nbad;
}
