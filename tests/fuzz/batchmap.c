/*
 * batchmap - any bytes as a batches.tsv: refused with the place, or taken; then
 * every group is there once, in order, and no batch is left out.
 */
#include "shred/batchmap.h"

#include "fuzz.h"

static void
check(const struct batchmap *m)
{
	struct keyref *v = keytable_by_key(&m->keys, m->ints);
	uint32_t i, nbatch = 0;

	PROPERTY(m->keys.n == m->n && m->n > 0 && m->column[0]);
	for (i = 0; i < m->n; i++) {
		PROPERTY(v[i].key.n > 0);
		PROPERTY(batchmap_find(m, v[i].key, key_hash(v[i].key)) == i);
		PROPERTY(m->batch[i] <= nbatch);
		nbatch += m->batch[i] == nbatch;
	}
	PROPERTY(nbatch == m->nbatch);
	free(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_ZERO;
	struct batchmap m;

	if (batchmap_load(&m, fuzz_file(0, data, size), &e) == 0)
		check(&m);
	else
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
	batchmap_fini(&m);
	return 0;
}
