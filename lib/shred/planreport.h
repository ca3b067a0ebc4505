/*
 * planreport - what people are told of a plan: how many batches it has and how
 * few any plan could have, the largest batch and group by each dimension, and
 * which groups are larger than a limit.
 */
#ifndef SHARD_PLANREPORT_H
#define SHARD_PLANREPORT_H

#include "shred/limits.h"

struct planreport {
	/* Gets each line, without a newline, and whether it is a warning. */
	void (*say)(void *arg, bool warning, const char *line);
	void *arg;
	enum plan_pack pack;
	uint32_t fixed; /* groups to a batch; 0: the limits decided */
};

/* Says one line. */
void planreport_line(const struct planreport *to, bool warning, const char *fmt,
    ...) PRINTF_LIKE(3, 4);
/* Says the lines on plan p, which was made of s by d. */
void planreport_plan(const struct planreport *to, const struct plan *p,
    const struct sizes *s, const struct dims *d);

#endif
