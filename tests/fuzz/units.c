/*
 * units - any bytes as the record of a shard or batch, as the lines of one or
 * several: what is taken gives the same when it is written and taken again.
 */
#include "shards/record.h"

#include "fuzz.h"
#include "io/tsv.h"

/* All lines as records of a unit; what was taken, written again. */
static bool
take_all(const struct tsv *t, struct buf *to)
{
	struct record r;
	bool open = false;
	size_t i;
	int rc = 1;

	memset(&r, 0, sizeof(r));
	for (i = 0; i < t->nrow && rc >= 0; i++) {
		rc = record_take(&r, &t->cell[i * t->ncol]);
		open = rc == 0;
		if (rc <= 0)
			continue;
		record_put(&r, to);
		(void)record_rows(&r);
		record_fini(&r);
	}
	record_fini(&r);
	return rc >= 0 && !open;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one = BUF_ZERO, two = BUF_ZERO, again = BUF_ZERO;
	struct err e = ERR_ZERO;
	struct record r;
	struct tsv t;

	if (tsv_parse(&t, "units", bytes_of((const char *)data, size),
		record_header, &e) == 0) {
		if (take_all(&t, &one) && one.n) {
			tsv_fini(&t);
			buf_printf(&again, "%s\n", record_header);
			buf_putb(&again, buf_bytes(&one));
			PROPERTY(tsv_parse(&t, "again", buf_bytes(&again),
				     record_header, &e) == 0);
			PROPERTY(take_all(&t, &two));
			PROPERTY(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
		}
	}
	tsv_fini(&t);
	if (record_load(&r, fuzz_file(0, data, size), &e) == 0) {
		PROPERTY(r.shard != NULL);
		record_fini(&r);
	} else {
		PROPERTY(e.msg[0]);
	}
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&again);
	return 0;
}
