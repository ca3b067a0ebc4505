/*
 * sizes - any bytes as a groups.tsv, as estimates and as a universe: refused
 * with the place, or taken; then groups are in order and sums are right.
 */
#include "shred/sizes.h"

#include "fuzz.h"

static void
check(const struct sizes *s)
{
	uint32_t i;
	size_t k;

	for (i = 0; i < s->n; i++) {
		PROPERTY(s->key[i].n > 0);
		if (i > 0)
			PROPERTY((s->ints ? int_cmp : bytes_cmp)(
				     s->key[i - 1], s->key[i]) < 0);
	}
	for (k = 0; k < s->ntable; k++) {
		uint64_t rows = 0, bytes = 0;

		for (i = 0; i < s->n; i++) {
			rows += s->table[k].rows[i];
			bytes += s->table[k].bytes[i];
		}
		PROPERTY(rows == s->table[k].total_rows);
		PROPERTY(bytes == s->table[k].total_bytes);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int (*const load[])(struct sizes * s, const char *path,
	    struct err *e) = {sizes_only, sizes_groups, sizes_estimates};
	unsigned how = size ? data[0] % 6 : 0;
	const char *path;
	struct err e = ERR_ZERO;
	struct sizes s;

	if (size == 0)
		return 0;
	path = fuzz_file(0, data + 1, size - 1);
	sizes_init(&s);
	if (load[how / 2](&s, path, &e) == 0 &&
	    (how % 2 == 0 || sizes_estimates(&s, path, &e) == 0) &&
	    sizes_finish(&s, KEY_ORDER_AUTO, &e) == 0)
		check(&s);
	else
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
	sizes_fini(&s);
	return 0;
}
