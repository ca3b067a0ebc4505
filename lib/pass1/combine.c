#include "pass1/combine.h"

#include "pass1/factsfile.h"
#include "pass1/partset.h"

struct remap {
	const uint32_t *ordinal; /* of shards, or of columns */
	size_t nordinal;
	bool bad;
};

static void
remap_column(void *arg, struct keyent *k)
{
	struct remap *r = arg;

	r->bad |= k->where >= r->nordinal;
	if (!r->bad)
		k->where = r->ordinal[k->where];
}

static void
remap(void *arg, struct keyent *k)
{
	struct remap *r = arg;

	if (keyent_ordinal(k) >= r->nordinal) {
		r->bad = true;
		return;
	}

	k->where = keyent_where(
	    keyent_time(k), r->ordinal[keyent_ordinal(k)], keyent_row(k));
}

/* Puts some partials together into one: the bag of their runs. */
static int
combine(const struct partset *s, const char *path, struct err *e)
{
	struct partial_writer *w = partial_create(path, e);
	struct buf text = BUF_ZERO;
	size_t i, k;
	int rc = -1;

	if (!w)
		return -1;
	facts_save(&s->facts, &text);
	if (partial_put_facts(w, buf_bytes(&text), e) < 0)
		goto out;
	for (i = 0; i < s->npart; i++)
		for (k = 0; k < s->part[i].nsec; k++) {
			const struct section *x = &s->part[i].sec[k];
			struct remap r = {s->ordinal[i], s->nordinal[i], false};
			void (*map)(void *, struct keyent *) = NULL;
			uint32_t aux = x->aux;

			if (x->type == SECTION_FACTS)
				continue;
			if (x->type == SECTION_KEYS ||
			    x->type == SECTION_LABELS)
				map = remap;
			if (x->type == SECTION_COUNTS) {
				r = (struct remap){
				    s->column[i], s->ncolumn[i], false};
				map = remap_column;
			}
			if (x->type == SECTION_TIES) {
				r.bad = aux >= s->nordinal[i];
				aux = r.bad ? 0 : s->ordinal[i][aux];
			}
			if (partial_copy(w, &s->part[i], x, aux, map, &r, e) <
			    0)
				goto out;
			if (r.bad) {
				err_set(
				    e, "%s: damaged partial", s->part[i].path);
				goto out;
			}
		}
	rc = partial_finish(w, e);
out:
	partial_writer_free(w);
	buf_fini(&text);
	return rc;
}

int
partials_combine(const char *path, char *const *parts, size_t n, struct err *e)
{
	struct partset s = {.npart = 0};
	int rc = n > 0 ? partset_open(&s, parts, n, e)
		       : err_set(e, "no partial to merge");

	if (rc == 0)
		rc = combine(&s, path, e);
	partset_fini(&s);
	return rc;
}
