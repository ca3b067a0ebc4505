#include "jobs/shredday.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/tsv.h"
#include "jobs/shredcopy.h"
#include "jobs/shreddays.h"
#include "jobs/shredone.h"
#include "jobs/shredwords.h"
#include "jobs/shredwork.h"
#include "jobs/summary.h"
#include "jobs/tidy.h"
#include "shred/todo.h"

static int
put_whole(struct job *j, struct buf *b, struct err *e)
{
	struct shred *s = j->st;
	size_t i;
	int rc = shred_text(j, " workers runner buffer force verify ", b, e);

	for (i = 0; i < s->n && rc == 0; i++)
		rc = shred_put_inputs(
		    j, s->timed ? &s->table[i].all : &s->table[i].found, b, e);
	return rc;
}

/* True if all was done by these words, and no day, batch or result is gone
 * since. */
static bool
whole_is_done(struct job *j)
{
	const char *out = option_value(&j->opt, "output");
	struct shred *s = j->st;
	char *path = path_join(s->run, "whole"),
	     *seal = path_join(out, "_SUCCESS"),
	     *list = path_join(out, "_days.tsv");
	struct err ignored = ERR_ZERO;
	struct buf day = BUF_ZERO;
	struct tsv t;
	bool done = !option_flag(&j->opt, "force") &&
	    !option_flag(&j->opt, "verify") && access(seal, F_OK) == 0 &&
	    shred_file_is(path, &s->whole) &&
	    (!option_value(&j->opt, "each") || shred_has_results(j)) &&
	    shred_files_are_there(out) &&
	    tsv_load(&t, list, "day", &ignored) == 0;
	size_t i;

	if (done) {
		s->nday = t.nrow;
		for (i = 0; i < t.nrow && done; i++) {
			struct bytes name = tsv_cell(&t, i, 0);

			buf_clear(&day);
			buf_printf(
			    &day, "%s/%.*s/_SUCCESS", out, (int)name.n, name.p);
			done = access(buf_cstr(&day), F_OK) == 0;
			buf_clear(&day);
			buf_printf(&day, "%s/%.*s/batches.tsv", out,
			    (int)name.n, name.p);
			done = done && access(buf_cstr(&day), F_OK) == 0;
		}
		tsv_fini(&t);
	}
	buf_fini(&day);
	free(path);
	free(seal);
	free(list);
	return done;
}

static void
count_inputs(struct job *j)
{
	struct shred *s = j->st;
	size_t i;

	j->shards = j->bytes = 0;
	for (i = 0; i < s->n; i++) {
		j->shards += s->table[i].look.shards.n;
		j->bytes += s->table[i].look.bytes;
		s->bytes += s->table[i].look.bytes;
		s->shards += s->table[i].absent ? 0 : s->table[i].look.shards.n;
	}
}

/* Makes the next day that is not done ready; 1, 0 where there is none, -1. */
static int
begin_day(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	size_t i;
	int rc = 0;

	for (; s->at < s->nday && rc == 0; s->at++) {
		shred_set_day(j, s->day[s->at]);
		/* of such a day there is no copy any more to look at */
		if (s->copied && !j->opt.plan && s->used[s->at]) {
			s->done_before++;
			continue;
		}
		rc = path_exists(s->out, ERR_OUTPUT, e);
		s->fresh = rc == 0;
		rc = rc < 0 ? -1 : 0;
		for (i = 0; i < s->n && rc == 0; i++)
			rc = shred_give_day(j, &s->table[i], s->day[s->at], e);
		buf_clear(&s->text);
		if (rc == 0 && !j->opt.plan)
			rc = shred_day_text(j, &s->text, e);
		if (rc < 0)
			break;
		count_inputs(j);
		if (j->opt.plan)
			break;
		if (shred_day_is_done(j, &s->text)) {
			s->done_before++;
			continue;
		}
		rc = shred_begin_batches(j, e);
		if (rc == 0)
			break;
	}
	s->phase = SHRED_BATCHES;
	return rc < 0 ? -1 : s->at < s->nday;
}

/* What only the work on the day needed goes; what the day depends on is noted,
 * last. */
static int
tidy_day(struct job *j, struct err *e)
{
	static const char *const temp[] = {"list", "parts", "todo"};
	struct shred *s = j->st;
	struct buf common = BUF_ZERO;
	char *path[] = {path_join(s->run, "common"), path_join(s->run, "day"),
	    path_join(s->run, "batches"), path_join(s->run, "shards"),
	    path_join(s->run, "empty"), s->ctx};
	size_t i, k;
	int rc = 0;

	for (i = 2; i < LEN(path) && rc == 0; i++)
		rc = remove_tree(path[i], e);
	for (i = 0; i < s->n; i++)
		for (k = 0; k < LEN(temp) && rc == 0; k++) {
			char *list = shred_list_path(s, temp[k], &s->table[i]);

			rc = remove_tree(list, e);
			free(list);
		}
	if (rc == 0)
		rc = shred_common(j, &common, e);
	if (rc == 0)
		rc = commit_file(path[0], common.p, common.n, e);
	if (rc == 0)
		rc = commit_file(path[1], s->text.p, s->text.n, e);
	buf_fini(&common);
	for (i = 0; i + 1 < LEN(path); i++)
		free(path[i]);
	return rc;
}

/* A day without rows leaves nothing. */
static int
end_day(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	int64_t rows = 0;
	int rc = summary_in(s->out, &rows, e);

	if (rc == 0 && rows == 0) {
		j->note("%s: no rows", s->name);
		rc = remove_tree(s->out, e);
	} else if (rc == 0) {
		rc = tidy_day(j, e);
		if (rc == 0 && s->copied)
			rc = shred_use_copy(j, e);
	}
	s->at++;
	return rc;
}

/* The days that stay in the output: those that are done and whose data are
 * there.  Others go. */
static int
keep_days(struct job *j, struct buf *table, struct buf *results, struct err *e)
{
	const char *out = option_value(&j->opt, "output");
	struct shred *s = j->st;
	struct buf path = BUF_ZERO;
	char name[DAY_LEN];
	uint32_t *old;
	size_t n, i, at;
	int rc = shred_old_days(out, &old, &n, e);

	buf_puts(table, "day\n");
	for (i = 0; i < n && rc == 0; i++) {
		day_format(name, old[i]);
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s", out, DAY_LEN, name);
		at = path.n;
		buf_puts(&path, "/_SUCCESS");
		rc = path_exists(buf_cstr(&path), ERR_OUTPUT, e);
		if (rc < 0)
			break;
		if (rc > 0 && shred_has_day(s, old[i])) {
			rc = 0;
			buf_printf(table, "%.*s\n", DAY_LEN, name);
			path.n = at;
			buf_printf(results, "%s/result.csv", buf_cstr(&path));
			buf_putc(results, '\0');
			continue;
		}
		path.n = at;
		rc = remove_tree(buf_cstr(&path), e);
	}
	free(old);
	buf_fini(&path);
	return rc;
}

/* Refuses an input that changed while one day after the other was taken from
 * it: rows that moved from one day to another would be in both, or in none. */
static int
check_unchanged(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf now = BUF_ZERO;
	int rc = put_whole(j, &now, e);

	if (rc == 0 && !bytes_eq(buf_bytes(&now), buf_bytes(&s->whole)))
		rc = err_set(e,
		    "the input changed during the run: run it again for the "
		    "days that this concerns");
	buf_fini(&now);
	return rc;
}

/* Before the days are joined in one output. */
static int
begin_join(struct job *j, struct err *e)
{
	static const char *const gone[] = {
	    "_presplit", "_context", "result.csv", "_batches"};
	const bool each = option_value(&j->opt, "each") != NULL;
	struct shred *s = j->st;
	struct buf days = BUF_ZERO, results = BUF_ZERO;
	char *table, *list;
	size_t i;
	int rc;

	shred_set_place(j, "");
	s->phase = SHRED_JOIN;
	table = path_join(s->out, "_days.tsv");
	list = path_join(s->run, "results");
	rc = check_unchanged(j, e);
	if (rc == 0)
		rc = keep_days(j, &days, &results, e);
	s->gathered = rc == 0 && s->done_before == s->nday &&
	    shred_has_results(j) && shred_file_is(table, &days);
	if (rc == 0)
		rc = make_dirs(s->run, e);
	if (rc == 0)
		rc = commit_file(table, days.p, days.n, e);
	if (rc == 0)
		rc = commit_file(list, results.p, results.n, e);
	for (i = 0; i < (each ? 2 : LEN(gone)) && rc == 0; i++) {
		char *path = path_join(s->out, gone[i]);

		rc = remove_tree(path, e);
		free(path);
	}
	buf_fini(&days);
	buf_fini(&results);
	free(table);
	free(list);
	return rc;
}

static int
next_day(struct job *j, struct err *e)
{
	int more = begin_day(j, e);

	if (more != 0)
		return more;
	if (j->opt.plan)
		shred_set_place(j, "");
	else if (begin_join(j, e) < 0)
		return -1;
	((struct shred *)j->st)->phase = SHRED_JOIN;
	return 1;
}

static int
first_day(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	int rc = s->copied && !j->opt.plan ? shred_begin_copy(j, e) : 0;

	if (rc == 0)
		return next_day(j, e);
	s->phase = SHRED_COPY;
	return rc;
}

/* An output of the whole gives way to days. */
static int
forget_whole(struct shred *s, struct err *e)
{
	static const char *const gone[] = {
	    "_runs", "_results", "batches.tsv", "_run/plan"};
	int rc = todo_forget_others(s->out, NULL, 0, e);
	size_t i;

	for (i = 0; i < LEN(gone) && rc == 0; i++) {
		char *path = path_join(s->out, gone[i]);

		rc = remove_tree(path, e);
		free(path);
	}
	return rc;
}

int
shred_begin_days(struct job *j, struct err *e)
{
	struct shred *s = j->st;

	if (!j->opt.plan) {
		if (put_whole(j, &s->whole, e) < 0)
			return -1;
		if (whole_is_done(j)) {
			j->note("nothing to do: all days had been done before");
			s->phase = SHRED_DONE;
			return 0;
		}
		if (!s->fresh &&
		    (tidy_temps(s->out, e) < 0 || forget_whole(s, e) < 0))
			return -1;
	}
	if (s->timed) {
		s->phase = SHRED_DAYS;
		return j->opt.plan ? 0 : shred_begin_lists(j, e);
	}
	return shred_choose_days(j, e) < 0 || first_day(j, e) < 0 ? -1 : 0;
}

int
shred_next(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	char *path;
	int rc;

	switch (s->phase) {
	case SHRED_DAYS:
		if (j->opt.plan)
			return 0;
		return shred_take_days(j, e) < 0 ? -1 : first_day(j, e);
	case SHRED_COPY: return shred_end_copy(j, e) < 0 ? -1 : next_day(j, e);
	case SHRED_BATCHES:
		if (!s->daily)
			return 0;
		if (j->opt.plan)
			s->at++;
		else if (end_day(j, e) < 0)
			return -1;
		return next_day(j, e);
	case SHRED_JOIN:
		if (j->opt.plan)
			return 0;
		path = path_join(s->run, "whole");
		rc = commit_file(path, s->whole.p, s->whole.n, e);
		free(path);
		if (s->done_before > 0)
			j->note("%zu day%s of %zu had been done before",
			    s->done_before, s->done_before == 1 ? "" : "s",
			    s->nday);
		return rc;
	default: return 0;
	}
}

int
shred_forget_days(struct job *j, struct err *e)
{
	const char *out = option_value(&j->opt, "output");
	static const char *const gone[] = {
	    "_presplit", "_run/whole", "_run/results"};
	struct buf path = BUF_ZERO;
	char name[DAY_LEN];
	uint32_t *old;
	size_t n, i;
	int rc = shred_old_days(out, &old, &n, e);

	for (i = 0; i < n && rc == 0; i++) {
		day_format(name, old[i]);
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s", out, DAY_LEN, name);
		rc = remove_tree(buf_cstr(&path), e);
	}
	for (i = 0; i < LEN(gone) && rc == 0; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%s", out, gone[i]);
		rc = remove_tree(buf_cstr(&path), e);
	}
	buf_clear(&path);
	buf_printf(&path, "%s/_days.tsv", out);
	if (rc == 0)
		rc = path_exists(buf_cstr(&path), ERR_OUTPUT, e);
	if (rc > 0) {
		rc = shred_forget_results(j->st, e);
		if (rc == 0)
			rc = remove_tree(buf_cstr(&path), e);
	}
	free(old);
	buf_fini(&path);
	return rc;
}
