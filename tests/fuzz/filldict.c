/*
 * filldict - any bytes as an imputation dictionary: refused, or loaded; what
 * can be saved as JSON and as a pickle loads as the same.
 */
#include "fill/dict.h"

#include "base/parse.h"
#include "fuzz.h"

static void
reads_back(const struct filldict *d, struct bytes file)
{
	struct filldict got;
	struct err e = ERR_ZERO;
	size_t i;

	PROPERTY(filldict_parse(&got, "fuzz", file, &e) == 0);
	PROPERTY(got.n == d->n);
	for (i = 0; i < d->n; i++) {
		const struct fill *a = &d->v[i], *b = &got.v[i];
		double x, y;

		PROPERTY(strcmp(a->column, b->column) == 0);
		PROPERTY(a->number == b->number);
		if (a->number)
			PROPERTY(parse_double(bytes_str(a->value), &x) &&
			    parse_double(bytes_str(b->value), &y) && x == y);
		else
			PROPERTY(strcmp(a->value, b->value) == 0);
	}
	filldict_fini(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes s = bytes_of((const char *)data, size);
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct filldict d;

	if (filldict_parse(&d, "fuzz", s, &e) < 0) {
		PROPERTY(e.kind == ERR_INPUT);
		PROPERTY(strncmp(e.msg, "fuzz:", 5) == 0);
		PROPERTY(d.v == NULL && d.n == 0);
		return 0;
	}
	if (filldict_save_json(&d, &b, &e) == 0)
		reads_back(&d, buf_bytes(&b));
	else
		PROPERTY(e.msg[0] && b.n == 0);
	buf_clear(&b);
	if (filldict_save_pickle(&d, &b, &e) == 0)
		reads_back(&d, buf_bytes(&b));
	else
		PROPERTY(e.msg[0] && b.n == 0);
	buf_fini(&b);
	filldict_fini(&d);
	return 0;
}
