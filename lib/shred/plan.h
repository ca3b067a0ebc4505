/*
 * plan - which groups go together in a batch, so that every batch stays within
 * limits: bin packing, in one dimension per limit.
 *
 * Groups are numbers from 0 in the order of their keys, and a dimension is a
 * size of each and a limit: rows of a table, bytes of a table, bytes of all
 * tables.  The plan depends on these alone.
 *
 * A group that is larger than a limit is a batch of its own.
 *
 *	struct plan_dim dim[] = {{rows, 1000000}, {bytes, 4 << 30}};
 *	struct plan p;
 *	plan_make(&p, dim, LEN(dim), n, PLAN_NEXT);
 *	use p.batch[0..n), each below p.nbatch
 *	plan_fini(&p);
 */
#ifndef SHARD_PLAN_H
#define SHARD_PLAN_H

#include "base/base.h"

#define PLAN_NO_LIMIT UINT64_MAX

/* All sizes of a dimension together must fit 64 bits. */
struct plan_dim {
	const uint64_t *size;
	uint64_t limit; /* 1 or more */
};

/*
 * PLAN_NEXT: next-fit.  Groups stay in order, and a batch is closed by the
 * group that would be too much for it.
 *
 * PLAN_BEST: few batches of about equal size.  Best-fit decreasing, by the
 * greatest and by the total share of the limits, gives their number; longest
 * processing time first spreads the groups over so many batches, or over
 * fewer as long as that works.  Where it does not work at all the batches are
 * nearly full, and stay as best-fit decreasing made them.  It is never more
 * batches than next-fit takes.  Batches are numbered in the order of their
 * first groups.
 *
 * A group takes time in proportion to the bins between which its bin moves:
 * 4 bytes each.
 *
 *	D. S. Johnson, "Near-optimal bin packing algorithms", 1973
 *	R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969
 */
enum plan_pack { PLAN_NEXT, PLAN_BEST };

struct plan {
	uint32_t *batch; /* of each group */
	uint32_t nbatch;
};

void plan_make(struct plan *p, const struct plan_dim *dim, size_t ndim,
    uint32_t n, enum plan_pack how);
/* So many groups to a batch, in order. */
void plan_fixed(struct plan *p, uint32_t n, uint32_t per);
void plan_fini(struct plan *p);

/* Is group i larger than a limit? */
bool plan_is_over(const struct plan_dim *dim, size_t ndim, uint32_t i);
/* No plan has fewer batches: those of the groups that are over, and the total
 * of the others by the limit, rounded up, where that is most. */
uint64_t plan_lower_bound(const struct plan_dim *dim, size_t ndim, uint32_t n);
/* The size of every batch in a dimension; caller frees. */
uint64_t *plan_sums(const struct plan *p, const uint64_t *size, uint32_t n);

#endif
