/*
 * archive - any bytes as an archive: a tar when the first is even, else a zip.
 * Read whole, it says no more bytes than its headers do, and the same twice;
 * one that is cut short is a tar's no more.
 */
#include "io/archive.h"

#include "base/digest.h"
#include "fuzz.h"

/* Paths with these endings to the bytes; the file's own has none. */
static char path[2][60];

static void
clean_up(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (*path[i]) {
			unlink(path[i]);
			*strrchr(path[i], '/') = '\0';
			rmdir(path[i]);
		}
}

static const char *
named(const void *p, size_t n, bool zip)
{
	const char *file = fuzz_file(zip, p, n);

	if (!*path[zip]) {
		char dir[] = "/tmp/fuzzmembers.XXXXXX";

		PROPERTY(mkdtemp(dir) != NULL);
		if (!*path[!zip])
			atexit(clean_up);
		snprintf(path[zip], sizeof(path[zip]), "%s/x.%s", dir,
		    zip ? "zip" : "tar");
		PROPERTY(symlink(file, path[zip]) == 0);
	}
	return path[zip];
}

/* -1: refused; else the members.  Adds all there is to d. */
static int
read_all(const char *name, struct digest *d)
{
	struct err e = ERR_ZERO;
	struct members *m = members_open(name, &e);
	struct member v;
	char block[4096];
	int rc = -1, n = 0;
	ssize_t k = 0;

	while (m && k == 0 && (rc = members_next(m, &v, &e)) > 0) {
		uint64_t got = 0;

		n++;
		digest_add(d, v.name, strlen(v.name));
		if (!v.regular)
			continue;
		while ((k = members_read(m, block, sizeof(block), &e)) > 0) {
			digest_add(d, block, (size_t)k);
			got += (uint64_t)k;
			PROPERTY(got <= v.bytes);
			if (got > 1 << 20) /* a sparse file is any size */
				break;
		}
		PROPERTY(k != 0 || got == v.bytes);
	}
	members_close(m);
	if (rc != 0 || k != 0) {
		PROPERTY(k > 0 || e.kind != ERR_NONE);
		return -1;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest *a = digest_new(), *b = digest_new();
	bool zip = size > 0 && data[0] & 1;
	const char *name;
	int n;

	if (size == 0)
		goto out;
	name = named(data + 1, size - 1, zip);
	n = read_all(name, a);
	PROPERTY(n == read_all(name, b));
	PROPERTY(digest_value(a) == digest_value(b));
	if (n >= 0 && !zip) {
		size_t end = size - 1;

		while (end > 0 && data[end] == 0)
			end--;
		/* up to its last byte that is not zero there is no end */
		name = named(data + 1, end, false);
		PROPERTY(n == 0 || read_all(name, b) < 0);
	}
out:
	digest_free(a);
	digest_free(b);
	return 0;
}
