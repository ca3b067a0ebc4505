#include "shred/batchmap.h"

#include <stdlib.h>
#include <string.h>

#include "io/in.h"
#include "io/tsv.h"

/* A map while it is read. */
struct reader {
	struct batchmap *m;
	struct in *in;
	uint64_t lineno;
	struct buf line, last; /* last: the key of the line before */
	uint32_t cap;
	bool ints, bytes; /* the keys are in this order so far */
};

static int
bad_line(const struct reader *r, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", in_name(r->in), (unsigned long long)r->lineno);
}

#define FAIL_AT(r, e, ...) (err_set(e, __VA_ARGS__), bad_line(r, e))

/* The two cells of the next line: 1, 0 at the end, -1. */
static int
next_line(struct reader *r, struct bytes cell[2], struct err *e)
{
	ssize_t k;
	int rc;

	rc = tsv_next_line(r->in, ++r->lineno, &r->line, e);
	if (rc <= 0)
		return rc;
	k = tsv_cells(r->line.p, r->line.n, cell, 2);
	if (k < 0)
		return FAIL_AT(r, e, "bad escape");
	if (k != 2)
		return FAIL_AT(r, e, "%zd cells, expected 2", k);
	return 1;
}

static int
read_header(struct reader *r, struct err *e)
{
	struct bytes cell[2];
	int rc = next_line(r, cell, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return FAIL_AT(r, e, "empty, not even a header line");
	if (cell[0].n == 0 || memchr(cell[0].p, '\0', cell[0].n) ||
	    !bytes_eq(cell[1], bytes_str("batch_id")))
		return FAIL_AT(r, e,
		    "not the header of a batch map: the column of the keys "
		    "and batch_id");
	r->m->column = xstrndup(cell[0].p, cell[0].n);
	return 0;
}

/* Keys in order are those of both orders, of one, or the file is bad. */
static int
check_order(struct reader *r, struct bytes key, struct err *e)
{
	bool is_int = class_number(key) == CLASS_INT;
	struct bytes last = buf_bytes(&r->last);

	r->ints = r->ints && is_int && (r->m->n == 0 || int_cmp(last, key) < 0);
	r->bytes = r->bytes && (r->m->n == 0 || bytes_cmp(last, key) < 0);
	if (!r->ints && !r->bytes)
		return FAIL_AT(r, e,
		    "key %s behind %s: not in the order of the keys, be it as "
		    "integers or bytes",
		    err_quote(key), err_quote(last));
	buf_clear(&r->last);
	buf_putb(&r->last, key);
	return 0;
}

static int
add(struct reader *r, struct bytes key, uint64_t batch, struct err *e)
{
	struct batchmap *m = r->m;
	struct keyent k = {.hi = 0, .where = m->n};
	uint64_t hash = key_hash(key);
	int64_t known = batchmap_find(m, key, hash);

	if (known >= 0)
		return FAIL_AT(r, e, "key %s is there twice, in line %llu too",
		    err_quote(key), tsv_lineno((size_t)known));
	if (check_order(r, key, e) < 0)
		return -1;
	if (batch > m->nbatch)
		return FAIL_AT(r, e,
		    "batch %llu, but the next new one has number %u",
		    (unsigned long long)batch, m->nbatch);
	if (m->n == BATCHMAP_MAX_GROUPS)
		return FAIL_AT(
		    r, e, "more than %u groups", BATCHMAP_MAX_GROUPS);
	if (m->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		m->batch = xrealloc(m->batch, r->cap * sizeof(*m->batch));
	}
	keytable_put(&m->keys, key, hash, &k);
	m->batch[m->n++] = (uint32_t)batch;
	if (batch == m->nbatch)
		m->nbatch++;
	return 0;
}

static int
read_groups(struct reader *r, struct err *e)
{
	struct bytes cell[2];
	uint64_t batch;
	int rc;

	while ((rc = next_line(r, cell, e)) > 0) {
		if (cell[0].n == 0)
			return FAIL_AT(r, e, "an empty key is no group");
		/* one spelling: 01 is no number of a batch */
		if (class_number(cell[1]) != CLASS_INT ||
		    !parse_u64(cell[1], &batch))
			return FAIL_AT(r, e,
			    "batch_id %s: not a number from "
			    "0 up",
			    err_quote(cell[1]));
		if (add(r, cell[0], batch, e) < 0)
			return -1;
	}
	return rc;
}

int
batchmap_load(struct batchmap *m, const char *path, struct err *e)
{
	struct reader r = {.m = m, .ints = true, .bytes = true};
	int rc;

	*m = (struct batchmap){.n = 0};
	keytable_init(&m->keys, 0);
	r.in = in_open(path, IN_DIGEST, e);
	if (!r.in)
		return -1;
	rc = read_header(&r, e);
	if (rc == 0)
		rc = read_groups(&r, e);
	m->ints = r.ints;
	m->digest = in_digest(r.in);
	in_close(r.in);
	buf_fini(&r.line);
	buf_fini(&r.last);
	return rc;
}

void
batchmap_fini(struct batchmap *m)
{
	free(m->column);
	free(m->batch);
	keytable_fini(&m->keys);
	*m = (struct batchmap){.n = 0};
}
