/*
 * micro - what the pieces of the library take, each alone.
 *
 *	micro [-l] [NAME...]
 *
 * A line each: name, the best of five rounds, their median, unit.  A round
 * repeats the work for at least 0.2 s.  GB/s are 10^9 bytes of rows in a
 * second of CPU of one core, ns are of CPU too; ms are of wall clock, as
 * where a disk or another process is waited for.  -l lists the names.
 *
 * The data are the same every time, in memory or in a directory below TMPDIR
 * (/var/tmp) that is removed; which disk that is matters for commit-*.  The
 * programs that some start are those beside this one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/exact.h"
#include "base/instant.h"
#include "base/number.h"
#include "base/parse.h"
#include "io/commit.h"
#include "io/out.h"
#include "keys/keyindex.h"
#include "keys/keytable.h"
#include "rows/csv.h"
#include "rows/csvscan.h"
#include "sort/sortbuf.h"

#define ROUNDS 5
#define ROUND_S 0.2
#define MIB ((size_t)1 << 20)
#define NKEYS 1000000

/* Seconds for a byte, or whatever is counted; negative: not on this machine. */
struct figure {
	double best, median;
};

enum unit { GB_PER_S, NS, MS };

struct bench {
	const char *name, *what;
	enum unit unit;
	struct figure (*run)(const struct bench *b);
	int which; /* for those that share a function */
};

/* Failure */

static void
die(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("micro: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void
must(bool ok, const struct err *e)
{
	if (!ok)
		die("%s", e->msg);
}

/* Time */

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static double
wall(void)
{
	return seconds(CLOCK_MONOTONIC);
}

static double
cpu_of_children(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* amount: what the work does at a time, in what is counted. */
static struct figure
repeat(double (*now)(void), double amount, void (*work)(void *), void *arg)
{
	double t[ROUNDS] = {0}, start;
	unsigned times = 1, round = 0, i;

	while (round < ROUNDS) {
		start = now();
		for (i = 0; i < times; i++)
			work(arg);
		t[round] = now() - start;
		if (t[round] < ROUND_S && round == 0)
			times *= 2;
		else
			t[round++] /= times * amount;
	}
	qsort(t, ROUNDS, sizeof(*t), by_size);
	return (struct figure){t[0], t[ROUNDS / 2]};
}

/* Data */

struct random {
	uint64_t state;
};

#define RANDOM_START ((struct random){UINT64_C(0x9e3779b97f4a7c15)})

/* Marsaglia's xorshift64: a number below n. */
static unsigned
below(struct random *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)((r->state >> 32) * n >> 32);
}

static void
put_key(struct buf *b, struct random *r)
{
	unsigned i;

	buf_putc(b, 'C');
	for (i = 0; i < 10; i++)
		buf_putc(b, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[below(r, 32)]);
}

/* In one call each: the order in which arguments are evaluated is open. */
static void
put_time(struct buf *b, struct random *r)
{
	buf_printf(b, "2024-%02u-", 1 + below(r, 12));
	buf_printf(b, "%02u ", 1 + below(r, 28));
	buf_printf(b, "%02u:", below(r, 24));
	buf_printf(b, "%02u:", below(r, 60));
	buf_printf(b, "%02u", below(r, 60));
}

/* Amounts, counts and shares, as tables have them. */
static void
put_number(struct buf *b, struct random *r)
{
	switch (below(r, 4)) {
	case 0: buf_printf(b, "%u", below(r, 5000)); return;
	case 1: buf_printf(b, "0.%04u", below(r, 10000)); return;
	case 2: buf_putc(b, '-'); break;
	}
	buf_printf(b, "%u.", below(r, 2000));
	buf_printf(b, "%02u", below(r, 100));
}

/* A row of 7 columns and about 60 bytes. */
static void
put_narrow(struct buf *b, struct random *r)
{
	put_time(b, r);
	buf_putc(b, ',');
	put_key(b, r);
	buf_printf(b, ",%u,", below(r, 2));
	put_number(b, r);
	buf_printf(b, ",%u,mobile,", below(r, 20));
	buf_printf(b, "SKU-%05u\n", below(r, 100000));
}

/* A row of 27 columns and about 290 bytes, two of them quoted. */
static void
put_wide(struct buf *b, struct random *r)
{
	static const char *const words[] = {"paid by phone", "second floor",
	    "left with a neighbour", "call before delivery", "gift, wrapped",
	    "customer called back", "size too small", "refund, in part"};
	unsigned i;

	buf_printf(b, "T%012u,", below(r, 1000000000));
	put_key(b, r);
	buf_putc(b, ',');
	put_time(b, r);
	buf_printf(b, ",%u,", below(r, 2));
	buf_printf(
	    b, "ann.dang%u@example.net,Ann Dang,\"Dang, Ann\"", below(r, 1000));
	for (i = 0; i < 14; i++) {
		buf_putc(b, ',');
		put_number(b, r);
	}
	buf_puts(b, ",DE,Perth,tablet,Safari 17.5,card,\"");
	for (i = below(r, 4); i < 4; i++)
		buf_printf(b, "%s; ", words[below(r, LEN(words))]);
	buf_puts(b, "the \"\"usual\"\" way\"\n");
}

enum shape { NARROW, WIDE };

/* Rows of at least nbytes, behind a header. */
static void
put_table(struct buf *b, enum shape shape, size_t nbytes)
{
	struct random r = RANDOM_START;
	unsigned i, ncol = shape == WIDE ? 27 : 7;

	for (i = 0; i < ncol; i++)
		buf_printf(b, "column%u%c", i, i + 1 < ncol ? ',' : '\n');
	while (b->n < nbytes)
		(shape == WIDE ? put_wide : put_narrow)(b, &r);
}

/* Many short texts. */
struct texts {
	struct buf buf;
	struct bytes *v;
	size_t n;
};

static void
texts_init(
    struct texts *t, size_t n, void (*put)(struct buf *b, struct random *r))
{
	struct random r = RANDOM_START;
	size_t i, at = 0;

	*t = (struct texts){BUF_ZERO, xcalloc(n, sizeof(*t->v)), n};
	for (i = 0; i < n; i++) {
		at = t->buf.n;
		put(&t->buf, &r);
		t->v[i].n = t->buf.n - at;
	}
	for (i = at = 0; i < n; at += t->v[i++].n)
		t->v[i].p = t->buf.p + at;
}

static void
texts_fini(struct texts *t)
{
	buf_fini(&t->buf);
	free(t->v);
}

/* Files, in the current directory */

static int
create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void
write_out(const char *path, int fd, enum codec codec, struct bytes s, bool sync)
{
	struct err e = ERR_ZERO;
	struct out *o = out_new(fd, path, codec, 0, true, &e);

	must(o && out_write(o, s.p, s.n, &e) == 0 &&
		out_finish(o, sync, &e) == 0,
	    &e);
	out_free(o);
}

/* Returns how many bytes of rows. */
static double
write_table(const char *path, enum codec codec, enum shape shape, size_t nbytes)
{
	struct buf b = BUF_ZERO;
	double n;

	put_table(&b, shape, nbytes);
	write_out(path, create(path), codec, buf_bytes(&b), false);
	n = (double)b.n;
	buf_fini(&b);
	return n;
}

static char temp_dir[PATH_MAX];

static void
remove_temp_dir(void)
{
	DIR *d = opendir(temp_dir);
	struct dirent *f;

	while (d && (f = readdir(d)))
		if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			unlinkat(dirfd(d), f->d_name, 0);
	if (d)
		closedir(d);
	rmdir(temp_dir);
}

static void
make_temp_dir(void)
{
	const char *above = getenv("TMPDIR");

	snprintf(temp_dir, sizeof(temp_dir), "%s/micro.XXXXXX",
	    above ? above : "/var/tmp");
	if (!mkdtemp(temp_dir) || chdir(temp_dir) < 0)
		die("%s: %s", temp_dir, strerror(errno));
	atexit(remove_temp_dir);
}

/* Programs */

static void
find_programs(void)
{
	char bin[PATH_MAX];
	const char *path = getenv("PATH");
	struct buf b = BUF_ZERO;
	ssize_t n = readlink("/proc/self/exe", bin, sizeof(bin) - 1);

	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
	bin[n] = '\0';
	*strrchr(bin, '/') = '\0';
	buf_printf(&b, "%s:%s", bin, path ? path : "/usr/bin:/bin");
	setenv("PATH", buf_cstr(&b), 1);
	buf_fini(&b);
}

/* arg: its words, NULL behind the last. */
static void
program(void *arg)
{
	extern char **environ;
	char *const *argv = arg;
	posix_spawn_file_actions_t to_null;
	int status = 0, rc;
	pid_t pid;

	posix_spawn_file_actions_init(&to_null);
	posix_spawn_file_actions_addopen(
	    &to_null, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, argv[0], &to_null, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&to_null);
	if (rc)
		die("%s: %s", argv[0], strerror(rc));
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("%s: failed", argv[0]);
}

/* The structural index */

struct scanning {
	csvscan_fn *fn;
	struct buf table;
	uint32_t *idx;
	struct scan_bits bits;
};

/* In blocks as the reader has them, each from the start of a record. */
static void
scan(void *arg)
{
	struct scanning *c = arg;
	const char *p = c->table.p, *end = p + c->table.n;
	struct scan s;

	for (; p < end; p += s.end) {
		size_t n = (size_t)(end - p);

		c->fn(p, n < IN_BLOCK ? n : IN_BLOCK, ',', c->idx, &s);
		if (s.flags || s.end == 0)
			die("the table is not clean");
	}
}

/* The variant stands in the name: index-VARIANT-SHAPE. */
static struct figure
bench_index(const struct bench *b)
{
	const struct csvscan_variant *v = csvscan_variants();
	const char *want = strchr(b->name, '-') + 1;
	struct scanning c = {NULL, BUF_ZERO, NULL, {NULL, NULL, NULL, 0}};
	struct figure f;

	while (v->name && strncmp(v->name, want, strlen(v->name)) != 0)
		v++;
	if (!v->name)
		return (struct figure){-1, -1};
	c.fn = v->fn;
	put_table(&c.table, (enum shape)b->which, 8 * MIB);
	c.idx = xcalloc(IN_BLOCK + SCAN_PAD, sizeof(*c.idx));
	f = repeat(cpu, (double)c.table.n, scan, &c);
	free(c.idx);
	buf_fini(&c.table);
	return f;
}

static void
scan_few(void *arg)
{
	static const uint32_t field[] = {0, 1, 2};
	const struct scan_want want = {field, LEN(field), 27};
	struct scanning *c = arg;
	const char *p = c->table.p, *end = p + c->table.n;
	struct scan s;

	for (; p < end; p += s.end) {
		size_t n = (size_t)(end - p);

		csvscan_some(p, n < IN_BLOCK ? n : IN_BLOCK, ',', &want,
		    &c->bits, c->idx, &s);
		if (s.flags || s.end == 0)
			die("the table is not clean");
	}
}

static struct figure
bench_few(const struct bench *b)
{
	struct scanning c = {NULL, BUF_ZERO, NULL, {NULL, NULL, NULL, 0}};
	struct figure f;

	(void)b;
	put_table(&c.table, WIDE, 8 * MIB);
	c.idx = xcalloc(IN_BLOCK + SCAN_PAD, sizeof(*c.idx));
	c.bits.word = xcalloc(SCAN_WORDS(IN_BLOCK), sizeof(*c.bits.word));
	c.bits.before = xcalloc(SCAN_WORDS(IN_BLOCK), sizeof(*c.bits.before));
	c.bits.end = xcalloc(IN_BLOCK + 1, sizeof(*c.bits.end));
	f = repeat(cpu, (double)c.table.n, scan_few, &c);
	free(c.idx);
	free(c.bits.word);
	free(c.bits.before);
	free(c.bits.end);
	buf_fini(&c.table);
	return f;
}

/* Reading */

static void
read_rows(void *arg)
{
	struct csv_opt opt = {.max_record = CSV_MAX_RECORD};
	struct block block = BLOCK_ZERO;
	struct err e = ERR_ZERO;
	struct in *in = in_open(arg, 0, &e);
	struct csv *csv = in ? csv_open(in, &opt, &e) : NULL;
	int rc;

	must(csv, &e);
	while ((rc = csv_next(csv, &block, 0, &e)) > 0)
		;
	must(rc == 0, &e);
	csv_close(csv);
	in_close(in);
	block_fini(&block);
}

static struct figure
bench_read(const struct bench *b)
{
	char path[] = "part-0.csv";

	return repeat(cpu,
	    write_table(path, CODEC_NONE, (enum shape)b->which, 16 * MIB),
	    read_rows, path);
}

static void
read_bytes(void *arg)
{
	struct err e = ERR_ZERO;
	struct in *in = in_open(arg, 0, &e);
	struct bytes v;

	must(in, &e);
	do {
		must(in_peek(in, 1, &v, &e) == 0, &e);
		in_consume(in, v.n);
	} while (v.n > 0);
	in_close(in);
}

static struct figure
bench_decode(const struct bench *b)
{
	char path[] = "part-0";

	return repeat(cpu,
	    write_table(path, (enum codec)b->which, WIDE, 4 * MIB), read_bytes,
	    path);
}

struct encoding {
	enum codec codec;
	struct buf table;
};

static void
encode(void *arg)
{
	struct encoding *c = arg;

	write_out("/dev/null", create("/dev/null"), c->codec,
	    buf_bytes(&c->table), false);
}

static struct figure
bench_encode(const struct bench *b)
{
	struct encoding c = {(enum codec)b->which, BUF_ZERO};
	struct figure f;

	put_table(&c.table, WIDE, 4 * MIB);
	f = repeat(cpu, (double)c.table.n, encode, &c);
	buf_fini(&c.table);
	return f;
}

/* What a second shard-cat adds to the CPU of a first. */
static struct figure
bench_hop(const struct bench *b)
{
	char *one[] = {"sh", "-c", "shard-cat part-0.csv", NULL};
	char *two[] = {"sh", "-c", "shard-cat part-0.csv | shard-cat", NULL};
	double n = write_table(
	    "part-0.csv", CODEC_NONE, (enum shape)b->which, 16 * MIB);
	struct figure f, g;

	f = repeat(cpu_of_children, n, program, one);
	g = repeat(cpu_of_children, n, program, two);
	return (struct figure){g.best - f.best, g.median - f.median};
}

/* Keys */

static void
fill(struct keytable *t, const struct texts *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		struct keyent k = {.hi = i, .where = i};

		keytable_put(t, keys->v[i], key_hash(keys->v[i]), &k);
	}
}

static void
insert(void *arg)
{
	struct keytable t;

	keytable_init(&t, 0);
	fill(&t, arg);
	keytable_fini(&t);
}

static struct figure
bench_insert(const struct bench *b)
{
	struct texts keys;
	struct figure f;

	(void)b;
	texts_init(&keys, NKEYS, put_key);
	f = repeat(cpu, (double)keys.n, insert, &keys);
	texts_fini(&keys);
	return f;
}

static void
write_index(const char *path, const struct texts *keys)
{
	struct keyindex_writer *w;
	struct err e = ERR_ZERO;
	struct keyent *sorted;
	struct keytable t;
	uint64_t shard = 0;
	size_t i;

	keytable_init(&t, keys->n);
	fill(&t, keys);
	sorted = keytable_sorted(&t);
	w = keyindex_create(path, t.n, &shard, 1, &e);
	must(w, &e);
	for (i = 0; i < t.n; i++) {
		struct bytes key = {NULL, 0};

		must(keyent_key(&sorted[i], buf_bytes(&t.heap), &key) &&
			keyindex_add(w, &sorted[i], key, key_hash(key), &e) ==
			    0,
		    &e);
	}
	must(keyindex_finish(w, &e) == 0, &e);
	keyindex_writer_free(w);
	free(sorted);
	keytable_fini(&t);
}

struct lookup {
	struct keyindex *x;
	struct texts keys;
	size_t group; /* keys looked up at a time */
};

static void
look_up(void *arg)
{
	struct lookup *l = arg;
	struct err e = ERR_ZERO;
	uint64_t hash[KEYINDEX_GROUP];
	const struct keyent *found[KEYINDEX_GROUP];
	size_t i, k, n;

	for (i = 0; i < l->keys.n; i += n) {
		n = l->keys.n - i < l->group ? l->keys.n - i : l->group;
		for (k = 0; k < n; k++)
			hash[k] = key_hash(l->keys.v[i + k]);
		if (keyindex_find_all(l->x, &l->keys.v[i], hash, n, found, &e) <
		    0)
			die("the index is damaged");
		for (k = 0; k < n; k++)
			if (!found[k])
				die("a key is not found");
	}
}

static struct figure
bench_lookup(const struct bench *b)
{
	struct lookup l = {.group = (size_t)b->which};
	struct err e = ERR_ZERO;
	struct figure f;

	texts_init(&l.keys, NKEYS, put_key);
	write_index("first.idx", &l.keys);
	l.x = keyindex_open("first.idx", &e);
	must(l.x, &e);
	look_up(&l); /* each page is checked when it is touched first */
	f = repeat(cpu, (double)l.keys.n, look_up, &l);
	keyindex_close(l.x);
	texts_fini(&l.keys);
	return f;
}

/* Cells */

enum cell { CELL_TIME, CELL_NUMBER };

static void
parse_times(void *arg)
{
	const struct texts *t = arg;
	struct instant at;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (instant_parse(t->v[i], &at) != TIME_LOCAL)
			die("a time is none");
}

static void
parse_numbers(void *arg)
{
	const struct texts *t = arg;
	struct number n;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!class_is_number(number_scan(t->v[i], &n)))
			die("a number is none");
}

static struct figure
bench_parse(const struct bench *b)
{
	struct texts t;
	struct figure f;

	texts_init(&t, 4096, b->which == CELL_TIME ? put_time : put_number);
	f = repeat(cpu, (double)t.n,
	    b->which == CELL_TIME ? parse_times : parse_numbers, &t);
	texts_fini(&t);
	return f;
}

struct doubles {
	double v[4096];
	struct exact sum;
};

static void
add_numbers(void *arg)
{
	struct doubles *d = arg;
	size_t i;

	for (i = 0; i < LEN(d->v); i++)
		exact_add(&d->sum, d->v[i]);
}

static void
format_numbers(void *arg)
{
	struct doubles *d = arg;
	char text[NUMBER_MAX];
	size_t i;

	for (i = 0; i < LEN(d->v); i++)
		number_format(d->v[i], true, text);
}

enum number_work { NUMBER_ADD, NUMBER_FORMAT };

static struct figure
bench_number(const struct bench *b)
{
	struct doubles d = {.sum = EXACT_ZERO};
	struct texts t;
	size_t i;

	texts_init(&t, LEN(d.v), put_number);
	for (i = 0; i < t.n; i++)
		if (!parse_double(t.v[i], &d.v[i]))
			die("a number is none");
	texts_fini(&t);
	return repeat(cpu, (double)LEN(d.v),
	    b->which == NUMBER_ADD ? add_numbers : format_numbers, &d);
}

/* Sorting: a run, from rows in their order to rows in that of their keys */

struct sorting {
	struct buf table;
	struct texts keys;
	struct sortbuf buf;
};

static void
sort_run(void *arg)
{
	struct sorting *s = arg;
	const char *p = s->table.p, *end = p + s->table.n, *stop;
	char block[IN_BLOCK];
	struct bytes r;
	size_t i, n = 0;

	sortbuf_clear(&s->buf);
	for (i = 0; p < end; p = stop, i = (i + 1) % s->keys.n) {
		stop = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		if (!sortbuf_add(
			&s->buf, s->keys.v[i], bytes_of(p, (size_t)(stop - p))))
			die("the rows do not fit");
	}
	if (!sortbuf_sort(&s->buf))
		die("no memory to sort in");
	for (i = 0; i < s->buf.n; i++, n += r.n) {
		r = sortbuf_record(&s->buf, i);
		if (n + r.n > sizeof(block))
			n = 0;
		memcpy(block + n, r.p, r.n);
	}
}

/* 20 bytes, as a text and a time give them. */
static void
put_sort_key(struct buf *b, struct random *r)
{
	unsigned i;

	put_key(b, r);
	buf_putc(b, '\0');
	for (i = 0; i < 7; i++)
		buf_putc(b, (char)below(r, 256));
	buf_putc(b, 1);
}

static struct figure
bench_sort(const struct bench *b)
{
	struct sorting s = {.table = BUF_ZERO};
	struct figure f;

	put_table(&s.table, (enum shape)b->which, 64 * MIB);
	texts_init(&s.keys, NKEYS, put_sort_key);
	sortbuf_init(&s.buf, 256 * MIB);
	f = repeat(cpu, (double)s.table.n, sort_run, &s);
	sortbuf_fini(&s.buf);
	texts_fini(&s.keys);
	buf_fini(&s.table);
	return f;
}

/* Files that are safe, and processes */

static void
commit(void *arg)
{
	const struct buf *b = arg;
	struct err e = ERR_ZERO;
	struct commit *c = commit_new("./committed", &e);

	must(c, &e);
	write_out(commit_temp(c), commit_fd(c), CODEC_NONE, buf_bytes(b), true);
	must(commit_rename(c, &e) == 0 &&
		commit_sync_dir("./committed", &e) == 0,
	    &e);
	commit_free(c);
}

static struct figure
bench_commit(const struct bench *b)
{
	struct buf table = BUF_ZERO;
	struct figure f;

	put_table(&table, NARROW, (size_t)b->which);
	f = repeat(wall, 1, commit, &table);
	buf_fini(&table);
	return f;
}

static struct figure
bench_start(const struct bench *b)
{
	char *argv[] = {"shard-run", "cat", "part-0.csv", NULL};
	char *nothing[] = {"true", NULL};

	write_table("part-0.csv", CODEC_NONE, WIDE, 0);
	return repeat(wall, 1, program, b->which ? argv : nothing);
}

/* What there is */

#define INDEX_BENCHES(VARIANT)                                                 \
	{"index-" VARIANT "-wide", "all separators and row ends, 290 B a row", \
	    GB_PER_S, bench_index, WIDE},                                      \
	{                                                                      \
		"index-" VARIANT "-narrow", "the same, 60 B a row", GB_PER_S,  \
		    bench_index, NARROW                                        \
	}

static const struct bench benches[] = {
    INDEX_BENCHES("portable"),
    INDEX_BENCHES("sse2"),
    INDEX_BENCHES("avx2"),
    INDEX_BENCHES("avx512"),
    INDEX_BENCHES("neon"),
    {"index-few-wide", "row ends and the first 3 of 27 separators", GB_PER_S,
	bench_few, WIDE},
    {"read-wide", "a file in the page cache, read and indexed", GB_PER_S,
	bench_read, WIDE},
    {"read-narrow", "the same, 60 B a row", GB_PER_S, bench_read, NARROW},
    {"hop-wide", "through one more shard-cat, per byte", NS, bench_hop, WIDE},
    {"hop-narrow", "the same, 60 B a row", NS, bench_hop, NARROW},
    {"lookup", "a key in an index of a million, with its hash", NS,
	bench_lookup, 1},
    {"lookup-batched", "the same, 64 at a time", NS, bench_lookup,
	KEYINDEX_GROUP},
    {"insert", "a key into a table that grows to a million", NS, bench_insert,
	0},
    {"parse-time", "a date and time, checked", NS, bench_parse, CELL_TIME},
    {"parse-number", "class and exact value of a cell", NS, bench_parse,
	CELL_NUMBER},
    {"format-number", "the shortest text of a double", NS, bench_number,
	NUMBER_FORMAT},
    {"exact-add", "a double to the exact sums of x, x^2, x^3", NS, bench_number,
	NUMBER_ADD},
    {"gzip-in", "decoding wide rows", GB_PER_S, bench_decode, CODEC_GZIP},
    {"gzip-out", "encoding and digesting them", GB_PER_S, bench_encode,
	CODEC_GZIP},
    {"zstd-in", "decoding wide rows", GB_PER_S, bench_decode, CODEC_ZSTD},
    {"zstd-out", "encoding and digesting them", GB_PER_S, bench_encode,
	CODEC_ZSTD},
    {"sort-wide", "64 MiB into a run in memory, out in order", GB_PER_S,
	bench_sort, WIDE},
    {"sort-narrow", "the same, 60 B a row", GB_PER_S, bench_sort, NARROW},
    {"commit-small", "100 bytes: file, fsync, name, fsync", MS, bench_commit,
	100},
    {"commit-1m", "the same of 1 MiB", MS, bench_commit, 1 << 20},
    {"start-true", "a process that does nothing", MS, bench_start, 0},
    {"start-run", "shard-run on a shard without rows", MS, bench_start, 1},
};

static void
run(const struct bench *b)
{
	struct figure f = b->run(b);
	double scale = b->unit == NS ? 1e9 : 1e3;

	if (f.best < 0)
		printf("%-22s not on this machine\n", b->name);
	else if (b->unit == GB_PER_S)
		printf("%-22s %8.3f %8.3f GB/s\n", b->name, 1e-9 / f.best,
		    1e-9 / f.median);
	else
		printf("%-22s %8.3f %8.3f %s\n", b->name, f.best * scale,
		    f.median * scale, b->unit == NS ? "ns" : "ms");
	fflush(stdout);
}

static const struct bench *
find(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(benches); i++)
		if (strcmp(benches[i].name, name) == 0)
			return &benches[i];
	fprintf(stderr, "micro: %s: no such benchmark; -l lists them\n", name);
	exit(2);
}

int
main(int argc, char *argv[])
{
	size_t k;
	int i;

	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		for (k = 0; k < LEN(benches); k++)
			printf("%-22s %s\n", benches[k].name, benches[k].what);
		return 0;
	}
	for (i = 1; i < argc; i++)
		find(argv[i]); /* all are known, before the first runs */
	find_programs();
	make_temp_dir();
	for (i = 1; i < argc; i++)
		run(find(argv[i]));
	for (k = 0; argc < 2 && k < LEN(benches); k++)
		run(&benches[k]);
	return 0;
}
