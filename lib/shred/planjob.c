#include "shred/planjob.h"

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "io/commit.h"
#include "io/machine.h"
#include "io/tsv.h"
#include "shred/limits.h"
#include "shred/planreport.h"

#define FIXED_DEFAULT 100
/* --memory: how many bytes of memory the work on a batch takes for each byte of
 * it as CSV.  A convention that shard-plan(1) states; where the work takes
 * more or less, --memory is given more or less. */
#define MEMORY_PER_BYTE 6
#define JOB_DEFAULT ((uint64_t)128 << 20)

static const char *const pack_names[] = {"next", "best", NULL};
static const char *const order_names[] = {"auto", "int", "bytes", NULL};

const struct opt_spec planjob_specs[] = {
    OPT(OPT_LIST, 0, "estimates", "FILE", struct planjob_opt, estimates,
	"sizes of groups: a table of key, table, estimated_rows"),
    OPT(OPT_U64, 0, "fixed", "N", struct planjob_opt, fixed,
	"batches of N groups (100, where there is no limit)"),
    OPT(OPT_LIST, 0, "groups", "FILE", struct planjob_opt, groups,
	"sizes of groups: a groups.tsv of shard-stats"),
    OPT(OPT_FLAG, 0, "jobs", NULL, struct planjob_opt, jobs,
	"print how many workers this machine or container allows"),
    OPT(OPT_STR, 'k', "key", "COL", struct planjob_opt, key,
	"name of the column of the keys (as the files say)"),
    OPT_CHOICE(0, "key-order", struct planjob_opt, key_order, order_names,
	"order of the keys (int if all are)"),
    OPT(OPT_LIST, 0, "max-bytes", "[TABLE=]SIZE,...", struct planjob_opt,
	max_bytes, "bytes of a batch, of each table"),
    OPT(OPT_LIST, 0, "max-rows", "[TABLE=]N,...", struct planjob_opt, max_rows,
	"rows of a batch, of each table"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct planjob_opt, memory,
	"memory for a batch, all tables together"),
    OPT(OPT_BYTES, 0, "memory-per-job", "SIZE", struct planjob_opt,
	memory_per_job, "--jobs: what each takes (128M)"),
    OPT(OPT_STR, 0, "only", "FILE", struct planjob_opt, only,
	"the universe: no other groups than those of this table"),
    OPT(OPT_STR, 'o', "output", "FILE", struct planjob_opt, out,
	"where the map goes (standard output)"),
    OPT_CHOICE(0, "pack", struct planjob_opt, pack, pack_names,
	"in key order, or few batches of about equal size (next)"),
    OPT(OPT_FLAG, 0, "quiet", NULL, struct planjob_opt, quiet,
	"say nothing but warnings"),
    OPT(OPT_LIST, 0, "rate", "TABLE=F,...", struct planjob_opt, rate,
	"rows of these tables for each one counted"),
    OPT_END,
};

static uint32_t
fixed_number(const struct planjob_opt *o)
{
	return o->fixed == PLANJOB_NOT_GIVEN ? FIXED_DEFAULT
					     : (uint32_t)o->fixed;
}

static void
put_map(const struct plan *p, const struct sizes *s, struct buf *to)
{
	uint32_t i;

	tsv_put(to, bytes_str(s->column));
	buf_puts(to, "\tbatch_id\n");
	for (i = 0; i < s->n; i++) {
		tsv_put(to, s->key[i]);
		buf_printf(to, "\t%u\n", p->batch[i]);
	}
}

static int
load_rates(struct sizes *s, const struct opt_list *l, struct err *e)
{
	struct words w = {NULL, 0};
	struct bytes *name = NULL;
	double *factor = NULL;
	int rc = -1;
	size_t i;

	if (l->n == 0)
		return 0;
	if (words_parse(&w, l, "rate", e) < 0)
		goto out;
	name = xcalloc(w.n, sizeof(*name));
	factor = xcalloc(w.n, sizeof(*factor));
	for (i = 0; i < w.n; i++) {
		name[i] = w.v[i].name;
		if (name[i].n == 0 || !parse_double(w.v[i].value, &factor[i]) ||
		    factor[i] < 0) {
			words_bad("rate", &w.v[i],
			    "expected TABLE=F, F a number from 0 up", e);
			goto out;
		}
	}
	if (w.n > SIZES_MAX_TABLES) {
		err_kind_set(e, ERR_USAGE, "--rate: more than %d tables",
		    SIZES_MAX_TABLES);
		goto out;
	}
	rc = sizes_rate(s, name, factor, w.n, e);
out:
	free(w.v);
	free(name);
	free(factor);
	return rc;
}

static int
load(const struct planjob_opt *o, struct sizes *s, const struct planreport *to,
    struct err *e)
{
	size_t i;

	if (o->key)
		sizes_column(s, o->key);
	if (o->only && sizes_only(s, o->only, e) < 0)
		return -1;
	for (i = 0; i < o->groups.n; i++) {
		if (sizes_groups(s, o->groups.v[i], e) < 0)
			return -1;
		if (s->left_out.n)
			planreport_line(to, false,
			    "%s: %llu groups that %s does not have are "
			    "left out: %s",
			    o->groups.v[i], (unsigned long long)s->left_out.n,
			    o->only, buf_cstr(&s->left_out.names));
	}
	for (i = 0; i < o->estimates.n; i++) {
		if (sizes_estimates(s, o->estimates.v[i], e) < 0)
			return -1;
		if (s->left_out.n)
			planreport_line(to, true,
			    "%s: %llu groups that %s does not have are "
			    "left out: %s",
			    o->estimates.v[i],
			    (unsigned long long)s->left_out.n, o->only,
			    buf_cstr(&s->left_out.names));
	}
	if (load_rates(s, &o->rate, e) < 0)
		return -1;
	return sizes_finish(s, (enum key_order)o->key_order, e);
}

static int
check(const struct planjob_opt *o, bool limited, struct err *e)
{
	bool sized = o->groups.n + o->estimates.n > 0;

	if (!sized && !o->only)
		return err_kind_set(e, ERR_USAGE,
		    "which groups? --groups, --estimates or --only");
	if (!sized && limited)
		return err_kind_set(e, ERR_USAGE,
		    "a limit needs sizes: --groups or --estimates");
	if (!sized && o->rate.n)
		return err_kind_set(e, ERR_USAGE,
		    "--rate needs counts: --groups or --estimates");
	if (o->fixed != PLANJOB_NOT_GIVEN && limited)
		return err_kind_set(
		    e, ERR_USAGE, "--fixed is for batches without a limit");
	if (o->fixed != PLANJOB_NOT_GIVEN &&
	    (o->fixed == 0 || o->fixed > UINT32_MAX))
		return err_kind_set(
		    e, ERR_USAGE, "--fixed: must be from 1 to 2^32 - 1");
	if (o->pack && !limited)
		return err_kind_set(e, ERR_USAGE,
		    "--pack best needs a limit: --max-rows, --max-bytes or "
		    "--memory");
	if (o->memory && o->memory < MEMORY_PER_BYTE)
		return err_kind_set(e, ERR_USAGE,
		    "--memory: %d is the least that holds a byte",
		    MEMORY_PER_BYTE);
	if (o->memory_per_job)
		return err_kind_set(
		    e, ERR_USAGE, "--memory-per-job is for --jobs");
	return 0;
}

static int
make_plan(const struct planjob_opt *o, struct buf *out, planjob_say *say,
    void *arg, struct err *e)
{
	struct limits rows = {"max-rows",
	    "expected rows from 1 to 2^56, or TABLE=ROWS", parse_u64,
	    {NULL, 0}};
	struct limits bytes = {"max-bytes",
	    "expected a size (with K, M, G or T) from 1 to 2^56, or "
	    "TABLE=SIZE",
	    parse_size, {NULL, 0}};
	bool limited = o->max_rows.n || o->max_bytes.n || o->memory;
	struct planreport to = {
	    say, arg, (enum plan_pack)o->pack, limited ? 0 : fixed_number(o)};
	struct sizes s;
	struct dims d = {.n = 0};
	struct plan p = {NULL, 0};
	int rc = -1;

	sizes_init(&s);
	if (limits_check(&rows, &o->max_rows, e) < 0 ||
	    limits_check(&bytes, &o->max_bytes, e) < 0 ||
	    check(o, limited, e) < 0 || load(o, &s, &to, e) < 0 ||
	    dims_make(&d, &s, &rows, &bytes, o->memory / MEMORY_PER_BYTE, e) <
		0)
		goto out;
	if (limited)
		dims_plan(&p, &d, s.n, to.pack);
	else
		plan_fixed(&p, s.n, to.fixed);
	planreport_plan(&to, &p, &s, &d);
	put_map(&p, &s, out);
	rc = o->out ? commit_file(o->out, out->p, out->n, e) : 0;
	if (o->out)
		buf_clear(out);
out:
	plan_fini(&p);
	dims_fini(&d);
	sizes_fini(&s);
	limits_fini(&rows);
	limits_fini(&bytes);
	return rc;
}

static void
put_size(struct buf *b, const char *what, uint64_t size, const char *none)
{
	static const char units[] = "KMGT";
	double v = (double)size / 1024;
	size_t i;

	for (i = 0; v >= 1024 && units[i + 1]; i++)
		v /= 1024;
	if (size)
		buf_printf(b, "%s %.*f%c", what, v < 10, v, units[i]);
	else
		buf_printf(b, "%s %s", what, none);
}

/* The number is the output, the reasons are said. */
static int
say_jobs(const struct planjob_opt *o, struct buf *out, planjob_say *say,
    void *arg, struct err *e)
{
	uint64_t per = o->memory_per_job ? o->memory_per_job : JOB_DEFAULT;
	struct buf b = BUF_ZERO;
	struct machine m;

	if (o->groups.n || o->estimates.n || o->only || o->out || o->key ||
	    o->rate.n || o->max_rows.n || o->max_bytes.n || o->memory ||
	    o->fixed != PLANJOB_NOT_GIVEN || o->pack || o->key_order)
		return err_kind_set(e, ERR_USAGE,
		    "--jobs plans no batches: it takes --memory-per-job alone");
	machine_look(&m, "");
	buf_printf(&b, "cores: %u by affinity, ", m.cores);
	if (m.quota > 0)
		buf_printf(&b, "%.3g by the container", m.quota);
	else
		buf_puts(&b, "no limit by the container");
	put_size(&b, "; memory:", m.memory, "not known to be");
	put_size(&b, " available, container", m.memory_limit, "without limit");
	put_size(&b, ",", per, "");
	buf_puts(&b, " a worker");
	buf_printf(out, "%llu\n", (unsigned long long)machine_jobs(&m, per));
	say(arg, false, buf_cstr(&b));
	buf_fini(&b);
	return 0;
}

int
planjob_run(const struct planjob_opt *o, struct buf *out, planjob_say *say,
    void *arg, struct err *e)
{
	return o->jobs ? say_jobs(o, out, say, arg, e)
		       : make_plan(o, out, say, arg, e);
}

void
planjob_fini(struct planjob_opt *o)
{
	opt_list_free(&o->groups);
	opt_list_free(&o->estimates);
	opt_list_free(&o->rate);
	opt_list_free(&o->max_rows);
	opt_list_free(&o->max_bytes);
}
