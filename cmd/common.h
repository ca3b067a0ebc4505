/*
 * cmd - what the programs share: start, usage, messages, exit status, lists
 * of files, and the main function of a filter.
 */
#ifndef SHARD_CMD_H
#define SHARD_CMD_H

#include "chain/chain.h"
#include "shards/list.h"

#define SHARDKIT_VERSION "0.1.0"

enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

struct cmd {
	const char *name;     /* "shard-ls" */
	const char *operands; /* for the synopsis: "[FILE ...]" */
	const char *summary;
	const char *example;
	const struct opt_group *groups;
	bool stop_early; /* options end at the first operand */
};

/* Options that every program which reads a stream has. */
struct common_opt {
	int end; /* none, emit, expect, both */
	const char *files_from;
	bool zero, strict;
};
extern const struct opt_spec common_specs[];
extern const struct opt_spec end_specs[]; /* --end only */
/* --max-record, for a struct source_opt: the reader's one option that filters
 * have too, as a row must pass all of them. */
extern const struct opt_spec record_specs[];

/* Sets the name for messages, installs the clean-up, and hands what the
 * environment says to the library (base/setting.h); first of all. */
void cmd_start(const char *name);
/* For programs that do shard after shard: the memory that one shard took stays
 * for the next, and the first 32 MB of the heap are huge pages.  In a virtual
 * machine, where faults are dear, pass 1 of a shard of 6.6 MB takes 14 ms in
 * place of 37, with 290 faults in place of 990; a process takes up to 5 MB
 * more. */
void cmd_keep_memory(void);
/* "NAME: message" and "NAME: warning: message" on standard error, each in
 * one write. */
void cmd_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void cmd_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same of what is neither. */
void cmd_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Prints e, and the usage line when that is what is wrong; returns the status
 * it asks for. */
int cmd_fail(const struct err *e);
/* The same for a message of wrong usage: returns CMD_USAGE. */
int cmd_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Index of the first operand; or prints help, version or usage and exits.  c
 * must live on: its usage line is that of later messages too. */
int cmd_parse(const struct cmd *c, int argc, char **argv);
/* Ends the program by the signal that ended its work. */
void cmd_die(int sig);
/* Ends the program with status, checking that standard output took all. */
int cmd_finish(int status);

/* Reads the inputs that n operands, --files-from and --null name. */
MUST_CHECK int cmd_list(const struct common_opt *o, int n, char **operands,
    struct file_list *f, struct err *e);
/* A line with the bytes of a file that is done (0 where path is NULL) to a
 * progress descriptor, unless fd is 0; a reader that went away is no error. */
void cmd_tell(uint64_t fd, const char *path);

/* The descriptor that SHARD_PROGRESS names, for cmd_tell(); 0: there is none.
 */
uint64_t cmd_progress(void);

/* True if SHARD_STRICT=1: all streams have end markers. */
bool cmd_strict(void);
/* Decides end markers from --end and SHARD_STRICT. */
void cmd_end_markers(const struct common_opt *o, struct chain *c);

/* The whole of a filter program. */
int filter_main(const struct filter *f, int argc, char **argv);

#endif
