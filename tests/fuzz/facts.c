/*
 * facts - any text: refused, or loaded; saved it loads as the same, and a
 * merge with another one gives the same both ways round.
 */
#include "pass1/factsfile.h"

#include "fuzz.h"

static bool
load(struct bytes s, struct facts *f)
{
	struct err e = ERR_ZERO;

	if (facts_load(f, "fuzz", s, &e) == 0)
		return true;
	PROPERTY(e.kind == ERR_INPUT && strncmp(e.msg, "fuzz:", 5) == 0);
	return false;
}

/*
 * Could pass 1 have written it?  What was counted has a place, numbers are
 * numbers, names differ.  Only of such facts is the merge the same both ways.
 */
static bool
sound(const struct facts *f)
{
	size_t i, k;

	for (i = 0; i < f->ncol; i++) {
		const struct colfacts *c = &f->col[i];

		for (k = 0; k < KIND_COUNT; k++)
			if (c->n[k] && c->first[k].row == 0)
				return false;
		if (c->have_num && !(c->min <= c->max))
			return false;
		for (k = 0; k < i; k++)
			if (strcmp(f->col[k].name, c->name) == 0)
				return false;
	}
	return f->time_place.row > 0 || f->time_rows == 0;
}

static struct buf
save(const struct facts *f)
{
	struct buf b = BUF_ZERO;

	facts_save(f, &b);
	return b;
}

/* a and b merged, saved; an empty buffer when they do not fit. */
static struct buf
merged(struct bytes a, struct bytes b)
{
	struct facts x, y;
	struct buf r = BUF_ZERO;
	struct err e = ERR_ZERO;

	PROPERTY(load(a, &x));
	PROPERTY(load(b, &y));
	if (facts_merge(&x, &y, &e) == 0)
		r = save(&x);
	else
		PROPERTY(e.msg[0]);
	facts_fini(&x);
	facts_fini(&y);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes s = bytes_of((const char *)data, size), rest = {NULL, 0};
	const char *cut = size ? memchr(data, '\f', size) : NULL;
	struct buf a, b, ab, ba;
	struct facts f;
	struct place why;
	bool is_sound;
	size_t i;

	/* two texts with a form feed between them, or one */
	if (cut) {
		s.n = (size_t)(cut - s.p);
		rest = bytes_of(cut + 1, size - s.n - 1);
	}
	if (!load(s, &f))
		return 0;
	PROPERTY(f.nin > 0 && f.ncol > 0);
	for (i = 0; i < f.nin; i++) {
		PROPERTY(facts_input(&f, f.in[i].number) == &f.in[i]);
		PROPERTY(i == 0 || f.in[i - 1].number < f.in[i].number);
	}
	for (i = 0; i < f.ncol; i++)
		PROPERTY(colfacts_type(&f.col[i], &why)[0]);
	(void)facts_rows(&f);
	is_sound = sound(&f);
	a = save(&f);
	facts_fini(&f);
	PROPERTY(load(buf_bytes(&a), &f));
	b = save(&f);
	facts_fini(&f);
	PROPERTY(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	if (cut && is_sound && load(rest, &f)) {
		is_sound = sound(&f);
		facts_fini(&f);
		if (!is_sound)
			goto out;
		ab = merged(s, rest);
		ba = merged(rest, s);
		PROPERTY(bytes_eq(buf_bytes(&ab), buf_bytes(&ba)));
		buf_fini(&ab);
		buf_fini(&ba);
	}
out:
	buf_fini(&a);
	buf_fini(&b);
	return 0;
}
