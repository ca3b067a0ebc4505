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

/* Records of the batches of a table, with their files. */
static int
remove_batches(const char *out, const char *table, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	struct dir d;
	int rc;

	buf_printf(&b, "%s/_batches/%s", out, table);
	rc = dir_open_some(&d, buf_cstr(&b), ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct err ignored;
		struct record r;
		char *path;
		size_t i;

		if (f.name[0] == '.')
			continue;
		rc = 0;
		path = batchfile_path(b.p, f.name);
		if (record_load(&r, path, &ignored) < 0)
			memset(&r, 0, sizeof(r));
		for (i = 0; i < r.nfile && rc == 0; i++) {
			char *file = batchfile_path(out, r.file[i].name);

			if (unlink(file) < 0 && errno != ENOENT)
				rc = err_sys(e, ERR_OUTPUT, "%s: remove", file);
			free(file);
		}
		record_fini(&r);
		if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
		free(path);
	}
	dir_close(&d);
	buf_fini(&b);
	return rc;
}

/* The place of the shard in the list, whose numbers ascend; -1. */
static ssize_t
find_shard(char *const *path, size_t n, const char *shard)
{
	size_t lo = 0, hi = n;
	uint64_t number = strtoull(shard, NULL, 10);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t k = shard_name_parse(path[mid]).number;

		if (k == number)
			return (ssize_t)mid;
		if (k < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
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
    const struct unit *v, char *const *path, size_t n, bool verify,
    bool runs_needed)
{
	uint64_t k;
	size_t i;

	for (i = 0; i < v->nrec; i++) {
		ssize_t at = find_shard(path, n, v->rec[i].shard);

		if (at < 0 || !record_holds(o, &v->rec[i], path[at], verify))
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

/* 1 if the records of the batches hold, as many as there are; 0; -1. */
static int
batches_hold(const struct batchfile_opt *o, const char *table, struct err *e)
{
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	bool ok = true;
	struct dir d;
	int rc;

	buf_printf(&b, "%s/_batches/%s", o->out, table);
	rc = dir_open_some(&d, buf_cstr(&b), ERR_OUTPUT, e);
	while (rc >= 0 && ok && (rc = dir_next(&d, &f, e)) > 0) {
		struct err ignored;
		struct record r;
		char *path;

		if (f.name[0] == '.')
			continue;
		path = batchfile_path(b.p, f.name);
		ok = record_load(&r, path, &ignored) == 0;
		free(path);
		if (!ok)
			break;
		ok = r.facts == o->facts && batchfile_hold(&r, o->out);
		record_fini(&r);
	}
	dir_close(&d);
	buf_fini(&b);
	return rc < 0 ? -1 : ok;
}

/* Any unit that is left counts as routed; removes those that do not hold, or
 * all of them. */
static int
keep_units(const struct batchfile_opt *o, struct units *u, char *const *path,
    size_t n, bool verify, bool all, bool runs_needed, bool *todo,
    bool *removed, struct err *e)
{
	size_t i, k;

	for (i = 0; i < n; i++)
		todo[i] = true;
	for (i = 0; i < u->n; i++) {
		struct unit *v = &u->v[i];

		if (all || !unit_holds(o, u, v, path, n, verify, runs_needed)) {
			*removed = true;
			if (unit_remove(u, v, e) < 0)
				return -1;
			continue;
		}
		for (k = 0; k < v->nrec; k++)
			todo[find_shard(path, n, v->rec[k].shard)] = false;
	}
	return 0;
}

int
todo_shards(const struct batchfile_opt *o, const char *table, char *const *path,
    size_t n, bool verify, bool *todo, struct err *e)
{
	char *freed = units_freed(o->out, table);
	bool begun = access(freed, F_OK) == 0, changed = false;
	struct units u;
	size_t i;
	int rc, hold;

	rc = units_load(&u, o->out, table, e);
	if (rc < 0)
		goto out;
	rc = keep_units(
	    o, &u, path, n, verify, false, !begun, todo, &changed, e);
	for (i = 0; i < n; i++)
		changed |= todo[i];
	hold = rc == 0 ? batches_hold(o, table, e) : 1;
	changed |= hold == 0;
	rc = hold < 0 ? -1 : rc;
	if (rc == 0 && changed)
		rc = commit_unseal(o->out, e);
	/* rows that were given back must be routed again */
	if (rc == 0 && changed && begun)
		rc = keep_units(
		    o, &u, path, n, verify, true, true, todo, &changed, e);
	if (rc == 0 && changed)
		rc = remove_batches(o->out, table, e);
	if (rc == 0 && changed && begun && unlink(freed) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", freed);
	if (rc < 0)
		goto out;
	units_fini(&u);
	rc = units_load(&u, o->out, table, e);
	if (rc == 0)
		rc = units_sweep(&u, e);
out:
	units_fini(&u);
	free(freed);
	return rc;
}
