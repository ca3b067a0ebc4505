/*
 * SSE2 is on every x86-64 machine; AVX2 with PCLMULQDQ on nearly all since
 * 2013.  Included by csvscan.c only.
 *
 * The quote mask by a carry-less product with all ones is from G. Langdale
 * and D. Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1.
 */
#include <immintrin.h>

#define TARGET_AVX2 __attribute__((target("avx2,pclmul,bmi,popcnt,lzcnt")))
#define TARGET_SSE2

static inline uint64_t
mask_sse2(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

static inline void
load_sse2(const char *p, char sep, struct masks *m)
{
	const __m128i *v = (const __m128i *)(const void *)p;
	__m128i a = _mm_loadu_si128(v), b = _mm_loadu_si128(v + 1),
		c = _mm_loadu_si128(v + 2), d = _mm_loadu_si128(v + 3), k;

#define EQ4(ch)                                                                \
	(k = _mm_set1_epi8(ch),                                                \
	    mask_sse2(_mm_cmpeq_epi8(a, k), _mm_cmpeq_epi8(b, k),              \
		_mm_cmpeq_epi8(c, k), _mm_cmpeq_epi8(d, k)))
#define LE4(x) _mm_cmpeq_epi8(_mm_min_epu8(x, k), x)
	m->quote = EQ4('"');
	m->newline = EQ4('\n');
	m->sep = EQ4(sep);
	k = _mm_set1_epi8('\r');
	m->control = mask_sse2(LE4(a), LE4(b), LE4(c), LE4(d));
#undef EQ4
#undef LE4
}

TARGET_AVX2 static inline uint64_t
mask_avx2(__m256i a, __m256i b)
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

TARGET_AVX2 static inline void
load_avx2(const char *p, char sep, struct masks *m)
{
	const __m256i *v = (const __m256i *)(const void *)p;
	__m256i a = _mm256_loadu_si256(v), b = _mm256_loadu_si256(v + 1), k;

#define EQ2(ch)                                                                \
	(k = _mm256_set1_epi8(ch),                                             \
	    mask_avx2(_mm256_cmpeq_epi8(a, k), _mm256_cmpeq_epi8(b, k)))
#define LE2(x) _mm256_cmpeq_epi8(_mm256_min_epu8(x, k), x)
	m->quote = EQ2('"');
	m->newline = EQ2('\n');
	m->sep = EQ2(sep);
	k = _mm256_set1_epi8('\r');
	m->control = mask_avx2(LE2(a), LE2(b));
#undef EQ2
#undef LE2
}

TARGET_AVX2 static inline uint64_t
prefix_xor_clmul(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
	    _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)x), ones, 0));
}

SCAN_TEMPLATE(scan_sse2, TARGET_SSE2, load_sse2, prefix_xor_shifts)
SCAN_TEMPLATE(scan_avx2, TARGET_AVX2, load_avx2, prefix_xor_clmul)
