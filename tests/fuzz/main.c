/*
 * main - runs a fuzz target over files: the seeds in CI, where there is no
 * libFuzzer, and findings under a debugger.
 *
 *	fuzz-NAME FILE ...
 */
#include <stdio.h>

#include "fuzz.h"

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		char tmp[65536];
		struct buf b = BUF_ZERO;
		uint8_t *exact;
		size_t n;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		while ((n = fread(tmp, 1, sizeof(tmp), f)) > 0)
			buf_put(&b, tmp, n);
		fclose(f);
		/* exactly as long as the data, for ASan to see its end */
		exact = xmalloc(b.n);
		if (b.n)
			memcpy(exact, b.p, b.n);
		n = b.n;
		buf_fini(&b);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
	}
	printf("%d inputs, all fine\n", argc - 1);
	return 0;
}
