#include "rows/account.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/parse.h"

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
	return sum == a->in;
}

void
account_each(const struct account *a,
    void (*put)(
	void *arg, const char *kind, const char *name, const char *rows),
    void *arg)
{
	char text[24];
	int i;

	for (i = 0; i < DROP_COUNT; i++) {
		if (a->drop[i] == 0)
			continue;
		if (i == DROP_EXTERNAL)
			snprintf(
			    text, sizeof(text), "%lld", (long long)a->drop[i]);
		else
			snprintf(text, sizeof(text), "%llu",
			    (unsigned long long)a->drop[i]);
		put(arg, "drop", names[i], text);
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)a->in);
	put(arg, "in", "-", text);
}

bool
account_set(
    struct account *a, struct bytes kind, struct bytes name, struct bytes rows)
{
	int64_t external;
	int i;

	if (bytes_eq(kind, bytes_str("in")) && bytes_eq(name, bytes_str("-")))
		return parse_u64(rows, &a->in);
	if (!bytes_eq(kind, bytes_str("drop")))
		return false;
	for (i = 0; i < DROP_COUNT; i++)
		if (bytes_eq(name, bytes_str(names[i])))
			break;
	if (i == DROP_COUNT)
		return false;
	if (i != DROP_EXTERNAL)
		return parse_u64(rows, &a->drop[i]);
	if (!parse_i64(rows, &external))
		return false;
	a->drop[i] = (uint64_t)external;
	return true;
}

static const char magic[] = "\004shardkit 1 ";

static void
account_put_word(
    void *arg, const char *kind, const char *name, const char *rows)
{
	buf_printf(arg, " %s:%s:%s", kind, name, rows);
}

void
trailer_format(struct buf *b, uint64_t rows, const struct account *a)
{
	char hex[17];

	buf_printf(b, "%s%llu", magic, (unsigned long long)rows);
	account_each(a, account_put_word, b);
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
		if (bytes_eq(kind, bytes_str("digest"))) {
			a->have_digest = parse_hex64(name, &a->digest);
			if (!parse_u64(w, &a->size))
				return false;
		} else if (!account_set(a, kind, name, w)) {
			return false;
		}
	}
	/* one spelling only: what it says, written again, is what it was */
	trailer_format(&again, *rows, a);
	same = bytes_eq(bytes_of(again.p, again.n - 1), all);
	buf_fini(&again);
	return same;
}
