/* NEON, on every 64-bit ARM machine.  Included by csvscan.c only. */
#include <arm_neon.h>

#define TARGET_NEON

/* 64 byte comparisons to 64 bits: one weight per byte, then pairwise sums. */
static ALWAYS_INLINE uint64_t
mask_neon(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
	const uint8x16_t w = {
	    1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t s0 = vpaddq_u8(vandq_u8(a, w), vandq_u8(b, w));
	uint8x16_t s1 = vpaddq_u8(vandq_u8(c, w), vandq_u8(d, w));

	s0 = vpaddq_u8(s0, s1);
	s0 = vpaddq_u8(s0, s0);
	return vgetq_lane_u64(vreinterpretq_u64_u8(s0), 0);
}

static ALWAYS_INLINE void
load_neon(const char *p, char sep, struct masks *m)
{
	const uint8_t *u = (const uint8_t *)p;
	uint8x16_t a = vld1q_u8(u), b = vld1q_u8(u + 16), c = vld1q_u8(u + 32),
		   d = vld1q_u8(u + 48), k;

#define EQ4(ch)                                                                \
	(k = vdupq_n_u8((uint8_t)(ch)),                                        \
	    mask_neon(vceqq_u8(a, k), vceqq_u8(b, k), vceqq_u8(c, k),          \
		vceqq_u8(d, k)))
	m->quote = EQ4('"');
	m->newline = EQ4('\n');
	m->sep = EQ4(sep);
	k = vdupq_n_u8('\r');
	m->control = mask_neon(
	    vcleq_u8(a, k), vcleq_u8(b, k), vcleq_u8(c, k), vcleq_u8(d, k));
#undef EQ4
}

SCAN_TEMPLATE(
    scan_neon, TARGET_NEON, load_neon, prefix_xor_shifts, csvscan_flatten)
