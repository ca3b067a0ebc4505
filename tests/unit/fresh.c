/*
 * fresh - a record is fresh as long as the input has its bytes and the output
 * its files.
 */
#include "shards/fresh.h"

#include "base/digest.h"
#include "test.h"

static const char text[] = "a\n1\n";

/* The record of the file in, as it is now. */
static struct record
record_of_input(const char *path)
{
	struct record r = {.input = xstrdup(path)};
	struct err e = ERR_ZERO;

	OK(identity_of(path, &r.id, &e) == 0, e);
	r.input_digest = digest_of(text, sizeof(text) - 1);
	return r;
}

/* The time of the file at path becomes another one, of its bytes as they are.
 */
static void
touch(const char *path, int64_t ns)
{
	const struct timespec at[2] = {{ns / 1000000000, ns % 1000000000},
	    {ns / 1000000000, ns % 1000000000}};

	EQ_I(utimensat(AT_FDCWD, path, at, 0), 0);
}

static void
an_input_is_the_same_by_its_time_or_by_its_bytes(void)
{
	char *in = xstrdup(test_path("in")), *other = xstrdup(test_path("o"));
	struct record r;

	test_write(in, text, 4);
	r = record_of_input(in);
	EQ_I(fresh_input(&r, in, false), true);
	EQ_I(fresh_input(&r, in, true), true);
	/* another name with the same bytes, another time */
	test_write(other, text, 4);
	EQ_I(fresh_input(&r, other, false), true);
	touch(in, 1);
	EQ_I(fresh_input(&r, in, false), true);
	/* other bytes, of the same size or of another */
	test_write(other, "a\n2\n", 4);
	EQ_I(fresh_input(&r, other, false), false);
	test_write(in, "a\n12\n", 5);
	EQ_I(fresh_input(&r, in, false), false);
	EQ_I(fresh_input(&r, test_path("none"), false), false);
	record_fini(&r);
	free(in);
	free(other);
}

static void
bytes_that_changed_behind_the_time_are_seen_when_verified(void)
{
	char *in = xstrdup(test_path("in"));
	struct record r;
	FILE *f;

	test_write(in, text, 4);
	touch(in, 1700000000123456789);
	r = record_of_input(in);
	f = fopen(in, "r+b");
	if (CHECK(f != NULL) && CHECK(fputs("b\n1\n", f) >= 0))
		fclose(f);
	touch(in, 1700000000123456789);
	EQ_I(fresh_input(&r, in, false), true);
	EQ_I(fresh_input(&r, in, true), false);
	/* under another name it is read */
	CHECK(rename(in, test_path("in2")) == 0);
	EQ_I(fresh_input(&r, test_path("in2"), false), false);
	CHECK(rename(test_path("in2"), in) == 0);
	touch(in, 1700000000123456788);
	EQ_I(fresh_input(&r, in, false), false);
	record_fini(&r);
	free(in);
}

static void
the_time_of_another_file_proves_nothing(void)
{
	char *in = xstrdup(test_path("in"));
	struct record r;

	test_write(in, text, 4);
	touch(in, 1700000000000000000);
	r = record_of_input(in);
	/* a file of the same size and time in its place */
	test_write(test_path("new"), "c\n1\n", 4);
	CHECK(rename(test_path("new"), in) == 0);
	touch(in, 1700000000000000000);
	EQ_I(fresh_input(&r, in, false), false);
	record_fini(&r);
	free(in);
}

static void
a_stream_without_a_name_is_never_fresh(void)
{
	struct record r = {.input_digest = digest_of(text, 4)};

	test_write(test_path("in"), text, 4);
	EQ_I(fresh_input(&r, test_path("in"), false), false);
	EQ_I(fresh_input(&r, test_path("in"), true), false);
}

static void
files_are_there_with_their_sizes(void)
{
	struct record r = {.shard = NULL};
	struct record_file *f;
	const char *out = test_dir();

	EQ_I(fresh_files(&r, out), true);
	EQ_I(mkdir(test_path("train"), 0777), 0);
	test_write(test_path("train/a"), "12345", 5);
	test_write(test_path("b"), "", 0);
	f = record_add_file(&r);
	f->name = xstrdup("train/a");
	f->split = xstrdup("train");
	f->bytes = 5;
	f = record_add_file(&r);
	f->name = xstrdup("b");
	f->split = xstrdup("");
	EQ_I(fresh_files(&r, out), true);
	test_write(test_path("b"), "1", 1);
	EQ_I(fresh_files(&r, out), false);
	test_write(test_path("b"), "", 0);
	test_write(test_path("train/a"), "1234", 4);
	EQ_I(fresh_files(&r, out), false);
	test_write(test_path("train/a"), "54321", 5);
	EQ_I(fresh_files(&r, out), true);
	EQ_I(unlink(test_path("b")), 0);
	EQ_I(fresh_files(&r, out), false);
	record_fini(&r);
}

int
main(void)
{
	RUN(an_input_is_the_same_by_its_time_or_by_its_bytes);
	RUN(bytes_that_changed_behind_the_time_are_seen_when_verified);
	RUN(the_time_of_another_file_proves_nothing);
	RUN(a_stream_without_a_name_is_never_fresh);
	RUN(files_are_there_with_their_sizes);
	return test_end();
}
