/*
 * machine - how many cores and how much memory this process may use.  The
 * affinity of the process limits it, and so does the container: its control
 * group and all groups above (cgroups(7), versions 1 and 2).
 */
#ifndef SHARD_MACHINE_H
#define SHARD_MACHINE_H

#include "base/base.h"

struct machine {
	unsigned cores;        /* by affinity */
	double quota;          /* cores of the container; 0: no limit */
	uint64_t memory;       /* available, in bytes; 0: not known */
	uint64_t memory_limit; /* of the container; 0: none */
};

/* Returns a text that all processes share until the machine is started again,
 * or NULL where the kernel has none.  The caller frees it. */
char *machine_boot(void);
/* Fills m.  root is put in front of every path that is read: "" except in
 * tests.
 */
void machine_look(struct machine *m, const char *root);
/* Returns how many workers of so many bytes fit, at least 1.  A part of a core
 * counts as a core. */
uint64_t machine_jobs(const struct machine *m, uint64_t memory_per_job);

#endif
