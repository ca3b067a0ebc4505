/* members - which names are archives', and which of a member. */
#include "io/archive.h"

#include "test.h"

static void
archives_are_known_by_their_names(void)
{
	static const char *const yes[] = {"a.tar", "x/a.tar.gz", "a.tar.zst",
	    "a.tar.lz4", "a.tar.bz2", "a.tar.xz", "a.tgz", "a.tbz2", "a.txz",
	    "a.tzst", "a.zip", ".a.tar", "a.tar.tar"};
	static const char *const no[] = {"", "tar", ".tar", "x/.tar",
	    "x/.tar.gz", "a.gz", "a.csv", "a.tarx", "a.tar.csv", "a.tar/b",
	    "a.zip.gz", "part-1.csv.gz", "a.tar."};
	size_t i;

	for (i = 0; i < LEN(yes); i++) {
		test_about("%s", yes[i]);
		CHECK(archive_named(yes[i]));
	}
	for (i = 0; i < LEN(no); i++) {
		test_about("%s", no[i]);
		CHECK(!archive_named(no[i]));
	}
	test.context[0] = '\0';
}

static void
a_members_name_follows_a_colon(void)
{
	static const struct {
		const char *path, *name;
	} t[] = {
	    {"a.tar:part-1.csv", "part-1.csv"},
	    {"d/a.tar.gz:x/part-1.csv", "x/part-1.csv"},
	    {"a:b.zip:c:d", "c:d"},
	    {"a.tar:b.tar:c", "b.tar:c"},
	    {"a.tar:", NULL},
	    {"a.tar", NULL},
	    {"part-1:x.csv", NULL},
	    {"a.csv:b", NULL},
	    {":b", NULL},
	    {"d.tar/x:b", NULL},
	};
	size_t i;

	for (i = 0; i < LEN(t); i++) {
		const char *name = member_name(t[i].path);

		test_about("%s", t[i].path);
		if (t[i].name)
			CHECK(name && strcmp(name, t[i].name) == 0);
		else
			CHECK(!name);
	}
	test.context[0] = '\0';
}

int
main(void)
{
	RUN(archives_are_known_by_their_names);
	RUN(a_members_name_follows_a_colon);
	return test_end();
}
