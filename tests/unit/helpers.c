/* helpers: what a process tells arrives; one that fails or dies is an error. */
#include "io/procs.h"

#include <signal.h>

#include "test.h"

#define PARTS 1000

/* Adds up the numbers of its parts; or fails, or dies, as the job says. */
enum job { ADD, FAIL, DIE_SILENT, DIE_LATE, LEAVE };

static int
work(void *arg, int fd, uint64_t first, uint64_t step)
{
	enum job job = *(enum job *)arg;
	struct err e = ERR_ZERO;
	uint64_t sum = 0, i;
	char many[5000];

	for (i = first; i < PARTS; i += step)
		sum += i;
	memset(many, 'x', sizeof(many));
	switch (first == 1 ? job : ADD) {
	case FAIL:
		err_set(&e, "part %d is bad", (int)first);
		return helper_failed(fd, &e);
	case DIE_SILENT: raise(SIGKILL); break;
	case LEAVE: return 0;
	default: break;
	}
	if (helper_tell(fd, (struct told){sum, sizeof(many)}, many, 2000, many,
		sizeof(many) - 2000) < 0)
		return 1;
	if (first == 1 && job == DIE_LATE)
		raise(SIGKILL);
	return 0;
}

/* With n helpers; -1 and the message in *e. */
static int
add(enum job job, size_t n, uint64_t *sum, struct err *e)
{
	struct helper h[8];
	char bytes[5000];
	size_t started, i, k;
	int rc = helpers_start(h, n, &started, work, &job, e);

	EQ_U(started, n);
	*sum = 0;
	for (i = 0; i < PARTS; i += n + 1)
		*sum += i;
	for (i = 0; i < n && rc == 0; i++) {
		struct told told;

		rc = helper_hear(&h[i], &told, e);
		if (rc == 0 && EQ_U(told.bytes, sizeof(bytes)))
			rc = helper_read(&h[i], bytes, sizeof(bytes), e);
		for (k = 0; rc == 0 && k < sizeof(bytes); k++)
			rc = bytes[k] == 'x' ? 0 : -1;
		*sum += rc == 0 ? told.n : 0;
	}
	return helpers_end(h, n, rc, e);
}

static void
every_part_is_done_once(void)
{
	struct err e = ERR_ZERO;
	uint64_t sum;
	size_t n;

	for (n = 0; n <= 8; n++) {
		CHECK(add(ADD, n, &sum, &e) == 0);
		EQ_U(sum, PARTS * (PARTS - 1) / 2);
	}
}

static void
one_that_fails_says_why(void)
{
	struct err e = ERR_ZERO;
	uint64_t sum;

	CHECK(add(FAIL, 3, &sum, &e) < 0);
	CHECK(strcmp(e.msg, "part 1 is bad") == 0);
}

static void
one_that_dies_or_leaves_is_an_error(void)
{
	static const enum job jobs[] = {DIE_SILENT, DIE_LATE, LEAVE};
	uint64_t sum;
	size_t i;

	for (i = 0; i < LEN(jobs); i++) {
		struct err e = ERR_ZERO;

		test_about("%d", (int)jobs[i]);
		CHECK(add(jobs[i], 3, &sum, &e) < 0);
		CHECK(strstr(e.msg, "ended early") != NULL);
	}
}

int
main(void)
{
	RUN(every_part_is_done_once);
	RUN(one_that_fails_says_why);
	RUN(one_that_dies_or_leaves_is_an_error);
	return test_end();
}
