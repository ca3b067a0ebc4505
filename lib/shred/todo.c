#include "shred/todo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/in.h"
#include "shards/find.h"
#include "shards/units.h"

/* Names of tables. */
struct tables {
	char **v;
	size_t n;
};

static int
remove_file(const char *path, struct err *e)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, ERR_OUTPUT, "%s: remove", path);
	return 0;
}

/* Removes a batch's files, and its record last. */
static int
remove_batch(void *arg, const char *path, const struct record *r, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; r && i < r->nfile && rc == 0; i++) {
		char *file = batchfile_path(arg, r->file[i].name);

		rc = remove_file(file, e);
		free(file);
	}
	return rc < 0 ? -1 : remove_file(path, e);
}

static int
remove_batches(const char *out, const char *table, struct err *e)
{
	return batchfile_each(out, table, remove_batch, (void *)out, e);
}

/* The number of an input, and its place in the list. */
struct listed {
	uint64_t number;
	size_t at;
};

/* The inputs of a table. */
struct inputs {
	char *const *path;
	size_t n;
	struct listed *by_number;
	bool verify;
};

static int
listed_compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void
inputs_init(struct inputs *in, char *const *path, size_t n, bool verify)
{
	size_t i;

	*in = (struct inputs){
	    path, n, xcalloc(n + 1, sizeof(struct listed)), verify};
	for (i = 0; i < n; i++)
		in->by_number[i] =
		    (struct listed){shard_name_parse(path[i]).number, i};
	qsort(in->by_number, n, sizeof(struct listed), listed_compare);
}

/* The place of the shard in the list; -1. */
static ssize_t
find_shard(const struct inputs *in, const char *shard)
{
	struct listed key = {strtoull(shard, NULL, 10), 0}, *at;

	at = bsearch(&key, in->by_number, in->n, sizeof(key), listed_compare);
	return at ? (ssize_t)at->at : -1;
}

/* Was it routed from these bytes, with these facts? */
static bool
record_holds(const struct batchfile_opt *o, const struct record *r,
    const char *path, bool verify)
{
	struct identity id;
	struct err ignored;
	uint64_t digest;

	if (!r->input || r->facts != o->facts ||
	    identity_of(path, &id, &ignored) < 0)
		return false;
	if (!verify && strcmp(r->input, path) == 0 && identity_eq(id, r->id))
		return true;
	return in_digest_file(path, &digest, &ignored) == 0 &&
	    digest == r->input_digest;
}

static bool
unit_holds(const struct batchfile_opt *o, const struct units *u,
    const struct unit *v, const struct inputs *in, bool runs_needed)
{
	uint64_t k;
	size_t i;

	for (i = 0; i < v->nrec; i++) {
		ssize_t at = find_shard(in, v->rec[i].shard);

		if (at < 0 ||
		    !record_holds(o, &v->rec[i], in->path[at], in->verify))
			return false;
	}
	for (k = 0; runs_needed && k < v->nrun; k++) {
		char *run = unit_run_path(u->dir, v->name, k);
		bool there = access(run, F_OK) == 0;

		free(run);
		if (!there)
			return false;
	}
	return true;
}

static int
batch_holds(void *arg, const char *path, const struct record *r, struct err *e)
{
	const struct batchfile_opt *o = arg;

	(void)path;
	(void)e;
	return r && r->facts == o->facts && batchfile_hold(r, o->out) ? 0 : -1;
}

/* 1 if the batches' records hold, as many as there are; 0; -1. */
static int
batches_hold(const struct batchfile_opt *o, const char *table, struct err *e)
{
	if (batchfile_each(o->out, table, batch_holds, (void *)o, e) == 0)
		return 1;
	return e->kind == ERR_NONE ? 0 : -1;
}

/* Any unit that is left counts as routed; removes those that do not hold, or
 * all of them. */
static int
keep_units(const struct batchfile_opt *o, struct units *u,
    const struct inputs *in, bool all, bool runs_needed, bool *todo,
    bool *removed, struct err *e)
{
	size_t i, k;

	for (i = 0; i < in->n; i++)
		todo[i] = true;
	for (i = 0; i < u->n; i++) {
		struct unit *v = &u->v[i];

		if (all || !unit_holds(o, u, v, in, runs_needed)) {
			*removed = true;
			if (unit_remove(u, v, e) < 0)
				return -1;
			continue;
		}
		for (k = 0; k < v->nrec; k++)
			todo[find_shard(in, v->rec[k].shard)] = false;
	}
	return 0;
}

/* Looks at the units and batches; removes those that do not hold. */
static int
find_todo(const struct batchfile_opt *o, const char *table,
    const struct inputs *in, bool *todo, struct err *e)
{
	char *freed = units_freed(o->out, table);
	int begun = path_exists(freed, ERR_OUTPUT, e), rc, hold;
	bool changed = false;
	struct units u;
	size_t i;

	rc = begun < 0 ? -1 : units_load(&u, o->out, table, e);
	if (rc < 0)
		goto out;
	rc = keep_units(o, &u, in, false, !begun, todo, &changed, e);
	for (i = 0; i < in->n; i++)
		changed |= todo[i];
	hold = rc == 0 ? batches_hold(o, table, e) : 1;
	changed |= hold == 0;
	rc = hold < 0 ? -1 : rc;
	if (rc == 0 && changed)
		rc = commit_unseal(o->out, e);
	/* rows that were given back must be routed again */
	if (rc == 0 && changed && begun)
		rc = keep_units(o, &u, in, true, true, todo, &changed, e);
	if (rc == 0 && changed)
		rc = remove_batches(o->out, table, e);
	if (rc == 0 && changed && begun)
		rc = remove_file(freed, e);
	if (rc < 0)
		goto out;
	units_fini(&u);
	rc = units_load(&u, o->out, table, e);
	if (rc == 0)
		rc = units_sweep(&u, e);
	if (rc == 0)
		rc = batchfile_sweep(o->out, table, e);
out:
	units_fini(&u);
	free(freed);
	return rc;
}

int
todo_lost(const char *out, const char *table, uint32_t nbatch, bool whole,
    bool *lost, struct err *e)
{
	struct units u;
	uint64_t gone = 0;
	int rc = units_load(&u, out, table, e);

	if (rc == 0)
		units_runs(&u, &gone);
	*lost = (gone > 0 || (whole && u.n > 0)) &&
	    batchfile_have(out, table, nbatch, NULL) < nbatch;
	units_fini(&u);
	return rc;
}

int
todo_table(const struct batchfile_opt *o, const char *table, char *const *path,
    size_t n, const struct todo_how *how, bool *todo, struct err *e)
{
	bool any = false, all = how->force;
	struct inputs in;
	size_t i;
	int rc = 0;

	if (!all) {
		inputs_init(&in, path, n, how->verify);
		rc = units_mend(o->out, table, e);
		if (rc == 0)
			rc = find_todo(o, table, &in, todo, e);
		free(in.by_number);
		for (i = 0; i < n && !any; i++)
			any = todo[i];
		all = any && how->whole;
	}
	if (rc == 0 && !any && !all)
		rc = todo_lost(o->out, table, how->nbatch, how->whole, &all, e);
	if (rc == 0 && all)
		rc = todo_forget(o->out, table, e);
	for (i = 0; i < n && all; i++)
		todo[i] = true;
	return rc;
}

int
todo_forget(const char *out, const char *table, struct err *e)
{
	char *freed = units_freed(out, table);
	struct units u = {.v = NULL};
	size_t i;
	int rc = units_mend(out, table, e);

	if (rc == 0)
		rc = units_load(&u, out, table, e);
	if (rc == 0)
		rc = commit_unseal(out, e);
	for (i = 0; i < u.n && rc == 0; i++)
		rc = unit_remove(&u, &u.v[i], e);
	if (rc == 0)
		rc = remove_batches(out, table, e);
	if (rc == 0) /* behind the batches, without which it means nothing */
		rc = remove_file(freed, e);
	if (rc == 0)
		rc = units_sweep(&u, e);
	if (rc == 0)
		rc = batchfile_sweep(out, table, e);
	units_fini(&u);
	free(freed);
	return rc;
}

/* Removes a table's directory and its files. */
static int
remove_dir(const char *out, const char *room, const char *table, struct err *e)
{
	struct buf b = BUF_ZERO;
	int rc;

	buf_printf(&b, "%s/%s/%s", out, room, table);
	rc = dir_remove(buf_cstr(&b), ERR_OUTPUT, e);
	buf_fini(&b);
	return rc;
}

static bool
is_listed(const char *const *v, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(v[i], word) == 0)
			return true;
	return false;
}

/* Adds the tables that OUT/ROOM has a directory of to the list, each once. */
static int
find_tables(struct tables *l, const char *out, const char *room, struct err *e)
{
	char *path = batchfile_path(out, room);
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, path, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!f.is_dir || f.name[0] == '.' ||
		    is_listed((const char *const *)l->v, l->n, f.name))
			continue;
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
		l->v[l->n++] = xstrdup(f.name);
	}
	dir_close(&d);
	free(path);
	return rc;
}

int
todo_forget_others(
    const char *out, const char *const *keep, size_t n, struct err *e)
{
	struct tables l = {NULL, 0};
	size_t i;
	int rc = find_tables(&l, out, "_runs", e);

	if (rc == 0)
		rc = find_tables(&l, out, "_batches", e);
	for (i = 0; i < l.n && rc == 0; i++) {
		if (is_listed(keep, n, l.v[i]))
			continue;
		rc = todo_forget(out, l.v[i], e);
		/* these last, as they tell that there was such a table */
		if (rc == 0)
			rc = remove_dir(out, "_runs", l.v[i], e);
		if (rc == 0)
			rc = remove_dir(out, "_batches", l.v[i], e);
	}
	for (i = 0; i < l.n; i++)
		free(l.v[i]);
	free(l.v);
	return rc;
}
