#include "rows/csvscan.h"

#include <string.h>

#include "base/setting.h"

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

/* All entries are there, where they are to be. */
static void
some_portable(const char *p, size_t n, char sep, const struct scan_want *want,
    struct scan_bits *b, uint32_t *idx, struct scan *s)
{
	const uint32_t *end = idx + want->nfield - 1;
	uint32_t i;

	scan_portable(p, n, sep, idx, s);
	b->nfar = 0;
	if ((uint64_t)s->nrec * want->nfield != s->nidx_rec)
		s->flags |= SCAN_RAGGED;
	for (i = 0; i < s->nrec && !(s->flags & SCAN_RAGGED); i++)
		if (p[end[(size_t)i * want->nfield]] != '\n')
			s->flags |= SCAN_RAGGED;
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
csvscan_flatten(uint32_t *out, uint32_t base, uint64_t bits)
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

/* The entries of one word: its bits, and the ends of records among them. */
static ALWAYS_INLINE void
keep_word(
    struct scan_bits *b, size_t i, uint64_t bits, uint64_t ends, uint32_t **end)
{
	b->word[i] = bits;
	b->before[i + 1] = b->before[i] + (uint32_t)__builtin_popcountll(bits);
	/* records are longer than that, where this pays */
	for (; UNLIKELY(ends & (ends - 1)); ends &= ends - 1)
		*(*end)++ =
		    (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(ends);
	/* without a branch on whether there is one */
	**end = (uint32_t)(i * 64) +
	    (uint32_t)__builtin_ctzll(ends | UINT64_C(1) << 63);
	*end += ends != 0;
}

/* So many words, or bits, are looked at without a branch on each. */
#define NEAR 8

/* The offset of the entry of this rank, which lies in word w or behind it. */
static ALWAYS_INLINE uint32_t
entry_at(const struct scan_bits *b, uint32_t w, uint32_t rank)
{
	const uint32_t *before;
	uint64_t bits;
	uint32_t skip, k, n;

	for (; UNLIKELY(b->before[w + NEAR] <= rank); w += NEAR)
		;
	before = b->before + w + 1;
	for (k = n = 0; k < NEAR; k++)
		n += before[k] <= rank;
	bits = b->word[w + n];
	skip = rank - before[(int)n - 1];
	for (k = 0; k < NEAR; k++)
		bits &= bits - (k < skip);
	for (; UNLIKELY(k < skip); k++)
		bits &= bits - 1;
	return (w + n) * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* From the bits, the wanted entries of n records; false: one of them has not
 * nfield fields. */
static ALWAYS_INLINE bool
pick(struct scan_bits *b, uint32_t n, const struct scan_want *want,
    uint32_t *idx)
{
	uint32_t start = 0, rec, i;
	uint32_t near = want->n; /* so many are near the record's begin */
	uint32_t rank = 0;       /* entries before the record */

	for (rec = 0; rec < n; rec++, idx += want->nfield) {
		uint32_t end = b->end[rec], w = start / 64, at = 0, have;
		/* the entries of the 64 bytes with which it begins */
		uint64_t bits = b->word[w] >> start % 64 |
		    b->word[w + 1] << 1 << (63 - start % 64);

		if (b->before[end / 64] +
			(uint32_t)__builtin_popcountll(
			    b->word[end / 64] << (63 - end % 64)) !=
		    rank + want->nfield)
			return false;
		have = (uint32_t)__builtin_popcountll(bits);
		for (i = 0; i < near; i++) {
			uint32_t f = want->field[i];

			if (UNLIKELY(f >= have)) {
				near = i;
				break;
			}
			for (; at < f; at++)
				bits &= bits - 1;
			idx[f] = start + (uint32_t)__builtin_ctzll(bits);
		}
		for (; i < want->n; i++)
			idx[want->field[i]] =
			    entry_at(b, w, rank + want->field[i]);
		idx[want->nfield - 1] = end;
		rank += want->nfield;
		start = end + 1;
	}
	b->nfar = want->n - near;
	return true;
}

/*
 * Where quotes come and go, whether a block has one is no branch that could be
 * foreseen: it is taken for all blocks behind a quote, 64 of them, and for none
 * of a table without.
 */
#define SCAN_TEMPLATE(NAME, TARGET, LOAD, PREFIX_XOR, FLATTEN)                 \
	TARGET static ALWAYS_INLINE uint64_t NAME##_block(const char *p,       \
	    char sep, uint64_t valid, struct carry *c, uint64_t *ends)         \
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
		*ends = m.newline & structural;                                \
		return structural;                                             \
	}                                                                      \
                                                                               \
	TARGET static void NAME(                                               \
	    const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)  \
	{                                                                      \
		struct carry c = {.open_ok = 1};                               \
		uint64_t bits, ends;                                           \
		uint32_t *out = idx;                                           \
		size_t i;                                                      \
                                                                               \
		for (i = 0; i + 64 <= n; i += 64) {                            \
			bits =                                                 \
			    NAME##_block(p + i, sep, ~UINT64_C(0), &c, &ends); \
			c.nrec += (uint32_t)__builtin_popcountll(ends);        \
			out = FLATTEN(out, (uint32_t)i, bits);                 \
		}                                                              \
		if (i < n) {                                                   \
			char tail[64] = {0};                                   \
                                                                               \
			memcpy(tail, p + i, n - i);                            \
			bits = NAME##_block(tail, sep,                         \
			    (UINT64_C(1) << (n - i)) - 1, &c, &ends);          \
			c.nrec += (uint32_t)__builtin_popcountll(ends);        \
			out = FLATTEN(out, (uint32_t)i, bits);                 \
		}                                                              \
		scan_result(s, p, n, idx, (uint32_t)(out - idx), &c);          \
	}                                                                      \
                                                                               \
	TARGET static void NAME##_some(const char *p, size_t n, char sep,      \
	    const struct scan_want *want, struct scan_bits *b, uint32_t *idx,  \
	    struct scan *s)                                                    \
	{                                                                      \
		struct carry c = {.open_ok = 1};                               \
		uint64_t bits, ends;                                           \
		uint32_t *end = b->end;                                        \
		size_t i, k;                                                   \
                                                                               \
		b->before[0] = 0;                                              \
		for (i = 0; i < n / 64; i++) {                                 \
			bits = NAME##_block(                                   \
			    p + i * 64, sep, ~UINT64_C(0), &c, &ends);         \
			keep_word(b, i, bits, ends, &end);                     \
		}                                                              \
		if (n % 64) {                                                  \
			char tail[64] = {0};                                   \
                                                                               \
			memcpy(tail, p + i * 64, n % 64);                      \
			bits = NAME##_block(tail, sep,                         \
			    (UINT64_C(1) << n % 64) - 1, &c, &ends);           \
			keep_word(b, i++, bits, ends, &end);                   \
		}                                                              \
		/* what entry_at() looks at behind the last of them */         \
		for (k = 0; k <= NEAR; k++)                                    \
			keep_word(b, i + k, 0, 0, &end);                       \
		c.nrec = (uint32_t)(end - b->end);                             \
		scan_result(s, p, n, b->end, c.nrec, &c);                      \
		s->nidx = b->before[i];                                        \
		s->nidx_rec = c.nrec * want->nfield;                           \
		if (!pick(b, c.nrec, want, idx))                               \
			s->flags |= SCAN_RAGGED;                               \
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
#include "rows/x86/csvscan_impl.h"
#elif defined(__aarch64__)
#include "rows/arm/csvscan_impl.h"
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
		list[n++] =
		    (struct csvscan_variant){"sse2", scan_sse2, scan_sse2_some};
		if (__builtin_cpu_supports("avx2") &&
		    __builtin_cpu_supports("pclmul"))
			list[n++] = (struct csvscan_variant){
			    "avx2", scan_avx2, scan_avx2_some};
		if (__builtin_cpu_supports("avx512bw") &&
		    __builtin_cpu_supports("avx512vbmi2") &&
		    __builtin_cpu_supports("pclmul"))
			list[n++] = (struct csvscan_variant){
			    "avx512", scan_avx512, scan_avx512_some};
#elif defined(__aarch64__)
		list[n++] =
		    (struct csvscan_variant){"neon", scan_neon, scan_neon_some};
#endif
		(void)n;
		list[0] = (struct csvscan_variant){
		    "portable", scan_portable, some_portable};
	}
	return list;
}

static const struct csvscan_variant *
csvscan_choose(void)
{
	static const struct csvscan_variant *chosen;
	const struct csvscan_variant *v;
	const char *want = setting()->simd;

	if (LIKELY(chosen))
		return chosen;
	/* they are listed slowest first */
	for (v = csvscan_variants(); v->name; v++) {
		chosen = v;
		if (want && strcmp(want, v->name) == 0)
			break;
	}
	return chosen;
}

void
csvscan(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s)
{
	csvscan_choose()->fn(p, n, sep, idx, s);
}

void
csvscan_some(const char *p, size_t n, char sep, const struct scan_want *want,
    struct scan_bits *b, uint32_t *idx, struct scan *s)
{
	csvscan_choose()->some(p, n, sep, want, b, idx, s);
}
