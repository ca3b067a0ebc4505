#include "shards.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "parse.h"

static const char *const format_names[] = {
    [FORMAT_CSV] = "csv",
    [FORMAT_TSV] = "tsv",
    [FORMAT_JSON] = "json",
    [FORMAT_JSONL] = "jsonl",
    [FORMAT_PARQUET] = "parquet",
    [FORMAT_UNKNOWN] = "unknown",
};

const char *
format_name(enum format f)
{
	return format_names[f];
}

enum format
format_named(struct bytes name)
{
	size_t i;

	for (i = 0; i < FORMAT_UNKNOWN; i++)
		if (bytes_eq(name, bytes_str(format_names[i])))
			break;
	return (enum format)i;
}

/* Takes the last ".word" off name; false if there is none. */
static bool
pop_ext(struct bytes *name, struct bytes *ext)
{
	const char *dot = name->n ? memrchr(name->p, '.', name->n) : NULL;

	if (!dot)
		return false;
	*ext = bytes_of(dot + 1, (size_t)(name->p + name->n - dot) - 1);
	name->n = (size_t)(dot - name->p);
	return true;
}

struct shard_name
shard_name_parse(const char *path)
{
	struct shard_name sn = {.format = FORMAT_UNKNOWN};
	const char *slash = strrchr(path, '/');
	struct bytes name = bytes_str(slash ? slash + 1 : path), ext, rest;
	size_t n = 0;
	int c;

	rest = name;
	if (pop_ext(&rest, &ext)) {
		c = codec_named(ext);
		if (c > CODEC_NONE) {
			sn.codec = (enum codec)c;
			if (!pop_ext(&rest, &ext))
				ext = bytes_of("", 0);
		}
		sn.format = format_named(ext);
	}
	if (name.n < 6 || memcmp(name.p, "part-", 5) != 0)
		return sn;
	name = bytes_of(name.p + 5, name.n - 5);
	while (n < name.n && name.p[n] >= '0' && name.p[n] <= '9')
		n++;
	if (n == 0 || (n < name.n && name.p[n] != '.' && name.p[n] != '-'))
		return sn;
	sn.too_large = !parse_u64(bytes_of(name.p, n), &sn.number);
	if (sn.too_large)
		return sn;
	sn.is_part = true;
	return sn;
}

static void
add(struct shards *s, char *path, struct shard_name name, uint64_t bytes)
{
	/* grow by doubling: n is a power of two when the room is used up */
	if ((s->n & (s->n - 1)) == 0)
		s->v = xrealloc(s->v, (s->n ? 2 * s->n : 1) * sizeof(*s->v));
	s->v[s->n++] = (struct shard){path, name, bytes};
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

int
shards_find(struct shards *s, const char *root, const struct shards_opt *opt,
    struct err *e)
{
	regex_t re;
	bool have_re = false;
	struct stat sb;
	struct dirent *de;
	struct shard_name sn;
	size_t first = s->n, i;
	const char *slash;
	DIR *d = NULL;
	int rc = -1, k;

	if (opt->pattern) {
		k = regcomp(&re, opt->pattern, REG_EXTENDED);
		if (k != 0) {
			char msg[100];

			regerror(k, &re, msg, sizeof(msg));
			return err_kind_set(e, ERR_USAGE, "--pattern %s: %s",
			    err_quote(bytes_str(opt->pattern)), msg);
		}
		have_re = true;
	}
	if (stat(root, &sb) < 0) {
		err_sys(e, ERR_INPUT, "%s", root);
		goto out;
	}
	if (!S_ISDIR(sb.st_mode)) {
		slash = strrchr(root, '/');
		k = match(slash ? slash + 1 : root, root, have_re ? &re : NULL,
		    &sn, e);
		if (k == 0)
			err_set(e,
			    "%s: not a shard's name (part-N...); "
			    "see --pattern",
			    root);
		if (k != 1)
			goto out;
		add(s, xstrdup(root), sn, (uint64_t)sb.st_size);
		rc = 0;
		goto out;
	}
	buf_printf(&s->searched, "%s%s", s->searched.n ? ", " : "", root);
	s->pattern = have_re;
	d = opendir(root);
	if (!d) {
		err_sys(e, ERR_INPUT, "%s", root);
		goto out;
	}
	while ((errno = 0, de = readdir(d))) {
		struct buf b = BUF_ZERO;

		buf_puts(&b, root);
		while (b.n > 1 && b.p[b.n - 1] == '/')
			b.n--;
		buf_printf(
		    &b, "%s%s", b.n == 1 && *b.p == '/' ? "" : "/", de->d_name);
		k = match(
		    de->d_name, buf_cstr(&b), have_re ? &re : NULL, &sn, e);
		if (k == 0 && !have_re && is_near(de->d_name) && opt->warn)
			opt->warn("%s: not a shard's name (part-N.ext or "
				  "part-N-text.ext), left out",
			    b.p);
		if (k == 1 && stat(b.p, &sb) < 0)
			k = err_sys(e, ERR_INPUT, "%s", b.p);
		if (k == 1 && !S_ISREG(sb.st_mode)) {
			if (opt->warn)
				opt->warn(
				    "%s: not a regular file, left out", b.p);
			k = 0;
		}
		if (k == 1)
			add(s, buf_release(&b), sn, (uint64_t)sb.st_size);
		buf_fini(&b);
		if (k < 0)
			goto out;
	}
	if (errno) {
		err_sys(e, ERR_INPUT, "%s: readdir", root);
		goto out;
	}
	if (have_re && re.re_nsub == 0 && s->n > first) {
		qsort(s->v + first, s->n - first, sizeof(*s->v), by_path);
		for (i = first; i < s->n; i++)
			s->v[i].name.number = i;
	}
	rc = 0;
out:
	if (d)
		closedir(d);
	if (have_re)
		regfree(&re);
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	const struct shard *x = a, *y = b;

	if (x->name.number != y->name.number)
		return x->name.number < y->name.number ? -1 : 1;
	return strcmp(x->path, y->path);
}

int
shards_order(struct shards *s, struct err *e)
{
	size_t i;

	if (s->n == 0)
		return err_set(e,
		    "no shard found: no file %s in %s (subdirectories are not "
		    "searched)",
		    s->pattern ? "whose name --pattern takes"
			       : "named part-N.csv, part-N.csv.gz, ...",
		    buf_cstr(&s->searched));
	qsort(s->v, s->n, sizeof(*s->v), by_number);
	for (i = 0; i < s->n; i++) {
		if (s->v[i].bytes == 0)
			return err_set(e,
			    "%s: zero-byte file: a shard has "
			    "at least a header line",
			    s->v[i].path);
		if (i > 0 && s->v[i - 1].name.number == s->v[i].name.number)
			return err_set(e,
			    "%s and %s have one shard number, %llu",
			    s->v[i - 1].path, s->v[i].path,
			    (unsigned long long)s->v[i].name.number);
	}
	return 0;
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

void
shard_name_format(struct buf *b, uint64_t number, enum format f, enum codec c)
{
	buf_printf(b, "part-%05llu.%s%s", (unsigned long long)number,
	    format_name(f), codec_info(c)->ext);
}
