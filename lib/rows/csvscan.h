/*
 * csvscan - finds where the fields of a piece of CSV end, in one vectorised
 * pass.
 *
 * The portable variant is the specification; the others give the same result
 * for every input.  They know only clean data: LF, no NUL, and quotes where RFC
 * 4180 has them.  Anything else sets a flag, and csv.c reads such a piece again
 * byte by byte, to mend it or to say what is wrong.
 */
#ifndef SHARD_CSVSCAN_H
#define SHARD_CSVSCAN_H

#include "base/base.h"

enum {
	SCAN_CONTROL = 1, /* a NUL or CR byte */
	SCAN_STRAY = 2,   /* a quote inside an unquoted field, or bytes
	                     between a closing quote and the separator */
	SCAN_RAGGED = 4,  /* csvscan_some(): a record has another number of
	                     fields */
};

struct scan {
	/* entries written to idx: the offsets of all separators and newlines
	 * outside quotes, ascending */
	uint32_t nidx;
	uint32_t nrec; /* newlines among them */
	uint32_t
	    nidx_rec; /* entries up to the last newline, which is included */
	uint32_t end; /* offset after the last newline, 0 if none */
	uint32_t nquoted; /* newlines inside quotes before end */
	bool open_quote;  /* the piece ends inside quotes */
	unsigned flags;   /* SCAN_*; if not 0, all else is meaningless */
};

/* The greatest length of a piece in bytes, so that offsets fit. */
#define SCAN_MAX ((size_t)UINT32_MAX - 128)
/* idx must have room for n + SCAN_PAD entries; p need not be padded. */
#define SCAN_PAD 64

/* Scans p[0..n), which begins at the start of a record, into idx and s. */
typedef void
csvscan_fn(const char *p, size_t n, char sep, uint32_t *idx, struct scan *s);

/* The n fields whose ends are wanted besides the ends of records: their
 * numbers, ascending, each less than nfield - 1. */
struct scan_want {
	const uint32_t *field;
	uint32_t n, nfield;
};

/* The entries as bits, one per byte of the piece.  word and before must have
 * room for SCAN_WORDS(n) numbers, end for n + 1. */
#define SCAN_WORDS(n) ((n) / 64 + 16)
struct scan_bits {
	uint64_t *word;
	uint32_t *before; /* number of entries before each word */
	uint32_t *end;    /* the newlines among the entries */
	uint32_t nfar;    /* wanted fields that were searched one by one */
};

/*
 * The same for a table of nfield fields of which few are wanted: only the
 * wanted ends are stored, that of a field in idx[record * nfield + field].  A
 * whole record with another number of fields sets SCAN_RAGGED.  nidx_rec is not
 * set.
 */
typedef void
csvscan_some_fn(const char *p, size_t n, char sep, const struct scan_want *want,
    struct scan_bits *b, uint32_t *idx, struct scan *s);

/* These call the fastest variant of this machine, or the one that the setting
 * simd names (base/setting.h: portable, sse2, avx2, avx512, neon); a name that
 * the machine does not have is ignored.  The first call chooses for all. */
csvscan_fn csvscan;
csvscan_some_fn csvscan_some;

/* A variant, for tests. */
struct csvscan_variant {
	const char *name;
	csvscan_fn *fn;
	csvscan_some_fn *some;
};
/* Returns the variants that this machine can run, the slowest first; a NULL
 * name ends the array. */
const struct csvscan_variant *csvscan_variants(void);

#endif
