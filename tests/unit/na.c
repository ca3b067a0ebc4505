/* na - the tokens that are missing, and the rules that say so. */
#include "rows/na.h"

#include "base/parse.h"
#include "test.h"

static void
tokens_that_pandas_reads_as_missing(void)
{
	static const char *const yes[] = {"#N/A", "#N/A N/A", "#NA", "-1.#IND",
	    "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
	    "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "NAN", "Nan",
	    "nAn"};
	static const char *const no[] = {"", "na", "Na", "none", "NONE", "Null",
	    "#n/a", "<na>", "N/a", "NA ", " NA", "nano", "n", "N", "-", "-1",
	    "1", "1.#ind", "n\xe1n", "#N/A N/A ", "NaNN", "N\x01N", "missing",
	    "-NAN"};
	size_t k;

	for (k = 0; k < LEN(yes); k++) {
		test_about("%s", yes[k]);
		CHECK(is_na_token(bytes_str(yes[k])));
		/* none of them is a number */
		EQ_U(class_number(bytes_str(yes[k])), CLASS_TEXT);
	}
	for (k = 0; k < LEN(no); k++) {
		test_about("%s", no[k]);
		CHECK(!is_na_token(bytes_str(no[k])));
	}
	test.context[0] = '\0';
	CHECK(!is_na_token(bytes_of("NA\0", 3)));
	CHECK(!is_na_token(bytes_of(NULL, 0)));
}

static void
a_rule_is_auto_pandas_or_a_list(void)
{
	struct na_rule r;

	na_rule_init(&r, NULL);
	CHECK(!r.everywhere && na_is_token(&r, bytes_str("NA")));
	na_rule_fini(&r);
	na_rule_init(&r, "auto");
	CHECK(!r.everywhere && !na_is_number_token(&r, bytes_str("1")));
	na_rule_fini(&r);
	na_rule_init(&r, "pandas");
	CHECK(r.everywhere && na_is_token(&r, bytes_str("NA")));
	CHECK(!na_is_token(&r, bytes_str("-9")));
	na_rule_fini(&r);
	na_rule_init(&r, "-9,?,");
	CHECK(r.everywhere);
	EQ_U(r.ntoken, 3); /* the last one is empty */
	CHECK(na_is_token(&r, bytes_str("?")));
	CHECK(na_is_number_token(&r, bytes_str("-9")));
	CHECK(!na_is_token(&r, bytes_str("NA")));
	na_rule_fini(&r);
}

int
main(void)
{
	RUN(tokens_that_pandas_reads_as_missing);
	RUN(a_rule_is_auto_pandas_or_a_list);
	return test_end();
}
