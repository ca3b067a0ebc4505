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

/* A borrowed run of bytes: valid only while its owner says so. */
struct bytes {
	const char *p;
	size_t n;
};

static inline struct bytes
bytes_of(const char *p, size_t n)
{
	return (struct bytes){p, n};
}

struct bytes bytes_str(const char *s);
bool bytes_eq(struct bytes a, struct bytes b);
/* Byte order, shorter first on a common prefix; <0, 0, >0. */
int bytes_cmp(struct bytes a, struct bytes b);

/*
 * Memory for small things of a size the program chooses.  When there is none
 * left the program ends with status 1: there is nothing better to do.
 */
void *xmalloc(size_t n) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull, malloc));
char *
xstrndup(const char *s, size_t n) __attribute__((returns_nonnull, malloc));

#endif
