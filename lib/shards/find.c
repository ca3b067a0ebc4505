#include "shards/find.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "base/parse.h"
#include "io/archive.h"
#include "io/dir.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define UUID_LEN 36

static bool
is_uuid(const char *p)
{
	size_t i;

	for (i = 0; i < UUID_LEN; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23
			? p[i] != '-'
			: !p[i] || !strchr("0123456789abcdefABCDEF", p[i]))
			return false;
	return true;
}

/* The length of the day that begins at p, where n digits are; 0: none. */
static size_t
day_at(const char *p, size_t n, uint32_t *day)
{
	size_t len = n == 8 && *p != '0' ? 8 : n == 4 ? DAY_LEN : 0;

	if (len == 0 || strnlen(p, len) < len ||
	    !day_parse(bytes_of(p, len), day) || is_digit(p[len]))
		return 0;
	return len;
}

int
day_in_name(const char *name, uint32_t *day, struct err *e)
{
	const char *p = name;
	bool found = false;
	uint32_t other;

	while (*p) {
		size_t n = strspn(p, "0123456789"), len;

		if (is_uuid(p)) {
			p += UUID_LEN;
			continue;
		}
		len = day_at(p, n, found ? &other : day);
		if (len && found && other != *day)
			return err_set(e, "%s: two days in one name",
			    err_quote(bytes_str(name)));
		found |= len > 0;
		p += len ? len : n ? n : 1;
	}
	return found;
}

/* day is that of the directory, NULL for none; -1 when the name has two. */
static int
add(struct shards *s, const char *path, struct shard_name name, uint64_t bytes,
    const uint32_t *day, struct err *e)
{
	struct shard *v;
	int rc = 0;

	/* grow by doubling: n is a power of two when the room is used up */
	if ((s->n & (s->n - 1)) == 0)
		s->v = xrealloc(s->v, (s->n ? 2 * s->n : 1) * sizeof(*s->v));
	v = &s->v[s->n++];
	*v =
	    (struct shard){.path = xstrdup(path), .name = name, .bytes = bytes};
	if (s->days)
		rc = day_in_name(name_last(path), &v->day, e);
	if (rc == 0 && day)
		v->day = *day;
	v->dated = rc > 0 || (rc == 0 && day);
	return rc < 0 ? -1 : 0;
}

static int
by_path(const void *a, const void *b)
{
	const struct shard *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* 1 when the name is a shard's, 0 when not, -1 when it should be and is odd. */
static int
match(const char *file, const char *path, regex_t *re, struct shard_name *sn,
    struct err *e)
{
	regmatch_t m[2];

	if (file[0] == '_' || file[0] == '.')
		return 0;
	*sn = shard_name_parse(file);
	if (re) {
		if (regexec(re, file, 2, m, 0) != 0)
			return 0;
		sn->number = 0;
		if (re->re_nsub > 0 &&
		    (m[1].rm_so < 0 ||
			!parse_u64(bytes_of(file + m[1].rm_so,
				       (size_t)(m[1].rm_eo - m[1].rm_so)),
			    &sn->number)))
			return err_set(
			    e, "%s: the pattern's group is not a number", path);
	} else if (sn->too_large) {
		return err_set(e, "%s: shard number beyond 64 bits", path);
	} else if (!sn->is_part) {
		return 0;
	}
	if (sn->format == FORMAT_UNKNOWN)
		return err_set(e,
		    "%s: unknown format (known: .csv .tsv .json .jsonl "
		    ".parquet, with .gz .zst .lz4 .bz2 .xz); move it away or "
		    "choose shards with --pattern",
		    path);
	return 1;
}

/* Does it begin as a shard's name does? */
static bool
is_near(const char *file)
{
	return strncmp(file, "part-", 5) == 0 && file[5] >= '0' &&
	    file[5] <= '9';
}

/* What the search of a root needs to know. */
struct search {
	struct shards *s;
	const struct shards_opt *opt;
	regex_t *re; /* NULL: part-N */
};

/* match() said k of the name: it may have been meant for a shard's. */
static void
warn_near(const struct search *c, int k, const char *name, const char *path)
{
	if (k == 0 && !c->re && is_near(name) && c->opt->warn)
		c->opt->warn("%s: not a shard's name (part-N.ext or "
			     "part-N-text.ext), left out",
		    path);
}

/* Directories to be searched too. */
struct subdirs {
	char **v;
	size_t n;
};
#define DEEPEST 16

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keeps the path of a directory to be searched: 1; 0 when it is none; -1. */
static int
keep_subdir(
    struct subdirs *sub, const char *name, const char *path, struct err *e)
{
	struct stat sb;
	uint32_t day;
	int error, rc;

	if (*name == '_' || *name == '.')
		return 0;
	if (stat(path, &sb) < 0) {
		/* a link may lead nowhere, but none that is called a day */
		error = errno;
		rc = day_in_name(name, &day, e);
		if (rc < 0 || (rc == 0 && (error == ENOENT || error == ELOOP)))
			return rc;
		errno = error;
		return err_sys(e, ERR_INPUT, "%s", path);
	}
	if (!S_ISDIR(sb.st_mode))
		return 0;
	if ((sub->n & (sub->n - 1)) == 0)
		sub->v = xrealloc(
		    sub->v, (sub->n ? 2 * sub->n : 1) * sizeof(*sub->v));
	sub->v[sub->n++] = xstrdup(path);
	return 1;
}

/* Takes a directory's entry if it is a shard; -1 on error. */
static int
take(const struct search *c, const char *name, const char *path,
    const uint32_t *day, struct err *e)
{
	struct shard_name sn;
	struct stat sb;
	int k = match(name, path, c->re, &sn, e);

	warn_near(c, k, name, path);
	if (k <= 0)
		return k;
	if (stat(path, &sb) < 0)
		return err_sys(e, ERR_INPUT, "%s", path);
	if (!S_ISREG(sb.st_mode)) {
		if (c->opt->warn)
			c->opt->warn("%s: not a regular file, left out", path);
		return 0;
	}
	return add(c->s, path, sn, (uint64_t)sb.st_size, day, e);
}

/* A pattern without a group: what was added from first on is numbered. */
static void
number_by_name(const struct search *c, size_t first)
{
	struct shards *s = c->s;
	size_t i;

	if (!c->re || c->re->re_nsub > 0 || s->n == first)
		return;
	qsort(s->v + first, s->n - first, sizeof(*s->v), by_path);
	for (i = first; i < s->n; i++)
		s->v[i].name.number = i;
}

/* The shards in dir itself; sub, unless NULL, gets the directories. */
static int
search_dir(const struct search *c, const char *dir, const uint32_t *day,
    struct subdirs *sub, struct err *e)
{
	struct shards *s = c->s;
	size_t n = strlen(dir), first = s->n;
	struct buf b = BUF_ZERO;
	struct dir_entry f;
	struct dir d;
	int k = dir_open(&d, dir, ERR_INPUT, e);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	while (k >= 0 && (k = dir_next(&d, &f, e)) > 0) {
		buf_clear(&b);
		buf_put(&b, dir, n);
		buf_printf(&b, "/%s", f.name);
		k = sub ? keep_subdir(sub, f.name, buf_cstr(&b), e) : 0;
		if (k == 0)
			k = take(c, f.name, buf_cstr(&b), day, e);
	}
	dir_close(&d);
	buf_fini(&b);
	number_by_name(c, first);
	return k;
}

/* A directory and those in it; day is that of the directories above. */
static int
search_tree(const struct search *c, const char *dir, const uint32_t *day,
    int depth, struct err *e)
{
	struct subdirs sub = {NULL, 0};
	const char *name = strrchr(dir, '/');
	size_t before = c->s->n, i;
	uint32_t own;
	int rc = depth ? day_in_name(name ? name + 1 : dir, &own, e) : 0;

	if (rc < 0)
		return -1;
	if (depth > DEEPEST)
		return err_set(e, "%s: over %d directories deep", dir, DEEPEST);
	if (rc > 0)
		day = &own;
	rc = search_dir(c, dir, day, &sub, e);
	if (sub.n)
		qsort(sub.v, sub.n, sizeof(*sub.v), by_name);
	for (i = 0; i < sub.n; i++) {
		if (rc == 0)
			rc = search_tree(c, sub.v[i], day, depth + 1, e);
		free(sub.v[i]);
	}
	free(sub.v);
	if (rc == 0 && day == &own && c->s->n == before && c->opt->warn)
		c->opt->warn("%s: no shard in it", dir);
	return rc;
}

static int
search_root(const struct search *c, const char *root, struct err *e)
{
	struct shards *s = c->s;
	struct shard_name sn;
	struct stat sb;
	int rc;

	if (archive_refuse(root, e) < 0)
		return -1;
	if (stat(root, &sb) < 0)
		return err_sys(e, ERR_INPUT, "%s", root);
	if (!S_ISDIR(sb.st_mode)) {
		rc = match(name_last(root), root, c->re, &sn, e);
		if (rc == 0)
			return err_set(e,
			    "%s: not a shard's name (part-N...); "
			    "see --pattern",
			    root);
		return rc < 0 ? -1
			      : add(s, root, sn, (uint64_t)sb.st_size, NULL, e);
	}
	buf_printf(&s->searched, "%s%s", s->searched.n ? ", " : "", root);
	s->pattern = c->re != NULL;
	return s->days ? search_tree(c, root, NULL, 0, e)
		       : search_dir(c, root, NULL, NULL, e);
}

int
shards_find(struct shards *s, const char *root, const struct shards_opt *opt,
    struct err *e)
{
	struct search c = {s, opt, NULL};
	regex_t re;
	int rc;

	s->days = opt->days;
	if (opt->pattern) {
		rc = regcomp(&re, opt->pattern, REG_EXTENDED);
		if (rc != 0) {
			char msg[100];

			regerror(rc, &re, msg, sizeof(msg));
			return err_kind_set(e, ERR_USAGE, "--pattern %s: %s",
			    err_quote(bytes_str(opt->pattern)), msg);
		}
		c.re = &re;
	}
	rc = search_root(&c, root, e);
	if (c.re)
		regfree(&re);
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	const struct shard *x = a, *y = b;

	if (x->dated != y->dated)
		return x->dated ? 1 : -1;
	if (x->dated && x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->name.number != y->name.number)
		return x->name.number < y->name.number ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Have all of them a day?  Those without come first. */
static int
check_days(const struct shards *s, struct err *e)
{
	size_t i;

	for (i = 0; i < s->n && !s->v[i].dated; i++)
		;
	if (i == 0)
		return 0;
	if (i < s->n)
		return err_set(e,
		    "%s has a date in its name or its directory's, %s has none",
		    s->v[i].path, s->v[0].path);
	return err_set(e, "no dates in the names below %s",
	    s->searched.n ? s->searched.p : s->v[0].path);
}

int
shards_order(struct shards *s, struct err *e)
{
	size_t i;

	if (s->n == 0)
		return err_set(e, "no shard found: no file %s in %s (%s)",
		    s->pattern ? "whose name --pattern takes"
			       : "named part-N.csv, part-N.csv.gz, ...",
		    buf_cstr(&s->searched),
		    s->days ? "and below" : "subdirectories are not searched");
	qsort(s->v, s->n, sizeof(*s->v), by_number);
	if (s->days && check_days(s, e) < 0)
		return -1;
	for (i = 0; i < s->n; i++) {
		if (s->v[i].bytes == 0)
			return err_set(e,
			    "%s: zero-byte file: a shard has "
			    "at least a header line",
			    s->v[i].path);
		if (i > 0 && s->v[i - 1].name.number == s->v[i].name.number &&
		    s->v[i - 1].day == s->v[i].day)
			return err_set(e,
			    "%s and %s have one shard number, %llu%s",
			    s->v[i - 1].path, s->v[i].path,
			    (unsigned long long)s->v[i].name.number,
			    s->days ? ", on one day" : "");
	}
	return 0;
}

int
shards_find_all(struct shards *s, char *const *root, size_t n,
    const struct shards_opt *opt, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (shards_find(s, root[i], opt, e) < 0)
			return -1;
	return shards_order(s, e);
}

void
shards_fini(struct shards *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	buf_fini(&s->searched);
	*s = SHARDS_ZERO;
}
