/*
 * colstats - any text as stats.tsv: refused, or loaded; saved it loads as the
 * same.  What is loaded can be fitted, or is refused in words.
 */
#include "pass1/colstats.h"

#include "fill/fit.h"
#include "fuzz.h"

static void
ignore(const char *fmt, ...)
{
	(void)fmt;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct na_rule na = {.everywhere = false};
	struct fit_opt o = {.unique_ratio = 0.1, .warn = ignore};
	struct bytes text = bytes_of((const char *)data, size);
	struct buf a = BUF_ZERO, b = BUF_ZERO;
	struct colstats s, t;
	struct fit f;
	struct err e = ERR_ZERO;

	if (colstats_parse(&s, "fuzz", text, &e) < 0) {
		PROPERTY(strncmp(e.msg, "fuzz:", 5) == 0);
		return 0;
	}
	colstats_save(&s, &a);
	PROPERTY(colstats_parse(&t, "fuzz", buf_bytes(&a), &e) == 0);
	colstats_save(&t, &b);
	PROPERTY(bytes_eq(buf_bytes(&a), buf_bytes(&b)));
	if (fit_make(&f, &s, &o, &na, &e) == 0)
		fit_fini(&f);
	else
		PROPERTY(e.msg[0]);
	colstats_fini(&s);
	colstats_fini(&t);
	buf_fini(&a);
	buf_fini(&b);
	return 0;
}
