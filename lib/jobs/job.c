#include "jobs/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "io/commit.h"

/* No more of them than a command line holds. */
#define SHARDS_PER_PROCESS 256

const struct job_type *
job_named(const char *name)
{
	static const struct job_type *const types[] = {
	    &job_preprocess, &job_impute, &job_shred};
	size_t i;

	for (i = 0; i < LEN(types); i++)
		if (strcmp(types[i]->table->name, name) == 0)
			return types[i];
	return NULL;
}

void
words_put_all(struct buf *b, const char *const *word)
{
	for (; *word; word++) {
		if (b->n)
			buf_putc(b, ' ');
		word_put(b, *word);
	}
}

void
var_put(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s=", name);
	word_put(b, value);
	buf_putc(b, '\n');
}

char *
path_join(const char *dir, const char *name)
{
	struct buf b = BUF_ZERO;

	buf_printf(&b, "%s/%s", dir, name);
	return buf_release(&b);
}

int
job_write_list(const struct shards *s, const char *path, const char *dir,
    const char *end, struct err *e)
{
	struct buf b = BUF_ZERO;
	size_t i;
	int rc;

	for (i = 0; i < s->n; i++) {
		if (end)
			buf_printf(&b, "%s/%05llu%s", dir,
			    (unsigned long long)s->v[i].name.number, end);
		else
			buf_puts(&b, s->v[i].path);
		buf_putc(&b, '\0');
	}
	rc = commit_file(path, b.p, b.n, e);
	buf_fini(&b);
	return rc;
}

/* The shards that a process takes; of workers there are any number but 0. */
static uint64_t
shards_per_process(
    uint64_t shards, uint64_t bytes, uint64_t piece, uint64_t workers)
{
	uint64_t rounds = 1 + bytes / piece / workers, n;

	if (workers >= shards || rounds > shards / workers)
		return 1;
	n = (shards + rounds * workers - 1) / (rounds * workers);
	return n < SHARDS_PER_PROCESS ? n : SHARDS_PER_PROCESS;
}

/* The larger first, so that the dealer gives each hand about as many bytes. */
static int
by_bytes(const void *a, const void *b)
{
	const struct shard *x = *(struct shard *const *)a,
			   *y = *(struct shard *const *)b;

	return x->bytes != y->bytes ? (x->bytes < y->bytes ? 1 : -1)
				    : (x > y) - (x < y);
}

/* Appends the names that hand h has when n shards are dealt to so many hands,
 * to and fro. */
static void
put_hand(
    struct buf *b, struct shard *const *of, size_t n, size_t h, size_t hands)
{
	size_t i, at;

	for (i = 0; i * hands < n; i++) {
		at = i * hands + (i % 2 ? hands - 1 - h : h);
		if (at >= n)
			continue;
		buf_puts(b, of[at]->path);
		buf_putc(b, '\0');
	}
}

int
job_write_turns(const struct job *j, const struct shards *s, const char *path,
    struct err *e)
{
	uint64_t workers = strtoull(option_value(&j->opt, "workers"), NULL, 10);
	struct shard **of = xmalloc((s->n + 1) * sizeof(struct shard *));
	uint64_t bytes = 0, each;
	size_t i, h, hands, odd;
	struct buf b = BUF_ZERO;
	int rc;

	for (i = 0; i < s->n; i++) {
		of[i] = &s->v[i];
		bytes += s->v[i].bytes;
	}
	each = shards_per_process(s->n, bytes, JOB_PIECE, workers);
	hands = workers > 1 ? (s->n + each - 1) / each : 1;
	if (hands > 1)
		qsort(of, s->n, sizeof(struct shard *), by_bytes);
	/* the last deal may not reach all hands: those it reaches go first */
	odd = hands ? s->n % hands : 0;
	for (i = 0; i < hands; i++) {
		h = s->n / hands % 2 ? (hands - odd + i) % hands : i;
		put_hand(&b, of, s->n, h, hands);
	}
	rc = commit_file(path, b.p, b.n, e);
	buf_fini(&b);
	free(of);
	return rc;
}

struct job_each *
job_each(struct job *j, const char *list, uint64_t shards, uint64_t bytes,
    uint64_t piece)
{
	const char *w = option_value(&j->opt, "workers");
	uint64_t per =
	    shards_per_process(shards, bytes, piece, strtoull(w, NULL, 10));
	struct job_each *each;
	char n[24];

	j->each = xrealloc(j->each, (j->neach + 1) * sizeof(*j->each));
	each = &j->each[j->neach++];
	*each = (struct job_each){BUF_ZERO, BUF_ZERO, BUF_ZERO};

	snprintf(n, sizeof(n), "%llu", (unsigned long long)per);
	/* ":::" is shard-run's: parallel's own separator is one nobody says. */
	words_put(&each->parallel, "parallel", "--will-cite", "--arg-sep",
	    ":::::::", "-q", "-r", "-0", "-a", list, "-j", w, "-n", n, NULL);
	if (option_is(&j->opt, "runner", "parallel"))
		buf_puts(&each->line, buf_cstr(&each->parallel));
	else
		words_put(&each->line, "xargs", "-r", "-0", "-a", list, "-P", w,
		    "-n", n, NULL);
	return each;
}

void
job_mark(const struct buf *words, char letter, struct buf *mark)
{
	struct buf all = BUF_ZERO;

	buf_put(&all, words->p, words->n);
	do
		buf_putc(mark, letter);
	while (strstr(buf_cstr(&all), buf_cstr(mark)));
	buf_fini(&all);
}

bool
job_parallel_takes(const char *words)
{
	return !strchr(words, '{');
}

int
job_check_runner(const struct options *o, const char *words, struct err *e)
{
	if (!option_is(o, "runner", "parallel") || job_parallel_takes(words))
		return 0;
	return err_kind_set(e, ERR_USAGE,
	    "--runner parallel: GNU parallel would replace what begins with { "
	    "in names and values; take xargs");
}

int
job_check_level(const struct options *o, struct err *e)
{
	static const struct {
		const char *codec;
		uint64_t max;
	} levels[] = {{"gz", 9}, {"xz", 9}, {"lz4", 12}, {"zst", 19}};
	const char *level = option_value(o, "level");
	uint64_t v;
	size_t i;

	if (!level)
		return 0;
	for (i = 0; i < LEN(levels); i++)
		if (option_is(o, "compress", levels[i].codec)) {
			if (parse_u64(bytes_str(level), &v) && v >= 1 &&
			    v <= levels[i].max)
				return 0;
			return err_kind_set(e, ERR_USAGE,
			    "--level %s: %s has levels from 1 to %llu", level,
			    levels[i].codec, (unsigned long long)levels[i].max);
		}
	return err_kind_set(e, ERR_USAGE,
	    "--level %s: of which codec? say --compress gz, zst, lz4 or xz",
	    level);
}

bool
job_is_archive(const char *path)
{
	static const char *const ends[] = {".tar", ".tar.gz", ".tar.zst",
	    ".tar.lz4", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tzst",
	    ".zip"};
	size_t i, n = strlen(path);
	struct stat sb;

	for (i = 0; i < LEN(ends); i++) {
		size_t m = strlen(ends[i]);

		if (n > m && strcmp(path + n - m, ends[i]) == 0 &&
		    path[n - m - 1] != '/')
			return stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
	}
	return false;
}

char *
job_real_path(const char *path)
{
	char *real = realpath(path, NULL), *up, *slash;
	struct buf b = BUF_ZERO;

	if (real)
		return real;
	up = xstrdup(path);
	while (strlen(up) > 1 && up[strlen(up) - 1] == '/')
		up[strlen(up) - 1] = '\0';
	slash = strrchr(up, '/');
	if (slash == up || strcmp(up, ".") == 0 || strcmp(up, "/") == 0)
		return up;
	if (slash)
		*slash = '\0';
	real = job_real_path(slash ? up : ".");
	buf_printf(&b, "%s%s%s", real, strcmp(real, "/") == 0 ? "" : "/",
	    slash ? slash + 1 : up);
	free(real);
	free(up);
	return buf_release(&b);
}

bool
job_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

int
job_check_inputs(
    char *const *input, size_t n, const char *output, struct err *e)
{
	char *to = job_real_path(output), *from = NULL;
	struct stat sb;
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		if (stat(input[i], &sb) < 0) {
			rc = err_set(e, "%s: no such directory", input[i]);
			break;
		}
		if (!S_ISDIR(sb.st_mode) && !job_is_archive(input[i])) {
			rc = err_set(e,
			    "%s: not a directory: --input takes the directory "
			    "of the shards, or an archive (.tar, .tar.gz, .zip "
			    "...)",
			    input[i]);
			break;
		}
		from = job_real_path(input[i]);
		if (strcmp(from, to) == 0)
			rc = err_set(e,
			    "--output %s is the input: name another directory",
			    output);
		else if (job_is_below(from, to))
			rc = err_set(e,
			    "--input %s lies in the output %s: name another "
			    "output",
			    input[i], output);
		free(from);
	}
	free(to);
	return rc;
}

void
job_trim(struct options *o, const char *name)
{
	const char *path = option_value(o, name);
	size_t n = path ? strlen(path) : 0;
	struct buf b = BUF_ZERO;

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (path && (*path == '-' || *path == ':'))
		buf_puts(&b, "./");
	if (path)
		buf_put(&b, path, n);
	option_set(o, name, path ? buf_cstr(&b) : NULL);
	buf_fini(&b);
}

void
option_words(struct buf *b, const char *option, const char *value)
{
	struct buf word = BUF_ZERO;

	if (strcmp(value, ":") != 0 && strcmp(value, ":::") != 0) {
		words_put(b, option, value, NULL);
		return;
	}
	buf_printf(&word, "%s=%s", option, value);
	words_put(b, buf_cstr(&word), NULL);
	buf_fini(&word);
}

void
job_pass_on(
    const struct options *o, struct buf *b, const char *name, const char *but)
{
	const char *value = option_value(o, name);
	struct buf word = BUF_ZERO;

	if (!value || (but && strcmp(value, but) == 0))
		return;
	buf_printf(&word, "--%s", name);
	option_words(b, buf_cstr(&word), value);
	buf_fini(&word);
}

void
job_find_workers(struct job *j)
{
	char number[24];

	snprintf(
	    number, sizeof(number), "%llu", (unsigned long long)look_cores());
	option_found(&j->opt, "workers", number, "cores");
	if (strtoull(option_value(&j->opt, "workers"), NULL, 10) <=
	    j->look.shards.n)
		return;
	snprintf(number, sizeof(number), "%zu", j->look.shards.n);
	option_put(&j->opt, "workers", number, "number of shards");
}
