/*
 * tidy - what a run does to its output before the first shard: it makes it its
 * own, and removes what killed runs, inputs that are gone and other options
 * left there.
 */
#ifndef SHARD_TIDY_H
#define SHARD_TIDY_H

#include "jobs/job.h"

/* Claims the output once (claim.h). */
MUST_CHECK int tidy_claim(struct job *j, struct err *e);
/* Which records of an output stay, with their files. */
enum tidy {
	KEEP_LISTED, /* those of the job's shards */
	KEEP_ALL,
	KEEP_NONE
};
/*
 * Unless the output is new, removes temp files and what shards that were not
 * finished left; then the records that do not stay, and their files.  scope is
 * that of the records, or NULL.
 */
MUST_CHECK int tidy_output(struct job *j, const char *out, const char *scope,
    enum tidy keep, struct err *e);
/* Removes the records of the scope (NULL: all), and their files, that are of
 * none of the n shards. */
MUST_CHECK int tidy_scope(struct job *j, const char *out, const char *scope,
    const struct shard *shard, size_t n, struct err *e);
/* Removes temp files in dir and below. */
MUST_CHECK int tidy_temps(const char *dir, struct err *e);
/* Writes the header of JSON shards to path.  Where it is another one than
 * before, the partials in parts are of other columns and go. */
MUST_CHECK int tidy_header(const char *path, const struct buf *header,
    const char *parts, struct err *e);
/*
 * Archives among the inputs become the directories in which they have shards,
 * below OUT/_unpacked, from where they were unpacked unless they have been
 * there since the archive was as it is.  A plan of a run cannot name what is
 * still to be unpacked: that is an error.
 */
MUST_CHECK int tidy_unpack(struct job *j, struct err *e);
/* The same for one archive, whose number among the inputs this is: its files
 * are in *to, a directory, which the caller frees. */
MUST_CHECK int tidy_unpack_one(struct job *j, const char *archive,
    size_t number, char **to, struct err *e);
/* *dir becomes the directory below it that has the archive's shards; or, where
 * they are in several, one with links to all of them. */
MUST_CHECK int tidy_flatten(char **dir, const char *archive, struct err *e);
/* Appends what makes the archives that are unpacked there the same as before.
 */
MUST_CHECK int tidy_archives(const char *out, struct buf *b, struct err *e);
/* Removes OUT/_unpacked, when the job is done. */
MUST_CHECK int tidy_unpacked(const char *out, struct err *e);
/* Removes a file, or a directory and all below it; it need not be there. */
MUST_CHECK int remove_tree(const char *path, struct err *e);

#endif
