#include "pass1/partset.h"

#include <stdlib.h>
#include <string.h>

/* Keeps facts of 1, 2, 4, ... partials on a stack: n log n work in all. */
struct fold {
	struct facts level[48];
	bool used[48];
};

static int
fold_add(struct fold *f, struct facts *new, struct err *e)
{
	int i;

	for (i = 0; f->used[i]; i++) {
		if (facts_merge(&f->level[i], new, e) < 0) {
			facts_fini(new);
			return -1;
		}
		*new = f->level[i];
		f->used[i] = false;
	}
	f->level[i] = *new;
	f->used[i] = true;
	return 0;
}

static int
fold_end(struct fold *f, struct facts *out, struct err *e)
{
	bool any = false;
	size_t i;

	for (i = 0; i < LEN(f->used); i++) {
		if (!f->used[i])
			continue;
		f->used[i] = false;
		if (!any) {
			*out = f->level[i];
			any = true;
		} else if (facts_merge(&f->level[i], out, e) < 0) {
			facts_fini(&f->level[i]);
			return -1;
		} else {
			*out = f->level[i];
		}
	}
	return 0;
}

static void
fold_fini(struct fold *f)
{
	size_t i;

	for (i = 0; i < LEN(f->used); i++)
		if (f->used[i])
			facts_fini(&f->level[i]);
}

/*
 * Partials that do not fit: where headers differ, the first shard says what
 * is right, and the next one that differs from it is named, however the merge
 * was grouped.
 */
static void
blame_header(const struct partset *s, struct err *e)
{
	struct facts first = {.nin = 0}, odd = {.nin = 0}, f;
	struct err ignored;
	int pass;
	size_t i;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < s->npart; i++) {
			struct facts *best = pass ? &odd : &first;

			if (partial_facts(&s->part[i], &f, &ignored) < 0)
				goto out;
			if ((best->nin &&
				best->in[0].number <= f.in[0].number) ||
			    (pass &&
				facts_same_header(&first, &f, &ignored) == 0)) {
				facts_fini(&f);
				continue;
			}
			facts_fini(best);
			*best = f;
		}
	if (odd.nin && first.header == HEADER_STRICT &&
	    facts_same_header(&first, &odd, &ignored) < 0)
		*e = ignored;
out:
	facts_fini(&first);
	facts_fini(&odd);
}

/* Fills s->facts and the ordinal tables. */
static int
merge_facts(struct partset *s, struct err *e)
{
	struct fold fold = {.used = {false}};
	size_t i, k;
	int rc = -1;

	for (i = 0; i < s->npart; i++) {
		struct facts f;

		if (partial_facts(&s->part[i], &f, e) < 0)
			goto out;
		if (fold_add(&fold, &f, e) < 0) {
			blame_header(s, e);
			goto out;
		}
	}
	if (fold_end(&fold, &s->facts, e) < 0) {
		blame_header(s, e);
		goto out;
	}
	na_rule_init(&s->na, s->facts.na);
	if (s->facts.nin > KEYENT_MAX_SHARDS) {
		err_set(e, "more than %u shards", KEYENT_MAX_SHARDS);
		goto out;
	}
	s->ordinal = xcalloc(s->npart, sizeof(*s->ordinal));
	s->nordinal = xcalloc(s->npart, sizeof(*s->nordinal));
	s->column = xcalloc(s->npart, sizeof(*s->column));
	s->ncolumn = xcalloc(s->npart, sizeof(*s->ncolumn));
	for (i = 0; i < s->npart; i++) {
		struct facts f;

		if (partial_facts(&s->part[i], &f, e) < 0)
			goto out;
		s->ordinal[i] = xcalloc(f.nin, sizeof(**s->ordinal));
		s->nordinal[i] = f.nin;
		for (k = 0; k < f.nin; k++)
			s->ordinal[i][k] =
			    (uint32_t)(facts_input(&s->facts, f.in[k].number) -
				s->facts.in);
		s->column[i] = facts_columns(&f, &s->facts);
		s->ncolumn[i] = f.ncol;
		facts_fini(&f);
	}
	rc = 0;
out:
	fold_fini(&fold);
	return rc;
}

int
partset_open(struct partset *s, char *const *paths, size_t n, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->part = xcalloc(n, sizeof(*s->part));
	for (; s->npart < n; s->npart++)
		if (partial_open(&s->part[s->npart], paths[s->npart], e) < 0)
			return -1;
	return merge_facts(s, e);
}

void
partset_fini(struct partset *s)
{
	size_t i;

	for (i = 0; i < s->npart; i++) {
		partial_close(&s->part[i]);
		if (s->ordinal)
			free(s->ordinal[i]);
		if (s->column)
			free(s->column[i]);
	}
	free(s->column);
	free(s->ncolumn);
	free(s->part);
	free(s->ordinal);
	free(s->nordinal);
	facts_fini(&s->facts);
	na_rule_fini(&s->na);
}

struct key_run *
partset_runs(
    const struct partset *s, enum section_type type, size_t *n, uint64_t *total)
{
	struct key_run *c = NULL;
	size_t i, k, cap = 0;

	*n = 0;
	*total = 0;
	for (i = 0; i < s->npart; i++)
		for (k = 0; k < s->part[i].nsec; k++) {
			const struct partial *p = &s->part[i];
			const struct section *x = &p->sec[k];

			if (x->type != type)
				continue;
			if (*n == cap) {
				cap = cap * 2 + 16;
				c = xrealloc(c, cap * sizeof(*c));
			}
			c[(*n)++] = (struct key_run){
			    (const struct keyent *)(const void *)
				partial_section(p, x)
				    .p,
			    0, x->n, partial_heap(p, x), s->ordinal[i],
			    s->nordinal[i], p};
			*total += x->n;
		}
	return c;
}
