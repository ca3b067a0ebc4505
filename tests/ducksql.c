/*
 * ducksql SQL... - runs statements in DuckDB's library, as lib/rows/duck.h
 * finds it, and prints their rows, a line each, with bars between the columns:
 * what the tests make Parquet with that others would write, and read ours with.
 * Columns other than text have to be cast.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/setting.h"
#include "rows/duck.h"

int
main(int argc, char *argv[])
{
	struct err e = ERR_ZERO;
	struct duck_query q;
	uint64_t n, i, c;
	int rc = 0, k;

	setting_set(&(struct setting){.duckdb = getenv("SHARDKIT_DUCKDB")});
	for (k = 1; k < argc && rc == 0; k++) {
		rc = duck_query(&q, argv[k], &e);
		while (rc == 0 && (rc = duck_fetch(&q, &n, &e)) > 0) {
			uint64_t ncol = q.d->duckdb_column_count(&q.result);

			rc = 0;
			for (i = 0; i < n * ncol; i++) {
				const uint64_t *valid;
				const struct duck_string *s;
				uint64_t row = i / ncol;
				struct bytes v = {"-", 1};

				c = i % ncol;
				s = duck_column(&q, c, &valid);
				if (q.d->duckdb_column_type(&q.result, c) ==
					DUCK_VARCHAR &&
				    (!valid || valid[row / 64] >> row % 64 & 1))
					v = duck_text(&s[row]);
				printf("%.*s%c", (int)v.n, v.p,
				    c + 1 < ncol ? '|' : '\n');
			}
		}
		duck_end(&q);
	}
	if (rc < 0)
		fprintf(stderr, "ducksql: %s\n", e.msg);
	return rc < 0;
}
