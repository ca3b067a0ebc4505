/*
 * SSE2 is on every x86-64 machine; AVX2 with PCLMULQDQ on nearly all since
 * 2013; AVX-512 with VBMI2 since Ice Lake (2019) and Zen 4 (2022).  Included
 * by csvscan.c only.
 *
 * The quote mask by a carry-less product with all ones is from G. Langdale
 * and D. Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1.
 */
#include <immintrin.h>

#define TARGET_AVX2 __attribute__((target("avx2,pclmul,bmi,popcnt,lzcnt")))
#define TARGET_SSE2

static ALWAYS_INLINE uint64_t
mask_sse2(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

static ALWAYS_INLINE void
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

TARGET_AVX2 static ALWAYS_INLINE uint64_t
mask_avx2(__m256i a, __m256i b)
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

TARGET_AVX2 static ALWAYS_INLINE void
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

TARGET_AVX2 static ALWAYS_INLINE uint64_t
prefix_xor_clmul(uint64_t x)
{
	__m128i ones = _mm_set1_epi8((char)0xff);

	return (uint64_t)_mm_cvtsi128_si64(
	    _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)x), ones, 0));
}

/* Of each byte the numbers of its bits that are set. */
static uint8_t bits_of[256][8];

static void
fill_bits_of(void)
{
	unsigned b, k, n;

	for (b = 0; b < 256; b++)
		for (k = n = 0; k < 8; k++)
			if (b >> k & 1)
				bits_of[b][n++] = (uint8_t)k;
}

/* Eight bits at a time by the table, always all of them: a branch on how many
 * there are would be wrong too often. */
TARGET_AVX2 static ALWAYS_INLINE uint32_t *
flatten_avx2(uint32_t *out, uint32_t base, uint64_t bits)
{
	__m256i from = _mm256_set1_epi32((int)base),
		eight = _mm256_set1_epi32(8);
	unsigned k;

#pragma GCC unroll 8
	for (k = 0; k < 8; k++) {
		unsigned byte = (uint8_t)(bits >> (8 * k));

		_mm256_storeu_si256((__m256i *)(void *)out,
		    _mm256_add_epi32(from,
			_mm256_cvtepu8_epi32(_mm_loadl_epi64(
			    (const __m128i *)(const void *)bits_of[byte]))));
		from = _mm256_add_epi32(from, eight);
		out += __builtin_popcount(byte);
	}
	return out;
}

#define TARGET_AVX512                                                          \
	__attribute__((                                                        \
	    target("avx512f,avx512bw,avx512vbmi2,pclmul,bmi,popcnt,lzcnt")))

TARGET_AVX512 static ALWAYS_INLINE void
load_avx512(const char *p, char sep, struct masks *m)
{
	__m512i v = _mm512_loadu_si512(p);

	m->quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
	m->newline = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
	m->sep = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(sep));
	m->control = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8('\r'));
}

/* The numbers of the bits set, side by side as bytes, then sixteen at a time
 * as offsets; no branch depends on how many but the loop's own. */
TARGET_AVX512 static ALWAYS_INLINE uint32_t *
flatten_avx512(uint32_t *out, uint32_t base, uint64_t bits)
{
	static const char iota[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
	    30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
	    47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i at = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(iota)),
		from = _mm512_set1_epi32((int)base);
	unsigned n = (unsigned)__builtin_popcountll(bits);

#define PUT16(k)                                                               \
	_mm512_storeu_si512(out + (k)*16,                                      \
	    _mm512_add_epi32(                                                  \
		from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(at, k))))
	PUT16(0);
	if (UNLIKELY(n > 16)) {
		PUT16(1);
		if (n > 32) {
			PUT16(2);
			PUT16(3);
		}
	}
#undef PUT16
	return out + n;
}

SCAN_TEMPLATE(
    scan_sse2, TARGET_SSE2, load_sse2, prefix_xor_shifts, csvscan_flatten)
SCAN_TEMPLATE(scan_avx2, TARGET_AVX2, load_avx2, prefix_xor_clmul, flatten_avx2)
SCAN_TEMPLATE(
    scan_avx512, TARGET_AVX512, load_avx512, prefix_xor_clmul, flatten_avx512)
