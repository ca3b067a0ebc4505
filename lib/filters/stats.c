#include "filters/stats.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters/statsrows.h"
#include "pass1/factsfile.h"
#include "pass1/parts.h"

const struct opt_spec stats_specs[] = {
    OPT(OPT_STR, 0, "groups", "COL", struct stats_opt, groups,
	"collect rows and bytes of every group, the rows with one key"),
    OPT(OPT_STR, 'k', "key", "COL", struct stats_opt, key,
	"collect the first occurrence of every key"),
    OPT(OPT_STR, 0, "label", "COL", struct stats_opt, label,
	"collect the labels"),
    OPT(OPT_STR, 0, "like", "FILE", struct stats_opt, like,
	"the shard that the stream comes from"),
    OPT(OPT_BYTES, 0, "memory", "SIZE", struct stats_opt, memory,
	"for --values and --groups, before they spill (1G)"),
    OPT(OPT_STR, 0, "missing-time", "train|val|test|drop", struct stats_opt,
	missing_time, "go on over rows without a time (they are an error)"),
    OPT(OPT_FLAG, 0, "moments", NULL, struct stats_opt, moments,
	"--schema, and exact sums of the numbers"),
    OPT(OPT_STR, 0, "na", "RULE", struct stats_opt, na,
	"what is missing besides empty cells: auto, pandas or A,B (auto)"),
    OPT(OPT_STR, 'o', "output", "DIR", struct stats_opt, out,
	"where the partials go; --merge: the context"),
    OPT(OPT_STR, 0, "strata", "COL", struct stats_opt, strata,
	"collect what an exact stratified split by this column needs"),
    OPT_CHOICE(0, "quoted-empty", struct stats_opt, quoted_empty,
	quoted_empty_names, "what a cell \"\" is (missing)"),
    OPT(OPT_U64, 's', "seed", "N", struct stats_opt, seed,
	"seed of the row hashes for --strata (0)"),
    OPT(OPT_FLAG, 0, "schema", NULL, struct stats_opt, schema,
	"collect type, missing cells and range of every column"),
    OPT(OPT_STR, 0, "table", "NAME", struct stats_opt, table,
	"--groups: of several tables, the one these rows are of"),
    OPT(OPT_STR, 't', "time", "COL", struct stats_opt, time,
	"collect the times of this column"),
    OPT(OPT_STR, 0, "update", "DIR", struct stats_opt, update,
	"with --values: read again, to add them to the partials in DIR; do "
	"nothing where FILE is empty"),
    OPT(OPT_STR, 0, "values", "FILE|all", struct stats_opt, values,
	"collect the values of these columns (FILE is of shard-fit --need)"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct stats_opt, verify,
	"read inputs to see that a partial is fresh; trust no size and time"),
    OPT_END,
};

static void
stats_defaults(void *opt)
{
	struct stats_opt *o = opt;

	memset(o, 0, sizeof(*o));
	o->memory = VALUES_MEMORY_DEFAULT;
}

static const char values_header[] = "column\tvalues";

static int
load_wish(struct stats_opt *o, struct err *e)
{
	struct values_wish *w = &o->wish;
	struct buf b = BUF_ZERO;
	int rc = -1;
	size_t i;

	w->all = strcmp(o->values, "all") == 0;
	w->none = !w->all && o->update && values_none(o->values);
	if (w->none)
		return 0;
	if (w->all) {
		w->digest = 1;
		return 0;
	}
	if (file_load(o->values, &b, e) < 0 ||
	    tsv_parse(&w->file, o->values, buf_bytes(&b), values_header, e) < 0)
		goto out;
	for (i = 0; i < w->file.nrow; i++) {
		struct bytes kind = tsv_cell(&w->file, i, 1);

		if (bytes_eq(kind, bytes_str("numbers")) ||
		    bytes_eq(kind, bytes_str("texts")))
			continue;
		err_set(e, "%s:%llu: %s is neither numbers nor texts",
		    o->values, tsv_lineno(i), err_quote(kind));
		goto out;
	}
	w->digest = digest_of(b.p, b.n) | 2;
	rc = 0;
out:
	buf_fini(&b);
	if (rc < 0)
		e->kind = ERR_OUTPUT; /* no shard could be read with it */
	return rc;
}

static void
stats_teardown(void *opt)
{
	struct stats_opt *o = opt;

	tsv_fini(&o->wish.file);
}

static bool
stats_is_sink(const void *opt)
{
	(void)opt;
	return true;
}

/* It becomes a part of file names. */
static bool
is_table_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 100 && s[0] != '-' && s[0] != '.' &&
	    strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-.") == n;
}

static int
stats_setup(void *opt, struct session *s, struct err *e)
{
	static const char *const words[] = {"train", "val", "test", "drop"};
	struct stats_opt *o = opt;
	bool known = false;
	size_t i;

	(void)s;
	if (!o->out)
		return err_kind_set(e, ERR_USAGE, "--output is needed");
	for (i = 0; o->missing_time && i < LEN(words); i++)
		known |= strcmp(o->missing_time, words[i]) == 0;
	if (o->missing_time && !known)
		return err_kind_set(e, ERR_USAGE,
		    "--missing-time %s: must be train|val|test|drop",
		    err_quote(bytes_str(o->missing_time)));
	if (o->key && !o->time)
		return err_kind_set(e, ERR_USAGE,
		    "--key needs --time: the first occurrence is the "
		    "earliest");
	if (o->update &&
	    (!o->values || o->time || o->key || o->label || o->strata ||
		o->groups || o->schema || o->moments))
		return err_kind_set(e, ERR_USAGE,
		    "--update takes --values and nothing else: the rest is in "
		    "the partial");
	if (o->table && !o->groups)
		return err_kind_set(
		    e, ERR_USAGE, "--table is for --groups: it names them");
	if (o->table && !is_table_name(o->table))
		return err_kind_set(e, ERR_USAGE,
		    "--table %s: letters, digits, '_', '-' and '.', the "
		    "latter two not in front",
		    err_quote(bytes_str(o->table)));
	if (o->values && !o->update && !o->moments)
		return err_kind_set(e, ERR_USAGE,
		    "--values needs --moments, or --update of partials that "
		    "have them");
	if (parts_check_memory(o->memory, e) < 0)
		return -1;
	o->schema |= o->moments;
	return o->values && !o->wish.digest ? load_wish(o, e) : 0;
}

/* Without statistics of all columns, and without hashes or sizes of rows. */
static bool
stats_needs(const void *opt, struct schema *names)
{
	const struct stats_opt *o = opt;
	const char *const used[] = {o->time, o->key, o->label};
	size_t i;

	for (i = 0; i < LEN(used); i++)
		if (used[i])
			schema_add(names, bytes_str(used[i]), -1, -1);
	return !(
	    o->schema || o->moments || o->values || o->strata || o->groups);
}

static const char *
stats_like(const void *opt)
{
	return ((const struct stats_opt *)opt)->like;
}

/* The columns looked at. */
static void
init_columns(struct stats *t, const struct schema *s)
{
	const struct stats_opt *o = t->o;
	size_t i;

	t->f.col = xcalloc(s->ncol, sizeof(*t->f.col));
	t->col = xcalloc(s->ncol, sizeof(*t->col));
	for (i = 0; i < s->ncol; i++) {
		struct colfacts *c = &t->f.col[t->f.ncol];
		const char *name = s->col[i].name;

		if (!statsrows_is_of_table(o, name))
			continue;
		c->name = xstrdup(name);
		c->shard = s->col[i].src < 0 && s->col[i].slot < 0
		    ? NOWHERE
		    : t->pass->shard.number;
		c->pos = (uint32_t)t->f.ncol;
		c->type = s->col[i].made ? NULL : s->col[i].type;
		if (o->moments)
			c->moments = xcalloc(1, sizeof(*c->moments));
		t->col[t->f.ncol++] = s->col[i];
	}
}

/* --update: the facts of the partial that is there. */
static int
init_update(struct stats *t, struct schema *s, struct err *e)
{
	char *path = parts_path(t->o->update, t->pass->shard.number);
	size_t i;
	int at, rc = partial_open(&t->old, path, e);

	free(path);
	if (rc < 0)
		return -1;
	facts_fini(&t->f);
	if (partial_facts(&t->old, &t->f, e) < 0)
		return -1;
	if (t->f.nin != 1 || t->f.in[0].number != t->pass->shard.number ||
	    !t->f.moments)
		return err_set(e,
		    "%s: not the partial of shard %llu with --moments: nothing "
		    "to --update",
		    t->old.path, (unsigned long long)t->pass->shard.number);
	na_rule_fini(&t->na);
	na_rule_init(&t->na, t->f.na);
	t->col = xcalloc(t->f.ncol, sizeof(*t->col));
	for (i = 0; i < t->f.ncol; i++) {
		at = schema_need(s, bytes_str(t->f.col[i].name), e);
		if (at < 0)
			return err_prefix(e, "%s: ", t->old.path);
		t->col[i] = s->col[at];
	}
	return 0;
}

/* Which values of which columns. */
static int
init_values(struct stats *t, struct err *e)
{
	const struct values_wish *w = &t->o->wish;
	size_t i, k;

	t->kinds = xcalloc(t->f.ncol, sizeof(*t->kinds));
	for (i = 0; w->all && i < t->f.ncol; i++)
		t->kinds[i] = VALUES_NUMBERS | VALUES_TEXTS;
	for (i = 0; i < w->file.nrow; i++) {
		struct bytes name = tsv_cell(&w->file, i, 0);

		for (k = 0; k < t->f.ncol; k++)
			if (bytes_eq(bytes_str(t->f.col[k].name), name))
				break;
		if (k == t->f.ncol && t->f.header == HEADER_UNION)
			continue; /* another shard has it */
		if (k == t->f.ncol)
			return err_set(e, "no column %s, which %s names",
			    err_quote(name), t->o->values);
		t->kinds[k] = tsv_cell(&w->file, i, 1).p[0] == 'n'
		    ? VALUES_NUMBERS
		    : VALUES_TEXTS;
	}
	t->f.values = w->digest;
	t->values = values_new(&t->f, t->kinds, statsrows_memory(t->o), t->w);
	return 0;
}

static int
stats_init(void **st, const void *opt, struct schema *s, struct pass *pass,
    struct err *e)
{
	struct stats *t = *st = xcalloc(1, sizeof(*t));
	const struct stats_opt *o = t->o = opt;
	char *path;
	int rc = 0;

	t->pass = pass;
	if (o->wish.none)
		return err_set(e, "%s: no values are lacking", o->values);
	if (statsrows_find(t, s, e) < 0)
		return -1;
	if (!pass->like)
		return err_kind_set(
		    e, ERR_USAGE, "which shard is this? --like part-NNNNN.csv");
	na_rule_init(&t->na, o->na);
	t->f.na = o->na && strcmp(o->na, "auto") != 0 ? xstrdup(o->na) : NULL;
	statsrows_init(t, s);
	t->f.schema = o->schema;
	t->f.moments = o->moments;
	t->f.quoted_value = o->quoted_empty == 1;
	t->f.header = (enum header_policy)pass->header;
	t->f.fingerprint = pass->fingerprint;
	if (o->update)
		rc = init_update(t, s, e);
	else
		init_columns(t, s);
	path = parts_path(o->out, pass->shard.number);
	if (rc == 0)
		t->w = partial_create(path, e);
	free(path);
	if (!t->w)
		return -1;
	return o->values ? init_values(t, e) : 0;
}

/* One column of the block's rows.  A row's place counts the rows that arrive,
 * so that it is the same in a pipe, in one process and in the split's own file.
 */
static int
add_column(struct stats *t, size_t c, struct block *b, const uint32_t *sel,
    uint32_t n, struct err *e)
{
	struct colfacts *facts = t->o->schema ? &t->f.col[c] : NULL;
	bool values = t->values && t->kinds[c];
	uint64_t shard = t->pass->shard.number, first = t->rows - n + 1;
	struct block_column col = block_column(b, &t->col[c]);
	struct cell cell;
	bool plain = !t->na.token;
	bool common = plain && facts && !values;
	/* nothing is to be known of texts but how many of each */
	bool texts = plain && values && t->kinds[c] == VALUES_TEXTS &&
	    (!facts || facts->n[KIND_TEXT]);
	uint32_t i, next = 0, wait = 1;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		struct bytes raw, v;

		if (i == next && common) {
			uint32_t took =
			    colfacts_add_common(facts, &col, sel + i, n - i);

			i += took;
			if (i == n)
				break;
			/* do not ask before each of many others */
			wait = took ? 1 : wait < 64 ? wait * 2 : wait;
			next = i + wait;
		}
		raw = block_column_raw(&col, sel[i]);
		if (texts && raw.n > 0 && raw_is_text(raw)) {
			if (facts)
				facts->n[KIND_TEXT]++;
			v = block_value(b, raw, &t->scratch);
			rc = values_add_text(t->values, c, v, e);
			continue;
		}
		v = values ? block_value(b, raw, &t->scratch)
			   : csv_value(raw, &t->scratch);

		cell_scan(&cell, &t->na, v);
		if (UNLIKELY(raw.n == 2 && v.n == 0 && t->f.quoted_value)) {
			cell.state = CELL_VALUE;
			cell.kind = KIND_TEXT;
		}
		if (facts)
			colfacts_add(
			    facts, &cell, v, (struct place){shard, first + i});
		if (!values || cell.state == CELL_EMPTY)
			continue;
		if (cell.state == CELL_VALUE)
			rc = values_add(t->values, c, &cell, v, e);
		else if (!t->na.everywhere)
			rc = values_add_token(t->values, c, v, e);
	}
	return rc;
}

static int
stats_process(void *st, struct block *b, struct err *e)
{
	struct stats *t = st;
	const struct stats_opt *o = t->o;
	const uint32_t *sel = b->sel;
	uint32_t i, n = b->nsel;
	size_t c;

	t->rows += n;
	if (b->row0 + b->nrow > KEYENT_MAX_ROWS) {
		err_set(e, "more than %llu rows in one shard",
		    (unsigned long long)KEYENT_MAX_ROWS);
		return pass_at(t->pass, b, 0, e);
	}
	for (i = 0; i < n; i += STATSROWS_MAX)
		if (statsrows_add(t, b, sel + i,
			n - i < STATSROWS_MAX ? n - i : STATSROWS_MAX, e) < 0)
			return -1;
	if (o->schema || t->values)
		for (c = 0; c < t->f.ncol; c++)
			if ((o->schema || t->kinds[c]) &&
			    add_column(t, c, b, sel, n, e) < 0)
				return -1;
	/* what is on its way lies in the block */
	return t->values ? values_settle(t->values, e) : 0;
}

/* Fills the partial's one input. */
static void
note_input(struct stats *t)
{
	struct pass *r = t->pass;
	struct input *in = t->f.in = xcalloc(1, sizeof(*in));

	t->f.nin = 1;
	in->path = xstrdup(r->have_input ? r->input : r->like);
	in->number = r->shard.number;
	in->rows = t->rows;
	(void)pass_source(r, &in->id, &in->digest);
	if (r->shard.format < FORMAT_UNKNOWN)
		t->f.sep[r->shard.format] = r->in_sep;
}

/* --update: the same bytes again?  Then what the old partial holds besides
 * values goes over to the new one. */
static int
copy_old(struct stats *t, struct err *e)
{
	struct identity id;
	uint64_t digest;
	size_t i;

	if (!pass_source(t->pass, &id, &digest))
		return err_set(e,
		    "--update: this stream does not say which bytes it comes "
		    "from: name the shard");
	if (digest != t->f.in[0].digest || t->rows != t->f.in[0].rows)
		return err_set(
		    e, "%s: input changed during the run", t->pass->input);
	for (i = 0; i < t->old.nsec; i++)
		switch (t->old.sec[i].type) {
		case SECTION_FACTS:
		case SECTION_NUMBERS:
		case SECTION_NUMBERS_RLE:
		case SECTION_COUNTS: break;
		default:
			if (partial_copy(t->w, &t->old, &t->old.sec[i],
				t->old.sec[i].aux, NULL, NULL, e) < 0)
				return -1;
		}
	return 0;
}

static int
stats_finish(void *st, struct err *e)
{
	struct stats *t = st;
	struct buf b = BUF_ZERO;
	size_t i;
	int rc = -1;

	if (statsrows_check(t, e) < 0)
		return -1;
	if (!t->o->update)
		note_input(t);
	else if (copy_old(t, e) < 0)
		return -1;
	if (statsrows_finish(t, e) < 0)
		return -1;
	if (t->values) {
		if (values_finish(t->values, t->kinds, e) < 0)
			return -1;
		for (i = 0; i < t->f.ncol; i++)
			t->f.col[i].values = t->kinds[i];
	}
	facts_save(&t->f, &b);
	if (partial_put_facts(t->w, buf_bytes(&b), e) == 0)
		rc = partial_finish(t->w, e);
	buf_fini(&b);
	return rc;
}

static void
stats_free(void *st)
{
	struct stats *t = st;

	if (!t)
		return;
	values_free(t->values);
	partial_writer_free(t->w);
	partial_close(&t->old);
	free(t->kinds);
	facts_fini(&t->f);
	na_rule_fini(&t->na);
	free(t->col);
	statsrows_fini(t);
	buf_fini(&t->scratch);
	free(t);
}

static const struct stage stats_stage = {
    stats_init, stats_process, stats_finish, stats_free};

const struct filter filter_stats = {
    .name = "stats",
    .summary = "pass 1: collect global facts of shards, and merge them",
    .example =
	"shard-stats -t orderDate -k customerId -o CTX/parts part-*.csv\n"
	"  shard-stats --merge -o CTX CTX/parts",
    .specs = stats_specs,
    .opt_size = sizeof(struct stats_opt),
    .defaults = stats_defaults,
    .setup = stats_setup,
    .teardown = stats_teardown,
    .stage = &stats_stage,
    .sink = stats_is_sink,
    .like = stats_like,
    .needs = stats_needs,
};
