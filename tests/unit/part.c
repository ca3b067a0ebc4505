/*
 * part - the parts of a whole are the whole, however the scheduler counts.
 */
#include "shards/part.h"

#include "test.h"

static const char *const *variables; /* NAME, value, ..., NULL */

static char *
env(const char *name)
{
	size_t i;

	for (i = 0; variables[i]; i += 2)
		if (strcmp(variables[i], name) == 0)
			return (char *)(uintptr_t)variables[i + 1];
	return NULL;
}

static void
i_of_n_counts_from_one(void)
{
	struct err e = ERR_ZERO;
	struct part p;
	uint64_t i, k, hits;

	for (k = 0; k < 20; k++) {
		for (hits = 0, i = 1; i <= 7; i++) {
			char text[20];

			snprintf(text, sizeof(text), "%d/7", (int)i);
			if (!OK(part_parse(&p, text, env, &e) == 0, e))
				return;
			hits += part_has(&p, k);
		}
		EQ_U(hits, 1);
	}
	p = PART_WHOLE;
	CHECK(part_has(&p, 0) && part_has(&p, 9));
}

static void
what_is_no_part_of_a_whole_is_wrong_usage(void)
{
	static const char *const text[] = {
	    "", "/", "1", "0/3", "4/3", "1/", "/3", "-1/3", "1/3/", "1 /3"};
	struct part p;
	size_t i;

	for (i = 0; i < LEN(text); i++) {
		struct err e = ERR_ZERO;

		test_about("%s", text[i]);
		EQ_I(part_parse(&p, text[i], env, &e), -1);
		EQ_U(e.kind, ERR_USAGE);
	}
}

static void
auto_asks_for_the_variables_of_schedulers(void)
{
	static const char *const slurm[] = {"SLURM_ARRAY_TASK_ID", "7",
	    "SLURM_ARRAY_TASK_COUNT", "3", "SLURM_ARRAY_TASK_MIN", "3",
	    "SLURM_ARRAY_TASK_STEP", "2", NULL};
	static const char *const sagemaker[] = {"SM_HOSTS",
	    "[\"algo-1\", \"algo-2\", \"algo-10\"]", "SM_CURRENT_HOST",
	    "algo-10", NULL};
	static const char *const half[] = {"JOB_COMPLETION_INDEX", "1", NULL};
	static const char *const none[] = {NULL};
	struct err e = ERR_ZERO;
	struct part p;

	variables = slurm;
	if (OK(part_parse(&p, "auto", env, &e) == 0, e)) {
		EQ_U(p.i, 2);
		EQ_U(p.n, 3);
	}
	variables = sagemaker;
	if (OK(part_parse(&p, "auto", env, &e) == 0, e)) {
		EQ_U(p.i, 2);
		EQ_U(p.n, 3);
	}
	variables = half;
	EQ_I(part_parse(&p, "auto", env, &e), -1);
	HAS(e.msg, "JOB_COMPLETIONS is not");
	variables = none;
	EQ_I(part_parse(&p, "auto", env, &e), -1);
	EQ_U(e.kind, ERR_USAGE);
}

int
main(void)
{
	static const char *const none[] = {NULL};

	variables = none;
	RUN(i_of_n_counts_from_one);
	RUN(what_is_no_part_of_a_whole_is_wrong_usage);
	RUN(auto_asks_for_the_variables_of_schedulers);
	return test_end();
}
