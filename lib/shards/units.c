#include "shards/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/parse.h"
#include "io/commit.h"
#include "io/dir.h"
#include "io/machine.h"
#include "io/tsv.h"

char *
units_path(const char *out, const char *table, const char *more)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/_runs/%s%s", out, table, more);
	return buf_release(&b);
}

char *
unit_run_path(const char *dir, const char *unit, uint64_t k)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s.%llu.run", dir, unit, (unsigned long long)k);
	return buf_release(&b);
}

static char *
unit_path(const char *dir, const char *unit)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s.tsv", dir, unit);
	return buf_release(&b);
}

static char *
boot_path(const char *dir)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/boot", dir);
	return buf_release(&b);
}

char *
units_freed(const char *out, const char *table)
{
	return units_path(out, table, "/freed");
}

/* Is this the start of the machine that the file, if there is one, names? */
static int
same_boot(const char *path, const char *boot, bool *same, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc = 0;

	*same = true;
	rc = path_exists(path, ERR_OUTPUT, e);
	if (rc > 0) {
		rc = file_load(path, &b, e);
		*same =
		    rc == 0 && boot && bytes_eq(buf_bytes(&b), bytes_str(boot));
	}
	buf_fini(&b);
	return rc;
}

int
units_begin(const char *dir, bool *sync, struct err *e)
{
	char *path = boot_path(dir), *boot = machine_boot();
	bool same = false;
	int rc = 0;

	if (boot)
		rc = same_boot(path, boot, &same, e);
	if (rc == 0 && same) /* on the disk before the first run is */
		rc = commit_file(path, boot, strlen(boot), e);
	*sync = !same;
	free(boot);
	free(path);
	return rc;
}

int
unit_save(const char *dir, const char *unit, struct bytes records,
    uint64_t nrun, struct err *e)
{
	char *path = unit_path(dir, unit);
	struct buf b = BUF_ZERO;
	char hex[17];
	int rc;

	buf_printf(&b, "%s\n", record_header);
	buf_putb(&b, records);
	digest_hex(digest_of_seeded(b.p, b.n, nrun), hex);
	buf_printf(&b, "unit\t%s\t%llu\t-\t%s\t1\n", unit,
	    (unsigned long long)nrun, hex);
	rc = commit_file(path, b.p, b.n, e);
	buf_fini(&b);
	free(path);
	return rc;
}

static void
unit_fini(struct unit *v)
{
	size_t i;

	for (i = 0; i < v->nrec; i++)
		record_fini(&v->rec[i]);
	free(v->rec);
	free(v->name);
	memset(v, 0, sizeof(*v));
}

/* The last line: its name, the number of runs, a digest of all lines before it
 * in text. */
static bool
load_end(struct unit *v, const struct bytes c[6], struct bytes text)
{
	const char *end = memrchr(text.p, '\n', text.n - 1);
	uint64_t digest;

	return end && bytes_eq(c[1], bytes_str(v->name)) &&
	    parse_u64(c[2], &v->nrun) && parse_hex64(c[4], &digest) &&
	    bytes_eq(c[5], bytes_str("1")) &&
	    digest ==
	    digest_of_seeded(text.p, (size_t)(end + 1 - text.p), v->nrun);
}

/* The lines of a unit: records, and the line that ends it. */
static bool
load_rows(struct unit *v, const struct tsv *t, struct bytes text, size_t *row)
{
	struct record *r = NULL;
	int rc;

	for (*row = 0; *row < t->nrow; ++*row) {
		const struct bytes *c = &t->cell[*row * t->ncol];

		if (!r && bytes_eq(c[0], bytes_str("unit")))
			return *row + 1 == t->nrow && load_end(v, c, text);
		if (!r) {
			if ((v->nrec & (v->nrec - 1)) == 0)
				v->rec = xrealloc(v->rec,
				    (v->nrec ? 2 * v->nrec : 1) *
					sizeof(*v->rec));
			r = &v->rec[v->nrec++];
			memset(r, 0, sizeof(*r));
		}
		rc = record_take(r, c);
		if (rc < 0)
			return false;
		if (rc > 0)
			r = NULL;
	}
	return false;
}

static int
unit_load(struct unit *v, const char *path, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct tsv t = TSV_ZERO;
	size_t row;
	int rc = file_load(path, &b, e);

	if (rc == 0)
		rc = tsv_parse(&t, path, buf_bytes(&b), record_header, e);
	if (rc == 0 && !load_rows(v, &t, buf_bytes(&b), &row))
		rc = err_set(e, "%s:%llu: %s", path, tsv_lineno(row),
		    row == t.nrow ? "truncated unit" : "bad unit");
	tsv_fini(&t);
	buf_fini(&b);
	return rc;
}

/* As their numbers are. */
static int
compare_names(const char *x, const char *y)
{
	size_t n = strlen(x), m = strlen(y);

	return n != m ? (n < m ? -1 : 1) : strcmp(x, y);
}

static int
by_name(const void *a, const void *b)
{
	return compare_names(
	    ((const struct unit *)a)->name, ((const struct unit *)b)->name);
}

static int
by_shard(const void *a, const void *b)
{
	return compare_names((*(struct record *const *)a)->shard,
	    (*(struct record *const *)b)->shard);
}

/* mend: what is no unit is removed. */
static int
load_all(struct units *u, const char *out, const char *table, bool mend,
    struct err *e)
{
	struct dir_entry f;
	struct dir d;
	size_t cap = 0;
	int rc;

	memset(u, 0, sizeof(*u));
	u->dir = units_path(out, table, "");
	rc = dir_open_some(&d, u->dir, ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		const char *dot = strrchr(f.name, '.');
		char *path;

		if (f.name[0] == '.' || !dot || strcmp(dot, ".tsv") != 0)
			continue;
		if (u->n == cap) {
			cap = 2 * cap + 16;
			u->v = xrealloc(u->v, cap * sizeof(*u->v));
		}
		memset(&u->v[u->n], 0, sizeof(*u->v));
		u->v[u->n].name = xstrndup(f.name, (size_t)(dot - f.name));
		path = unit_path(u->dir, u->v[u->n].name);
		rc = unit_load(&u->v[u->n++], path, e);
		if (rc < 0 && mend) {
			unit_fini(&u->v[--u->n]);
			rc = commit_unseal(out, e);
			if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
				rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
		}
		free(path);
	}
	dir_close(&d);
	if (u->n)
		qsort(u->v, u->n, sizeof(*u->v), by_name);
	return rc;
}

int
units_load(struct units *u, const char *out, const char *table, struct err *e)
{
	return load_all(u, out, table, false, e);
}

static int
remove_path(char *path, struct err *e)
{
	int rc = 0;

	if (unlink(path) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
	free(path);
	return rc;
}

int
unit_remove(const struct units *u, const struct unit *v, struct err *e)
{
	uint64_t k;
	int rc = remove_path(unit_path(u->dir, v->name), e);

	for (k = 0; k < v->nrun && rc == 0; k++)
		rc = remove_path(unit_run_path(u->dir, v->name, k), e);
	return rc;
}

uint64_t
units_runs(const struct units *u, uint64_t *gone)
{
	uint64_t there = 0, k;
	size_t i;

	*gone = 0;
	for (i = 0; i < u->n; i++)
		for (k = 0; k < u->v[i].nrun; k++) {
			char *path = unit_run_path(u->dir, u->v[i].name, k);

			if (access(path, F_OK) == 0)
				there++;
			else
				++*gone;
			free(path);
		}
	return there;
}

const struct record **
units_records(const struct units *u, size_t *n)
{
	const struct record **v;
	size_t i, k;

	for (*n = i = 0; i < u->n; i++)
		*n += u->v[i].nrec;
	v = xcalloc(*n + 1, sizeof(*v));
	for (*n = i = 0; i < u->n; i++)
		for (k = 0; k < u->v[i].nrec; k++)
			v[(*n)++] = &u->v[i].rec[k];
	qsort(v, *n, sizeof(*v), by_shard);
	return v;
}

/* All records in the order of the shards' numbers, each once. */
static int
put_all(const struct units *u, struct buf *to, struct err *e)
{
	size_t n, i, last = 0;
	const struct record **v = units_records(u, &n);
	struct buf b = BUF_ZERO;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		buf_clear(&b);
		record_put(v[i], &b);
		if (i == 0 || strcmp(v[i]->shard, v[i - 1]->shard) != 0) {
			last = to->n;
			buf_putb(to, buf_bytes(&b));
		} else if (!bytes_eq(buf_bytes(&b),
			       bytes_of(to->p + last, to->n - last))) {
			rc = err_kind_set(e, ERR_OUTPUT,
			    "%s: shard %s was routed twice", u->dir,
			    v[i]->shard);
		}
	}
	buf_fini(&b);
	free(v);
	return rc;
}

int
units_join(const struct units *u, struct err *e)
{
	static const char all[] = "all"; /* no shard is called so */
	struct buf b = BUF_ZERO;
	size_t i;
	int rc;

	if (u->n == 0 || (u->n == 1 && strcmp(u->v[0].name, all) == 0))
		return 0;
	rc = put_all(u, &b, e);
	if (rc == 0)
		rc = unit_save(u->dir, all, buf_bytes(&b), 1, e);
	for (i = 0; i < u->n && rc == 0; i++)
		if (strcmp(u->v[i].name, all) != 0)
			rc = remove_path(unit_path(u->dir, u->v[i].name), e);
	if (rc == 0) {
		buf_clear(&b);
		buf_printf(&b, "%s/", u->dir);
		rc = commit_sync_dir(buf_cstr(&b), e);
	}
	buf_fini(&b);
	return rc;
}

int
units_settled(const struct units *u, struct err *e)
{
	return remove_path(boot_path(u->dir), e);
}

int
units_mend(const char *out, const char *table, struct err *e)
{
	struct units u;
	char *boot = machine_boot(), *path;
	bool same = true;
	size_t i;
	int rc = load_all(&u, out, table, true, e);

	path = boot_path(u.dir);
	if (rc == 0)
		rc = same_boot(path, boot, &same, e);
	if (rc == 0 && !same)
		rc = commit_unseal(out, e);
	for (i = 0; i < u.n && rc == 0 && !same; i++)
		rc = unit_remove(&u, &u.v[i], e);
	if (rc == 0 && !same)
		rc = units_settled(&u, e);
	free(boot);
	free(path);
	units_fini(&u);
	return rc;
}

/* "NNNNN.K.run" of a unit that is there? */
static bool
is_wanted(const struct units *u, const char *name)
{
	const char *dot = strchr(name, '.');
	struct unit key = {.name = NULL};
	const struct unit *v;
	uint64_t k;
	size_t n = dot ? strlen(dot) : 0;

	if (n < 6 || !parse_u64(bytes_of(dot + 1, n - 5), &k))
		return false;
	key.name = xstrndup(name, (size_t)(dot - name));
	v = u->n ? bsearch(&key, u->v, u->n, sizeof(*u->v), by_name) : NULL;
	free(key.name);
	return v && k < v->nrun;
}

int
units_sweep(const struct units *u, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, u->dir, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		const char *dot = strrchr(f.name, '.');
		struct buf b = BUF_ZERO;

		if (!dot || strcmp(dot, ".run") != 0 || is_wanted(u, f.name))
			continue;
		buf_printf(&b, "%s/%s", u->dir, f.name);
		rc = remove_path(buf_release(&b), e);
	}
	dir_close(&d);
	return rc < 0 ? -1 : commit_sweep(u->dir, e);
}

void
units_fini(struct units *u)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		unit_fini(&u->v[i]);
	free(u->v);
	free(u->dir);
	memset(u, 0, sizeof(*u));
}
