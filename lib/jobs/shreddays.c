#include "jobs/shreddays.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/out.h"
#include "io/tsv.h"
#include "jobs/shredone.h"
#include "jobs/shredtable.h"
#include "jobs/shredwords.h"
#include "jobs/shredwork.h"
#include "jobs/tidy.h"
#include "pass1/groups.h"
#include "pass1/parts.h"

/* For the days of one shard, of which there are few. */
#define DAYS_MEMORY ((uint64_t)64 << 20)
/* Files of any other name are shards where they are named by a day. */
#define OTHER_NAMES                                                            \
	"[.][ct]sv$|[.]jsonl?$|[.]parquet$|[.][ct]sv[.][a-z0-9]+$|"            \
	"[.]jsonl?[.][a-z0-9]+$|[.]parquet[.][a-z0-9]+$"

/* The shards of a directory by the days in their names. */
static int
find_by_name(struct job *j, struct shred_table *t, struct err *e)
{
	struct shards_opt opt = {.warn = j->warn, .days = true};

	shards_fini(&t->found);
	t->found = SHARDS_ZERO;
	if (shards_find_all(&t->found, &t->dir, 1, &opt, e) == 0)
		return 0;
	if (!strstr(e->msg, "no shard found"))
		return -1;
	*e = ERR_ZERO;
	shards_fini(&t->found);
	t->found = SHARDS_ZERO;
	opt.pattern = OTHER_NAMES;
	return shards_find_all(&t->found, &t->dir, 1, &opt, e);
}

bool
shred_is_dated(struct job *j, struct shred_table *t)
{
	struct err ignored = ERR_ZERO;

	return find_by_name(j, t, &ignored) == 0;
}

int
shred_find_days(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	bool any = option_is(&j->opt, "by-day", "auto");
	size_t i;

	s->daily = true;
	s->timed = option_is(&j->opt, "by-day", "time");
	for (i = 0; i < s->n; i++) {
		struct shred_table *t = &s->table[i];
		bool undated;

		if (!s->timed && find_by_name(j, t, e) < 0) {
			undated = strstr(e->msg, "no dates in") != NULL;
			if (i > 0 && undated)
				return err_set(e,
				    "%s has dates in its names, %s has none "
				    "(--by-day time looks at the rows)",
				    s->table[0].dir, t->dir);
			if (i > 0 || !any ||
			    (!undated && !strstr(e->msg, "no shard found")))
				return -1;
			*e = ERR_ZERO;
			s->timed = true;
		}
		if (s->timed &&
		    (shards_find_all(&t->all, &t->dir, 1,
			 &(struct shards_opt){.warn = j->warn}, e) < 0))
			return -1;
		if (s->timed) {
			shred_give(t, t->all.v, t->all.n);
			if (shred_look(j, t, e) < 0)
				return -1;
		}
	}
	s->copied = s->timed && option_flag(&j->opt, "presplit");
	return 0;
}

static int
day_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
by_day(const void *a, const void *b)
{
	const struct shard *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return (x->name.number > y->name.number) -
	    (x->name.number < y->name.number);
}

/* The days that have a shard, in order, each once. */
static size_t
all_days(const struct shred *s, uint32_t **days)
{
	size_t i, k, n = 0;
	uint32_t *v;

	for (i = 0; i < s->n; i++)
		n += s->table[i].found.n;
	v = *days = xcalloc(n + 1, sizeof(*v));
	for (i = n = 0; i < s->n; i++)
		for (k = 0; k < s->table[i].found.n; k++)
			v[n++] = s->table[i].found.v[k].day;
	qsort(v, n, sizeof(*v), day_cmp);
	for (i = k = 0; i < n; i++)
		if (k == 0 || v[k - 1] != v[i])
			v[k++] = v[i];
	return k;
}

static bool
is_weekend(uint32_t day)
{
	return day % 7 > 4; /* 0001-01-01 was a Monday */
}

/* Says which days from..to have no data; some of them by name. */
static void
say_none(struct job *j, const uint32_t *all, size_t n, uint32_t from,
    uint32_t to, bool weekdays)
{
	struct buf b = BUF_ZERO;
	char name[DAY_LEN];
	uint64_t none = 0;
	uint32_t day;
	size_t i = 0;

	for (day = from; day <= to; day++) {
		while (i < n && all[i] < day)
			i++;
		if ((i < n && all[i] == day) || (weekdays && is_weekend(day)))
			continue;
		if (++none > 10)
			continue;
		day_format(name, day);
		buf_printf(&b, " %.*s", DAY_LEN, name);
	}
	if (none > 0)
		j->note("no data on %llu day%s:%s%s", (unsigned long long)none,
		    none == 1 ? "" : "s", buf_cstr(&b),
		    none > 10 ? " ..." : "");
	buf_fini(&b);
}

static int
choose_days(struct job *j, struct err *e)
{
	struct options *o = &j->opt;
	struct shred *s = j->st;
	const char *first = option_value(o, "from"),
		   *last = option_value(o, "to");
	bool weekdays = option_flag(o, "exclude-weekends");
	uint32_t *all, from, to;
	size_t n = all_days(s, &all), i;

	if (n == 0) {
		free(all);
		return err_set(e, "no day has any row");
	}
	from = all[0];
	to = all[n - 1];
	if (first && !day_parse(bytes_str(first), &from))
		from = all[0];
	if (last && !day_parse(bytes_str(last), &to))
		to = all[n - 1];
	free(s->day);
	s->day = xcalloc(n + 1, sizeof(*s->day));
	for (i = s->nday = 0; i < n; i++)
		if (all[i] >= from && all[i] <= to &&
		    !(weekdays && is_weekend(all[i])))
			s->day[s->nday++] = all[i];
	say_none(j, all, n, from, to, weekdays);
	free(all);
	if (s->nday > 0)
		return 0;
	return err_set(e, "no data on any day from %s to %s",
	    first ? first : "the first", last ? last : "the last");
}

/* True if some shard is of that day. */
bool
shred_has_day(const struct shred *s, uint32_t day)
{
	size_t i, k;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < s->table[i].found.n; k++)
			if (s->table[i].found.v[k].day == day)
				return true;
	return false;
}

bool
shred_is_of_run(const struct shred *s, uint32_t day)
{
	return bsearch(&day, s->day, s->nday, sizeof(*s->day), day_cmp) != NULL;
}

int
shred_old_days(const char *out, uint32_t **days, size_t *n, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	uint32_t day;
	int rc = dir_open_some(&d, out, ERR_OUTPUT, e);

	*days = NULL;
	*n = 0;
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		if (!f.is_dir || strlen(f.name) != DAY_LEN ||
		    !day_parse(bytes_str(f.name), &day))
			continue;
		*days = xrealloc(*days, (*n + 1) * sizeof(**days));
		(*days)[(*n)++] = day;
	}
	dir_close(&d);
	if (*n > 1)
		qsort(*days, *n, sizeof(**days), day_cmp);
	return rc;
}

/* Days of former runs that stay, and are joined with ours, are of our kind. */
static int
check_old_days(struct job *j, struct err *e)
{
	const char *out = option_value(&j->opt, "output");
	struct shred *s = j->st;
	uint32_t *old;
	size_t n;
	struct buf common = BUF_ZERO, path = BUF_ZERO;
	size_t i;
	int rc = shred_old_days(out, &old, &n, e);

	if (rc == 0)
		rc = shred_common(j, &common, e);
	for (i = 0; i < n && rc == 0; i++) {
		char name[DAY_LEN];

		if (shred_is_of_run(s, old[i]) || !shred_has_day(s, old[i]))
			continue;
		day_format(name, old[i]);
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s/_SUCCESS", out, DAY_LEN, name);
		rc = path_exists(buf_cstr(&path), ERR_OUTPUT, e);
		if (rc <= 0)
			continue;
		rc = 0;
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s/_run/common", out, DAY_LEN, name);
		if (!shred_file_is(buf_cstr(&path), &common))
			rc = err_set(e,
			    "%.*s was done by a run with other options: let "
			    "--from and --to include it, or choose another "
			    "output",
			    DAY_LEN, name);
	}
	free(old);
	buf_fini(&common);
	buf_fini(&path);
	return rc;
}

/* What every shard has of which day, from its partials, as a table of the
 * columns shard, path, group (the day), rows, bytes. */
static int
load_days(const struct shred *s, const struct shred_table *t, struct tsv *rows,
    struct err *e)
{
	char *path = shred_list_path(s, "days", t),
	     **part = xcalloc(1, sizeof(*part));
	struct buf dir = BUF_ZERO;
	struct out *out = NULL;
	size_t n = 1, i;
	int fd, rc = -1;

	buf_printf(&dir, "%s/days-%s", s->ctx, t->name);
	part[0] = buf_release(&dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		err_sys(e, ERR_OUTPUT, "%s", path);
	else if (parts_expand(&part, &n, e) == 0 &&
	    (out = out_new(fd, path, CODEC_NONE, 0, false, e)) != NULL &&
	    groups_list(out, part, n, DAYS_MEMORY, e) == 0 &&
	    out_finish(out, false, e) == 0)
		rc = tsv_load(rows, path, "shard\tpath\tgroup\trows\tbytes", e);
	out_free(out);
	for (i = 0; i < n; i++)
		free(part[i]);
	free(part);
	free(path);
	return rc;
}

/* The shards of all tables by the rows that were counted of each day. */
static int
take_days(struct job *j, struct shred_table *t, struct err *e)
{
	struct shred *s = j->st;
	struct tsv rows;
	size_t i, k, most = 0;
	double times;
	int rc = 0;

	if (load_days(s, t, &rows, e) < 0)
		return -1;
	shards_fini(&t->found);
	t->found = SHARDS_ZERO;
	t->found.v = xcalloc(rows.nrow + 1, sizeof(*t->found.v));
	for (i = k = 0; i < rows.nrow && rc == 0; i++) {
		struct shard *v = &t->found.v[t->found.n];
		struct bytes name = tsv_cell(&rows, i, 1);

		while (k < t->look.shards.n &&
		    !bytes_eq(bytes_str(t->look.shards.v[k].path), name))
			k++;
		if (k == t->look.shards.n ||
		    !day_parse(tsv_cell(&rows, i, 2), &v->day)) {
			rc = err_set(
			    e, "%.*s: rows of no day", (int)name.n, name.p);
			break;
		}
		most += i == 0 || !bytes_eq(name, tsv_cell(&rows, i - 1, 1));
		*v = (struct shard){.path = xstrdup(t->look.shards.v[k].path),
		    .name = t->look.shards.v[k].name,
		    .bytes = t->look.shards.v[k].bytes,
		    .dated = true,
		    .day = v->day};
		t->found.n++;
	}
	times = most ? (double)rows.nrow / (double)most : 0;
	tsv_fini(&rows);
	if (rc == 0 && !s->copied && times >= 3.05)
		return err_set(e,
		    "%s: the shards are of many days each: they would be read "
		    "%.1f times; say --presplit for one more copy cut by day",
		    t->dir, times);
	if (t->found.n > 1)
		qsort(t->found.v, t->found.n, sizeof(*t->found.v), by_day);
	return rc;
}

int
shred_choose_days(struct job *j, struct err *e)
{
	if (choose_days(j, e) < 0)
		return -1;
	return j->opt.plan ? 0 : check_old_days(j, e);
}

/* Before the recipe looks for the days: lists, and no partials. */
int
shred_begin_lists(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	struct buf dir = BUF_ZERO, header = BUF_ZERO;
	size_t i;
	int rc = make_dirs(s->run, e);

	for (i = 0; i < s->n && rc == 0; i++) {
		struct shred_table *t = &s->table[i];
		char *list = shred_list_path(s, "list", t);

		rc = job_write_list(&t->look.shards, list, NULL, NULL, e);
		free(list);
		buf_clear(&header);
		look_header(&t->look.names, &header);
		if (rc == 0 && t->look.json)
			rc = commit_file(t->first, header.p, header.n, e);
		buf_clear(&dir);
		buf_printf(&dir, "%s/days-%s", s->ctx, t->name);
		if (rc == 0)
			rc = remove_tree(buf_cstr(&dir), e);
		if (rc == 0)
			rc = make_dirs(buf_cstr(&dir), e);
	}
	buf_fini(&dir);
	buf_fini(&header);
	return rc;
}

int
shred_take_days(struct job *j, struct err *e)
{
	struct shred *s = j->st;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (take_days(j, &s->table[i], e) < 0)
			return -1;
	return shred_choose_days(j, e);
}
