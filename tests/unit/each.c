/*
 * each - what a command becomes for a batch.
 */
#include "shred/each.h"

#include "test.h"

static void
expands(const char *command, const char *want)
{
	static char first[] = "o/batch-a-7.csv", second[] = "o/it's";
	static char *const path[] = {first, second};
	const struct gather g[] = {{.table = "a"}, {.table = "b c"}};
	const struct each x = {
	    .command = command, .out = "o", .day = "2024-05-06"};
	char *got = each_expand(&x, g, path, LEN(g), 7);

	test_about("%s", command);
	EQ_S(got, want);
	free(got);
}

static void
braces_become_words_of_the_shell(void)
{
	expands("wc {}", "wc o/batch-a-7.csv");
	expands("{a}{b c}", "o/batch-a-7.csv'o/it'\\''s'");
	expands("x{id}y{day}z", "x7y2024-05-06z");
	expands("", "");
}

static void
other_braces_stay(void)
{
	expands("{", "{");
	expands("}", "}");
	expands("{nope} {b} {a", "{nope} {b} {a");
	expands("{ {}; }", "{ o/batch-a-7.csv; }");
	expands("${x{id}}", "${x7}");
	expands("{{}}", "{o/batch-a-7.csv}");
}

static void
a_batch_of_no_day_has_an_empty_one(void)
{
	static char first[] = "p q";
	static char *const path[] = {first};
	const struct gather g = {.table = "id"};
	const struct each x = {.command = "{day} {id} {}", .out = "o"};
	char *got = each_expand(&x, &g, path, 1, 123456);

	EQ_S(got, "'' 123456 'p q'");
	free(got);
	got = each_result("o", 123456);
	EQ_S(got, "o/_results/123456");
	free(got);
}

int
main(void)
{
	RUN(braces_become_words_of_the_shell);
	RUN(other_braces_stay);
	RUN(a_batch_of_no_day_has_an_empty_one);
	return test_end();
}
