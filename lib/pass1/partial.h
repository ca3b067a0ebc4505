/*
 * partial - the file parts/NNNNN.st: what pass 1 has found in one shard, or in
 * several whose partials were combined.  It has a text of facts and sorted runs
 * in any order, so any order and grouping of shards gives the same context.
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
	SECTION_TIMES_RLE, /* n distinct times: u64 hi each, then u64 each:
	                      the rows up to this time; lo as above */
	SECTION_KEYS,      /* n struct keyent in (hash, key) order */
	SECTION_LABELS,    /* the same, of labels, with hi = 0 */
	SECTION_STRATUM,   /* n row hashes, u64, sorted; the heap is the
	                      stratum's value */
	SECTION_NUMBERS,   /* as SECTION_TIMES without lo: keys of the
	                      numbers of a column (values.h), whose name is
	                      the heap */
	SECTION_NUMBERS_RLE,
	SECTION_COUNTS, /* n struct keyent in the order of value_hash(): hi is
	                   a count, where the index of the column in the
	                   partial's facts */
	SECTION_GROUPS, /* n struct keyent in (hash, key) order: hi is rows,
	                   where bytes */
	SECTION_TIES,   /* n u64, row << 32 | later row: rows of the shard
	                   with ordinal aux that have the same key and time;
	                   the former may be the key's first occurrence, the
	                   latter is in no section of keys */
};

struct section {
	uint32_t type, aux; /* of times: 1 if there is a lo */
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

/* Maps the file at path and checks its digest and its sections.  The caller
 * frees p with partial_close(). */
MUST_CHECK int partial_open(struct partial *p, const char *path, struct err *e);
/* Releases the pages that were read from this process's memory, until they are
 * read again. */
void partial_forget(const struct partial *p);
/* Unmaps the file. */
void partial_close(struct partial *p);
/* These return the content and the heap of a section, valid until p is closed.
 */
struct bytes partial_section(const struct partial *p, const struct section *s);
struct bytes partial_heap(const struct partial *p, const struct section *s);

/* Loads the section of facts, which the caller frees with facts_fini(). */
struct facts;
MUST_CHECK int
partial_facts(const struct partial *p, struct facts *f, struct err *e);

/* A writer of a partial.  Each partial_put function appends a section. */
struct partial_writer;
/* Begins a partial at path; NULL on error.  The caller frees it with
 * partial_writer_free(). */
struct partial_writer *partial_create(const char *path, struct err *e);
/* Puts the facts, as facts_save() writes them. */
MUST_CHECK int
partial_put_facts(struct partial_writer *w, struct bytes text, struct err *e);
/* Puts n sorted times; lo is NULL if all are 0. */
MUST_CHECK int partial_put_times(struct partial_writer *w, const uint64_t *hi,
    const uint8_t *lo, size_t n, struct err *e);
/* Puts the n sorted hashes of the rows of a stratum. */
MUST_CHECK int partial_put_stratum(struct partial_writer *w, struct bytes value,
    const uint64_t *hash, size_t n, struct err *e);
/* Puts the n sorted keys of the numbers of a column. */
MUST_CHECK int partial_put_numbers(struct partial_writer *w,
    struct bytes column, const uint64_t *key, size_t n, struct err *e);
/* Puts the content of a table, in order, and clears the table. */
MUST_CHECK int partial_put_keys(struct partial_writer *w,
    enum section_type type, struct keytable *t, struct err *e);
/* Puts n ties of the only shard of the partial. */
MUST_CHECK int partial_put_ties(
    struct partial_writer *w, const uint64_t *tie, size_t n, struct err *e);
/* Copies a section of another partial, with another aux, and with entries as
 * map, which may be NULL, changes them. */
MUST_CHECK int partial_copy(struct partial_writer *w, const struct partial *p,
    const struct section *s, uint32_t aux,
    void (*map)(void *arg, struct keyent *k), void *arg, struct err *e);
/* Writes the rest of the file and commits it. */
MUST_CHECK int partial_finish(struct partial_writer *w, struct err *e);
/* Frees w, and removes a file that was not committed. */
void partial_writer_free(struct partial_writer *w);

/* These return how many rows a section of times has, and how many before t. For
 * a section of hashes or numbers they are the hi of times. */
uint64_t times_total(const struct partial *p, const struct section *s);
uint64_t times_before(
    const struct partial *p, const struct section *s, struct instant t);
/* Returns the number of rows of element i of the section's array. */
uint64_t
times_rows(const struct partial *p, const struct section *s, uint64_t i);
/* Returns the time of element i of the section's array. */
struct instant
times_at(const struct partial *p, const struct section *s, uint64_t i);

#endif
