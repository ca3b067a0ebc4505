/*
 * partial - any bytes as a partial, and, with a digest that fits, as one that
 * was made to mislead: everything it says of itself must lie inside of it.
 */
#include "pass1/partial.h"

#include "base/digest.h"
#include "fuzz.h"

static void
walk(const char *path)
{
	struct err e = ERR_ZERO;
	struct partial p;
	uint64_t sum = 0, k;
	size_t i, at;

	if (partial_open(&p, path, &e) < 0) {
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
		PROPERTY(p.map == NULL && p.path == NULL);
		return;
	}
	for (i = 0; i < p.nsec; i++) {
		const struct section *s = &p.sec[i];
		struct bytes body = partial_section(&p, s);
		struct bytes heap = partial_heap(&p, s);

		for (at = 0; at < body.n; at++)
			sum += (unsigned char)body.p[at];
		for (at = 0; at < heap.n; at++)
			sum += (unsigned char)heap.p[at];
		switch (s->type) {
		case SECTION_TIMES:
		case SECTION_TIMES_RLE:
		case SECTION_STRATUM:
			sum += times_total(&p, s);
			for (k = 0; k < s->n; k++)
				sum += times_before(&p, s, times_at(&p, s, k));
			sum += times_before(&p, s, INSTANT_INF);
			break;
		case SECTION_KEYS:
		case SECTION_COUNTS:
		case SECTION_GROUPS:
		case SECTION_LABELS:
			for (k = 0; k < s->n; k++) {
				struct keyent x;
				struct bytes key;

				memcpy(&x, body.p + k * sizeof(x), sizeof(x));
				if (!keyent_key(&x, heap, &key))
					continue;
				for (at = 0; at < key.n; at++)
					sum += (unsigned char)key.p[at];
			}
			break;
		}
	}
	/* keep the sum */
	PROPERTY(sum != 0x5eed5eed5eed5eed);
	partial_close(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	uint64_t digest;

	walk(fuzz_file(0, data, size));
	if (size < 40)
		return 0;
	/* once more with magic, tail and digest set right */
	copy = xmalloc(size);
	memcpy(copy, data, size);
	memcpy(copy, "SHARDST2", 8);
	memcpy(copy + size - 8, "SHARDEND", 8);
	digest =
	    digest_of_seeded(copy + size - 32, 16, digest_of(copy, size - 32));
	memcpy(copy + size - 16, &digest, 8);
	walk(fuzz_file(0, copy, size));
	free(copy);
	return 0;
}
