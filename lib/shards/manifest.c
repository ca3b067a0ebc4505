#include "shards/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/parse.h"
#include "io/commit.h"

/* A row of the account. */
struct manifest_row {
	char *shard, *scope, *kind, *name;
	uint64_t rows; /* modulo 2^64, as in an account */
};

static void
add_row(struct manifest *m, const char *shard, const char *scope,
    const char *kind, const char *name, uint64_t rows)
{
	if (m->nrow == m->cap) {
		m->cap = 2 * m->cap + 64;
		m->row = xrealloc(m->row, m->cap * sizeof(*m->row));
	}
	m->row[m->nrow++] = (struct manifest_row){
	    xstrdup(shard), xstrdup(scope), xstrdup(kind), xstrdup(name), rows};
}

static int
compare_rows(const void *a, const void *b)
{
	const struct manifest_row *x = a, *y = b;
	size_t n = strlen(x->shard), m = strlen(y->shard);
	int c = n != m ? (n < m ? -1 : 1) : strcmp(x->shard, y->shard);

	if (c == 0)
		c = strcmp(x->scope, y->scope);
	if (c == 0)
		c = strcmp(x->kind, y->kind);
	return c ? c : strcmp(x->name, y->name);
}

/* The number of a record as the tables show it: "-" is that of a stream. */
static const char *
shown(const struct record *r)
{
	const char *s = record_number(r->shard);

	return strcmp(s, "batch") == 0 ? "-" : s;
}

struct put {
	struct manifest *m;
	const char *shard;
	const char *scope; /* the name of its `in` */
};

static void
put_entry(void *arg, const char *kind, const char *name, const char *rows)
{
	struct put *p = arg;
	int64_t i;
	uint64_t n;

	if (!parse_u64(bytes_str(rows), &n)) /* external may be negative */
		n = parse_i64(bytes_str(rows), &i) ? (uint64_t)i : 0;
	if (strcmp(kind, "in") == 0)
		name = p->scope;
	add_row(p->m, p->shard, p->scope, kind, name, n);
}

/* What became of the rows of an input shard. */
static void
put_account(struct manifest *m, const struct record *r, const char *scope)
{
	struct put p = {m, shown(r), scope};
	size_t k;

	account_each(&r->account, put_entry, &p);
	for (k = 0; k < r->nfile; k++)
		add_row(m, p.shard, scope, "out",
		    r->file[k].split[0] ? r->file[k].split : "-",
		    r->file[k].rows);
	if (r->is_routed)
		add_row(m, p.shard, scope, "out", scope, r->routed);
}

/* The number of a batch, or "-" of what is none. */
static const char *
batch_id(const struct record *r)
{
	const char *s = record_number(r->shard);

	if (s[strspn(s, "0123456789")])
		return "-";
	while (s[0] == '0' && s[1])
		s++;
	return s;
}

static void
put_files(struct manifest *m, const struct output *o, const char *prefix)
{
	struct buf *b = &m->files;
	char hex[17];
	size_t i, k;

	for (i = 0; i < o->nrec; i++) {
		const struct record *r = &o->rec[i];
		const char *shard = o->shredded ? batch_id(r) : shown(r);

		for (k = 0; k < r->nfile; k++) {
			const struct record_file *f = &r->file[k];
			struct buf path = BUF_ZERO;

			if (f->used)
				continue;
			digest_hex(f->digest, hex);
			buf_printf(&path, "%s%s", prefix, f->name);
			buf_printf(
			    b, "%s\t%s\t", shard, f->split[0] ? f->split : "-");
			tsv_put(b, buf_bytes(&path));
			buf_printf(b, "\t%llu\t%llu\t%s\n",
			    (unsigned long long)f->rows,
			    (unsigned long long)f->bytes, hex);
			buf_fini(&path);
		}
	}
}

static void
put_accounts(struct manifest *m, const struct output *o)
{
	size_t i, k, n;

	for (i = 0; i < o->nrec && !o->shredded; i++) {
		const struct record *r = &o->rec[i];
		size_t len = strcspn(r->shard, "/");
		char *scope =
		    r->shard[len] ? xstrndup(r->shard, len) : xstrdup("-");

		put_account(m, r, scope);
		free(scope);
	}
	for (i = 0; i < o->ntable; i++)
		for (k = 0; k < o->units[i].n; k++)
			for (n = 0; n < o->units[i].v[k].nrec; n++)
				put_account(
				    m, &o->units[i].v[k].rec[n], o->table[i]);
}

void
manifest_init(struct manifest *m)
{
	memset(m, 0, sizeof(*m));
	buf_puts(&m->files, "shard\tsplit\tpath\trows\tbytes\txxh3\n");
}

void
manifest_add(struct manifest *m, const struct output *o, const char *prefix)
{
	put_files(m, o, prefix);
	put_accounts(m, o);
}

void
manifest_end(struct manifest *m)
{
	const struct manifest_row *v = m->row;
	struct buf *b = &m->account;
	size_t i, k;

	if (m->nrow)
		qsort(m->row, m->nrow, sizeof(*m->row), compare_rows);
	buf_puts(b, "shard\tkind\tname\trows\n");
	for (i = 0; i < m->nrow; i = k) {
		uint64_t rows = 0;

		for (k = i; k < m->nrow && compare_rows(&v[i], &v[k]) == 0; k++)
			rows += v[k].rows;
		buf_printf(b, "%s\t%s\t%s\t", v[i].shard, v[i].kind, v[i].name);
		if (strcmp(v[i].kind, "drop") == 0 &&
		    strcmp(v[i].name, drop_name(DROP_EXTERNAL)) == 0)
			buf_printf(b, "%lld\n", (long long)rows);
		else
			buf_printf(b, "%llu\n", (unsigned long long)rows);
	}
}

int
manifest_seal(const struct manifest *m, const char *out, struct err *e)
{
	char *files = record_file_path(out, "_manifest.tsv");
	char *account = record_file_path(out, "_account.tsv");
	char *success = record_file_path(out, "_SUCCESS");
	int rc = commit_file(files, m->files.p, m->files.n, e);

	if (rc == 0)
		rc = commit_file(account, m->account.p, m->account.n, e);
	if (rc == 0)
		rc = commit_file(success, "", 0, e);
	free(files);
	free(account);
	free(success);
	return rc;
}

void
manifest_fini(struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->nrow; i++) {
		free(m->row[i].shard);
		free(m->row[i].scope);
		free(m->row[i].kind);
		free(m->row[i].name);
	}
	free(m->row);
	buf_fini(&m->files);
	buf_fini(&m->account);
	memset(m, 0, sizeof(*m));
}
