#include "jobs/impbegin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "jobs/guess.h"
#include "jobs/tidy.h"

static const struct impute_split *
split_of(const struct impute *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nsplit; i++)
		if (strcmp(p->split[i].name, name) == 0)
			return &p->split[i];
	return NULL;
}

/* True if the file is of one of the split's shards. */
static bool
is_counted(const struct job *j, const struct impute_split *s, const char *file)
{
	const struct shard *v = j->look.shards.v + s->first;
	char name[32];
	size_t i;

	for (i = 0; i < s->n; i++) {
		snprintf(name, sizeof(name), "%05llu.tsv",
		    (unsigned long long)v[i].name.number);
		if (strcmp(name, file) == 0)
			return true;
	}
	return false;
}

/* Removes the counts of shards that the split does not have. */
static int
tidy_counts(
    struct job *j, const struct impute_split *s, const char *dir, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *path;

		if (is_counted(j, s, f.name))
			continue;
		path = path_join(dir, f.name);
		rc = remove_tree(path, e);
		free(path);
	}
	dir_close(&d);
	return rc;
}

/* Removes the outputs and the counts of shards and splits that are gone. */
static int
tidy_splits(struct job *j, struct err *e)
{
	const char *type = option_value(&j->opt, "job-type");
	const char *const split[] = {"train", "val", "test", type};
	const bool force = option_flag(&j->opt, "force");
	struct impute *p = j->st;
	size_t i;
	int rc = 0;

	for (i = 0; i < LEN(split) && rc == 0; i++) {
		const struct impute_split *s = split_of(p, split[i]);
		char *dir = path_join(p->counts, split[i]);

		rc = tidy_scope(j, option_value(&j->opt, "output"), split[i],
		    j->look.shards.v + (s ? s->first : 0),
		    s && !force ? s->n : 0, e);
		if (rc == 0)
			rc =
			    s ? tidy_counts(j, s, dir, e) : remove_tree(dir, e);
		free(dir);
	}
	return rc;
}

/* Is it a temp file of a run that was killed while it wrote artifacts? */
static bool
is_temp_artifact(const char *name)
{
	static const char *const begin[] = {
	    "imput", "meta.tsv", "schema.tsv", "stats.tsv", "tokens.tsv"};
	const char *rest = strchr(name + 1, '.');
	size_t i;

	if (!commit_is_temp(name) || !rest)
		return false;
	for (i = 0; i < LEN(begin); i++)
		if (strncmp(rest + 1, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

/* One training at a time changes the artifacts, and none while others read. */
static int
lock_artifacts(struct job *j, struct err *e)
{
	const char *artifacts = option_value(&j->opt, "artifacts");
	struct impute *p = j->st;
	struct dir_entry f;
	struct dir d;
	char *path;
	int rc;

	if (p->training && make_dirs(artifacts, e) < 0)
		return -1;
	if (!p->training && access(artifacts, W_OK) < 0)
		return 0;
	path = path_join(artifacts, "_lock");
	p->lock = claim_lock(path, !p->training, artifacts, e);
	free(path);
	if (p->lock < 0 || !p->training)
		return p->lock < 0 ? -1 : 0;
	rc = dir_open(&d, artifacts, ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!is_temp_artifact(f.name))
			continue;
		path = path_join(artifacts, f.name);
		rc = remove_tree(path, e);
		free(path);
	}
	dir_close(&d);
	return rc;
}

/* Writes the list dir/name: of the shards themselves, or of what they have in
 * the directory below p->fit. */
static int
list(struct job *j, const char *name, const struct impute_split *s,
    const char *parts, struct err *e)
{
	struct impute *p = j->st;
	const struct shards *all = &j->look.shards;
	struct shards some = {
	    .v = all->v + (s ? s->first : 0), .n = s ? s->n : all->n};
	char *path = path_join(p->run, name);
	char *dir = parts ? path_join(p->fit, parts) : NULL;
	int rc = dir ? make_dirs(dir, e) : 0;

	if (rc == 0)
		rc = dir ? job_write_list(&some, path, dir, ".st", e)
			 : job_write_turns(j, &some, path, e);
	free(path);
	free(dir);
	return rc;
}

/* What the fit needs: lists, directories, and the values to collect. */
static int
begin_fit(struct job *j, struct err *e)
{
	const struct options *o = &j->opt;
	struct impute *p = j->st;
	struct source_opt source = p->source;
	char *ctx = path_join(p->fit, "ctx"), *dir = path_join(p->run, "guess"),
	     *to = path_join(p->run, "guess.tsv");
	const struct guess g = {.source = &source,
	    .na = option_value(o, "na"),
	    .quoted_value = option_is(o, "quoted-empty", "value"),
	    .how = &p->how,
	    .dir = dir};
	int rc = -1;

	if (impute_has_header(j))
		source.header_of = p->header;
	if (j->look.json && j->look.csv)
		source.header = HEADER_UNION;
	if (make_dirs(ctx, e) == 0 &&
	    list(j, "train", &p->split[0], NULL, e) == 0 &&
	    list(j, "parts", &p->split[0], "parts", e) == 0 &&
	    list(j, "full", &p->split[0], "full", e) == 0)
		rc = guess_values(&g, impute_first(j), to, e);
	free(ctx);
	free(dir);
	free(to);
	return rc;
}

int
impute_begin(struct job *j, struct err *e)
{
	const char *output = option_value(&j->opt, "output");
	struct impute *p = j->st;
	struct buf header = BUF_ZERO;
	int rc = -1, there;

	if (tidy_claim(j, e) < 0 ||
	    tidy_output(j, output, NULL, KEEP_ALL, e) < 0 ||
	    make_dirs(p->counts, e) < 0 ||
	    (!j->claim.fresh && tidy_temps(p->counts, e) < 0))
		return -1;
	if (impute_has_header(j)) {
		look_header(&j->look.names, &header);
		rc = tidy_header(p->header, &header, p->fit, e);
		buf_fini(&header);
		if (rc < 0)
			return -1;
	}
	if (lock_artifacts(j, e) < 0 || tidy_splits(j, e) < 0 ||
	    list(j, "list", NULL, NULL, e) < 0)
		return -1;
	if (!p->training)
		return 0;
	there = j->claim.fresh ? 0 : path_exists(p->fit, ERR_OUTPUT, e);
	if (there < 0 || (there > 0 && tidy_temps(p->fit, e) < 0))
		return -1;
	return begin_fit(j, e);
}
