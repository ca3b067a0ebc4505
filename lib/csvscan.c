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
	uint64_t lately;  /* not 0 for 64 blocks after the last quote */
	uint64_t stray;   /* not 0 when any quote was where none may be */
	uint64_t control; /* not 0 when there was a byte up to CR but ends */
	uint32_t nrec, nquoted; /* newlines outside and inside quotes */
};

static ALWAYS_INLINE uint32_t *
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

/*
 * Where quotes come and go, whether a block has one is no branch that could be
 * foreseen: it is taken for all blocks behind a quote, 64 of them, and for none
 * of a table without.
 */
#define SCAN_TEMPLATE(NAME, TARGET, LOAD, PREFIX_XOR, FLATTEN)                 \
	TARGET static ALWAYS_INLINE uint32_t *NAME##_block(const char *p,      \
	    uint32_t base, char sep, uint32_t *out, uint64_t valid,            \
	    struct carry *c)                                                   \
	{                                                                      \
		struct masks m;                                                \
		uint64_t structural;                                           \
                                                                               \
		LOAD(p, sep, &m);                                              \
		if (UNLIKELY(valid != ~UINT64_C(0))) {                         \
			m.quote &= valid;                                      \
			m.newline &= valid;                                    \
			m.sep &= valid;                                        \
			m.control &= valid;                                    \
		}                                                              \
		structural = m.sep | m.newline;                                \
		c->control |= m.control & ~structural;                         \
		if (m.quote | c->after_q | c->inside | c->lately) {            \
			uint64_t inside = c->inside ^ PREFIX_XOR(m.quote),     \
				 open = m.quote & inside,                      \
				 shut = m.quote & ~inside, behind;             \
                                                                               \
			structural &= ~inside & ~shut;                         \
			/* behind a closing quote: separator, newline, or      \
			 * the quote that makes it an escaped one */           \
			behind = shut << 1 | c->after_q;                       \
			c->stray |= behind & valid & ~(structural | m.quote);  \
			/* before an opening quote: the same or nothing */     \
			c->stray |= open &                                     \
			    ~((structural | shut) << 1 | c->open_ok |          \
				c->after_q);                                   \
			c->after_q = shut >> 63;                               \
			c->inside = UINT64_C(0) - (inside >> 63);              \
			c->lately =                                            \
			    c->lately >> 1 | (uint64_t)(m.quote != 0) << 63;   \
			c->nquoted += (uint32_t)__builtin_popcountll(          \
			    m.newline & inside);                               \
		}                                                              \
		c->open_ok = structural >> 63;                                 \
		c->nrec +=                                                     \
		    (uint32_t)__builtin_popcountll(m.newline & structural);    \
		return FLATTEN(out, base, structural);                         \
	}                                                                      \
                                                                               \
	TARGET static void NAME(                                               \
	    const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)  \
	{                                                                      \
		struct carry c = {.open_ok = 1};                               \
		uint32_t *out = idx;                                           \
		size_t i;                                                      \
                                                                               \
		for (i = 0; i + 64 <= n; i += 64)                              \
			out = NAME##_block(                                    \
			    p + i, (uint32_t)i, sep, out, ~UINT64_C(0), &c);   \
		if (i < n) {                                                   \
			char tail[64] = {0};                                   \
                                                                               \
			memcpy(tail, p + i, n - i);                            \
			out = NAME##_block(tail, (uint32_t)i, sep, out,        \
			    (UINT64_C(1) << (n - i)) - 1, &c);                 \
		}                                                              \
		scan_result(s, p, n, idx, (uint32_t)(out - idx), &c);          \
	}

/* What follows from all blocks together. */
static void
scan_result(struct scan *s, const char *p, size_t n, const uint32_t *idx,
    uint32_t nidx, const struct carry *c)
{
	struct scan r = {.nidx = nidx,
	    .nrec = c->nrec,
	    .nquoted = c->nquoted,
	    .open_quote = c->inside != 0};
	size_t i;

	for (; nidx > 0; nidx--)
		if (p[idx[nidx - 1]] == '\n') {
			r.nidx_rec = nidx;
			r.end = idx[nidx - 1] + 1;
			break;
		}
	/* behind the last newline outside quotes all are inside */
	if (r.nquoted)
		for (i = r.end; i < n; i++)
			r.nquoted -= p[i] == '\n';
	/* of the bytes up to CR only NUL and CR matter */
	if (c->control && (memchr(p, '\0', n) || memchr(p, '\r', n)))
		r.flags |= SCAN_CONTROL;
	if (c->stray)
		r.flags |= SCAN_STRAY;
	*s = r;
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
		fill_bits_of();
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
