/*
 * job - one run of preprocess, impute or shred: what the options and the inputs
 * decide, before a recipe of shell lines does the work.
 *
 * A job is described by a struct job_type: a table of options and four steps.
 * The driver (cmd/shard-job.c) calls them in this order:
 *
 *	prepare   checks the options, looks at the inputs, decides everything;
 *	          writes nothing
 *	begin     makes the output the job's own, removes what killed runs left
 *	          there, and writes the lists that the recipe's lines read
 *	vars      says it all to the recipe, as variables of the shell
 *	(the recipe runs)
 *	summary   the text that a person reads at the end
 */
#ifndef SHARD_JOB_H
#define SHARD_JOB_H

#include "base/word.h"
#include "jobs/claim.h"
#include "jobs/look.h"
#include "jobs/option.h"

/* The beginning of lines that run a command over all shards of a list, as
 * vars() has it, and the same for GNU parallel. */
struct job_each {
	struct buf line, parallel;
	/* Words that name the directories of the shards, ended by NUL: once
	 * for all, or for each where their shards have the same numbers. */
	struct buf dirs;
};

struct job {
	const struct job_type *type;
	char *const *env;
	struct options opt;
	struct look look;
	struct claim claim;
	/* What the recipe works on, for people: of the look, unless the job
	 * says otherwise. */
	uint64_t shards, bytes;
	struct buf from; /* the inputs, as words */
	/* Those that vars() made: the plan of a run shows their other forms. */
	struct job_each *each;
	size_t neach;
	void *st; /* of the job's type, freed by its free() */
	void (*warn)(const char *fmt, ...) PRINTF_LIKE(1, 2);
	void (*note)(const char *fmt, ...) PRINTF_LIKE(1, 2);
};

struct job_type {
	const struct job_table *table;
	/* Fills in what nobody gave and the inputs or the machine decide, for
	 * --print-config: an error leaves what is known until then. */
	int (*resolve)(struct job *j, struct err *e);
	int (*prepare)(struct job *j, struct err *e);
	int (*begin)(struct job *j, struct err *e);
	int (*vars)(struct job *j, struct buf *vars, struct err *e);
	int (*summary)(
	    struct job *j, double seconds, struct buf *text, struct err *e);
	void (*free)(struct job *j);
	/* Goes on to the next part of a job for which the recipe runs more than
	 * once: 1; 0 where there is none; -1.  NULL: it runs once. */
	int (*next)(struct job *j, struct err *e);
	/* The exit status of a job whose recipe ended with this one, which is
	 * not 0; NULL: the same. */
	int (*failed)(struct job *j, int status);
};

extern const struct job_type job_preprocess, job_impute, job_shred;

/* The job of that name, or NULL. */
const struct job_type *job_named(const char *name);

/* Appends a blank, where b is not empty, and the words up to NULL. */
void words_put_all(struct buf *b, const char *const *word);
#define words_put(b, ...) words_put_all(b, (const char *const[]){__VA_ARGS__})
/* Appends an option and its value, in one word where the value alone would end
 * a part of a chain. */
void option_words(struct buf *b, const char *option, const char *value);
/* Appends the assignment of a value to a variable of the shell. */
void var_put(struct buf *b, const char *name, const char *value);

/* "output/name", freed by the caller. */
char *path_join(const char *dir, const char *name);
/* Takes slashes off the end of a path that is the option's value; one that
 * begins with a dash or a colon, which programs take for something else, gets
 * "./" in front. */
void job_trim(struct options *o, const char *name);
/* Writes the names of shards, each ended by NUL, to path: all of them, or
 * without their directories as dir/NNNNN.end where end is not NULL. */
MUST_CHECK int job_write_list(const struct shards *s, const char *path,
    const char *dir, const char *end, struct err *e);
/* The same of all shards as they are, for job_each() with JOB_PIECE: in an
 * order in which each process has about as many bytes to read, and about as
 * many of the first as of the last shards. */
MUST_CHECK int job_write_turns(const struct job *j, const struct shards *s,
    const char *path, struct err *e);
/*
 * Makes the next of j->each, of the list with n shards of so many bytes, and
 * returns it: the beginning of a line that runs a command over all shards of
 * the list, several at a time, with xargs or, where --runner says so, GNU
 * parallel.  Each worker starts as many processes as any other, one for every
 * piece of so many bytes.
 */
struct job_each *job_each(struct job *j, const char *list, uint64_t n,
    uint64_t bytes, uint64_t piece);
/* 256 MB: the start of a process and the growth of its tables take some 30 ms,
 * which is little beside 300 ms of work. */
#define JOB_PIECE ((uint64_t)256 << 20)
/* Appends a text that occurs nowhere among the words: letter, as often as it
 * takes. */
void job_mark(const struct buf *words, char letter, struct buf *mark);
/* True if GNU parallel leaves the words as they are: it has meanings for texts
 * that begin with {. */
bool job_parallel_takes(const char *words);
/* Checks that the runner leaves the words as they are. */
MUST_CHECK int
job_check_runner(const struct options *o, const char *words, struct err *e);
/* Checks --level against --compress. */
MUST_CHECK int job_check_level(const struct options *o, struct err *e);
/*
 * Checks that every input is a directory or an archive, and that no input is
 * the output or lies in it.
 */
MUST_CHECK int job_check_inputs(
    char *const *input, size_t n, const char *output, struct err *e);
/* The path without links and dots, also where its end is still to be made;
 * freed by the caller. */
char *job_real_path(const char *path);
/* True if the path, as job_real_path() has it, lies below that directory. */
bool job_is_below(const char *path, const char *dir);
/* The words "--name value" of an option that is set, and is not the word but
 * (NULL: any) are appended. */
void job_pass_on(
    const struct options *o, struct buf *b, const char *name, const char *but);
/* Makes the workers those cores that there are, and at most one per shard. */
void job_find_workers(struct job *j);
/* True if the path names an archive that shard-unpack takes apart. */
bool job_is_archive(const char *path);

#endif
