#include "pass1/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/tsv.h"
#include "pass1/colstats.h"
#include "pass1/combine.h"
#include "pass1/cutoffs.h"
#include "pass1/factsfile.h"
#include "pass1/groups.h"
#include "pass1/keymerge.h"
#include "pass1/partset.h"
#include "pass1/values.h"

/*
 * Partials are mapped, not held open, so the descriptor limit does not bound
 * them; the kernel's limit on mappings (65,530) does.  Above this number,
 * groups are first put together into one file each.
 */
#define MAX_MAPPED 16384
#define GROUP 1024
/* Of so many keys an index costs nothing to speak of. */
#define FEW_KEYS ((uint64_t)1 << 19)
#define MAX_LABELS ((size_t)1 << 20)

struct merge {
	const char *dir;
	const struct merge_opt *opt;
	struct partset set;
	struct buf split, labels; /* files to be, "" for none */
	struct buf stats, tokens;
};

static int
write_index(struct merge *m, const char *path, const uint64_t *shards,
    struct key_run *c, size_t n, uint64_t total, const struct na_rule *skip,
    struct err *e)
{
	struct keyindex_writer *w =
	    keyindex_create(path, total, shards, m->set.facts.nin, e);
	int rc = -1;

	if (w && keymerge(w, c, n, total, skip, m->opt->workers, e) == 0)
		rc = keyindex_finish(w, e);
	keyindex_writer_free(w);
	return rc;
}

/* What has the key and the time of a first row is first too. */
static int
mark_ties(const struct merge *m, struct firstrows_writer *w, struct err *e)
{
	size_t i, k;
	uint64_t t;

	for (i = 0; i < m->set.npart; i++)
		for (k = 0; k < m->set.part[i].nsec; k++) {
			const struct partial *p = &m->set.part[i];
			const struct section *s = &p->sec[k];
			const uint64_t *tie =
			    (const uint64_t *)(const void *)partial_section(
				p, s)
				.p;
			uint32_t ord;

			if (s->type != SECTION_TIES)
				continue;
			if (s->aux >= m->set.nordinal[i])
				return err_set(
				    e, "%s: damaged partial", p->path);
			ord = m->set.ordinal[i][s->aux];
			for (t = 0; t < s->n; t++)
				if (firstrows_get(w, ord, tie[t] >> 32) &&
				    !firstrows_set(w, ord, tie[t] & UINT32_MAX))
					return err_set(
					    e, "%s: damaged partial", p->path);
		}
	return 0;
}

static int
write_rows(struct merge *m, const char *path, const uint64_t *shards,
    struct key_run *c, size_t n, uint64_t total, const struct na_rule *skip,
    struct err *e)
{
	bool one = m->opt->first_rows == FIRST_ONE;
	uint64_t *rows = xcalloc(m->set.facts.nin, sizeof(*rows)), keys;
	struct firstrows_writer *w;
	size_t k;
	int rc = -1;

	for (k = 0; k < m->set.facts.nin; k++)
		rows[k] = m->set.facts.in[k].rows;
	w = firstrows_create(path, one, shards, rows, m->set.facts.nin, e);
	if (w &&
	    keymerge_rows(
		w, one, c, n, total, skip, m->opt->workers, &keys, e) == 0 &&
	    (one || mark_ties(m, w, e) == 0))
		rc = firstrows_finish(w, keys, e);
	firstrows_writer_free(w);
	free(rows);
	return rc;
}

/* first.rows, if asked for, and first.idx, but of many keys only if not. */
static int
write_first(struct merge *m, struct err *e)
{
	bool rows = m->opt->first_rows != FIRST_INDEX;
	uint64_t total, *shards = xcalloc(m->set.facts.nin, sizeof(*shards));
	/* tokens are no keys where the other keys are numbers */
	const struct na_rule *skip =
	    !m->set.facts.key_text || m->set.na.everywhere ? &m->set.na : NULL;
	struct buf path = BUF_ZERO;
	struct key_run *c;
	size_t n, k;
	int rc = 0;

	c = partset_runs(&m->set, SECTION_KEYS, &n, &total);
	for (k = 0; k < m->set.facts.nin; k++)
		shards[k] = m->set.facts.in[k].number;
	if (rows) {
		buf_printf(&path, "%s/first.rows", m->dir);
		rc = write_rows(
		    m, buf_cstr(&path), shards, c, n, total, skip, e);
		for (k = 0; k < n; k++)
			c[k].at = 0;
		buf_clear(&path);
	}
	if (rc == 0 && (!rows || total <= FEW_KEYS)) {
		buf_printf(&path, "%s/first.idx", m->dir);
		rc = write_index(
		    m, buf_cstr(&path), shards, c, n, total, skip, e);
	}
	buf_fini(&path);
	free(shards);
	free(c);
	return rc;
}

struct label {
	struct bytes text;
	uint64_t shard, row;
};

static int
by_text(const void *a, const void *b)
{
	return bytes_cmp(
	    ((const struct label *)a)->text, ((const struct label *)b)->text);
}

static int
make_labels(struct merge *m, struct err *e)
{
	struct keytable t = {0};
	struct buf *b = &m->labels;
	struct keyent *v = NULL;
	struct label *l = NULL;
	struct key_run *c;
	bool text = false;
	uint64_t total;
	size_t n, i;
	int rc = -1;

	c = partset_runs(&m->set, SECTION_LABELS, &n, &total);
	keytable_init(&t, 64);
	if (keymerge_all(
		c, n, m->set.na.everywhere ? &m->set.na : NULL, &t, e) < 0)
		goto out;
	if (t.n > MAX_LABELS) {
		err_set(e, "column %s has %zu distinct labels; is it a label?",
		    m->set.facts.label, t.n);
		goto out;
	}
	v = keytable_sorted(&t);
	l = xcalloc(t.n, sizeof(*l));
	for (i = 0; i < t.n; i++) {
		if (!keyent_key(&v[i], buf_bytes(&t.heap), &l[i].text))
			goto out;
		l[i].shard = m->set.facts.in[keyent_ordinal(&v[i])].number;
		l[i].row = keyent_row(&v[i]) + 1;
		text |= class_number(l[i].text) == CLASS_TEXT &&
		    !na_is_token(&m->set.na, l[i].text);
	}
	qsort(l, t.n, sizeof(*l), by_text);
	if (text) {
		for (i = 0; i < t.n; i++)
			if (na_is_token(&m->set.na, l[i].text))
				m->opt->warn(
				    "label %s is a class of its own here; rows "
				    "that miss their label go with --na=pandas",
				    err_quote(l[i].text));
		buf_puts(b, "label\tcode\n");
		for (i = 0; i < t.n; i++) {
			tsv_put(b, l[i].text);
			buf_printf(b, "\t%zu\n", i);
		}
		rc = 0;
		goto out;
	}
	for (i = 0; i < t.n; i++) {
		char whole[48];

		if (na_is_token(&m->set.na, l[i].text) ||
		    (class_number(l[i].text) != CLASS_INF &&
			canonical_int(l[i].text, whole) > 0))
			continue;
		err_set(e,
		    "%s: row %llu: label %s in column %s is not a whole "
		    "number",
		    facts_input(&m->set.facts, l[i].shard)->path,
		    (unsigned long long)l[i].row, err_quote(l[i].text),
		    m->set.facts.label);
		goto out;
	}
	rc = 0;
out:
	keytable_fini(&t);
	free(v);
	free(l);
	free(c);
	return rc;
}

static int
make_stats(struct merge *m, struct err *e)
{
	const struct facts *f = &m->set.facts;
	struct colstats s = {NULL, 0};
	struct buf *b = &m->tokens;
	size_t i, k;
	int rc;

	rc = colstats_make(
	    &s, f, &m->set.na, m->set.part, m->set.npart, m->opt->workers, e);
	if (rc == 0)
		colstats_save(&s, &m->stats);
	colstats_fini(&s);
	buf_puts(b, "column\ttoken\trows\n");
	for (i = 0; i < f->ncol; i++)
		for (k = 0; k < f->col[i].moments->ntoken; k++) {
			struct token_count *t = &f->col[i].moments->token[k];

			tsv_put(b, bytes_str(f->col[i].name));
			buf_putc(b, '\t');
			tsv_put(b, bytes_str(t->token));
			buf_printf(b, "\t%llu\n", (unsigned long long)t->n);
		}
	return rc;
}

/* DIR/NAME with that content; nothing when it is empty. */
static int
commit_buf(
    const char *dir, const char *name, const struct buf *b, struct err *e)
{
	struct buf path = BUF_ZERO;
	int rc = 0;

	buf_printf(&path, "%s/%s", dir, name);
	if (b->n)
		rc = commit_file(buf_cstr(&path), b->p, b->n, e);
	buf_fini(&path);
	return rc;
}

static int
write_strata(struct merge *m, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc;

	cutoffs_by_stratum(&m->set, m->opt, &b);
	rc = commit_buf(m->dir, "strata.tsv", &b, e);
	buf_fini(&b);
	return rc;
}

static int
write_groups(struct merge *m, uint64_t *digest, struct err *e)
{
	uint64_t memory = m->opt->memory;
	struct buf path = BUF_ZERO;
	int rc;

	buf_printf(&path, "%s/groups.tsv", m->dir);
	rc = groups_write(buf_cstr(&path), &m->set.facts, &m->set.na,
	    m->set.part, m->set.npart, memory ? memory : VALUES_MEMORY_DEFAULT,
	    digest, e);
	buf_fini(&path);
	return rc;
}

static void
put_range(struct buf *b, const struct colfacts *c, const char *type, bool max)
{
	char *text = colfacts_range(c, type, max);

	buf_puts(b, text);
	free(text);
}

static int
write_schema(struct merge *m, struct err *e)
{
	const struct facts *f = &m->set.facts;
	uint64_t rows = facts_rows(f);
	struct buf b = BUF_ZERO, path = BUF_ZERO;
	size_t i;
	int rc;

	buf_puts(&b,
	    "column\ttype\trows\tmissing\tna\tmin\tmax\tstorage\tevidence\n");
	for (i = 0; i < f->ncol; i++) {
		const struct colfacts *c = &f->col[i];
		struct place why;
		const char *type = colfacts_type(c, &why);
		bool tokens =
		    m->set.na.everywhere || colfacts_tokens_missing(c);

		tsv_put(&b, bytes_str(c->name));
		if (!f->schema) {
			buf_printf(&b, "\t-\t%llu\t-\t-\t-\t-\t-\t-\n",
			    (unsigned long long)rows);
			continue;
		}
		buf_printf(&b, "\t%s\t%llu\t%llu\t%s\t", type,
		    (unsigned long long)rows,
		    (unsigned long long)(c->missing + (tokens ? c->tokens : 0)),
		    tokens ? "tokens" : "empty");
		put_range(&b, c, type, false);
		buf_putc(&b, '\t');
		put_range(&b, c, type, true);
		buf_printf(&b, "\t%s\t", colfacts_storage(c, type));
		if (why.row)
			buf_printf(&b, "%llu:%llu\n",
			    (unsigned long long)why.shard,
			    (unsigned long long)why.row);
		else
			buf_puts(&b, "-\n");
	}
	buf_printf(&path, "%s/schema.tsv", m->dir);
	rc = commit_file(buf_cstr(&path), b.p, b.n, e);
	buf_fini(&b);
	buf_fini(&path);
	return rc;
}

static void
merge_fini(struct merge *m)
{
	partset_fini(&m->set);
	buf_fini(&m->split);
	buf_fini(&m->labels);
	buf_fini(&m->stats);
	buf_fini(&m->tokens);
}

static int
remove_file(const char *dir, const char *name, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = 0;

	buf_printf(&b, "%s/%s", dir, name);
	if (unlink(buf_cstr(&b)) < 0 && access(b.p, F_OK) == 0)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", b.p);
	buf_fini(&b);
	return rc;
}

/* Where a shard need not have all columns, one that was asked for is in some
 * shard. */
static int
check_columns(const struct merge *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->set.facts.ncol; i++)
		if (m->set.facts.col[i].shard == NOWHERE)
			return err_set(e, "no column %s in any shard",
			    err_quote(bytes_str(m->set.facts.col[i].name)));
	return 0;
}

static int
merge_all(const char *dir, char *const *paths, size_t n,
    const struct merge_opt *opt, struct err *e)
{
	struct merge m = {.dir = dir, .opt = opt};
	struct buf b = BUF_ZERO, path = BUF_ZERO;
	uint64_t groups_digest = 0;
	int rc = -1;

	if (partset_open(&m.set, paths, n, e) < 0 || check_columns(&m, e) < 0)
		goto out;
	/* what can be refused is refused before the old context goes */
	if ((m.set.facts.time && !opt->no_cutoffs &&
		cutoffs_by_time(&m.set, opt, &m.split, e) < 0) ||
	    (m.set.facts.label && make_labels(&m, e) < 0) ||
	    (m.set.facts.moments && make_stats(&m, e) < 0))
		goto out;
	if (opt->optimize_types && !m.set.facts.schema) {
		err_kind_set(e, ERR_USAGE,
		    "--optimize-types: the partials know no values (pass 1 "
		    "ran without --schema)");
		goto out;
	}
	m.set.facts.narrow = opt->optimize_types;
	/* meta.tsv is what makes it a context: away first, back last */
	if (remove_file(dir, "meta.tsv", e) < 0 ||
	    remove_file(dir, "labels.tsv", e) < 0 ||
	    remove_file(dir, "split.tsv", e) < 0 ||
	    remove_file(dir, "strata.tsv", e) < 0 ||
	    remove_file(dir, "stats.tsv", e) < 0 ||
	    remove_file(dir, "tokens.tsv", e) < 0 ||
	    remove_file(dir, "groups.tsv", e) < 0 ||
	    remove_file(dir, "first.idx", e) < 0 ||
	    remove_file(dir, "first.rows", e) < 0)
		goto out;
	if (commit_buf(dir, "split.tsv", &m.split, e) < 0 ||
	    commit_buf(dir, "labels.tsv", &m.labels, e) < 0 ||
	    commit_buf(dir, "stats.tsv", &m.stats, e) < 0 ||
	    commit_buf(dir, "tokens.tsv", &m.tokens, e) < 0 ||
	    (m.set.facts.key && m.set.facts.time && write_first(&m, e) < 0) ||
	    (m.set.facts.strata && write_strata(&m, e) < 0) ||
	    (m.set.facts.groups && write_groups(&m, &groups_digest, e) < 0) ||
	    write_schema(&m, e) < 0)
		goto out;
	facts_save(&m.set.facts, &b);
	if (m.stats.n)
		facts_seal_file(
		    &b, "stats.tsv", digest_of(m.stats.p, m.stats.n));
	if (m.set.facts.groups)
		facts_seal_file(&b, "groups.tsv", groups_digest);
	facts_seal(&b);
	buf_printf(&path, "%s/meta.tsv", dir);
	rc = commit_file(buf_cstr(&path), b.p, b.n, e);
out:
	merge_fini(&m);
	buf_fini(&b);
	buf_fini(&path);
	return rc;
}

int
context_merge(const char *dir, char *const *parts, size_t n,
    const struct merge_opt *opt, struct err *e)
{
	size_t ngroup = (n + GROUP - 1) / GROUP, i;
	struct commit **scrap;
	char **group;
	int rc = 0;

	if (n == 0)
		return err_set(e, "no partial to merge");
	if (n <= MAX_MAPPED)
		return merge_all(dir, parts, n, opt, e);
	group = xcalloc(ngroup, sizeof(*group));
	scrap = xcalloc(ngroup, sizeof(*scrap));
	for (i = 0; i < ngroup && rc == 0; i++) {
		size_t first = i * GROUP;
		size_t k = n - first < GROUP ? n - first : GROUP;
		struct buf b = BUF_ZERO;

		buf_printf(&b, "%s/.tmp.group.%zu", dir, i);
		group[i] = buf_release(&b);
		scrap[i] = commit_scrap(group[i]);
		rc = partials_combine(group[i], parts + first, k, e);
	}
	if (rc == 0)
		rc = merge_all(dir, group, ngroup, opt, e);
	for (i = 0; i < ngroup; i++) {
		commit_free(scrap[i]);
		free(group[i]);
	}
	free(scrap);
	free(group);
	return rc;
}
