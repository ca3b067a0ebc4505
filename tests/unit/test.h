/*
 * test - the assertion layer of the unit tests: one program per module, one
 * function per promise.
 *
 *	static void
 *	an_empty_field_is_a_field(void)
 *	{
 *		EQ_U(count(""), 1);
 *	}
 *
 *	int
 *	main(void)
 *	{
 *		RUN(an_empty_field_is_a_field);
 *		return test_end();
 *	}
 *
 * prints `ok NAME` or `FAIL NAME: FILE:LINE: what`, with both values; the
 * program's status is 1 if any failed.  Assertions are expressions: false when
 * they failed, so that `if (!EQ_U(...)) return;` reads.  A function goes on
 * behind a failed one; only its first few failures are shown.
 *
 * TEST_SEED=N in the environment gives other random numbers; with CI set, a
 * skipped test is a failed one, so that a broken machine cannot look green.
 */
#ifndef SHARD_TEST_H
#define SHARD_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

#define UNUSED __attribute__((unused))
#define TEST_SHOWN 5

static struct {
	const char *name;
	unsigned failures; /* of the running function */
	unsigned failed;   /* functions */
	bool skipped;
	uint64_t seed, random;
	char dir[200]; /* its own directory, once it asked for one */
	char context[300];
} test;

/* What the next failures are about, shown in front of them. */
static UNUSED void PRINTF_LIKE(1, 2) test_about(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(test.context, sizeof(test.context), fmt, ap);
	va_end(ap);
}

static UNUSED bool PRINTF_LIKE(3, 4)
    test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (++test.failures > TEST_SHOWN)
		return false;
	if (test.failures == 1)
		printf("FAIL %s: ", test.name);
	else
		printf("     ");
	printf("%s:%d: ", file, line);
	if (test.context[0])
		printf("(%s) ", test.context);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	return false;
}

static UNUSED void
test_skip(const char *why)
{
	test.skipped = true;
	if (getenv("CI"))
		test_fail("", 0, "skipped: %s", why);
	else
		printf("ok %s # skip: %s\n", test.name, why);
}

/* xorshift64*; the same numbers in every run unless TEST_SEED says else. */
static UNUSED uint64_t
rnd(void)
{
	test.random ^= test.random >> 12;
	test.random ^= test.random << 25;
	test.random ^= test.random >> 27;
	return test.random * UINT64_C(2685821657736338717);
}

/* 0 to n - 1 */
static UNUSED uint64_t
below(uint64_t n)
{
	return (rnd() >> 11) % n;
}

static UNUSED bool
one_in(uint64_t n)
{
	return below(n) == 0;
}

static int
test_remove_one(
    const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* The function's own empty directory; removed when it ends. */
static UNUSED const char *
test_dir(void)
{
	const char *top = getenv("TMPDIR");

	if (test.dir[0])
		return test.dir;
	snprintf(test.dir, sizeof(test.dir), "%.150s/shardunit.XXXXXX",
	    top && *top ? top : "/tmp");
	if (!mkdtemp(test.dir)) {
		fprintf(stderr, "%s: %s\n", test.dir, strerror(errno));
		exit(2);
	}
	return test.dir;
}

/* DIR/name, in one of a few static buffers. */
PRINTF_LIKE(1, 2)
static UNUSED const char *
test_path(const char *fmt, ...)
{
	static char ring[8][512];
	static unsigned turn;
	char *out = ring[turn++ % LEN(ring)];
	va_list ap;
	int n = snprintf(out, sizeof(ring[0]), "%s/", test_dir());

	va_start(ap, fmt);
	vsnprintf(out + n, sizeof(ring[0]) - (size_t)n, fmt, ap);
	va_end(ap);
	return out;
}

static UNUSED void
test_write(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
}

/* The whole file as it lies there; false when it cannot be read. */
static UNUSED bool
test_read(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");
	char tmp[65536];
	size_t n;

	buf_clear(b);
	if (!f)
		return false;
	while ((n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_put(b, tmp, n);
	fclose(f);
	return true;
}

static UNUSED void
test_run(const char *name, void (*fn)(void))
{
	const char *seed = getenv("TEST_SEED");

	test.name = name;
	test.failures = 0;
	test.skipped = false;
	test.context[0] = '\0';
	test.seed = seed ? strtoull(seed, NULL, 10) : 1;
	test.random = (test.seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	fn();
	if (test.dir[0]) {
		nftw(test.dir, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
		test.dir[0] = '\0';
	}
	if (test.failures > TEST_SHOWN)
		printf("     ... %u failures\n", test.failures);
	if (test.failures)
		test.failed++;
	else if (!test.skipped)
		printf("ok %s\n", name);
	fflush(stdout);
}

#define RUN(fn) test_run(#fn, fn)

static UNUSED int
test_end(void)
{
	return test.failed != 0;
}

static UNUSED bool
test_eq_u(const char *file, int line, const char *what, uint64_t a, uint64_t b)
{
	return a == b ||
	    test_fail(file, line, "%s: is %" PRIu64 ", expected %" PRIu64, what,
		a, b);
}

static UNUSED bool
test_eq_i(const char *file, int line, const char *what, int64_t a, int64_t b)
{
	return a == b ||
	    test_fail(file, line, "%s: is %" PRId64 ", expected %" PRId64, what,
		a, b);
}

static UNUSED bool
test_eq_b(const char *file, int line, const char *what, struct bytes a,
    struct bytes b)
{
	size_t i = 0;

	if (bytes_eq(a, b))
		return true;
	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	i -= i < 20 ? i : 20;
	return test_fail(file, line,
	    "%s: is %zu bytes, at %zu %s, expected %zu bytes, %s", what, a.n, i,
	    err_quote(bytes_of(a.p + i, a.n - i)), b.n,
	    err_quote(bytes_of(b.p + i, b.n - i)));
}

static UNUSED bool
test_has(const char *file, int line, const char *s, const char *part)
{
	return strstr(s, part) != NULL ||
	    test_fail(file, line, "\"%s\" should say \"%s\"", s, part);
}

#define CHECK(x) ((x) ? true : test_fail(__FILE__, __LINE__, "not so: %s", #x))
#define EQ_U(a, b) test_eq_u(__FILE__, __LINE__, #a, a, b)
#define EQ_I(a, b) test_eq_i(__FILE__, __LINE__, #a, a, b)
#define EQ_B(a, b) test_eq_b(__FILE__, __LINE__, #a, a, b)
#define EQ_S(a, b) test_eq_b(__FILE__, __LINE__, #a, bytes_str(a), bytes_str(b))
#define HAS(s, part) test_has(__FILE__, __LINE__, s, part)
/* A library call that shall succeed; shows the message when it does not. */
#define OK(call, e)                                                            \
	((call) ? true                                                         \
		: test_fail(__FILE__, __LINE__, "%s: %s", #call, (e).msg))

/*
 * n bytes directly in front of a page that cannot be touched, or directly
 * behind one.
 */
struct guarded {
	char *map;
	size_t size, page;
};

static UNUSED struct guarded
guarded_new(size_t n)
{
	struct guarded g;

	g.page = (size_t)sysconf(_SC_PAGESIZE);
	g.size = (n + g.page - 1) / g.page * g.page;
	g.map = mmap(NULL, g.size + 2 * g.page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED || mprotect(g.map, g.page, PROT_NONE) < 0 ||
	    mprotect(g.map + g.page + g.size, g.page, PROT_NONE) < 0) {
		perror("mmap");
		exit(2);
	}
	return g;
}

static UNUSED char *
guarded_front(const struct guarded *g)
{
	return g->map + g->page;
}

/* The last n bytes before the guard. */
static UNUSED char *
guarded_back(const struct guarded *g, size_t n)
{
	return g->map + g->page + g->size - n;
}

static UNUSED void
guarded_free(struct guarded *g)
{
	munmap(g->map, g->size + 2 * g->page);
}

#endif
