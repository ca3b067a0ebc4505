/*
 * runfile - what routing leaves on disk: rows of some shards, sorted by batch
 * and by their order in it, and a table that says where each batch's are.
 *
 *	head      struct runfile_head
 *	header    the header line of the rows
 *	records   of batch 0, of batch 1, ..., of no batch; as sortbuf has them
 *	table     nbatch + 1 entries of 48 bytes: where they begin, how many
 *		  bytes and rows, their digest, the longest key, and a digest of
 *		  these five numbers
 *
 * Numbers are as the machine has them; a machine of the other byte order finds
 * no magic.
 *
 *	w = runfile_new("OUT/_runs/data/00042.0.run", &head, header, true,
 *	    &e);
 *	runfile_put(w, batch, record, &e) ...;		batches ascending
 *	runfile_finish(w, &e);
 *	runfile_rename(w, &e);		all of a unit together
 *	runfile_free(w);		removes what was not renamed
 */
#ifndef SHARD_RUNFILE_H
#define SHARD_RUNFILE_H

#include "base/buf.h"
#include "sort/spill.h"

struct runfile_head {
	char magic[8];
	uint64_t map;    /* digest of the batch map */
	uint32_t nbatch; /* of it; rows of no batch have this number */
	uint32_t header; /* bytes of the header line, newline and all */
	uint8_t sep;     /* between the fields of a row */
	uint8_t kind;    /* enum time_kind of the order column */
	/* what the batches shall be: enum format, enum codec, its level */
	uint8_t format, codec, level;
	uint8_t sorted; /* 1: planned rows are in batches, and not in runs */
	uint8_t pad[2];
	uint64_t check; /* digest of the above and of the header line */
};

struct runfile_writer;

/* The temp file is created when needed; head's magic is filled in.  sync: on
 * the disk when it is finished. */
struct runfile_writer *
runfile_new(const char *path, const struct runfile_head *head,
    struct bytes header, bool sync, struct err *e);
/* A record as sortbuf_record() gives it, with a key of nkey bytes. */
MUST_CHECK int runfile_put(struct runfile_writer *w, uint32_t batch,
    struct bytes record, size_t nkey, struct err *e);
/* Writes the table, with fsync, and closes the file. */
MUST_CHECK int runfile_finish(struct runfile_writer *w, struct err *e);
MUST_CHECK int runfile_rename(struct runfile_writer *w, struct err *e);
void runfile_free(struct runfile_writer *w);

struct runfile {
	int fd;
	char *path;
	struct runfile_head head;
	struct buf header;
	uint64_t size;
};

#define RUNFILE_CLOSED ((struct runfile){.fd = -1})

/* Reads the head.  ERR_OUTPUT when the file is damaged: it is ours. */
MUST_CHECK int runfile_open(struct runfile *f, const char *path, struct err *e);
void runfile_close(struct runfile *f);
/* Where a batch's records are, and how many. */
MUST_CHECK int runfile_extent(const struct runfile *f, uint32_t batch,
    struct run_extent *x, uint64_t *rows, struct err *e);
/* Gives the disk back what a batch takes; on file systems that can. */
void runfile_free_extent(const char *path, const struct run_extent *x);

#endif
