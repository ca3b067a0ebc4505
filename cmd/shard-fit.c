/* shard-fit - choose from a context's statistics what fills missing cells. */
#include <stdio.h>

#include "common.h"
#include "fill/report.h"

struct main_opt {
	bool report;
	struct opt_list counts;
	const char *out;
	struct fit_opt fit;
};

static const struct opt_spec specs[] = {
    OPT(OPT_LIST, 0, "counts", "SPLIT=DIR", struct main_opt, counts,
	"--report: what shard-impute --counts left of a split"),
    OPT(OPT_STR, 'o', "output", "DIR", struct main_opt, out,
	"where the files go (CTX); --need: the file (standard output)"),
    OPT(OPT_FLAG, 0, "report", NULL, struct main_opt, report,
	"write imputation_report.json and imputation_summary.txt"),
    OPT(OPT_RATIO, 0, "unique-ratio", "R", struct main_opt, fit.unique_ratio,
	"distinct texts per row below which they are categorical (0.1)"),
    OPT_END,
};

static int
check(const struct main_opt *o, int nctx, struct err *e)
{
	if (nctx != 1)
		return err_kind_set(e, ERR_USAGE,
		    "name one context, the directory of shard-stats --merge");
	if (o->report && fit_asked(&o->fit))
		return err_kind_set(
		    e, ERR_USAGE, "strategies and --need are not for --report");
	if (o->fit.publish && (o->out || o->fit.need))
		return err_kind_set(e, ERR_USAGE,
		    "--publish takes the artifacts in CTX: no --need or "
		    "--output");
	if (o->counts.n && !o->report)
		return err_kind_set(e, ERR_USAGE, "--counts is for --report");
	return 0;
}

int
main(int argc, char *argv[])
{
	struct main_opt o = {.fit = {.unique_ratio = 0.1, .warn = cmd_warn}};
	const struct opt_group groups[] = {
	    {specs, &o}, {fit_specs, &o.fit}, {NULL, NULL}};
	const struct cmd cmd = {"shard-fit", "CTX",
	    "choose the values that fill missing cells, and report on them",
	    "shard-fit --label label --column amount=median CTX", groups,
	    false};
	struct buf text = BUF_ZERO;
	struct err e = ERR_ZERO;
	int first, rc;

	cmd_start(cmd.name);
	first = cmd_parse(&cmd, argc, argv);
	rc = check(&o, argc - first, &e);
	if (rc == 0 && o.report)
		rc = report_run(
		    argv[first], o.out, o.fit.unique_ratio, &o.counts, &e);
	else if (rc == 0)
		rc = fit_run(&o.fit, argv[first], o.out, &text, &e);
	fwrite(buf_cstr(&text), 1, text.n, stdout);
	buf_fini(&text);
	opt_list_free(&o.counts);
	fit_opt_fini(&o.fit);
	return cmd_finish(rc < 0 ? cmd_fail(&e) : CMD_OK);
}
