/*
 * codec - any bytes as a file: read to its end or refused, the same whether
 * it is asked for in large or in small pieces.
 */
#include "io/codec.h"

#include "base/digest.h"
#include "fuzz.h"
#include "io/in.h"

/* A few bytes may stand for gigabytes: look at that many. */
#define ENOUGH ((uint64_t)8 << 20)

static int
read_all(const char *path, size_t min, uint64_t *n, uint64_t *digest)
{
	struct err e = ERR_ZERO;
	struct in *in = in_open(path, IN_DIGEST, &e);
	struct digest *d = digest_new();
	struct bytes v;
	int rc = -1;

	*n = 0;
	if (!in)
		goto out;
	while ((rc = in_peek(in, min, &v, &e)) == 0 && v.n > 0 && *n < ENOUGH) {
		size_t take = min < v.n ? min : v.n;

		if ((uint64_t)take > ENOUGH - *n)
			take = (size_t)(ENOUGH - *n);
		digest_add(d, v.p, take);
		*n += take;
		in_consume(in, take);
	}
out:
	if (rc < 0)
		PROPERTY(e.kind == ERR_INPUT && e.msg[0]);
	*digest = digest_value(d);
	digest_free(d);
	in_close(in);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1000, IN_BLOCK + 1};
	const char *path = fuzz_file(0, data, size);
	uint64_t n, digest, n2, digest2;
	struct bytes head = bytes_of((const char *)data, size);
	int rc = read_all(path, IN_BLOCK, &n, &digest), rc2;
	size_t i;

	if (codec_of_magic(head) == CODEC_NONE)
		PROPERTY(
		    rc == 0 && n == size && digest == digest_of(data, size));
	for (i = 0; i < LEN(pieces); i++) {
		rc2 = read_all(path, pieces[i], &n2, &digest2);
		/* large data may be left before its end is reached */
		if (n == ENOUGH || n2 == ENOUGH)
			continue;
		PROPERTY(rc == rc2);
		if (rc == 0)
			PROPERTY(n == n2 && digest == digest2);
	}
	return 0;
}
