#include "jobs/shredcopy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "jobs/shredone.h"
#include "jobs/shredtable.h"
#include "jobs/shredwords.h"
#include "jobs/shredwork.h"
#include "jobs/tidy.h"

/* True if the table's copy holds all that the days which are still to be done
 * need. */
static bool
copy_holds(struct job *j, struct shred_table *t, const struct buf *inputs)
{
	struct shred *s = j->st;
	struct buf path = BUF_ZERO;
	char name[DAY_LEN];
	struct err ignored;
	size_t dir, i;
	bool holds;

	buf_printf(&path, "%s/_presplit/%s/", option_value(&j->opt, "output"),
	    t->name);
	dir = path.n;
	buf_puts(&path, "_SUCCESS");
	holds = access(buf_cstr(&path), F_OK) == 0;
	path.n = dir;
	buf_puts(&path, "_inputs");
	holds = holds && shred_file_is(buf_cstr(&path), inputs);
	for (i = 0; i < s->nday && holds; i++) {
		day_format(name, s->day[i]);
		path.n = dir;
		buf_printf(&path, "_used-%.*s", DAY_LEN, name);
		/* what cannot be looked at may have been used */
		holds = s->used[i] ||
		    path_exists(buf_cstr(&path), ERR_OUTPUT, &ignored) == 0;
	}
	buf_fini(&path);
	return holds;
}

/* Which days are done: what the copy had of them is gone. */
static int
find_used(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf text = BUF_ZERO;
	size_t i, k;
	int rc = 0;

	for (i = 0; i < s->nday && rc == 0; i++) {
		shred_set_day(j, s->day[i]);
		for (k = 0; k < s->n && rc == 0; k++) {
			struct shred_table *t = &s->table[k];

			shred_give(t, t->all.v, t->all.n);
			rc = shred_look(j, t, e);
		}
		buf_clear(&text);
		if (rc == 0)
			rc = shred_day_text(j, &text, e);
		s->used[i] = rc == 0 && shred_day_is_done(j, &text);
	}
	buf_fini(&text);
	return rc;
}

/* Prepares the copy of the tables of which it does not hold; returns 1 where
 * there is one to be made. */
int
shred_begin_copy(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf inputs = BUF_ZERO, dir = BUF_ZERO;
	struct look none = LOOK_ZERO;
	bool any = false;
	size_t i;
	int rc;

	free(s->used);
	s->used = xcalloc(s->nday + 1, sizeof(*s->used));
	rc = find_used(j, e);
	shred_set_place(j, "");
	for (i = 0; i < s->nday; i++)
		any |= !s->used[i];
	for (i = 0; i < s->n && rc == 0; i++) {
		struct shred_table *t = &s->table[i];
		char *list = shred_list_path(s, "list", t);

		buf_clear(&inputs);
		rc = shred_put_inputs(j, &t->all, &inputs, e);
		t->copy = any && rc == 0 && !copy_holds(j, t, &inputs);
		shred_give(t, t->all.v, t->all.n);
		buf_clear(&dir);
		buf_printf(&dir, "%s/_presplit/%s",
		    option_value(&j->opt, "output"), t->name);
		if (rc == 0 && t->copy)
			rc = remove_tree(buf_cstr(&dir), e);
		if (rc == 0 && t->copy)
			rc = make_dirs(buf_cstr(&dir), e);
		if (rc == 0)
			rc = shred_look(j, t, e);
		if (rc == 0)
			rc = job_write_list(
			    t->copy ? &t->look.shards : &none.shards, list,
			    NULL, NULL, e);
		free(list);
	}
	for (i = 0; i < s->n && !rc; i++)
		rc = s->table[i].copy;
	buf_fini(&inputs);
	buf_fini(&dir);
	return rc;
}

/* Notes of which inputs the copies are. */
int
shred_end_copy(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf path = BUF_ZERO, inputs = BUF_ZERO;
	size_t i;
	int rc = 0;

	for (i = 0; i < s->n && rc == 0; i++) {
		if (!s->table[i].copy)
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/_presplit/%s/_inputs",
		    option_value(&j->opt, "output"), s->table[i].name);
		buf_clear(&inputs);
		rc = shred_put_inputs(j, &s->table[i].all, &inputs, e);
		if (rc == 0)
			rc =
			    commit_file(buf_cstr(&path), inputs.p, inputs.n, e);
	}
	buf_fini(&path);
	buf_fini(&inputs);
	return rc;
}

/* The copy of a day goes when the day is done. */
int
shred_use_copy(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf dir = BUF_ZERO;
	size_t i, n;
	int rc = 0;

	for (i = 0; i < s->n && rc == 0; i++) {
		buf_clear(&dir);
		buf_printf(&dir, "%s/_presplit/%s/",
		    option_value(&j->opt, "output"), s->table[i].name);
		n = dir.n;
		buf_printf(&dir, "_used-%s", s->name);
		rc = commit_file(buf_cstr(&dir), "", 0, e);
		dir.n = n;
		buf_puts(&dir, s->name);
		if (rc == 0)
			rc = remove_tree(buf_cstr(&dir), e);
	}
	buf_fini(&dir);
	return rc;
}
