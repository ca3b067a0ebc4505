/*
 * machine - limits of containers, as a tree of files says them.
 */
#include "io/machine.h"

#include "io/commit.h"
#include "test.h"

static const char *root;

static void
put(const char *path, const char *text)
{
	const char *full = test_path("%s", path);
	struct err e = ERR_ZERO;

	OK(commit_file(full, text, strlen(text), &e) == 0, e);
}

static struct machine
look(void)
{
	struct machine m;

	machine_look(&m, root);
	return m;
}

static void
nothing_known_is_no_limit(void)
{
	struct machine m;

	root = test_dir();
	m = look();
	CHECK(m.cores >= 1);
	CHECK(m.quota <= 0);
	EQ_U(m.memory, 0);
	EQ_U(m.memory_limit, 0);
	EQ_U(machine_jobs(&m, 1 << 20), m.cores);
}

static const char v2_mount[] =
    "22 1 0:20 / /proc rw,nosuid - proc proc rw\n"
    "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

static void
version_2_takes_the_least_on_the_way_up(void)
{
	struct machine m;

	root = test_dir();
	put("proc/self/cgroup", "0::/pod/one\n");
	put("proc/self/mountinfo", v2_mount);
	put("proc/meminfo",
	    "MemTotal:       9000 kB\nMemAvailable:   4096 kB\n");
	put("sys/fs/cgroup/pod/one/cpu.max", "max 100000\n");
	put("sys/fs/cgroup/pod/one/memory.max", "max\n");
	m = look();
	CHECK(m.quota <= 0);
	EQ_U(m.memory_limit, 0);
	EQ_U(m.memory, 4 << 20);
	put("sys/fs/cgroup/pod/cpu.max", "150000 100000\n");
	put("sys/fs/cgroup/pod/memory.max", "3145728\n");
	m = look();
	EQ_U((uint64_t)(m.quota * 100), 150);
	EQ_U(m.memory_limit, 3 << 20);
	put("sys/fs/cgroup/pod/one/cpu.max", "250000 100000\n");
	put("sys/fs/cgroup/pod/one/memory.max", "2097152\n");
	m = look();
	EQ_U((uint64_t)(m.quota * 100), 150);
	EQ_U(m.memory_limit, 2 << 20);
	/* a group beside it is of no concern */
	put("sys/fs/cgroup/pod/two/memory.max", "1\n");
	m = look();
	EQ_U(m.memory_limit, 2 << 20);
}

static void
a_container_sees_its_group_as_the_root(void)
{
	struct machine m;

	root = test_dir();
	put("sys/fs/cgroup/cpu.max", "50000 100000\n");
	put("sys/fs/cgroup/memory.max", "1048576\n");
	/* with a namespace, and without one */
	put("proc/self/cgroup", "0::/\n");
	put("proc/self/mountinfo", v2_mount);
	m = look();
	EQ_U((uint64_t)(m.quota * 100), 50);
	EQ_U(m.memory_limit, 1 << 20);
	EQ_U(machine_jobs(&m, 1), 1);
	put("proc/self/cgroup", "0::/docker/abc\n");
	put("proc/self/mountinfo",
	    "31 23 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
	m = look();
	EQ_U(m.memory_limit, 1 << 20);
	put("proc/self/cgroup", "0::/docker/abc/inner\n");
	put("sys/fs/cgroup/inner/memory.max", "524288\n");
	m = look();
	EQ_U(m.memory_limit, 512 << 10);
	/* outside of what is mounted */
	put("proc/self/cgroup", "0::/../other\n");
	m = look();
	EQ_U(m.memory_limit, 1 << 20);
}

static void
version_1_has_a_hierarchy_for_each(void)
{
	struct machine m;

	root = test_dir();
	put("proc/self/cgroup",
	    "5:cpuset:/\n4:cpu,cpuacct:/a/b\n3:memory:/m\n1:name=systemd:/x\n");
	put("proc/self/mountinfo",
	    "32 31 0:29 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"
	    "33 31 0:30 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	    "34 31 0:31 / /cg/memory rw - cgroup cgroup rw,memory\n"
	    "35 31 0:32 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	put("cg/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
	put("cg/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
	put("cg/memory/m/memory.limit_in_bytes", "9223372036854771712\n");
	m = look();
	CHECK(m.quota <= 0);
	EQ_U(m.memory_limit, 0);
	put("cg/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n");
	put("cg/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
	put("cg/memory/memory.limit_in_bytes", "4096\n");
	/* others that would be met in the wrong hierarchy */
	put("cg/cpuset/a/b/cpu.cfs_quota_us", "1\n");
	put("cg/cpuset/a/b/cpu.cfs_period_us", "100000\n");
	m = look();
	EQ_U((uint64_t)m.quota, 3);
	EQ_U(m.memory_limit, 4096);
}

static void
what_makes_no_sense_is_no_limit(void)
{
	static const char *const texts[] = {"", "\n", "max", "x y", "-1 -1",
	    "100000", "100000 0", "18446744073709551616 1"};
	struct machine m;
	size_t i;

	root = test_dir();
	for (i = 0; i < LEN(texts); i++) {
		put("proc/self/cgroup",
		    i % 2 ? "0::/\n" : "0::/\nrubbish\n:\n");
		put("proc/self/mountinfo",
		    i % 3 ? v2_mount : "31\n31 - \nx - cgroup2\n");
		put("sys/fs/cgroup/cpu.max", texts[i]);
		put("sys/fs/cgroup/memory.max", texts[i]);
		put("proc/meminfo", texts[i]);
		m = look();
		CHECK(m.quota <= 0);
		EQ_U(m.memory, 0);
		CHECK(m.memory_limit == 0 || m.memory_limit == 100000);
	}
}

static void
jobs_are_what_is_scarcest(void)
{
	struct machine m = {.cores = 8};

	EQ_U(machine_jobs(&m, 100), 8);
	m.quota = 2.5;
	EQ_U(machine_jobs(&m, 100), 3);
	m.quota = 2;
	EQ_U(machine_jobs(&m, 100), 2);
	m.quota = 64;
	EQ_U(machine_jobs(&m, 100), 8);
	m.memory = 599;
	EQ_U(machine_jobs(&m, 100), 5);
	m.memory_limit = 399;
	EQ_U(machine_jobs(&m, 100), 3);
	m.memory = 100;
	EQ_U(machine_jobs(&m, 100), 1);
	EQ_U(machine_jobs(&m, 1000), 1);
}

int
main(void)
{
	RUN(nothing_known_is_no_limit);
	RUN(version_2_takes_the_least_on_the_way_up);
	RUN(a_container_sees_its_group_as_the_root);
	RUN(version_1_has_a_hierarchy_for_each);
	RUN(what_makes_no_sense_is_no_limit);
	RUN(jobs_are_what_is_scarcest);
	return test_end();
}
