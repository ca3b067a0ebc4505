#include "csvscan.h"

#include <stdlib.h>
#include <string.h>

#define Q ((unsigned char)'"')

static void
scan_portable(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)
{
	enum { START, PLAIN, QUOTED, CLOSED } at = START;
	struct scan r = {0};
	uint32_t nquoted = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = p[i];

		if (at == QUOTED) {
			if (c == '"')
				at = CLOSED;
			else if (c == '\n')
				nquoted++;
			else if (c == '\0' || c == '\r')
				r.flags |= SCAN_CONTROL;
			continue;
		}
		if (c == sep || c == '\n') {
			idx[r.nidx++] = (uint32_t)i;
			if (c == '\n') {
				r.nrec++;
				r.nidx_rec = r.nidx;
				r.nquoted = nquoted;
				r.end = (uint32_t)i + 1;
			}
			at = START;
		} else if (c == '"') {
			/* a second quote right behind the first is an
			 * escaped one: back inside */
			if (at == PLAIN)
				r.flags |= SCAN_STRAY;
			at = QUOTED;
		} else {
			if (c == '\0' || c == '\r')
				r.flags |= SCAN_CONTROL;
			if (at == CLOSED)
				r.flags |= SCAN_STRAY;
			at = PLAIN;
		}
	}
	r.open_quote = at == QUOTED;
	*s = r;
}

/*
 * The 64-byte step that the vector variants share.  Each bit stands for one
 * byte; LOAD() gives the masks of quotes, newlines, separators and bytes at
 * or below CR.
 */
struct masks {
	uint64_t quote, newline, sep, control;
};

struct carry {
	uint64_t inside;  /* all ones when the block before ended in quotes */
	uint64_t after_q; /* 1 when its last byte was a closing quote */
	uint64_t open_ok; /* 1 when a quote may open at the first byte */
	uint32_t nquoted; /* newlines inside quotes so far */
};

static inline uint32_t *
flatten(uint32_t *out, uint32_t base, uint64_t bits)
{
	unsigned n = (unsigned)__builtin_popcountll(bits), i;

	/* Eight at a time without a branch on each: what lies beyond n is
	 * garbage that the next call overwrites (SCAN_PAD pays for it). */
	for (i = 0; i < n; i += 8) {
		unsigned k;

		for (k = 0; k < 8; k++) {
			out[i + k] =
			    base + (uint32_t)(bits ? __builtin_ctzll(bits) : 0);
			bits &= bits - 1;
		}
	}
	return out + n;
}

#define SCAN_TEMPLATE(NAME, TARGET, LOAD, PREFIX_XOR, FLATTEN)                 \
	TARGET static inline uint32_t *NAME##_block(const char *p,             \
	    uint32_t base, char sep, uint32_t *out, uint64_t valid,            \
	    struct carry *c, struct scan *r)                                   \
	{                                                                      \
		struct masks m;                                                \
		uint64_t inside, structural, newline, quoted = 0;              \
                                                                               \
		LOAD(p, sep, &m);                                              \
		if (UNLIKELY(valid != ~UINT64_C(0))) {                         \
			m.quote &= valid;                                      \
			m.newline &= valid;                                    \
			m.sep &= valid;                                        \
			m.control &= valid;                                    \
		}                                                              \
		inside = c->inside;                                            \
		if (m.quote | c->after_q | inside) {                           \
			uint64_t open, shut, behind, outside;                  \
                                                                               \
			inside ^= PREFIX_XOR(m.quote);                         \
			open = m.quote & inside;                               \
			shut = m.quote & ~inside;                              \
			outside = ~inside & ~shut;                             \
			structural = (m.sep | m.newline) & outside;            \
			/* behind a closing quote: separator, newline, or      \
			 * the quote that makes it an escaped one */           \
			behind = shut << 1 | c->after_q;                       \
			if (behind & valid & ~(structural | m.quote))          \
				r->flags |= SCAN_STRAY;                        \
			/* before an opening quote: the same or nothing */     \
			if (open &                                             \
			    ~((structural | shut) << 1 | c->open_ok |          \
				c->after_q))                                   \
				r->flags |= SCAN_STRAY;                        \
			c->after_q = shut >> 63;                               \
			c->inside = UINT64_C(0) - (inside >> 63);              \
			quoted = m.newline & inside;                           \
		} else {                                                       \
			structural = m.sep | m.newline;                        \
		}                                                              \
		c->open_ok = structural >> 63;                                 \
		newline = m.newline & structural;                              \
		if (UNLIKELY(m.control & ~(m.newline | m.sep)))                \
			r->flags |= control_in(p, valid);                      \
		if (newline) {                                                 \
			unsigned last =                                        \
			    63u - (unsigned)__builtin_clzll(newline);          \
                                                                               \
			r->nrec += (uint32_t)__builtin_popcountll(newline);    \
			r->end = base + last + 1;                              \
			r->nquoted = c->nquoted +                              \
			    (uint32_t)__builtin_popcountll(                    \
				quoted & (~UINT64_C(0) >> (63 - last)));       \
			r->nidx_rec = r->nidx +                                \
			    (uint32_t)__builtin_popcountll(                    \
				structural & (~UINT64_C(0) >> (63 - last)));   \
		}                                                              \
		r->nidx += (uint32_t)__builtin_popcountll(structural);         \
		c->nquoted += (uint32_t)__builtin_popcountll(quoted);          \
		return FLATTEN(out, base, structural);                         \
	}                                                                      \
                                                                               \
	TARGET static void NAME(                                               \
	    const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)  \
	{                                                                      \
		struct carry c = {0, 0, 1, 0};                                 \
		struct scan r = {0};                                           \
		uint32_t *out = idx;                                           \
		size_t i;                                                      \
                                                                               \
		for (i = 0; i + 64 <= n; i += 64)                              \
			out = NAME##_block(p + i, (uint32_t)i, sep, out,       \
			    ~UINT64_C(0), &c, &r);                             \
		if (i < n) {                                                   \
			char tail[64] = {0};                                   \
                                                                               \
			memcpy(tail, p + i, n - i);                            \
			NAME##_block(tail, (uint32_t)i, sep, out,              \
			    (UINT64_C(1) << (n - i)) - 1, &c, &r);             \
		}                                                              \
		r.open_quote = c.inside != 0;                                  \
		*s = r;                                                        \
	}

/* Only NUL and CR matter of the bytes up to CR; seldom called. */
static unsigned
control_in(const char *p, uint64_t valid)
{
	unsigned i;

	for (i = 0; i < 64 && valid >> i & 1; i++)
		if (p[i] == '\0' || p[i] == '\r')
			return SCAN_CONTROL;
	return 0;
}

#if defined(__x86_64__) || defined(__aarch64__)
/* Six shifts instead of one carry-less multiplication by all ones. */
static inline uint64_t
prefix_xor_shifts(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}
#endif

#if defined(__x86_64__)
#include "x86/csvscan_impl.h"
#elif defined(__aarch64__)
#include "arm/csvscan_impl.h"
#endif

#define CSVSCAN_VARIANTS 4 /* the most that a machine has */

const struct csvscan_variant *
csvscan_variants(void)
{
	static struct csvscan_variant list[CSVSCAN_VARIANTS + 1];

	if (!list[0].name) {
		size_t n = 1;

#if defined(__x86_64__)
		list[n++] = (struct csvscan_variant){"sse2", scan_sse2};
		if (__builtin_cpu_supports("avx2") &&
		    __builtin_cpu_supports("pclmul"))
			list[n++] = (struct csvscan_variant){"avx2", scan_avx2};
		if (__builtin_cpu_supports("avx512bw") &&
		    __builtin_cpu_supports("avx512vbmi2") &&
		    __builtin_cpu_supports("pclmul"))
			list[n++] =
			    (struct csvscan_variant){"avx512", scan_avx512};
#elif defined(__aarch64__)
		list[n++] = (struct csvscan_variant){"neon", scan_neon};
#endif
		(void)n;
		list[0] = (struct csvscan_variant){"portable", scan_portable};
	}
	return list;
}

static csvscan_fn resolve;
static csvscan_fn *chosen = resolve;

static void
resolve(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)
{
	const struct csvscan_variant *v = csvscan_variants();
	const char *want = getenv("SHARD_SIMD");
	csvscan_fn *best = scan_portable;

	for (; v->name; v++) {
		best = v->fn; /* they are listed slowest first */
		if (want && strcmp(want, v->name) == 0)
			break;
	}
	chosen = best;
	chosen(p, n, sep, idx, s);
}

void
csvscan(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)
{
	chosen(p, n, sep, idx, s);
}
