#include "shards/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/name.h"
#include "shards/manifest.h"

/* What a check of one output directory is about. */
struct check {
	const struct check_opt *opt;
	struct complaints *complaints;
	struct output o;
};

static bool
is_there(const struct check *c, const char *name)
{
	char *path = record_file_path(c->o.out, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
check_file(struct check *c, const struct record_file *f)
{
	char *path = record_file_path(c->o.out, f->name);
	struct stat sb;
	struct err e;
	uint64_t digest;

	if (f->used) {
		if (stat(path, &sb) == 0)
			complaints_add(c->complaints,
			    "%s: its record says that it was used and removed",
			    path);
		else if (errno != ENOENT && errno != ENOTDIR)
			complaints_add(
			    c->complaints, "%s: %s", path, strerror(errno));
	} else if (stat(path, &sb) < 0)
		complaints_add(c->complaints, "%s: %s", path, strerror(errno));
	else if ((uint64_t)sb.st_size != f->bytes)
		complaints_add(c->complaints,
		    "%s: has %llu bytes, its record says %llu", path,
		    (unsigned long long)sb.st_size,
		    (unsigned long long)f->bytes);
	else if (!c->opt->quick && in_digest_file(path, &digest, &e) < 0)
		complaints_add(c->complaints, "%s", e.msg);
	else if (!c->opt->quick && digest != f->digest)
		complaints_add(c->complaints,
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

	for (i = 0; i < c->o.days.nrow; i++)
		if (bytes_eq(tsv_cell(&c->o.days, i, 0), bytes_str(name)))
			return true;
	return c->o.shredded && strcmp(name, "batches.tsv") == 0;
}

/* True if the name is in the sorted list. */
static bool
is_in(const char *name, char **v, size_t n)
{
	return n && bsearch(&name, v, n, sizeof(*v), by_string);
}

/* Complains of files under dir (relative, "" for OUT) that no record names. */
static int
find_strangers(struct check *c, const char *rel, char **known, size_t nknown,
    const struct record_left *left, struct err *e)
{
	char *dir =
	    rel[0] ? record_file_path(c->o.out, rel) : xstrdup(c->o.out);
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, dir, ERR_INPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct buf b = BUF_ZERO;
		const char *name;
		struct stat sb;
		char *path;

		if (f.name[0] == '.' || (!rel[0] && f.name[0] == '_') ||
		    (!rel[0] && is_ours(c, f.name)))
			continue;
		buf_printf(&b, "%s%s%s", rel, rel[0] ? "/" : "", f.name);
		name = buf_cstr(&b);
		path = record_file_path(c->o.out, name);
		if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
			rc = find_strangers(c, name, known, nknown, left, e);
		else if (!is_in(name, known, nknown))
			complaints_add(c->complaints,
			    "%s: a file that no record names; %s", path,
			    is_in(name, left->v, left->n)
				? "of a shard that was not finished: "
				  "shard-check --clean removes it"
				: "not ours: move it away");
		free(path);
		buf_fini(&b);
	}
	dir_close(&d);
	free(dir);
	return rc;
}

static int
check_strangers(struct check *c, struct err *e)
{
	struct record_left left;
	char **known = NULL;
	size_t n = 0, i, k;
	int rc;

	if (record_left(&left, c->o.out, e) < 0)
		return -1;
	for (i = 0; i < c->o.nrec; i++)
		n += c->o.rec[i].nfile;
	known = xcalloc(n, sizeof(*known));
	for (i = n = 0; i < c->o.nrec; i++)
		for (k = 0; k < c->o.rec[i].nfile; k++)
			known[n++] = c->o.rec[i].file[k].name;
	qsort(known, n, sizeof(*known), by_string);
	rc = find_strangers(c, "", known, n, &left, e);
	free(known);
	record_left_fini(&left);
	return rc;
}

/* Compares a table with the file of that name, if there is one. */
static void
compare_table(struct check *c, const char *name, struct bytes want)
{
	char *path = record_file_path(c->o.out, name);
	struct buf have = BUF_ZERO;
	struct err e;
	int rc = path_exists(path, ERR_INPUT, &e);

	if (rc != 0) {
		if (rc < 0 || file_load(path, &have, &e) < 0)
			complaints_add(c->complaints, "%s", e.msg);
		else if (!bytes_eq(buf_bytes(&have), want))
			complaints_add(c->complaints,
			    "%s: does not agree with the records "
			    "(made again by shard-check --build)",
			    path);
		buf_fini(&have);
	}
	free(path);
}

static void
check_inputs(struct check *c)
{
	const struct file_list *f = c->opt->inputs;
	const char *scope = c->opt->scope;
	size_t i, missing = 0;

	for (i = 0; f && i < f->n; i++) {
		char *shard =
		    record_shard(scope, shard_name_parse(f->v[i]).number);

		if (!output_has(&c->o, scope, shard) && missing++ < 3)
			complaints_add(c->complaints,
			    "%s: not done: no record of it in %s", f->v[i],
			    c->o.out);
		free(shard);
	}
	if (missing > 3)
		complaints_add(c->complaints,
		    "... and %zu shards more are not done", missing - 3);
}

static void
check_closes(struct check *c, const struct record *r, const char *what)
{
	if (!account_closes(&r->account, record_rows(r)))
		complaints_add(c->complaints,
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
	size_t n = strlen(c->o.table[t]), i, k;

	for (i = 0; i < c->o.units[t].n; i++)
		for (k = 0; k < c->o.units[t].v[i].nrec; k++) {
			check_closes(c, &c->o.units[t].v[i].rec[k], "shard");
			routed += c->o.units[t].v[i].rec[k].routed;
		}
	for (i = 0; i < c->o.nrec; i++)
		if (strncmp(c->o.rec[i].shard, c->o.table[t], n) == 0 &&
		    c->o.rec[i].shard[n] == '/')
			rows += record_rows(&c->o.rec[i]);
	if (routed != rows)
		complaints_add(c->complaints,
		    "table %s: %llu rows were routed, %llu are in its batches",
		    c->o.table[t], (unsigned long long)routed,
		    (unsigned long long)rows);
}

static int check_dir(
    struct check *c, const char *prefix, struct manifest *m, struct err *e);

/* The output of a day adds to the tables of the whole. */
static int
check_day(struct check *c, struct bytes day, struct manifest *m, struct err *e)
{
	const struct check_opt opt = {.quick = c->opt->quick};
	char *name = xstrndup(day.p, day.n);
	char *out = record_file_path(c->o.out, name);
	struct check d = {.opt = &opt, .complaints = c->complaints};
	struct buf prefix = BUF_ZERO;
	int rc = output_load(&d.o, out, c->complaints, e);

	buf_printf(&prefix, "%s/", name);
	if (rc == 0)
		rc = check_dir(&d, buf_cstr(&prefix), m, e);
	if (rc == 0 && !is_there(&d, "_SUCCESS"))
		complaints_add(c->complaints, "%s: this day is not done", out);
	output_fini(&d.o);
	buf_fini(&prefix);
	free(name);
	free(out);
	return rc;
}

/* Checks what was loaded and adds it to the manifest, with prefix in front of
 * its paths. */
static int
check_dir(
    struct check *c, const char *prefix, struct manifest *m, struct err *e)
{
	const struct output *o = &c->o;
	size_t i, k;

	for (i = 0; i < o->days.nrow; i++)
		if (check_day(c, tsv_cell(&o->days, i, 0), m, e) < 0)
			return -1;
	for (i = 0; i < o->nrec; i++) {
		check_closes(c, &o->rec[i], o->shredded ? "batch" : "shard");
		for (k = 0; k < o->rec[i].nfile; k++)
			check_file(c, &o->rec[i].file[k]);
	}
	for (i = 0; i < o->ntable; i++)
		check_table(c, i);
	if (check_strangers(c, e) < 0)
		return -1;
	check_inputs(c);
	if (o->nrec == 0 && o->ntable == 0 && o->days.nrow == 0)
		complaints_add(c->complaints, "%s: no shard is done", o->out);
	manifest_add(m, o, prefix);
	return 0;
}

int
check_output(const char *out, const struct check_opt *opt,
    struct complaints *complaints, struct err *e)
{
	struct check c = {.opt = opt, .complaints = complaints};
	struct manifest m;
	size_t before = complaints->n;
	int rc = 0;

	manifest_init(&m);
	if (opt->build)
		rc = commit_unseal(out, e);
	if (rc == 0)
		rc = output_load(&c.o, out, complaints, e);
	if (rc == 0)
		rc = check_dir(&c, "", &m, e);
	if (rc == 0)
		manifest_end(&m);
	if (rc == 0 && !opt->build) {
		compare_table(&c, "_manifest.tsv", buf_bytes(&m.files));
		compare_table(&c, "_account.tsv", buf_bytes(&m.account));
	}
	if (rc == 0 && opt->build && complaints->n == before)
		rc = manifest_seal(&m, out, e);
	output_fini(&c.o);
	manifest_fini(&m);
	return rc;
}
