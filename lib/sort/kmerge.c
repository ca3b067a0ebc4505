/*
 * A tree of losers (D. E. Knuth, The Art of Computer Programming, volume 3,
 * section 5.4.1): the leaves are the inputs, each inner node remembers who
 * lost there, and the winner's next record plays only the matches on its way
 * to the root.
 *
 *	       loser[0] the winner of all
 *	       loser[1]
 *	   loser[2]  loser[3]
 *	in 0   in 1  in 2   in 3	leaf i is node n + i
 */
#include "sort/kmerge.h"

#include <stdlib.h>
#include <string.h>

struct leaf {
	uint64_t prefix; /* of the key, as a number */
	struct merge_record rec;
	bool done;
	struct kmerge_in in;
};

struct kmerge {
	struct leaf *leaf;
	size_t *loser;
	size_t n;
	bool begun;
};

struct kmerge *
kmerge_new(const struct kmerge_in *in, size_t n)
{
	struct kmerge *m = xcalloc(1, sizeof(*m));
	size_t i;

	m->n = n;
	m->leaf = xcalloc(n + 1, sizeof(*m->leaf));
	m->loser = xcalloc(n + 1, sizeof(*m->loser));
	for (i = 0; i < n; i++)
		m->leaf[i].in = in[i];
	return m;
}

static int
advance(struct leaf *l, struct err *e)
{
	int rc = l->in.next(l->in.arg, &l->rec, e);
	struct bytes key = l->rec.key;
	unsigned char first[8] = {0};

	if (rc < 0)
		return -1;
	l->done = rc == 0;
	if (l->done)
		key.n = 0;
	if (key.n > 0)
		memcpy(first, key.p, key.n < 8 ? key.n : 8);
	memcpy(&l->prefix, first, 8);
	l->prefix = __builtin_bswap64(l->prefix);
	return 0;
}

/* Does the record of input a come before that of b? */
static bool
wins(const struct kmerge *m, size_t a, size_t b)
{
	const struct leaf *x = &m->leaf[a], *y = &m->leaf[b];
	int c;

	if (x->prefix != y->prefix)
		return x->done ? false : y->done || x->prefix < y->prefix;
	if (x->done || y->done)
		return y->done && (!x->done || a < b);
	c = bytes_cmp(x->rec.key, y->rec.key);
	return c != 0 ? c < 0 : a < b;
}

/* All matches below a node, for the first time; the winner. */
static size_t
play(struct kmerge *m, size_t node)
{
	size_t a, b;

	if (node >= m->n)
		return node - m->n;
	a = play(m, 2 * node);
	b = play(m, 2 * node + 1);
	if (wins(m, b, a)) {
		m->loser[node] = a;
		return b;
	}
	m->loser[node] = b;
	return a;
}

int
kmerge_next(struct kmerge *m, struct merge_record *rec, struct err *e)
{
	size_t i, at;

	if (m->n == 0)
		return 0;
	if (!m->begun) {
		for (i = 0; i < m->n; i++)
			if (advance(&m->leaf[i], e) < 0)
				return -1;
		m->loser[0] = m->n > 1 ? play(m, 1) : 0;
		m->begun = true;
	} else {
		i = m->loser[0];
		if (advance(&m->leaf[i], e) < 0)
			return -1;
		for (at = (m->n + i) / 2; at > 0; at /= 2)
			if (wins(m, m->loser[at], i)) {
				size_t loser = i;

				i = m->loser[at];
				m->loser[at] = loser;
			}
		m->loser[0] = i;
	}
	i = m->loser[0];
	*rec = m->leaf[i].rec;
	return !m->leaf[i].done;
}

int
kmerge_row(struct kmerge *m, struct bytes *piece, struct err *e)
{
	const struct kmerge_in *in = &m->leaf[m->loser[0]].in;

	return in->row(in->arg, piece, e);
}

void
kmerge_free(struct kmerge *m)
{
	if (!m)
		return;
	free(m->leaf);
	free(m->loser);
	free(m);
}
