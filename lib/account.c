#include "account.h"

#include <string.h>

#include "digest.h"
#include "parse.h"

static const char *const names[DROP_COUNT] = {
    [DROP_DUPLICATE] = "duplicate",
    [DROP_EXTERNAL] = "external",
    [DROP_FILTERED] = "filtered",
    [DROP_MISSING_GROUP] = "missing-group",
    [DROP_MISSING_KEY] = "missing-key",
    [DROP_MISSING_LABEL] = "missing-label",
    [DROP_MISSING_TIME] = "missing-time",
    [DROP_REJECTED] = "rejected",
    [DROP_UNPLANNED] = "unplanned",
    [DROP_UNSEEN_LABEL] = "unseen-label",
};

const char *
drop_name(enum drop d)
{
	return names[d];
}

bool
account_closes(const struct account *a, uint64_t rows)
{
	uint64_t sum = rows;
	int i;

	for (i = 0; i < DROP_COUNT; i++)
		sum += a->drop[i];
	return sum == a->in + a->added;
}

void
account_each(const struct account *a,
    void (*put)(void *arg, const char *kind, const char *name, uint64_t rows),
    void *arg)
{
	int i;

	if (a->added)
		put(arg, "added", "external", a->added);
	for (i = 0; i < DROP_COUNT; i++)
		if (a->drop[i])
			put(arg, "drop", names[i], a->drop[i]);
	put(arg, "in", "-", a->in);
}

bool
account_set(
    struct account *a, struct bytes kind, struct bytes name, uint64_t rows)
{
	int i;

	if (bytes_eq(kind, bytes_str("in")) && bytes_eq(name, bytes_str("-"))) {
		a->in = rows;
		return true;
	}
	if (bytes_eq(kind, bytes_str("added")) &&
	    bytes_eq(name, bytes_str("external"))) {
		a->added = rows;
		return true;
	}
	if (!bytes_eq(kind, bytes_str("drop")))
		return false;
	for (i = 0; i < DROP_COUNT; i++)
		if (bytes_eq(name, bytes_str(names[i]))) {
			a->drop[i] = rows;
			return true;
		}
	return false;
}

static const char magic[] = "\004shardkit 1 ";

static void
put_word(void *arg, const char *kind, const char *name, uint64_t rows)
{
	buf_printf(arg, " %s:%s:%llu", kind, name, (unsigned long long)rows);
}

void
trailer_format(struct buf *b, uint64_t rows, const struct account *a)
{
	char hex[17];

	buf_printf(b, "%s%llu", magic, (unsigned long long)rows);
	account_each(a, put_word, b);
	if (a->have_digest) {
		digest_hex(a->digest, hex);
		buf_printf(
		    b, " digest:%s:%llu", hex, (unsigned long long)a->size);
	}
	buf_putc(b, '\n');
}

static struct bytes
cut(struct bytes *s, char at)
{
	const char *q = s->n ? memchr(s->p, at, s->n) : NULL;
	size_t n = q ? (size_t)(q - s->p) : s->n;
	struct bytes word = bytes_of(s->p, n);

	s->p += n + (q != NULL);
	s->n -= n + (q != NULL);
	return word;
}

bool
trailer_parse(struct bytes rec, uint64_t *rows, struct account *a)
{
	struct buf again = BUF_ZERO;
	struct bytes all = rec;
	bool same;

	struct bytes w, kind, name;
	size_t n = sizeof(magic) - 1;
	uint64_t v;

	memset(a, 0, sizeof(*a));
	if (rec.n < n || rec.n > TRAILER_MAX || memcmp(rec.p, magic, n) != 0)
		return false;
	rec = bytes_of(rec.p + n, rec.n - n);
	w = cut(&rec, ' ');
	if (!parse_u64(w, rows))
		return false;
	while (rec.n) {
		w = cut(&rec, ' ');
		kind = cut(&w, ':');
		name = cut(&w, ':');
		if (!parse_u64(w, &v))
			return false;
		if (bytes_eq(kind, bytes_str("digest"))) {
			a->have_digest = parse_hex64(name, &a->digest);
			a->size = v;
		} else if (!account_set(a, kind, name, v)) {
			return false;
		}
	}
	/* one spelling only: what it says, written again, is what it was */
	trailer_format(&again, *rows, a);
	same = bytes_eq(bytes_of(again.p, again.n - 1), all);
	buf_fini(&again);
	return same;
}
