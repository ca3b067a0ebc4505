/*
 * runfile - what comes out is what went in: a file that was cut or changed
 * anywhere is refused, or gives the same.
 */
#include "shred/runfile.h"

#include "sort/sortbuf.h"
#include "test.h"

#define NBATCH 5

/* The records of a batch, one behind the other, as a text. */
struct rows {
	struct buf batch[NBATCH + 1];
	uint64_t n[NBATCH + 1];
};

static void
rows_free(struct rows *r)
{
	size_t i;

	for (i = 0; i <= NBATCH; i++)
		buf_fini(&r->batch[i]);
}

static void
put_record(struct buf *b, struct bytes key, struct bytes row)
{
	char head[RECORD_HEAD];
	size_t n = length_put(head, key.n);

	n += length_put(head + n, row.n);
	buf_put(b, head, n);
	buf_putb(b, key);
	buf_putb(b, row);
}

static void
put_text(struct buf *b, struct bytes key, struct bytes row)
{
	buf_printf(b, "%zu:", key.n);
	buf_putb(b, key);
	buf_printf(b, "=%zu:", row.n);
	buf_putb(b, row);
}

static const struct runfile_head head = {.map = 77,
    .nbatch = NBATCH,
    .sep = ',',
    .kind = 2,
    .format = 3,
    .codec = 2,
    .level = 19,
    .sorted = 1};
static const struct bytes header = {"sym,t\n", 6};

/* Batches 1 and 4 are empty; keys up to max bytes, rows three times as long. */
static bool
make(const char *path, struct rows *rows, size_t max)
{
	struct err e = ERR_ZERO;
	struct runfile_writer *w = runfile_new(path, &head, header, true, &e);
	struct buf rec = BUF_ZERO;
	char *junk = xmalloc(3 * max + 1);
	uint32_t i;
	bool ok = OK(w != NULL, e);
	size_t k;

	memset(rows, 0, sizeof(*rows));
	for (k = 0; k < 3 * max; k++)
		junk[k] = (char)rnd();
	for (i = 0; i <= NBATCH && ok; i++) {
		uint64_t n = i == 1 || i == 4 ? 0 : 1 + below(4);

		for (; n > 0 && ok; n--) {
			struct bytes key = bytes_of(junk, below(max + 1));
			struct bytes row = bytes_of(junk, below(3 * max + 1));

			buf_clear(&rec);
			put_record(&rec, key, row);
			put_text(&rows->batch[i], key, row);
			rows->n[i]++;
			ok = OK(
			    runfile_put(w, i, buf_bytes(&rec), key.n, &e) == 0,
			    e);
		}
	}
	ok = ok && OK(runfile_finish(w, &e) == 0, e) &&
	    OK(runfile_rename(w, &e) == 0, e);
	runfile_free(w);
	buf_fini(&rec);
	free(junk);
	return ok;
}

/* A batch of an open run as a text; false where it is refused. */
static bool
read_batch(const struct runfile *f, uint32_t batch, struct buf *to, uint64_t *n,
    struct err *e)
{
	struct run_extent x;
	struct run_reader r;
	struct merge_record rec;
	struct kmerge_in in;
	struct bytes piece;
	size_t cap, mark;
	uint64_t said;
	char *room;
	int rc;

	buf_clear(to);
	*n = 0;
	if (runfile_extent(f, batch, &x, &said, e) < 0)
		return false;
	cap = 64 + spill_room(&x);
	room = xmalloc(cap);
	spill_read_file(&r, f->fd, f->path, &x, room, cap);
	in = spill_in(&r);
	while ((rc = in.next(in.arg, &rec, e)) > 0) {
		++*n;
		buf_printf(to, "%zu:", rec.key.n);
		buf_putb(to, rec.key);
		buf_printf(to, "=%llu:", (unsigned long long)rec.row_len);
		mark = to->n;
		do {
			rc = in.row(in.arg, &piece, e);
			if (rc < 0)
				break;
			buf_putb(to, piece);
		} while (rc > 0);
		if (rc < 0)
			break;
		EQ_U(to->n - mark, rec.row_len);
	}
	spill_read_end(&r);
	free(room);
	return rc == 0 && *n == said;
}

/* Does the file hold these rows?  -1: it is refused, 0: others. */
static int
holds(const char *path, const struct rows *rows)
{
	struct err e = ERR_ZERO;
	struct runfile f;
	struct buf b = BUF_ZERO;
	uint64_t n;
	uint32_t i;
	int rc = 1;

	if (runfile_open(&f, path, &e) < 0) {
		EQ_U(e.kind, ERR_OUTPUT);
		HAS(e.msg, path);
		return -1;
	}
	if (!bytes_eq(buf_bytes(&f.header), header) || f.head.map != head.map ||
	    f.head.nbatch != NBATCH || f.head.sep != head.sep ||
	    f.head.kind != head.kind || f.head.format != head.format ||
	    f.head.codec != head.codec || f.head.level != head.level ||
	    f.head.sorted != head.sorted)
		rc = 0;
	for (i = 0; i <= NBATCH && rc > 0; i++) {
		if (!read_batch(&f, i, &b, &n, &e)) {
			EQ_U(e.kind, ERR_OUTPUT);
			HAS(e.msg, path);
			rc = -1;
		} else if (n != rows->n[i] ||
		    !bytes_eq(buf_bytes(&b), buf_bytes(&rows->batch[i]))) {
			rc = 0;
		}
	}
	runfile_close(&f);
	buf_fini(&b);
	return rc;
}

static void
every_batch_comes_back_the_empty_ones_too(void)
{
	const char *path = test_path("dir/00042.0.run");
	struct rows rows;
	unsigned i;

	for (i = 0; i < 20; i++) {
		if (make(path, &rows, i < 10 ? 3 : 3000))
			EQ_I(holds(path, &rows), 1);
		rows_free(&rows);
	}
}

static void
a_run_cut_anywhere_is_refused(void)
{
	const char *path = test_path("00042.0.run"), *cut = test_path("cut");
	struct buf b = BUF_ZERO;
	struct rows rows;
	size_t n;

	if (make(path, &rows, 9) && test_read(path, &b))
		for (n = 0; n < b.n; n++) {
			test_about("%zu of %zu bytes", n, b.n);
			test_write(cut, b.p, n);
			EQ_I(holds(cut, &rows), -1);
		}
	buf_fini(&b);
	rows_free(&rows);
}

static void
a_run_with_any_bit_changed_is_refused(void)
{
	const char *path = test_path("00042.0.run"), *bad = test_path("bad");
	struct buf b = BUF_ZERO;
	struct rows rows;
	size_t i;

	if (make(path, &rows, 9) && test_read(path, &b))
		for (i = 0; i < 8 * b.n; i++) {
			test_about("bit %zu of byte %zu", i % 8, i / 8);
			b.p[i / 8] ^= (char)(1 << i % 8);
			test_write(bad, b.p, b.n);
			EQ_I(holds(bad, &rows), -1);
			b.p[i / 8] ^= (char)(1 << i % 8);
		}
	buf_fini(&b);
	rows_free(&rows);
}

static void
a_run_with_more_behind_it_is_refused(void)
{
	const char *path = test_path("00042.0.run");
	struct buf b = BUF_ZERO;
	struct rows rows;
	size_t n;

	if (make(path, &rows, 9) && test_read(path, &b))
		for (n = 1; n < 100; n++) {
			buf_putc(&b, n % 2 ? '\0' : 'x');
			test_write(path, b.p, b.n);
			EQ_I(holds(path, &rows), -1);
		}
	buf_fini(&b);
	rows_free(&rows);
}

static void
an_entry_of_another_batch_is_refused(void)
{
	const char *path = test_path("00042.0.run");
	struct buf b = BUF_ZERO;
	struct rows rows;
	char tmp[48], *table;

	if (make(path, &rows, 9) && test_read(path, &b)) {
		table = b.p + b.n - (NBATCH + 1) * sizeof(tmp);
		memcpy(tmp, table, sizeof(tmp));
		memcpy(table, table + 2 * sizeof(tmp), sizeof(tmp));
		memcpy(table + 2 * sizeof(tmp), tmp, sizeof(tmp));
		test_write(path, b.p, b.n);
		EQ_I(holds(path, &rows), -1);
	}
	buf_fini(&b);
	rows_free(&rows);
}

static void
a_batch_that_was_given_back_is_refused_and_the_others_are_not(void)
{
	const char *path = test_path("00042.0.run");
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	struct run_extent x;
	struct runfile f;
	struct rows rows;
	uint64_t n;
	uint32_t i;

	if (make(path, &rows, 9) && OK(runfile_open(&f, path, &e) == 0, e)) {
		OK(runfile_extent(&f, 2, &x, &n, &e) == 0, e);
		runfile_free_extent(path, &x);
		for (i = 0; i <= NBATCH; i++) {
			bool ok = read_batch(&f, i, &b, &n, &e);

			if (i == 2 && ok)
				test_skip("no holes in files here");
			else if (i != 2 && OK(ok, e))
				EQ_B(buf_bytes(&b), buf_bytes(&rows.batch[i]));
		}
		runfile_close(&f);
	}
	buf_fini(&b);
	rows_free(&rows);
}

static void
what_was_not_renamed_is_removed(void)
{
	const char *path = test_path("00042.0.run");
	struct err e = ERR_ZERO;
	struct runfile_writer *w = runfile_new(path, &head, header, true, &e);

	if (OK(w != NULL, e))
		OK(runfile_finish(w, &e) == 0, e);
	runfile_free(w);
	EQ_I(access(path, F_OK), -1);
	EQ_I(rmdir(test_dir()), 0);
	mkdir(test_dir(), 0700);
}

static void
a_file_that_is_not_there_is_an_error_with_its_name(void)
{
	struct err e = ERR_ZERO;
	struct runfile f;

	EQ_I(runfile_open(&f, test_path("none.run"), &e), -1);
	HAS(e.msg, "none.run: No such file");
	EQ_I(f.fd, -1);
}

int
main(void)
{
	RUN(every_batch_comes_back_the_empty_ones_too);
	RUN(a_run_cut_anywhere_is_refused);
	RUN(a_run_with_any_bit_changed_is_refused);
	RUN(a_run_with_more_behind_it_is_refused);
	RUN(an_entry_of_another_batch_is_refused);
	RUN(a_batch_that_was_given_back_is_refused_and_the_others_are_not);
	RUN(what_was_not_renamed_is_removed);
	RUN(a_file_that_is_not_there_is_an_error_with_its_name);
	return test_end();
}
