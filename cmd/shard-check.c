/* shard-check - verify an output against its records, and seal it. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/parse.h"
#include "common.h"
#include "io/commit.h"
#include "io/tsv.h"
#include "shards/record.h"
#include "shards/units.h"
#include "shred/gather.h"

struct check_opt {
	bool build, clean, prune, zero, quick;
	const char *files_from, *scope;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "build", NULL, struct check_opt, build,
	"write _manifest.tsv, _account.tsv and, last, _SUCCESS"),
    OPT(OPT_FLAG, 0, "clean", NULL, struct check_opt, clean,
	"only remove _SUCCESS and the temp files of killed runs"),
    OPT(OPT_STR, 0, "files-from", "FILE", struct check_opt, files_from,
	"the input shards: each must have its record"),
    OPT(OPT_FLAG, '0', "null", NULL, struct check_opt, zero,
	"names in the list end with a NUL byte instead of a newline"),
    OPT(OPT_FLAG, 0, "prune", NULL, struct check_opt, prune,
	"only remove the outputs of shards that the list does not name"),
    OPT(OPT_FLAG, 'q', "quick", NULL, struct check_opt, quick,
	"compare sizes; do not read the files"),
    OPT(OPT_STR, 0, "scope", "SPLIT", struct check_opt, scope,
	"whose shards the list names (shard-write --scope)"),
    OPT_END,
};

struct check {
	const char *out;
	const char *scope;
	struct record *rec;
	size_t nrec;
	/* of a shredded output: its records are those of batches, the input
	 * shards are in the units of each table */
	bool shredded;
	char **table;
	struct units *units;
	size_t ntable;
	/* of one by days: each is an output of its own below it */
	struct tsv days;
	unsigned *bad; /* complaints so far */
};

#define MAX_COMPLAINTS 20

static void complain(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
complain(struct check *c, const char *fmt, ...)
{
	char msg[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if ((*c->bad)++ < MAX_COMPLAINTS)
		cmd_error("%s", msg);
}

static char *
path_of(const struct check *c, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", c->out, name);
	return buf_release(&b);
}

/* A record's shard without its scope. */
static const char *
number_of(const char *shard)
{
	const char *slash = strchr(shard, '/');

	return slash ? slash + 1 : shard;
}

static int
by_shard(const void *a, const void *b)
{
	const char *s = ((const struct record *)a)->shard, *x = number_of(s);
	const char *t = ((const struct record *)b)->shard, *y = number_of(t);
	size_t n = strlen(x), m = strlen(y);
	/* numbers of five digits or more: the shorter is the smaller */
	int cmp = n != m ? (n < m ? -1 : 1) : strcmp(x, y);

	return cmp ? cmp : strcmp(s, t);
}

/* The records in dir, and in the scopes below. */
static int
load_dir(struct check *c, const char *dir, bool scopes, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	int rc = 0;

	if (!d)
		return err_sys(e, ERR_INPUT, "%s: no records of a run", dir);
	while (rc == 0 && (de = readdir(d))) {
		struct buf path = BUF_ZERO;
		struct err re;

		if (de->d_name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s", dir, de->d_name);
		if (scopes && de->d_type == DT_DIR) {
			rc = load_dir(c, buf_cstr(&path), false, e);
			buf_fini(&path);
			continue;
		}
		if ((c->nrec & (c->nrec - 1)) == 0)
			c->rec = xrealloc(c->rec,
			    (c->nrec ? 2 * c->nrec : 1) * sizeof(*c->rec));
		if (record_load(&c->rec[c->nrec], buf_cstr(&path), &re) < 0)
			complain(c, "%s", re.msg);
		else
			c->nrec++;
		buf_fini(&path);
	}
	closedir(d);
	return rc;
}

static bool
is_there(const struct check *c, const char *name)
{
	char *path = path_of(c, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* The tables of a shredded output: the directories in _runs. */
static int
load_tables(struct check *c, struct err *e)
{
	char *dir = path_of(c, "_runs");
	DIR *d = opendir(dir);
	struct dirent *de;
	int rc = 0;

	if (!d)
		rc = err_sys(e, ERR_INPUT, "%s: no runs", dir);
	free(dir);
	while (d && rc == 0 && (de = readdir(d))) {
		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		c->table =
		    xrealloc(c->table, (c->ntable + 1) * sizeof(*c->table));
		c->units =
		    xrealloc(c->units, (c->ntable + 1) * sizeof(*c->units));
		c->table[c->ntable] = xstrdup(de->d_name);
		rc = units_load(&c->units[c->ntable], c->out, de->d_name, e);
		c->ntable++;
	}
	if (d)
		closedir(d);
	return rc;
}

static int
load_records(struct check *c, struct err *e)
{
	char *dir;
	int rc = 0;

	c->shredded = is_there(c, "_batches") || is_there(c, "_runs");
	if (is_there(c, "_days.tsv")) {
		dir = path_of(c, "_days.tsv");
		rc = tsv_load(&c->days, dir, "day", e);
		free(dir);
	} else if (c->shredded) {
		rc = load_tables(c, e);
	}
	dir = path_of(c, c->shredded ? "_batches" : "_shards");
	/* without a group there is no batch */
	if (rc == 0 &&
	    (c->shredded ? access(dir, F_OK) == 0 : c->days.nrow == 0))
		rc = load_dir(c, dir, true, e);
	free(dir);
	if (c->nrec)
		qsort(c->rec, c->nrec, sizeof(*c->rec), by_shard);
	return rc;
}

static void
check_fini(struct check *c)
{
	size_t i;

	for (i = 0; i < c->nrec; i++)
		record_fini(&c->rec[i]);
	for (i = 0; i < c->ntable; i++) {
		free(c->table[i]);
		units_fini(&c->units[i]);
	}
	free(c->rec);
	free(c->table);
	free(c->units);
	tsv_fini(&c->days);
}

static struct record *
find_record(struct check *c, const char *shard)
{
	struct record key = {.shard = (char *)(uintptr_t)shard};

	return c->nrec
	    ? bsearch(&key, c->rec, c->nrec, sizeof(*c->rec), by_shard)
	    : NULL;
}

static void
check_file(struct check *c, const struct record_file *f, bool quick)
{
	char *path = path_of(c, f->name);
	struct stat sb;
	struct err e;
	uint64_t digest;

	if (f->used) {
		if (stat(path, &sb) == 0)
			complain(c,
			    "%s: its record says that it was used and removed",
			    path);
	} else if (stat(path, &sb) < 0)
		complain(c, "%s: %s", path, strerror(errno));
	else if ((uint64_t)sb.st_size != f->bytes)
		complain(c, "%s: has %llu bytes, its record says %llu", path,
		    (unsigned long long)sb.st_size,
		    (unsigned long long)f->bytes);
	else if (!quick && in_digest_file(path, &digest, &e) < 0)
		complain(c, "%s", e.msg);
	else if (!quick && digest != f->digest)
		complain(c,
		    "%s: damaged: its bytes are not those that were "
		    "written (digest differs)",
		    path);
	free(path);
}

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The batch map, and the outputs of days. */
static bool
is_ours(const struct check *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->days.nrow; i++)
		if (bytes_eq(tsv_cell(&c->days, i, 0), bytes_str(name)))
			return true;
	return c->shredded && strcmp(name, "batches.tsv") == 0;
}

/* Is the name in the list? */
static bool
is_in(const char *name, char **v, size_t n)
{
	return n && bsearch(&name, v, n, sizeof(*v), by_string);
}

/* Complains of files under dir (relative, "" for OUT) that no record names. */
static void
find_strangers(struct check *c, const char *rel, char **known, size_t nknown,
    const struct record_left *left)
{
	char *dir = rel[0] ? path_of(c, rel) : xstrdup(c->out);
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		struct buf b = BUF_ZERO;
		const char *name;
		struct stat sb;
		char *path;

		if (de->d_name[0] == '.' || (!rel[0] && de->d_name[0] == '_') ||
		    (!rel[0] && is_ours(c, de->d_name)))
			continue;
		buf_printf(&b, "%s%s%s", rel, rel[0] ? "/" : "", de->d_name);
		name = buf_cstr(&b);
		path = path_of(c, name);
		if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
			find_strangers(c, name, known, nknown, left);
		else if (!is_in(name, known, nknown))
			complain(c, "%s: a file that no record names; %s", path,
			    is_in(name, left->v, left->n)
				? "of a shard that was not finished: "
				  "shard-check --clean removes it"
				: "not ours: move it away");
		free(path);
		buf_fini(&b);
	}
	if (d)
		closedir(d);
	free(dir);
}

static int
check_strangers(struct check *c, struct err *e)
{
	struct record_left left;
	char **known = NULL;
	size_t n = 0, i, k;

	if (record_left(&left, c->out, e) < 0)
		return -1;
	for (i = 0; i < c->nrec; i++)
		n += c->rec[i].nfile;
	known = xcalloc(n, sizeof(*known));
	for (i = n = 0; i < c->nrec; i++)
		for (k = 0; k < c->rec[i].nfile; k++)
			known[n++] = c->rec[i].file[k].name;
	qsort(known, n, sizeof(*known), by_string);
	find_strangers(c, "", known, n, &left);
	free(known);
	record_left_fini(&left);
	return 0;
}

/* A row of the account. */
struct entry {
	char *shard, *scope, *kind, *name;
	uint64_t rows; /* modulo 2^64, as in an account */
};

struct entries {
	struct entry *v;
	size_t n, cap;
};

static void
entries_add(struct entries *x, const char *shard, const char *scope,
    const char *kind, const char *name, uint64_t rows)
{
	if (x->n == x->cap) {
		x->cap = 2 * x->cap + 64;
		x->v = xrealloc(x->v, x->cap * sizeof(*x->v));
	}
	x->v[x->n++] = (struct entry){
	    xstrdup(shard), xstrdup(scope), xstrdup(kind), xstrdup(name), rows};
}

static void
entries_fini(struct entries *x)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		free(x->v[i].shard);
		free(x->v[i].scope);
		free(x->v[i].kind);
		free(x->v[i].name);
	}
	free(x->v);
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t n = strlen(x->shard), m = strlen(y->shard);
	int c = n != m ? (n < m ? -1 : 1) : strcmp(x->shard, y->shard);

	if (c == 0)
		c = strcmp(x->scope, y->scope);
	if (c == 0)
		c = strcmp(x->kind, y->kind);
	return c ? c : strcmp(x->name, y->name);
}

static const char *
shown(const struct record *r)
{
	const char *s = number_of(r->shard);

	return strcmp(s, "batch") == 0 ? "-" : s;
}

struct put {
	struct entries *x;
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
	entries_add(p->x, p->shard, p->scope, kind, name, n);
}

/* What became of the rows of an input shard. */
static void
put_account(struct entries *x, const struct record *r, const char *scope)
{
	struct put p = {x, shown(r), scope};
	size_t k;

	account_each(&r->account, put_entry, &p);
	for (k = 0; k < r->nfile; k++)
		entries_add(x, p.shard, scope, "out",
		    r->file[k].split[0] ? r->file[k].split : "-",
		    r->file[k].rows);
	if (r->is_routed)
		entries_add(x, p.shard, scope, "out", scope, r->routed);
}

/* The number of a batch, or "-" of what is none. */
static const char *
batch_id(const struct record *r)
{
	const char *s = number_of(r->shard);

	if (s[strspn(s, "0123456789")])
		return "-";
	while (s[0] == '0' && s[1])
		s++;
	return s;
}

static void
put_manifest(const struct check *c, struct buf *b, const char *dir)
{
	char hex[17];
	size_t i, k;

	for (i = 0; i < c->nrec; i++) {
		const struct record *r = &c->rec[i];
		const char *shard = c->shredded ? batch_id(r) : shown(r);

		for (k = 0; k < r->nfile; k++) {
			const struct record_file *f = &r->file[k];
			struct buf path = BUF_ZERO;

			if (f->used)
				continue;
			digest_hex(f->digest, hex);
			buf_printf(&path, "%s%s", dir, f->name);
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
put_accounts(const struct check *c, struct entries *x)
{
	size_t i, k, n;

	for (i = 0; i < c->nrec && !c->shredded; i++) {
		const struct record *r = &c->rec[i];
		size_t len = strcspn(r->shard, "/");
		char *scope =
		    r->shard[len] ? xstrndup(r->shard, len) : xstrdup("-");

		put_account(x, r, scope);
		free(scope);
	}
	for (i = 0; i < c->ntable; i++)
		for (k = 0; k < c->units[i].n; k++)
			for (n = 0; n < c->units[i].v[k].nrec; n++)
				put_account(
				    x, &c->units[i].v[k].rec[n], c->table[i]);
}

/* Sorted; rows that speak of the same are added up. */
static void
format_account(struct entries *x, struct buf *b)
{
	size_t i, k;

	if (x->n)
		qsort(x->v, x->n, sizeof(*x->v), entry_cmp);
	buf_puts(b, "shard\tkind\tname\trows\n");
	for (i = 0; i < x->n; i = k) {
		uint64_t rows = 0;

		for (k = i; k < x->n && entry_cmp(&x->v[i], &x->v[k]) == 0; k++)
			rows += x->v[k].rows;
		buf_printf(b, "%s\t%s\t%s\t", x->v[i].shard, x->v[i].kind,
		    x->v[i].name);
		if (strcmp(x->v[i].kind, "drop") == 0 &&
		    strcmp(x->v[i].name, drop_name(DROP_EXTERNAL)) == 0)
			buf_printf(b, "%lld\n", (long long)rows);
		else
			buf_printf(b, "%llu\n", (unsigned long long)rows);
	}
}

/* Compares a table with the file of that name, if there is one. */
static void
compare_table(struct check *c, const char *name, const struct buf *want)
{
	char *path = path_of(c, name);
	struct buf have = BUF_ZERO;
	struct err e;

	if (access(path, F_OK) == 0) {
		if (file_load(path, &have, &e) < 0)
			complain(c, "%s", e.msg);
		else if (!bytes_eq(buf_bytes(&have), buf_bytes(want)))
			complain(c,
			    "%s: does not agree with the records "
			    "(made again by shard-check --build)",
			    path);
		buf_fini(&have);
	}
	free(path);
}

/* Is there a record of the input shard? */
static bool
is_done(struct check *c, const char *shard)
{
	const char *number = number_of(shard);
	size_t i, k, n;

	if (!c->shredded)
		return find_record(c, shard) || find_record(c, "batch");
	for (i = 0; i < c->ntable; i++) {
		if (c->scope && strcmp(c->scope, c->table[i]) != 0)
			continue;
		for (k = 0; k < c->units[i].n; k++)
			for (n = 0; n < c->units[i].v[k].nrec; n++)
				if (strcmp(c->units[i].v[k].rec[n].shard,
					number) == 0)
					return true;
	}
	return false;
}

static void
check_listed(struct check *c, const struct cmd_files *f)
{
	size_t i, missing = 0;

	for (i = 0; i < f->n; i++) {
		char *shard =
		    record_shard(c->scope, shard_name_parse(f->v[i]).number);

		if (!is_done(c, shard) && missing++ < 3)
			complain(c, "%s: not done: no record of it in %s",
			    f->v[i], c->out);
		free(shard);
	}
	if (missing > 3)
		complain(
		    c, "... and %zu shards more are not done", missing - 3);
}

static void
check_closes(struct check *c, const struct record *r, const char *what)
{
	if (!account_closes(&r->account, record_rows(r)))
		complain(c,
		    "%s %s: its account does not close: %llu rows in, %llu "
		    "written",
		    what, r->shard, (unsigned long long)r->account.in,
		    (unsigned long long)record_rows(r));
}

/* What was routed is in the batches, no more and no less. */
static void
check_table(struct check *c, size_t t)
{
	uint64_t routed = 0, rows = 0;
	size_t n = strlen(c->table[t]), i, k;

	for (i = 0; i < c->units[t].n; i++)
		for (k = 0; k < c->units[t].v[i].nrec; k++) {
			check_closes(c, &c->units[t].v[i].rec[k], "shard");
			routed += c->units[t].v[i].rec[k].routed;
		}
	for (i = 0; i < c->nrec; i++)
		if (strncmp(c->rec[i].shard, c->table[t], n) == 0 &&
		    c->rec[i].shard[n] == '/')
			rows += record_rows(&c->rec[i]);
	if (routed != rows)
		complain(c,
		    "table %s: %llu rows were routed, %llu are in its batches",
		    c->table[t], (unsigned long long)routed,
		    (unsigned long long)rows);
}

static int
seal(struct check *c, const struct buf *manifest, const struct buf *account,
    struct err *e)
{
	char *m = path_of(c, "_manifest.tsv"), *a = path_of(c, "_account.tsv");
	char *s = path_of(c, "_SUCCESS");
	int rc = commit_file(m, manifest->p, manifest->n, e);

	if (rc == 0)
		rc = commit_file(a, account->p, account->n, e);
	if (rc == 0)
		rc = commit_file(s, "", 0, e);
	free(m);
	free(a);
	free(s);
	return rc;
}

static int check_output(struct check *c, const struct check_opt *o,
    const struct cmd_files *f, const char *dir, struct buf *manifest,
    struct entries *account, struct err *e);

/* The output of a day adds to the tables of the whole. */
static int
check_day(struct check *c, const struct check_opt *o, struct bytes day,
    struct buf *manifest, struct entries *account, struct err *e)
{
	struct cmd_files none = {NULL, 0};
	char *name = xstrndup(day.p, day.n), *out = path_of(c, name);
	struct check d = {.out = out, .bad = c->bad};
	struct buf dir = BUF_ZERO;
	int rc;

	buf_printf(&dir, "%s/", name);
	rc = check_output(&d, o, &none, buf_cstr(&dir), manifest, account, e);
	if (rc == 0 && !is_there(&d, "_SUCCESS"))
		complain(c, "%s: this day is not done", out);
	check_fini(&d);
	buf_fini(&dir);
	free(name);
	free(out);
	return rc;
}

/* Appends what the output in c->out has to the tables, paths with dir in
 * front. */
static int
check_output(struct check *c, const struct check_opt *o,
    const struct cmd_files *f, const char *dir, struct buf *manifest,
    struct entries *account, struct err *e)
{
	size_t i, k;

	if (load_records(c, e) < 0)
		return -1;
	for (i = 0; i < c->days.nrow; i++)
		if (check_day(c, o, tsv_cell(&c->days, i, 0), manifest, account,
			e) < 0)
			return -1;
	for (i = 0; i < c->nrec; i++) {
		check_closes(c, &c->rec[i], c->shredded ? "batch" : "shard");
		for (k = 0; k < c->rec[i].nfile; k++)
			check_file(c, &c->rec[i].file[k], o->quick);
	}
	for (i = 0; i < c->ntable; i++)
		check_table(c, i);
	if (check_strangers(c, e) < 0)
		return -1;
	check_listed(c, f);
	if (c->nrec == 0 && c->ntable == 0 && c->days.nrow == 0)
		complain(c, "%s: no shard is done", c->out);
	put_manifest(c, manifest, dir);
	put_accounts(c, account);
	return 0;
}

static int
check(struct check *c, const struct check_opt *o, const struct cmd_files *f,
    struct err *e)
{
	struct buf manifest = BUF_ZERO, account = BUF_ZERO;
	struct entries entries = {NULL, 0, 0};
	int rc;

	buf_puts(&manifest, "shard\tsplit\tpath\trows\tbytes\txxh3\n");
	rc = check_output(c, o, f, "", &manifest, &entries, e);
	if (rc == 0) {
		format_account(&entries, &account);
		if (!o->build) {
			compare_table(c, "_manifest.tsv", &manifest);
			compare_table(c, "_account.tsv", &account);
		}
		if (*c->bad > MAX_COMPLAINTS)
			cmd_error("... and %u complaints more",
			    *c->bad - MAX_COMPLAINTS);
		if (o->build && !*c->bad)
			rc = seal(c, &manifest, &account, e);
	}
	entries_fini(&entries);
	buf_fini(&manifest);
	buf_fini(&account);
	return rc;
}

static int
clean_scopes(const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	int rc = 0;

	while (d && rc == 0 && (de = readdir(d))) {
		struct buf path = BUF_ZERO;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s", dir, de->d_name);
		rc = commit_sweep(buf_cstr(&path), e);
		buf_fini(&path);
	}
	if (d)
		closedir(d);
	return rc;
}

/* What killed runs had begun, and their temp files: in OUT, in the records and
 * in every split. */
static int
clean(struct check *c, struct err *e)
{
	DIR *d;
	struct dirent *de;
	char *path;
	int rc = commit_unseal(c->out, e);

	if (rc == 0)
		rc = record_mend(c->out, e);
	if (rc == 0)
		rc = commit_sweep(c->out, e);
	d = opendir(c->out);
	while (d && rc == 0 && (de = readdir(d))) {
		struct stat sb;

		if (de->d_name[0] == '.')
			continue;
		path = path_of(c, de->d_name);
		if (lstat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) {
			rc = commit_sweep(path, e);
			if (rc == 0 && de->d_name[0] == '_')
				rc = clean_scopes(path, e);
		}
		free(path);
	}
	if (d)
		closedir(d);
	return rc;
}

static int
remove_shard(struct check *c, const struct record *r, struct err *e)
{
	char *path = record_path(c->out, r->shard), *file;
	char *aside = commit_temp_path(path);
	sigset_t signals;
	size_t i;
	int rc = 0;

	commit_hold(&signals);
	/* so that a run after this one knows what is left of the shard */
	if (rename(path, aside) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
	for (i = 0; i < r->nfile && rc == 0; i++) {
		file = path_of(c, r->file[i].name);
		if (unlink(file) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", file);
		free(file);
	}
	if (rc == 0 && unlink(aside) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", aside);
	commit_release(&signals);
	free(aside);
	free(path);
	return rc;
}

/* Without a scope the list is about all records. */
static bool
in_scope(const struct check *c, const struct record *r)
{
	size_t n = c->scope ? strlen(c->scope) : 0;

	return !c->scope ||
	    (strncmp(r->shard, c->scope, n) == 0 && r->shard[n] == '/');
}

static int
prune(struct check *c, const struct cmd_files *f, struct err *e)
{
	char *dir = path_of(c, "_shards");
	char **keep = xcalloc(f->n + 1, sizeof(*keep));
	size_t i;
	int rc = 0;

	if (access(dir, F_OK) == 0)
		rc = load_records(c, e);
	for (i = 0; i < f->n; i++)
		keep[i] =
		    record_shard(c->scope, shard_name_parse(f->v[i]).number);
	qsort(keep, f->n, sizeof(*keep), by_string);
	for (i = 0; i < c->nrec && rc == 0; i++)
		if (in_scope(c, &c->rec[i]) &&
		    (!f->n ||
			!bsearch(&c->rec[i].shard, keep, f->n, sizeof(*keep),
			    by_string)))
			rc = commit_unseal(c->out, e) < 0
			    ? -1
			    : remove_shard(c, &c->rec[i], e);
	for (i = 0; i < f->n; i++)
		free(keep[i]);
	free(keep);
	free(dir);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct check_opt o = {0};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-check", "OUT",
	    "verify an output: records, digests, account", "shard-check OUT",
	    groups, false};
	struct common_opt list = {0};
	struct cmd_files files = {NULL, 0};
	unsigned bad = 0;
	struct check c = {.bad = &bad};
	struct err e = ERR_ZERO;
	int i, rc = 0, status;
	size_t k;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	list.files_from = o.files_from;
	list.zero = o.zero;
	if (i != argc - 1)
		rc = err_kind_set(&e, ERR_USAGE, "name one output directory");
	else if (o.prune && !o.files_from)
		rc = err_kind_set(&e, ERR_USAGE, "--prune needs --files-from");
	if (rc == 0)
		rc = cmd_files(&list, 0, NULL, &files, &e);
	for (k = 0; k < files.n && rc == 0; k++)
		if (!shard_name_parse(files.v[k]).is_part)
			rc = err_set(&e,
			    "%s: no shard number in the name (part-N...)",
			    files.v[k]);
	if (rc == 0) {
		c.out = argv[i];
		c.scope = o.scope;
		if (o.clean)
			rc = clean(&c, &e);
		else if (o.prune)
			rc = prune(&c, &files, &e);
		else if (!o.build || (rc = commit_unseal(c.out, &e)) == 0)
			rc = check(&c, &o, &files, &e);
	}
	status = rc < 0 ? cmd_fail(&e) : bad ? CMD_FAILED : CMD_OK;
	check_fini(&c);
	cmd_files_free(&files);
	return status;
}
