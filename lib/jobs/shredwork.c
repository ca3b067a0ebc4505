#include "jobs/shredwork.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/tsv.h"
#include "jobs/recipe.h"
#include "jobs/shredtable.h"
#include "jobs/shredwords.h"
#include "jobs/tidy.h"
#include "shred/batchfile.h"
#include "shred/todo.h"

/* The digest of a file, or of all files of a directory. */
static int
text_of_file(const char *path, struct buf *b, struct err *e)
{
	struct dir_entry f;
	struct err ignored;
	uint64_t digest, sum = 0;
	struct dir d;
	int rc;

	if (dir_open(&d, path, ERR_INPUT, &ignored) < 0) {
		dir_close(&d);
		if (in_digest_file(path, &digest, e) < 0)
			return -1;
		buf_printf(b, "digest %016llx\n", (unsigned long long)digest);
		return 0;
	}
	rc = 0;
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *below = path_join(path, f.name);

		rc = f.is_dir ? 0 : in_digest_file(below, &digest, e);
		sum += f.is_dir ? 0 : digest;
		free(below);
	}
	dir_close(&d);
	buf_printf(b, "digests %016llx\n", (unsigned long long)sum);
	return rc;
}

int
shred_text(struct job *j, const char *except, struct buf *b, struct err *e)
{
	static const char *const files[] = {"estimates", "groups", "signature"};
	const struct job_option *opt = j->type->table->option;
	struct shred *s = j->st;
	struct buf name = BUF_ZERO;
	size_t i;
	int rc = 0;

	buf_puts(b, "shred 2\n");
	for (i = 0; opt[i].name; i++) {
		buf_clear(&name);
		buf_printf(&name, " %s ", opt[i].name);
		if (strstr(except, buf_cstr(&name)))
			continue;
		buf_printf(b, "%s\t", opt[i].name);
		if (j->opt.value[i].value)
			tsv_put(b, bytes_str(j->opt.value[i].value));
		buf_putc(b, '\n');
	}
	for (i = 0; i < s->n; i++) {
		buf_printf(b, "table\t%s\t", s->table[i].name);
		tsv_put(b, bytes_str(s->table[i].order));
		buf_putc(b, '\n');
	}
	for (i = 0; i < LEN(files) && rc == 0; i++)
		if (option_value(&j->opt, files[i]))
			rc =
			    text_of_file(option_value(&j->opt, files[i]), b, e);
	buf_fini(&name);
	return rc;
}

bool
shred_file_is(const char *path, const struct buf *text)
{
	struct buf old = BUF_ZERO;
	struct err ignored;
	bool same = access(path, F_OK) == 0 &&
	    file_load(path, &old, &ignored) == 0 &&
	    bytes_eq(buf_bytes(&old), buf_bytes(text));

	buf_fini(&old);
	return same;
}

/* The record goes first and is off the disk before its file is. */
int
shred_forget_results(const struct shred *s, struct err *e)
{
	static const char *const name[] = {
	    "_batches/result.tsv", "result.csv", "_results"};
	size_t i;
	int rc = 0;

	for (i = 0; i < LEN(name) && rc == 0; i++) {
		char *path = path_join(s->out, name[i]);
		int there = path_exists(path, ERR_OUTPUT, e);

		rc = there > 0 ? remove_tree(path, e) : there;
		if (rc == 0 && there > 0 && i == 0)
			rc = commit_sync_dir(path, e);
		free(path);
	}
	return rc;
}

static bool
is_there(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

bool
shred_has_results(struct job *j)
{
	struct shred *s = j->st;

	return option_value(&j->opt, "each") &&
	    is_there(s->out, "result.csv") &&
	    is_there(s->out, "_batches/result.tsv");
}

/* Finds a batch that was used and whose result is gone. */
static int
find_lost(void *arg, const char *path, const struct record *r, struct err *e)
{
	const struct shred *s = arg;
	const char *last = strrchr(path, '/') + 1;
	struct buf b = BUF_ZERO;
	bool lost = false;
	size_t i;

	(void)e;
	for (i = 0; r && i < r->nfile; i++)
		lost |= r->file[i].used;
	if (lost) {
		buf_printf(&b, "%s/_results/%.*s", s->out,
		    (int)strcspn(last, "."), last);
		lost = access(buf_cstr(&b), F_OK) < 0;
	}
	buf_fini(&b);
	return lost ? -1 : 0;
}

static int
forget_tables(struct shred *s, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < s->n && rc == 0; i++)
		rc = todo_forget(s->out, s->table[i].name, e);
	return rc;
}

/* Results of another command go. */
static int
check_command(struct job *j, struct err *e)
{
	const char *each = option_value(&j->opt, "each");
	struct shred *s = j->st;
	struct buf text = BUF_ZERO;
	char *path = path_join(s->run, "each");
	int rc = 0;

	buf_printf(&text, "%s %s\n", option_flag(&j->opt, "keep") ? "keep" : "",
	    each ? each : "");
	if (!shred_file_is(path, &text)) {
		rc = shred_forget_results(s, e);
		if (rc == 0)
			rc = commit_file(path, text.p, text.n, e);
	}
	buf_fini(&text);
	free(path);
	return rc;
}

/* 1 if a batch was used and its result is gone, 0, or -1. */
static int
has_lost(struct shred *s, struct err *e)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (batchfile_each(s->out, s->table[i].name, find_lost, s, e) <
		    0)
			return e->kind == ERR_NONE ? 1 : -1;
	return 0;
}

/* Other tables, those of former runs, go with their contexts. */
static int
forget_others(struct shred *s, struct err *e)
{
	const char **keep = xcalloc(s->n + 1, sizeof(*keep));
	struct dir_entry f;
	struct dir d;
	size_t i;
	int rc;

	for (i = 0; i < s->n; i++)
		keep[i] = s->table[i].name;
	rc = todo_forget_others(s->out, keep, s->n, e);
	free(keep);
	if (rc < 0)
		return -1;
	rc = dir_open_some(&d, s->ctx, ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *path;

		for (i = 0; i < s->n; i++)
			if (strcmp(f.name, s->table[i].name) == 0)
				break;
		rc = 0;
		if (i < s->n)
			continue;
		path = path_join(s->ctx, f.name);
		rc = remove_tree(path, e);
		free(path);
	}
	dir_close(&d);
	return rc;
}

/* 1 if no shard of the table is to be routed, 0, or -1. */
static int
table_is_routed(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	struct buf line = BUF_ZERO;
	char *path = shred_list_path(s, "todo", t);
	struct stat sb;
	int rc;

	shred_todo_words(j, t, &line);
	rc = recipe_line(buf_cstr(&line));
	if (rc != 0)
		rc = err_set(e, "%s: cannot say what is to be routed", t->name);
	else if (stat(path, &sb) < 0)
		rc = err_sys(e, ERR_OUTPUT, "%s", path);
	buf_fini(&line);
	free(path);
	return rc < 0 ? -1 : sb.st_size == 0;
}

/* True if pass 1 has left all that routing reads. */
static bool
has_contexts(struct job *j)
{
	struct shred *s = j->st;
	struct buf path = BUF_ZERO;
	bool there = true;
	size_t i;

	for (i = 0; i < s->n && !option_value(&j->opt, "estimates"); i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%s/meta.tsv", s->ctx, s->table[i].name);
		there = there && access(buf_cstr(&path), F_OK) == 0;
	}
	buf_fini(&path);
	return there;
}

/* Before a map is made: the former one goes, the results, and what was used up
 * for them. */
static int
begin_again(struct shred *s, const char *map, struct err *e)
{
	int rc = commit_unseal(s->out, e);

	if (rc == 0)
		rc = remove_tree(map, e);
	if (rc == 0)
		rc = shred_forget_results(s, e);
	if (rc == 0)
		rc = has_lost(s, e);
	return rc > 0 ? forget_tables(s, e) : rc;
}

/*
 * Finds out whether all shards are routed by a map that holds.  The map holds
 * if it was made by these words: they are noted once a former map is gone.
 */
static int
check_routed(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	char *noted = path_join(s->run, "plan"),
	     *map = path_join(s->out, "batches.tsv");
	struct buf text = BUF_ZERO;
	size_t i;
	int rc;

	rc = shred_text(j,
	    " workers runner buffer compress level each keep unplanned from to "
	    "exclude-weekends presplit output force verify sorted print-config ",
	    &text, e);
	for (i = 0; i < s->n && rc == 0; i++)
		buf_printf(&text, "format\t%d\n", (int)s->table[i].format);
	s->routed = rc == 0 && has_contexts(j) && access(map, F_OK) == 0 &&
	    shred_file_is(noted, &text);
	for (i = 0; i < s->n && rc == 0 && s->routed; i++) {
		rc = table_is_routed(j, &s->table[i], e);
		s->routed = rc > 0;
		rc = rc < 0 ? -1 : 0;
	}
	if (rc == 0 && s->routed && !shred_has_results(j)) {
		rc = has_lost(s, e);
		s->routed = rc == 0;
		rc = rc < 0 ? -1 : 0;
	}
	if (rc == 0 && !s->routed)
		rc = begin_again(s, map, e);
	if (rc == 0 && !s->routed)
		rc = commit_file(noted, text.p, text.n, e);
	buf_fini(&text);
	free(noted);
	free(map);
	return rc;
}

/* The partials of a table know the shard and its bytes, not the filters before
 * them: with others they go. */
static int
begin_count(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	struct buf text = BUF_ZERO, chain = BUF_ZERO, path = BUF_ZERO;
	char *ctx = path_join(s->ctx, t->name);
	int rc = 0;

	shred_chain_words(j, t, &chain);
	shred_cat_words(j, t, &text);
	buf_printf(&text, "\n%s\n%s\n", option_value(&j->opt, "key"),
	    buf_cstr(&chain));
	buf_printf(&path, "%s/chain", ctx);
	if (chain.n || option_flag(&j->opt, "force") ||
	    !shred_file_is(buf_cstr(&path), &text)) {
		rc = remove_tree(ctx, e);
		buf_clear(&path);
		buf_printf(&path, "%s/parts", ctx);
		if (rc == 0)
			rc = make_dirs(buf_cstr(&path), e);
		buf_clear(&path);
		buf_printf(&path, "%s/chain", ctx);
		if (rc == 0)
			rc = commit_file(buf_cstr(&path), text.p, text.n, e);
	}
	buf_fini(&text);
	buf_fini(&chain);
	buf_fini(&path);
	free(ctx);
	return rc;
}

/* The shards of a table and the partials of pass 1, in lists. */
static int
write_lists(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	char *list = shred_list_path(s, "list", t),
	     *parts = shred_list_path(s, "parts", t);
	struct buf dir = BUF_ZERO;
	int rc;

	if (t->absent) {
		free(t->look.shards.v[0].path);
		buf_printf(&dir, "%s/empty/%s/%s/", s->run, t->name, t->name);
		shred_empty_name(t, &dir);
		t->look.shards.v[0].path = xstrdup(buf_cstr(&dir));
		t->look.shards.v[0].name = shard_name_parse(buf_cstr(&dir));
		buf_clear(&dir);
	}
	buf_printf(&dir, "%s/%s/parts", s->ctx, t->name);
	rc = option_flag(&j->opt, "sorted")
	    ? job_write_list(&t->look.shards, list, NULL, NULL, e)
	    : job_write_turns(j, &t->look.shards, list, e);
	if (rc == 0)
		rc = job_write_list(
		    &t->look.shards, parts, buf_cstr(&dir), ".st", e);
	buf_fini(&dir);
	free(list);
	free(parts);
	return rc;
}

static int
begin_table(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	struct buf dir = BUF_ZERO, header = BUF_ZERO;
	int rc;

	/* known from now on to a run with other tables */
	buf_printf(&dir, "%s/_batches/%s", s->out, t->name);
	rc = make_dirs(buf_cstr(&dir), e);
	buf_clear(&dir);
	buf_printf(&dir, "%s/%s", s->ctx, t->name);
	if (rc == 0 && !s->fresh)
		rc = path_exists(buf_cstr(&dir), ERR_OUTPUT, e);
	if (rc > 0)
		rc = tidy_temps(buf_cstr(&dir), e);
	if (rc == 0 && t->look.json) {
		look_header(&t->look.names, &header);
		rc = commit_file(t->first, header.p, header.n, e);
	}
	if (rc == 0)
		rc = write_lists(j, t, e);
	buf_fini(&dir);
	buf_fini(&header);
	return rc;
}

int
shred_begin_batches(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	char *results = path_join(s->out, "_results"),
	     *failed = path_join(results, "failed");
	size_t i;
	int rc;

	s->routed = s->gathered = false;
	rc = make_dirs(s->run, e);
	if (rc == 0)
		rc = make_dirs(s->ctx, e);
	if (rc == 0 && !s->fresh)
		rc = tidy_temps(s->out, e);
	if (rc == 0 && !s->fresh)
		rc = remove_tree(failed, e);
	for (i = 0; i < s->n && rc == 0; i++)
		rc = begin_table(j, &s->table[i], e);
	if (rc == 0 && !s->fresh && option_flag(&j->opt, "force"))
		rc = forget_tables(s, e);
	if (rc == 0)
		rc = check_command(j, e);
	if (rc == 0 && !s->fresh)
		rc = forget_others(s, e);
	if (rc == 0)
		rc = check_routed(j, e);
	for (i = 0; i < s->n && rc == 0 && !s->routed &&
	     !option_value(&j->opt, "estimates");
	     i++)
		rc = begin_count(j, &s->table[i], e);
	s->gathered = s->routed && shred_has_results(j);
	if (rc == 0 && s->gathered)
		rc = remove_tree(results, e);
	free(results);
	free(failed);
	return rc;
}
