#include "shards/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/parse.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/tsv.h"

const char record_header[] = "kind\tname\trows\tbytes\txxh3\tvalue";

struct record_file *
record_add_file(struct record *r)
{
	r->file = xrealloc(r->file, (r->nfile + 1) * sizeof(*r->file));
	memset(&r->file[r->nfile], 0, sizeof(*r->file));
	return &r->file[r->nfile++];
}

void
record_fini(struct record *r)
{
	size_t i;

	for (i = 0; i < r->nfile; i++) {
		free(r->file[i].name);
		free(r->file[i].split);
	}
	free(r->file);
	free(r->input);
	free(r->shard);
	memset(r, 0, sizeof(*r));
}

static void
put_account(void *arg, const char *kind, const char *name, const char *rows)
{
	buf_printf(arg, "%s\t%s\t%s\t-\t-\t-\n", kind, name, rows);
}

void
record_save(const struct record *r, struct buf *b)
{
	buf_printf(b, "%s\n", record_header);
	record_put(r, b);
}

void
record_put(const struct record *r, struct buf *b)
{
	char hex[17];
	size_t i;

	account_each(&r->account, put_account, b);
	for (i = 0; i < r->nfile; i++) {
		const struct record_file *f = &r->file[i];

		digest_hex(f->digest, hex);
		buf_puts(b, f->used ? "used\t" : "file\t");
		tsv_put(b, bytes_str(f->name));
		buf_printf(b, "\t%llu\t%llu\t%s\t", (unsigned long long)f->rows,
		    (unsigned long long)f->bytes, hex);
		tsv_put(b, bytes_str(f->split));
		buf_putc(b, '\n');
	}
	if (r->facts) {
		digest_hex(r->facts, hex);
		buf_printf(b, "facts\t-\t-\t-\t%s\t-\n", hex);
	}
	if (r->input) {
		digest_hex(r->input_digest, hex);
		buf_puts(b, "input\t");
		tsv_put(b, bytes_str(r->input));
		buf_printf(b, "\t-\t%llu\t%s\t%lld %llu\n",
		    (unsigned long long)r->id.size, hex,
		    (long long)r->id.mtime_ns, (unsigned long long)r->id.inode);
	}
	if (r->is_routed)
		buf_printf(b, "routed\t-\t%llu\t-\t-\t-\n",
		    (unsigned long long)r->routed);
	buf_puts(b, "record\t");
	tsv_put(b, bytes_str(r->shard));
	buf_puts(b, "\t-\t-\t-\t1\n");
}

static bool
is(struct bytes s, const char *word)
{
	return bytes_eq(s, bytes_str(word));
}

static bool
load_identity(struct record *r, struct bytes v)
{
	const char *blank = memchr(v.p, ' ', v.n);
	size_t n = blank ? (size_t)(blank - v.p) : 0;

	return blank && parse_i64(bytes_of(v.p, n), &r->id.mtime_ns) &&
	    parse_u64(bytes_of(blank + 1, v.n - n - 1), &r->id.inode);
}

/* A file of ours lies below OUT, and says so without a detour. */
static bool
name_ok(struct bytes s)
{
	const char *p = s.p, *e = s.p + s.n, *q;

	if (s.n == 0 || memchr(s.p, '\0', s.n))
		return false;
	for (; p <= e; p = q + 1) {
		q = memchr(p, '/', (size_t)(e - p));
		q = q ? q : e;
		if (q == p || *p == '.' || *p == '_')
			return false;
	}
	return true;
}

static bool
take(struct record *r, const struct bytes c[6], bool *whole)
{
	struct record_file *f;

	if (is(c[0], "file") || is(c[0], "used")) {
		f = record_add_file(r);
		f->name = xstrndup(c[1].p, c[1].n);
		f->split = xstrndup(c[5].p, c[5].n);
		f->used = is(c[0], "used");
		return name_ok(c[1]) && parse_u64(c[2], &f->rows) &&
		    parse_u64(c[3], &f->bytes) && parse_hex64(c[4], &f->digest);
	}
	if (is(c[0], "facts"))
		return parse_hex64(c[4], &r->facts);
	if (is(c[0], "input")) {
		free(r->input);
		r->input = xstrndup(c[1].p, c[1].n);
		return parse_u64(c[3], &r->id.size) &&
		    parse_hex64(c[4], &r->input_digest) &&
		    load_identity(r, c[5]);
	}
	if (is(c[0], "routed")) {
		r->is_routed = true;
		return parse_u64(c[2], &r->routed);
	}
	if (is(c[0], "record")) {
		*whole = is(c[5], "1");
		free(r->shard);
		r->shard = xstrndup(c[1].p, c[1].n);
		return *whole;
	}
	return account_set(&r->account, c[0], c[1], c[2]);
}

int
record_take(struct record *r, const struct bytes cell[6])
{
	bool whole = false;

	return take(r, cell, &whole) ? whole : -1;
}

int
record_load(struct record *r, const char *path, struct err *e)
{
	const char *dir = strstr(path, "_shards/"), *more;
	int whole = 0;
	struct tsv t;
	size_t i;

	for (more = dir; more; more = strstr(more + 1, "_shards/"))
		dir = more;
	memset(r, 0, sizeof(*r));
	if (tsv_load(&t, path, record_header, e) < 0)
		return -1;
	for (i = 0; i < t.nrow; i++)
		if ((whole = record_take(r, &t.cell[i * t.ncol])) < 0) {
			err_set(e, "%s:%llu: bad record", path, tsv_lineno(i));
			goto fail;
		}
	tsv_fini(&t);
	if (!whole) {
		err_set(e, "%s: truncated record", path);
		record_fini(r);
		return -1;
	}
	if (dir) { /* the name of its file is the one that counts */
		dir += sizeof("_shards/") - 1;
		free(r->shard);
		r->shard = xstrndup(dir, strcspn(dir, "."));
	}
	return 0;
fail:
	tsv_fini(&t);
	record_fini(r);
	return -1;
}

uint64_t
record_rows(const struct record *r)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < r->nfile; i++)
		n += r->file[i].rows;
	return n + r->routed;
}

char *
record_shard(const char *scope, uint64_t number)
{
	struct buf b = BUF_ZERO;

	if (scope)
		buf_printf(&b, "%s/", scope);
	buf_printf(&b, "%05llu", (unsigned long long)number);
	return buf_release(&b);
}

char *
record_file_path(const char *out, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", out, name);
	return buf_release(&b);
}

const char *
record_number(const char *shard)
{
	const char *slash = strchr(shard, '/');

	return slash ? slash + 1 : shard;
}

char *
record_path(const char *out, const char *shard)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/_shards/%s.tsv", out, shard);
	return buf_release(&b);
}

/* Takes the names of a record's files; one that cannot be read has none. */
static void
take_names(struct record_left *x, const char *path)
{
	struct record r;
	struct err ignored;
	size_t i;

	if (record_load(&r, path, &ignored) < 0)
		return;
	for (i = 0; i < r.nfile; i++) {
		if ((x->n & (x->n - 1)) == 0)
			x->v = xrealloc(
			    x->v, (x->n ? 2 * x->n : 1) * sizeof(*x->v));
		x->v[x->n++] = r.file[i].name;
		r.file[i].name = NULL;
	}
	record_fini(&r);
}

/* The same of all records in a directory, and in the scopes below; those under
 * temp names apart. */
static int
take_dir(const char *dir, bool scopes, bool temp, struct record_left *x,
    struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct buf path = BUF_ZERO;

		buf_printf(&path, "%s/%s", dir, f.name);
		if (commit_is_temp(f.name)) {
			if (temp)
				take_names(x, buf_cstr(&path));
		} else if (f.name[0] == '.') {
			;
		} else if (f.is_dir) {
			if (scopes)
				rc = take_dir(
				    buf_cstr(&path), false, temp, x, e);
		} else if (!temp) {
			take_names(x, buf_cstr(&path));
		}
		buf_fini(&path);
	}
	dir_close(&d);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
record_left_fini(struct record_left *x)
{
	while (x->n > 0)
		free(x->v[--x->n]);
	free(x->v);
	x->v = NULL;
}

int
record_left(struct record_left *x, const char *out, struct err *e)
{
	struct record_left known = {NULL, 0};
	struct buf dir = BUF_ZERO;
	size_t i, n = 0;
	int rc;

	*x = (struct record_left){NULL, 0};
	buf_printf(&dir, "%s/_shards", out);
	rc = take_dir(buf_cstr(&dir), true, true, x, e);
	if (rc == 0 && x->n > 0)
		rc = take_dir(buf_cstr(&dir), true, false, &known, e);
	if (known.n > 0)
		qsort(known.v, known.n, sizeof(*known.v), by_name);
	for (i = 0; i < x->n; i++)
		if (known.n &&
		    bsearch(
			&x->v[i], known.v, known.n, sizeof(*known.v), by_name))
			free(x->v[i]);
		else
			x->v[n++] = x->v[i];
	x->n = n;
	if (n > 0)
		qsort(x->v, n, sizeof(*x->v), by_name);
	record_left_fini(&known);
	buf_fini(&dir);
	if (rc < 0)
		record_left_fini(x);
	return rc;
}

int
record_mend(const char *out, struct err *e)
{
	struct commit_dirs d = COMMIT_DIRS_ZERO;
	struct record_left x;
	size_t i;
	int rc = record_left(&x, out, e);

	for (i = 0; rc == 0 && i < x.n; i++) {
		struct buf path = BUF_ZERO;

		buf_printf(&path, "%s/%s", out, x.v[i]);
		if (unlink(buf_cstr(&path)) == 0)
			commit_dirs_add(&d, path.p);
		else if (errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", path.p);
		buf_fini(&path);
	}
	record_left_fini(&x);
	return commit_dirs_sync(&d, rc, e);
}
