#include "filters/router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "shards/units.h"
#include "shred/todo.h"

void
router_drop_runs(struct router *r)
{
	while (r->nrun > 0)
		runfile_free(r->run[--r->nrun]);
}

void
router_free(void *p)
{
	struct router *r = p;
	struct err ignored; /* what failed before has been said */

	batchmap_fini(&r->map);
	sortkey_fini(&r->by);
	sortbuf_fini(&r->buf);
	schema_fini(&r->schema);
	buf_fini(&r->header);
	buf_fini(&r->records);
	router_drop_runs(r);
	batchfile_free(&r->file);
	if (r->sorted && r->made && !r->ended)
		(void)!todo_forget(r->out, r->table, &ignored);
	buf_fini(&r->before);
	buf_fini(&r->cells[0]);
	buf_fini(&r->cells[1]);
	free(r->table);
	free(r->run);
	free(r->slot);
	free(r->batch_of);
	free(r->key);
	free(r->order);
	free(r->dir);
	free(r->out);
	free(r->first);
	free(r->unit);
	free(r);
}

int
router_write_run(struct router *r, struct sortbuf_mark m, struct err *e)
{
	struct runfile_head head = {.map = r->map.digest,
	    .nbatch = r->map.nbatch,
	    .sep = (uint8_t)r->sep,
	    .kind = (uint8_t)r->by.col[1].kind,
	    .format = (uint8_t)batchfile_format(r->go.format, r->sep),
	    .codec = (uint8_t)r->go.codec,
	    .level = (uint8_t)r->go.level,
	    .sorted = r->sorted};
	struct runfile_writer *w;
	struct bytes rec, key, row;
	char *path;
	size_t i;

	if (!sortbuf_sort_to(&r->buf, m))
		return err_kind_set(e, ERR_OUTPUT,
		    "no memory to sort %zu rows (a smaller --memory takes "
		    "less)",
		    m.n);
	path = unit_run_path(r->dir, r->unit, r->nrun);
	w = runfile_new(path, &head, buf_bytes(&r->header), r->sync, e);
	free(path);
	if (!w)
		return -1;
	r->run = xrealloc(r->run, (r->nrun + 1) * sizeof(*r->run));
	r->run[r->nrun++] = w;
	for (i = 0; i < m.n; i++) {
		uint32_t slot;

		rec = sortbuf_record(&r->buf, i);
		record_split(rec, &key, &row);
		slot = router_slot(key.p);
		if (runfile_put(w,
			slot == NO_SLOT ? r->map.nbatch : r->batch_of[slot],
			rec, key.n, e) < 0)
			return -1;
	}
	if (runfile_finish(w, e) < 0)
		return -1;
	sortbuf_remove_to(&r->buf, m);
	return 0;
}

int
router_commit_unit(struct router *r, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i;
	int rc = 0;

	buf_printf(&b, "%s/%s.tsv", r->dir, r->unit);
	/* one of that name speaks of runs that are about to be replaced */
	if (unlink(buf_cstr(&b)) == 0)
		rc = commit_sync_dir(b.p, e);
	else if (errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", b.p);
	if (rc == 0)
		rc = commit_unseal(r->out, e);
	r->made = true;
	for (i = 0; i < r->nrun && rc == 0; i++)
		rc = runfile_rename(r->run[i], e);
	if (rc == 0)
		rc = commit_sync_dir(b.p, e);
	if (rc == 0)
		rc = unit_save(
		    r->dir, r->unit, buf_bytes(&r->records), r->nrun, e);
	buf_fini(&b);
	router_drop_runs(r);
	buf_clear(&r->records);
	free(r->unit);
	r->unit = NULL;
	r->whole = (struct sortbuf_mark){0, 0};
	return rc;
}

int
router_advance(struct router *r, uint32_t batch, struct err *e)
{
	for (; r->batch < batch; r->batch++) {
		if (!r->file.c &&
		    batchfile_open(&r->file, &r->go, r->table, r->batch, r->sep,
			buf_bytes(&r->header), e) < 0)
			return -1;
		r->made = true;
		if (batchfile_commit(&r->file, e) < 0)
			return -1;
		batchfile_free(&r->file);
	}
	return 0;
}

int
router_end(void *p, bool some_failed, struct err *e)
{
	struct router *r = p;

	if ((r->sorted && (r->failed || some_failed)) || r->records.n == 0)
		return 0;
	if (r->sorted && router_advance(r, r->map.nbatch, e) < 0)
		return -1;
	if (router_write_run(r, sortbuf_mark(&r->buf), e) < 0 ||
	    router_commit_unit(r, e) < 0)
		return -1;
	r->ended = true;
	return 0;
}

/* Numbers the groups by batch, and by line within a batch. */
static void
make_slots(struct router *r)
{
	const struct batchmap *m = &r->map;
	uint32_t *at = xcalloc((size_t)m->nbatch + 1, sizeof(*at)), i;

	r->slot = xcalloc(m->n, sizeof(*r->slot));
	r->batch_of = xcalloc(m->n, sizeof(*r->batch_of));
	for (i = 0; i < m->n; i++)
		at[m->batch[i] + 1]++;
	for (i = 0; i < m->nbatch; i++)
		at[i + 1] += at[i];
	for (i = 0; i < m->n; i++) {
		r->slot[i] = at[m->batch[i]]++;
		r->batch_of[r->slot[i]] = m->batch[i];
	}
	free(at);
}

/* The order column: a time, unless its type is said. */
static void
add_order(struct router *r)
{
	const char *colon = strrchr(r->order, ':');
	struct sort_column *c;

	sortkey_add(&r->by, r->order);
	c = &r->by.col[1];
	if (strcmp(c->name, r->order) == 0 ||
	    (colon && strcmp(colon, ":r") == 0))
		c->type = SORT_TIME;
	sortkey_more(&r->by);
}

struct router *
router_new(const struct route_opt *o, struct err *e)
{
	struct router *r = xcalloc(1, sizeof(*r));
	struct buf b = BUF_ZERO;
	int rc;

	sortkey_init(&r->by);
	r->by.option = "--order";
	r->by.as_bytes = ":b";
	if (o->map)
		buf_puts(&b, o->map);
	else
		buf_printf(&b, "%s/batches.tsv", o->out);
	rc = batchmap_load(&r->map, buf_cstr(&b), e);
	buf_fini(&b);
	if (rc < 0) {
		e->kind = ERR_OUTPUT; /* no shard could be routed */
		router_free(r);
		return NULL;
	}
	make_slots(r);
	buf_printf(&b, "%s:b", o->key ? o->key : r->map.column);
	r->key = buf_release(&b);
	r->order = xstrdup(o->order);
	sortkey_add(&r->by, r->key);
	add_order(r);
	r->dir = units_path(o->out, o->table, "");
	r->out = xstrdup(o->out);
	r->table = xstrdup(o->table);
	r->sorted = o->sorted;
	r->go = (struct batchfile_opt){.out = r->out,
	    .format = o->fmt,
	    .types = o->ctx,
	    .temp_dir = o->out,
	    .codec = o->codec,
	    .level = (int)o->level};
	sortbuf_init(&r->buf,
	    o->memory - (o->memory < 4 << 20 ? 2 * OUT_BLOCK : 3 * OUT_BLOCK));
	return r;
}

int
router_begin(struct router *r, uint64_t facts, struct err *e)
{
	if (r->begun)
		return 0;
	r->go.facts = facts;
	r->begun = units_begin(r->dir, &r->sync, e) == 0;
	return r->begun ? 0 : -1;
}
