/*
 * fuzz - what the fuzz targets share: a failed property is an abort, and
 * bytes become a file without touching a disk.
 *
 * With clang's libFuzzer:
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -Ilib -D_GNU_SOURCE \
 *	    tests/fuzz/csv.c LIBSHARD -lisal -lz -lzstd -lxxhash -ljansson \
 *	    -o fuzz-csv
 *	./fuzz-csv -max_total_time=60 tests/fuzz/corpus/csv
 * or, to run over the seeds with any compiler, with main.c added:
 *	./fuzz-csv tests/fuzz/corpus/csv/...
 */
#ifndef SHARD_FUZZ_H
#define SHARD_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROPERTY(x)                                                            \
	do {                                                                   \
		if (!(x)) {                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
			    __LINE__, #x);                                     \
			abort();                                               \
		}                                                              \
	} while (0)

#define FUZZ_UNUSED __attribute__((unused))

/* A file in memory that holds the bytes; its path, until the next call with
 * the same number (0 or 1). */
static FUZZ_UNUSED const char *
fuzz_file(int which, const void *p, size_t n)
{
	static int fd[2] = {-1, -1};
	static char path[2][40];
	size_t at = 0;

	if (fd[which] < 0) {
		fd[which] = memfd_create("fuzz", MFD_CLOEXEC);
		if (fd[which] < 0)
			abort();
		snprintf(path[which], sizeof(path[which]), "/proc/self/fd/%d",
		    fd[which]);
	}
	if (ftruncate(fd[which], 0) < 0)
		abort();
	while (at < n) {
		ssize_t k =
		    pwrite(fd[which], (const char *)p + at, n - at, (off_t)at);

		if (k <= 0)
			abort();
		at += (size_t)k;
	}
	return path[which];
}

#endif
