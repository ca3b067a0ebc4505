/*
 * merge - the context that partials make: the same bytes in any order and
 * any grouping, and what a naive pass over all rows finds.
 */
#include "pass1/merge.h"
#include "base/digest.h"
#include "chain/chain.h"
#include "filters/stats.h"
#include "pass1/combine.h"
#include "pass1/context.h"
#include "pass1/factsfile.h"
#include "pass1/partial.h"
#include "test.h"

static unsigned warnings;

static void PRINTF_LIKE(1, 2) warn(const char *fmt, ...)
{
	(void)fmt;
	warnings++;
}

/* A table in memory: what the naive pass looks at. */
struct row {
	char *when, *key, *label, *amount;
	struct instant t;
};

struct table {
	struct row *v;
	size_t n;
	enum time_kind kind;
};

static char *
print(const char *fmt, ...)
{
	struct buf b = BUF_ZERO;
	char tmp[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tmp, sizeof(tmp), fmt, ap);
	va_end(ap);
	buf_puts(&b, tmp);
	return buf_release(&b);
}

static char *
random_time(enum time_kind kind, unsigned days)
{
	char frac[16] = "";
	unsigned s = (unsigned)below(86400);

	if (kind == TIME_EPOCH)
		return print("%" PRId64, (int64_t)below(days * 100) - 500);
	if (one_in(3))
		s = 0;
	if (one_in(4))
		sprintf(frac, ".%0*u", 9, (unsigned)below(200));
	else if (one_in(4))
		sprintf(frac, ".%u", (unsigned)below(10));
	return print("2024-%02u-%02uT%02u:%02u:%02u%s%s",
	    1 + (unsigned)below(days) / 28 % 12, 1 + (unsigned)below(28),
	    s / 3600, s / 60 % 60, s % 60, frac,
	    kind == TIME_LOCAL ? ""
		: one_in(2)    ? "Z"
			       : "+05:30");
}

static struct table
table_make(size_t n, enum time_kind kind, bool text_labels)
{
	static const char *const amounts[] = {"", "", "NA", "null", "1", "17",
	    "-3", "2.5", "1e3", "-0.25", "99999", "3000000000"};
	static const char *const labels[] = {
	    "a", "b", "tab\there", "back\\slash", "\xc3\xa4", "B", "10", "9"};
	struct table t = {xcalloc(n, sizeof(*t.v)), n, kind};
	unsigned nkeys = 1 + (unsigned)below(n);
	size_t i;

	for (i = 0; i < n; i++) {
		struct row *r = &t.v[i];

		r->when = random_time(kind, 2 + (unsigned)below(300));
		if (!EQ_U(instant_parse(bytes_str(r->when), &r->t), kind))
			printf("%s\n", r->when);
		if (one_in(20))
			r->key = xstrdup("");
		else if (one_in(2))
			r->key = print("c%u", (unsigned)below(nkeys));
		else
			r->key =
			    print("customer number %u", (unsigned)below(nkeys));
		r->label = one_in(15) ? xstrdup("")
		    : text_labels     ? xstrdup(labels[below(LEN(labels))])
				      : print("%u", (unsigned)below(3));
		r->amount = xstrdup(amounts[below(LEN(amounts))]);
	}
	return t;
}

static void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->v[i].when);
		free(t->v[i].key);
		free(t->v[i].label);
		free(t->v[i].amount);
	}
	free(t->v);
}

/* Pass 1 over rows [from, to) as shard `number`: writes the partial. */
static bool
pass1(const struct table *t, size_t from, size_t to, uint64_t number,
    const char *out)
{
	const char *path = test_path("part-%05" PRIu64 ".csv", number);
	struct stats_opt *o = xcalloc(1, sizeof(*o));
	struct session s = {.tool = "test", .warn = warn};
	struct chain c = {.link = NULL};
	struct err e = ERR_ZERO;
	struct buf b = BUF_ZERO;
	char *paths[1];
	bool ok;

	buf_puts(&b, "when,key,label,amount\n");
	for (; from < to; from++) {
		const struct row *r = &t->v[from];

		csv_put_field(&b, bytes_str(r->when), ',');
		buf_putc(&b, ',');
		csv_put_field(&b, bytes_str(r->key), ',');
		buf_putc(&b, ',');
		csv_put_field(&b, bytes_str(r->label), ',');
		buf_putc(&b, ',');
		csv_put_field(&b, bytes_str(r->amount), ',');
		buf_putc(&b, '\n');
	}
	test_write(path, b.p, b.n);
	filter_stats.defaults(o);
	o->out = out;
	o->time = "when";
	o->key = "key";
	o->label = "label";
	o->groups = "key";
	o->table = "rows";
	o->schema = true;
	source_defaults(&c.source);
	ok = OK(chain_add(&c, &filter_stats, o) == 0, e);
	paths[0] = xstrdup(path);
	ok = ok && OK(chain_run(&c, paths, 1, &s, &e) == 0, e);
	chain_fini(&c);
	session_fini(&s);
	free(paths[0]);
	buf_fini(&b);
	return ok;
}

/* The files that a context is, one behind the other, with their names. */
static bool
context_bytes(const char *dir, bool with_places, struct buf *to)
{
	static const char *const files[] = {"split.tsv", "labels.tsv",
	    "groups.tsv", "schema.tsv", "meta.tsv", "first.idx"};
	struct buf b = BUF_ZERO;
	char path[600];
	size_t i;

	buf_clear(to);
	for (i = 0; i < (with_places ? LEN(files) : 3); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (!test_read(path, &b))
			continue;
		buf_printf(to, "== %s\n", files[i]);
		buf_putb(to, buf_bytes(&b));
	}
	buf_fini(&b);
	return to->n > 0;
}

static void
shuffle(char **v, size_t n)
{
	size_t i;

	for (i = n; i > 1; i--) {
		size_t k = below(i);
		char *tmp = v[k];

		v[k] = v[i - 1];
		v[i - 1] = tmp;
	}
}

/*
 * Puts random groups of the n partials together until a few are left; the
 * names in v are replaced.
 */
static size_t
regroup(char **v, size_t n, unsigned round)
{
	unsigned made = 0;

	while (n > 1 && !one_in(4)) {
		size_t k = 1 + below(n);
		struct err e = ERR_ZERO;
		char *to = xstrdup(test_path("group-%u-%u.st", round, made++));

		shuffle(v, n);
		OK(partials_combine(to, v + n - k, k, &e) == 0, e);
		for (; k; k--)
			free(v[--n]);
		v[n++] = to;
	}
	return n;
}

static int
by_instant(const void *a, const void *b)
{
	return instant_cmp(
	    *(const struct instant *)a, *(const struct instant *)b);
}

static const struct row *
first_of_key(const struct table *t, const char *key)
{
	const struct row *best = NULL;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->v[i].key, key) == 0 &&
		    (!best || instant_cmp(t->v[i].t, best->t) < 0))
			best = &t->v[i];
	return best;
}

static int
by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The context says of the table what a pass over all of it finds. */
static void
check_context(const char *dir, const struct table *t, const size_t *start,
    const uint64_t *number, size_t nshards, const struct merge_opt *opt,
    bool text_labels)
{
	struct err e = ERR_ZERO;
	struct context *c = context_open(dir, &e);
	struct instant *sorted = xcalloc(t->n, sizeof(*sorted));
	struct keyindex *x;
	char **labels = xcalloc(t->n, sizeof(*labels));
	size_t i, k, i1, i2, nlabel = 0;

	if (!OK(c != NULL, e))
		goto out;
	/* cutoffs: the values at two places of the sorted times */
	for (i = 0; i < t->n; i++)
		sorted[i] = t->v[i].t;
	qsort(sorted, t->n, sizeof(*sorted), by_instant);
	i1 = (size_t)((double)t->n * opt->train_ratio);
	i2 = i1 +
	    (size_t)((double)t->n *
		((1 - opt->train_ratio) * opt->test_val_ratio));
	CHECK(c->have_split);
	EQ_U(c->split_rows, t->n);
	EQ_S(c->time_column, "when");
	if (i1 < t->n)
		EQ_I(instant_cmp(c->train_cutoff, sorted[i1]), 0);
	else
		CHECK(instant_is_inf(c->train_cutoff));
	if (i2 < t->n)
		EQ_I(instant_cmp(c->test_cutoff, sorted[i2]), 0);
	else
		CHECK(instant_is_inf(c->test_cutoff));
	/* labels in byte order, counted from 0 */
	EQ_U(c->have_labels, text_labels);
	for (i = 0; i < t->n; i++)
		if (t->v[i].label[0])
			labels[nlabel++] = t->v[i].label;
	qsort(labels, nlabel, sizeof(*labels), by_string);
	for (i = k = 0; text_labels && i < nlabel; i++)
		if (i == 0 || strcmp(labels[i - 1], labels[i]) != 0)
			EQ_I(context_label(c, bytes_str(labels[i])),
			    (int64_t)k++);
	if (text_labels)
		EQ_U(c->labels.n, k);
	/* every key's earliest time; then the lowest shard, then row */
	x = context_index(c, &e);
	for (i = 0; OK(x != NULL, e) && i < t->n; i += 1 + t->n / 200) {
		struct bytes key = bytes_str(t->v[i].key);
		const struct row *want = first_of_key(t, t->v[i].key);
		struct keyent got;
		size_t at = (size_t)(want - t->v), s;

		if (!EQ_I(keyindex_find(x, key, key_hash(key), &got, &e),
			key.n > 0))
			break;
		if (key.n == 0)
			continue;
		for (s = 0; s + 1 < nshards && start[s + 1] <= at; s++)
			;
		EQ_I(instant_cmp(keyent_time(&got), want->t), 0);
		EQ_U(keyindex_shard(x, keyent_ordinal(&got)), number[s]);
		EQ_U(keyent_row(&got), at - start[s]);
	}
	EQ_U(facts_rows(&c->facts), t->n);
	EQ_U(c->facts.nin, nshards);
out:
	context_close(c);
	free(sorted);
	free(labels);
}

static void
any_order_and_grouping_gives_the_same_bytes(void)
{
	unsigned round, turn;

	for (round = 0; round < 14; round++) {
		enum time_kind kind = TIME_LOCAL + round % 3;
		bool text = round & 1;
		size_t n = 20 + below(round == 0 ? 20000 : 800), i;
		size_t nshards = 1 + below(12);
		struct table t = table_make(n, kind, text);
		struct merge_opt opt = {
		    .train_ratio = 0.3 + (double)below(60) / 100,
		    .test_val_ratio = (double)below(101) / 100,
		    .warn = warn};
		size_t start[13] = {0};
		uint64_t number[12];
		char *parts[12];
		struct buf first = BUF_ZERO, got = BUF_ZERO;
		bool ok = true;

		test_about("round %u, %zu rows, %zu shards", round, n, nshards);
		for (i = 0; i < nshards; i++) {
			number[i] = i ? number[i - 1] + 1 + below(3) : below(5);
			start[i + 1] = i + 1 == nshards
			    ? n
			    : start[i] + below(n - start[i] + 1);
		}
		for (i = 0; i < nshards && ok; i++) {
			parts[i] = xstrdup(test_path("%u-%zu.st", round, i));
			ok = pass1(
			    &t, start[i], start[i + 1], number[i], parts[i]);
		}
		for (turn = 0; ok && turn < 6; turn++) {
			char *v[12];
			char dir[300];
			struct err e = ERR_ZERO;
			size_t k = nshards;

			snprintf(dir, sizeof(dir), "%s",
			    test_path("ctx-%u-%u", round, turn));
			mkdir(dir, 0777);
			for (i = 0; i < nshards; i++)
				v[i] = xstrdup(parts[i]);
			if (turn) {
				shuffle(v, k);
				if (turn > 2)
					k = regroup(v, k, round * 10 + turn);
			}
			if (OK(context_merge(dir, v, k, &opt, &e) == 0, e) &&
			    CHECK(context_bytes(
				dir, true, turn ? &got : &first))) {
				if (turn)
					EQ_B(
					    buf_bytes(&got), buf_bytes(&first));
				else
					check_context(dir, &t, start, number,
					    nshards, &opt, text);
			}
			while (k)
				free(v[--k]);
		}
		for (i = 0; ok && i < nshards; i++)
			free(parts[i]);
		buf_fini(&first);
		buf_fini(&got);
		table_free(&t);
	}
}

/* How rows are dealt to shards changes no cutoff, label or group. */
static void
any_partition_gives_the_same_cutoffs_labels_and_groups(void)
{
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	struct buf first = BUF_ZERO, got = BUF_ZERO;
	struct table t = table_make(700, TIME_ZONED, true);
	unsigned turn;

	for (turn = 0; turn < 8; turn++) {
		size_t n = turn ? 1 + below(10) : 1, i, from = 0, to;
		char *v[10];
		char dir[300];
		struct err e = ERR_ZERO;

		snprintf(dir, sizeof(dir), "%s", test_path("c%u", turn));
		mkdir(dir, 0777);
		for (i = 0; i < n; i++, from = to) {
			to = i + 1 == n ? t.n : from + below(t.n - from + 1);
			v[i] = xstrdup(test_path("%u-%zu.st", turn, i));
			pass1(&t, from, to, i, v[i]);
		}
		if (OK(context_merge(dir, v, n, &opt, &e) == 0, e) &&
		    CHECK(context_bytes(dir, false, turn ? &got : &first)) &&
		    turn)
			EQ_B(buf_bytes(&got), buf_bytes(&first));
		for (i = 0; i < n; i++)
			free(v[i]);
	}
	buf_fini(&first);
	buf_fini(&got);
	table_free(&t);
}

/* One column of these amounts, a row per shard; merged both ways round. */
static void
both_ways_round(const char *a, const char *b)
{
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	struct table t = table_make(8, TIME_LOCAL, false);
	struct buf x = BUF_ZERO, y = BUF_ZERO;
	struct err e = ERR_ZERO;
	char *v[2], *back[2], *dir[2];
	size_t i;

	for (i = 0; i < 8; i++) {
		free(t.v[i].amount);
		t.v[i].amount = xstrdup(i < 4 ? a : b);
		free(t.v[i].when);
		t.v[i].when = print("2024-01-%02zu", 1 + i);
	}
	back[1] = v[0] = xstrdup(test_path("0.st"));
	back[0] = v[1] = xstrdup(test_path("1.st"));
	dir[0] = xstrdup(test_path("x"));
	dir[1] = xstrdup(test_path("y"));
	mkdir(dir[0], 0777);
	mkdir(dir[1], 0777);
	test_about("%s and %s", a, b);
	if (pass1(&t, 0, 4, 0, v[0]) && pass1(&t, 4, 8, 1, v[1]) &&
	    OK(context_merge(dir[0], v, 2, &opt, &e) == 0, e) &&
	    OK(context_merge(dir[1], back, 2, &opt, &e) == 0, e)) {
		context_bytes(dir[0], true, &x);
		context_bytes(dir[1], true, &y);
		EQ_B(buf_bytes(&y), buf_bytes(&x));
	}
	buf_fini(&x);
	buf_fini(&y);
	for (i = 0; i < 2; i++) {
		free(v[i]);
		free(dir[i]);
	}
	table_free(&t);
}

static void
zero_and_minus_zero_merge_alike(void)
{
	both_ways_round("0.0", "-0.0");
	both_ways_round("-0", "0");
}

static void
other_extremes_merge_alike(void)
{
	static const char *const v[] = {"99999999999999999999", "5", "-5",
	    "inf", "1e308", "-1e-320", "9223372036854775807", "NA", "x", "007",
	    "true", "2024-01-01", "2024-01-01T00:00:00Z",
	    "-9223372036854775808"};
	size_t i, k;

	for (i = 0; i < LEN(v); i++)
		for (k = 0; k < i; k += 1 + (i + k) % 3)
			both_ways_round(v[i], v[k]);
}

static void
given_cutoffs_are_taken(void)
{
	struct table t = table_make(50, TIME_LOCAL, false);
	struct merge_opt opt = {.warn = warn};
	struct err e = ERR_ZERO;
	struct context *c;
	struct instant want = {0, 0};
	char *part = xstrdup(test_path("p.st"));
	char *dir = xstrdup(test_dir());

	pass1(&t, 0, 50, 0, part);
	opt.cutoffs = "2024-12-28,inf";
	if (OK(context_merge(dir, &part, 1, &opt, &e) == 0, e) &&
	    OK((c = context_open(dir, &e)) != NULL, e)) {
		CHECK(instant_parse(bytes_str("2024-12-28"), &want) != 0);
		EQ_I(instant_cmp(c->train_cutoff, want), 0);
		CHECK(instant_is_inf(c->test_cutoff));
		context_close(c);
	}
	opt.cutoffs = "2024-12-28";
	EQ_I(context_merge(dir, &part, 1, &opt, &e), -1);
	HAS(e.msg, "expected two times");
	opt.cutoffs = "2024-12-28,2024-01-01";
	EQ_I(context_merge(dir, &part, 1, &opt, &e), -1);
	HAS(e.msg, "the second is before the first");
	opt.cutoffs = "5,6";
	EQ_I(context_merge(dir, &part, 1, &opt, &e), -1);
	HAS(e.msg, "local times");
	opt.cutoffs = "1999-01-01,2024-01-01";
	EQ_I(context_merge(dir, &part, 1, &opt, &e), -1);
	HAS(e.msg, "train split would be empty");
	/* what was refused left the old context as it was */
	if (OK((c = context_open(dir, &e)) != NULL, e)) {
		EQ_I(instant_cmp(c->train_cutoff, want), 0);
		context_close(c);
	}
	/* and made none where there was none */
	mkdir(test_path("new"), 0777);
	EQ_I(context_merge(test_path("new"), &part, 1, &opt, &e), -1);
	CHECK(context_open(test_path("new"), &e) == NULL);
	free(part);
	free(dir);
	table_free(&t);
}

static void
partials_that_do_not_fit_are_refused(void)
{
	struct table t = table_make(20, TIME_LOCAL, false);
	struct table u = table_make(20, TIME_EPOCH, false);
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	struct err e = ERR_ZERO;
	char *v[2], *dir = xstrdup(test_dir());
	struct buf b = BUF_ZERO;

	v[0] = xstrdup(test_path("0.st"));
	v[1] = xstrdup(test_path("1.st"));
	pass1(&t, 0, 20, 0, v[0]);
	pass1(&u, 0, 20, 1, v[1]);
	EQ_I(context_merge(dir, v, 2, &opt, &e), -1);
	HAS(e.msg, "mixes local times");
	pass1(&t, 0, 20, 0, v[1]); /* one shard twice */
	EQ_I(context_merge(dir, v, 2, &opt, &e), -1);
	HAS(e.msg, "two partials for shard 0");
	EQ_I(partials_combine(test_path("c.st"), v, 2, &e), -1);
	test_read(v[0], &b);
	test_write(v[1], b.p, b.n - 1);
	EQ_I(context_merge(dir, v, 2, &opt, &e), -1);
	HAS(e.msg, "1.st: damaged");
	free(v[1]);
	v[1] = xstrdup(test_path("none.st"));
	EQ_I(context_merge(dir, v, 2, &opt, &e), -1);
	HAS(e.msg, "No such file");
	buf_fini(&b);
	free(v[0]);
	free(v[1]);
	free(dir);
	table_free(&t);
	table_free(&u);
}

static void
nothing_to_merge_is_an_error(void)
{
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	struct err e = ERR_ZERO;

	EQ_I(context_merge(test_dir(), NULL, 0, &opt, &e), -1);
	EQ_I(partials_combine(test_path("c.st"), NULL, 0, &e), -1);
}

static void
put64(struct buf *b, uint64_t v)
{
	buf_put(b, &v, 8);
}

/*
 * A partial written by hand, as the header of partial.h describes it: facts,
 * two times and one key.  (The writer would fsync each.)
 */
static void
handmade(const char *path, uint64_t number, const uint64_t times[2],
    const char *key, uint32_t ordinal)
{
	struct buf b = BUF_ZERO, text = BUF_ZERO;
	struct section s[3];
	uint64_t table, before;
	struct facts f;
	struct input in;
	struct colfacts col[2];
	struct keyent k;

	memset(s, 0, sizeof(s));
	memset(&f, 0, sizeof(f));
	memset(&in, 0, sizeof(in));
	memset(col, 0, sizeof(col));
	f.time = (char[]){"when"};
	f.key = (char[]){"key"};
	f.key_text = true;
	f.time_kind = TIME_EPOCH;
	f.time_place = (struct place){number, 1};
	f.time_rows = 2;
	in.path = (char[]){"x.csv"};
	in.number = number;
	in.rows = 2;
	f.in = &in;
	f.nin = 1;
	col[0].name = f.time;
	col[1].name = f.key;
	col[1].pos = 1;
	col[0].shard = col[1].shard = number;
	f.col = col;
	f.ncol = 2;
	facts_save(&f, &text);
	buf_puts(&b, "SHARDST2");
	s[0] = (struct section){.type = SECTION_TIMES,
	    .n = 2,
	    .off = b.n,
	    .len = 16,
	    .heap_off = b.n};
	put64(&b, times[0]);
	put64(&b, times[1]);
	memset(&k, 0, sizeof(k));
	k.hi = times[0];
	k.where = keyent_where((struct instant){0, 0}, ordinal, 0);
	keyent_set_inline(&k, bytes_str(key));
	s[1] = (struct section){.type = SECTION_KEYS,
	    .n = 1,
	    .off = b.n,
	    .len = sizeof(k),
	    .heap_off = b.n};
	buf_put(&b, &k, sizeof(k));
	s[2] = (struct section){.type = SECTION_FACTS,
	    .n = 1,
	    .off = b.n,
	    .len = text.n,
	    .heap_off = b.n};
	buf_putb(&b, buf_bytes(&text));
	while (b.n % 8)
		buf_putc(&b, '\0');
	table = b.n;
	buf_put(&b, s, sizeof(s));
	before = digest_of(b.p, b.n);
	put64(&b, table);
	put64(&b, LEN(s));
	put64(&b, digest_of_seeded(b.p + b.n - 16, 16, before));
	buf_puts(&b, "SHARDEND");
	test_write(path, b.p, b.n);
	buf_fini(&b);
	buf_fini(&text);
}

/* The digest is right, the content is not: no crash, and no context. */
static void
an_entry_of_a_shard_that_is_not_there_is_refused(void)
{
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	static const uint64_t times[2] = {5, 9};
	char *path = xstrdup(test_path("x.st"));
	struct err e = ERR_ZERO;

	handmade(path, 4, times, "k", 0);
	OK(context_merge(test_dir(), &path, 1, &opt, &e) == 0, e);
	handmade(path, 4, times, "k", 3);
	EQ_I(context_merge(test_dir(), &path, 1, &opt, &e), -1);
	free(path);
}

static int
by_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* More than a process may map: put together in groups first. */
static void
more_partials_than_can_be_mapped(void)
{
	const size_t n = 16384 + 500, nkeys = 1000;
	struct merge_opt opt = {
	    .train_ratio = 0.7, .test_val_ratio = 0.5, .warn = warn};
	uint64_t *all = xcalloc(2 * n, sizeof(*all));
	uint64_t *first = xcalloc(nkeys, sizeof(*first));
	uint64_t *shard = xcalloc(nkeys, sizeof(*shard));
	char **v = xcalloc(n, sizeof(*v)), *dir = xstrdup(test_path("ctx"));
	struct err e = ERR_ZERO;
	struct context *c = NULL;
	struct keyindex *x = NULL;
	size_t i, i1, i2;

	mkdir(dir, 0777);
	memset(first, 0xff, nkeys * sizeof(*first));
	for (i = 0; i < n; i++) {
		uint64_t *t = &all[2 * i], k = below(nkeys);
		char key[20];

		t[0] = (UINT64_C(1) << 63) + below(5000);
		t[1] = t[0] + below(100);
		if (t[0] < first[k]) {
			first[k] = t[0];
			shard[k] = i;
		}
		sprintf(key, "k%" PRIu64, k);
		v[i] = xstrdup(test_path("%zu.st", i));
		handmade(v[i], i, t, key, 0);
	}
	shuffle(v, n);
	qsort(all, 2 * n, sizeof(*all), by_u64);
	if (!OK(context_merge(dir, v, n, &opt, &e) == 0, e) ||
	    !OK((c = context_open(dir, &e)) != NULL, e) ||
	    !OK((x = context_index(c, &e)) != NULL, e))
		goto out;
	i1 = (size_t)((double)(2 * n) * 0.7);
	i2 = i1 + (size_t)((double)(2 * n) * ((1 - 0.7) * 0.5));
	EQ_U(c->split_rows, 2 * n);
	EQ_U(c->train_cutoff.hi, all[i1]);
	EQ_U(c->test_cutoff.hi, all[i2]);
	for (i = 0; i < nkeys; i++) {
		struct bytes key;
		struct keyent got;
		char s[20];

		key = bytes_of(s, (size_t)sprintf(s, "k%zu", i));
		if (first[i] == UINT64_MAX ||
		    !EQ_I(keyindex_find(x, key, key_hash(key), &got, &e), 1))
			continue;
		EQ_U(got.hi, first[i]);
		EQ_U(keyindex_shard(x, keyent_ordinal(&got)), shard[i]);
	}
	/* no group file is left */
	CHECK(access(test_path("ctx/.tmp.group.0"), F_OK) < 0);
out:
	context_close(c);
	for (i = 0; i < n; i++)
		free(v[i]);
	free(v);
	free(dir);
	free(all);
	free(first);
	free(shard);
}

int
main(void)
{
	RUN(any_order_and_grouping_gives_the_same_bytes);
	RUN(any_partition_gives_the_same_cutoffs_labels_and_groups);
	RUN(zero_and_minus_zero_merge_alike);
	RUN(other_extremes_merge_alike);
	RUN(given_cutoffs_are_taken);
	RUN(partials_that_do_not_fit_are_refused);
	RUN(nothing_to_merge_is_an_error);
	RUN(an_entry_of_a_shard_that_is_not_there_is_refused);
	RUN(more_partials_than_can_be_mapped);
	return test_end();
}
