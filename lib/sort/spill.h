/*
 * spill - sorted runs on disk: one file without a name, which is gone when
 * the process is, however it ends.
 *
 *	s = spill_open("/tmp", &e);
 *	spill_begin(s, buffer, size);
 *	spill_put(s, bytes, n, &e) ...;		records, as sortbuf has them
 *	spill_end(s, longest_key, &run, &e);
 *	spill_read(&r, s, &run, buffer, size);
 *	in = spill_in(&r);			for kmerge
 *
 * A run is written once and read once, in order.  What has been read is given
 * back to the disk at once, so that the file takes as much as is in the runs
 * not yet read.  A digest tells whether what comes back is what was written.
 */
#ifndef SHARD_SPILL_H
#define SHARD_SPILL_H

#include "base/digest.h"
#include "sort/kmerge.h"

struct spill;

struct run_extent {
	uint64_t off, len, digest;
	size_t key_max; /* no key is longer */
};

/* dir is kept for messages. */
struct spill *spill_open(const char *dir, struct err *e);
void spill_close(struct spill *s);

/* A run at the end of the file, through the caller's buffer. */
void spill_begin(struct spill *s, char *buf, size_t cap);
MUST_CHECK int
spill_put(struct spill *s, const void *p, size_t n, struct err *e);
MUST_CHECK int spill_end(
    struct spill *s, size_t key_max, struct run_extent *run, struct err *e);

/* A run as it is read, through the caller's buffer of at least
 * spill_room(run) bytes. */
struct run_reader {
	int fd;
	const char *name;
	bool *can_free; /* is it given back to the disk?  NULL: never */
	const struct run_extent *run;
	struct digest *digest;
	char *buf;
	size_t pos, end, cap;
	uint64_t at, freed; /* in the file: read, given back */
	uint64_t row_left;  /* of the record's row */
};

size_t spill_room(const struct run_extent *run);
/* run must outlive it. */
void spill_read(struct run_reader *r, struct spill *s,
    const struct run_extent *run, char *buf, size_t cap);
/* The same of a run in any file, which is left as it is; fd and name (for
 * messages) stay the caller's. */
void spill_read_file(struct run_reader *r, int fd, const char *name,
    const struct run_extent *run, char *buf, size_t cap);
struct kmerge_in spill_in(struct run_reader *r);
void spill_read_end(struct run_reader *r);

#endif
