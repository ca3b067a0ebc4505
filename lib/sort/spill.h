/*
 * spill - sorted runs on disk, in a file without a name, which disappears when
 * the process ends, however it ends.
 *
 *	s = spill_open("/tmp", &e);
 *	spill_begin(s, buffer, size);
 *	spill_put(s, bytes, n, &e) ...;		records, as in sortbuf.h
 *	spill_end(s, longest_key, &run, &e);
 *	spill_read(&r, s, &run, buffer, size);
 *	in = spill_in(&r);			for kmerge
 *
 * A run is written once and read once, from its beginning to its end.  The disk
 * space of what has been read is freed at once, so the file takes only the
 * space of what is still to be read.  A digest of each run shows whether the
 * bytes read are those written.
 */
#ifndef SHARD_SPILL_H
#define SHARD_SPILL_H

#include "base/digest.h"
#include "sort/kmerge.h"

struct spill;

/* Where a run lies in its file, in bytes. */
struct run_extent {
	uint64_t off, len, digest;
	size_t key_max; /* length of the longest key */
};

/* Opens a file in dir; NULL on error.  The caller frees it with spill_close().
 * dir is for messages too, and must outlive the spill. */
struct spill *spill_open(const char *dir, struct err *e);
/* Closes the file and frees s. */
void spill_close(struct spill *s);

/* Begins a run at the end of the file.  It is written through the caller's
 * buffer of cap bytes, which must not be used until spill_end(). */
void spill_begin(struct spill *s, char *buf, size_t cap);
/* Appends n bytes of records to the run. */
MUST_CHECK int
spill_put(struct spill *s, const void *p, size_t n, struct err *e);
/* Ends the run and fills its extent; key_max is the length of its longest key.
 */
MUST_CHECK int spill_end(
    struct spill *s, size_t key_max, struct run_extent *run, struct err *e);

/* A run that is being read through a buffer of the caller's. */
struct run_reader {
	int fd;
	const char *name;
	bool *can_free; /* false: the file system cannot free what was read;
	                   NULL: it is not to be freed */
	const struct run_extent *run;
	struct digest *digest;
	char *buf;
	size_t pos, end, cap;
	uint64_t at, freed; /* read and freed up to here, in the file */
	uint64_t row_left;  /* bytes left of the record's row */
};

/* Returns the least size in bytes of a buffer to read the run through. */
size_t spill_room(const struct run_extent *run);
/* Begins to read a run through buf, which has cap bytes, at least
 * spill_room(run). run, buf and s must outlive r. */
void spill_read(struct run_reader *r, struct spill *s,
    const struct run_extent *run, char *buf, size_t cap);
/* Begins to read a run of any file, which is not changed.  fd and name, which
 * is for messages, stay the caller's and must outlive r. */
void spill_read_file(struct run_reader *r, int fd, const char *name,
    const struct run_extent *run, char *buf, size_t cap);
/* Returns the run as an input of kmerge, valid as long as r. */
struct kmerge_in spill_in(struct run_reader *r);
/* Frees what r holds; the buffer stays the caller's. */
void spill_read_end(struct run_reader *r);

#endif
