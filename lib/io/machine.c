#include "io/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/parse.h"
#include "io/tsv.h"

/* Version 1 says "none" with about 2^63. */
#define NO_LIMIT (UINT64_C(1) << 60)

/* A small file as a string; NULL when it cannot be read.  Caller frees. */
static char *
slurp(const char *root, const char *dir, const char *name)
{
	struct buf path = BUF_ZERO, b = BUF_ZERO;
	struct err ignored;
	char *text = NULL;

	buf_printf(&path, "%s%s/%s", root, dir, name);
	if (access(buf_cstr(&path), R_OK) == 0 &&
	    file_load(path.p, &b, &ignored) == 0)
		text = buf_release(&b);
	buf_fini(&path);
	buf_fini(&b);
	return text;
}

char *
machine_boot(void)
{
	char *id = slurp("", "/proc/sys/kernel/random", "boot_id");

	if (id)
		id[strcspn(id, "\n")] = '\0';
	return id;
}

/* The number that begins at s, up to a blank or a newline. */
static bool
number_at(const char *s, uint64_t *v)
{
	return parse_u64(bytes_of(s, strcspn(s, " \t\n")), v);
}

static void
lower(uint64_t *least, uint64_t v)
{
	if (v < NO_LIMIT && (*least == 0 || v < *least))
		*least = v;
}

static void
take_quota(struct machine *m, uint64_t quota, uint64_t period)
{
	double q = period ? (double)quota / (double)period : 0;

	if (q > 0 && (m->quota <= 0 || q < m->quota))
		m->quota = q;
}

/* cpu.max: "QUOTA PERIOD", or "max PERIOD". */
static void
cpu_max(struct machine *m, const char *text)
{
	const char *blank = strchr(text, ' ');
	uint64_t quota, period;

	if (blank && number_at(text, &quota) && number_at(blank + 1, &period))
		take_quota(m, quota, period);
}

/* The limits that the group in this directory has. */
static void
look_at_group(struct machine *m, const char *root, const char *dir)
{
	char *max = slurp(root, dir, "cpu.max");
	char *quota = slurp(root, dir, "cpu.cfs_quota_us");
	char *period = slurp(root, dir, "cpu.cfs_period_us");
	char *memory = slurp(root, dir, "memory.max");
	char *limit = slurp(root, dir, "memory.limit_in_bytes");
	uint64_t a, b;

	if (max)
		cpu_max(m, max);
	if (quota && period && number_at(quota, &a) && number_at(period, &b))
		take_quota(m, a, b);
	if (memory && number_at(memory, &a))
		lower(&m->memory_limit, a);
	if (limit && number_at(limit, &a))
		lower(&m->memory_limit, a);
	free(max);
	free(quota);
	free(period);
	free(memory);
	free(limit);
}

/* Is word one of a list with commas? */
static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (;; list++) {
		size_t k = strcspn(list, ",\n");

		if (k == n && memcmp(list, word, n) == 0)
			return true;
		list += k;
		if (*list != ',')
			return false;
	}
}

/*
 * The path of this process's group in the hierarchy with this controller, or
 * in that of version 2 (NULL), from the lines "NUMBER:CONTROLLERS:PATH" of
 * /proc/self/cgroup.  Caller frees; NULL: not there.
 */
static char *
group_path(const char *cgroup, const char *controller)
{
	const char *line, *end;

	for (line = cgroup; *line; line = *end ? end + 1 : end) {
		const char *a = strchr(line, ':'), *b;
		struct buf list = BUF_ZERO;
		bool found;

		end = line + strcspn(line, "\n");
		b = a ? strchr(a + 1, ':') : NULL;
		if (!b || b > end)
			continue;
		buf_put(&list, a + 1, (size_t)(b - a - 1));
		found = controller ? has_word(buf_cstr(&list), controller)
				   : list.n == 0;
		buf_fini(&list);
		if (found)
			return xstrndup(b + 1, (size_t)(end - b - 1));
	}
	return NULL;
}

/* The group's directory below a mount point of its hierarchy, and all above. */
static void
climb(struct machine *m, const char *root, const char *mount_root,
    const char *mount_point, const char *path)
{
	size_t n = strlen(mount_root), floor = strlen(mount_point);
	struct buf dir = BUF_ZERO;

	buf_puts(&dir, mount_point);
	if (n == 1)
		n = 0; /* "/" */
	/* a path that is not below what is mounted, as one with "/..", cannot
	 * be seen from here: what is mounted has to do */
	if (strncmp(path, mount_root, n) == 0 && path[n] == '/' &&
	    !strstr(path, "/..") && path[n + 1])
		buf_puts(&dir, path + n);
	for (;;) {
		look_at_group(m, root, buf_cstr(&dir));
		if (dir.n <= floor)
			break;
		while (dir.n > floor && dir.p[dir.n - 1] != '/')
			dir.n--;
		if (dir.n > floor)
			dir.n--;
	}
	buf_fini(&dir);
}

/*
 * A line of /proc/self/mountinfo: "ID PARENT DEV ROOT POINT OPTIONS ... - TYPE
 * SOURCE OPTIONS".
 */
static void
look_at_mount(
    struct machine *m, const char *root, char *line, const char *cgroup)
{
	static const char *const controllers[] = {"cpu", "memory"};
	char *dash = strstr(line, " - "), *word[5], *type, *save = NULL;
	const char *options;
	size_t i;

	if (!dash)
		return;
	*dash = '\0';
	for (i = 0; i < LEN(word); i++)
		if (!(word[i] = strtok_r(i ? NULL : line, " ", &save)))
			return;
	type = strtok_r(dash + 3, " ", &save);
	options =
	    strtok_r(NULL, " ", &save) ? strtok_r(NULL, " ", &save) : NULL;
	for (i = 0; type && i < LEN(controllers); i++) {
		bool v2 = strcmp(type, "cgroup2") == 0;
		char *path;

		if ((v2 && i > 0) ||
		    (!v2 &&
			(strcmp(type, "cgroup") != 0 || !options ||
			    !has_word(options, controllers[i]))))
			continue;
		path = group_path(cgroup, v2 ? NULL : controllers[i]);
		if (path)
			climb(m, root, word[3], word[4], path);
		free(path);
	}
}

static uint64_t
available(const char *root)
{
	char *text = slurp(root, "/proc", "meminfo");
	const char *at = text ? strstr(text, "MemAvailable:") : NULL;
	uint64_t kib = 0;

	if (at) {
		at += strlen("MemAvailable:");
		if (!number_at(at + strspn(at, " "), &kib))
			kib = 0;
	}
	free(text);
	return kib << 10;
}

/* However many there are: the set grows until it holds them. */
static unsigned
cores_by_affinity(void)
{
	size_t n;

	for (n = 1024; n <= 1 << 20; n *= 2) {
		cpu_set_t *set = CPU_ALLOC(n);
		size_t size = CPU_ALLOC_SIZE(n);
		int count = 0;

		if (set && sched_getaffinity(0, size, set) == 0)
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (count > 0)
			return (unsigned)count;
	}
	return 1;
}

void
machine_look(struct machine *m, const char *root)
{
	char *cgroup = slurp(root, "/proc/self", "cgroup");
	char *mounts = slurp(root, "/proc/self", "mountinfo");
	char *line, *save = NULL;

	*m = (struct machine){
	    .cores = cores_by_affinity(), .memory = available(root)};
	for (line = cgroup && mounts ? strtok_r(mounts, "\n", &save) : NULL;
	     line; line = strtok_r(NULL, "\n", &save))
		look_at_mount(m, root, line, cgroup);
	free(cgroup);
	free(mounts);
}

uint64_t
machine_jobs(const struct machine *m, uint64_t memory_per_job)
{
	uint64_t jobs = m->cores, memory = m->memory, quota;

	if (m->quota > 0 && m->quota < (double)jobs) {
		quota = (uint64_t)m->quota;
		jobs = quota + (m->quota > (double)quota);
	}
	if (m->memory_limit && (memory == 0 || m->memory_limit < memory))
		memory = m->memory_limit;
	if (memory && memory / memory_per_job < jobs)
		jobs = memory / memory_per_job;
	return jobs ? jobs : 1;
}
