/*
 * outdir - an output made by hand in test_dir(), for the modules that look at
 * one: records with their files, whole unless the test says otherwise.
 */
#ifndef SHARD_TEST_OUTDIR_H
#define SHARD_TEST_OUTDIR_H

#include "base/digest.h"
#include "io/commit.h"
#include "shards/record.h"
#include "shards/units.h"
#include "test.h"

static const char *outdir; /* "DIR/out" */

/* Begins an empty output. */
static UNUSED void
outdir_begin(void)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s", test_path("out"));
	outdir = path;
	if (mkdir(outdir, 0777) < 0) {
		perror(outdir);
		exit(2);
	}
}

static UNUSED bool
outdir_has(const char *name)
{
	return access(test_path("out/%s", name), F_OK) == 0;
}

/* A file below the output, and the directories above it. */
static UNUSED void
outdir_put(const char *name, const char *text)
{
	struct err e = ERR_ZERO;

	OK(commit_file(test_path("out/%s", name), text, strlen(text), &e) == 0,
	    e);
}

/* Adds the file that lies below the output to a record. */
static UNUSED void
outdir_file(
    struct record *r, const char *name, const char *split, uint64_t rows)
{
	struct record_file *f = record_add_file(r);
	struct buf b = BUF_ZERO;

	CHECK(test_read(test_path("out/%s", name), &b));
	f->name = xstrdup(name);
	f->split = xstrdup(split);
	f->rows = rows;
	f->bytes = b.n;
	f->digest = digest_of(b.p, b.n);
	buf_fini(&b);
}

/* Writes the record to the file of that name below the output, and frees it. */
static UNUSED void
outdir_record(struct record *r, const char *name)
{
	struct buf b = BUF_ZERO;

	record_save(r, &b);
	outdir_put(name, buf_cstr(&b));
	buf_fini(&b);
	record_fini(r);
}

/* A whole shard: SPLIT/part-SHARD.csv with that many rows, and its record. */
static UNUSED void
outdir_shard(const char *shard, const char *split, uint64_t rows)
{
	struct record r = {.shard = xstrdup(shard), .account = {.in = rows}};
	char name[200], text[200];

	snprintf(name, sizeof(name), "%s/part-%s.csv", split, shard);
	snprintf(text, sizeof(text), "k\n%s %s\n", split, shard);
	outdir_put(name, text);
	outdir_file(&r, name, split, rows);
	snprintf(name, sizeof(name), "_shards/%s.tsv", shard);
	outdir_record(&r, name);
}

/* A batch of a table, batch-TABLE-NUMBER.csv, and its record. */
static UNUSED void
outdir_batch(const char *table, unsigned number, uint64_t rows)
{
	struct record r = {.account = {.in = rows}};
	char name[200];

	snprintf(name, sizeof(name), "%s/%05u", table, number);
	r.shard = xstrdup(name);
	snprintf(name, sizeof(name), "batch-%s-%u.csv", table, number);
	outdir_put(name, "k\n");
	outdir_file(&r, name, "", rows);
	snprintf(name, sizeof(name), "_batches/%s/%05u.tsv", table, number);
	outdir_record(&r, name);
}

/* A unit of one shard whose rows were routed. */
static UNUSED void
outdir_unit(const char *table, unsigned number, uint64_t rows)
{
	struct record r = {.is_routed = true,
	    .routed = rows,
	    .account = {.in = rows},
	    .shard = record_shard(NULL, number)};
	char *dir = units_path(outdir, table, "");
	struct buf b = BUF_ZERO;
	struct err e = ERR_ZERO;

	record_put(&r, &b);
	OK(make_dirs(dir, &e) == 0, e);
	OK(unit_save(dir, r.shard, buf_bytes(&b), 0, &e) == 0, e);
	record_fini(&r);
	buf_fini(&b);
	free(dir);
}

#endif
