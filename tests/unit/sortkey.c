/*
 * sortkey - keys against the values they stand for: whatever decides between
 * two rows decides between their keys, under memcmp().
 */
#include "rows/sortkey.h"

#include <math.h>

#include "base/parse.h"
#include "test.h"

struct value {
	char text[80];
	size_t n;
	long double number; /* exact: 64 bits of mantissa */
	struct instant time;
};

static void set(struct value *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
set(struct value *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	v->n = (size_t)vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

static void
random_bytes(struct value *v)
{
	static const char few[] = {0, 1, 2, 'a', 'b', (char)0xfe, (char)0xff};
	size_t i;

	v->n = below(one_in(3) ? 40 : 5);
	for (i = 0; i < v->n; i++)
		v->text[i] = few[below(one_in(3) ? 3 : LEN(few))];
}

static void
random_number(struct value *v)
{
	static const uint64_t edge[] = {0, 1, UINT64_C(1) << 52,
	    UINT64_C(1) << 53, UINT64_C(1) << 54, UINT64_C(1) << 62, INT64_MAX,
	    UINT64_C(1) << 63, UINT64_MAX - 3000};
	uint64_t u = edge[below(LEN(edge))] + below(3000) - 1500;
	int64_t i;
	double d;

	switch (below(8)) {
	case 0: v->n = 0; return;
	case 1: set(v, "%s", one_in(2) ? "inf" : "-Infinity"); break;
	case 2: set(v, "%.*g", (int)below(18), (double)rnd() * 1e-9); break;
	case 3: set(v, "-%" PRIu64 ".%u", below(40), (unsigned)below(3)); break;
	case 4: set(v, "%.1f", (double)u); break; /* a double, not an integer */
	case 5: set(v, "%s", one_in(2) ? "-0" : "0.0"); break;
	case 6: set(v, "+00%" PRIu64, u); break;
	default: set(v, "%s%" PRIu64, one_in(2) ? "-" : "", u); break;
	}
	d = strtod(v->text, NULL);
	v->number = (long double)d;
	if (!strpbrk(v->text, ".eIi")) {
		long double exact = strtold(v->text, NULL);

		if (parse_i64(bytes_of(v->text, v->n), &i) || exact >= 0)
			v->number = exact;
	}
}

static void
random_time(struct value *v, enum time_kind kind)
{
	static const uint64_t edge[] = {0, UINT64_C(1) << 63, INT64_MAX, 1000};

	if (one_in(9)) {
		v->n = 0;
		return;
	}
	if (kind == TIME_EPOCH)
		set(v, "%" PRId64, (int64_t)(edge[below(4)] + below(3)));
	else
		set(v, "%04u-01-%02u %02u:00:00.%0*u%s",
		    one_in(9)       ? 1
			: one_in(9) ? 9999
				    : (unsigned)below(3) + 2020,
		    (unsigned)below(28) + 1, (unsigned)below(24),
		    1 + (int)below(9), (unsigned)below(9),
		    kind == TIME_ZONED ? "Z" : "");
	if (instant_parse(bytes_of(v->text, v->n), &v->time) != kind)
		test_fail(__FILE__, __LINE__, "no time: %s", v->text);
}

static int
expected(enum sort_type type, const struct value *a, const struct value *b)
{
	if (a->n == 0 || b->n == 0)
		return (a->n > 0) - (b->n > 0);
	if (type == SORT_NUMBER)
		return (a->number > b->number) - (a->number < b->number);
	if (type == SORT_TIME)
		return instant_cmp(a->time, b->time);
	return bytes_cmp(bytes_of(a->text, a->n), bytes_of(b->text, b->n));
}

static void
keys_order_as_rows_do(void)
{
	static const char *const specs[] = {
	    "c:b", "c", "c:r", "c:br", "c:n", "c:nr", "c:t", "c:tr"};
	struct buf x = BUF_ZERO, y = BUF_ZERO;
	struct err e = ERR_ZERO;
	int round;

	for (round = 0; round < 300000; round++) {
		struct sortkey k;
		size_t ncol = 1 + below(3), i;
		int want = 0, got;

		sortkey_init(&k);
		buf_clear(&x);
		buf_clear(&y);
		for (i = 0; i < ncol; i++)
			sortkey_add(&k, specs[below(LEN(specs))]);
		for (i = 0; i < ncol; i++) {
			const struct sort_column *c = &k.col[i];
			enum time_kind kind = 1 + (enum time_kind)below(3);
			struct value a = {.n = 0}, b = {.n = 0};

			if (c->type == SORT_BYTES) {
				random_bytes(&a);
				random_bytes(&b);
			} else if (c->type == SORT_NUMBER) {
				random_number(&a);
				random_number(&b);
			} else {
				random_time(&a, kind);
				random_time(&b, kind);
			}
			if (one_in(3))
				b = a;
			if (want == 0)
				want = expected(c->type, &a, &b) *
				    (c->descending ? -1 : 1);
			test_about("%s: %s, %s", c->spec,
			    err_quote(bytes_of(a.text, a.n)),
			    err_quote(bytes_of(b.text, b.n)));
			OK(sortkey_value(
			       &k, i, bytes_of(a.text, a.n), &x, &e) == 0,
			    e);
			OK(sortkey_value(
			       &k, i, bytes_of(b.text, b.n), &y, &e) == 0,
			    e);
		}
		got = bytes_cmp(buf_bytes(&x), buf_bytes(&y));
		EQ_I((got > 0) - (got < 0), (want > 0) - (want < 0));
		sortkey_fini(&k);
	}
	buf_fini(&x);
	buf_fini(&y);
}

/* The key of one value, as hex. */
static const char *
key_of(const char *spec, const char *value)
{
	static char hex[200];
	struct sortkey k;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	size_t i;

	sortkey_init(&k);
	sortkey_add(&k, spec);
	if (sortkey_value(&k, 0, bytes_str(value), &b, &e) < 0)
		snprintf(hex, sizeof(hex), "%.199s", e.msg);
	else
		for (i = 0, hex[0] = '\0'; i < b.n; i++)
			snprintf(hex + 2 * i, 3, "%02x", (unsigned char)b.p[i]);
	buf_fini(&b);
	sortkey_fini(&k);
	return hex;
}

static void
keys_are_as_the_header_says(void)
{
	EQ_S(key_of("c", "ab"), "6162");
	EQ_S(key_of("c", ""), "");
	EQ_S(key_of("c:r", "ab"), "9e9dff");
	EQ_S(key_of("c:r", "\1"), "fefdff");
	EQ_S(key_of("c:n", ""), "0000000000000000");
	EQ_S(key_of("c:n", "-inf"), "000fffffffffffff8000");
	EQ_S(key_of("c:n", "-0"), "8000000000000000");
	EQ_S(key_of("c:n", "1"), "bff0000000000000");
	EQ_S(key_of("c:n", "9007199254740991"), "c33fffffffffffff");
	EQ_S(key_of("c:n", "9007199254740993"), "c3400000000000008001");
	EQ_S(key_of("c:n", "-9007199254740993"), "3cbfffffffffffff7fff");
	EQ_S(key_of("c:n", "9223372036854775807"), "c3e00000000000007fff");
	EQ_S(key_of("c:n", "18446744073709551615"), "c3f00000000000007fff");
	EQ_S(key_of("c:n", "18446744073709551616"), "c3f00000000000008000");
	EQ_S(key_of("c:t", ""), "000000000000000000");
	EQ_S(key_of("c:t", "0001-01-01"), "000000000000000001");
	EQ_S(key_of("c:t", "-9223372036854775808"), "000000000000000001");
}

static void
a_column_may_have_colons(void)
{
	static const struct {
		const char *spec, *name;
		enum sort_type type;
		bool descending;
	} t[] = {
	    {"a", "a", SORT_BYTES, false},
	    {"a:b", "a", SORT_BYTES, false},
	    {"a:n", "a", SORT_NUMBER, false},
	    {"a:t", "a", SORT_TIME, false},
	    {"a:r", "a", SORT_BYTES, true},
	    {"a:br", "a", SORT_BYTES, true},
	    {"a:nr", "a", SORT_NUMBER, true},
	    {"a:tr", "a", SORT_TIME, true},
	    {"a:rn", "a:rn", SORT_BYTES, false},
	    {"a:x", "a:x", SORT_BYTES, false},
	    {"a:nn", "a:nn", SORT_BYTES, false},
	    {"a:", "a:", SORT_BYTES, false},
	    {"a:n:", "a:n:", SORT_BYTES, false},
	    {"a:n:b", "a:n", SORT_BYTES, false},
	    {"a:n:tr", "a:n", SORT_TIME, true},
	    {":n", "", SORT_NUMBER, false},
	    {"r", "r", SORT_BYTES, false},
	    {"", "", SORT_BYTES, false},
	};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		struct sortkey k;

		test_about("%s", t[i].spec);
		sortkey_init(&k);
		sortkey_add(&k, t[i].spec);
		EQ_S(k.col[0].name, t[i].name);
		EQ_U(k.col[0].type, t[i].type);
		EQ_U(k.col[0].descending, t[i].descending);
		sortkey_fini(&k);
	}
}

static void
what_is_no_number_or_time_is_refused(void)
{
	HAS(key_of("c:n", "x1"),
	    "\"x1\" in column c is no number (-k c sorts by bytes)");
	HAS(key_of("c:n", "nan"), "is no number");
	HAS(key_of("c:n", " 1"), "is no number");
	HAS(key_of("c:nr", "1e"), "is no number");
	HAS(key_of("c:t", "2024-02-30"),
	    "\"2024-02-30\" in column c is no time (-k c sorts by bytes)");
	HAS(key_of("c:tr", "1.5"), "is no time");
}

static void
kinds_of_time_do_not_mix(void)
{
	struct sortkey k;
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	sortkey_init(&k);
	sortkey_add(&k, "a:t");
	sortkey_add(&k, "b:t");
	CHECK(sortkey_value(&k, 0, bytes_str("2024-01-01"), &b, &e) == 0);
	CHECK(sortkey_value(&k, 1, bytes_str("17"), &b, &e) == 0);
	CHECK(sortkey_value(&k, 0, bytes_str(""), &b, &e) == 0);
	CHECK(sortkey_value(&k, 0, bytes_str("2024-01-02 10:00"), &b, &e) == 0);
	CHECK(sortkey_value(&k, 0, bytes_str("2024-01-01T00:00Z"), &b, &e) < 0);
	HAS(e.msg,
	    "time \"2024-01-01T00:00Z\" in column a is zoned, but "
	    "\"2024-01-01\" is local");
	CHECK(sortkey_value(&k, 0, bytes_str("5"), &b, &e) < 0);
	HAS(e.msg, "is epoch");
	sortkey_fini(&k);
	buf_fini(&b);
}

static void
columns_are_found_or_named(void)
{
	struct schema s = SCHEMA_ZERO;
	struct sortkey k;
	struct err e = ERR_ZERO;

	schema_add(&s, bytes_str("a"), 0, -1);
	schema_add(&s, bytes_str("b:n"), 1, -1);
	sortkey_init(&k);
	sortkey_add(&k, "a:n");
	sortkey_add(&k, "b:n:r");
	OK(sortkey_find(&k, &s, &e) == 0, e);
	EQ_I(k.col[1].col.src, 1);
	sortkey_add(&k, "b:n");
	CHECK(sortkey_find(&k, &s, &e) < 0);
	HAS(e.msg, "no column \"b\"; for the column \"b:n\": -k b:n:b");
	sortkey_fini(&k);
	sortkey_add(&k, "c");
	CHECK(sortkey_find(&k, &s, &e) < 0);
	HAS(e.msg, "no column \"c\"");
	sortkey_fini(&k);
	schema_fini(&s);
}

static void
the_column_that_decides_is_known(void)
{
	static const char *const a[] = {"x", "5", "z"};
	struct buf x = BUF_ZERO, y = BUF_ZERO;
	struct err e = ERR_ZERO;
	struct sortkey k;
	size_t differs, i;

	sortkey_init(&k);
	sortkey_add(&k, "a:r");
	sortkey_add(&k, "b:n");
	sortkey_add(&k, "c");
	for (differs = 0; differs < 3; differs++) {
		buf_clear(&x);
		buf_clear(&y);
		for (i = 0; i < 3; i++)
			CHECK(sortkey_value(&k, i,
				  bytes_str(i == differs ? "7" : a[i]), &y,
				  &e) == 0);
		for (i = 0; i < 3; i++)
			CHECK(
			    sortkey_value(&k, i, bytes_str(a[i]), &x, &e) == 0);
		CHECK(sortkey_decides(&k, buf_bytes(&x), buf_bytes(&y)) ==
		    &k.col[differs]);
	}
	sortkey_fini(&k);
	buf_fini(&x);
	buf_fini(&y);
}

int
main(void)
{
	RUN(keys_order_as_rows_do);
	RUN(keys_are_as_the_header_says);
	RUN(a_column_may_have_colons);
	RUN(what_is_no_number_or_time_is_refused);
	RUN(kinds_of_time_do_not_mix);
	RUN(columns_are_found_or_named);
	RUN(the_column_that_decides_is_known);
	return test_end();
}
