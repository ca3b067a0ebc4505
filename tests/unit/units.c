/*
 * units - what was routed is known, or it is not; a file that was cut or
 * changed never tells another story.
 */
#include "shards/units.h"

#include "io/commit.h"
#include "test.h"

/* A unit of three shards and two runs in OUT/_runs/data. */
static bool
make(const char *out, const char *unit, uint64_t first)
{
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;
	char *dir = units_path(out, "data", ""), input[40];
	uint64_t i;
	bool ok;

	for (i = 0; i < 3; i++) {
		struct record r = {.facts = 99,
		    .is_routed = true,
		    .routed = 100 + i,
		    .account = {.in = 100 + i},
		    .id = {.size = 4000, .mtime_ns = 12345, .inode = 6},
		    .input_digest = 5 + i};

		snprintf(
		    input, sizeof(input), "in/part-%d\t.csv", (int)(first + i));
		r.input = xstrdup(input);
		r.shard = record_shard(NULL, first + i);
		record_put(&r, &b);
		record_fini(&r);
	}
	ok = OK(make_dirs(dir, &e) == 0, e) &&
	    OK(unit_save(dir, unit, buf_bytes(&b), 2, &e) == 0, e);
	buf_fini(&b);
	for (i = 0; i < 2; i++) {
		char *path = unit_run_path(dir, unit, i);

		test_write(path, "run", 3);
		free(path);
	}
	free(dir);
	return ok;
}

/* All that is known of the units, as a text; NULL when they are refused. */
static char *
story(const char *out)
{
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct units u;
	char *text = NULL;
	size_t i, k;

	if (units_load(&u, out, "data", &e) == 0) {
		for (i = 0; i < u.n; i++) {
			buf_printf(&b, "unit %s %llu\n", u.v[i].name,
			    (unsigned long long)u.v[i].nrun);
			for (k = 0; k < u.v[i].nrec; k++)
				record_put(&u.v[i].rec[k], &b);
		}
		text = buf_release(&b);
	} else {
		HAS(e.msg, "_runs/data/");
		buf_fini(&b);
	}
	units_fini(&u);
	return text;
}

static void
units_come_back_in_the_order_of_their_numbers(void)
{
	const char *out = test_path("out");
	struct err e = ERR_ZERO;
	struct units u;

	if (!make(out, "100000", 100000) || !make(out, "00004", 4) ||
	    !make(out, "00000", 0))
		return;
	if (OK(units_load(&u, out, "data", &e) == 0, e) && EQ_U(u.n, 3)) {
		EQ_S(u.v[0].name, "00000");
		EQ_S(u.v[1].name, "00004");
		EQ_S(u.v[2].name, "100000");
		EQ_U(u.v[1].nrec, 3);
		EQ_U(u.v[1].nrun, 2);
		EQ_S(u.v[1].rec[2].shard, "00006");
		EQ_S(u.v[1].rec[2].input, "in/part-6\t.csv");
		EQ_U(u.v[1].rec[2].routed, 102);
	}
	units_fini(&u);
}

static void
no_directory_is_no_unit(void)
{
	struct err e = ERR_ZERO;
	struct units u;

	OK(units_load(&u, test_path("none"), "data", &e) == 0, e);
	EQ_U(u.n, 0);
	OK(units_sweep(&u, &e) == 0, e);
	units_fini(&u);
}

static void
a_unit_cut_anywhere_is_refused(void)
{
	const char *out = test_path("out"), *path;
	struct buf b = BUF_ZERO;
	size_t n;

	if (!make(out, "00000", 0))
		return;
	path = test_path("out/_runs/data/00000.tsv");
	test_read(path, &b);
	for (n = 0; n < b.n; n++) {
		char *text;

		test_about("%zu of %zu bytes", n, b.n);
		test_write(path, b.p, n);
		text = story(out);
		EQ_I(text != NULL, false);
		free(text);
	}
	buf_fini(&b);
}

static void
a_unit_with_any_byte_changed_is_refused_or_the_same(void)
{
	const char *out = test_path("out"), *path;
	struct buf b = BUF_ZERO;
	char *want;
	size_t i;

	if (!make(out, "00000", 0))
		return;
	path = test_path("out/_runs/data/00000.tsv");
	test_read(path, &b);
	want = story(out);
	for (i = 0; i < 10 * b.n; i++) {
		static const char with[] = "0123456789\t\n\\-a\0 ";
		char was = b.p[i / 10], *text;

		test_about("byte %zu", i / 10);
		b.p[i / 10] = i % 10 < 8 ? (char)(was ^ 1 << i % 10)
					 : with[below(sizeof(with))];
		test_write(path, b.p, b.n);
		b.p[i / 10] = was;
		text = story(out);
		if (text)
			EQ_S(text, want);
		free(text);
	}
	free(want);
	buf_fini(&b);
}

static void
a_unit_under_another_name_is_refused(void)
{
	const char *out = test_path("out");

	if (!make(out, "00000", 0))
		return;
	EQ_I(rename(test_path("out/_runs/data/00000.tsv"),
		 test_path("out/_runs/data/00007.tsv")),
	    0);
	EQ_I(story(out) != NULL, false);
}

static void
lines_that_are_removed_or_doubled_are_missed(void)
{
	const char *out = test_path("out"), *path;
	struct buf b = BUF_ZERO, other = BUF_ZERO;
	const char *p, *next;
	int twice;

	if (!make(out, "00000", 0))
		return;
	path = test_path("out/_runs/data/00000.tsv");
	test_read(path, &b);
	for (p = b.p; p < b.p + b.n; p = next) {
		next = memchr(p, '\n', (size_t)(b.p + b.n - p));
		next++;
		for (twice = 0; twice < 2; twice++) {
			char *text;

			test_about("line at %td", p - b.p);
			buf_clear(&other);
			buf_put(&other, b.p, (size_t)(p - b.p));
			if (twice) {
				buf_put(&other, p, (size_t)(next - p));
				buf_put(&other, p, (size_t)(next - p));
			}
			buf_put(&other, next, (size_t)(b.p + b.n - next));
			test_write(path, other.p, other.n);
			text = story(out);
			EQ_I(text != NULL, false);
			free(text);
		}
	}
	buf_fini(&b);
	buf_fini(&other);
}

static void
mending_removes_the_damaged_ones_and_the_seal(void)
{
	const char *out = test_path("out");
	struct err e = ERR_ZERO;
	struct units u;

	if (!make(out, "00000", 0) || !make(out, "00004", 4))
		return;
	test_write(test_path("out/_SUCCESS"), "", 0);
	OK(units_mend(out, "data", &e) == 0, e);
	EQ_I(access(test_path("out/_SUCCESS"), F_OK), 0);
	test_write(test_path("out/_runs/data/00004.tsv"), "kind\n", 5);
	OK(units_mend(out, "data", &e) == 0, e);
	EQ_I(access(test_path("out/_SUCCESS"), F_OK), -1);
	if (OK(units_load(&u, out, "data", &e) == 0, e) && EQ_U(u.n, 1))
		EQ_S(u.v[0].name, "00000");
	units_fini(&u);
	OK(units_mend(test_path("none"), "data", &e) == 0, e);
}

static void
a_sweep_removes_runs_of_no_unit_and_temp_files_only(void)
{
	static const char *const stays[] = {
	    "00000.tsv", "00000.0.run", "00000.1.run", "freed"};
	static const char *const goes[] = {"00000.2.run", "00001.0.run",
	    "00000.run", "00000..run", "00000.0x.run", "x.run",
	    ".tmp.00000.0.run.1.2"};
	char *out = xstrdup(test_path("out"));
	struct err e = ERR_ZERO;
	struct units u;
	size_t i;

	if (!make(out, "00000", 0))
		goto end;
	test_write(test_path("out/_runs/data/freed"), "", 0);
	for (i = 0; i < LEN(goes); i++)
		test_write(test_path("out/_runs/data/%s", goes[i]), "", 0);
	if (OK(units_load(&u, out, "data", &e) == 0, e))
		OK(units_sweep(&u, &e) == 0, e);
	units_fini(&u);
	for (i = 0; i < LEN(stays); i++) {
		test_about("%s", stays[i]);
		EQ_I(access(test_path("out/_runs/data/%s", stays[i]), F_OK), 0);
	}
	for (i = 0; i < LEN(goes); i++) {
		test_about("%s", goes[i]);
		EQ_I(access(test_path("out/_runs/data/%s", goes[i]), F_OK), -1);
	}
end:
	free(out);
}

static void
a_unit_that_is_removed_takes_its_runs_along(void)
{
	const char *out = test_path("out");
	struct err e = ERR_ZERO;
	struct units u;

	if (!make(out, "00000", 0))
		return;
	unlink(test_path("out/_runs/data/00000.1.run"));
	if (OK(units_load(&u, out, "data", &e) == 0, e) && EQ_U(u.n, 1))
		OK(unit_remove(&u, &u.v[0], &e) == 0, e);
	units_fini(&u);
	EQ_I(rmdir(test_path("out/_runs/data")), 0);
}

/* Joins what there is; what is left then, as a text. */
static char *
joined(const char *out)
{
	struct err e = ERR_ZERO;
	struct units u;

	if (OK(units_load(&u, out, "data", &e) == 0, e))
		OK(units_join(&u, &e) == 0, e);
	units_fini(&u);
	return story(out);
}

static void
joined_units_tell_nothing_of_who_was_routed_together(void)
{
	char *one = NULL, *other = NULL, *again = NULL;
	const char *out = test_path("out");
	struct err e = ERR_ZERO;
	struct units u;

	if (!make(out, "00006", 6) || !make(out, "00000", 0) ||
	    !make(out, "00003", 3))
		return;
	one = joined(out);
	/* as one who was killed in joining leaves it */
	if (make(out, "00003", 3))
		again = joined(out);
	out = test_path("other");
	if (!make(out, "00000", 6) || !make(out, "00001", 0) ||
	    !make(out, "00003", 3))
		goto end;
	other = joined(out);
	if (!one || !other || !again)
		goto end;
	HAS(one, "unit all 1\n");
	HAS(one, "record\t00008\t");
	CHECK(!strstr(one + 1, "unit "));
	EQ_S(one, again);
	EQ_S(one, other);
	EQ_I(access(test_path("out/_runs/data/00003.tsv"), F_OK), -1);
	EQ_I(access(test_path("other/_runs/data/00001.tsv"), F_OK), -1);
	/* shard 5, whose rows are others now */
	if (!make(out, "00005", 5))
		goto end;
	if (OK(units_load(&u, out, "data", &e) == 0, e))
		EQ_I(units_join(&u, &e), -1);
	HAS(e.msg, "shard 00005 was routed twice");
	units_fini(&u);
end:
	free(one);
	free(other);
	free(again);
}

int
main(void)
{
	RUN(units_come_back_in_the_order_of_their_numbers);
	RUN(no_directory_is_no_unit);
	RUN(a_unit_cut_anywhere_is_refused);
	RUN(a_unit_with_any_byte_changed_is_refused_or_the_same);
	RUN(a_unit_under_another_name_is_refused);
	RUN(lines_that_are_removed_or_doubled_are_missed);
	RUN(mending_removes_the_damaged_ones_and_the_seal);
	RUN(a_sweep_removes_runs_of_no_unit_and_temp_files_only);
	RUN(a_unit_that_is_removed_takes_its_runs_along);
	RUN(joined_units_tell_nothing_of_who_was_routed_together);
	return test_end();
}
