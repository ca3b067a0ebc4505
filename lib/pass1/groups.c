#include "pass1/groups.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/out.h"
#include "io/tsv.h"

#define RANGE_ENTRIES ((uint64_t)64 << 10)

/* Where a section's merge by hash has come to. */
struct cursor {
	const struct keyent *k, *end;
	struct bytes heap;
	const char *path;
};

/* A run in the spill file, in the order of keys: entries, then long keys. */
struct run {
	uint64_t off, n, heap_off, heap_len;
	/* where its merge has come to */
	uint64_t at;
	struct keyref key;
};

struct groups {
	const struct facts *f;
	const struct na_rule *skip; /* tokens are no groups; NULL: they are */
	bool ints;                  /* the order of the keys */
	struct cursor *cur;
	size_t ncur;
	uint64_t total; /* entries of all sections */
	struct keytable range, table;
	struct keytable_limit limit; /* of the table */
	/* what the table could not hold */
	struct out *spill;
	int fd;
	uint64_t spilled; /* bytes */
	struct run *run;
	size_t nrun;
	const char *map;
	struct out *out;
	struct bytes prefix; /* of each line */
	struct buf line;
	uint64_t rows, ngroup; /* written */
};

static void
open_cursors(struct groups *g, const struct partial *part, size_t npart)
{
	size_t i, k;

	for (i = 0; i < npart; i++)
		for (k = 0; k < part[i].nsec; k++) {
			const struct section *s = &part[i].sec[k];
			struct bytes body = partial_section(&part[i], s);

			if (s->type != SECTION_GROUPS)
				continue;
			if ((g->ncur & (g->ncur - 1)) == 0)
				g->cur = xrealloc(g->cur,
				    (g->ncur ? 2 * g->ncur : 1) *
					sizeof(*g->cur));
			g->cur[g->ncur] = (struct cursor){
			    (const struct keyent *)(const void *)body.p, NULL,
			    partial_heap(&part[i], s), part[i].path};
			g->cur[g->ncur].end = g->cur[g->ncur].k + s->n;
			g->ncur++;
			g->total += s->n;
		}
}

static void
add_entry(
    struct keytable *t, struct bytes key, uint64_t hash, const struct keyent *k)
{
	struct keyent *sum = keytable_entry(t, key, hash);

	sum->hi += k->hi;
	sum->where += k->where;
}

/* Adds up a section's entries with hash <= last, or all that are left. */
static int
take_range(
    struct groups *g, struct cursor *c, uint64_t last, bool rest, struct err *e)
{
	for (; c->k < c->end; c->k++) {
		struct bytes key;
		uint64_t hash;

		if (!keyent_key(c->k, c->heap, &key) || key.n == 0)
			return err_set(e, "%s: damaged partial", c->path);
		hash = key_hash(key);
		if (!rest && hash > last)
			break;
		if (!g->skip || !na_is_token(g->skip, key))
			add_entry(&g->range, key, hash, c->k);
	}
	return 0;
}

/* The file for runs; it has no name, so nobody has to remove it. */
static int
open_spill(struct groups *g, const char *path, struct err *e)
{
	struct commit *c = commit_new(path, e);
	int rc = 0;

	if (!c)
		return -1;
	g->fd = open(commit_temp(c), O_RDONLY | O_CLOEXEC);
	if (g->fd < 0)
		rc = err_sys(e, ERR_OUTPUT, "%s", commit_temp(c));
	g->spill = out_new(commit_fd(c), path, CODEC_NONE, 0, false, e);
	commit_free(c);
	return g->spill ? rc : -1;
}

static int
put_spill(struct groups *g, const void *p, size_t n, struct err *e)
{
	g->spilled += n;
	return out_write(g->spill, p, n, e);
}

/* The table as a run; it is empty then. */
static int
spill(struct groups *g, const char *path, struct err *e)
{
	static const char zero[8];
	struct keyref *v;
	struct run *r;
	uint64_t heap = 0;
	size_t i, n = g->table.n;
	int rc = 0;

	if (!g->spill && open_spill(g, path, e) < 0)
		return -1;
	g->run = xrealloc(g->run, (g->nrun + 1) * sizeof(*g->run));
	r = &g->run[g->nrun++];
	memset(r, 0, sizeof(*r));
	r->off = g->spilled;
	r->n = n;
	v = keytable_by_key(&g->table, g->ints);
	for (i = 0; i < n && rc == 0; i++) {
		struct keyent k = g->table.slot[v[i].slot];

		if (!keyent_is_inline(&k)) {
			keyent_set_heap(&k, heap, (uint32_t)v[i].key.n, 0);
			heap += v[i].key.n;
		}
		rc = put_spill(g, &k, sizeof(k), e);
	}
	r->heap_off = g->spilled;
	r->heap_len = heap;
	for (i = 0; i < n && rc == 0; i++)
		if (!keyent_is_inline(&g->table.slot[v[i].slot]))
			rc = put_spill(g, v[i].key.p, v[i].key.n, e);
	if (rc == 0)
		rc = put_spill(g, zero, -g->spilled & 7, e);
	free(v);
	keytable_clear(&g->table);
	return rc;
}

/* Moves the range into the table. */
static int
sort_range(struct groups *g, const char *path, struct err *e)
{
	struct bytes heap = buf_bytes(&g->range.heap), key;
	size_t i;

	for (i = 0; i < g->range.n; i++) {
		const struct keyent *k = &g->range.slot[i];

		if (!keyent_key(k, heap, &key))
			continue;
		if (keytable_full(&g->table, g->limit, key.n) &&
		    spill(g, path, e) < 0)
			return -1;
		add_entry(&g->table, key, g->range.hash[i], k);
	}
	keytable_clear(&g->range);
	return 0;
}

static int
put(struct groups *g, struct bytes key, const struct keyent *k, struct err *e)
{
	buf_clear(&g->line);
	buf_putb(&g->line, g->prefix);
	tsv_put(&g->line, key);
	buf_printf(&g->line, "\t%llu\t%llu", (unsigned long long)k->hi,
	    (unsigned long long)k->where);
	if (g->f->table) {
		buf_putc(&g->line, '\t');
		tsv_put(&g->line, bytes_str(g->f->table));
	}
	buf_putc(&g->line, '\n');
	g->rows += k->hi;
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

static int
put_table(struct groups *g, struct err *e)
{
	struct keyref *v = keytable_by_key(&g->table, g->ints);
	size_t i;
	int rc = 0;

	for (i = 0; i < g->table.n && rc == 0; i++)
		rc = put(g, v[i].key, &g->table.slot[v[i].slot], e);
	free(v);
	return rc;
}

static const struct keyent *
run_entry(const struct groups *g, const struct run *r)
{
	return (const struct keyent *)(const void *)(g->map + r->off) + r->at;
}

/* Its key, once there is an entry; what was spilled is sound. */
static void
run_look(const struct groups *g, struct run *r)
{
	if (r->at < r->n &&
	    keyent_key(run_entry(g, r),
		bytes_of(g->map + r->heap_off, r->heap_len), &r->key.key))
		r->key.rank = key_rank(r->key.key, g->ints);
}

static void
sift(const struct groups *g, struct run **heap, size_t n, size_t i)
{
	for (;;) {
		size_t least = i, k;
		struct run *swap;

		for (k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
			if (keyref_cmp(
				&heap[k]->key, &heap[least]->key, g->ints) < 0)
				least = k;
		if (least == i)
			return;
		swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
		i = least;
	}
}

/* Merges the runs; a key is in one of them only. */
static int
put_runs(struct groups *g, struct err *e)
{
	struct run **heap;
	size_t i, n = g->nrun;
	int rc = 0;
	void *map;

	if (out_flush(g->spill, e) < 0)
		return -1;
	map = mmap(NULL, g->spilled, PROT_READ, MAP_SHARED, g->fd, 0);
	if (map == MAP_FAILED)
		return err_sys(e, ERR_OUTPUT, "groups.tsv: mmap");
	g->map = map;
	heap = xmalloc(n * sizeof(*heap));
	for (i = 0; i < n; i++) {
		heap[i] = &g->run[i];
		run_look(g, heap[i]);
	}
	for (i = n; i-- > 0;)
		sift(g, heap, n, i);
	while (n > 0 && rc == 0) {
		struct run *r = heap[0];

		rc = put(g, r->key.key, run_entry(g, r), e);
		r->at++;
		run_look(g, r);
		if (r->at == r->n)
			heap[0] = heap[--n];
		sift(g, heap, n, 0);
	}
	free(heap);
	return rc;
}

static int
put_all(struct groups *g, const char *path, struct err *e)
{
	uint64_t per =
	    g->limit.keys < RANGE_ENTRIES ? g->limit.keys : RANGE_ENTRIES;
	uint64_t nrange = g->total / per + 1, r;
	size_t i;

	for (r = 0; r < nrange; r++) {
		uint64_t last = UINT64_MAX / nrange * (r + 1);

		for (i = 0; i < g->ncur; i++)
			if (take_range(
				g, &g->cur[i], last, r + 1 == nrange, e) < 0)
				return -1;
		if (sort_range(g, path, e) < 0)
			return -1;
	}
	if (!g->nrun)
		return put_table(g, e);
	if (g->table.n && spill(g, path, e) < 0)
		return -1;
	return put_runs(g, e);
}

static void
begin(struct groups *g, const struct facts *f, const struct na_rule *na,
    const struct partial *part, size_t npart, uint64_t memory)
{
	g->f = f;
	g->fd = -1;
	g->skip = facts_group_tokens_missing(f, na) ? na : NULL;
	g->ints = facts_group_ints(f);
	g->limit = keytable_limit(memory);
	keytable_init(&g->range, 64);
	keytable_init(&g->table, 64);
	open_cursors(g, part, npart);
}

static void
end(struct groups *g)
{
	if (g->map)
		munmap((void *)(uintptr_t)g->map, g->spilled);
	if (g->fd >= 0)
		close(g->fd);
	out_free(g->spill);
	keytable_fini(&g->range);
	keytable_fini(&g->table);
	free(g->cur);
	free(g->run);
	buf_fini(&g->line);
}

/* All lines, which must say what the facts say. */
static int
put_lines(
    struct groups *g, const struct na_rule *na, const char *path, struct err *e)
{
	if (put_all(g, path, e) < 0)
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
	begin(&g, f, na, part, npart, memory);
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
	begin(&g, &plain, na, part, 1, memory);
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
