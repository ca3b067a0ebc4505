#include "shards/clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/name.h"

/* Sweeps the directories in dir. */
static int
clean_scopes(const char *dir, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct buf path = BUF_ZERO;

		if (!f.is_dir || f.name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s", dir, f.name);
		rc = commit_sweep(buf_cstr(&path), e);
		buf_fini(&path);
	}
	dir_close(&d);
	return rc;
}

/* Temp files lie in OUT itself, in the records, with a scope's a directory
 * deeper, and in every split. */
int
clean_output(const char *out, struct err *e)
{
	struct dir_entry f;
	struct dir d = {.stream = NULL};
	char *path;
	int rc = commit_unseal(out, e);

	if (rc == 0)
		rc = record_mend(out, e);
	if (rc == 0)
		rc = commit_sweep(out, e);
	if (rc == 0)
		rc = dir_open_some(&d, out, ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!f.is_dir || f.name[0] == '.')
			continue;
		path = record_file_path(out, f.name);
		rc = commit_sweep(path, e);
		if (rc == 0 && f.name[0] == '_')
			rc = clean_scopes(path, e);
		free(path);
	}
	dir_close(&d);
	return rc;
}

/* Puts the record aside, so that a run after this one knows what is left of the
 * shard; d has where that changed. */
static int
put_aside(const char *out, const struct record *r, char **aside,
    struct commit_dirs *d, struct err *e)
{
	char *path = record_path(out, r->shard);
	int rc = 0;

	*aside = commit_temp_path(path);
	if (rename(path, *aside) == 0)
		commit_dirs_add(d, path);
	else if (errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
	free(path);
	return rc;
}

static int
remove_files(const char *out, const struct record *r, struct commit_dirs *d,
    struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < r->nfile && rc == 0; i++) {
		char *file = record_file_path(out, r->file[i].name);

		if (unlink(file) == 0)
			commit_dirs_add(d, file);
		else if (errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", file);
		free(file);
	}
	return rc;
}

/* Removes the n shards so that, whenever the power goes, a record has its files
 * and a file has its record, if only one that was put aside. */
static int
remove_shards(
    const char *out, const struct record *const *r, size_t n, struct err *e)
{
	struct commit_dirs d = COMMIT_DIRS_ZERO;
	char **aside = xcalloc(n + 1, sizeof(*aside));
	sigset_t signals;
	size_t i;
	int rc = n > 0 ? commit_unseal(out, e) : 0;

	commit_hold(&signals);
	for (i = 0; i < n && rc == 0; i++)
		rc = put_aside(out, r[i], &aside[i], &d, e);
	rc = commit_dirs_sync(&d, rc, e);
	for (i = 0; i < n && rc == 0; i++)
		rc = remove_files(out, r[i], &d, e);
	rc = commit_dirs_sync(&d, rc, e);
	for (i = 0; i < n && rc == 0; i++)
		if (unlink(aside[i]) < 0 && errno != ENOENT)
			rc = err_sys(e, ERR_OUTPUT, "%s: remove", aside[i]);
	commit_release(&signals);
	for (i = 0; i < n; i++)
		free(aside[i]);
	free(aside);
	return rc;
}

/* Without a scope the list is about all records. */
static bool
in_scope(const char *scope, const struct record *r)
{
	size_t n = scope ? strlen(scope) : 0;

	return !scope ||
	    (strncmp(r->shard, scope, n) == 0 && r->shard[n] == '/');
}

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the records that the inputs have, sorted; inputs->n of them. */
static char **
names_of(const char *scope, const struct file_list *inputs)
{
	char **v = xcalloc(inputs->n + 1, sizeof(*v));
	size_t i;

	for (i = 0; i < inputs->n; i++)
		v[i] =
		    record_shard(scope, shard_name_parse(inputs->v[i]).number);
	qsort(v, inputs->n, sizeof(*v), by_string);
	return v;
}

int
clean_prune(const char *out, const char *scope, const struct file_list *inputs,
    struct complaints *c, struct err *e)
{
	char *dir = record_file_path(out, "_shards");
	char **keep = names_of(scope, inputs);
	const struct record **gone = NULL;
	struct output o = {.out = NULL};
	size_t i, n = inputs->n, ngone = 0;
	int rc;

	rc = path_exists(dir, ERR_OUTPUT, e);
	if (rc > 0)
		rc = output_load(&o, out, c, e);
	gone = xmalloc((o.nrec + 1) * sizeof(*gone));
	for (i = 0; i < o.nrec; i++) {
		const struct record *r = &o.rec[i];

		if (in_scope(scope, r) &&
		    !(n &&
			bsearch(&r->shard, keep, n, sizeof(*keep), by_string)))
			gone[ngone++] = r;
	}
	if (rc == 0)
		rc = remove_shards(out, gone, ngone, e);
	free(gone);
	for (i = 0; i < n; i++)
		free(keep[i]);
	free(keep);
	free(dir);
	output_fini(&o);
	return rc;
}
