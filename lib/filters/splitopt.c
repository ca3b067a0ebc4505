#include "filters/splitopt.h"

#include <string.h>

const char *const splitopt_names[] = {
    [TRAIN] = "train",
    [VAL] = "val",
    [TEST] = "test",
    [OOT] = "oot",
};

const char *const splitopt_by_names[] = {"temporal", "hash", "group",
    "stratified", "group+time", "day", "map", NULL};
/* by enum epoch */
static const char *const epoch_names[] = {"none", "s", "ms", "us", "ns", NULL};
static const char *const unplanned_names[] = {"drop", "keep", NULL};

const struct opt_spec splitopt_specs[] = {
    OPT_CHOICE('b', "by", struct split_opt, by, splitopt_by_names,
	"what decides (map with --map, else temporal)"),
    OPT(OPT_STR, 'c', "context", "CTX", struct split_opt, context,
	"take the cutoffs from this context"),
    OPT(OPT_STR, 0, "cutoffs", "A,B", struct split_opt, cutoffs,
	"times instead: train before A, val before B (group+time: A)"),
    OPT_CHOICE(0, "epoch", struct split_opt, epoch, epoch_names,
	"--by=day: what times that are integers count (none)"),
    OPT(OPT_STR, 0, "explain", "KEY", struct split_opt, explain,
	"say which split this key's first row goes to, and why"),
    OPT(OPT_STR, 'k', "key", "COL", struct split_opt, key,
	"the group that must not cross splits"),
    OPT(OPT_STR, 0, "map", "FILE", struct split_opt, map_path,
	"the batch of each group, as shard-plan wrote it"),
    OPT(OPT_STR, 0, "missing-time", "train|val|test|drop", struct split_opt,
	missing_time,
	"rows without a time (as pass 1 was told, else an error)"),
    OPT(OPT_STR, 0, "only", "SPLIT", struct split_opt, only,
	"drop the rows of the other splits"),
    OPT(OPT_U64, 's', "seed", "N", struct split_opt, seed,
	"seed of the hash (0)"),
    OPT(OPT_STR, 0, "take", "DAY", struct split_opt, take,
	"--by day: as if the input had no other days; no column"),
    OPT(OPT_RATIO, 0, "test-val-ratio", "R", struct split_opt, test_val_ratio,
	"share of the rest that goes to val (0.5)"),
    OPT(OPT_STR, 't', "time", "COL", struct split_opt, time,
	"the time column (the context's)"),
    OPT(OPT_RATIO, 0, "train-ratio", "R", struct split_opt, train_ratio,
	"share of train for hash and group (0.7)"),
    OPT_CHOICE(0, "unplanned", struct split_opt, unplanned, unplanned_names,
	"rows whose group is missing or not in the map (drop)"),
    OPT_END,
};

void
splitopt_defaults(void *opt)
{
	struct split_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->by = -1;
	o->train_ratio = 0.7;
	o->test_val_ratio = 0.5;
}

static int
split_code(const char *name)
{
	int i;

	for (i = 0; i < NSPLIT; i++)
		if (strcmp(name, splitopt_names[i]) == 0)
			return i;
	return strcmp(name, "drop") == 0 ? DROPPED : -1;
}

static int
parse_cutoffs(struct split_opt *o, struct err *e)
{
	const char *s = o->cutoffs, *comma = strchr(s, ',');
	enum time_kind k[2] = {TIME_NONE, TIME_NONE};
	size_t n = comma ? (size_t)(comma - s) : strlen(s);

	if (!comma && o->by != BY_GROUP_TIME)
		goto bad;
	if (cutoff_parse(bytes_of(s, n), &k[0], &o->cut[0]) < 0)
		goto bad;
	o->cut[1] = o->cut[0];
	k[1] = k[0];
	if (comma && cutoff_parse(bytes_str(comma + 1), &k[1], &o->cut[1]) < 0)
		goto bad;
	o->kind = k[0] ? k[0] : k[1];
	if (k[0] && k[1] && k[0] != k[1])
		goto bad;
	if (instant_cmp(o->cut[0], o->cut[1]) > 0)
		goto bad;
	return 0;
bad:
	return err_kind_set(e, ERR_USAGE,
	    "--cutoffs %s: expected two times of one kind in order, A,B",
	    err_quote(bytes_str(s)));
}

/* --by=day: what the options say to it. */
static int
day_setup(struct split_opt *o, struct err *e)
{
	const char *missing = o->missing_time, *day = o->only;

	if (o->cutoffs)
		return err_kind_set(e, ERR_USAGE, "--by=day has no --cutoffs");
	if (missing && strcmp(missing, "drop") != 0)
		return err_kind_set(e, ERR_USAGE,
		    "--missing-time %s: must be drop with --by=day",
		    err_quote(bytes_str(missing)));
	if (!missing && o->ctx)
		missing = o->ctx->facts.missing_time;
	if (!o->time && o->ctx)
		o->time = o->ctx->facts.time;
	if (!o->time)
		return err_kind_set(e, ERR_USAGE, "--time COL is needed");
	o->day = (struct daysplit_opt){.time = o->time,
	    .epoch = (enum epoch)o->epoch,
	    .drop_missing = missing && strcmp(missing, "drop") == 0,
	    .only = o->only || o->take,
	    .take = o->take != NULL};
	if (o->only && o->take)
		return err_kind_set(
		    e, ERR_USAGE, "--only and --take exclude each other");
	if (o->take)
		day = o->take;
	if (day &&
	    (strlen(day) != DAY_LEN ||
		!day_parse(bytes_str(day), &o->day.only_day)))
		return err_kind_set(e, ERR_USAGE,
		    "--%s %s: no such day (YYYY-MM-DD)",
		    o->take ? "take" : "only", err_quote(bytes_str(day)));
	return 0;
}

/* --only of a map: one of its batches, or the rows that have none. */
static int
only_batch(struct split_opt *o, struct err *e)
{
	struct bytes id = bytes_str(o->only);
	uint64_t v;

	o->only_batch = o->map->nbatch;
	if (o->unplanned && strcmp(o->only, SPLIT_UNPLANNED) == 0)
		return 0;
	if (strncmp(o->only, SPLIT_BATCH, strlen(SPLIT_BATCH)) == 0) {
		id = bytes_str(o->only + strlen(SPLIT_BATCH));
		if (class_number(id) == CLASS_INT && parse_u64(id, &v) &&
		    v < o->map->nbatch) {
			o->only_batch = (int64_t)v;
			return 0;
		}
	}
	return err_kind_set(e, ERR_USAGE,
	    "--only %s: no such split (" SPLIT_BATCH "0 to " SPLIT_BATCH
	    "%u%s)",
	    err_quote(bytes_str(o->only)), o->map->nbatch - 1,
	    o->unplanned ? ", " SPLIT_UNPLANNED : "");
}

static int
map_of_batches(struct split_opt *o, struct session *s, struct err *e)
{
	if (!o->map_path)
		return err_kind_set(
		    e, ERR_USAGE, "--by=map needs the map: --map FILE");
	o->map = session_batchmap(s, o->map_path, e);
	if (!o->map) {
		e->kind = ERR_OUTPUT; /* no shard could be split */
		return -1;
	}
	if (!o->key)
		o->key = o->map->column;
	o->only_batch = -1;
	return o->only ? only_batch(o, e) : 0;
}

int
splitopt_setup(void *opt, struct session *s, struct err *e)
{
	struct split_opt *o = opt;
	bool timed;

	if (o->by < 0)
		o->by = o->map_path ? BY_MAP : BY_TEMPORAL;
	timed = o->by == BY_TEMPORAL || o->by == BY_GROUP_TIME;
	if (o->by != BY_MAP && (o->map_path || o->unplanned))
		return err_kind_set(e, ERR_USAGE, "%s is for --by=map",
		    o->map_path ? "--map" : "--unplanned");
	if (o->context && !(o->ctx = session_context(s, o->context, e)))
		return -1;
	if (o->by == BY_DAY)
		return day_setup(o, e);
	if (o->epoch)
		return err_kind_set(e, ERR_USAGE, "--epoch is for --by=day");
	if (o->take)
		return err_kind_set(e, ERR_USAGE, "--take is for --by=day");
	if (o->by == BY_MAP)
		return map_of_batches(o, s, e);
	if (o->cutoffs) {
		if (parse_cutoffs(o, e) < 0)
			return -1;
	} else if (timed) {
		if (!o->ctx || !o->ctx->have_split)
			return err_kind_set(e, ERR_USAGE,
			    "--by=%s needs cutoffs: --context with pass 1's, "
			    "or --cutoffs",
			    splitopt_by_names[o->by]);
		o->cut[0] = o->ctx->train_cutoff;
		o->cut[1] = o->ctx->test_cutoff;
		o->kind = o->ctx->time_kind;
	}
	if (timed && !o->time) {
		if (!o->ctx || !o->ctx->have_split)
			return err_kind_set(
			    e, ERR_USAGE, "--time COL is needed");
		o->time = o->ctx->time_column;
	}
	if ((o->by == BY_GROUP || o->by == BY_GROUP_TIME) && !o->key) {
		if (!o->ctx || !o->ctx->facts.key)
			return err_kind_set(
			    e, ERR_USAGE, "--key COL is needed");
		o->key = o->ctx->facts.key;
	}
	if (o->by == BY_STRATIFIED && (!o->ctx || !o->ctx->facts.strata))
		return err_kind_set(e, ERR_USAGE,
		    "--by=stratified needs a --context of shard-stats "
		    "--strata");
	if (!o->missing_time && o->ctx)
		o->missing_time = o->ctx->facts.missing_time;
	o->missing_code = o->missing_time ? split_code(o->missing_time) : -1;
	if (o->missing_time && (o->missing_code < 0 || o->missing_code == OOT))
		return err_kind_set(e, ERR_USAGE,
		    "--missing-time %s: must be train|val|test|drop",
		    err_quote(bytes_str(o->missing_time)));
	o->only_code = o->only ? split_code(o->only) : -1;
	if (o->only && (o->only_code < 0 || o->only_code == DROPPED))
		return err_kind_set(e, ERR_USAGE,
		    "--only %s: no such split (train, val, test, oot)",
		    err_quote(bytes_str(o->only)));
	return 0;
}
