#include "pass1/mergejob.h"
#include "pass1/combine.h"
#include "pass1/merge.h"

#include "io/machine.h"
#include "pass1/context.h"
#include "pass1/parts.h"
#include "pass1/values.h"

static const char *const first_rows_names[] = {"no", "all", "one", NULL};

const struct opt_spec mergejob_specs[] = {
    OPT(OPT_STR, 0, "cutoffs", "A,B", struct mergejob, cutoffs,
	"--merge: these cutoffs instead of ratios"),
    OPT_CHOICE(0, "first-rows", struct mergejob, first_rows, first_rows_names,
	"--merge: write first.rows, with all rows at a key's first time or "
	"one, and first.idx only of few keys (no)"),
    OPT(OPT_FLAG, 'm', "merge", NULL, struct mergejob, merge,
	"merge partials (or directories of them) to a context, or to one "
	"partial where --output ends with .st"),
    OPT(OPT_STR, 0, "needed", "FILE", struct mergejob, needed,
	"--merge: do nothing where this file of shard-fit --need is empty"),
    OPT(OPT_FLAG, 0, "no-cutoffs", NULL, struct mergejob, no_cutoffs,
	"--merge: the times are for first occurrences only"),
    OPT(OPT_FLAG, 0, "optimize-types", NULL, struct mergejob, optimize_types,
	"--merge: the types of Parquet are the narrowest that hold all "
	"values"),
    OPT(OPT_RATIO, 0, "test-val-ratio", "R", struct mergejob, test_val_ratio,
	"--merge: share of the rest that goes to val (0.5)"),
    OPT(OPT_RATIO, 0, "train-ratio", "R", struct mergejob, train_ratio,
	"--merge: share of the rows that go to train (0.7)"),
    OPT(OPT_U64, 0, "workers", "N", struct mergejob, workers,
	"--merge: processes that merge keys (the cores it may use, up to 8)"),
    OPT_END,
};

/* Cores, each with so much memory as merging keys takes. */
static uint64_t
merge_workers(void)
{
	struct machine m;
	uint64_t n;

	machine_look(&m, "");
	n = machine_jobs(&m, (uint64_t)16 << 20);
	return n < 8 ? n : 8;
}

int
mergejob_run(const struct mergejob *j, char ***v, size_t *n, struct err *e)
{
	struct merge_opt opt = {j->train_ratio, j->test_val_ratio, j->cutoffs,
	    j->no_cutoffs, (enum first_rows)j->first_rows, j->warn,
	    j->optimize_types, j->memory,
	    j->workers ? j->workers : merge_workers()};

	if (j->needed && values_none(j->needed))
		return 0;
	if (!j->out)
		return err_kind_set(e, ERR_USAGE, "--merge needs --output CTX");
	if (!j->cutoffs && (j->train_ratio <= 0 || j->train_ratio >= 1))
		return err_kind_set(
		    e, ERR_USAGE, "--train-ratio must be above 0 and below 1");
	if (parts_check_memory(j->memory, e) < 0 || parts_expand(v, n, e) < 0)
		return -1;
	if (parts_is_file(j->out))
		return partials_combine(j->out, *v, *n, e);
	return context_merge(j->out, *v, *n, &opt, e);
}
