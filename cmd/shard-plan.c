/* shard-plan - which groups go together in a batch: the batch map. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "common.h"
#include "io/commit.h"
#include "io/machine.h"
#include "io/tsv.h"
#include "shred/plan.h"
#include "shred/sizes.h"

#define NOT_GIVEN UINT64_MAX
#define FIXED_DEFAULT 100
#define EXPAND_DEFAULT 6.0
#define EXPAND_MAX 1e6
#define JOB_DEFAULT ((uint64_t)128 << 20)
#define OVER_SHOWN 5

static const char *const pack_names[] = {"next", "best", NULL};
static const char *const order_names[] = {"auto", "int", "bytes", NULL};

struct plan_opt {
	struct opt_list groups, estimates, rate, max_rows, max_bytes;
	const char *only, *out, *key, *expand;
	uint64_t memory, fixed, memory_per_job;
	int pack, key_order;
	bool jobs;
};

static const struct opt_spec specs[] = {
    OPT(OPT_LIST, 0, "estimates", "FILE", struct plan_opt, estimates,
	"sizes of groups: a table of key, table, estimated_rows"),
    OPT(OPT_STR, 0, "expand", "F", struct plan_opt, expand,
	"--memory: what a byte of a batch takes there (6)"),
    OPT(OPT_U64, 0, "fixed", "N", struct plan_opt, fixed,
	"batches of N groups (100, where there is no limit)"),
    OPT(OPT_LIST, 0, "groups", "FILE", struct plan_opt, groups,
	"sizes of groups: a groups.tsv of shard-stats"),
    OPT(OPT_FLAG, 0, "jobs", NULL, struct plan_opt, jobs,
	"print how many workers this machine or container allows"),
    OPT(OPT_STR, 'k', "key", "COL", struct plan_opt, key,
	"name of the column of the keys (as the files say)"),
    OPT_CHOICE(0, "key-order", struct plan_opt, key_order, order_names,
	"order of the keys (int if all are)"),
    OPT(OPT_LIST, 0, "max-bytes", "[TABLE=]SIZE,...", struct plan_opt,
	max_bytes, "bytes of a batch, of each table"),
    OPT(OPT_LIST, 0, "max-rows", "[TABLE=]N,...", struct plan_opt, max_rows,
	"rows of a batch, of each table"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct plan_opt, memory,
	"memory for a batch, all tables together"),
    OPT(OPT_BYTES, 0, "memory-per-job", "SIZE", struct plan_opt, memory_per_job,
	"--jobs: what each takes (128M)"),
    OPT(OPT_STR, 0, "only", "FILE", struct plan_opt, only,
	"the universe: no other groups than those of this table"),
    OPT(OPT_STR, 'o', "output", "FILE", struct plan_opt, out,
	"where the map goes (standard output)"),
    OPT_CHOICE(0, "pack", struct plan_opt, pack, pack_names,
	"in key order, or few batches of about equal size (next)"),
    OPT(OPT_LIST, 0, "rate", "TABLE=F,...", struct plan_opt, rate,
	"rows of these tables for each one counted"),
    OPT_END,
};

/* Words of options: NAME=VALUE, or a VALUE for all. */
struct word {
	struct bytes name, value; /* name.p NULL: all */
};

struct words {
	struct word *v;
	size_t n;
};

static bool
same_name(struct bytes a, struct bytes b)
{
	return (a.p == NULL) == (b.p == NULL) && bytes_eq(a, b);
}

/* Cuts the values of an option at commas. */
static int
words_parse(struct words *w, const struct opt_list *l, const char *option,
    struct err *e)
{
	size_t i, k;

	for (i = 0; i < l->n; i++) {
		const char *p = l->v[i], *end, *eq;

		for (;; p = end + 1) {
			struct word x = {{NULL, 0}, {p, 0}};

			end = p + strcspn(p, ",");
			x.value.n = (size_t)(end - p);
			eq = memrchr(p, '=', x.value.n);
			if (eq) {
				x.name = bytes_of(p, (size_t)(eq - p));
				x.value =
				    bytes_of(eq + 1, (size_t)(end - eq - 1));
			}
			for (k = 0; k < w->n; k++)
				if (same_name(w->v[k].name, x.name))
					return err_kind_set(e, ERR_USAGE,
					    "--%s says twice what is of %s",
					    option,
					    x.name.p ? err_quote(x.name)
						     : "all tables");
			w->v = xrealloc(w->v, (w->n + 1) * sizeof(*w->v));
			w->v[w->n++] = x;
			if (*end == '\0')
				break;
		}
	}
	return 0;
}

static int
bad_word(
    const char *option, const struct word *w, const char *want, struct err *e)
{
	struct bytes all = w->value;

	if (w->name.p)
		all = bytes_of(w->name.p, w->name.n + 1 + w->value.n);
	return err_kind_set(
	    e, ERR_USAGE, "--%s %s: %s", option, err_quote(all), want);
}

/* A limit per table in one unit. */
struct limits {
	const char *option, *want;
	bool (*parse)(struct bytes s, uint64_t *v);
	struct words words;
};

static int
limits_check(struct limits *l, const struct opt_list *list, struct err *e)
{
	uint64_t v;
	size_t i;

	if (words_parse(&l->words, list, l->option, e) < 0)
		return -1;
	for (i = 0; i < l->words.n; i++)
		if (!l->parse(l->words.v[i].value, &v) || v == 0 ||
		    v > SIZES_MAX_TOTAL)
			return bad_word(l->option, &l->words.v[i], l->want, e);
	return 0;
}

/* A limit of a table that no file has would hold nothing. */
static int
limits_known(const struct limits *l, const struct sizes *s, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i, k;

	for (i = 0; i < l->words.n; i++) {
		struct bytes name = l->words.v[i].name;

		if (!name.p || sizes_find(s, name) >= 0)
			continue;
		for (k = 0; k < s->ntable; k++)
			buf_printf(&b, "%s%s", k ? ", " : "", s->table[k].name);
		err_kind_set(e, ERR_USAGE,
		    "--%s: no sizes of a table %s (there are: %s)", l->option,
		    err_quote(name), buf_cstr(&b));
		buf_fini(&b);
		return -1;
	}
	return 0;
}

static uint64_t
limit_of(const struct limits *l, const char *table)
{
	uint64_t all = PLAN_NO_LIMIT, v;
	size_t i;

	for (i = 0; i < l->words.n; i++) {
		const struct word *w = &l->words.v[i];

		if (!l->parse(w->value, &v))
			continue;
		if (!w->name.p)
			all = v;
		else if (bytes_eq(w->name, bytes_str(table)))
			return v;
	}
	return all;
}

/* What a plan is made with, and how it is called in the report. */
struct dims {
	struct plan_dim *v;
	char **name;
	size_t n;
	uint64_t **own; /* sizes made here */
	size_t nown;
};

/* table NULL: there is but one, and nobody named it. */
static void
dims_add(struct dims *d, const char *table, const char *unit,
    const uint64_t *size, uint64_t limit)
{
	struct buf b = BUF_ZERO;

	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->name = xrealloc(d->name, (d->n + 1) * sizeof(*d->name));
	buf_puts(&b, unit);
	if (table)
		buf_printf(&b, " of %s", table);
	d->v[d->n] = (struct plan_dim){size, limit};
	d->name[d->n++] = buf_release(&b);
}

static const char *
table_name(const struct sizes *s, size_t k)
{
	bool any = s->ntable == 1 && strcmp(s->table[0].name, "data") == 0;

	return any ? NULL : s->table[k].name;
}

static uint64_t *
dims_own(struct dims *d, uint32_t n)
{
	d->own = xrealloc(d->own, (d->nown + 1) * sizeof(*d->own));
	return d->own[d->nown++] = xcalloc(n, sizeof(uint64_t));
}

static void
dims_fini(struct dims *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free(d->name[i]);
	for (i = 0; i < d->nown; i++)
		free(d->own[i]);
	free(d->v);
	free(d->name);
	free(d->own);
}

static int
no_bytes(const struct sizes_table *t, const char *option, struct err *e)
{
	return err_kind_set(e, ERR_USAGE,
	    "%s: of table %s only the rows are known, from %s", option,
	    err_quote(bytes_str(t->name)), t->from);
}

/* --memory: a limit for the bytes of all tables together. */
static int
add_memory(struct dims *d, const struct plan_opt *o, const struct sizes *s,
    double expand, struct err *e)
{
	uint64_t *sum = dims_own(d, s->n), limit;
	uint32_t i;
	size_t k;

	limit = (uint64_t)((double)o->memory / expand);
	if (limit == 0 || limit > SIZES_MAX_TOTAL)
		return err_kind_set(e, ERR_USAGE,
		    "--memory by --expand: not between 1 byte and 2^56");
	for (k = 0; k < s->ntable; k++) {
		if (!s->table[k].have_bytes)
			return no_bytes(&s->table[k], "--memory", e);
		for (i = 0; i < s->n; i++)
			sum[i] += s->table[k].bytes[i];
	}
	dims_add(d, s->ntable > 1 ? "all tables" : table_name(s, 0), "bytes",
	    sum, limit);
	return 0;
}

/* The limits as dimensions; and the rows of each table, for the report. */
static int
make_dims(struct dims *d, const struct plan_opt *o, const struct sizes *s,
    const struct limits *rows, const struct limits *bytes, double expand,
    struct err *e)
{
	size_t k;

	if (limits_known(rows, s, e) < 0 || limits_known(bytes, s, e) < 0)
		return -1;
	for (k = 0; k < s->ntable; k++) {
		const struct sizes_table *t = &s->table[k];
		uint64_t limit = limit_of(bytes, t->name);

		dims_add(d, table_name(s, k), "rows", t->rows,
		    limit_of(rows, t->name));
		if (limit == PLAN_NO_LIMIT)
			continue;
		if (!t->have_bytes)
			return no_bytes(t, "--max-bytes", e);
		dims_add(d, table_name(s, k), "bytes", t->bytes, limit);
	}
	return o->memory ? add_memory(d, o, s, expand, e) : 0;
}

/* Only what has a limit decides. */
static void
plan_limited(
    struct plan *p, const struct dims *d, uint32_t n, enum plan_pack how)
{
	struct plan_dim *held = xcalloc(d->n, sizeof(*held));
	size_t i, k = 0;

	for (i = 0; i < d->n; i++)
		if (d->v[i].limit != PLAN_NO_LIMIT)
			held[k++] = d->v[i];
	plan_make(p, held, k, n, how);
	free(held);
}

static uint32_t
fixed_number(const struct plan_opt *o)
{
	return o->fixed == NOT_GIVEN ? FIXED_DEFAULT : (uint32_t)o->fixed;
}

/* Groups that are larger than a limit, a few by name. */
static void
warn_over(const struct sizes *s, const struct dims *d)
{
	struct buf b = BUF_ZERO;
	uint32_t i, n = 0;
	size_t k;

	for (i = 0; i < s->n; i++) {
		if (!plan_is_over(d->v, d->n, i))
			continue;
		if (n++ >= OVER_SHOWN)
			continue;
		for (k = 0; d->v[k].size[i] <= d->v[k].limit; k++)
			;
		buf_printf(&b, "%s%s (%llu %s)", n > 1 ? ", " : "",
		    err_quote(s->key[i]), (unsigned long long)d->v[k].size[i],
		    d->name[k]);
	}
	if (n == 1)
		cmd_warn("one group is larger than a limit, and a batch of "
			 "its own: %s",
		    buf_cstr(&b));
	else if (n > 1)
		cmd_warn("%u groups are larger than a limit, each a batch of "
			 "its own: %s%s",
		    n, buf_cstr(&b), n > OVER_SHOWN ? ", ..." : "");
	buf_fini(&b);
}

/* One line on a dimension. */
static void
report_dim(const struct plan *p, const struct sizes *s,
    const struct plan_dim *d, const char *name)
{
	uint64_t *sum = plan_sums(p, d->size, s->n), total = 0;
	uint32_t batch = 0, group = 0, i;
	struct buf b = BUF_ZERO;

	for (i = 1; i < p->nbatch; i++)
		if (sum[i] > sum[batch])
			batch = i;
	for (i = 0; i < s->n; i++) {
		total += d->size[i];
		if (d->size[i] > d->size[group])
			group = i;
	}
	buf_printf(&b, "%s: largest batch %u with %llu", name, batch,
	    (unsigned long long)sum[batch]);
	if (d->limit != PLAN_NO_LIMIT)
		buf_printf(&b, ", limit %llu, lower bound %llu",
		    (unsigned long long)d->limit,
		    (unsigned long long)plan_lower_bound(d, 1, s->n));
	buf_printf(&b, "; largest group %s with %llu", err_quote(s->key[group]),
	    (unsigned long long)d->size[group]);
	if (total)
		buf_printf(&b, ", %.1f times the mean",
		    (double)d->size[group] / ((double)total / s->n));
	cmd_note("%s", buf_cstr(&b));
	buf_fini(&b);
	free(sum);
}

static void
report(const struct plan_opt *o, const struct plan *p, const struct sizes *s,
    const struct dims *d, bool limited)
{
	struct buf b = BUF_ZERO;
	size_t k;

	buf_printf(&b, "%u %s of %u %s by %s, keys in order as %s, ", p->nbatch,
	    p->nbatch == 1 ? "batch" : "batches", s->n,
	    s->n == 1 ? "group" : "groups", err_quote(bytes_str(s->column)),
	    s->ints ? "integers" : "bytes");
	if (limited)
		buf_printf(&b, "%s; lower bound %llu",
		    o->pack ? "packed" : "next-fit",
		    (unsigned long long)plan_lower_bound(d->v, d->n, s->n));
	else
		buf_printf(&b, "%u to a batch", fixed_number(o));
	cmd_note("%s", buf_cstr(&b));
	buf_fini(&b);
	if (s->n == 0) {
		cmd_warn("there is no group to plan for");
		return;
	}
	for (k = 0; k < d->n; k++)
		report_dim(p, s, &d->v[k], d->name[k]);
	if (s->unsized.n)
		cmd_warn("%llu of the groups have no size and count as "
			 "nothing: %.*s",
		    (unsigned long long)s->unsized.n, (int)s->unsized.names.n,
		    s->unsized.names.p);
	warn_over(s, d);
}

static int
write_map(const struct plan_opt *o, const struct plan *p, const struct sizes *s,
    struct err *e)
{
	struct buf b = BUF_ZERO;
	uint32_t i;
	int rc = 0;

	tsv_put(&b, bytes_str(s->column));
	buf_puts(&b, "\tbatch_id\n");
	for (i = 0; i < s->n; i++) {
		tsv_put(&b, s->key[i]);
		buf_printf(&b, "\t%u\n", p->batch[i]);
	}
	if (o->out)
		rc = commit_file(o->out, b.p, b.n, e);
	else
		fwrite(b.p, 1, b.n, stdout); /* cmd_finish() checks it */
	buf_fini(&b);
	return rc;
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
			bad_word("rate", &w.v[i],
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
load(const struct plan_opt *o, struct sizes *s, struct err *e)
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
			cmd_note("%s: %llu groups that %s does not have are "
				 "left out: %s",
			    o->groups.v[i], (unsigned long long)s->left_out.n,
			    o->only, buf_cstr(&s->left_out.names));
	}
	for (i = 0; i < o->estimates.n; i++) {
		if (sizes_estimates(s, o->estimates.v[i], e) < 0)
			return -1;
		if (s->left_out.n)
			cmd_warn("%s: %llu groups that %s does not have are "
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
check(const struct plan_opt *o, bool limited, double *expand, struct err *e)
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
	if (o->fixed != NOT_GIVEN && limited)
		return err_kind_set(
		    e, ERR_USAGE, "--fixed is for batches without a limit");
	if (o->fixed != NOT_GIVEN && (o->fixed == 0 || o->fixed > UINT32_MAX))
		return err_kind_set(
		    e, ERR_USAGE, "--fixed: must be from 1 to 2^32 - 1");
	if (o->pack && !limited)
		return err_kind_set(e, ERR_USAGE,
		    "--pack best needs a limit: --max-rows, --max-bytes or "
		    "--memory");
	if (o->expand && !o->memory)
		return err_kind_set(e, ERR_USAGE, "--expand is for --memory");
	if (o->memory_per_job)
		return err_kind_set(
		    e, ERR_USAGE, "--memory-per-job is for --jobs");
	if (o->expand &&
	    (!parse_double(bytes_str(o->expand), expand) || *expand <= 0 ||
		*expand > EXPAND_MAX))
		return err_kind_set(e, ERR_USAGE,
		    "--expand %s: not a number above 0, up to 10^6",
		    err_quote(bytes_str(o->expand)));
	return 0;
}

static int
make_plan(const struct plan_opt *o, struct err *e)
{
	struct limits rows = {"max-rows",
	    "expected rows from 1 to 2^56, or TABLE=ROWS", parse_u64,
	    {NULL, 0}};
	struct limits bytes = {"max-bytes",
	    "expected a size (with K, M, G or T) from 1 to 2^56, or "
	    "TABLE=SIZE",
	    parse_size, {NULL, 0}};
	bool limited = o->max_rows.n || o->max_bytes.n || o->memory;
	struct sizes s;
	struct dims d = {.n = 0};
	struct plan p = {NULL, 0};
	double expand = EXPAND_DEFAULT;
	int rc = -1;

	sizes_init(&s);
	if (limits_check(&rows, &o->max_rows, e) < 0 ||
	    limits_check(&bytes, &o->max_bytes, e) < 0 ||
	    check(o, limited, &expand, e) < 0 || load(o, &s, e) < 0 ||
	    make_dims(&d, o, &s, &rows, &bytes, expand, e) < 0)
		goto out;
	if (limited)
		plan_limited(&p, &d, s.n, (enum plan_pack)o->pack);
	else
		plan_fixed(&p, s.n, fixed_number(o));
	report(o, &p, &s, &d, limited);
	rc = write_map(o, &p, &s, e);
out:
	plan_fini(&p);
	dims_fini(&d);
	sizes_fini(&s);
	free(rows.words.v);
	free(bytes.words.v);
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

/* The number on standard output, the reasons on standard error. */
static int
print_jobs(const struct plan_opt *o, struct err *e)
{
	uint64_t per = o->memory_per_job ? o->memory_per_job : JOB_DEFAULT;
	struct buf b = BUF_ZERO;
	struct machine m;

	if (o->groups.n || o->estimates.n || o->only || o->out || o->key ||
	    o->rate.n || o->max_rows.n || o->max_bytes.n || o->memory ||
	    o->expand || o->fixed != NOT_GIVEN || o->pack || o->key_order)
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
	printf("%llu\n", (unsigned long long)machine_jobs(&m, per));
	cmd_note("%s", buf_cstr(&b));
	buf_fini(&b);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct plan_opt o = {.fixed = NOT_GIVEN};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-plan", "--groups FILE",
	    "say which groups go together in a batch",
	    "shard-plan --groups CTX/groups.tsv --max-rows 1000000 -o "
	    "batches.tsv",
	    groups, false};
	struct err e = ERR_ZERO;
	int status = CMD_OK;

	cmd_start(cmd.name);
	if (cmd_parse(&cmd, argc, argv) < argc)
		err_kind_set(&e, ERR_USAGE,
		    "no operands: files are --groups, --estimates or --only");
	else if (o.jobs)
		(void)print_jobs(&o, &e);
	else
		(void)make_plan(&o, &e);
	if (e.kind)
		status = cmd_fail(&e);
	opt_list_free(&o.groups);
	opt_list_free(&o.estimates);
	opt_list_free(&o.rate);
	opt_list_free(&o.max_rows);
	opt_list_free(&o.max_bytes);
	return cmd_finish(status);
}
