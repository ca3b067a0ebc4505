#include "shards/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/dir.h"

void
complaints_add(struct complaints *c, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->n++;
	if (c->say)
		c->say(c->arg, text);
}

static int
by_shard(const void *a, const void *b)
{
	const char *s = ((const struct record *)a)->shard;
	const char *t = ((const struct record *)b)->shard;
	const char *x = record_number(s), *y = record_number(t);
	size_t n = strlen(x), m = strlen(y);
	/* numbers of five digits or more: the shorter is the smaller */
	int cmp = n != m ? (n < m ? -1 : 1) : strcmp(x, y);

	return cmp ? cmp : strcmp(s, t);
}

/* The records in dir, and in the scopes below. */
static int
load_dir(struct output *o, const char *dir, bool scopes, struct complaints *c,
    struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	if (rc < 0)
		err_sys(e, ERR_INPUT, "%s: no records of a run", dir);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		struct buf path = BUF_ZERO;
		struct err re;

		if (f.name[0] == '.')
			continue;
		buf_printf(&path, "%s/%s", dir, f.name);
		if (scopes && f.is_dir) {
			rc = load_dir(o, buf_cstr(&path), false, c, e);
			buf_fini(&path);
			continue;
		}
		if ((o->nrec & (o->nrec - 1)) == 0)
			o->rec = xrealloc(o->rec,
			    (o->nrec ? 2 * o->nrec : 1) * sizeof(*o->rec));
		if (record_load(&o->rec[o->nrec], buf_cstr(&path), &re) < 0)
			complaints_add(c, "%s", re.msg);
		else
			o->nrec++;
		buf_fini(&path);
	}
	dir_close(&d);
	return rc;
}

/* As path_exists(), of a file in the output. */
static int
is_there(const char *out, const char *name, struct err *e)
{
	char *path = record_file_path(out, name);
	int there = path_exists(path, ERR_INPUT, e);

	free(path);
	return there;
}

/* The tables of a shredded output: the directories in _runs. */
static int
load_tables(struct output *o, struct err *e)
{
	char *dir = record_file_path(o->out, "_runs");
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	if (rc < 0)
		err_sys(e, ERR_INPUT, "%s: no runs", dir);
	free(dir);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!f.is_dir || f.name[0] == '.')
			continue;
		o->table =
		    xrealloc(o->table, (o->ntable + 1) * sizeof(*o->table));
		o->units =
		    xrealloc(o->units, (o->ntable + 1) * sizeof(*o->units));
		o->table[o->ntable] = xstrdup(f.name);
		rc = units_load(&o->units[o->ntable], o->out, f.name, e);
		o->ntable++;
	}
	dir_close(&d);
	return rc;
}

int
output_load(
    struct output *o, const char *out, struct complaints *c, struct err *e)
{
	int batches = is_there(out, "_batches", e), runs, days, rc = 0;
	char *dir;

	memset(o, 0, sizeof(*o));
	o->out = xstrdup(out);
	runs = batches < 0 ? -1 : is_there(out, "_runs", e);
	days = runs < 0 ? -1 : is_there(out, "_days.tsv", e);
	if (days < 0)
		return -1;
	o->shredded = batches || runs;
	if (days) {
		dir = record_file_path(out, "_days.tsv");
		rc = tsv_load(&o->days, dir, "day", e);
		free(dir);
	} else if (o->shredded) {
		rc = load_tables(o, e);
	}
	dir = record_file_path(out, o->shredded ? "_batches" : "_shards");
	/* without a group there is no batch */
	if (rc == 0 && (o->shredded ? batches : o->days.nrow == 0))
		rc = load_dir(o, dir, true, c, e);
	free(dir);
	if (o->nrec)
		qsort(o->rec, o->nrec, sizeof(*o->rec), by_shard);
	return rc;
}

void
output_fini(struct output *o)
{
	size_t i;

	for (i = 0; i < o->nrec; i++)
		record_fini(&o->rec[i]);
	for (i = 0; i < o->ntable; i++) {
		free(o->table[i]);
		units_fini(&o->units[i]);
	}
	free(o->rec);
	free(o->table);
	free(o->units);
	free(o->out);
	tsv_fini(&o->days);
	memset(o, 0, sizeof(*o));
}

const struct record *
output_find(const struct output *o, const char *shard)
{
	struct record key = {.shard = (char *)(uintptr_t)shard};

	return o->nrec
	    ? bsearch(&key, o->rec, o->nrec, sizeof(*o->rec), by_shard)
	    : NULL;
}

bool
output_has(const struct output *o, const char *scope, const char *shard)
{
	const char *number = record_number(shard);
	size_t i, k, n;

	if (!o->shredded)
		return output_find(o, shard) || output_find(o, "batch");
	for (i = 0; i < o->ntable; i++) {
		if (scope && strcmp(scope, o->table[i]) != 0)
			continue;
		for (k = 0; k < o->units[i].n; k++)
			for (n = 0; n < o->units[i].v[k].nrec; n++)
				if (strcmp(o->units[i].v[k].rec[n].shard,
					number) == 0)
					return true;
	}
	return false;
}
