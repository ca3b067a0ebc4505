/* archive - which names are archives', and which paths are refused. */
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
an_archive_and_what_would_lie_in_it_are_refused(void)
{
	static const char *const bad[] = {
	    "a.tar", "a.tar:p.csv", "a.tar/p.csv", "a.tar:d/p.csv"};
	static const char *const good[] = {"none.tar", "none.tar:p.csv",
	    "d.tar", "d.tar/p.csv", "d.tar:p.csv", "a.tar:there", "b.csv:p.csv",
	    "-", ""};
	struct err e;
	size_t i;

	if (chdir(test_dir()) < 0 || mkdir("d.tar", 0777) < 0)
		abort();
	close(open("a.tar", O_CREAT | O_WRONLY, 0666));
	close(open("b.csv", O_CREAT | O_WRONLY, 0666));
	close(open("a.tar:there", O_CREAT | O_WRONLY, 0666));
	for (i = 0; i < LEN(bad); i++) {
		test_about("%s", bad[i]);
		e = ERR_ZERO;
		CHECK(archive_refuse(bad[i], &e) < 0);
		CHECK(strstr(e.msg, "shard-unpack a.tar DIR"));
	}
	for (i = 0; i < LEN(good); i++) {
		test_about("%s", good[i]);
		CHECK(archive_refuse(good[i], &e) == 0);
	}
	test.context[0] = '\0';
}

int
main(void)
{
	RUN(archives_are_known_by_their_names);
	RUN(an_archive_and_what_would_lie_in_it_are_refused);
	return test_end();
}
