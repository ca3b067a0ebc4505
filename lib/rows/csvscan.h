/*
 * csvscan - where the fields of a block of CSV end: one vectorised pass.
 *
 * The portable version is the specification; the others give the same answer
 * for every input.  The fast path knows only clean data (LF, no NUL, quotes
 * where RFC 4180 has them); anything else is flagged, and csv.c reads such a
 * block again byte by byte, to mend it or to say what is wrong.
 */
#ifndef SHARD_CSVSCAN_H
#define SHARD_CSVSCAN_H

#include "base/base.h"

enum {
	SCAN_CONTROL = 1, /* a NUL or CR byte */
	SCAN_STRAY = 2,   /* a quote inside an unquoted field, or bytes
	                     between a closing quote and the separator */
	SCAN_RAGGED = 4,  /* csvscan_some: a record of other length */
};

struct scan {
	/* entries written to idx: the offset of every separator and newline
	 * outside quotes, ascending */
	uint32_t nidx;
	uint32_t nrec;     /* newlines among them */
	uint32_t nidx_rec; /* entries up to and with the last newline */
	uint32_t end;      /* offset behind the last newline, 0 if none */
	uint32_t nquoted;  /* newlines inside quotes before end */
	bool open_quote;   /* the block ends inside quotes */
	unsigned flags;    /* SCAN_*; then the rest is not to be trusted */
};

/* A block is at most this long, so that offsets fit. */
#define SCAN_MAX ((size_t)UINT32_MAX - 128)
/* idx must have room for n + SCAN_PAD entries; p need not be padded. */
#define SCAN_PAD 64

/* p[0..n) begins at the start of a record. */
typedef void
csvscan_fn(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s);

/* The fields of which the end is wanted, besides that of the record: ascending
 * and less than nfield - 1. */
struct scan_want {
	const uint32_t *field;
	uint32_t n, nfield;
};

/* The entries as bits: word and before have room for SCAN_WORDS(n), end has for
 * n + 1. */
#define SCAN_WORDS(n) ((n) / 64 + 16)
struct scan_bits {
	uint64_t *word;
	uint32_t *before; /* how many there are before each word */
	uint32_t *end;    /* the newlines among them */
	uint32_t nfar;    /* wanted fields that were looked for one by one */
};

/*
 * The same for a table of nfield fields of which few are looked at: of each
 * record, in idx[record * nfield + field], only the wanted entries.  A whole
 * record that has not nfield fields makes it SCAN_RAGGED, and nidx_rec says
 * nothing.
 */
typedef void
csvscan_some_fn(const char *p, size_t n, char sep, const struct scan_want *want,
    struct scan_bits *b, uint32_t *idx, struct scan *s);

/* The best variant for this machine, chosen at the first call, unless
 * the setting simd (base/setting.h: portable, sse2, avx2, avx512, neon) names
 * another one.  A name that the machine does not have is ignored. */
csvscan_fn csvscan;
csvscan_some_fn csvscan_some;

/* The variants, for tests: name and functions, NULL name at the end; those
 * this machine cannot run are left out. */
struct csvscan_variant {
	const char *name;
	csvscan_fn *fn;
	csvscan_some_fn *some;
};
const struct csvscan_variant *csvscan_variants(void);

#endif
