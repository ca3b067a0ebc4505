/* committer - outputs of several shards appear together, or not at all. */
#include "shards/committer.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char out[4000];

/* Adds a shard whose files are SPLIT/NAME.csv, of the splits given. */
static int
add(struct committer *k, const char *shard, const char *splits,
    const char *text, struct err *e)
{
	struct committer_file file[40];
	struct record r = {.account = {.in = 1}};
	size_t n = 0;

	r.shard = xstrdup(shard);
	for (; *splits; splits++) {
		struct record_file *f = record_add_file(&r);
		char path[4200];

		snprintf(
		    path, sizeof(path), "%s/%c/%s.csv", out, *splits, shard);
		file[n].c = commit_new(path, e);
		if (!OK(file[n].c != NULL, *e))
			return -1;
		file[n].fd = commit_fd(file[n].c);
		CHECK(write(file[n].fd, text, strlen(text)) ==
		    (ssize_t)strlen(text));
		f->name = xstrdup(path + strlen(out) + 1);
		f->split = xstrndup(splits, 1);
		f->rows = 1;
		f->bytes = strlen(text);
		n++;
	}
	return committer_add(k, out, &r, file, n, e);
}

static bool
is_there(const char *name)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s", out, name);
	return access(path, F_OK) == 0;
}

/* All files below out, and those among them that are not in place. */
static void
count(const char *dir, size_t *files, size_t *temps)
{
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		char path[5000];
		struct stat sb;

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) {
			count(path, files, temps);
			continue;
		}
		++*files;
		*temps += commit_is_temp(de->d_name);
	}
	if (d)
		closedir(d);
}

static void
begin(const char *name)
{
	snprintf(out, sizeof(out), "%s", test_path(name));
}

static void
nothing_is_there_before_the_flush(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;
	size_t files = 0, temps = 0;

	begin("o");
	k = committer_new();
	CHECK(add(k, "00001", "ab", "one", &e) == 0);
	CHECK(add(k, "00002", "a", "two", &e) == 0);
	CHECK(!is_there("a/00001.csv") && !is_there("_shards/00001.tsv"));
	count(out, &files, &temps);
	EQ_U(temps, 3);
	EQ_U(files, temps);
	OK(committer_flush(k, &e) == 0, e);
	CHECK(is_there("a/00001.csv") && is_there("b/00001.csv") &&
	    is_there("a/00002.csv") && is_there("_shards/00001.tsv") &&
	    is_there("_shards/00002.tsv"));
	/* not even a temp file */
	count(out, &files, (temps = 0, &temps));
	EQ_U(temps, 0);
	OK(committer_flush(k, &e) == 0, e);
	committer_free(k);
	CHECK(is_there("a/00001.csv") && is_there("_shards/00002.tsv"));
}

static void
what_was_not_flushed_is_gone(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;
	size_t files = 0, temps = 0;

	begin("o");
	k = committer_new();
	CHECK(add(k, "00001", "ab", "one", &e) == 0);
	committer_free(k);
	count(out, &files, &temps);
	EQ_U(files, 0);
	committer_free(NULL);
}

static void
files_of_an_old_record_go(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;

	begin("o");
	k = committer_new();
	CHECK(add(k, "00001", "abc", "old", &e) == 0 &&
	    committer_flush(k, &e) == 0);
	CHECK(add(k, "00001", "bd", "new", &e) == 0);
	CHECK(is_there("_shards/00001.tsv") && is_there("a/00001.csv"));
	/* the same shard once more, before that was flushed */
	CHECK(add(k, "00001", "d", "newer", &e) == 0 &&
	    committer_flush(k, &e) == 0);
	CHECK(!is_there("a/00001.csv") && !is_there("b/00001.csv") &&
	    !is_there("c/00001.csv") && is_there("d/00001.csv"));
	committer_free(k);
}

static void
many_files_do_not_wait_for_the_end(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;
	char shard[20];
	int i;

	begin("o");
	k = committer_new();
	for (i = 0; i < 100; i++) {
		snprintf(shard, sizeof(shard), "%05d", i);
		CHECK(add(k, shard, "abc", "x", &e) == 0);
	}
	CHECK(is_there("_shards/00080.tsv") && !is_there("_shards/00099.tsv"));
	CHECK(add(k, "big", "abcdefghijklmnopqrstuvwxyz", "x", &e) == 0);
	CHECK(is_there("_shards/00099.tsv") && is_there("_shards/big.tsv"));
	committer_free(k);
}

static void
a_failure_leaves_neither_record_nor_files(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;
	char path[4200];
	size_t files = 0, temps = 0;

	begin("o");
	k = committer_new();
	CHECK(add(k, "00003", "ab", "old", &e) == 0 &&
	    committer_flush(k, &e) == 0);
	CHECK(add(k, "00004", "a", "old", &e) == 0 &&
	    committer_flush(k, &e) == 0);
	CHECK(add(k, "00001", "a", "x", &e) == 0);
	CHECK(add(k, "00003", "bc", "new", &e) == 0);
	CHECK(add(k, "00002", "b", "x", &e) == 0);
	/* a directory where the second's file should be */
	snprintf(path, sizeof(path), "%s/b/00002.csv/x", out);
	OK(make_dirs(path, &e) == 0, e);
	EQ_I(committer_flush(k, &e), -1);
	CHECK(e.kind == ERR_OUTPUT);
	HAS(e.msg, "b/00002.csv: rename");
	CHECK(is_there("_shards/00004.tsv") && is_there("a/00004.csv"));
	count(out, &files, &temps);
	EQ_U(files, 2);
	committer_free(k);
}

static void
rename_in_shards(const char *from, const char *to)
{
	char a[4200], b[4200];

	snprintf(a, sizeof(a), "%s/_shards/%s", out, from);
	snprintf(b, sizeof(b), "%s/_shards/%s", out, to);
	CHECK(rename(a, b) == 0);
}

static void
what_a_killed_program_had_begun_is_mended(void)
{
	struct committer *k;
	struct err e = ERR_ZERO;
	size_t files = 0, temps = 0;
	char path[4200];

	begin("o");
	OK(record_mend(out, &e) == 0, e); /* there is nothing */
	k = committer_new();
	/* 1 was put aside, 2 in place but for its record, 3 done; and so were
	 * two shards of a scope */
	CHECK(add(k, "00001", "ab", "x", &e) == 0);
	CHECK(add(k, "00002", "c", "x", &e) == 0);
	CHECK(add(k, "00003", "a", "x", &e) == 0);
	CHECK(add(k, "train/00001", "t", "x", &e) == 0);
	CHECK(add(k, "train/00002", "t", "x", &e) == 0);
	OK(committer_flush(k, &e) == 0, e);
	rename_in_shards("00001.tsv", ".tmp.00001.tsv.old");
	rename_in_shards("00002.tsv", ".tmp.00002.tsv.77.0123456789abcdef");
	rename_in_shards("train/00001.tsv", "train/.tmp.00001.tsv.old");
	/* an older record of 3 spoke of the file that it has now, and of one
	 * more */
	CHECK(
	    add(k, "00003", "ab", "x", &e) == 0 && committer_flush(k, &e) == 0);
	rename_in_shards("00003.tsv", ".tmp.00003.tsv.old");
	CHECK(
	    add(k, "00003", "a", "x", &e) == 0 && committer_flush(k, &e) == 0);
	/* of 1 three more have begun since then, and the first has not been
	 * forgotten */
	CHECK(
	    add(k, "00001", "e", "x", &e) == 0 && committer_flush(k, &e) == 0);
	CHECK(
	    add(k, "00001", "f", "x", &e) == 0 && committer_flush(k, &e) == 0);
	rename_in_shards("00001.tsv", ".tmp.00001.tsv.1.2");
	/* half a record says nothing */
	snprintf(path, sizeof(path), "%s/_shards/.tmp.00004.tsv.1.2", out);
	OK(commit_file(path, "kind\tna", 7, &e) == 0, e);
	OK(record_mend(out, &e) == 0, e);
	CHECK(!is_there("a/00001.csv") && !is_there("b/00001.csv") &&
	    !is_there("c/00002.csv") && !is_there("t/train/00001.csv") &&
	    !is_there("b/00003.csv"));
	CHECK(is_there("a/00003.csv") && is_there("t/train/00002.csv"));
	count(out, &files, &temps);
	EQ_U(files - temps, 4); /* two shards with a record each */
	committer_free(k);
}

int
main(void)
{
	RUN(nothing_is_there_before_the_flush);
	RUN(what_was_not_flushed_is_gone);
	RUN(files_of_an_old_record_go);
	RUN(many_files_do_not_wait_for_the_end);
	RUN(a_failure_leaves_neither_record_nor_files);
	RUN(what_a_killed_program_had_begun_is_mended);
	return test_end();
}
