/*
 * pickle - any bytes as a pickle: refused, or a dict whose every part lies in
 * the file or its heap, and which is the same when it is written again.
 */
#include "fill/pickle.h"
#include "fill/pickleout.h"

#include <math.h>

#include "base/utf8.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes s = bytes_of((const char *)data, size);
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct pickle_dict d, again;
	size_t i;

	if (pickle_parse(&d, "fuzz", s, &e) < 0) {
		PROPERTY(e.kind == ERR_INPUT);
		PROPERTY(strncmp(e.msg, "fuzz: ", 6) == 0);
		PROPERTY(d.v == NULL && d.n == 0 && d.heap == NULL);
		return 0;
	}
	PROPERTY(s.p[s.n - 1] == '.');
	pickle_put_dict_begin(&b);
	for (i = 0; i < d.n; i++) {
		const struct pickle_pair *p = &d.v[i];

		PROPERTY(utf8_valid(p->key));
		if (p->kind == PICKLE_TEXT) {
			PROPERTY(utf8_valid(p->text));
			pickle_put_dict_text(&b, p->key, p->text);
		} else {
			PROPERTY(isfinite(p->number));
			PROPERTY(p->kind == PICKLE_FLOAT ||
			    modf(p->number, &(double){0}) == 0);
			pickle_put_dict_number(&b, p->key, p->number);
		}
	}
	pickle_put_dict_end(&b);
	PROPERTY(pickle_parse(&again, "fuzz", buf_bytes(&b), &e) == 0);
	PROPERTY(again.n == d.n);
	for (i = 0; i < d.n; i++) {
		const struct pickle_pair *p = &d.v[i], *q = &again.v[i];

		PROPERTY(bytes_eq(p->key, q->key));
		PROPERTY((p->kind == PICKLE_TEXT) == (q->kind == PICKLE_TEXT));
		if (p->kind == PICKLE_TEXT)
			PROPERTY(bytes_eq(p->text, q->text));
		else
			PROPERTY(memcmp(&p->number, &q->number,
				     sizeof(p->number)) == 0);
	}
	pickle_fini(&again);
	pickle_fini(&d);
	buf_fini(&b);
	return 0;
}
