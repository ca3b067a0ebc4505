/*
 * partial - parts/NNNNN.st: what pass 1 found in one shard, or in several
 * merged ones.  A text of facts and a bag of sorted runs; merging is putting
 * the bags together, so any grouping and any order give the same context.
 *
 *	"SHARDST2"
 *	sections, each beginning at a multiple of 8
 *	section table: struct section, one per section
 *	footer: table offset u64, sections u64, XXH3-64 of all before the
 *	        footer u64, "SHARDEND"
 *
 * The digest is XXH3-64 of the footer's first 16 bytes, seeded with XXH3-64 of
 * all before the footer.  Numbers are little-endian.  Opening maps the file and
 * checks the digest.
 */
#ifndef SHARD_PARTIAL_H
#define SHARD_PARTIAL_H

#include "base/buf.h"
#include "base/err.h"
#include "keys/keytable.h"

enum section_type {
	SECTION_FACTS = 1, /* TSV text, see facts.h */
	SECTION_TIMES,     /* n times: u64 hi each, sorted by (hi, lo); then,
	                      unless all lo are 0, n bytes lo */
	SECTION_TIMES_RLE, /* n distinct times: u64 hi each, then u64 rows up
	                      to and with it; lo as above */
	SECTION_KEYS,      /* n struct keyent in (hash, key) order */
	SECTION_LABELS,    /* the same, of labels, with hi = 0 */
	SECTION_STRATUM,   /* n row hashes, u64, sorted; the heap is the
	                      stratum's value */
	SECTION_NUMBERS,   /* as SECTION_TIMES without lo: keys of the
	                      numbers of a column (values.h), whose name is
	                      the heap */
	SECTION_NUMBERS_RLE,
	SECTION_COUNTS, /* n struct keyent, hi a count, where the number
	                   of the column in the partial's facts, in order
	                   of value_hash() */
	SECTION_GROUPS, /* n struct keyent in (hash, key) order, hi rows,
	                   where bytes */
	SECTION_TIES,   /* n u64, row << 32 | later row: rows of the shard
	                   with ordinal aux that have the same key and time;
	                   the former may be the key's first occurrence, the
	                   latter is in no section of keys */
};

struct section {
	uint32_t type, aux; /* of times: is there a lo? */
	uint64_t n, off, len;
	uint64_t heap_off, heap_len;
};

struct partial {
	char *path;
	const char *map;
	size_t size;
	const struct section *sec;
	size_t nsec;
};

MUST_CHECK int partial_open(struct partial *p, const char *path, struct err *e);
/* Pages that were read are not this process's memory any more, until they are
 * read again. */
void partial_forget(const struct partial *p);
void partial_close(struct partial *p);
struct bytes partial_section(const struct partial *p, const struct section *s);
struct bytes partial_heap(const struct partial *p, const struct section *s);

/* Loads the section of facts. */
struct facts;
MUST_CHECK int
partial_facts(const struct partial *p, struct facts *f, struct err *e);

struct partial_writer;
struct partial_writer *partial_create(const char *path, struct err *e);
MUST_CHECK int
partial_put_facts(struct partial_writer *w, struct bytes text, struct err *e);
/* n times, sorted; lo NULL when all are 0. */
MUST_CHECK int partial_put_times(struct partial_writer *w, const uint64_t *hi,
    const uint8_t *lo, size_t n, struct err *e);
/* n sorted hashes of the rows of one stratum. */
MUST_CHECK int partial_put_stratum(struct partial_writer *w, struct bytes value,
    const uint64_t *hash, size_t n, struct err *e);
/* n sorted keys of a column's numbers. */
MUST_CHECK int partial_put_numbers(struct partial_writer *w,
    struct bytes column, const uint64_t *key, size_t n, struct err *e);
/* Takes the table's content in order; the table is cleared. */
MUST_CHECK int partial_put_keys(struct partial_writer *w,
    enum section_type type, struct keytable *t, struct err *e);
/* n ties of the one shard. */
MUST_CHECK int partial_put_ties(
    struct partial_writer *w, const uint64_t *tie, size_t n, struct err *e);
/* A section as it stands in another partial, but for aux and for entries, which
 * map changes (may be NULL). */
MUST_CHECK int partial_copy(struct partial_writer *w, const struct partial *p,
    const struct section *s, uint32_t aux,
    void (*map)(void *arg, struct keyent *k), void *arg, struct err *e);
MUST_CHECK int partial_finish(struct partial_writer *w, struct err *e);
void partial_writer_free(struct partial_writer *w);

/* Times (or, as hi, hashes) of a section: total rows, and rows before t. */
uint64_t times_total(const struct partial *p, const struct section *s);
uint64_t times_before(
    const struct partial *p, const struct section *s, struct instant t);
/* Rows of the entry at position i of the section's array. */
uint64_t
times_rows(const struct partial *p, const struct section *s, uint64_t i);
/* The distinct time at position i of the section's array. */
struct instant
times_at(const struct partial *p, const struct section *s, uint64_t i);

#endif
