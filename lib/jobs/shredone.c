#include "jobs/shredone.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "chain/skip.h"
#include "io/commit.h"
#include "io/tsv.h"
#include "jobs/shredtable.h"
#include "jobs/shredwork.h"
#include "jobs/tidy.h"

/* What days of one output may differ in. */
#define EACH_DAY_ITS                                                                    \
	" from to exclude-weekends workers runner buffer force verify presplit by-day " \
	"input output table keep "

int
shred_common(struct job *j, struct buf *b, struct err *e)
{
	return shred_text(j, EACH_DAY_ITS, b, e);
}

/* The identities of shards; those that were unpacked are the same when their
 * archives are. */
int
shred_put_inputs(
    struct job *j, const struct shards *s, struct buf *b, struct err *e)
{
	char *unpacked =
	    path_join(option_value(&j->opt, "output"), "_unpacked/");
	size_t i, n = strlen(unpacked);
	int rc = 0;

	for (i = 0; i < s->n && rc == 0; i++) {
		if (strncmp(s->v[i].path, unpacked, n) != 0)
			rc = skip_inputs(&s->v[i].path, 1, b, e);
		else
			buf_printf(b, "unpacked\t%llu\t%llu\n",
			    (unsigned long long)s->v[i].name.number,
			    (unsigned long long)s->v[i].bytes);
	}
	free(unpacked);
	if (rc == 0)
		rc = tidy_archives(option_value(&j->opt, "output"), b, e);
	return rc;
}

/* Names the outputs of the day, or of all. */
void
shred_set_place(struct job *j, const char *day)
{
	struct shred *s = j->st;

	snprintf(s->name, sizeof(s->name), "%s", day);
	free(s->out);
	free(s->run);
	free(s->ctx);
	s->out = *day ? path_join(option_value(&j->opt, "output"), day)
		      : xstrdup(option_value(&j->opt, "output"));
	s->run = path_join(s->out, "_run");
	s->ctx = path_join(s->out, "_context");
}

void
shred_set_day(struct job *j, uint32_t day)
{
	char name[DAY_LEN + 1] = "";

	day_format(name, day);
	shred_set_place(j, name);
}

/* Shards of the day whose names have no number get one, the day and, if they
 * are several, their place: as links. */
static int
number_shards(struct shred *s, struct shred_table *t, struct shard *v, size_t n,
    struct err *e)
{
	struct buf dir = BUF_ZERO, link = BUF_ZERO;
	size_t i, k, nth = 0, several = 0;
	char *day = xcalloc(DAY_LEN + 1, 1);
	int rc = 0;

	for (i = k = 0; s->name[i]; i++)
		if (s->name[i] != '-')
			day[k++] = s->name[i];
	for (i = 0; i < n; i++)
		several += !v[i].name.is_part;
	buf_printf(&dir, "%s/shards/%s", s->run, t->name);
	if (several) {
		rc = remove_tree(buf_cstr(&dir), e);
		if (rc == 0)
			rc = make_dirs(buf_cstr(&dir), e);
	}
	for (i = 0; i < n && rc == 0; i++) {
		char *real;

		if (v[i].name.is_part)
			continue;
		real = realpath(v[i].path, NULL);
		buf_clear(&link);
		buf_printf(&link, "%s/part-%s", dir.p, day);
		if (several > 1)
			buf_printf(&link, "%05zu", nth++);
		buf_printf(&link, ".%s", format_name(v[i].name.format));
		if (v[i].name.codec != CODEC_NONE)
			buf_printf(
			    &link, "%s", codec_info(v[i].name.codec)->ext);
		if (!real || symlink(real, buf_cstr(&link)) < 0)
			rc = err_sys(e, ERR_OUTPUT, "%s", buf_cstr(&link));
		free(real);
		free(v[i].path);
		v[i].path = xstrdup(buf_cstr(&link));
		v[i].name = shard_name_parse(v[i].path);
	}
	free(day);
	buf_fini(&dir);
	buf_fini(&link);
	return rc;
}

/* Gives a table the shards that it has on the day. */
int
shred_give_day(
    struct job *j, struct shred_table *t, uint32_t day, struct err *e)
{
	struct shred *s = j->st;
	struct buf dir = BUF_ZERO;
	char *copy;
	size_t i = 0, n = 0;
	int rc = 0;

	while (i < t->found.n && t->found.v[i].day < day)
		i++;
	while (i + n < t->found.n && t->found.v[i + n].day == day)
		n++;
	t->absent = n == 0;
	if (!t->absent && s->copied) {
		buf_printf(&dir, "%s/_presplit/%s/%s",
		    option_value(&j->opt, "output"), t->name, s->name);
		copy = buf_release(&dir);
		look_fini(&t->look);
		rc = look_shards(&t->look, &copy, 1, j->warn, e);
		free(copy);
	} else {
		shred_give(t, t->absent ? t->found.v : t->found.v + i,
		    t->absent ? 1 : n);
	}
	if (rc == 0 && !j->opt.plan && !t->absent)
		rc = number_shards(s, t, t->look.shards.v, t->look.shards.n, e);
	return rc < 0 ? -1 : shred_look(j, t, e);
}

/* What the day's output depends on. */
int
shred_day_text(struct job *j, struct buf *b, struct err *e)
{
	struct shred *s = j->st;
	size_t i;
	int rc = shred_text(j,
	    " from to exclude-weekends workers runner buffer force verify output ",
	    b, e);

	for (i = 0; i < s->n && rc == 0; i++) {
		struct shred_table *t = &s->table[i];

		if (t->look.json)
			look_header(&t->look.names, b);
		rc = shred_put_inputs(
		    j, s->copied ? &t->all : &t->look.shards, b, e);
	}
	return rc;
}

bool
shred_files_are_there(const char *out)
{
	char *path = path_join(out, "_manifest.tsv");
	struct err ignored = ERR_ZERO;
	struct tsv t = TSV_ZERO;
	bool there = tsv_load(&t, path, "shard\tsplit\tpath\trows\tbytes\txxh3",
			 &ignored) == 0;
	size_t i, n = there ? t.nrow : 0;

	for (i = 0; i < n && there; i++) {
		struct bytes name = tsv_cell(&t, i, 2);
		struct buf file = BUF_ZERO;
		struct stat sb;
		uint64_t size;

		buf_printf(&file, "%s/%.*s", out, (int)name.n, name.p);
		there = parse_u64(tsv_cell(&t, i, 4), &size) &&
		    stat(buf_cstr(&file), &sb) == 0 &&
		    (uint64_t)sb.st_size == size;
		buf_fini(&file);
	}
	tsv_fini(&t);
	free(path);
	return there;
}

bool
shred_day_is_done(struct job *j, const struct buf *text)
{
	struct shred *s = j->st;
	char *seal = path_join(s->out, "_SUCCESS"),
	     *noted = path_join(s->run, "day"),
	     *map = path_join(s->out, "batches.tsv");
	bool done = !option_flag(&j->opt, "force") &&
	    !option_flag(&j->opt, "verify") && access(seal, F_OK) == 0 &&
	    shred_file_is(noted, text) && access(map, F_OK) == 0 &&
	    shred_files_are_there(s->out);

	free(seal);
	free(noted);
	free(map);
	return done;
}
