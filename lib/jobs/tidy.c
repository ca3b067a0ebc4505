#include "jobs/tidy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/commit.h"
#include "io/dir.h"
#include "io/tsv.h"
#include "shards/clean.h"

int
tidy_claim(struct job *j, struct err *e)
{
	const char *type = option_exists(&j->opt, "job-type")
	    ? option_value(&j->opt, "job-type")
	    : NULL;

	if (j->claim.fd >= 0)
		return 0;
	return claim_output(&j->claim, option_value(&j->opt, "output"),
	    j->type->table->name, type ? type : "-", e);
}

/* The complaints of clean_prune() are warnings: what they are about stays. */
static void
say(void *arg, const char *text)
{
	struct job *j = arg;

	j->warn("%s", text);
}

int
tidy_scope(struct job *j, const char *out, const char *scope,
    const struct shard *shard, size_t n, struct err *e)
{
	struct file_list list = {NULL, 0};
	struct complaints c = {.say = say, .arg = j};
	size_t i;
	int rc;

	if (j->claim.fresh)
		return 0;
	for (i = 0; i < n; i++)
		list_add(&list, xstrdup(shard[i].path));
	rc = clean_prune(out, scope, &list, &c, e);
	list_free(&list);
	return rc;
}

int
tidy_output(struct job *j, const char *out, const char *scope, enum tidy keep,
    struct err *e)
{
	const struct shards *s = &j->look.shards;

	if (j->claim.fresh)
		return 0;
	if (clean_output(out, e) < 0)
		return -1;
	if (keep == KEEP_ALL)
		return 0;
	return tidy_scope(
	    j, out, scope, s->v, keep == KEEP_LISTED ? s->n : 0, e);
}

int
tidy_temps(const char *dir, struct err *e)
{
	return clean_output(dir, e);
}

int
tidy_header(const char *path, const struct buf *header, const char *parts,
    struct err *e)
{
	struct buf old = BUF_ZERO;
	struct err ignored;
	bool same = access(path, F_OK) == 0 &&
	    file_load(path, &old, &ignored) == 0 &&
	    bytes_eq(buf_bytes(&old), buf_bytes(header));

	buf_fini(&old);
	if (same)
		return 0;
	if (remove_tree(parts, e) < 0)
		return -1;
	return commit_file(path, header->p, header->n, e);
}

int
remove_tree(const char *path, struct err *e)
{
	struct dir_entry f;
	struct stat sb;
	struct dir d;
	int rc;

	if (lstat(path, &sb) < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_OUTPUT, "%s", path);
	if (!S_ISDIR(sb.st_mode)) {
		if (unlink(path) == 0 || errno == ENOENT)
			return 0;
		return err_sys(e, ERR_OUTPUT, "%s: remove", path);
	}
	rc = dir_open(&d, path, ERR_OUTPUT, e);
	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *below = path_join(path, f.name);

		rc = remove_tree(below, e);
		free(below);
	}
	dir_close(&d);
	if (rc == 0 && rmdir(path) < 0 && errno != ENOENT)
		rc = err_sys(e, ERR_OUTPUT, "%s: remove", path);
	return rc;
}

/* What makes an archive the same as before. */
static int
archive_id(const char *path, struct buf *b, struct err *e)
{
	struct identity id;

	if (identity_of(path, &id, e) < 0)
		return -1;
	buf_printf(b, "%s %llu %lld %llu\n", path, (unsigned long long)id.size,
	    (long long)id.mtime_ns, (unsigned long long)id.inode);
	return 0;
}

/* Runs shard-unpack, which ends when we do. */
static int
unpack(const char *archive, const char *dir, struct err *e)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, ERR_OUTPUT, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execlp(
		    "shard-unpack", "shard-unpack", archive, dir, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, ERR_OUTPUT, "shard-unpack");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, "%s: could not be unpacked", archive);
}

/* The files of an archive in dir, unless they are there. */
static int
unpack_once(const char *archive, const char *dir, struct err *e)
{
	struct buf done = BUF_ZERO, id = BUF_ZERO, was = BUF_ZERO;
	struct err ignored;
	int rc;

	buf_printf(&done, "%s.done", dir);
	rc = archive_id(archive, &id, e);
	if (rc == 0 &&
	    (file_load(buf_cstr(&done), &was, &ignored) < 0 ||
		!bytes_eq(buf_bytes(&was), buf_bytes(&id)))) {
		if (remove_tree(buf_cstr(&done), e) < 0 ||
		    remove_tree(dir, e) < 0 || unpack(archive, dir, e) < 0 ||
		    commit_file(buf_cstr(&done), id.p, id.n, e) < 0)
			rc = -1;
	}
	buf_fini(&done);
	buf_fini(&id);
	buf_fini(&was);
	return rc;
}

static bool
is_part(const char *name)
{
	return strncmp(name, "part-", 5) == 0 && name[5] >= '0' &&
	    name[5] <= '9';
}

/* Adds dir and the directories below it that hold shards. */
static int
with_shards(const char *dir, struct job_value *to, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	bool some = false;
	int rc = dir_open(&d, dir, ERR_INPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *below;

		if (f.name[0] == '_' || f.name[0] == '.')
			continue;
		some |= f.is_file && is_part(f.name);
		if (!f.is_dir)
			continue;
		below = path_join(dir, f.name);
		rc = with_shards(below, to, e);
		free(below);
	}
	dir_close(&d);
	if (rc == 0 && some) {
		to->list =
		    xrealloc(to->list, (to->nlist + 1) * sizeof(*to->list));
		to->list[to->nlist++] = xstrdup(dir);
	}
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
tidy_unpack_one(
    struct job *j, const char *archive, size_t number, char **to, struct err *e)
{
	struct buf dir = BUF_ZERO;
	int rc;

	if (j->opt.plan) {
		word_put(&dir, archive);
		rc = err_set(e,
		    "-n: the shards in %s have no names yet: unpack them "
		    "(shard-unpack %s DIR) and name that directory",
		    archive, buf_cstr(&dir));
		buf_fini(&dir);
		return rc;
	}
	buf_printf(&dir, "%s/_unpacked", option_value(&j->opt, "output"));
	rc = tidy_claim(j, e);
	if (rc == 0)
		rc = make_dirs(buf_cstr(&dir), e);
	buf_printf(&dir, "/%zu", number);
	if (rc == 0)
		rc = unpack_once(archive, buf_cstr(&dir), e);
	*to = rc == 0 ? buf_release(&dir) : NULL;
	buf_fini(&dir);
	return rc;
}

/* Adds the directories with shards below dir, of an archive. */
static int
add_found(
    const char *dir, const char *archive, struct job_value *to, struct err *e)
{
	size_t n = to->nlist;

	if (with_shards(dir, to, e) < 0)
		return -1;
	if (to->nlist == n)
		return err_set(e,
		    "no shard found in %s: no file named part-N.csv, "
		    "part-N.csv.gz, ...",
		    archive);
	qsort(to->list + n, to->nlist - n, sizeof(*to->list), by_name);
	return 0;
}

static void
free_list(struct job_value *v)
{
	size_t i;

	for (i = 0; i < v->nlist; i++)
		free(v->list[i]);
	free(v->list);
}

/* Links in `to` to the shards of a directory. */
static int
link_shards(
    const char *from, const char *to, const char *archive, struct err *e)
{
	struct dir_entry f;
	struct dir d;
	int rc = dir_open(&d, from, ERR_INPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0) {
		char *path = path_join(from, f.name), *real, *link;

		link = path_join(to, f.name);
		real = realpath(path, NULL);
		rc = 0;
		if (is_part(f.name) && real && symlink(real, link) < 0)
			rc = errno == EEXIST
			    ? err_set(e, "%s: has %s in several directories",
				  archive, f.name)
			    : err_sys(e, ERR_OUTPUT, "%s", link);
		free(path);
		free(link);
		free(real);
	}
	dir_close(&d);
	return rc;
}

int
tidy_flatten(char **dir, const char *archive, struct err *e)
{
	struct job_value found = {0};
	struct buf all = BUF_ZERO;
	size_t i;
	int rc = add_found(*dir, archive, &found, e);

	if (rc == 0 && found.nlist == 1) {
		free(*dir);
		*dir = xstrdup(found.list[0]);
	} else if (rc == 0) {
		buf_printf(&all, "%s.all", *dir);
		rc = remove_tree(buf_cstr(&all), e);
		if (rc == 0)
			rc = make_dirs(buf_cstr(&all), e);
		for (i = 0; i < found.nlist && rc == 0; i++)
			rc = link_shards(
			    found.list[i], buf_cstr(&all), archive, e);
		free(*dir);
		*dir = buf_release(&all);
	}
	free_list(&found);
	buf_fini(&all);
	return rc;
}

int
tidy_unpack(struct job *j, struct err *e)
{
	struct job_value *in = (struct job_value *)option_of(&j->opt, "input"),
			 all = {0};
	size_t i;
	int rc = 0;

	for (i = 0; i < in->nlist && rc == 0; i++) {
		if (!job_is_archive(in->list[i])) {
			all.list = xrealloc(
			    all.list, (all.nlist + 1) * sizeof(*all.list));
			all.list[all.nlist++] = xstrdup(in->list[i]);
			continue;
		}
		char *dir = NULL;

		rc = tidy_unpack_one(j, in->list[i], i, &dir, e);
		if (rc == 0)
			rc = add_found(dir, in->list[i], &all, e);
		free(dir);
	}
	free_list(in);
	in->list = all.list;
	in->nlist = all.nlist;
	return rc;
}

int
tidy_unpacked(const char *out, struct err *e)
{
	char *dir = path_join(out, "_unpacked");
	int rc = remove_tree(dir, e);

	free(dir);
	return rc;
}

int
tidy_archives(const char *out, struct buf *b, struct err *e)
{
	char *dir = path_join(out, "_unpacked");
	struct file_list done = {NULL, 0};
	struct dir_entry f;
	struct dir d;
	size_t i;
	int rc = dir_open_some(&d, dir, ERR_OUTPUT, e);

	while (rc >= 0 && (rc = dir_next(&d, &f, e)) > 0)
		if (f.is_file)
			list_add(&done, path_join(dir, f.name));
	dir_close(&d);
	if (done.n > 1)
		qsort(done.v, done.n, sizeof(*done.v), by_name);
	for (i = 0; i < done.n && rc == 0; i++)
		rc = file_load(done.v[i], b, e);
	list_free(&done);
	free(dir);
	return rc;
}
