/*
 * machine - how many cores and how much memory this process may use: by its
 * affinity, the kernel, and the limits of the container, which are those of its
 * control group and of all groups above (cgroups(7), version 1 and 2).
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

/* Which start of the machine this is, for all processes the same until the next
 * one; NULL where the kernel does not say.  Caller frees. */
char *machine_boot(void);
/* root is put in front of every path: "" but for tests. */
void machine_look(struct machine *m, const char *root);
/* Workers that fit, each with so much memory: at least 1.  Part of a core
 * counts as one. */
uint64_t machine_jobs(const struct machine *m, uint64_t memory_per_job);

#endif
