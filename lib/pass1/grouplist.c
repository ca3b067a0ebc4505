#include "pass1/grouplist.h"

#include <stdlib.h>
#include <string.h>

#include "io/tsv.h"
#include "pass1/groups.h"

struct place_of {
	uint64_t number; /* of the shard */
	size_t at;       /* of the path */
};

struct grouplist {
	char *const *path;
	struct place_of *v;
	size_t n;
	struct facts first; /* of the first path */
	struct na_rule na;
	unsigned kinds; /* of all shards' groups */
};

static int
by_number(const void *a, const void *b)
{
	const struct place_of *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Opens a partial of one shard with groups. */
static int
open_one(const char *path, struct partial *p, struct facts *f, struct err *e)
{
	if (partial_open(p, path, e) < 0)
		return -1;
	if (partial_facts(p, f, e) < 0) {
		partial_close(p);
		return -1;
	}
	if (f->nin == 1 && f->groups)
		return 0;
	if (!f->groups)
		err_set(e, "%s: no groups here (pass 1 ran without --groups)",
		    path);
	else
		err_set(e,
		    "%s: %zu shards were merged: what is of which is not "
		    "known any more",
		    path, f->nin);
	facts_fini(f);
	partial_close(p);
	return -1;
}

static int
same(const struct grouplist *l, const char *path, const char *what,
    const char *a, const char *b, struct err *e)
{
	if ((a == NULL) == (b == NULL) && (!a || strcmp(a, b) == 0))
		return 0;
	return err_set(e,
	    "partials of different options: --%s is %s for %s and %s for %s",
	    what, a ? a : "not given", l->path[0], b ? b : "not given", path);
}

static int
look(struct grouplist *l, size_t i, struct err *e)
{
	const char *path = l->path[i];
	struct partial p;
	struct facts f;
	int rc = 0;

	if (open_one(path, &p, &f, e) < 0)
		return -1;
	partial_close(&p);
	l->v[i] = (struct place_of){f.in[0].number, i};
	l->kinds |= f.group_kinds;
	if (i == 0) {
		l->first = f;
		return 0;
	}
	if (same(l, path, "groups", l->first.groups, f.groups, e) < 0 ||
	    same(l, path, "table", l->first.table, f.table, e) < 0 ||
	    same(l, path, "only", l->first.only, f.only, e) < 0 ||
	    same(l, path, "na", l->first.na, f.na, e) < 0)
		rc = -1;
	facts_fini(&f);
	return rc;
}

/* Fills l->v, in the order of the numbers. */
static int
look_at_all(struct grouplist *l, struct err *e)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (look(l, i, e) < 0)
			return -1;
	qsort(l->v, l->n, sizeof(*l->v), by_number);
	for (i = 1; i < l->n; i++)
		if (l->v[i].number == l->v[i - 1].number)
			return err_set(e,
			    "two partials for shard %llu: %s and %s",
			    (unsigned long long)l->v[i].number,
			    l->path[l->v[i - 1].at], l->path[l->v[i].at]);
	return 0;
}

static int
put_shard(const struct grouplist *l, const struct place_of *at, struct out *out,
    uint64_t memory, struct buf *prefix, struct err *e)
{
	const char *path = l->path[at->at];
	struct partial p;
	struct facts f;
	int rc = -1;

	if (open_one(path, &p, &f, e) < 0)
		return -1;
	if (f.in[0].number != at->number || (f.group_kinds & ~l->kinds)) {
		err_set(e, "%s: changed while it was read", path);
		goto out;
	}
	f.group_kinds = l->kinds;
	buf_clear(prefix);
	buf_printf(prefix, "%05llu\t", (unsigned long long)at->number);
	tsv_put(prefix, bytes_str(f.in[0].path));
	buf_putc(prefix, '\t');
	rc = groups_list(out, buf_bytes(prefix), &f, &l->na, &p, memory, e);
out:
	facts_fini(&f);
	partial_close(&p);
	return rc;
}

int
grouplist_write(struct out *out, char *const *path, size_t n, uint64_t memory,
    struct err *e)
{
	static const char header[] = "shard\tpath\tgroup\trows\tbytes\n";
	struct grouplist l = {.path = path, .n = n};
	struct buf prefix = BUF_ZERO;
	size_t i;
	int rc;

	l.v = xcalloc(n, sizeof(*l.v));
	rc = look_at_all(&l, e);
	na_rule_init(&l.na, l.first.na);
	if (rc == 0)
		rc = out_write(out, header, sizeof(header) - 1, e);
	for (i = 0; i < n && rc == 0; i++)
		rc = put_shard(&l, &l.v[i], out, memory, &prefix, e);
	na_rule_fini(&l.na);
	facts_fini(&l.first);
	buf_fini(&prefix);
	free(l.v);
	return rc;
}
