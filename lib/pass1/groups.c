#include "pass1/groups.h"

#include <stdlib.h>
#include <string.h>

#include "io/commit.h"
#include "io/tsv.h"
#include "pass1/ranges.h"
#include "sort/extsort.h"

/* What a group has, as the row of its record. */
struct sums {
	uint64_t rows, bytes;
};

struct groups {
	const struct facts *f;
	const struct na_rule *skip; /* tokens are no groups; NULL: they are */
	bool ints;                  /* the order of the keys */
	struct key_run *run;
	size_t nrun;
	uint64_t total; /* entries of all runs */
	struct ranges x;
	char *dir; /* for what the memory does not hold */
	struct extsort *sort;
	struct buf key;
	struct out *out;
	struct bytes prefix; /* of each line */
	struct buf line;
	uint64_t rows, ngroup; /* written */
	const char *damaged;   /* the partial with an empty key, or NULL */
};

static void
find_runs(struct groups *g, const struct partial *part, size_t npart)
{
	size_t i, k;

	for (i = 0; i < npart; i++)
		for (k = 0; k < part[i].nsec; k++) {
			const struct section *s = &part[i].sec[k];
			struct bytes body = partial_section(&part[i], s);

			if (s->type != SECTION_GROUPS)
				continue;
			if ((g->nrun & (g->nrun - 1)) == 0)
				g->run = xrealloc(g->run,
				    (g->nrun ? 2 * g->nrun : 1) *
					sizeof(*g->run));
			g->run[g->nrun++] = (struct key_run){
			    .ent = (const struct keyent *)(const void *)body.p,
			    .n = s->n,
			    .heap = partial_heap(&part[i], s),
			    .p = &part[i]};
			g->total += s->n;
		}
}

/* take_fn: adds up what the groups have. */
static void
take_sums(void *arg, struct keytable *t, const struct key_batch *b)
{
	struct groups *g = arg;
	struct keyent *sum;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->key[i].n == 0)
			g->damaged = b->run->p->path;
		if (g->skip && na_is_token(g->skip, b->key[i]))
			continue;
		sum = keytable_entry(t, b->key[i], b->hash[i]);
		sum->hi += b->ent[i].hi;
		sum->where += b->ent[i].where;
	}
}

/*
 * Appends bytes whose order under memcmp() is that of int_cmp() of the keys:
 *
 *	0 if it is less than 0, else 1
 *	the number of its digits, u32, big-endian
 *	its digits
 *	of those not less than 0: 0 if it begins with a minus, else 1
 *
 * Of those less than 0 all bits behind the first byte are turned over.
 */
static void
put_int(struct buf *b, struct bytes key)
{
	bool minus = key.n > 0 && key.p[0] == '-';
	bool less = minus && key.n > 1 && key.p[1] != '0';
	uint32_t n = (uint32_t)(key.n - minus), big_endian;
	size_t i = b->n + 1;

	buf_putc(b, less ? 0 : 1);
	big_endian = __builtin_bswap32(n);
	buf_put(b, &big_endian, 4);
	buf_put(b, key.p + minus, n);
	if (!less)
		buf_putc(b, minus ? 0 : 1);
	else
		for (; i < b->n; i++)
			b->p[i] = (char)~b->p[i];
}

/* The key that put_int() had, in b. */
static void
get_int(struct buf *b, struct bytes k)
{
	bool less = k.p[0] == 0;
	size_t n = k.n - 5 - !less, i;

	if (less || k.p[k.n - 1] == 0)
		buf_putc(b, '-');
	for (i = 0; i < n; i++)
		buf_putc(b, less ? (char)~k.p[5 + i] : k.p[5 + i]);
}

/* Adds the groups of a range to those that are sorted. */
static int
sort_range(struct groups *g, struct err *e)
{
	struct bytes heap = buf_bytes(&g->x.t.heap), key;
	size_t i;

	if (g->damaged)
		return err_set(e, "%s: damaged partial", g->damaged);
	for (i = 0; i < g->x.t.n; i++) {
		const struct keyent *k = &g->x.t.slot[i];
		struct sums sums = {k->hi, k->where};

		if (!keyent_key(k, heap, &key))
			continue;
		if (g->ints) {
			buf_clear(&g->key);
			put_int(&g->key, key);
			key = buf_bytes(&g->key);
		}
		if (extsort_add(g->sort, key,
			bytes_of((const char *)&sums, sizeof(sums)), e) < 0)
			return -1;
	}
	return 0;
}

static int
put(struct groups *g, struct bytes key, struct sums sums, struct err *e)
{
	buf_clear(&g->line);
	buf_putb(&g->line, g->prefix);
	tsv_put(&g->line, key);
	buf_printf(&g->line, "\t%llu\t%llu", (unsigned long long)sums.rows,
	    (unsigned long long)sums.bytes);
	if (g->f->table) {
		buf_putc(&g->line, '\t');
		tsv_put(&g->line, bytes_str(g->f->table));
	}
	buf_putc(&g->line, '\n');
	g->rows += sums.rows;
	g->ngroup++;
	return out_write(g->out, g->line.p, g->line.n, e);
}

static int
put_header(struct groups *g, struct err *e)
{
	buf_clear(&g->line);
	tsv_put(&g->line, bytes_str(g->f->groups));
	buf_printf(&g->line, "\trows\tbytes%s\n", g->f->table ? "\ttable" : "");
	return out_write(g->out, g->line.p, g->line.n, e);
}

/* The record that the sort gave last, as a line. */
static int
put_record(struct groups *g, struct bytes key, struct err *e)
{
	struct sums sums;
	struct bytes piece;
	size_t n = 0;
	int more;

	buf_clear(&g->key);
	if (g->ints)
		get_int(&g->key, key);
	else
		buf_putb(&g->key, key);
	do {
		more = extsort_row(g->sort, &piece, e);
		if (more < 0)
			return -1;
		memcpy((char *)&sums + n, piece.p, piece.n);
		n += piece.n;
	} while (more > 0);
	return put(g, buf_bytes(&g->key), sums, e);
}

static int
put_all(struct groups *g, struct err *e)
{
	struct merge_record rec;
	uint64_t r;
	int rc;

	for (r = 0; r < g->x.nrange; r++)
		if (ranges_take(&g->x, r, take_sums, g, e) < 0 ||
		    sort_range(g, e) < 0)
			return -1;
	if (extsort_finish(g->sort, NULL, 0, e) < 0)
		return -1;
	while ((rc = extsort_next(g->sort, &rec, e)) > 0)
		if (put_record(g, rec.key, e) < 0)
			return -1;
	return rc;
}

/* What does not fit memory goes to a file beside path. */
static void
begin(struct groups *g, const struct facts *f, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t memory, const char *path)
{
	const char *slash = strrchr(path, '/');
	uint64_t per = keytable_limit(memory).keys;

	g->f = f;
	g->skip = facts_group_tokens_missing(f, na) ? na : NULL;
	g->ints = facts_group_ints(f);
	find_runs(g, part, npart);
	per = per < RANGE_ENTRIES ? per : RANGE_ENTRIES;
	ranges_init(&g->x, g->run, g->nrun, g->total / per + 1);
	g->dir = slash == path ? xstrdup("/")
	    : slash            ? xstrndup(path, (size_t)(slash - path))
			       : xstrdup(".");
	g->sort = extsort_new(
	    memory > EXTSORT_MEMORY_MIN ? memory : EXTSORT_MEMORY_MIN, g->dir);
}

static void
end(struct groups *g)
{
	extsort_free(g->sort);
	ranges_fini(&g->x);
	free(g->run);
	free(g->dir);
	buf_fini(&g->key);
	buf_fini(&g->line);
}

/* All lines, which must say what the facts say. */
static int
put_lines(
    struct groups *g, const struct na_rule *na, const char *path, struct err *e)
{
	if (put_all(g, e) < 0)
		return -1;
	if (g->rows + facts_ungrouped(g->f, na) == facts_rows(g->f))
		return 0;
	return err_set(e,
	    "%s: the groups' rows do not add up to those of the shards: a "
	    "partial is damaged",
	    path);
}

int
groups_write(const char *path, struct facts *f, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t memory, uint64_t *digest,
    struct err *e)
{
	struct groups g = {.f = NULL};
	struct commit *c = commit_new(path, e);
	int rc = -1;

	if (!c)
		return -1;
	begin(&g, f, na, part, npart, memory, path);
	g.out = out_new(commit_fd(c), path, CODEC_NONE, 0, true, e);
	if (!g.out || put_header(&g, e) < 0 || put_lines(&g, na, path, e) < 0 ||
	    out_finish(g.out, true, e) < 0 || commit_rename(c, e) < 0 ||
	    commit_sync_dir(path, e) < 0)
		goto out;
	*digest = out_digest(g.out);
	f->ngroup = g.ngroup;
	rc = 0;
out:
	end(&g);
	out_free(g.out);
	commit_free(c);
	return rc;
}

/*
 * The lines of one partial alone, without a column for the table, each behind
 * prefix.  f are its facts, but with the group_kinds of all partials, which
 * decide on order and tokens.  What memory cannot hold goes to a file beside
 * the partial.
 */
static int
put_shard_lines(struct out *out, struct bytes prefix, const struct facts *f,
    const struct na_rule *na, const struct partial *part, uint64_t memory,
    struct err *e)
{
	struct groups g = {.out = out, .prefix = prefix};
	struct facts plain = *f;
	int rc;

	plain.table = NULL; /* no column */
	begin(&g, &plain, na, part, 1, memory, part->path);
	rc = put_lines(&g, na, part->path, e);
	end(&g);
	return rc;
}

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
	rc = put_shard_lines(out, buf_bytes(prefix), &f, &l->na, &p, memory, e);
out:
	facts_fini(&f);
	partial_close(&p);
	return rc;
}

int
groups_list(struct out *out, char *const *path, size_t n, uint64_t memory,
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
