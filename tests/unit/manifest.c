/*
 * manifest - the tables of an output: its files by number, and what became of
 * the rows of each shard.
 */
#include "shards/manifest.h"

#include "outdir.h"

/* A record that lives only here. */
static struct record *
add(struct output *o, const char *shard, struct account account)
{
	struct record *r;

	o->rec = xrealloc(o->rec, (o->nrec + 1) * sizeof(*o->rec));
	r = &o->rec[o->nrec++];
	*r = (struct record){.shard = xstrdup(shard), .account = account};
	return r;
}

static void
add_file(struct record *r, const char *name, const char *split, uint64_t rows)
{
	struct record_file *f = record_add_file(r);

	f->name = xstrdup(name);
	f->split = xstrdup(split);
	f->rows = rows;
	f->bytes = 10 * rows;
	f->digest = rows;
}

#define FILES "shard\tsplit\tpath\trows\tbytes\txxh3\n"
#define ACCOUNT "shard\tkind\tname\trows\n"

/* Both tables of the output, and frees it. */
static void
tables(struct output *o, const char *prefix, const char *files,
    const char *account)
{
	struct manifest m;

	manifest_init(&m);
	manifest_add(&m, o, prefix);
	manifest_end(&m);
	EQ_S(buf_cstr(&m.files), files);
	EQ_S(buf_cstr(&m.account), account);
	manifest_fini(&m);
	output_fini(o);
}

static void
an_output_of_nothing_has_headers(void)
{
	struct output o = {.out = NULL};

	tables(&o, "", FILES, ACCOUNT);
}

static void
files_are_in_the_order_of_records_and_rows_are_sorted(void)
{
	struct output o = {.out = NULL};
	struct record *r;

	r = add(&o, "00002",
	    (struct account){
		.in = 10, .drop = {[DROP_REJECTED] = 1, [DROP_DUPLICATE] = 2}});
	add_file(r, "train/b", "train", 3);
	add_file(r, "a\tb", "", 4);
	r = add(&o, "100000", (struct account){.in = 0});
	r = add(&o, "batch", (struct account){.in = 5});
	add_file(r, "test/c", "test", 5);
	tables(&o, "",
	    FILES "00002\ttrain\ttrain/b\t3\t30\t0000000000000003\n"
		  "00002\t-\ta\\tb\t4\t40\t0000000000000004\n"
		  "-\ttest\ttest/c\t5\t50\t0000000000000005\n",
	    /* the shorter number first */
	    ACCOUNT "-\tin\t-\t5\n"
		    "-\tout\ttest\t5\n"
		    "00002\tdrop\tduplicate\t2\n"
		    "00002\tdrop\trejected\t1\n"
		    "00002\tin\t-\t10\n"
		    "00002\tout\t-\t4\n"
		    "00002\tout\ttrain\t3\n"
		    "100000\tin\t-\t0\n");
}

static void
scopes_of_one_number_are_told_apart(void)
{
	struct output o = {.out = NULL};

	add_file(add(&o, "b/00001", (struct account){.in = 1}), "x", "s", 1);
	add_file(add(&o, "a/00001", (struct account){.in = 2}), "y", "s", 2);
	tables(&o, "",
	    FILES "00001\ts\tx\t1\t10\t0000000000000001\n"
		  "00001\ts\ty\t2\t20\t0000000000000002\n",
	    ACCOUNT "00001\tin\ta\t2\n"
		    "00001\tout\ts\t2\n"
		    "00001\tin\tb\t1\n"
		    "00001\tout\ts\t1\n");
}

static void
lines_of_one_shard_kind_and_name_are_one(void)
{
	struct output o = {.out = NULL};
	struct record *r = add(&o, "00001",
	    (struct account){
		.in = 3, .drop = {[DROP_EXTERNAL] = (uint64_t)-4}});

	add_file(r, "s/0", "s", 3);
	add_file(r, "s/1", "s", 4);
	r = add(&o, "00001",
	    (struct account){.in = 5, .drop = {[DROP_EXTERNAL] = 1}});
	tables(&o, "2024-01-02/",
	    FILES "00001\ts\t2024-01-02/s/0\t3\t30\t0000000000000003\n"
		  "00001\ts\t2024-01-02/s/1\t4\t40\t0000000000000004\n",
	    ACCOUNT "00001\tdrop\texternal\t-3\n"
		    "00001\tin\t-\t8\n"
		    "00001\tout\ts\t7\n");
}

static void
a_shredded_output_has_its_batches_and_accounts_of_its_tables(void)
{
	struct complaints c = {.say = NULL};
	struct err e = ERR_ZERO;
	struct output o;
	struct buf want = BUF_ZERO;
	char hex[17];

	outdir_begin();
	outdir_unit("a", 0, 5);
	outdir_unit("b", 0, 6);
	outdir_batch("a", 0, 1);
	outdir_batch("a", 12, 4);
	OK(output_load(&o, outdir, &c, &e) == 0, e);
	if (!EQ_U(o.nrec, 2))
		return;
	/* one that was used is no file any more */
	add_file(&o.rec[1], "gone", "", 7);
	o.rec[1].file[1].used = true;
	digest_hex(digest_of("k\n", 2), hex);
	buf_printf(&want,
	    FILES "0\t-\tbatch-a-0.csv\t1\t2\t%s\n"
		  "12\t-\tbatch-a-12.csv\t4\t2\t%s\n",
	    hex, hex);
	tables(&o, "", buf_cstr(&want),
	    ACCOUNT "00000\tin\ta\t5\n"
		    "00000\tout\ta\t5\n"
		    "00000\tin\tb\t6\n"
		    "00000\tout\tb\t6\n");
	buf_fini(&want);
}

static void
a_seal_follows_its_tables(void)
{
	struct output o = {.out = NULL};
	struct manifest m;
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;

	outdir_begin();
	add(&o, "00001", (struct account){.in = 0});
	manifest_init(&m);
	manifest_add(&m, &o, "");
	manifest_end(&m);
	/* no seal where a table cannot be written */
	EQ_I(mkdir(test_path("out/_account.tsv"), 0777), 0);
	EQ_I(manifest_seal(&m, outdir, &e), -1);
	EQ_U(e.kind, ERR_OUTPUT);
	EQ_I(outdir_has("_SUCCESS"), false);
	EQ_I(rmdir(test_path("out/_account.tsv")), 0);
	OK(manifest_seal(&m, outdir, &e) == 0, e);
	CHECK(test_read(test_path("out/_account.tsv"), &b));
	EQ_B(buf_bytes(&b), buf_bytes(&m.account));
	CHECK(test_read(test_path("out/_manifest.tsv"), &b));
	EQ_B(buf_bytes(&b), buf_bytes(&m.files));
	CHECK(test_read(test_path("out/_SUCCESS"), &b));
	EQ_U(b.n, 0);
	buf_fini(&b);
	manifest_fini(&m);
	output_fini(&o);
}

int
main(void)
{
	RUN(an_output_of_nothing_has_headers);
	RUN(files_are_in_the_order_of_records_and_rows_are_sorted);
	RUN(scopes_of_one_number_are_told_apart);
	RUN(lines_of_one_shard_kind_and_name_are_one);
	RUN(a_shredded_output_has_its_batches_and_accounts_of_its_tables);
	RUN(a_seal_follows_its_tables);
	return test_end();
}
