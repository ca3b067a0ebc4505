/*
 * base - what every module stands on: attributes, fixed-size allocation that
 * cannot fail, and byte views.
 */
#ifndef SHARD_BASE_H
#define SHARD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

/* Bytes that belong to someone else; they are valid as long as the owner says.
 */
struct bytes {
	const char *p;
	size_t n;
};

static inline struct bytes
bytes_of(const char *p, size_t n)
{
	return (struct bytes){p, n};
}

/* Returns the bytes of a string, without its NUL. */
struct bytes bytes_str(const char *s);
/* Returns true if a and b have the same length and the same bytes. */
bool bytes_eq(struct bytes a, struct bytes b);
/* Compares in byte order, in which a prefix comes before what it begins;
 * returns a number below, equal to or above 0. */
int bytes_cmp(struct bytes a, struct bytes b);

/*
 * These allocate small things whose size the program chooses, as malloc() and
 * its relatives do; the caller frees what they return.  When no memory is left
 * they end the program with status 1.
 */
void *xmalloc(size_t n) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull, malloc));
char *
xstrndup(const char *s, size_t n) __attribute__((returns_nonnull, malloc));

#endif
