#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

/*
 * Long inputs go through libxxhash's own run-time dispatch (AVX2 where the
 * machine has it); it exists for x86 only.
 */
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#endif

struct digest {
	XXH3_state_t *st;
};

struct digest *
digest_new(void)
{
	struct digest *d = xmalloc(sizeof(*d));

	d->st = XXH3_createState();
	if (!d->st)
		abort();
	digest_reset(d);
	return d;
}

void
digest_reset(struct digest *d)
{
	XXH3_64bits_reset(d->st);
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	XXH3_64bits_update(d->st, p, n);
}

uint64_t
digest_value(const struct digest *d)
{
	return XXH3_64bits_digest(d->st);
}

void
digest_free(struct digest *d)
{
	if (d)
		XXH3_freeState(d->st);
	free(d);
}

uint64_t
digest_of(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}

uint64_t
digest_of_seeded(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

void
digest_hex(uint64_t v, char out[17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)v);
}
