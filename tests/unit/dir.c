/*
 * dir - a directory that cannot be read to its end is an error; an entry has
 * its type, whatever the file system tells.
 */
#include "io/dir.h"

#include <dirent.h>
#include <dlfcn.h>

#include "test.h"

static int fail_behind = -1; /* so many entries; -1: never */
static bool no_types;

/* In place of the C library's. */
struct dirent *
readdir(DIR *d)
{
	static struct dirent *(*real)(DIR *);
	struct dirent *de;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	if (fail_behind == 0) {
		errno = EIO;
		return NULL;
	}
	if (fail_behind > 0)
		fail_behind--;
	de = real(d);
	if (de && no_types)
		de->d_type = DT_UNKNOWN;
	return de;
}

static void
make(void)
{
	test_write(test_path("file"), "x", 1);
	test_write(test_path(".hidden"), "x", 1);
	if (mkdir(test_path("sub"), 0777) < 0 ||
	    symlink("sub", test_path("link")) < 0)
		test_fail(__FILE__, __LINE__, "%s", strerror(errno));
}

/* "name:type " of all entries in the order of names they were made to have. */
static int
story(struct buf *b, struct err *e)
{
	static const char *const names[] = {"file", ".hidden", "sub", "link"};
	char type[LEN(names)] = {0};
	struct dir_entry f;
	struct dir d;
	size_t i;
	int rc = dir_open(&d, test_dir(), ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		for (i = 0; i < LEN(names); i++)
			if (strcmp(f.name, names[i]) == 0)
				break;
		if (CHECK(i < LEN(names)) && CHECK(type[i] == 0))
			type[i] = f.is_dir ? 'd' : f.is_file ? 'f' : '-';
	}
	dir_close(&d);
	for (i = 0; i < LEN(names); i++)
		buf_printf(b, "%s:%c ", names[i], type[i] ? type[i] : '?');
	return rc;
}

static void
entries_have_their_types(void)
{
	int i;

	make();
	for (i = 0; i < 2; i++) {
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;

		no_types = i == 1;
		OK(story(&b, &e) == 0, e);
		EQ_S(buf_cstr(&b), "file:f .hidden:f sub:d link:- ");
		buf_fini(&b);
	}
	no_types = false;
}

static void
a_read_that_fails_is_an_error_wherever_it_fails(void)
{
	int k;

	make();
	for (k = 0; k <= 6; k++) {
		struct buf b = BUF_ZERO;
		struct err e = ERR_ZERO;

		test_about("%d", k);
		fail_behind = k;
		EQ_I(story(&b, &e), -1);
		EQ_U(e.kind, ERR_OUTPUT);
		HAS(e.msg, test_dir());
		HAS(e.msg, strerror(EIO));
		buf_fini(&b);
	}
	fail_behind = -1;
}

static void
only_what_does_not_exist_may_be_empty(void)
{
	struct err e = ERR_ZERO;
	struct dir_entry f;
	struct dir d;

	make();
	EQ_I(dir_open(&d, test_path("none"), ERR_INPUT, &e), -1);
	EQ_I(errno, ENOENT);
	dir_close(&d);
	OK(dir_open_some(&d, test_path("none"), ERR_INPUT, &e) == 0, e);
	EQ_I(dir_next(&d, &f, &e), 0);
	dir_close(&d);
	EQ_I(dir_open_some(&d, test_path("file"), ERR_INPUT, &e), -1);
	HAS(e.msg, "/file: ");
	dir_close(&d);
}

int
main(void)
{
	RUN(entries_have_their_types);
	RUN(a_read_that_fails_is_an_error_wherever_it_fails);
	RUN(only_what_does_not_exist_may_be_empty);
	return test_end();
}
